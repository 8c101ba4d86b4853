"""The skills extension of the fixture: one skill of two files, listed, got and read by methods that nobody else knows."""

# mypy: ignore-errors
# It needs the `mcp` SDK, which this project does not install; in the environment where it runs it is strictly typed.
from __future__ import annotations

import hashlib
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any, Any]

EXTENSION = "io.modelcontextprotocol/skills"
_NAME = "measuring"
_DESCRIPTION = "How to measure a proxy"
_FOLDER = f"skill://{_NAME}"
_MANIFEST = f"{_FOLDER}/SKILL.md"
_FILES = {
    _MANIFEST: f"---\nname: {_NAME}\ndescription: {_DESCRIPTION}\n---\n\nMeasure bare, measure through, compare.\n",
    f"{_FOLDER}/references/UNITS.md": "Checks, each with its status.\n",
}
_CACHING = {"ttlMs": 0, "cacheScope": "private"}


class SkillsListParams(types.RequestParams):
    """Parameters of `skills/list`."""

    cursor: str | None = None


class UriParams(types.RequestParams):
    """Parameters of the methods that name one URI."""

    uri: str


def skill_text(uri: str) -> str | None:
    """Return the content of a skill's file, or None when `uri` names none."""
    return _FILES.get(uri)


def manifest_resource() -> types.Resource:
    """Render the skill's manifest for `resources/list`."""
    return types.Resource(uri=_MANIFEST, name=_NAME, description=_DESCRIPTION, mime_type="text/markdown")


def _entry() -> dict[str, Any]:
    files = [
        {
            "uri": uri,
            "digest": f"sha256:{hashlib.sha256(content.encode()).hexdigest()}",
            "size": len(content.encode()),
        }
        for uri, content in _FILES.items()
    ]
    return {"uri": _MANIFEST, "frontmatter": {"name": _NAME, "description": _DESCRIPTION}, "resources": files}


async def _list(ctx: Context, params: SkillsListParams) -> dict[str, Any]:
    return {"skills": [_entry()], **_CACHING}


async def _get(ctx: Context, params: UriParams) -> dict[str, Any]:
    if params.uri != _MANIFEST:
        raise MCPError(code=types.INVALID_PARAMS, message="Unknown skill", data={"uri": params.uri})
    return {"skill": _entry(), **_CACHING}


async def _read_folder(ctx: Context, params: UriParams) -> dict[str, Any]:
    inner = f"{_FOLDER}/references"
    children = {
        _FOLDER: [(_MANIFEST, "text/markdown"), (inner, "inode/directory")],
        inner: [(f"{inner}/UNITS.md", "text/markdown")],
    }
    if params.uri not in children:
        raise MCPError(code=types.INVALID_PARAMS, message="Not a folder", data={"uri": params.uri})
    found = [{"uri": uri, "name": uri.rsplit("/", 1)[1], "mimeType": kind} for uri, kind in children[params.uri]]
    return {"resources": found, **_CACHING}


def serve_skills(server: Server[Any]) -> None:
    """Advertise the extension and register its methods."""
    server.extensions[EXTENSION] = {"directoryRead": True}
    server.add_request_handler("skills/list", SkillsListParams, _list)
    server.add_request_handler("skills/get", UriParams, _get)
    server.add_request_handler("resources/directory/read", UriParams, _read_folder)
