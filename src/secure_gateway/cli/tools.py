"""``secure-gateway tools``: the definitions of tools that are pinned, and what has become of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import click

from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.peers import reached
from secure_gateway.cli.proxy import chosen_server
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_json, print_line, print_note, print_table
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.loader import LoadedConfig, load_config
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import RequestError
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer, proxy_settings
from secure_gateway.proxy.wire import WireError
from secure_gateway.tool_trust.definitions import LONGEST_NAME, Fingerprint, changed_fields, fingerprint
from secure_gateway.tool_trust.lock import LOCK_NAME, Lock, LockFile, Pin
from secure_gateway.tool_trust.trust import MOST_PINS

State = Literal["pinned", "new", "changed", "gone"]

_server = click.option("--server", "name", metavar="NAME", help="Only this server.")
_command = click.argument("command", nargs=-1, type=click.UNPROCESSED)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="For each server to answer.",
)


class Compared(NamedTuple):
    """A tool of a server as it is now beside how it is pinned. ``definition``: what the server says of it, if it still does."""

    server: str
    tool: str
    state: State
    fields: list[str]
    definition: dict[str, Any] | None
    now: Fingerprint | None

    def facts(self) -> dict[str, Any]:
        """Return it for machines: the definition where somebody has to look at it."""
        shown = self.definition if self.state in ("new", "changed") else None
        facts = {"server": self.server, "tool": self.tool, "state": self.state, "fields": self.fields}
        return facts if shown is None else {**facts, "definition": shown}


@click.group(cls=GatewayGroup)
def tools() -> None:
    """Show and accept the definitions of tools.

    What a server says of a tool is pinned when it is seen first, in gateway.tools.lock.json beside the configuration. A tool whose
    definition has changed since then is not offered until it is accepted here.
    """


@tools.command("list")
@_server
@click.pass_obj
def list_tools(session: Session, *, name: str | None) -> None:
    """List what is pinned. No server is started or contacted."""
    loaded = load_config(session.config, session.environ)
    lock = _lock_file(loaded).read()
    known = {**loaded.config.servers, **lock.servers}
    if name is not None and name not in known:
        raise CommandError(f"There is no server {name!r}, and none was. {did_you_mean(name, known)}".strip())
    rows = [
        {"server": server, "tool": tool, "digest": pin.digest, "pinned": pin.pinned, "by": pin.by}
        for server, pins in sorted(lock.servers.items())
        for tool, pin in sorted(pins.items())
        if name in (None, server)
    ]
    if session.json:
        print_json(rows)
        return
    print_table(
        ("server", "tool", "digest", "pinned", "by"),
        ((row["server"], row["tool"], row["digest"][7:19], row["pinned"], row["by"]) for row in rows),
        empty="Nothing is pinned yet: tools are pinned when a client, or `check`, first lists them.",
    )


@tools.command("diff", context_settings={"allow_interspersed_args": False})
@_command
@_server
@_timeout
@click.pass_obj
def diff(session: Session, *, command: tuple[str, ...], name: str | None, timeout: float) -> ExitCode:
    """Ask the servers for their tools and show what is not as it was pinned, with what they say now.

    COMMAND: as for `proxy`. Exit code 0: everything is as it was; 1: something is not; 4: a server does not answer.
    """
    loaded = load_config(session.config, session.environ)
    found, failed = asyncio.run(_look(session, loaded, _chosen(session, loaded, command, name), timeout))
    lock = _lock_file(loaded).read()
    compared = [each for server, listed in found.items() for each in _compare(lock, server, listed)]
    different = [each for each in compared if each.state != "pinned"]
    if session.json:
        print_json({"tools": [each.facts() for each in compared], "failed": failed})
    else:
        _report(different, failed, "Everything is as it was pinned.")
        for each in different:
            if each.definition is not None:
                print_line()
                print_json(each.facts())
    return _code(failed, ExitCode.REFUSED if different else ExitCode.OK)


@tools.command("pin", context_settings={"allow_interspersed_args": False})
@_command
@_server
@click.option("--tool", "only", multiple=True, metavar="NAME", help="Only this tool; may be repeated.")
@_timeout
@click.pass_obj
def pin(
    session: Session, *, command: tuple[str, ...], name: str | None, only: tuple[str, ...], timeout: float
) -> ExitCode:
    """Ask the servers for their tools and accept them as they are now. Look at `tools diff` first.

    COMMAND: as for `proxy`. A tool that a server no longer lists is no longer pinned.
    """
    loaded = load_config(session.config, session.environ)
    found, failed = asyncio.run(_look(session, loaded, _chosen(session, loaded, command, name), timeout))
    missing = set(only).difference(*found.values())
    if only and missing and not failed:
        near = did_you_mean(min(missing), {tool for listed in found.values() for tool in listed})
        raise CommandError(
            f"No server that was asked lists a tool {min(missing)!r}. {near} Nothing was changed.".replace("  ", " ")
        )
    accepted = _lock_file(loaded).update(lambda lock: _accept(lock, found, only)) if found else []
    if session.json:
        print_json({"accepted": [each.facts() for each in accepted], "failed": failed})
    else:
        _report(accepted, failed, "Everything was pinned as it is already.")
    return _code(failed, ExitCode.OK)


def _accept(lock: Lock, found: Mapping[str, Mapping[str, Any]], only: Sequence[str]) -> list[Compared]:
    """Pin what was found, all of it or ``only`` some; return what is new, changed or gone by that."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    accepted: list[Compared] = []
    for server, listed in found.items():
        pins = lock.servers.setdefault(server, {})
        for each in _compare(lock, server, listed):
            if only and each.tool not in only:
                continue
            if each.now is None:
                del pins[each.tool]
            elif each.state != "pinned" or pins[each.tool].by != "operator":
                pins[each.tool] = Pin(each.now.digest, each.now.fields, moment, "operator")
            if each.state != "pinned":
                accepted.append(each)
        if not pins:
            del lock.servers[server]
    return accepted


