"""Build a gateway in memory, around plugins of your own, without files, keys or servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from secure_gateway.decisions import DecisionRecord, Sink
from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.digests import Digester
from secure_gateway.pipeline.permissions import Permissions
from secure_gateway.pipeline.snapshot import IdentityResolver, Limits, Snapshot, order
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.plugin import Plugin
from secure_gateway.plugins.framework.registration import bind_plugin
from secure_gateway.types import AuthCredentials, IdentityVerdict, NoIdentity, Principal, Resolved

EVERYTHING: Mapping[str, Sequence[str]] = {kind: ["*"] for kind in ("tools", "prompts", "resources", "agents", "http")}

TESTER = Principal(subject="tester", provider="testing", roles=("tester",))


class FixedIdentity:
    """Resolves everybody to one principal, or, given none, nobody. For tests only."""

    def __init__(self, principal: Principal | None = TESTER) -> None:
        self._verdict: IdentityVerdict = NoIdentity() if principal is None else Resolved(principal)

    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        """Return the fixed verdict, whatever is shown."""
        return self._verdict


class MemorySink:
    """Keeps every record in ``records``. ``full=True`` refuses them all, as a sink does whose queue is full."""

    name = "memory"
    durable = False

    def __init__(self, *, required: bool = False, full: bool = False) -> None:
        self.required = required
        self.full = full
        self.records: list[DecisionRecord] = []

    @property
    def ready(self) -> bool:
        """Whether a record would be kept."""
        return not self.full

    @property
    def last(self) -> DecisionRecord:
        """The newest record."""
        return self.records[-1]

    def emit(self, record: DecisionRecord) -> bool:
        """Keep ``record``."""
        if not self.full:
            self.records.append(record)
        return not self.full

    async def committed(self) -> bool:
        """Memory needs no waiting."""
        return True


def gateway_for(  # noqa: PLR0913 - a builder: every part has a default
    plugins: Iterable[Plugin] = (),
    *,
    bindings: Iterable[HookBinding] = (),
    identity: IdentityResolver | None = None,
    roles: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    sinks: Sequence[Sink] = (),
    limits: Limits | None = None,
    fail_on_plugin_error: bool = False,
    parallel: bool = False,
) -> Gateway:
    """Return a gateway around ``plugins``, with a caller who may do everything unless told otherwise."""
    bound = [*bindings, *(binding for plugin in plugins for binding in bind_plugin(plugin, default_timeout=5.0))]
    if fail_on_plugin_error:
        bound = [msgspec.structs.replace(binding, fail_on_error=True) for binding in bound]
    return Gateway(
        Snapshot(
            identity=identity or FixedIdentity(),
            permissions=Permissions(roles if roles is not None else {"tester": EVERYTHING}),
            digester=Digester(b"a key for tests, known to everybody"),
            hooks={"": order(bound, parallel=parallel)},
            sinks=tuple(sinks),
            limits=limits or Limits(),
            policy_version="test",
        )
    )
