"""The files in which MCP clients list their servers, read strictly: what is not understood is refused, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from secure_gateway.config.models import SERVER_NAME
from secure_gateway.config.ownership import expand_home, read_trusted
from secure_gateway.config.paths import printable
from secure_gateway.config.positions import JsonSyntaxError, parse
from secure_gateway.config.problems import syntax_problem
from secure_gateway.errors import ConfigError, Problem

# Where clients keep the list of their user. Files of a project are read when they are named only: a project can be a stranger's, and
# what they list is run.
USUAL_PLACES = (
    ("Claude Desktop", "~/Library/Application Support/Claude/claude_desktop_config.json"),
    ("Claude Desktop", "~/.config/Claude/claude_desktop_config.json"),
    ("Claude Code", "~/.claude.json"),
    ("Cursor", "~/.cursor/mcp.json"),
    ("VS Code", "~/Library/Application Support/Code/User/mcp.json"),
    ("VS Code", "~/.config/Code/User/mcp.json"),
)

_MAX_BYTES = 8 * 1024 * 1024
_OUR_COMMAND = "secure-gateway"
_LISTS = ("mcpServers", "servers")
_STREAMABLE = frozenset({"http", "streamable-http", "streamable_http", "streamablehttp"})
_IGNORED = frozenset({"autoApprove", "alwaysAllow", "description", "timeout", "autoStart", "gallery", "version", "dev"})
_KNOWN = frozenset(
    {"command", "args", "env", "cwd", "type", "transport", "url", "serverUrl", "headers", "disabled", "disabledTools"}
)

# Strings first, so that nothing inside them is taken for a comment; an unfinished comment ends with the file.
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*+")|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*+")|,(?=\s*+[}\]])', re.DOTALL)
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)


class UnusableEntryError(Exception):
    """A server of a client that cannot be taken over; the message says why and what to do."""

    skipped = False


class SkippedEntryError(UnusableEntryError):
    """A server that is understood and not wanted here."""

    skipped = True


@dataclass(frozen=True, slots=True)
class ClientServer:
    """One server as a client lists it, in our words. ``refused``: why it is not taken over; ``skipped``: that is as it should be; ``notes``: what was left out."""

    name: str
    entry: dict[str, Any] = field(default_factory=dict, repr=False)
    refused: str = ""
    skipped: bool = False
    notes: tuple[str, ...] = ()


def usual_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the files that exist in the usual places."""
    return [path for _, place in USUAL_PLACES if (path := expand_home(place, environ)).is_file()]


def read_client_file(path: Path, environ: Mapping[str, str]) -> list[ClientServer]:
    """Return the servers that the file lists. Raises ``ConfigError`` for a file that is not such a list, or that others can write."""
    listed = _listed(_parsed(path), path)
    return [_server(name, raw, expand_home("~", environ)) for name, raw in listed.items()]


def _parsed(path: Path) -> Any:
    data = read_trusted(path, limit=_MAX_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(Problem("$", "bytes that are no UTF-8 text", "JSON", file=str(path))) from None
    # VS Code allows both; each line keeps its number.
    text = _COMMENT.sub(lambda match: match[1] or "\n" * match[0].count("\n"), text)
    text = _LAST_COMMA.sub(lambda match: match[1] or "", text)
    try:
        document = parse(text.encode("utf-8"))
    except JsonSyntaxError as error:
        raise ConfigError([syntax_problem(error.fault, str(path))]) from None
    if document.faults:
        raise ConfigError([syntax_problem(fault, str(path)) for fault in document.faults])
    return document.value


def _listed(value: Any, path: Path) -> dict[str, Any]:
    expected = 'an object with "mcpServers" (Claude, Cursor) or "servers" (VS Code)'
    if not isinstance(value, dict):
        raise ConfigError(Problem("$", "no object", expected, file=str(path)))
    lists = [key for key in _LISTS if key in value]
    if len(lists) != 1:
        found = "both mcpServers and servers" if lists else "neither mcpServers nor servers"
        raise ConfigError(Problem("$", found, expected, file=str(path)))
    listed = value[lists[0]]
    if not isinstance(listed, dict):
        raise ConfigError(
            Problem(f"$.{lists[0]}", "no object", "an object with a member for each server", file=str(path))
        )
    return listed


def _server(name: str, raw: Any, home: Path) -> ClientServer:
    usable = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).lstrip(".")[:64]
    if not re.fullmatch(SERVER_NAME, usable):
        return ClientServer(
            printable(name), refused="its name has no letter or digit in it; rename it in the client's file"
        )
    try:
        entry, notes = _entry(raw, home)
    except UnusableEntryError as reason:
        return ClientServer(usable, refused=str(reason), skipped=reason.skipped)
    if usable != name:
        notes = (f"called '{printable(name)}' there", *notes)
    return ClientServer(usable, entry, notes=notes)


