"""``secure-gateway policy``: what holds for a tool, what is wrong with it, and whether it does what it should."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.escaping import safe
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.policy_lint import LintFinding, lint
from secure_gateway.cli.policy_view import acting, facts
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_block, print_json, print_line, print_table
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.yaml_text import YamlReader
from secure_gateway.testing.policy_cases import PolicyCase, PolicyOutcome, Rehearsal, differences, read_cases
from secure_gateway.types import Operation


@click.group(cls=GatewayGroup)
def policy() -> None:
    """Show which policy holds for a tool, find mistakes in it, and test it."""


@policy.command("show")
@click.argument("tool")
@click.option("--server", metavar="NAME", help="The server that has the tool; may be left out where there is one only.")
@click.pass_obj
def show(session: Session, *, tool: str, server: str | None) -> None:
    """Show what applies to a tool, and from where: file and JSON path."""
    with _opened(session) as parts:
        name = _server(parts, server)
        called, said = list(acting(parts, tool, name)), list(facts(parts, tool, name))
        path = str(parts.loaded.path)
        not_offered = parts.gateway.snapshot.permissions.not_offered(Operation.TOOL, tool, name)
    if session.json:
        document = {
            "tool": tool,
            "server": name,
            "file": path,
            "not_offered": not_offered,
            "acting": [each._asdict() for each in called],
            "facts": [each._asdict() for each in said],
        }
        print_json(document)
        return
    print_line(f"Tool {tool}" + (f" of server {name}" if name else ""))
    print_line(f"  file: {path}")
    if not_offered:
        print_line(f"  It cannot be called by anybody: {not_offered}.")
    print_line()
    print_table(
        ("side", "acting", "kind", "mode", "skipped"), (tuple(each) for each in called), empty="Nobody judges it."
    )
    print_line()
    print_table(
        ("side", "guardrail", "what", "value", "line", "where"),
        ((each.side, each.guardrail, each.what, _written(each.value), each.line, each.path) for each in said),
        empty="Every guardrail does what it does by default.",
    )


@policy.command("lint")
@click.option("--strict", is_flag=True, help="Let warnings count as errors.")
@click.pass_obj
def lint_policy(session: Session, *, strict: bool) -> ExitCode:
    """Find what would let something pass, what never applies, and what nobody guards.

    Exit code 1 where there is an error; with --strict, also where there is a warning.
    """
    with _opened(session) as parts:
        found = lint(parts)
        path = str(parts.loaded.path)
    failed = [each for each in found if strict or each.severity == "error"]
    if session.json:
        print_json({"ok": not failed, "file": path, "findings": [each._asdict() for each in found]})
    else:
        for each in found:
            print_line(_finding(each, path))
        errors = sum(each.severity == "error" for each in found)
        print_line(f"{errors} errors, {len(found) - errors} warnings." if found else "Nothing to look at.")
    return ExitCode.REFUSED if failed else ExitCode.OK


@policy.command("test")
@click.argument("files", nargs=-1, required=True, metavar="CASES.yaml...", type=click.Path(path_type=Path))
@click.pass_obj
def test(session: Session, *, files: tuple[Path, ...]) -> ExitCode:
    """Run cases through the policy, with no server behind it. Exit code 1 where one does not end as it should."""
    cases = [(str(file), case) for file in files for case in _cases(file)]
    with _opened(session) as parts:
        known = parts.config.servers
        for file, case in cases:
            if case.server and case.server not in known:
                raise CommandError(
                    f"{file}: case {safe(case.name)!r}: there is no server {safe(case.server)!r}. {did_you_mean(case.server, known)}".strip()
                )
        with contextlib.redirect_stdout(sys.stderr):  # what plugins print must not stand in the result
            outcomes = asyncio.run(_run(parts, [case for _, case in cases]))
    results = [
        (file, case, outcome, differences(case.expect, outcome))
        for (file, case), outcome in zip(cases, outcomes, strict=True)
    ]
    failed = sum(bool(found) for *_, found in results)
    if session.json:
        print_json({"ok": not failed, "cases": [_result(*each) for each in results]})
    else:
        for _, case, outcome, found in results:
            print_line(f"{'FAIL' if found else 'ok  '}  {case.name}: {safe(outcome)}")
            for text in found:
                print_block("        " + text.replace("\n", "\n        "))
        print_line(f"{len(results) - failed} passed, {failed} failed.")
    return ExitCode.REFUSED if failed else ExitCode.OK


def _result(file: str, case: PolicyCase, outcome: PolicyOutcome, found: list[str]) -> dict[str, Any]:
    return {
        "file": file,
        "name": case.name,
        "ok": not found,
        "decision": outcome.decision,
        "violations": list(outcome.violations),
        "code": outcome.code,
        "reason": outcome.reason,
        "decided_by": outcome.decided_by,
        "differences": found,
    }


async def _run(parts: Parts, cases: list[PolicyCase]) -> list[PolicyOutcome]:
    rehearsal = Rehearsal(parts.gateway)
    return [await rehearsal.run(case) for case in cases]


def _cases(file: Path) -> list[PolicyCase]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read ({error.strerror}); expected a YAML file of cases. docs/policies.md shows one.",
            ExitCode.FAILED,
        ) from None
    return read_cases(YamlReader().read(data, str(file)), str(file))


@contextmanager
def _opened(session: Session) -> Iterator[Parts]:
    with contextlib.redirect_stdout(sys.stderr):  # what plugins print must not stand in the result
        parts = load_parts(session.config, env=session.environ)
    try:
        yield parts
    finally:
        parts.gateway.close_sync()


def _server(parts: Parts, name: str | None) -> str:
    known = parts.config.servers
    if name is None:
        if len(known) > 1:
            raise CommandError(f"Which server? Say --server NAME; there are: {', '.join(known)}.")
        return next(iter(known), "")
    if name not in known:
        hint = did_you_mean(name, known)
        raise CommandError(
            f"There is no server {name!r}. {hint} There are: {', '.join(known) or 'none'}.".replace("  ", " ")
        )
    return name


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _finding(each: LintFinding, path: str) -> str:
    return f"{path}:{each.line}: {each.severity}: {each.message} [{each.code}] {each.path}"
