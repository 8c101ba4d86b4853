"""Which implementation runs, and that it is said."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tomllib

import pytest

from secure_gateway import native
from tests.architecture.house import ROOT

_SAY = "from secure_gateway.native import implementation; print(implementation())"


def _implementation(value: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, native.VARIABLE: value}
    return subprocess.run([sys.executable, "-c", _SAY], env=environ, capture_output=True, text=True, check=False)


def test_the_variable_forces_the_python_twin() -> None:
    assert native.choose({native.VARIABLE: "python"}).core is None
    assert _implementation("python").stdout == "python\n"


def test_the_installed_core_is_used_without_being_asked_for() -> None:
    choice = native.choose({})
    assert choice.implementation == ("rust" if choice.core else "python")
    assert _implementation("").stdout == f"{choice.implementation}\n"


def test_rust_that_cannot_be_had_is_refused_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_installed", None)
    with pytest.raises(
        ValueError, match=r"SECURE_GATEWAY_SCANNER: found 'rust', and .* Install secure-gateway\[native\]"
    ):
        native.choose({native.VARIABLE: "rust"})
    assert native.choose({}).implementation == "python"


def test_a_core_of_another_version_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        __version__ = "99.0"

    monkeypatch.setattr(native, "_installed", Other())
    choice = native.choose({})
    assert choice.implementation == "python"
    assert "99.0" in choice.reason


def test_an_unknown_value_of_the_variable_is_refused() -> None:
    with pytest.raises(ValueError, match="found 'rsut'; expected rust or python"):
        native.choose({native.VARIABLE: "rsut"})
    assert "rsut" in _implementation("rsut").stderr


def test_the_choice_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    native.chosen.cache_clear()
    with caplog.at_level(logging.INFO):
        choice = native.chosen()
        native.chosen()
    assert caplog.messages == [f"scanner: {choice.implementation} ({choice.reason})"]


def test_a_run_of_the_tests_is_on_the_twin_that_it_asks_for() -> None:
    if os.environ.get("TWIN_ASKED_FOR"):  # the run that is started below
        assert native.implementation() == "python"
        return
    this = f"{__file__}::test_a_run_of_the_tests_is_on_the_twin_that_it_asks_for"
    environ = {**os.environ, native.VARIABLE: "python", "TWIN_ASKED_FOR": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", this]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_version_stands_everywhere() -> None:
    crate = tomllib.loads((ROOT / "native/Cargo.toml").read_text())["package"]["version"]
    wheel = tomllib.loads((ROOT / "native/pyproject.toml").read_text())["project"]["version"]
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["native"]
    assert crate == wheel == native.WANTED
    assert extra == [f"secure-gateway-native=={native.WANTED}"]
