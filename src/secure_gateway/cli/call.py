"""``secure-gateway call``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import click
import httpx
import msgspec

from secure_gateway.bootstrap import Parts, load_parts
from secure_gateway.cli.escaping import safe
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.peers import Peer, PeerError, UrlPeer
from secure_gateway.cli.server_entries import named_values
from secure_gateway.cli.session import GatewayCommand, Session
from secure_gateway.cli.tables import print_block, print_json, print_note
from secure_gateway.config.faults import did_you_mean
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import HTTP_STATUS, ErrorCode
from secure_gateway.plugins.auth.credentials import credentials_from_environment
from secure_gateway.proxy.http import create_app
from secure_gateway.proxy.settings import ProxySettings, proxy_settings

_KEY = "SECURE_GATEWAY_API_KEY"
_TOKEN = "SECURE_GATEWAY_TOKEN"  # noqa: S105 - the name of a variable
_UNAVAILABLE = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.UPSTREAM_ERROR, ErrorCode.UPSTREAM_TIMEOUT})
_FAULT = 500


@click.command(cls=GatewayCommand)
@click.argument("tool")
@click.option(
    "--arg", "given", metavar="NAME=VALUE", multiple=True, help="An argument; its type is taken from the tool's schema."
)
@click.option("--json", "document", metavar="OBJECT", help="All arguments as one JSON object; `-` reads it from stdin.")
@click.option(
    "--server", "name", metavar="NAME", help="The server that has the tool; may be left out where there is one only."
)
@click.option(
    "--key-from",
    "reference",
    metavar="REFERENCE",
    help=f"Where the key is, as env://NAME or file://PATH, instead of {_KEY}.",
)
@click.pass_obj
def call(
    session: Session,
    *,
    tool: str,
    given: tuple[str, ...],
    document: str | None,
    name: str | None,
    reference: str | None,
) -> ExitCode:
    """Call a tool of a configured server through the gateway, and print what it returns.

    The call is judged and recorded like any other. The key comes from SECURE_GATEWAY_API_KEY. For a result as JSON:
    `secure-gateway --json call …`.
    """
    whole = _whole(document, given)
    # What plugins print must not stand in the result.
    with contextlib.redirect_stdout(sys.stderr):
        parts = load_parts(session.config, env=session.environ)
        resolver = SecretResolver(session.environ, folder=parts.loaded.folder)
        headers = _credentials(session.environ, resolver, reference)
        settings = _only(proxy_settings(parts.config, resolver), name)
        result = asyncio.run(_call(session, parts, settings, headers, tool, given if whole is None else whole))
    failed = result.get("isError") is True
    if session.json:
        print_json(result)
    else:
        _show(result)
    if failed:
        print_note("The tool reported an error.")
    return ExitCode.FAILED if failed else ExitCode.OK


async def _call(
    session: Session,
    parts: Parts,
    settings: ProxySettings,
    headers: list[tuple[bytes, bytes]],
    tool: str,
    arguments: dict[str, Any] | tuple[str, ...],
) -> dict[str, Any]:
    try:
        async with parts.gateway, _door(session, parts, settings, headers) as peer:
            await peer.greet()
            if not isinstance(arguments, dict):
                arguments = _typed(arguments, await _schema(peer, tool))
            return await peer.ask("tools/call", {"name": tool, "arguments": arguments})
    except PeerError as error:
        raise _refusal(error) from error


@contextlib.asynccontextmanager
async def _door(
    session: Session, parts: Parts, settings: ProxySettings, headers: list[tuple[bytes, bytes]]
) -> AsyncIterator[Peer]:
    """Yield the gateway's HTTP door, entered within this process: the very way that a client over the network takes."""
    app = create_app(parts.gateway, settings, session.environ)
    (name,) = settings.servers
    await app.start()
    try:
        transport = httpx.ASGITransport(app)
        peer = UrlPeer(transport, f"http://localhost/servers/{name}/mcp", headers, settings.limits)
        yield peer
        await peer.close()
    finally:
        await app.close()


async def _schema(peer: Peer, tool: str) -> Mapping[str, Any]:
    """Return the properties of the tool's arguments; those of a tool that is not listed are for the gateway to refuse."""
    listed = {each.get("name"): each for each in await peer.tools()}
    if tool not in listed:
        names = [safe(name) for name in listed]
        raise CommandError(
            f"The server offers you no tool {tool!r}. {did_you_mean(tool, names)} It offers: {', '.join(names) or 'none'}.".replace(
                "  ", " "
            )
        )
    schema = listed[tool].get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}


