"""Lines of log: on standard error or in a private file, never on standard output."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from secure_gateway.errors import ConfigError
from secure_gateway.plugins.telemetry.config_manager import TelemetryConfigManager
from tests.plugins.telemetry.records import denied, eventually, record


def manager_of(**config: object) -> TelemetryConfigManager:
    manager = TelemetryConfigManager()
    manager.initialize({"telemetry": {"provider": "log", "config": config}})
    return manager


def test_each_decision_is_one_json_line_on_stderr_and_nothing_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    manager = manager_of()
    for sink in manager.sinks:
        sink.emit(record("r1"))
        sink.emit(denied("r2"))
    manager.shutdown()
    out, err = capsys.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["request_id"], line["level"], line["outcome"]) for line in lines] == [
        ("r1", "info", "modified"),
        ("r2", "warning", "denied"),
    ]


def test_the_level_leaves_out_what_is_less_loud(tmp_path: Path) -> None:
    manager = manager_of(path=str(tmp_path / "log"), level="warning")
    for sink in manager.sinks:
        sink.emit(record("r1"))
        sink.emit(denied("r2"))
    manager.shutdown()
    assert [json.loads(line)["request_id"] for line in (tmp_path / "log").read_text().splitlines()] == ["r2"]


def test_the_file_is_private_is_appended_to_and_may_be_rotated_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    path.chmod(0o600)
    manager = manager_of(path=str(path))
    (sink,) = manager.sinks
    sink.emit(record("r1"))
    eventually(lambda: "r1" in path.read_text())
    path.rename(tmp_path / "log.1")
    sink.emit(record("r2"))
    manager.shutdown()
    assert (tmp_path / "log.1").read_text().startswith("before\n{")
    assert "r2" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("config", [{"stream": "stdout"}, {"path": "/dev/stdout"}, {"path": "/proc/self/fd/1"}])
def test_standard_output_is_refused_with_the_reason(config: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"standard output.*MCP channel"):
        manager_of(**config)


def test_the_file_that_standard_output_was_sent_to_is_refused_as_well(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from secure_gateway.plugins.telemetry.log import LogTelemetryProvider\n"
        "LogTelemetryProvider({'path': sys.argv[1]})\n"
    )
    path = tmp_path / "out"
    with path.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)],
            env={**os.environ, "PYTHONPATH": "src"},
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert b"MCP channel" in done.stderr


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"stream": "syslog"}, "unknown stream"),
        ({"stream": "stderr", "path": "/x"}, "both stream and path"),
        ({"path": "log"}, "not absolute"),
        ({"path": "/x\0y"}, "not absolute"),
        ({"level": "loud"}, r"\$\.plugins\.telemetry\.config\.level"),
        ({"levle": "info"}, "Did you mean 'level'"),
        ({"path": "/no/such/folder/log"}, "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(config: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        manager_of(**config)


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="cannot be written"):
        manager_of(path=str(tmp_path / "pipe"))


def test_a_stderr_that_is_gone_costs_lines_not_requests(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    manager = manager_of()
    (sink,) = manager.sinks
    monkeypatch.setattr(sys, "stderr", None)
    assert sink.emit(record())
    assert manager.shutdown() == []
    assert "record_batch raised AttributeError" in caplog.text


def test_no_set_up_of_logging_changes_where_the_lines_go(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging.disable(logging.CRITICAL)
    try:
        manager = manager_of()
        for sink in manager.sinks:
            sink.emit(record("r1"))
        manager.shutdown()
    finally:
        logging.disable(logging.NOTSET)
    assert "r1" in capsys.readouterr().err
    assert not caplog.records
