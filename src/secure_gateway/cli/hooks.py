"""``secure-gateway hooks``: plugins and guardrails of a gateway that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from secure_gateway.admin.commands import Question
from secure_gateway.bootstrap import load_parts
from secure_gateway.cli.running_gateways import Running, find_running, pid_option, the_running
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_json, print_line, print_note, print_table
from secure_gateway.config.faults import did_you_mean
from secure_gateway.pipeline.control import PluginState
from secure_gateway.plugins.framework.plugin import PluginMode

_ANY = "any"


class _Modes(click.Choice[str]):
    """The modes; one that is misspelt is answered with the nearest."""

    def __init__(self) -> None:
        super().__init__([mode.value for mode in PluginMode])

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return click's own message with a suggestion."""
        return f"{super().get_invalid_choice_message(value, ctx)} {did_you_mean(str(value), self.choices)}".rstrip()


@click.group(cls=GatewayGroup)
def hooks() -> None:
    """List and change the plugins and guardrails of a gateway that runs.

    A change holds for requests that start afterwards, stays over a reload, and ends with the process. Each is recorded.
    """


@hooks.command("list")
@pid_option
@click.pass_obj
def list_hooks(session: Session, *, pid: int | None) -> None:
    """List them, in the order in which they are called. Where no gateway runs, show what the configuration says."""
    running = find_running(session, pid)
    plugins = _configured(session) if running is None else running.ask(Question(command="list"))
    if session.json:
        print_json({"running": None if running is None else running.status, "plugins": plugins})
        return
    if running is None:
        print_note("No gateway runs under this configuration; this is what it says:")
    print_table(
        ("name", "kind", "mode", "configured", "priority", "state", "hooks", "changes"),
        (
            (
                plugin["name"],
                plugin["kind"],
                plugin["mode"],
                plugin["configured_mode"],
                plugin["priority"],
                plugin["state"],
                len(plugin["hooks"]),
                "; ".join(map(_override, plugin["overrides"])),
            )
            for plugin in plugins
        ),
        empty="There is neither a plugin nor a guardrail.",
    )


@hooks.command("show")
@click.argument("name")
@pid_option
@click.pass_obj
def show(session: Session, *, name: str, pid: int | None) -> None:
    """Show one: where it acts, in which mode, and what was changed about it."""
    _show(session, the_running(session, pid), Question(command="show", name=name))


@hooks.command("enable")
@click.argument("name")
@pid_option
@click.pass_obj
def enable(session: Session, *, name: str, pid: int | None) -> None:
    """Let one run everywhere, in its configured mode; one that the configuration disables enforces."""
    _show(session, the_running(session, pid), Question(command="enable", name=name))


@hooks.command("disable")
@click.argument("name")
@pid_option
@click.pass_obj
def disable(session: Session, *, name: str, pid: int | None) -> None:
    """Let one be skipped everywhere. Records go on naming it, as disabled."""
    _show(session, the_running(session, pid), Question(command="disable", name=name))


@hooks.command("set-mode")
@click.argument("name")
@click.argument("mode", type=_Modes())
@click.option("--hook", default="", metavar="HOOK", help="Only at this hook.")
@click.option("--server", default="", metavar="NAME", help="Only for this server, and for calls that name none.")
@click.option("--tool", default="", metavar="GLOB", help="Only for tools of this name.")
@click.option("--tenant", default="", metavar="ID", help="Only for this tenant.")
@pid_option
@click.pass_obj
def set_mode(session: Session, /, *, name: str, mode: str, pid: int | None, **scope: str) -> None:
    """Put one in a mode, for all calls or for some; where several apply, the one set last counts.

    While a caller's tenant is unknown, or the server of a call, the strictest of the modes that could apply does.
    """
    _show(session, the_running(session, pid), Question(command="set-mode", name=name, mode=mode, **scope))


@hooks.command("reset")
@click.argument("name")
@pid_option
@click.pass_obj
def reset(session: Session, *, name: str, pid: int | None) -> None:
    """Let one run as the configuration says, forgetting what was changed about it."""
    _show(session, the_running(session, pid), Question(command="reset", name=name))


def _configured(session: Session) -> list[dict[str, Any]]:
    gateway = load_parts(session.config, env=session.environ).gateway
    try:
        states: list[PluginState] = gateway.plugins.list()
        return [msgspec.to_builtins(state) for state in states]
    finally:
        gateway.close_sync()


def _show(session: Session, running: Running, question: Question) -> None:
    plugin = running.ask(question)
    if session.json:
        print_json(plugin)
        return
    print_line(f"Plugin {plugin['name']}")
    for label, text in (
        ("kind", plugin["kind"]),
        ("version", plugin["version"]),
        ("digest", plugin["digest"]),
        ("mode", f"{plugin['mode']} (configured: {plugin['configured_mode']})"),
        ("state", ": ".join(filter(None, (plugin["state"], plugin["reason"])))),
        ("changes", "; ".join(map(_override, plugin["overrides"]))),
    ):
        if text:
            print_line(f"  {label + ':':9} {text}")
    print_line()
    print_table(
        ("hook", "server", "mode", "configured", "priority", "skipped"),
        (
            (
                each["hook"],
                each["server"] or _ANY,
                each["mode"] or "depends on the call",
                each["configured_mode"],
                each["priority"],
                each["skipped"],
            )
            for each in plugin["bindings"]
        ),
    )


def _override(override: Mapping[str, Any]) -> str:
    narrowed = [f"{field} {override[field]}" for field in ("hook", "server", "tool", "tenant") if override[field]]
    return " ".join([override["mode"], *(["for", ", ".join(narrowed)] if narrowed else [])])
