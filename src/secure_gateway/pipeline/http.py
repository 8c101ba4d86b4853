"""The two hooks around an HTTP request of a protected app: before anybody is identified, and before the answer's headers leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from secure_gateway.pipeline.facts import tell_facts
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.run import Run
from secure_gateway.pipeline.subjects import Subject
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.types import Headers

Respond = Callable[[int, Headers], Awaitable[Headers]]
"""Takes the status and the headers of the app's answer; returns the headers to send."""


async def http_pre_request(run: Run) -> None:
    """Let plugins see the request before identity; headers that they change are those from which credentials are read."""
    request = run.request
    tell_facts(run)
    if not run.snapshot.bindings(request.server, "http_pre_request"):
        return
    subject = Subject(request.name, isolate(_facts(request.arguments), 2), request.headers)
    await run_hooks(run, "http_pre_request", subject)
    if subject.headers is None or subject.headers is request.headers:
        return
    request.headers = subject.headers
    if run.snapshot.read_credentials is not None:
        context = request.credentials.context if request.credentials is not None else {}
        request.credentials = run.snapshot.read_credentials(subject.headers, context)


def http_post_request(run: Run) -> Respond | None:
    """Return what lets plugins change the headers of the answer; None where no plugin wants to."""
    if not run.snapshot.bindings(run.request.server, "http_post_request"):
        return None

    async def respond(status: int, headers: Headers) -> Headers:
        request = run.request
        seen = {"headers": dict(request.headers or {}), "status_code": status, **_facts(request.arguments)}
        subject = Subject(request.name, isolate(seen, 3), headers)
        await run_hooks(run, "http_post_request", subject)
        return subject.headers if subject.headers is not None else headers

    return respond


def _facts(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return method, client host and port, as the door put them into the request's arguments."""
    given = arguments or {}
    return {
        "method": given.get("method"),
        "client_host": given.get("client_host"),
        "client_port": given.get("client_port"),
    }
