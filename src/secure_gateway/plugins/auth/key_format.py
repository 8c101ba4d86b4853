"""How an API key is spelt: ``sgw_<id>_<secret><checksum>``, recognisable for scanners and for people.

The checksum is the CRC-32 of all that stands before it, in six base62 digits. It protects nobody; it tells a mistyped or cut-off key, and
noise, from a key, so that secret scanners have no false alarms and a refusal can say what is wrong.
"""

from __future__ import annotations

import secrets
import string
import zlib

PREFIX = "sgw_"
ID_LENGTH = 8
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6
ID_START = len(PREFIX)
ID_END = ID_START + ID_LENGTH
LENGTH = ID_END + 1 + SECRET_LENGTH + CHECKSUM_LENGTH

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BODY_LENGTH = LENGTH - CHECKSUM_LENGTH
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_PAIR = len(_PAIRS)


def new_id() -> str:
    """Return a random key id. It is no secret: lists, records and logs show it."""
    return _random(ID_LENGTH)


def new_key(key_id: str) -> str:
    """Return a new key for ``key_id`` with 190 random bits."""
    body = f"{PREFIX}{key_id}_{_random(SECRET_LENGTH)}"
    return body + checksum(body.encode("ascii"))


def is_ours(text: str) -> bool:
    """Tell whether ``text`` means to be one of our keys; it may still be malformed."""
    return text.startswith(PREFIX)


def key_id_of(text: str) -> str | None:
    """Return the id of a well-formed key, None for anything else."""
    if len(text) != LENGTH or not text.isascii() or text[:ID_START] != PREFIX or text[ID_END] != "_":
        return None
    if checksum(text[:_BODY_LENGTH].encode()) != text[_BODY_LENGTH:]:
        return None
    return text[ID_START:ID_END]


def checksum(body: bytes) -> str:
    """Return six base62 digits for ``body``."""
    high, low = divmod(zlib.crc32(body), _PAIR)
    return _PAIRS[high // _PAIR] + _PAIRS[high % _PAIR] + _PAIRS[low]


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
