"""What plugins are told of a request besides its payload, before and after the caller is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from secure_gateway.pipeline.run import Run
from secure_gateway.plugins.framework.constants import GATEWAY_METADATA, TOOL_METADATA
from secure_gateway.plugins.framework.context import GlobalContext, ToolMetadata
from secure_gateway.types import Operation

_NO_METADATA: Final[Mapping[str, Any]] = MappingProxyType({})


def tell_facts(run: Run) -> None:
    """Tell plugins what is known now; what they stored in ``state`` before that stays."""
    request, principal, known = run.request, run.principal, run.facts
    metadata = run.snapshot.metadata.get(request.server, _NO_METADATA)
    run.facts = facts = GlobalContext(
        request_id=request.request_id,
        user=None if principal is None else principal.subject,
        tenant_id=None if principal is None else principal.tenant_id,
        server_id=request.server or None,
        content_type=request.content_type or None,
        session_id=request.session_id or None,
        principal=principal,
        state={} if known is None else known.state,
        metadata=ToolFacts(request.name, metadata) if request.operation is Operation.TOOL else metadata,
    )
    if known is not None:
        for context in run.contexts.values():
            context.global_context = facts


class ToolFacts(Mapping[str, Any]):
    """What is known of the server, and of the tool that is called; that is put together only for a plugin that looks."""

    __slots__ = ("_server", "_tool")

    def __init__(self, tool: str, server: Mapping[str, Any]) -> None:
        self._tool = tool
        self._server = server

    def __getitem__(self, key: str) -> Any:
        if key != TOOL_METADATA:
            return self._server[key]
        url = getattr(self._server.get(GATEWAY_METADATA), "url", None)
        return ToolMetadata(name=self._tool, original_name=self._tool, url=url)

    def __iter__(self) -> Iterator[str]:
        return iter((TOOL_METADATA, *self._server))

    def __len__(self) -> int:
        return 1 + len(self._server)
