"""Ask the one provider that is responsible for what a caller showed, and believe nothing that it does not say clearly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from secure_gateway.errors import ErrorCode
from secure_gateway.plugins.auth.base import AuthMethod, AuthProvider, AuthResult, AuthStatus
from secure_gateway.plugins.auth.credentials import copy_credentials, present_methods, shows_something
from secure_gateway.plugins.framework.driver import TimeLimitExceededError, drive
from secure_gateway.plugins.framework.interrupts import is_interrupt
from secure_gateway.types import AuthCredentials, IdentityVerdict, InvalidIdentity, NoIdentity, Principal, Resolved

_CODES = {
    AuthStatus.INVALID_CREDENTIALS: ErrorCode.INVALID_CREDENTIALS,
    AuthStatus.EXPIRED: ErrorCode.INVALID_CREDENTIALS,
    AuthStatus.FAILURE: ErrorCode.INVALID_CREDENTIALS,
    AuthStatus.INSUFFICIENT_PERMISSIONS: ErrorCode.FORBIDDEN,
    AuthStatus.RATE_LIMITED: ErrorCode.RATE_LIMITED,
    AuthStatus.ERROR: ErrorCode.PLUGIN_ERROR,
}
_NOBODY = NoIdentity()
_NO_METADATA: dict[str, Any] = {}
_MAX_USER = 512
_MAX_REASON = 200
_SHORTEST_SECRET = 4


Recognise = Callable[[AuthCredentials], Principal | None]


class ChainLink(msgspec.Struct, frozen=True, kw_only=True):
    """One provider in the chain.

    ``own``: it is ours, and so gets the credentials themselves instead of a copy. ``recognise``: what a provider of ours may have to answer at
    once for a caller whom it would vouch for; where it returns None, ``authenticate`` is asked.
    """

    provider: AuthProvider
    name: str
    version: str
    methods: tuple[AuthMethod, ...]
    own: bool = False
    recognise: Recognise | None = None

    def __repr__(self) -> str:
        return f"ChainLink({self.name!r}, methods={[method.value for method in self.methods]})"


class IdentityChain:
    """The identity providers of one configuration, in order. Immutable.

    The first provider that takes a kind of credential which is present is asked, and its answer is final, for no answer means "ask the next":
    a caller with an invalid credential is not an anonymous one, and neither is one whose provider crashed.
    """

    __slots__ = ("_responsible", "_timeout", "links")

    def __init__(self, links: Sequence[ChainLink] = (), timeout: float = 5.0) -> None:
        self.links = tuple(links)
        self._timeout = timeout
        self._responsible: dict[frozenset[AuthMethod], tuple[ChainLink, str] | None] = {}

    async def resolve(self, credentials: AuthCredentials | None) -> IdentityVerdict:
        """Say who shows ``credentials``. Raises nothing but the caller's own cancellation."""
        if credentials is None:
            return _NOBODY
        present = present_methods(credentials)
        try:
            responsible = self._responsible[present]
        except KeyError:
            responsible = self._responsible[present] = self._find(present)
        if responsible is None:
            return self._unclaimed(credentials)
        link, method = responsible
        if link.recognise is not None:
            principal = link.recognise(credentials)
            if principal is not None:
                return Resolved(principal)
        result: Any  # what a stranger returns is whatever it is
        try:
            shown = credentials if link.own else copy_credentials(credentials)
            result = await drive(link.provider.authenticate(shown), self._timeout)
        except TimeLimitExceededError:
            return InvalidIdentity(ErrorCode.PLUGIN_TIMEOUT, f"no answer within {self._timeout:g} s", link.name)
        except GeneratorExit:
            raise
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            return _fault(link, "raised CancelledError")
        except BaseException as error:
            if is_interrupt(error):
                raise
            return _fault(link, f"raised {type(error).__name__}")
        if isinstance(result, AuthResult) and result.status is AuthStatus.SUCCESS:
            return _accept(result, link, method)
        return _refuse(result, link, credentials)

    async def shutdown(self) -> None:
        """Shut every provider down; one that fails to does not keep the others from it."""
        for link in self.links:
            try:
                await drive(link.provider.shutdown(), self._timeout)
            except (Exception, SystemExit):  # noqa: BLE001, S112 - a stranger's method, and nobody left to tell
                continue

    def _find(self, present: frozenset[AuthMethod]) -> tuple[ChainLink, str] | None:
        found = ((link, method.value) for link in self.links for method in link.methods if method in present)
        return next(found, None)

    def _unclaimed(self, credentials: AuthCredentials) -> IdentityVerdict:
        if not shows_something(credentials):
            return _NOBODY
        shown = [*credentials.present()] or ["a credential header"]
        return InvalidIdentity(ErrorCode.INVALID_CREDENTIALS, f"no provider takes {', '.join(shown)}", "")


