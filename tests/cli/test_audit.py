"""`secure-gateway audit verify` says whether the audit is as it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.exit_codes import ExitCode
from tests.cli.conftest import Invoke, Started


@pytest.fixture
async def written(started: Started) -> Path:
    """Let two requests be recorded; give the audit's file."""
    parts = load_parts(started.config, env={"HOME": str(started.folder.parent)})
    async with parts.gateway as gateway:
        for text in ("a", "b"):
            await gateway.call("mail", {"text": text}, lambda arguments: arguments["text"], credentials=started.key)
    return started.folder / "audit.jsonl"


def test_an_audit_as_it_was_written_verifies_and_its_last_line_is_named(written: Path, invoke: Invoke) -> None:
    done = invoke("audit", "verify")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "2 decisions in 4 lines, in order and unchanged" in done.stdout
    report = json.loads(invoke("audit", "verify", "--json", str(written)).stdout)
    last = json.loads(written.read_text().splitlines()[-1])
    assert report["ok"] is True
    assert report["last"] == {"seq": last["seq"], "mac": last["mac"]}


def test_a_line_that_was_changed_or_taken_out_is_named_and_the_exit_code_says_so(written: Path, invoke: Invoke) -> None:
    lines = written.read_text().splitlines(keepends=True)
    changed = lines[1].replace('"allowed"', '"denied"')
    assert changed != lines[1]
    for broken, place in (([lines[0], changed, *lines[2:]], 2), ([lines[0], *lines[2:]], 2)):
        written.write_text("".join(broken))
        done = invoke("audit", "verify")
        assert done.exit_code == ExitCode.REFUSED
        assert f"audit.jsonl:{place}: " in done.stdout
        report = json.loads(invoke("audit", "verify", "--json").stdout)
        assert report["ok"] is False
        assert report["bad"]["line"] == place


def test_newest_lines_that_were_cut_off_are_missed_until_somebody_says_that_it_is_right(
    written: Path, invoke: Invoke
) -> None:
    assert "Number 4, which the state store has noted, is there." in invoke("audit", "verify").stdout
    written.write_text("".join(written.read_text().splitlines(keepends=True)[:2]))
    done = invoke("audit", "verify")
    assert done.exit_code == ExitCode.REFUSED
    assert "it ends at number 2, and the state store has noted number 4" in done.stdout
    assert json.loads(invoke("audit", "forget", "--json").stdout)["forgotten"] is True
    done = invoke("audit", "verify")
    assert done.exit_code == ExitCode.OK
    assert "has noted nothing of it" in done.stdout
    assert "nothing was noted" in invoke("audit", "forget").stdout


def test_an_audit_that_is_not_there_does_not_verify(written: Path, invoke: Invoke) -> None:
    written.unlink()
    assert invoke("audit", "verify").exit_code == ExitCode.REFUSED
    assert invoke("audit", "verify", str(written.parent)).exit_code != ExitCode.OK


def test_a_configuration_without_an_audit_says_that_a_file_must_be_named(started: Started, invoke: Invoke) -> None:
    config = json.loads(started.config.read_text())
    config["plugins"]["telemetry"] = {"provider": "log"}
    started.config.write_text(json.dumps(config))
    done = invoke("audit", "verify")
    assert done.exit_code == ExitCode.REFUSED
    assert "say which FILE" in done.stderr
