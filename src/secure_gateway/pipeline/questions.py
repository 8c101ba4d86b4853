"""The two hooks that answer a question instead of judging a payload: who is asking, and may they?

They are asked at every door, before the identity providers and before the roles.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from secure_gateway.errors import AuthenticationDenied, ErrorCode, PermissionDenied, PolicyDenied
from secure_gateway.pipeline.facts import tell_facts
from secure_gateway.pipeline.hooks import run_hooks
from secure_gateway.pipeline.run import Run
from secure_gateway.pipeline.subjects import Subject
from secure_gateway.plugins.framework.hookpoints import HttpHookType
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.types import AuthCredentials, Headers, Principal, Request

RESOLVE_USER: Final = HttpHookType.HTTP_AUTH_RESOLVE_USER.value
CHECK_PERMISSION: Final = HttpHookType.HTTP_AUTH_CHECK_PERMISSION.value

_SHOWN: Final = ("api_key", "gateway_key", "access_token", "id_token", "username", "password", "project_id", "user_id")
_DEPTH: Final = 3


async def ask_who(run: Run) -> Principal | None:
    """Return whom a plugin vouches for, None where none does. Raises ``AuthenticationDenied`` when one refuses the caller."""
    if run.snapshot.bindings(run.request.server, RESOLVE_USER) is None:
        return None
    tell_facts(run)
    request, shown = run.request, run.request.credentials
    context = shown.context if shown is not None else {}
    question = {
        "credentials": _shown(shown),
        "client_host": request.client_host or context.get("client_host"),
        "client_port": _client_port(request),
    }
    # All headers as they arrived: those of a request that goes upstream are only the ones that may.
    headers = (shown.headers if shown is not None else None) or request.headers
    subject = Subject("", isolate(question, _DEPTH), Headers(headers or {}))
    try:
        await run_hooks(run, RESOLVE_USER, subject)
    except PolicyDenied as denial:
        raise AuthenticationDenied(
            ErrorCode.INVALID_CREDENTIALS,
            "the credential is not valid",
            request_id=request.request_id,
            plugin=denial.plugin,
        ) from None
    if subject.answer is None:
        return None
    principal: Principal
    principal, plugin = subject.answer
    return msgspec.structs.replace(principal, provider=plugin)


async def ask_whether(run: Run, principal: Principal, kind: str, name: str) -> bool:
    """Return whether a plugin grants ``kind:name`` to ``principal``. Raises ``PermissionDenied`` when one says no."""
    request = run.request
    if run.snapshot.bindings(request.server, CHECK_PERMISSION) is None:
        return False
    tell_facts(run)
    question = {
        "user_email": principal.email or principal.subject,
        "resource_type": kind,
        "team_id": principal.tenant_id,
        "is_admin": principal.is_admin,
        "auth_method": principal.method or None,
        "client_host": request.client_host or None,
        "user_agent": (request.headers or Headers()).get("user-agent"),
    }
    subject = Subject(f"{kind}:{name}", isolate(question, _DEPTH))
    plugin = ""
    try:
        await run_hooks(run, CHECK_PERMISSION, subject)
    except PolicyDenied as denial:
        plugin = denial.plugin
    else:
        if subject.answer is None:
            return False
        answer, plugin = subject.answer
        if answer.granted:
            return True
    raise PermissionDenied(
        ErrorCode.FORBIDDEN, "a plugin does not grant this", request_id=request.request_id, plugin=plugin
    ) from None


def _shown(credentials: AuthCredentials | None) -> dict[str, str] | None:
    """Return what the caller showed; a bearer token also as ``scheme`` and ``credentials``, the words that plugins written elsewhere use."""
    if credentials is None:
        return None
    shown = {field: value for field in _SHOWN if isinstance(value := getattr(credentials, field), str)}
    if "access_token" in shown:
        shown |= {"scheme": "Bearer", "credentials": shown["access_token"]}
    return shown or None


def _client_port(request: Request) -> Any:
    return request.arguments.get("client_port") if request.operation == "http" and request.arguments else None
