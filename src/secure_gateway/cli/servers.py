"""``secure-gateway servers``: the MCP servers behind the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from secure_gateway.cli.config_edits import ConfigEditor, editing
from secure_gateway.cli.escaping import safe
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.json_edits import remove_member, set_member
from secure_gateway.cli.mcp_clients import ClientServer, read_client_file, usual_files
from secure_gateway.cli.server_entries import named_values, problem_with, problem_with_name, variables_of
from secure_gateway.cli.server_secrets import SecretDetector, SecretFiles
from secure_gateway.cli.session import GatewayGroup, Session
from secure_gateway.cli.tables import print_json, print_line, print_note, print_table
from secure_gateway.config.loader import load_config
from secure_gateway.config.server_models import ServerConfig


@click.group(cls=GatewayGroup)
def servers() -> None:
    """Add, list, remove and import MCP servers."""


@servers.command("add")
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--url", help="Address of a server that speaks streamable HTTP, instead of a command.")
@click.option(
    "--env", "env", metavar="NAME=VALUE", multiple=True, help="Variable for the command; may be env://… or file://…"
)
@click.option(
    "--header",
    "headers",
    metavar="NAME=VALUE",
    multiple=True,
    help="Header for the address; may be env://… or file://…",
)
@click.option("--cwd", help="Folder in which the command starts.")
@click.option("--allow", metavar="GLOB", multiple=True, help="Offer only tools that match.")
@click.option("--deny", metavar="GLOB", multiple=True, help="Do not offer tools that match.")
@click.option("--replace", is_flag=True, help="Replace a server of this name.")
@click.pass_obj
def add(session: Session, /, *, name: str, replace: bool, **given: Any) -> None:
    """Add a server to the configuration: a command that the gateway starts, or an address.

    \b
    secure-gateway servers add time -- uvx mcp-server-time
    secure-gateway servers add search --url https://search.example/mcp --header Authorization=env://SEARCH

    Values that look like secrets are put into private files, and a reference takes their place.
    """  # noqa: D301 - click's mark for lines to be kept
    entry = _entry(**given)
    fault = problem_with_name(name) or problem_with(entry)
    if fault:
        raise click.UsageError(fault)
    with editing(session.config, session.environ) as editor:
        _Changes(editor).put([ClientServer(name, entry)], replace=replace)
    if session.json:
        print_json({"added": [name], "config": str(editor.loaded.path)})
    else:
        print_line(f"Added {name}. `secure-gateway check` tells whether it answers.")


@servers.command("list")
@click.pass_obj
def list_servers(session: Session) -> None:
    """List the configured servers. Values of variables and headers are not shown."""
    configured = load_config(session.config, session.environ).config.servers
    detector = SecretDetector()
    rows = [_facts(name, server, detector) for name, server in configured.items()]
    if session.json:
        print_json(rows)
    else:
        print_table(
            ("name", "transport", "address", "tools"),
            ((row["name"], row["transport"], row["address"], row["tools"]) for row in rows),
            empty="No server is configured. `secure-gateway servers add` adds one, `servers import` those of your MCP client.",
        )


@servers.command("remove")
@click.argument("name")
@click.pass_obj
def remove(session: Session, *, name: str) -> None:
    """Take a server out of the configuration, and remove the secrets that were kept for it."""
    with editing(session.config, session.environ) as editor:
        removed = _Changes(editor).remove(name)
    if session.json:
        print_json({"removed": [name], "secrets_removed": [str(path) for path in removed]})
    else:
        print_line(f"Removed {name}." + (f" Its secrets are gone too: {len(removed)} file(s)." if removed else ""))


@servers.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--only", metavar="NAME", multiple=True, help="Take over this server only.")
@click.option("--replace", is_flag=True, help="Replace servers of the same names.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken over, and change nothing.")
@click.pass_obj
def import_servers(
    session: Session, *, files: tuple[Path, ...], only: tuple[str, ...], replace: bool, dry_run: bool
) -> ExitCode:
    """Take over the servers of MCP clients: Claude Desktop, Claude Code, Cursor, VS Code.

    Without FILES, the lists of your user are read; name those of a project, such as .mcp.json or .vscode/mcp.json, after you have looked
    at them: what they list is run. Secrets are put into private files.
    """
    found = _found(files or tuple(usual_files(session.environ)), session, only)
    with editing(session.config, session.environ) as editor:
        found = [_judged(server, editor.loaded.raw.get("servers", {}), replace=replace) for server in found]
        usable = [server for server in found if not server.refused]
        if not dry_run and usable:
            _Changes(editor).put(usable, replace=replace)
    _report_import(session, found, dry_run=dry_run)
    for server in usable:
        for variable in variables_of(server.entry):
            if variable not in session.environ:
                print_note(
                    f"{server.name} needs the variable {variable}, which is not set here: the gateway starts only where it is."
                )
    return ExitCode.REFUSED if any(server.refused and not server.skipped for server in found) else ExitCode.OK


class _Changes:
    """Changes to the ``servers`` of one configuration: secrets and configuration change together or not at all."""

    def __init__(self, editor: ConfigEditor) -> None:
        self._editor = editor
        self._servers: Mapping[str, Any] = editor.loaded.raw.get("servers", {})
        self._detector = SecretDetector()
        self._secrets = SecretFiles(editor.loaded.folder, self._detector)

    def put(self, new: list[ClientServer], *, replace: bool) -> None:
        """Write ``new`` into the configuration."""
        for server in new:
            if server.name in self._servers and not replace:
                raise CommandError(
                    f"There is a server {server.name!r} already; --replace replaces it. Nothing was changed."
                )
            self._warn(server)
        with ExitStack() as undo:
            undo.callback(self._secrets.undo)
            kept = {server.name: self._secrets.keep(server.name, server.entry) for server in new}
            self._editor.apply(lambda text: _with_servers(text, kept))
            undo.pop_all()
        for path in self._secrets.written:
            print_note(f"A secret was put into {path}; the configuration refers to it.")
        for server in new:
            self._secrets.remove(self._servers.get(server.name, {}), self._editor.text())

    def remove(self, name: str) -> list[Path]:
        """Take ``name`` out; return the secret files that went with it."""
        if name not in self._servers:
            raise CommandError(f"There is no server {name!r}; there are: {', '.join(self._servers) or 'none'}.")
        self._editor.apply(lambda text: remove_member(text, ("servers", name)))
        return self._secrets.remove(self._servers[name], self._editor.text())

    def _warn(self, server: ClientServer) -> None:
        for index in self._detector.suspects(server.entry.get("args", [])):
            print_note(
                f"Warning: argument {index + 1} of {server.name} looks like a secret. It is written into the configuration; "
                "if the server can take it from a variable, use --env NAME=env://NAME instead."
            )


def _with_servers(text: str, entries: Mapping[str, dict[str, Any]]) -> str:
    for name, entry in entries.items():
        text = set_member(text, ("servers", name), entry)
    return text


def _entry(
    *,
    command: tuple[str, ...],
    url: str | None,
    env: tuple[str, ...],
    headers: tuple[str, ...],
    cwd: str | None,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
) -> dict[str, Any]:
    if bool(command) == bool(url):
        raise click.UsageError("Give either a command, behind `--`, or --url.")
    entry: dict[str, Any] = {"url": url} if url else {"command": command[0]}
    if command[1:]:
        entry["args"] = list(command[1:])
    for key, given in (("env", env), ("headers", headers)):
        if given:
            entry[key] = named_values(given, "--env" if key == "env" else "--header")
    if cwd is not None:
        entry["cwd"] = cwd
    tools = {key: list(globs) for key, globs in (("allow", allow), ("deny", deny)) if globs}
    if tools:
        entry["tools"] = tools
    return entry


def _facts(name: str, server: ServerConfig, detector: SecretDetector) -> dict[str, Any]:
    address = (
        server.url.partition("?")[0]
        if server.url
        else " ".join([server.command or "", *detector.masked(list(server.args))])
    )
    allow, deny = server.tools.allow, server.tools.deny
    tools = "all" if allow is None else ", ".join(allow) or "none"
    return {
        "name": name,
        "transport": "http" if server.url else "stdio",
        "address": address,
        "tools": f"{tools} without {', '.join(deny)}" if deny else tools,
        "env": sorted(server.env),
        "headers": sorted(server.headers),
    }


def _found(files: tuple[Path, ...], session: Session, only: tuple[str, ...]) -> list[ClientServer]:
    if not files:
        raise CommandError("No list of an MCP client was found in its usual place; name the file, such as .mcp.json.")
    found = [server for path in files for server in read_client_file(path, session.environ)]
    missing = set(only) - {server.name for server in found}
    if missing:
        raise CommandError(f"There is no server {min(missing)!r} in {', '.join(map(str, files))}.")
    chosen = [server for server in found if not only or server.name in only]
    if not chosen:
        raise CommandError(f"No server is listed in {', '.join(map(str, files))}.")
    seen: dict[str, ClientServer] = {}
    for server in chosen:
        # Two clients often list the same server.
        if seen.setdefault(server.name, server).entry != server.entry:
            raise CommandError(
                f"Two different servers are called {server.name!r} in these files; import one file at a time."
            )
    return list(seen.values())


def _judged(server: ClientServer, configured: Mapping[str, Any], *, replace: bool) -> ClientServer:
    if server.refused:
        return server
    if server.name in configured and not replace:
        return ClientServer(server.name, refused="a server of this name is configured already; --replace replaces it")
    fault = problem_with(server.entry)
    return ClientServer(server.name, refused=fault) if fault else server


def _report_import(session: Session, found: list[ClientServer], *, dry_run: bool) -> None:
    done = "would be imported" if dry_run else "imported"
    if session.json:
        key = "would_import" if dry_run else "imported"
        print_json(
            {
                key: [server.name for server in found if not server.refused],
                "refused": {server.name: server.refused for server in found if server.refused and not server.skipped},
                "skipped": {server.name: server.refused for server in found if server.skipped},
            }
        )
        return
    for server in found:
        notes = f" ({'; '.join(server.notes)})" if server.notes else ""
        left = "skipped" if server.skipped else "refused"
        print_line(f"{server.name}: {left}: {server.refused}" if server.refused else f"{server.name}: {done}{notes}")
    first = next((server.name for server in found if not server.refused), None)
    if first is not None and not dry_run:
        print_line()
        print_line(
            "`secure-gateway check` tells whether they answer. In your MCP client, put the gateway in place of each:"
        )
        print_line(f'  {{"command": "secure-gateway", "args": ["proxy", "--server", "{safe(first)}"],')
        print_line('   "env": {"SECURE_GATEWAY_API_KEY": "<key>"}}')
