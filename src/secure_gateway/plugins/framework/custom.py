"""The payloads of hooks that a plugin defines itself: their class is its author's, a pydantic model for instance."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import msgspec

from secure_gateway.errors import AnswerError


def is_payload_type(kind: Any) -> bool:
    """Tell whether objects of ``kind`` can be payloads: structs (``PluginPayload``), dataclasses, and what has ``model_dump`` as pydantic's models."""
    return isinstance(kind, type) and (
        issubclass(kind, msgspec.Struct)
        or dataclasses.is_dataclass(kind)
        or callable(getattr(kind, "model_dump", None))
    )


def duplicate(payload: Any) -> Any:
    """Return a copy that shares nothing with ``payload``."""
    return copy.deepcopy(payload)


def fields_of(payload: Any) -> dict[str, Any]:
    """Return what ``payload`` holds as a JSON object. Raises ``AnswerError`` where that is not possible."""
    try:
        if isinstance(payload, msgspec.Struct) or dataclasses.is_dataclass(payload):
            fields = msgspec.to_builtins(payload, str_keys=True)
        else:
            fields = payload.model_dump(mode="json")
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise AnswerError(
            f"the fields of a {type(payload).__name__} are no JSON values ({type(error).__name__})"
        ) from None
    if type(fields) is not dict:
        raise AnswerError(f"a {type(payload).__name__} gives no fields, expected an object of JSON values")
    return fields
