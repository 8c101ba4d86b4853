"""``secure-gateway explain``: why a request was allowed, changed or denied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from secure_gateway.cli.durations import shown_time
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.opening import opened_services
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line, print_table
from secure_gateway.plugins.telemetry.record_keeper import RecordKeeper

_MOST = 10_000


@click.command(cls=GatewayCommand)
@click.argument("request_id", metavar="ID", required=False)
@click.option("--last", is_flag=True, help="The newest request.")
@click.option("--recent", type=click.IntRange(1, _MOST), metavar="N", help="List the N newest requests.")
@click.pass_obj
def explain(session: Session, *, request_id: str | None, last: bool, recent: int | None) -> None:
    """Show why a request was allowed, changed or denied: each step, its verdict, its time, and why it was skipped if it was.

    ID is the request id that the caller was told. A record holds no payload: what was changed is named by its place.
    """
    if sum((request_id is not None, last, recent is not None)) != 1:
        raise click.UsageError("Give an ID, or --last, or --recent N.")
    records = _read(session, request_id, recent or 1)
    if session.json:
        print_json(records if recent is not None else records[0])
    elif recent is not None:
        _list(records)
    else:
        _explain(records[0])


def _read(session: Session, request_id: str | None, count: int) -> list[dict[str, Any]]:
    with opened_services(session) as (loaded, services):
        if loaded.config.state.url == "memory:":
            raise CommandError(
                "The configuration keeps its state in memory, where no other process can read it: no record can be shown."
            )
        keeper = RecordKeeper(services.store)
        try:
            records = (
                keeper.recent(count) if request_id is None else [found] if (found := keeper.find(request_id)) else []
            )
        finally:
            keeper.shutdown()
    if not records:
        if request_id is None:
            raise CommandError("There is no record yet. Each request makes one; `secure-gateway call` sends one.")
        kept = f"the newest {_MOST} are kept. `secure-gateway explain --recent 20` lists those there are."
        raise CommandError(f"There is no record of {request_id!r}; {kept}")
    return records


def _list(records: list[dict[str, Any]]) -> None:
    print_table(
        ("request", "time", "who", "what", "outcome", "reason"),
        (
            (
                record.get("request_id"),
                shown_time(record.get("time"), ""),
                (record.get("principal") or {}).get("subject", "nobody"),
                _what(record),
                record.get("outcome"),
                record.get("reason"),
            )
            for record in records
        ),
    )


def _explain(record: Mapping[str, Any]) -> None:
    print_line(f"Request {record.get('request_id')}")
    for label, text in (
        ("when", shown_time(record.get("time"), "unknown")),
        ("who", _who(record.get("principal"))),
        ("what", f"{_what(record)}, through the door {record.get('door')}"),
        ("outcome", _outcome(record)),
        ("took", f"{_milliseconds(record.get('duration_us'))} ms until the verdict"),
        ("policy", record.get("policy_version")),
        ("belongs to", record.get("parent_id")),
    ):
        if text:
            print_line(f"  {label + ':':11} {text}")
    print_line()
    print_table(
        ("step", "by", "status", "verdict", "ms", "why", "changed"),
        (_step(step) for step in record.get("steps", [])),
        empty="No step was taken.",
    )


def _step(step: Mapping[str, Any]) -> tuple[object, ...]:
    by = f"{step.get('plugin')} {step.get('version') or ''}".strip()
    status, verdict = step.get("status"), step.get("verdict")
    changed = ", ".join(pointer or "(everything)" for pointer in step.get("changes", []))
    return step.get("hook"), by, status, verdict, _milliseconds(step.get("duration_us")), step.get("reason"), changed


def _who(principal: Mapping[str, Any] | None) -> str:
    if not principal:
        return "nobody: no identity was established"
    key = f", key {principal['key_id']}" if principal.get("key_id") else ""
    roles = ", ".join(principal.get("roles") or []) or "none"
    return f"{principal.get('subject')} (by {principal.get('provider')}{key}; roles: {roles})"


def _what(record: Mapping[str, Any]) -> str:
    server = f" of {record['server']}" if record.get("server") else ""
    return f"{record.get('operation')} {record.get('name')}{server}"


def _outcome(record: Mapping[str, Any]) -> str:
    code = f" ({record['code']})" if record.get("code") else ""
    by = f", decided by {record['decided_by']}" if record.get("decided_by") else ""
    reason = f": {record['reason']}" if record.get("reason") else ""
    return f"{record.get('outcome')}{code}{by}{reason}"


def _milliseconds(microseconds: float | None) -> str:
    return "" if microseconds is None else f"{microseconds / 1000:.3f}"
