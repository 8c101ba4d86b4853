"""The first two stages: who is asking, and may they ask for this at all."""

from __future__ import annotations

from functools import lru_cache
from time import monotonic

from secure_gateway.decisions import Stage, Verdict
from secure_gateway.errors import AuthenticationDenied, ErrorCode, PermissionDenied, PluginError
from secure_gateway.pipeline.permissions import KINDS
from secure_gateway.pipeline.questions import CHECK_PERMISSION, ask_whether, ask_who
from secure_gateway.pipeline.run import Run, begin
from secure_gateway.pipeline.snapshot import Snapshot
from secure_gateway.types import AuthCredentials, InvalidIdentity, NoIdentity, Operation, Principal, Request, Resolved

IDENTITY = Stage("http_auth_resolve_user")
PERMISSION = Stage("http_auth_check_permission")

_PUBLIC = {
    ErrorCode.INVALID_CREDENTIALS: "the credential is not valid",
    ErrorCode.RATE_LIMITED: "too many attempts; try again later",
    ErrorCode.FORBIDDEN: "the identity provider refuses this caller",
}


async def identify(run: Run) -> Principal:
    """Return who is asking. Raises ``AuthenticationDenied``, or ``PluginError`` when an identity provider fails."""
    started = monotonic()
    vouched = await ask_who(run)
    if vouched is not None:
        run.principal = vouched
        run.trace.append((identity_stage(vouched.provider), monotonic() - started, None))
        return vouched
    started = monotonic()
    verdict = await run.snapshot.identity.resolve(run.request.credentials)
    if type(verdict) is Resolved:
        run.principal = principal = verdict.principal
        run.trace.append((identity_stage(principal.provider), monotonic() - started, None))
        return principal
    if type(verdict) is NoIdentity and run.snapshot.anonymous is not None:
        run.principal = run.snapshot.anonymous
        run.note(IDENTITY, Verdict.ALLOW, monotonic() - started, "anonymous, as the configuration allows")
        return run.snapshot.anonymous
    error = refusal(verdict, run.request.request_id)
    failed = isinstance(error, PluginError)
    reason = verdict.reason if isinstance(verdict, NoIdentity | InvalidIdentity) else error.reason
    stage = identity_stage(verdict.provider) if isinstance(verdict, InvalidIdentity) else IDENTITY
    run.note(stage, Verdict.ERROR if failed else Verdict.DENY, monotonic() - started, reason)
    raise error


@lru_cache(maxsize=256)
def identity_stage(provider: str) -> Stage:
    """Return the identity step as the provider's own, so that a record says who vouched or refused."""
    return Stage("http_auth_resolve_user", plugin=provider or "gateway")


def refusal(verdict: object, request_id: str) -> AuthenticationDenied | PermissionDenied | PluginError:
    """Return the exception for a verdict that resolves nobody. What the caller reads says less than the record."""
    if isinstance(verdict, NoIdentity):
        message = "credentials are required: send an API key or a bearer token"
        return AuthenticationDenied(ErrorCode.UNAUTHENTICATED, message, request_id=request_id)
    if not isinstance(verdict, InvalidIdentity):
        return PluginError(ErrorCode.PLUGIN_ERROR, "the identity resolver gave no verdict", request_id=request_id)
    code = ErrorCode(verdict.code)
    if code in (ErrorCode.PLUGIN_ERROR, ErrorCode.PLUGIN_TIMEOUT, ErrorCode.UNAVAILABLE):
        message = f"identity provider {verdict.provider!r} failed: {verdict.reason}"
        return PluginError(code, message, request_id=request_id, plugin=verdict.provider)
    if code is ErrorCode.FORBIDDEN:
        return PermissionDenied(code, _PUBLIC[code], request_id=request_id, plugin=verdict.provider)
    public = _PUBLIC.get(code, _PUBLIC[ErrorCode.INVALID_CREDENTIALS])
    return AuthenticationDenied(code, public, request_id=request_id, plugin=verdict.provider)


async def authorize(run: Run, name: str) -> None:
    """Check that the principal may use ``name``: a plugin may refuse it, or grant what no role does. Raises ``PermissionDenied``."""
    request, principal = run.request, run.principal
    if principal is None:
        raise PermissionDenied(ErrorCode.FORBIDDEN, "nobody was identified", request_id=request.request_id)
    kind = KINDS.get(request.operation)
    granted = kind is not None and await ask_whether(run, principal, kind, name)
    started = monotonic()
    permissions = run.snapshot.permissions
    if granted:  # it stands for a role; what the server's rules take out is out for everybody
        reason = permissions.not_offered(request.operation, name, request.server)
    else:
        reason = permissions.refusal(principal, request.operation, name, request.server)
    if reason:
        run.note(PERMISSION, Verdict.DENY, monotonic() - started, reason)
        raise PermissionDenied(ErrorCode.FORBIDDEN, reason, request_id=request.request_id)
    run.trace.append((PERMISSION, monotonic() - started, None))


async def authenticate(snapshot: Snapshot, credentials: AuthCredentials | None, request_id: str) -> Principal:
    """Return who shows ``credentials``, outside of any request (to open a session or a stream). Raises as ``identify`` does."""
    request = Request(operation=Operation.MESSAGE, name="session", credentials=credentials, request_id=request_id)
    vouched = await ask_who(begin(request, snapshot))
    if vouched is not None:
        return vouched
    verdict = await snapshot.identity.resolve(credentials)
    if isinstance(verdict, Resolved):
        return verdict.principal
    if isinstance(verdict, NoIdentity) and snapshot.anonymous is not None:
        return snapshot.anonymous
    raise refusal(verdict, request_id)


async def is_visible(
    snapshot: Snapshot, principal: Principal, operation: Operation, name: str, within: Request
) -> bool:
    """Tell whether ``principal`` may use ``name``, for lists that show only what can be used. Plugins are asked as for a use of it.

    ``within``: the request that lists or mentions it; what plugins say leaves no record of its own. Raises ``PluginError`` when one fails.
    """
    if snapshot.bindings(within.server, CHECK_PERMISSION) is None:
        return not snapshot.permissions.refusal(principal, operation, name, within.server)
    asked = Request(
        operation=operation,
        name=name,
        server=within.server,
        door=within.door,
        credentials=within.credentials,
        headers=within.headers,
        client_host=within.client_host,
        request_id=within.request_id,
        session_id=within.session_id,
    )
    run = begin(asked, snapshot)
    run.principal = principal
    try:
        await authorize(run, name)
    except PermissionDenied:
        return False
    return True
