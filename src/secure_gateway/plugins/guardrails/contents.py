"""What a guard judges of each payload, as a value and as a text, and how a changed one is put back."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import orjson

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, POST_HOOK, PRE_HOOK, ResourceHookType
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.types import Operation

# The caller's own words: a resource is asked for by its URI and little else.
_TARGET_IS_CONTENT: Final = frozenset({ResourceHookType.RESOURCE_PRE_FETCH.value})

_KINDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "a text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class HookContent:
    """The content of one hook's payloads: its single field, or an object of the fields that are there.

    Before a resource is read its URI is content too: alone it is a text, with metadata an object of both.
    """

    __slots__ = ("_field", "_fields", "_required", "_target", "_whole", "hook", "operation", "result")

    def __init__(self, hook: str, operation: Operation) -> None:
        point = HOOK_POINTS[hook]
        self.hook = hook
        self.operation = operation
        self.result = point.result
        self._target = point.target
        self._whole = point.target if hook in _TARGET_IS_CONTENT else ""
        self._fields = (*((point.target,) if self._whole else ()), *point.content)
        self._field = self._fields[0] if len(self._fields) == 1 else ""
        self._required = frozenset(field.name for field in msgspec.structs.fields(point.payload) if field.required)

    def name(self, payload: PluginPayload) -> str:
        """Return what the payload is about: the tool, the prompt, the URI, the agent, the method."""
        return getattr(payload, self._target)  # type: ignore[no-any-return]

    def read(self, payload: PluginPayload) -> Any:
        """Return the content of ``payload``; its containers are the payload's own."""
        if self._field:
            return getattr(payload, self._field)
        found = {field: value for field in self._fields if (value := getattr(payload, field)) is not None}
        if self._whole and not any(found[field] for field in found if field != self._whole):
            return found[self._whole]
        return found

    def write(self, payload: PluginPayload, value: Any, kind: type, kinds: dict[str, type]) -> PluginPayload:
        """Put ``value`` back in place of what ``read`` returned, whose ``shape`` was ``kind`` and ``kinds``.

        Raises ``AnswerError`` where it is of another kind or has other fields.
        """
        require_kind(value, kind)
        if self._field:
            setattr(payload, self._field, value)
            return payload
        if kind is not dict:
            setattr(payload, self._whole, value)
            return payload
        for field, now in value.items():
            if field not in kinds:
                raise AnswerError(f"its modified content has a field that the payload of {self.hook} did not have")
            require_kind(now, kinds[field])
        for field in kinds:
            if field not in value and field in self._required:
                raise AnswerError(f"its modified content lacks {field!r}, which {self.hook} cannot do without")
            setattr(payload, field, value.get(field))
        return payload

    def shape(self, value: Any) -> tuple[type, dict[str, type]]:
        """Return the kind of ``value`` and, where it is an object of fields, of each of them."""
        if self._field or type(value) is not dict:
            return type(value), {}
        return dict, {field: type(part) for field, part in value.items()}


# Not around HTTP requests: their headers hold credentials by right, and their bodies are judged where tools are called.
PRE_CONTENTS: Final = tuple(
    HookContent(hook, operation) for operation, hook in PRE_HOOK.items() if operation is not Operation.HTTP
)
POST_CONTENTS: Final = tuple(
    HookContent(hook, operation) for operation, hook in POST_HOOK.items() if operation is not Operation.HTTP
)


def as_text(value: Any) -> str:
    """Return a text as it is and any other value as compact JSON, in the order of its keys, nothing escaped that need not be."""
    if type(value) is str:
        return value
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError, RecursionError):
        # Lone surrogates and integers over 64 bits.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str, kind: type) -> Any:
    """Return what ``text`` stands for, where the original was of ``kind``. Raises ``AnswerError`` unless it is the same kind again."""
    if kind is str:
        return text
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise AnswerError(
            f"its modified content is no JSON; the content was {_KINDS[kind]} and must be given back as JSON"
        ) from None
    require_kind(value, kind)
    return value


def require_kind(value: Any, kind: type) -> None:
    """Raise ``AnswerError`` unless ``value`` is of the JSON kind of ``kind``."""
    found, expected = _KINDS.get(type(value)), _KINDS.get(kind)
    if found is None or found != expected:
        raise AnswerError(
            f"its modified content is {found or type(value).__name__}, expected {expected}, as the content was"
        )


def _refuse_constant(_name: str) -> Any:
    raise ValueError


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