def _entry(raw: Any, home: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    if not isinstance(raw, dict):
        raise UnusableEntryError("it is no object")
    unknown = sorted(raw.keys() - _KNOWN - _IGNORED)
    if unknown:
        raise UnusableEntryError(
            f"it has the unknown key '{printable(unknown[0])}'; add it by `secure-gateway servers add`"
        )
    if raw.get("disabled") is True:
        raise SkippedEntryError("it is disabled there")
    entry = _command(raw) if "command" in raw else _address(raw)
    denied = raw.get("disabledTools")
    if denied is not None:
        entry["tools"] = {"deny": _texts(denied, "disabledTools")}
    entry = {key: _expanded(key, value, home) for key, value in entry.items()}
    return entry, tuple(f"{key!r} was left out" for key in sorted(raw.keys() & _IGNORED))


def _command(raw: Mapping[str, Any]) -> dict[str, Any]:
    _check_transport(raw, frozenset({"stdio"}))
    if not isinstance(raw["command"], str) or "url" in raw or "serverUrl" in raw or "headers" in raw:
        raise UnusableEntryError("it has a command that is no text, or an address beside it")
    if PurePath(raw["command"]).name == _OUR_COMMAND:
        raise SkippedEntryError("it is this gateway")
    entry: dict[str, Any] = {"command": raw["command"]}
    if "args" in raw:
        entry["args"] = _texts(raw["args"], "args")
    if "env" in raw:
        entry["env"] = _named_texts(raw["env"], "env")
    if "cwd" in raw:
        entry["cwd"] = raw["cwd"]
    return entry


def _address(raw: Mapping[str, Any]) -> dict[str, Any]:
    _check_transport(raw, _STREAMABLE)
    addresses = [raw[key] for key in ("url", "serverUrl") if key in raw]
    if len(addresses) != 1 or not isinstance(addresses[0], str) or raw.keys() & {"args", "env", "cwd"}:
        raise UnusableEntryError("it has neither a command nor one address of its own")
    entry: dict[str, Any] = {"url": addresses[0]}
    if "headers" in raw:
        entry["headers"] = _named_texts(raw["headers"], "headers")
    return entry


def _check_transport(raw: Mapping[str, Any], fitting: frozenset[str]) -> None:
    for key in ("type", "transport"):
        given = raw.get(key)
        if given is not None and (not isinstance(given, str) or given.lower() not in fitting):
            raise UnusableEntryError(f"its {key} is none that is supported here (stdio, or streamable HTTP)")


def _texts(value: Any, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UnusableEntryError(f"its {key!r} is no list of texts")
    return value


def _named_texts(value: Any, key: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise UnusableEntryError(f"its {key!r} is no object of texts")
    return value


def _expanded(key: str, value: Any, home: Path) -> Any:
    """Replace the placeholders of clients: a variable by a reference where one may stand, the home folder by its path."""
    if isinstance(value, list):
        return [_expanded(key, item, home) for item in value]
    if isinstance(value, dict):
        return {name: _expanded(key, item, home) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = _VARIABLE.fullmatch(value)
    if whole is not None and key in ("env", "headers"):
        return f"env://{whole[1]}"
    value = value.replace("${userHome}", str(home))
    if "${" in value:
        place = f"{key} holds the placeholder {printable(value[value.index('${') :].partition('}')[0])}}}"
        hint = 'a variable whose whole value it is, as "env://NAME", can stand in env and headers'
        raise UnusableEntryError(f"its {place}, which has no value here; {hint}")
    return value
