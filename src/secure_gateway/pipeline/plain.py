"""Turn what an app's own function returns into the JSON value that policies judge, and back."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from secure_gateway.errors import ErrorCode, PolicyDenied

_SCALARS = (str, int, float, bool, type(None))


def to_plain(value: Any, depth: int) -> Any:
    """Return ``value`` as JSON builtins: models by ``model_dump``, dataclasses and structs by field, bytes as base64.

    Raises ``PolicyDenied`` for what has no such form (it cannot be inspected) and for nesting deeper than ``depth``.
    """
    if depth <= 0:
        raise PolicyDenied(ErrorCode.TOO_LARGE, "the payload is nested deeper than limits.max_depth allows")
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item, depth - 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, Enum):
        return to_plain(value.value, depth - 1)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return _structured(value, depth)


def _structured(value: Any, depth: int) -> Any:
    if hasattr(type(value), "model_dump"):  # pydantic, the MCP SDK's types among them
        return to_plain(value.model_dump(mode="json", by_alias=True), depth - 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name), depth - 1) for field in dataclasses.fields(value)}
    if isinstance(value, msgspec.Struct):
        return {name: to_plain(getattr(value, name), depth - 1) for name in value.__struct_fields__}
    for scalar in (str, int, float):
        if isinstance(value, scalar):
            return scalar(value)
    raise PolicyDenied(
        ErrorCode.INVALID_RESULT,
        f"a {type(value).__name__} cannot be inspected; return JSON values, a dataclass or a pydantic model",
    )


def from_plain(original: Any, changed: Any) -> Any:
    """Return ``changed`` in the type of ``original`` where that type can validate it, else as builtins."""
    if hasattr(type(original), "model_validate"):
        return type(original).model_validate(changed)
    return changed
