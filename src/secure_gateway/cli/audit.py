"""``secure-gateway audit``: is the audit every line that was written, in order, unchanged?"""

from __future__ import annotations

from pathlib import Path

import click

from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.opening import opened_services
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_json, print_line
from secure_gateway.config.loader import LoadedConfig
from secure_gateway.plugins.telemetry.audit import audit_path
from secure_gateway.plugins.telemetry.chain import audit_key
from secure_gateway.plugins.telemetry.verification import AuditReport, verify_audit


@click.group(cls=GatewayGroup)
def audit() -> None:
    """Check what the `audit` provider has written."""


@audit.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def verify(session: Session, *, file: Path | None) -> int:
    """Check every line of an audit, its rotated parts too, and name the first that does not belong.

    FILE is by default the one that the configuration names. Exit code 1: lines were changed, taken out, put in or moved, or there is nothing to check. That the
    newest lines were cut off is told only by the number and the mac of the last line: note them down elsewhere and compare.
    """
    with opened_services(session) as (loaded, services):
        path, key = file or _configured(loaded), audit_key(services.master_key)
    try:
        report = verify_audit(path, key)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read ({error.strerror}). It is private: run this as who runs the gateway."
        ) from None
    if session.json:
        print_json(_facts(path, report))
    else:
        _tell(path, report)
    return ExitCode.OK if report.ok else ExitCode.REFUSED


def _configured(loaded: LoadedConfig) -> Path:
    slot = loaded.config.plugins.telemetry
    entries = slot.entries("$.plugins.telemetry") if slot is not None else ()
    found = {audit_path(entry.config, loaded.folder) for _, entry in entries if entry.provider == "audit"}
    if len(found) != 1:
        raise CommandError(f"The configuration names {len(found) or 'no'} audit files; say which FILE to check.")
    (path,) = found
    return path


def _facts(path: Path, report: AuditReport) -> dict[str, object]:
    bad = report.bad
    return {
        "file": str(path),
        "ok": report.ok,
        "decisions": report.decisions,
        "lines": report.lines,
        "torn": report.torn,
        "first": report.first_seq,
        "last": {"seq": report.last.seq, "mac": report.last.mac},
        "bad": None if bad is None else {"file": bad.file, "line": bad.line, "problem": bad.problem},
    }


def _tell(path: Path, report: AuditReport) -> None:
    if report.bad is not None:
        place = f"{report.bad.file}:{report.bad.line}" if report.bad.line else report.bad.file
        print_line(f"Not as it was written: {place}: {report.bad.problem}")
        print_line(f"Before it, {report.decisions} decisions in {report.lines} lines are in order.")
        return
    print_line(f"{path}: {report.decisions} decisions in {report.lines} lines, in order and unchanged.")
    if report.first_seq > 1:
        print_line(f"It begins with number {report.first_seq}: older parts are not there.")
    if report.torn:
        print_line(f"Lines that a stopped process left unfinished, and its successor has sworn to: {report.torn}.")
    print_line(f"The last line is number {report.last.seq}, mac {report.last.mac}.")
