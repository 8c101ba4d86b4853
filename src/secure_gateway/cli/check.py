"""``secure-gateway check``."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import asdict

import click
import msgspec

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.checks import Finding, configuration_findings, registration_findings, server_findings
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import failure_of
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_json, print_line, print_table
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError, PluginError, StoreError
from secure_gateway.proxy.settings import proxy_settings


@click.command(cls=GatewayCommand)
@click.option("--offline", is_flag=True, help="Do not start or contact any server.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="For each server to answer.",
)
@click.pass_obj
def check(session: Session, *, offline: bool, timeout: float) -> ExitCode:
    """Check the configuration and reach every server.

    Builds every provider, opens the state store and asks the plugins at server_pre_register about each server. Then starts each server that is a command and
    contacts each that is an address, but for those that are refused.
    Exit code 0: all is well, though there may be warnings; 3: the configuration cannot be used; 4: a server or the store does not answer.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what plugins print must not stand in the result
            parts = load_parts(session.config, env=session.environ)
            findings = asyncio.run(_look(session, parts, offline=offline, timeout=timeout))
    except (ConfigError, StoreError, PluginError) as error:
        if not session.json:
            raise
        failure = failure_of(error)
        print_json(
            {
                "ok": False,
                "message": failure.message,
                "problems": [asdict(each) for each in failure.problems],
                "findings": [],
            }
        )
        return failure.code
    _report(session, findings)
    return ExitCode.UNAVAILABLE if _failed(findings) else ExitCode.OK


async def _look(session: Session, parts: Parts, *, offline: bool, timeout: float) -> list[Finding]:  # noqa: ASYNC109 - for each server
    async with parts.gateway:
        findings = list(configuration_findings(parts))
        settings = proxy_settings(parts.config, SecretResolver(session.environ, folder=parts.loaded.folder))
        refusals = await registration_findings(parts, settings)
        findings += refusals.values()
        admitted = {name: server for name, server in settings.servers.items() if name not in refusals}
        if offline:
            return [*findings, *(Finding(f"server {name}", "skipped", "--offline") for name in admitted)]
        settings = msgspec.structs.replace(settings, servers=admitted)
        return [*findings, *await server_findings(parts, settings, session.environ, timeout)]


def _failed(findings: list[Finding]) -> int:
    return sum(finding.status == "failed" for finding in findings)


def _report(session: Session, findings: list[Finding]) -> None:
    failed = _failed(findings)
    if session.json:
        print_json({"ok": not failed, "message": "", "problems": [], "findings": [asdict(each) for each in findings]})
        return
    print_table(("what", "status", "detail"), ((each.what, each.status, each.detail) for each in findings))
    warned = sum(finding.status == "warning" for finding in findings)
    print_line()
    print_line(f"{failed} failed, {warned} to look at." if failed or warned else "All is well.")
