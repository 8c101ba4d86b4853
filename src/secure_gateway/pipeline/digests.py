"""Keyed digests of payloads: a record can be matched to a payload by who holds the key, and by nobody else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

from secure_gateway.errors import ErrorCode, PolicyDenied

_BLOCK = 64
LONG = 4096
_TAG_OF_LONG = b"\0"  # JSON begins with neither of the two, so they cannot be mistaken for a payload
_KEY_FOR_LONG = b"\1key for long payloads"
_NONCE = bytes(12)


class Digester:
    """SHA-256 over one block of key and the value's compact JSON, cut to 128 bits; above ``LONG`` bytes over the JSON's 128-bit GMAC instead.

    Cutting half of the state away is what makes the keyed prefix a sound MAC (chop-MD; Coron, Dodis, Malinaud, Puniya, CRYPTO 2005), at half
    the price of HMAC. The keyed state is prepared once. GMAC is a universal hash that is ten times faster than SHA-256, and a keyed function
    of a universal hash is as hard to guess as the keyed function alone (Carter, Wegman 1981). See ``docs/adr/0007-keyed-digests.md``.
    """

    __slots__ = ("_condense", "_keyed")

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # not before a gateway is made  # noqa: PLC0415

        if len(key) > _BLOCK:
            raise ValueError(f"the digest key has {len(key)} bytes; at most {_BLOCK} fit into one block")
        self._keyed = hashlib.sha256(key.ljust(_BLOCK, b"\0")).copy
        self._condense = AESGCM(bytes.fromhex(self.digest(_KEY_FOR_LONG))).encrypt

    def digest(self, data: bytes) -> str:
        """Return the digest of a JSON text as 32 hexadecimal digits."""
        if len(data) > LONG:
            # One nonce for all would be fatal where tags are shown; these go no further than into the hash.
            data = _TAG_OF_LONG + self._condense(_NONCE, b"", data)
        state = self._keyed()
        state.update(data)
        return state.hexdigest()[:32]


def serialise(value: Any, most: int) -> bytes:
    """Return the compact JSON of ``value``. Raises ``PolicyDenied``: ``too_large`` above ``most`` bytes, ``invalid_request`` for keys that are no text."""
    try:
        data = orjson.dumps(value)
    except (TypeError, ValueError, RecursionError):
        data = _by_the_standard_library(value)
    if len(data) > most:
        raise PolicyDenied(
            ErrorCode.TOO_LARGE, f"the payload has {len(data)} bytes; limits.max_payload_bytes allows {most}"
        )
    return data


def _by_the_standard_library(value: Any) -> bytes:
    """Serialise what orjson does not take but JSON does: integers over 64 bits and lone surrogates."""
    try:
        _check_keys(value)
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise PolicyDenied(
            ErrorCode.INVALID_REQUEST, f"the payload is no JSON value ({type(error).__name__})"
        ) from None


def _check_keys(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if not all(type(key) is str for key in item):
                raise TypeError("an object has a key that is no text")
            stack += item.values()
        elif isinstance(item, list):
            stack += item
