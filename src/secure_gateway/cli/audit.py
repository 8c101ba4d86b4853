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
from secure_gateway.plugins.telemetry.anchors import forget_anchor, read_anchor
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

    FILE is by default the one that the configuration names. Exit code 1: lines were changed, taken out, put in or moved, the newest were cut off, or there is nothing
    to check. How far an audit has come is noted in the state store every minute; of later lines only their number and mac tell: note them down elsewhere.
    """
    with opened_services(session) as (loaded, services):
        path, key = file or _configured(loaded), audit_key(services.master_key)
        noted = read_anchor(services.store, path)
    try:
        report = verify_audit(path, key, None if noted is None else noted.link)
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read ({error.strerror}). It is private: run this as who runs the gateway."
        ) from None
    if session.json:
        print_json(_facts(path, report))
    else:
        _tell(path, report)
    return ExitCode.OK if report.ok else ExitCode.REFUSED


@audit.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def forget(session: Session, *, file: Path | None) -> None:
    """Say that an audit was moved away on purpose: forget how far it had come.

    FILE is where it was, by default the one that the configuration names. Restart the gateway then; it notes how far the new one comes.
    """
    with opened_services(session) as (loaded, services):
        path = file or _configured(loaded)
        forgotten = forget_anchor(services.store, path)
    if session.json:
        print_json({"file": str(path), "forgotten": forgotten})
    else:
        print_line(f"{path}: {'forgotten how far it had come' if forgotten else 'nothing was noted'}.")


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
        "noted": None if report.anchor is None else report.anchor.seq,
        "bad": None if bad is None else {"file": bad.file, "line": bad.line, "problem": bad.problem},
    }


def _tell(path: Path, report: AuditReport) -> None:
    if report.bad is not None:
        place = f"{report.bad.file}:{report.bad.line}" if report.bad.line else report.bad.file
        print_line(f"Not as it was written: {place}: {report.bad.problem}")
        if report.lines:
            print_line(f"Before it, {report.decisions} decisions in {report.lines} lines are in order.")
        elif report.anchor is None:
            print_line(
                "The `audit` provider writes its file with the first request; without FILE, the one that the configuration names is checked."
            )
        return
    print_line(f"{path}: {report.decisions} decisions in {report.lines} lines, in order and unchanged.")
    if report.first_seq > 1:
        print_line(f"It begins with number {report.first_seq}: older parts are not there.")
    if report.torn:
        print_line(f"Lines that a stopped process left unfinished, and its successor has sworn to: {report.torn}.")
    if report.anchor is None:
        print_line("The state store has noted nothing of it: that its newest lines were not cut off is not shown.")
    else:
        print_line(f"Number {report.anchor.seq}, which the state store has noted, is there.")
    print_line(f"The last line is number {report.last.seq}, mac {report.last.mac}.")
