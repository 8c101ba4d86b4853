"""Read a JSON Web Token to the letter (RFC 7515, 7519): one spelling of each token, one meaning of each name.

Two readers that understand a token differently are how forged ones pass, so nothing here is lenient.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NoReturn

import msgspec

_PART = re.compile(rb"[A-Za-z0-9_-]+")
_JWS_PARTS = 3
_JWE_PARTS = 5
_MAX_KID = 256
# `crit` names extensions that must be understood, and none is; the others change what is signed or how it is to be read.
_REFUSED = ("crit", "b64", "zip", "enc")


class MalformedTokenError(Exception):
    """What was shown is no token that can be judged. The message holds nothing of it."""


class ParsedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token taken apart and not yet verified: none of it is to be believed."""

    algorithm: str
    key_id: str | None
    type: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"ParsedToken(algorithm={self.algorithm!r})"


def parse_token(token: str) -> ParsedToken:
    """Take apart a compact JWS whose payload is a JSON object. Raises ``MalformedTokenError``."""
    parts = token.encode("ascii", "replace").split(b".")
    if len(parts) == _JWE_PARTS:
        raise MalformedTokenError("it is encrypted (JWE), which is not supported")
    if len(parts) != _JWS_PARTS:
        raise MalformedTokenError(f"it has {len(parts)} parts and not three")
    header = _object(decode_base64url(parts[0]), "header")
    _check_header(header)
    return ParsedToken(
        algorithm=header["alg"],
        key_id=header.get("kid"),
        type=header.get("typ", ""),
        claims=_object(decode_base64url(parts[1]), "payload"),
        signed=parts[0] + b"." + parts[1],
        signature=decode_base64url(parts[2]),
    )


def decode_base64url(text: bytes) -> bytes:
    """Decode base64url without padding in its one canonical spelling (RFC 7515, section 2). Raises ``MalformedTokenError``."""
    if not _PART.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedTokenError("a part is empty or no base64url without padding")
    decoded = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    # The last character may carry bits that decode to nothing: the same token in another spelling.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text:
        raise MalformedTokenError("a part is base64url in a spelling that is not canonical")
    return decoded


def _check_header(header: dict[str, Any]) -> None:
    for name in _REFUSED:
        if name in header:
            raise MalformedTokenError(f"its header has {name!r}, which is not supported")
    if not isinstance(header.get("alg"), str):
        raise MalformedTokenError("its header names no algorithm")
    for name in ("typ", "cty", "kid"):
        if name in header and not (isinstance(header[name], str) and len(header[name]) <= _MAX_KID):
            raise MalformedTokenError(f"its header has a {name!r} that is no short text")
    if header.get("cty", "").upper() == "JWT":
        raise MalformedTokenError("it holds another token, which is not supported")


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except MalformedTokenError:
        raise
    except (ValueError, RecursionError):
        raise MalformedTokenError(f"its {what} is no JSON") from None
    if not isinstance(value, dict):
        raise MalformedTokenError(f"its {what} is no JSON object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise MalformedTokenError("it says a name twice")
    return values


def _refuse_constant(_: str) -> NoReturn:
    raise MalformedTokenError("it has a number that is none")