def _compare(lock: Lock, server: str, listed: Mapping[str, dict[str, Any]]) -> list[Compared]:
    pins = lock.servers.get(server, {})
    compared = []
    for tool, definition in listed.items():
        now, known = fingerprint(definition), pins.get(tool)
        fields = [] if known is None else changed_fields(known.fields, now.fields)
        state: State = "new" if known is None else "pinned" if known.digest == now.digest else "changed"
        compared.append(Compared(server, tool, state, fields, definition, now))
    compared += [Compared(server, tool, "gone", [], None, None) for tool in pins if tool not in listed]
    return compared


async def _look(
    session: Session, loaded: LoadedConfig, servers: Sequence[UpstreamServer], seconds: float
) -> tuple[dict[str, dict[str, dict[str, Any]]], dict[str, str]]:
    """Return the tools of each server by name, and why which server could not be asked."""
    settings = _settings(session, loaded)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    failed: dict[str, str] = {}

    async def ask(server: UpstreamServer) -> None:
        try:
            async with asyncio.timeout(seconds), reached(server, settings, session.environ) as peer:
                found[server.name] = _usable(server.name, await peer.tools())
        except TimeoutError:
            failed[server.name] = f"did not answer within {seconds:g} s; --timeout gives it longer"
        except RequestError as error:
            failed[server.name] = error.reason
        except WireError as error:
            failed[server.name] = f"it sent {error.reason}"

    await asyncio.gather(*map(ask, servers))
    return dict(sorted(found.items())), failed


def _usable(server: str, listed: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the tools by name, without those that no gateway would offer."""
    named = [(name, tool) for tool in listed if isinstance(name := tool.get("name"), str)]
    times = Counter(name for name, _ in named)
    usable = {name: tool for name, tool in named if times[name] == 1 and len(name) <= LONGEST_NAME}
    if len(usable) < len(listed) or len(usable) > MOST_PINS:
        left = len(listed) - min(len(usable), MOST_PINS)
        print_note(
            f"{server}: {left} entries of its list are left out: they have no usable name of their own, or are too many."
        )
    return dict(list(usable.items())[:MOST_PINS])


def _chosen(
    session: Session, loaded: LoadedConfig, command: tuple[str, ...], name: str | None
) -> Sequence[UpstreamServer]:
    settings = _settings(session, loaded)
    if command:
        return [chosen_server(settings, command, name)]
    if name is None:
        return list(settings.servers.values())
    if name not in settings.servers:
        known = ", ".join(settings.servers) or "none"
        raise CommandError(
            f"There is no server {name!r} in the configuration. {did_you_mean(name, settings.servers)} There are: {known}. "
            "Of one that `proxy` is given on the command line, give the command here too."
        )
    return [settings.servers[name]]


def _settings(session: Session, loaded: LoadedConfig) -> ProxySettings:
    return proxy_settings(loaded.config, SecretResolver(session.environ, folder=loaded.folder))


def _lock_file(loaded: LoadedConfig) -> LockFile:
    return LockFile(loaded.folder / LOCK_NAME)


def _report(compared: Sequence[Compared], failed: Mapping[str, str], otherwise: str) -> None:
    for server, reason in failed.items():
        print_note(f"{server}: {reason}")
    if compared:
        rows = ((each.server, each.tool, each.state, ", ".join(each.fields)) for each in compared)
        print_table(("server", "tool", "state", "changed"), rows)
    elif not failed:
        print_line(otherwise)


def _code(failed: Mapping[str, str], otherwise: ExitCode) -> ExitCode:
    return ExitCode.UNAVAILABLE if failed else otherwise