def _accept(result: Any, link: ChainLink, method: str) -> IdentityVerdict:
    """Make a principal of a success, if every field of it is what it should be: a provider may be faulty."""
    user, roles, permissions, metadata = result.user_id, result.roles, result.permissions, result.metadata
    metadata = _NO_METADATA if metadata is None else metadata
    if result.authenticated is not True:
        return _fault(link, "said success and not authenticated")
    if type(user) is not str or not 0 < len(user) <= _MAX_USER or not user.isprintable() or user.isspace():
        return _fault(link, "said success without a usable user_id")
    if not (_are_texts(roles) and _are_texts(permissions)):
        return _fault(link, "gave roles or permissions that are no list of texts")
    if type(metadata) is not dict:
        return _fault(link, "gave metadata that is no dict")
    read = metadata.get
    ids = (result.project_id, result.session_id, read("tenant_id"), read("email"), read("key_id"))
    for value in ids:
        if value is not None and type(value) is not str:
            return _fault(link, "gave a project, session, tenant, e-mail or key id that is no text")
    attributes, is_admin = read("attributes", _NO_METADATA), read("is_admin") or False
    if (is_admin is not False and is_admin is not True) or type(attributes) is not dict:
        return _fault(link, "gave an is_admin that is neither true nor false, or attributes that are no dict")
    project_id, session_id, tenant_id, email, key_id = ids
    return Resolved(
        Principal(
            subject=user,
            provider=link.name,
            method=method,
            project_id=project_id,
            tenant_id=tenant_id,
            email=email,
            roles=tuple(roles),
            permissions=tuple(permissions),
            key_id=key_id,
            session_id=session_id,
            is_admin=is_admin,
            attributes=attributes.copy(),
        )
    )


def _are_texts(names: Any) -> bool:
    if type(names) is not list and type(names) is not tuple:
        return False
    try:
        "".join(names)  # the cheapest way to look at every type
    except TypeError:
        return False
    return True


def _refuse(result: Any, link: ChainLink, credentials: AuthCredentials) -> InvalidIdentity:
    if not isinstance(result, AuthResult):
        return _fault(link, f"answered with {type(result).__name__}, not with AuthResult")
    status: Any = result.status
    if not isinstance(status, AuthStatus) or result.authenticated is not False:
        return _fault(link, "gave a status that is none, or refused and said authenticated")
    return InvalidIdentity(_CODES[status], _reason(result, credentials), link.name)


def _reason(result: Any, credentials: AuthCredentials) -> str:
    """Return the provider's message for the operator, without what the caller showed: messages like to quote it."""
    text = result.message if isinstance(result.message, str) else ""
    for field in credentials.present():
        secret = getattr(credentials, field)
        if isinstance(secret, str) and len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    shown = "".join(char if char.isprintable() else " " for char in text[:_MAX_REASON])
    return f"{result.status.value}: {shown}" if shown else result.status.value


def _fault(link: ChainLink, what: str) -> InvalidIdentity:
    return InvalidIdentity(ErrorCode.PLUGIN_ERROR, what, link.name)


def _is_cancelled() -> bool:
    """Tell whether somebody cancelled this task, or a provider raised ``CancelledError`` by itself."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs: nobody can have cancelled us
        return False
    return task is not None and task.cancelling() > 0
