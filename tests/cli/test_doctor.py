"""`secure-gateway doctor` says what runs here, why, and how fast."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from secure_gateway import __version__, native
from secure_gateway.cli.diagnosis import EXTRAS, cpu_features, samples, throughputs
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Scanner,
)
from tests.architecture.house import ROOT
from tests.cli.conftest import Invoke, Run, Started


def test_the_report_names_versions_scanner_speed_configuration_and_extras(run: Run) -> None:
    done = run("doctor")
    assert done.returncode == ExitCode.OK
    chosen = native.chosen()
    for expected in (
        rf"secure-gateway +{re.escape(__version__)}",
        rf"scanner +{chosen.implementation} \({re.escape(chosen.reason)}\), \d+ detectors",
        r"CPU features +\S",
        r"scanning 64 KB of text +[\d.]+ MB/s",
        r"scanning 2 KB, nested +[\d.]+ MB/s",
        r"configuration +missing: .*/config\.json: `secure-gateway init` makes one",
        r"extra \[redis\] +\S",
    ):
        assert re.search(f"^{expected}", done.stdout, re.MULTILINE), expected


def test_machines_get_the_same_as_json(invoke: Invoke, started: Started) -> None:
    found = json.loads(invoke("doctor", "--json").stdout)
    assert found["version"] == __version__
    assert found["scanner"] == native.chosen().implementation
    assert found["reason"] == native.chosen().reason
    assert found["configuration"]["status"] == "ok"
    assert found["configuration"]["path"] == str(started.config)
    assert "check" in found["configuration"]["detail"]
    assert [each["mb_per_s"] > 0 for each in found["throughput"]] == [True, True]
    assert set(found["extras"]) == set(EXTRAS)


def test_python_is_reported_when_it_is_forced(run: Run) -> None:
    found = json.loads(run("doctor", "--json", env={native.VARIABLE: "python"}).stdout)
    assert (found["scanner"], found["reason"]) == ("python", "SECURE_GATEWAY_SCANNER=python")


def test_a_scanner_that_does_not_exist_is_an_error_that_says_what_may_stand_there(run: Run) -> None:
    done = run("doctor", env={native.VARIABLE: "rsut"})
    assert done.returncode == ExitCode.CONFIGURATION
    assert "SECURE_GATEWAY_SCANNER: found 'rsut'; expected rust or python" in done.stderr
    assert not done.stdout
    error = json.loads(run("doctor", "--json", env={native.VARIABLE: "rsut"}).stderr)["error"]
    assert error["exit_code"] == ExitCode.CONFIGURATION


def test_a_configuration_that_cannot_be_read_is_reported_with_its_place(invoke: Invoke, started: Started) -> None:
    started.config.write_text('{"plugins": ')
    done = invoke("doctor", "--json")
    assert done.exit_code == ExitCode.OK
    state = json.loads(done.stdout)["configuration"]
    assert state["status"] == "unusable"
    assert f"{started.config}:1" in state["detail"]


def test_a_configuration_that_others_may_write_is_reported(invoke: Invoke, started: Started) -> None:
    started.config.chmod(0o666)
    assert json.loads(invoke("doctor", "--json").stdout)["configuration"]["status"] == "unusable"


def test_an_empty_variable_is_no_place_for_a_configuration(run: Run) -> None:
    state = json.loads(run("doctor", "--json", env={"SECURE_GATEWAY_CONFIG": ""}).stdout)["configuration"]
    assert (state["path"], state["status"]) == ("", "unusable")


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("processor\t: 0\nflags\t\t: fpu sse4_2 avx avx2\n", ("AVX2", "SSE4.2")),
        ("flags : fpu sse2\nflags : avx2\n", ()),
        ("Features\t: fp asimd evtstrm\n", ("NEON",)),
        ("Features : half thumb neon vfpv3\n", ("NEON",)),
        ("flags\t: avx2_like xavx2\n", ()),
        ("", None),
        ("nothing of that\n", None),
    ],
)
def test_features_are_read_from_what_the_system_says_of_the_processor(
    text: str, features: tuple[str, ...] | None, tmp_path: Path
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert cpu_features(path) == features


def test_features_are_unknown_where_the_system_does_not_tell(tmp_path: Path) -> None:
    assert cpu_features(tmp_path / "missing") is None
    (tmp_path / "binary").write_bytes(os.urandom(64))
    assert cpu_features(tmp_path / "binary") is None


def test_speed_is_the_median_of_what_the_clock_says() -> None:
    ticks = iter(range(10_000))

    def clock() -> float:
        return float(next(ticks))

    scanner = Scanner([*PII_DETECTORS[:1]])
    for each in throughputs(scanner, clock):
        assert each.mb_per_s == round(each.bytes / 1e6, 1)


def test_nothing_is_found_in_what_speed_is_measured_with() -> None:
    scanner = Scanner([*PII_DETECTORS, *SECRET_DETECTORS, *INJECTION_DETECTORS])
    text, nested = samples().values()
    assert scanner.scan(text) == scanner.scan(nested) == []
    assert len(text) == 64 * 1024
    assert 1900 < len(json.dumps(nested)) < 2200


def test_the_extras_are_those_of_the_package() -> None:
    given = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {extra: tuple(re.split(r"[<>=; ]", name)[0] for name in names) for extra, names in given.items()} == {
        **EXTRAS,
        "all": ("secure-gateway[mcp,redis,otlp,wasm,speed]",),
    }
