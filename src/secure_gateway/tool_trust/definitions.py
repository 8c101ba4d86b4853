"""What a tool says of itself, as digests: the same bytes of meaning give the same digest, whatever the order of keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

FIELDS: Final = ("name", "title", "description", "annotations", "inputSchema", "outputSchema")
"""What a model or a client goes by when it chooses a tool, and what a server promises."""
LONGEST_NAME: Final = 256
"""Characters of a tool's name; the specification recommends at most 128."""


class Fingerprint(msgspec.Struct, frozen=True):
    """A definition as digests: of all of it, and of each field that is there, so that it can be told what changed."""

    digest: str
    fields: dict[str, str]


def fingerprint(tool: Mapping[str, Any]) -> Fingerprint:
    """Return the digests of ``tool``. Raises ``ValueError`` or ``RecursionError`` for what is no JSON."""
    fields = {field: _digest(tool[field]) for field in FIELDS if tool.get(field) is not None}
    return Fingerprint(_digest(fields), fields)


def changed_fields(pinned: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Name the fields in which two definitions differ."""
    return [field for field in FIELDS if pinned.get(field) != now.get(field)]


def _digest(value: Any) -> str:
    # No Unicode normalisation: two spellings that look the same need not be the same to a model.
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"
