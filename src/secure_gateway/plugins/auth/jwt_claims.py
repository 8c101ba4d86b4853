"""What the claims of a verified token mean: whether it holds now and for us, and whom it speaks of (RFC 7519, section 4.1)."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from secure_gateway.plugins.auth.jwt_settings import JWTSettings

_MISSING = object()
_MAX_USER = 512


class RefusedClaimsError(Exception):
    """The token does not hold. ``expired``: it once did. The message names claims and no values."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        self.expired = expired
        super().__init__(message)


class TokenBearer(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a token speaks of, and when it holds: from ``not_before`` until before ``expires`` (seconds since the epoch, leeway in)."""

    user_id: str
    not_before: float
    expires: float
    project_id: str | None = None
    tenant_id: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"TokenBearer({self.user_id!r})"


def read_claims(claims: dict[str, Any], settings: JWTSettings, now: float) -> TokenBearer:
    """Return whom the claims of a token speak of whose signature is good. Raises ``RefusedClaimsError``."""
    for name in settings.required_claims:
        if claims.get(name) is None:
            raise RefusedClaimsError(f"the claim {name!r} is missing")
    not_before, expires = _lifetime(claims, settings)
    if now < not_before:
        raise RefusedClaimsError("it does not hold yet (nbf or iat lies ahead)")
    if now >= expires:
        raise RefusedClaimsError("it has expired (exp or max_age)", expired=True)
    if settings.issuers and not _is_one_of(claims.get("iss"), settings.issuers):
        raise RefusedClaimsError("its issuer (iss) is missing or another")
    if not _is_for_us(claims.get("aud"), settings.audiences):
        raise RefusedClaimsError("its audience (aud) is missing or another")
    names = settings.claims
    user_id = _text(claims, names["user_id"])
    if user_id is None or len(user_id) > _MAX_USER:
        raise RefusedClaimsError(f"the claim {names['user_id']!r} names no user")
    roles = _texts(claims, names["roles"])
    return TokenBearer(
        user_id=user_id,
        not_before=not_before,
        expires=expires,
        project_id=_text(claims, names["project_id"]),
        tenant_id=_text(claims, names["tenant_id"]),
        email=_text(claims, names["email"]),
        roles=settings.default_roles if roles is None else roles,
        permissions=tuple(
            dict.fromkeys(
                [*(_texts(claims, names["permissions"]) or ()), *(_texts(claims, names["scope"], spaced=True) or ())]
            )
        ),
    )


def _lifetime(claims: dict[str, Any], settings: JWTSettings) -> tuple[float, float]:
    expires, not_before, issued = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise RefusedClaimsError("the claim 'exp' is missing")
    if settings.max_age is not None:
        if issued is None:
            raise RefusedClaimsError("the claim 'iat' is missing, which max_age needs")
        expires = min(expires, issued + settings.max_age)
    begins = [moment for moment in (not_before, issued) if moment is not None]
    return max(begins, default=-math.inf) - settings.leeway, expires + settings.leeway


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name, _MISSING)
    if value is _MISSING:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:  # noqa: PLR2004 - NaN, too
        raise RefusedClaimsError(f"the claim {name!r} is no time")
    return float(value)


def _is_one_of(value: Any, allowed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _is_for_us(value: Any, audiences: frozenset[str]) -> bool:
    if isinstance(value, list):
        return all(isinstance(name, str) for name in value) and not audiences.isdisjoint(value)
    return _is_one_of(value, audiences)


def _find(claims: dict[str, Any], name: str) -> Any:
    """Return the claim called ``name``, or what a path such as ``/realm_access/roles`` leads to (RFC 6901)."""
    if name in claims or not name.startswith("/"):
        return claims.get(name)
    value: Any = claims
    for step in name[1:].split("/"):
        if not isinstance(value, dict):
            raise RefusedClaimsError(f"the claim {name!r} leads through something that is no object")
        value = value.get(step.replace("~1", "/").replace("~0", "~"))
        if value is None:
            return None
    return value


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = _find(claims, name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise RefusedClaimsError(f"the claim {name!r} is no printable text")
    return value


def _texts(claims: dict[str, Any], name: str, *, spaced: bool = False) -> tuple[str, ...] | None:
    """Return a list of names; ``spaced``: it may also be one text with spaces between (RFC 8693, section 4.2)."""
    value = _find(claims, name)
    if value is None:
        return None
    if spaced and isinstance(value, str):
        value = value.split()
    if not isinstance(value, list) or not all(isinstance(text, str) and text and text.isprintable() for text in value):
        raise RefusedClaimsError(f"the claim {name!r} is no list of texts")
    return tuple(value)
