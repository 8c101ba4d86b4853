"""Everything that one request reads, built once and never changed: a reload makes a new one and swaps the reference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from secure_gateway.decisions import Sink
from secure_gateway.pipeline.digests import Digester
from secure_gateway.pipeline.overrides import Control, Lease
from secure_gateway.pipeline.permissions import Permissions
from secure_gateway.plugins.framework.binding import CallOrder, HookBinding
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.types import AuthCredentials, Headers, IdentityVerdict, Principal

Bindings = CallOrder


class IdentityResolver(Protocol):
    """Says who shows these credentials."""

    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        """Return a verdict; never raises for bad credentials."""
        ...


class Watch(Protocol):
    """Looks after the time that plugins take: ``pipeline/watchdog.py``."""

    def attach(self, gateway: Any, /) -> None:
        """Say whose snapshot it is now."""
        ...

    def blocked(self, run: Any, binding: HookBinding, seconds: float, /) -> str:
        """Take note that a plugin has blocked the event loop; return what the record is to say of it."""
        ...


class ToolsVerdict(Protocol):
    """What is to be thought of the tools that a server lists; ``tool_trust/trust.py`` says what each part is."""

    @property
    def dropped(self) -> list[tuple[str, str]]: ...
    @property
    def news(self) -> list[tuple[str, str]]: ...
    @property
    def noted(self) -> list[str]: ...


class Trust(Protocol):
    """Says whether tools are what they were, and no other's double: ``tool_trust/trust.py``."""

    def needs_list(self, server: str, /) -> bool:
        """Tell whether a tool of ``server`` may be called only after it was listed. Does not wait for anybody."""
        ...

    async def judge(self, server: str, tools: list[dict[str, Any]], /) -> ToolsVerdict:
        """Judge the tools as ``server`` listed them."""
        ...


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """``max_payload_bytes`` counts the compact JSON of arguments or result; ``max_depth`` nested containers; time-outs in seconds."""

    max_payload_bytes: int = 10 * 1024 * 1024
    max_depth: int = 100
    upstream_timeout: float = 60.0
    question_timeout: float = 600.0


class Starter(msgspec.Struct, frozen=True):
    """The ``initialize`` of the plugin of that name."""

    plugin: str
    initialize: Callable[[], Awaitable[None]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """A request holds it to its end, and by it the ``lease``: when that is gone, nobody uses what was built with it any more.

    ``hooks``: the bindings of each server (``""``: any other) by hook, in calling order. ``anonymous``: who callers without a credential are.
    ``control``: how ``hooks`` came about, where they were changed while the gateway runs.
    """

    identity: IdentityResolver
    permissions: Permissions
    digester: Digester
    hooks: Mapping[str, Mapping[str, Bindings]]
    sinks: tuple[Sink, ...] = ()
    limits: Limits = Limits()
    policy_version: str = ""
    anonymous: Principal | None = None
    metadata: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    judge_tools: Callable[[str, list[dict[str, Any]]], ToolsVerdict] | None = None
    judge_server: Callable[[str, PluginPayload], str] | None = None
    trust: Trust | None = None
    read_credentials: Callable[[Headers, Mapping[str, Any]], AuthCredentials] | None = None
    starters: tuple[Starter, ...] = ()
    closers: tuple[Callable[[], Any], ...] = ()
    control: Control = Control()
    lease: Lease = msgspec.field(default_factory=Lease)
    watch: Watch | None = None

    def bindings(self, server: str, hook: str) -> Bindings | None:
        """Return who acts at ``hook`` for ``server``, in calling order; None if nobody does."""
        table = self.hooks.get(server)
        if table is None:
            table = self.hooks.get("", {})
        return table.get(hook)

    def __repr__(self) -> str:
        return f"Snapshot(policy_version={self.policy_version!r})"


def order(bindings: list[HookBinding], *, parallel: bool = False) -> dict[str, Bindings]:
    """Return the bindings by hook, ascending priority, in configured order where priorities are equal; ``parallel``: at the same time."""
    table: dict[str, list[HookBinding]] = {}
    for binding in bindings:
        table.setdefault(binding.hook, []).append(binding)
    return {
        hook: CallOrder(sorted(found, key=lambda b: b.priority), parallel=parallel) for hook, found in table.items()
    }
