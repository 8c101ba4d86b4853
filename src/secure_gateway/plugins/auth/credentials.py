"""Which header or variable fills which credential field, and which kinds of credential are there: one place for every door.

The table in ``docs/identity.md`` is this module in words.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from secure_gateway.errors import AuthenticationDenied, ErrorCode
from secure_gateway.plugins.auth.base import AuthMethod
from secure_gateway.plugins.auth.key_format import is_ours
from secure_gateway.types import AuthCredentials, Headers

CREDENTIAL_HEADERS = ("authorization", "x-api-key", "apikey")
CLAIM_HEADERS = ("x-project-id", "x-user-id")
"""What a caller says about itself. A claim for providers to check, never an identity."""

_API_KEY, _BEARER, _JWT, _OAUTH, _BASIC, _CUSTOM = (1 << bit for bit in range(6))
_METHODS = {
    _API_KEY: AuthMethod.API_KEY,
    _BEARER: AuthMethod.BEARER_TOKEN,
    _JWT: AuthMethod.JWT,
    _OAUTH: AuthMethod.OAUTH,
    _BASIC: AuthMethod.BASIC_AUTH,
    _CUSTOM: AuthMethod.CUSTOM,
}
_SETS = tuple(frozenset(method for bit, method in _METHODS.items() if bits & bit) for bits in range(1 << len(_METHODS)))

_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 9110, section 11.2
_JWT_DOTS = 2
_MAX_CLAIM = 512


def present_methods(credentials: AuthCredentials) -> frozenset[AuthMethod]:
    """Return the kinds of credential that ``credentials`` hold."""
    bits = 0
    if credentials.api_key or credentials.gateway_key:
        bits = _API_KEY
    token = credentials.access_token
    if token:
        # Our keys belong to whoever takes API keys: to a judge of tokens they would be invalid, and that stops the request.
        bits |= _API_KEY if is_ours(token) else _BEARER | _OAUTH | (_JWT if token.count(".") == _JWT_DOTS else 0)
    if credentials.id_token:
        bits |= _JWT
    if credentials.refresh_token:
        bits |= _OAUTH
    if credentials.username and credentials.password:
        bits |= _BASIC
    if credentials.headers:
        bits |= _CUSTOM
    return _SETS[bits]


def shows_something(credentials: AuthCredentials) -> bool:
    """Tell whether the caller tried to prove who it is, in whatever way: such a caller is never anonymous."""
    return any(credentials.present()) or any(name in credentials.headers for name in CREDENTIAL_HEADERS)


def credentials_from_headers(
    headers: Mapping[str, str] | Iterable[tuple[str, str]], context: Mapping[str, Any] | None = None
) -> AuthCredentials:
    """Read the credentials of an HTTP request. Pass the header lines as they came, duplicates and all.

    ``context``: facts of the door, such as the client's address. Raises ``AuthenticationDenied`` for more than one credential header, and for
    one that cannot be read; the message holds no value. A scheme that is not known here is left in ``headers`` to providers of ``CUSTOM``.
    """
    if type(headers) is Headers and headers.keys().isdisjoint(CLAIM_HEADERS):
        return _from_unique(headers, context)
    lines = [
        (name.lower(), value.strip(" \t"))
        for name, value in (headers.items() if isinstance(headers, Mapping) else headers)
    ]
    shown = [(name, value) for name, value in lines if name in CREDENTIAL_HEADERS]
    if len(shown) > 1:
        _deny_several([name for name, _ in shown])
    together = Headers()
    for name, value in lines:
        together[name] = f"{together[name]}, {value}" if name in together else value
    return AuthCredentials(
        **(_read(*shown[0]) if shown else {}),
        project_id=_claim(lines, "x-project-id"),
        user_id=_claim(lines, "x-user-id"),
        headers=together,
        context=context,
    )


def _from_unique(headers: Headers, context: Mapping[str, Any] | None) -> AuthCredentials:
    """Read what a door has put into ``Headers``, where each name stands once; no claims among them."""
    shown = [name for name in CREDENTIAL_HEADERS if name in headers]
    if len(shown) > 1:
        _deny_several(shown)
    fields = _read(shown[0], headers[shown[0]].strip(" \t")) if shown else {}
    return AuthCredentials(**fields, headers=headers, context=context)


def credentials_from_environment(
    environ: Mapping[str, str], context: Mapping[str, Any] | None = None
) -> AuthCredentials:
    """Read the credentials that a client gave the process it started: stdio servers get them so, as MCP specifies.

    Raises ``AuthenticationDenied`` for two credentials, and for one that is empty or holds a space.
    """
    key, token = environ.get("SECURE_GATEWAY_API_KEY"), environ.get("SECURE_GATEWAY_TOKEN")
    if key is not None and token is not None:
        _deny("SECURE_GATEWAY_API_KEY and SECURE_GATEWAY_TOKEN are both set; set one")
    claims = [
        (name, environ[name]) for name in ("SECURE_GATEWAY_PROJECT_ID", "SECURE_GATEWAY_USER_ID") if name in environ
    ]
    return AuthCredentials(
        api_key=None if key is None else _word(key, "SECURE_GATEWAY_API_KEY"),
        access_token=None if token is None else _word(token, "SECURE_GATEWAY_TOKEN"),
        project_id=_claim(claims, "SECURE_GATEWAY_PROJECT_ID"),
        user_id=_claim(claims, "SECURE_GATEWAY_USER_ID"),
        context=context,
    )


def copy_credentials(credentials: AuthCredentials) -> AuthCredentials:
    """Return a copy that a provider may change without anybody else seeing it."""
    fields = {name: getattr(credentials, name) for name in AuthCredentials.__slots__}
    fields["headers"] = credentials.headers.copy()
    return AuthCredentials(**fields)


def _read(name: str, value: str) -> dict[str, str]:
    if name == "x-api-key":
        return {"api_key": _word(value, "X-API-Key")}
    if name == "apikey":
        return {"gateway_key": _word(value, "apikey")}
    scheme, _, rest = value.partition(" ")
    rest = rest.lstrip(" ")
    match scheme.lower():
        case "bearer" if _TOKEN68.fullmatch(rest):
            return {"access_token": rest}
        case "bearer" | "":
            _deny("Authorization: Bearer without a well-formed token (RFC 6750), or an empty Authorization header")
        case "apikey":
            return {"api_key": _word(rest, "Authorization: ApiKey")}
        case "basic":
            return _basic(rest)
    return {}  # a scheme for providers of CUSTOM; where there is none, the caller is refused and not anonymous


def _basic(encoded: str) -> dict[str, str]:
    """Read user and password (RFC 7617). Neither may be empty: directories take an empty password for an anonymous login."""
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        _deny("Authorization: Basic that is no base64 of UTF-8 text")
    if not (colon and username and password and username.isprintable() and password.isprintable()):
        _deny("Authorization: Basic without user:password in printable characters")
    return {"username": username, "password": password}


def _word(value: str, place: str) -> str:
    if not value or not value.isascii() or not value.isprintable() or " " in value or "," in value:
        _deny(f"{place} is empty, or holds a space, a comma or a character outside ASCII")
    return value


def _claim(lines: list[tuple[str, str]], wanted: str) -> str | None:
    values = [value for name, value in lines if name == wanted]
    if len(values) > 1 or any(len(value) > _MAX_CLAIM or not value.isprintable() for value in values):
        _deny(f"{wanted} is given more than once, is longer than {_MAX_CLAIM} characters, or cannot be printed")
    return values[0] or None if values else None


def _deny_several(names: list[str]) -> NoReturn:
    # Which one a caller meant cannot be known, and another server on the way may know otherwise.
    _deny(f"{len(names)} credential headers ({', '.join(names)}); send one")


def _deny(reason: str) -> NoReturn:
    raise AuthenticationDenied(ErrorCode.INVALID_CREDENTIALS, reason)