def _typed(given: tuple[str, ...], properties: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in named_values(given, "--arg").items():
        schema = properties.get(name)
        kind = schema.get("type") if isinstance(schema, dict) else None
        values[name] = (
            text
            if kind in (None, "string") or (isinstance(kind, list) and "string" in kind)
            else _parsed(name, text, kind)
        )
    return values


def _parsed(name: str, text: str, kind: object) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise click.UsageError(
            f"--arg {name} is of type {safe(kind)}, and what was given is no JSON value of it."
        ) from None


def _whole(document: str | None, given: tuple[str, ...]) -> dict[str, Any] | None:
    if document is None:
        return {} if not given else None
    if given:
        raise click.UsageError("Give --arg or --json, not both.")
    try:
        value = json.loads(sys.stdin.read() if document == "-" else document)
    except ValueError as error:
        raise click.UsageError(f"--json is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise click.UsageError("--json takes an object, with a member for each argument.")
    return value


def _credentials(
    environ: Mapping[str, str], resolver: SecretResolver, reference: str | None
) -> list[tuple[bytes, bytes]]:
    if reference is not None:
        environ = {**environ, _KEY: resolver.resolve(reference).reveal()}
        environ.pop(_TOKEN, None)
    shown = credentials_from_environment(environ)
    lines = [
        ("x-api-key", shown.api_key),
        ("authorization", f"Bearer {shown.access_token}" if shown.access_token else None),
        ("x-project-id", shown.project_id),
        ("x-user-id", shown.user_id),
    ]
    return [(name.encode(), value.encode("utf-8")) for name, value in lines if value is not None]


def _only(settings: ProxySettings, name: str | None) -> ProxySettings:
    known = settings.servers
    if name is None and len(known) != 1:
        raise CommandError(
            f"Which server? Say --server NAME; there are: {', '.join(known) or 'none, `secure-gateway servers add` adds one'}."
        )
    chosen = next(iter(known)) if name is None else name
    if chosen not in known:
        raise CommandError(
            f"There is no server {chosen!r}. {did_you_mean(chosen, known)} There are: {', '.join(known) or 'none'}.".replace(
                "  ", " "
            )
        )
    return msgspec.structs.replace(settings, servers={chosen: known[chosen]})


def _refusal(error: PeerError) -> CommandError:
    """Return what the answer of the door means: its text, its code, and how to learn more."""
    data = error.said.get("data")
    known = data if isinstance(data, dict) else error.said  # a JSON-RPC error, or a problem document (RFC 9457)
    message = safe(error.said.get("message") or error.said.get("detail") or error.said.get("title") or error.reason)
    code = str(known.get("code") or "")
    if code and code not in message:
        message = f"{message} ({safe(code)})"
    request_id = safe(known.get("request_id") or "")
    explained = f"\n`secure-gateway explain {request_id}` shows each step." if request_id else ""
    return CommandError(f"{message}{explained}", _exit_code(code))


def _exit_code(code: str) -> ExitCode:
    try:
        known = ErrorCode(code)
    except ValueError:
        return ExitCode.FAILED
    if known in _UNAVAILABLE:
        return ExitCode.UNAVAILABLE
    return ExitCode.FAILED if HTTP_STATUS[known] >= _FAULT else ExitCode.REFUSED


def _show(result: Mapping[str, Any]) -> None:
    content = result.get("content")
    items = content if isinstance(content, list) else []
    for item in items:
        print_block(_shown(item))
    if not items:
        print_block(json.dumps(result.get("structuredContent", result), indent=2, ensure_ascii=False))


def _shown(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    if isinstance(item.get("text"), str):
        return str(item["text"])
    resource = item.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("text"), str):
        return str(resource["text"])
    data = item.get("data") or (resource.get("blob") if isinstance(resource, dict) else None)
    size = f", {len(data)} characters of base64" if isinstance(data, str) else ""
    where = item.get("uri") or (resource.get("uri") if isinstance(resource, dict) else "")
    return f"[{safe(item.get('type'))} {safe(item.get('mimeType', ''))} {safe(where or '')}{size}]"
