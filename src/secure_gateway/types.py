"""The values that a request is made of, shared by every floor. Plain structs: nothing here acts.

They are ``msgspec`` structs because one costs 0.1 µs where a pydantic model costs more than a whole hook call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Self

import msgspec

from secure_gateway.frozen import FrozenDict, frozen

NOTHING = FrozenDict()
ANONYMOUS = "anonymous"
"""Subject and provider of callers that show no credential, where those are let in."""


class Operation(StrEnum):
    """What is asked for. ``MESSAGE`` is any protocol message that is none of the others (lists, completions, unknown methods), ``HOOK`` a hook that the app fires itself."""

    TOOL = "tool"
    PROMPT = "prompt"
    RESOURCE = "resource"
    AGENT = "agent"
    HTTP = "http"
    MESSAGE = "message"
    HOOK = "hook"

    __hash__ = str.__hash__  # Enum's own is a Python function, and operations are dict keys on the request path


class Door(StrEnum):
    """Through which integration a request came in."""

    SDK = "sdk"
    DECORATOR = "decorator"
    ASGI = "asgi"
    STDIO = "stdio"
    HTTP = "http"


class Headers(dict[str, str]):
    """HTTP headers: a real dict with lower-case keys whose look-ups ignore case. Its repr shows names only."""

    __slots__ = ()

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] | None = None, /, **named: str) -> None:
        if isinstance(items, Headers):
            super().__init__(items)  # its keys are lower-case already
        elif items:
            self.update(items)
        if named:
            self.update(named)

    @classmethod
    def of_lowered(cls, items: dict[str, str]) -> Self:
        """Return headers of ``items``, whose keys are lower-case already; nothing is looked at, for this runs for each request and plugin."""
        made = cls.__new__(cls)
        dict.update(made, items)
        return made

    def __setitem__(self, key: str, value: str) -> None:
        super().__setitem__(key.lower(), value)

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key.lower())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.lower())

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)

    def pop(self, key: str, *default: Any) -> Any:
        return super().pop(key.lower(), *default)

    def setdefault(self, key: str, default: str = "") -> str:
        return super().setdefault(key.lower(), default)

    def update(self, items: Any = (), /, **named: str) -> None:
        pairs = items.items() if isinstance(items, Mapping) else items
        for key, value in [*pairs, *named.items()]:
            self[key] = value

    def copy(self) -> Headers:
        return Headers(self)

    def __or__(self, other: Any) -> Headers:  # type: ignore[override]
        merged = Headers(self)
        merged.update(other)
        return merged

    def __repr__(self) -> str:
        return f"Headers({sorted(self)})"


_CREDENTIAL_FIELDS = ("api_key", "gateway_key", "access_token", "refresh_token", "id_token", "username", "password")


class AuthCredentials:
    """What a caller showed to prove who it is. ``headers`` is case-insensitive and never None; the repr hides values.

    ``api_key`` and ``gateway_key`` are alternatives: a provider that takes keys looks at both.
    ``context`` carries facts of the door (client address, transport), never from the caller's own words.
    """

    __slots__ = (
        "access_token",
        "api_key",
        "context",
        "gateway_key",
        "gateway_name",
        "gateway_version",
        "headers",
        "id_token",
        "password",
        "project_id",
        "refresh_token",
        "user_id",
        "username",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - the field names are fixed by the provider interface
        self,
        api_key: str | None = None,
        gateway_key: str | None = None,
        gateway_name: str | None = None,
        gateway_version: str | None = None,
        project_id: str | None = None,
        user_id: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        id_token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        headers: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self.api_key = api_key
        self.gateway_key = gateway_key
        self.gateway_name = gateway_name
        self.gateway_version = gateway_version
        self.project_id = project_id
        self.user_id = user_id
        self.access_token = access_token
        self.refresh_token = refresh_token
        self.id_token = id_token
        self.username = username
        self.password = password
        if type(headers) is Headers:
            self.headers = headers
        else:
            self.headers = Headers(headers) if headers else Headers.__new__(Headers)  # an empty dict needs no filling
        self.context: dict[str, Any] = dict(context) if context else {}

    def present(self) -> Iterator[str]:
        """Yield the names of the credential fields that hold something."""
        return (name for name in _CREDENTIAL_FIELDS if getattr(self, name))

    def __repr__(self) -> str:
        return f"AuthCredentials(present={sorted(self.present())}, headers={sorted(self.headers)})"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking, as an identity provider vouched for it. Immutable for every plugin."""

    subject: str
    provider: str
    method: str = ""
    project_id: str | None = None
    tenant_id: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    key_id: str | None = None
    session_id: str | None = None
    is_admin: bool = False
    attributes: dict[str, Any] = msgspec.field(default=NOTHING)

    def __post_init__(self) -> None:
        if type(self.attributes) is not FrozenDict:
            msgspec.structs.force_setattr(self, "attributes", frozen(self.attributes))

    def __repr__(self) -> str:
        return f"Principal(subject={self.subject!r}, provider={self.provider!r}, roles={list(self.roles)})"


class Resolved(msgspec.Struct, frozen=True):
    """An identity provider vouches for this principal."""

    principal: Principal


class NoIdentity(msgspec.Struct, frozen=True):
    """No credential that any provider supports was shown. Not an error; whether it may pass is another question."""

    reason: str = "no credential of a supported method was presented"


class InvalidIdentity(msgspec.Struct, frozen=True):
    """A credential was shown and is not good, or its provider failed. Stops the request; never 'try the next'.

    ``reason`` is for the record; ``code`` is an ``ErrorCode`` value: ``invalid_credentials``, ``rate_limited``, ``forbidden``,
    ``plugin_error`` or ``plugin_timeout``.
    """

    code: str
    reason: str
    provider: str


IdentityVerdict = Resolved | NoIdentity | InvalidIdentity


class Request(msgspec.Struct, kw_only=True):
    """One thing that somebody wants done, in the form every door translates into.

    ``arguments`` is a JSON value: the tool's arguments, the prompt's, the resource's metadata, or the agent payload
    (``messages``, ``tools``, ``model``, ``system_prompt``, ``parameters``). ``headers`` are those that may go upstream.
    ``session_id``: which of the caller's conversations this belongs to, where the app that calls says so; never the caller's own words.
    ``time_limit``: seconds that the upstream may take; None for the configured limit, infinity for an answer that may come any time.
    ``time_off``: tells for how many seconds so far the time limit was to stand still; None: it never does.
    """

    operation: Operation
    name: str
    arguments: Any = None
    server: str = ""
    door: Door = Door.SDK
    credentials: AuthCredentials | None = None
    headers: Headers | None = None
    content_type: str = ""
    client_host: str = ""
    request_id: str = ""
    parent_id: str = ""
    session_id: str = ""
    time_limit: float | None = None
    time_off: Callable[[], float] | None = None

    def __repr__(self) -> str:
        return f"Request({self.operation.value} {self.name!r}, server={self.server!r}, door={self.door.value!r})"
