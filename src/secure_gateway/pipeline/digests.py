"""Keyed digests of payloads: a record can be matched to a payload by who holds the key, and by nobody else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

from secure_gateway.errors import ErrorCode, PolicyDenied

_BLOCK = 64


class Digester:
    """HMAC-SHA256 (RFC 2104) of the compact JSON of a value, cut to 128 bits. The inner and outer state are prepared once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(self, data: bytes) -> str:
        """Return the digest as 32 hexadecimal digits."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:32]


def serialise(value: Any, most: int) -> bytes:
    """Return the compact JSON of ``value``. Raises ``PolicyDenied`` (``too_large``) above ``most`` bytes."""
    try:
        data = orjson.dumps(value)
    except (TypeError, ValueError, RecursionError):
        data = _by_the_standard_library(value)
    if len(data) > most:
        raise PolicyDenied(ErrorCode.TOO_LARGE, f"the payload has {len(data)} bytes; limits.max_payload_bytes allows {most}")
    return data


def _by_the_standard_library(value: Any) -> bytes:
    """Serialise what orjson does not take but JSON does: integers over 64 bits and lone surrogates."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise PolicyDenied(ErrorCode.INVALID_REQUEST, f"the payload is no JSON value ({type(error).__name__})") from None
