"""Keyed digests of payloads: a record can be matched to a payload by who holds the key, and by nobody else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

from secure_gateway.errors import ErrorCode, PolicyDenied

_BLOCK = 64


class Digester:
    """SHA-256 over one block of key and the value's compact JSON, cut to 128 bits.

    Cutting half of the state away is what makes the keyed prefix a sound MAC (chop-MD; Coron, Dodis, Malinaud, Puniya, CRYPTO 2005), at half
    the price of HMAC. The keyed state is prepared once.
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            raise ValueError(f"the digest key has {len(key)} bytes; at most {_BLOCK} fit into one block")
        self._keyed = hashlib.sha256(key.ljust(_BLOCK, b"\0")).copy

    def digest(self, data: bytes) -> str:
        """Return the digest as 32 hexadecimal digits."""
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
