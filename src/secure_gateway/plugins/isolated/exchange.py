"""A hook call and its answer as plain values, on both sides of the process boundary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework.context import GatewayMetadata, GlobalContext, PluginContext, ToolMetadata
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint, HttpHookType
from secure_gateway.plugins.framework.payloads import (
    HttpAuthCheckPermissionResultPayload,
    HttpHeaderPayload,
    PluginPayload,
)
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation, scalars_only
from secure_gateway.plugins.isolated.frames import odd_value, pack, unpack
from secure_gateway.types import Principal

_HEADERS: Final = ("headers", "response_headers")
_METADATA: Final = {cls.__name__: cls for cls in (ToolMetadata, GatewayMetadata)}
_ANSWERS: Final[dict[str, type]] = {
    HttpHookType.HTTP_AUTH_RESOLVE_USER.value: Principal,
    HttpHookType.HTTP_AUTH_CHECK_PERMISSION.value: HttpAuthCheckPermissionResultPayload,
}
"""What questions are answered with, in place of a payload."""


class Given(msgspec.Struct):
    """One call as it travels."""

    fields: dict[str, Any]
    facts: dict[str, Any]
    principal: dict[str, Any] | None
    known: dict[str, tuple[str, Any]]
    shared: dict[str, Any]
    state: dict[str, Any]
    metadata: dict[str, Any]


class Said(msgspec.Struct):
    """One answer as it travels. What is None has not changed, or is not there."""

    goes_on: bool
    fields: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    violation: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    state: dict[str, Any] | None = None
    own_metadata: dict[str, Any] | None = None
    shared: dict[str, Any] | None = None
    unshared: list[str] = []


# On the gateway's side


def pack_call(payload: Any, context: PluginContext) -> bytes:
    """Return a call as bytes. Of the state that plugins share, what is no JSON value stays here. Raises ``AnswerError``."""
    facts = context.global_context
    for name, own in (("state", context.state), ("metadata", context.metadata)):
        if odd := odd_value(own):
            raise AnswerError(f"its {name} holds a {odd}, which is no JSON value and cannot go into its process")
    given = Given(
        fields=_fields(payload),
        facts={name: getattr(facts, name) for name in _FACTS},
        principal=None if facts.principal is None else _builtins(facts.principal),
        known={key: (type(value).__name__, _builtins(value)) for key, value in facts.metadata.items()},
        shared=_shared(facts.state),
        state=context.state,
        metadata=context.metadata,
    )
    return pack(msgspec.structs.asdict(given))


def take_answer(said: bytes, hook: str, context: PluginContext) -> PluginResult[Any]:
    """Return the answer, and bring ``context`` up to date. Whatever it raises means that the process wrote nonsense."""
    answer = msgspec.convert(unpack(said), Said)
    point = HOOK_POINTS[hook]
    payload: Any = None
    if answer.headers is not None:
        payload = HttpHeaderPayload(answer.headers)
    elif answer.fields is not None and hook in _ANSWERS:
        payload = msgspec.convert(answer.fields, _ANSWERS[hook])
    elif answer.fields is not None:
        payload = _payload(point, answer.fields)
    violation = None if answer.violation is None else msgspec.convert(answer.violation, PluginViolation)
    for own, changed in ((context.state, answer.state), (context.metadata, answer.own_metadata)):
        if changed is not None:
            own.clear()
            own.update(changed)
    shared = context.global_context.state
    for key in answer.unshared:
        shared.pop(key, None)
    shared.update(answer.shared or {})
    return point.result(
        continue_processing=answer.goes_on, modified_payload=payload, violation=violation, metadata=answer.metadata
    )


_FACTS: Final = ("request_id", "user", "tenant_id", "server_id", "content_type", "session_id")


def _fields(payload: Any) -> dict[str, Any]:
    fields = {name: getattr(payload, name) for name in payload.__struct_fields__}
    return {name: dict(value) if isinstance(value, HttpHeaderPayload) else value for name, value in fields.items()}


def _payload(point: HookPoint, fields: Mapping[str, Any]) -> Any:
    return point.payload(
        **{
            name: HttpHeaderPayload(value) if name in _HEADERS and isinstance(value, dict) else value
            for name, value in fields.items()
        }
    )


def _builtins(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=str, str_keys=True)


def _shared(state: Mapping[Any, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if type(key) is str and not odd_value(value)}


# On the plugin's side


class Handed:
    """A call, unpacked: what the plugin is called with, and what ``answered`` compares its context with afterwards."""

    def __init__(self, hook: str, given: bytes) -> None:
        call = msgspec.convert(unpack(given), Given)
        self._point = HOOK_POINTS[hook]
        self.payload = _payload(self._point, call.fields)
        metadata = {
            key: msgspec.convert(value, _METADATA[kind]) if kind in _METADATA else value
            for key, (kind, value) in call.known.items()
        }
        principal = None if call.principal is None else msgspec.convert(call.principal, Principal)
        facts = GlobalContext(principal=principal, metadata=metadata, state=call.shared, **call.facts)
        self.context = PluginContext(global_context=facts, state=call.state, metadata=call.metadata)
        self._before = pack(call.state), pack(call.metadata)
        self._shared = {key: pack(value) for key, value in call.shared.items()}

    def answered(self, answer: Any) -> bytes:
        """Return ``answer`` and what became of the context, as bytes. Raises ``AnswerError`` for what cannot be obeyed."""
        point, context = self._point, self.context
        if not isinstance(answer, point.result) and type(answer) is not PluginResult:
            raise AnswerError(f"it returned {type(answer).__name__}, expected {point.result.__name__}")
        said = Said(goes_on=answer.continue_processing is True)
        if said.goes_on:
            _tell_payload(said, point, answer.modified_payload)
        if answer.violation is not None:
            said.violation = _violation(answer.violation)
        if isinstance(answer.metadata, Mapping):
            said.metadata = scalars_only(answer.metadata)
        try:
            said.state = _if_changed("state", context.state, self._before[0])
            said.own_metadata = _if_changed("metadata", context.metadata, self._before[1])
            self._tell_shared(said)
        except AnswerError:
            if said.goes_on:  # a clear no counts, whatever the plugin has left lying about
                raise
        return pack(msgspec.structs.asdict(said))

    def _tell_shared(self, said: Said) -> None:
        state = context_state = self.context.global_context.state
        said.unshared = [key for key in self._shared if key not in state]
        changed = {}
        for key, value in context_state.items():
            if odd := odd_value({key: value}):
                raise AnswerError(f"it put a {odd} into the shared state, which is no JSON value")
            if self._shared.get(key) != pack(value):
                changed[key] = value
        said.shared = changed or None


def _if_changed(name: str, now: Any, before: bytes) -> dict[str, Any] | None:
    if type(now) is not dict or (odd := odd_value(now)):
        raise AnswerError(
            f"its {name} holds a {odd if type(now) is dict else type(now).__name__}, which is no JSON value"
        )
    return None if pack(now) == before else now


def _tell_payload(said: Said, point: HookPoint, payload: Any) -> None:
    if payload is None:
        return
    if point.answer is not None:
        answer = point.answer(payload)
        said.fields = _builtins(answer) if isinstance(answer, Principal) else _fields(answer)
    elif isinstance(payload, point.payload) and isinstance(payload, PluginPayload):
        said.fields = _fields(payload)
    elif point.headers_only is not None and isinstance(payload, point.headers_only):
        said.headers = dict(payload)
    else:
        raise AnswerError(f"it returned a {type(payload).__name__} as payload, expected {point.payload.__name__}")
    if odd := odd_value(said.fields if said.headers is None else said.headers):
        raise AnswerError(f"its payload holds a {odd}, which is no JSON value and cannot be inspected")


def _violation(violation: Any) -> dict[str, Any]:
    """Return what can be told of a violation: a clear no counts, however odd its reasons are."""
    told: dict[str, Any] = {"code": "", "reason": ""}
    for field in ("code", "reason", "description", "plugin_name"):
        value = getattr(violation, field, "")
        told[field] = value[:2000].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
    for field in ("mcp_error_code", "http_status_code"):
        value = getattr(violation, field, None)
        told[field] = value if type(value) is int and abs(value) < 2**31 else None
    headers = getattr(violation, "http_headers", None)
    if type(headers) is dict and all(type(text) is str for pair in headers.items() for text in pair):
        told["http_headers"] = headers
    return told
