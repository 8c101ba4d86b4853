"""What plugins are told of a request besides its payload, before and after the caller is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from secure_gateway.pipeline.run import Run
from secure_gateway.plugins.framework.context import GlobalContext

_NO_METADATA: Final[Mapping[str, Any]] = MappingProxyType({})


def tell_facts(run: Run) -> None:
    """Tell plugins what is known now; what they stored in ``state`` before that stays."""
    request, principal, known = run.request, run.principal, run.facts
    run.facts = facts = GlobalContext(
        request_id=request.request_id,
        user=None if principal is None else principal.subject,
        tenant_id=None if principal is None else principal.tenant_id,
        server_id=request.server or None,
        content_type=request.content_type or None,
        principal=principal,
        state={} if known is None else known.state,
        metadata=run.snapshot.metadata.get(request.server, _NO_METADATA),
    )
    if known is not None:
        for context in run.contexts.values():
            context.global_context = facts
