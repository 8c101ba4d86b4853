"""The hooks around an HTTP request at the proxy's own door; a request that no plugin looks at takes none of these steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from secure_gateway.errors import RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.integrations.asgi import merged_headers
from secure_gateway.pipeline.http import Respond
from secure_gateway.plugins.framework.hookpoints import HttpHookType
from secure_gateway.proxy.reply import HeaderLines, Reply
from secure_gateway.types import Headers, Request

_FIXED: Final = frozenset({b"content-type", b"content-length", b"transfer-encoding", b"connection", b"mcp-session-id"})
"""Headers of an answer that frame it or belong to the protocol: they stay as they are, whatever a plugin returns."""


def are_wanted(gateway: Gateway, server: str) -> bool:
    """Tell whether a plugin looks at HTTP requests for ``server``."""
    snapshot = gateway.snapshot
    hooks = (HttpHookType.HTTP_PRE_REQUEST, HttpHookType.HTTP_POST_REQUEST)
    return any(snapshot.bindings(server, hook) is not None for hook in hooks)


async def through_hooks(
    gateway: Gateway, request: Request, reply: Reply, work: Callable[[Request], Awaitable[None]]
) -> None:
    """Let ``work`` answer by ``reply`` what the plugins left of ``request``, and the plugins see the headers of that answer.

    A refusal answers instead of it. The HTTP request leaves a record of its own, beside those of the message that it carries.
    """

    async def app(judged: Request, respond: Respond | None) -> None:
        answering = _Answering(respond) if respond is not None else None
        reply.on_start = answering
        await work(judged)
        if answering is not None and answering.failure is not None:
            raise answering.failure  # it was answered already; it counts all the same

    try:
        await gateway.handle_http(request, app, by_permission=False)
    except (RequestDenied, RequestError) as error:
        if not reply.is_started:
            await reply.refuse(error, None, modern=False)


class _Answering:
    """Takes the status and the header lines of an answer; returns the lines to send."""

    def __init__(self, respond: Respond) -> None:
        self.failure: RequestDenied | RequestError | None = None
        self._respond = respond

    async def __call__(self, status: int, lines: HeaderLines) -> HeaderLines:
        given = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in lines)
        try:
            changed = await self._respond(status, given)
        except (RequestDenied, RequestError) as error:
            self.failure = error
            raise
        free = Headers(
            {name: value for name, value in changed.items() if name.encode("latin-1", "replace") not in _FIXED}
        )
        fixed = [line for line in lines if line[0].lower() in _FIXED]
        return [*fixed, *merged_headers([line for line in lines if line[0].lower() not in _FIXED], free)]
