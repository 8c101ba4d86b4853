"""What an argument is for: a path, an address, a query, a command, prose, or a plain value. By its name, else what its schema says, else its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from secure_gateway.plugins.guardrails.scanner.serialise import spaced

Role = Literal["path", "url", "sql", "search", "code", "prose", "value"]

_WORD: Final = re.compile(r"[a-z]+")
_NAMES: Final[tuple[tuple[Role, frozenset[str]], ...]] = (
    ("url", frozenset("url urls uri uris link href endpoint webhook callback host hostname hosts domain redirect site origin feed proxy server baseurl imageurl target_url website upstream".split())),
    ("path", frozenset("path paths file files filename filepath filenames dir dirs directory folder cwd root workspace src dest destination location attachment basedir document output outfile infile logfile".split())),
    ("sql", frozenset("sql statement".split())),
    ("code", frozenset("code script command cmd commands shell bash program snippet source expression expr template patch diff regex pattern jinja html css javascript python yaml json config args argv environment env cron".split())),
    ("prose", frozenset("message messages text body content contents description comment comments prompt title note notes summary subject reply answer markdown caption bio review feedback instructions reason details question payload data record entry logs context".split())),
    ("search", frozenset("query q search keywords term terms filter where condition".split())),
)  # fmt: skip
_SQL_TOOL: Final = re.compile(
    r"(?i)sql|postgres|sqlite|database|(?:^|[_.-])db(?:$|[_.-])|bigquery|snowflake|duckdb|warehouse|query_?(?:db|data|table)|(?:run|execute)_?query"
)
_FORMATS: Final[Mapping[str, Role]] = {
    "uri": "url",
    "uri-reference": "url",
    "iri": "url",
    "url": "url",
    "hostname": "url",
    "path": "path",
    "file-path": "path",
    "sql": "sql",
}
_SAID: Final[tuple[tuple[Role, re.Pattern[str]], ...]] = (
    ("sql", re.compile(r"(?i)\bsql\b")),
    ("url", re.compile(r"(?i)\b(?:url|uri|web address|host ?name)\b")),
    ("path", re.compile(r"(?i)\b(?:file ?path|path (?:of|to)|file ?name|directory|folder)\b")),
)  # fmt: skip
_URL_SHAPE: Final = re.compile(
    r"(?i)^\s*(?:[a-z][a-z0-9+.-]{1,15}:)?//\S+$|^\s*(?:file|javascript|gopher|dict|jar|ldap):\S+$"
)
_PATH_SHAPE: Final = re.compile(
    r"^(?:\.{1,2}[\\/]|~[\\/]|/[\w.-]|[A-Za-z]:[\\/]|\\\\)[^\n]*$|^[^\s<>]*(?:\.\.|%2e%2e)[\\/%][^\s<>]*$"
)
_PROSE_WORDS: Final = 16


def role_of(name: str, text: str, tool: str, declared: Mapping[str, Role]) -> Role:
    """Return the role of the argument ``name`` that holds ``text`` in a call of ``tool``, whose schema declared other roles."""
    role = declared.get(name) or role_of_name(name)
    if role == "search" and (_SQL_TOOL.search(tool) or "sql" in declared.values()):
        return "sql"
    if role is None or role == "value":
        if _URL_SHAPE.match(text):
            return "url"
        if _PATH_SHAPE.match(text):
            return "path"
    return role or "value"


def role_of_name(name: str) -> Role | None:
    """Return what a name says; its last telling word counts, as in ``file_url`` or ``source_path``."""
    words = _WORD.findall(spaced(name).lower())
    for word in reversed(words):
        for role, known in _NAMES:
            if word in known:
                return role
    return None


def is_prose(text: str) -> bool:
    """Say whether a text without a telling name reads like sentences."""
    return len(text.split(None, _PROSE_WORDS)) >= _PROSE_WORDS


def declared_roles(tool: Mapping[str, Any]) -> dict[str, Role]:
    """Return the roles that a tool's input schema declares for its arguments, by format, then by description where the name says nothing."""
    schema = tool.get("inputSchema") or tool.get("input_schema")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    found: dict[str, Role] = {}
    for name, about in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(about, Mapping) or not isinstance(name, str):
            continue
        form, said = about.get("format"), about.get("description")
        if isinstance(form, str) and form in _FORMATS:
            found[name] = _FORMATS[form]
        elif isinstance(said, str) and role_of_name(name) in (None, "search"):
            role = next((role for role, words in _SAID if words.search(said[:400])), None)
            if role is not None:
                found[name] = role
    return found
