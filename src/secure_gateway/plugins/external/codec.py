"""ContextForge's JSON for hook calls and our objects: payloads, results and errors, in both directions.

What comes from the other side is judged here and nowhere else. An ``AnswerError`` names types and fields, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

import msgspec

from secure_gateway.errors import AnswerError, ErrorCode
from secure_gateway.plugins.external.bounds import check_json, is_json
from secure_gateway.plugins.framework.custom import fields_of, is_payload_type
from secure_gateway.plugins.framework.hookpoints import HOOK_POINTS, HookPoint
from secure_gateway.plugins.framework.payloads import (
    HttpAuthCheckPermissionResultPayload,
    HttpHeaderPayload,
    HttpPostRequestPayload,
    HttpPreRequestPayload,
    PluginPayload,
    PromptPosthookPayload,
    PromptPrehookPayload,
)
from secure_gateway.plugins.framework.results import PluginResult, PluginViolation
from secure_gateway.types import Principal

_PROMPTS: Final = (PromptPrehookPayload, PromptPosthookPayload)
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
_RESULT_FIELDS: Final = frozenset({"continue_processing", "modified_payload", "violation", "metadata"})
# What a result of ContextForge's framework says besides, and what has nothing to set here.
_UNUSED_RESULT_FIELDS: Final = frozenset({"denial_metadata", "http_headers", "retry_delay_ms", "executions"})
_VIOLATION_FIELDS: Final = frozenset(
    {"code", "reason", "description", "details", "mcp_error_code", "http_status_code", "http_headers"}
)
_TEXTS: Final = ("code", "reason", "description")
_NUMBERS: Final = ("mcp_error_code", "http_status_code")
_INTERNAL_ERROR: Final = -32603


def encode_payload(payload: Any) -> dict[str, Any]:
    """Return ``payload`` as ContextForge writes it. Raises ``AnswerError`` for one that is no JSON object within the limits."""
    if isinstance(payload, dict):
        data = dict(payload)
    elif isinstance(payload, PluginPayload):
        data = payload.model_dump()
    elif is_payload_type(type(payload)):
        data = fields_of(payload)
    else:
        raise AnswerError(f"a payload of type {type(payload).__name__}, expected a PluginPayload")
    if isinstance(payload, _PROMPTS):
        data["prompt_id"] = data["name"]  # newer frameworks know a prompt by this word, older ones by the other
    check_json(data, "the payload")
    return data


def decode_payload(hook: str | HookPoint, data: Any) -> Any:
    """Return the payload of ``hook`` that ``data`` says. Raises ``AnswerError`` unless it says exactly one.

    ``hook`` is a hook point where it is not one of the built-in ones.
    """
    check_json(data, "the payload")
    return _payload(_point(hook).payload, data)


def encode_result(result: PluginResult[Any]) -> dict[str, Any]:
    """Return a plugin's answer as ContextForge writes it. Raises ``AnswerError`` for what is no answer.

    A clear no is one, however odd its reasons are: what of them is no JSON is left out.
    """
    if not isinstance(result, PluginResult):
        raise AnswerError(f"an answer of type {type(result).__name__}, expected a PluginResult")
    denied = result.continue_processing is not True
    metadata = result.metadata if type(result.metadata) is dict else {}
    return {
        "continue_processing": not denied,
        "modified_payload": None if denied or result.modified_payload is None else _change(result.modified_payload),
        "violation": _encode_violation(result.violation),
        "metadata": {key: value for key, value in metadata.items() if type(key) is str and is_json(value)},
    }


def decode_result(hook: str | HookPoint, data: Any, plugin_name: str) -> PluginResult[Any]:
    """Return the answer to ``hook`` that ``data`` says; its violation is ``plugin_name``'s. Raises ``AnswerError``.

    A clear no counts, however odd its reasons are. What ContextForge's results may hold besides and has nothing to set here is passed
    over, but not a change that would be lost (``modified_extensions``).
    """
    point = _point(hook)
    fields = _object(data, "the result")
    check_json(fields, "the result")
    strange = fields.keys() - _RESULT_FIELDS - _UNUSED_RESULT_FIELDS
    goes_on = fields.get("continue_processing", True)
    if type(goes_on) is not bool:
        raise AnswerError(f"continue_processing is a {type(goes_on).__name__}, expected a bool")
    if not goes_on:
        violation = _decode_violation(fields.get("violation"), plugin_name, strict=False)
        return point.result(continue_processing=False, violation=violation, metadata=_metadata(fields, strict=False))
    if "modified_extensions" in strange and fields["modified_extensions"] is None:
        strange = strange - {"modified_extensions"}
    if strange:
        raise AnswerError(f"the result has {len(strange)} fields that change what is not changed here")
    payload = fields.get("modified_payload")
    return point.result(
        modified_payload=None if payload is None else _decode_change(point, payload),
        violation=_decode_violation(fields.get("violation"), plugin_name, strict=True),
        metadata=_metadata(fields, strict=True),
    )


def encode_error(code: ErrorCode, message: str, plugin_name: str) -> dict[str, Any]:
    """Return a failure as ContextForge writes it. ``message`` is ours: it holds no payload and nothing that a plugin said."""
    return {
        "message": message,
        "plugin_name": plugin_name,
        "code": code.value,
        "details": {},
        "mcp_error_code": _INTERNAL_ERROR,
    }


def decode_error(data: Any) -> AnswerError:
    """Return the failure that a plugin server reports. Of its words only a code is kept: the others may quote a payload."""
    code = data.get("code") if isinstance(data, Mapping) else None
    named = f" ({code})" if isinstance(code, str) and _IDENTIFIER.fullmatch(code) else ""
    return AnswerError(f"its server reports an error{named}")


def _point(hook: str | HookPoint) -> HookPoint:
    if isinstance(hook, HookPoint):
        return hook
    point = HOOK_POINTS.get(hook)
    if point is None:
        raise AnswerError("a hook that is not known here")
    return point


def _object(data: Any, what: str) -> dict[str, Any]:
    if type(data) is not dict:
        raise AnswerError(f"{what} is a {type(data).__name__}, expected an object")
    return data


def _payload(kind: type[Any], data: Any) -> Any:
    fields = _object(data, "the payload")
    if not issubclass(kind, PluginPayload):
        return _custom_payload(kind, fields)
    if issubclass(kind, _PROMPTS):
        fields = _with_one_name(fields)
    strange = fields.keys() - set(kind.__struct_fields__)
    if strange:
        raise AnswerError(f"the payload has {len(strange)} fields that {kind.__name__} does not have")
    try:
        return msgspec.convert(fields, kind, dec_hook=_headers)
    except msgspec.ValidationError as error:
        raise AnswerError(f"no {kind.__name__}: {error}") from None


def _custom_payload(kind: type[Any], fields: dict[str, Any]) -> Any:
    """Return the payload of a plugin's own hook, whose class is its author's."""
    try:
        return kind.model_validate(fields) if hasattr(kind, "model_validate") else msgspec.convert(fields, kind)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise AnswerError(f"no {kind.__name__} ({type(error).__name__})") from None


def _with_one_name(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a prompt under the name that ours has. Two different names are none."""
    if "prompt_id" not in fields:
        return fields
    renamed = {key: value for key, value in fields.items() if key != "prompt_id"}
    if renamed.setdefault("name", fields["prompt_id"]) != fields["prompt_id"]:
        raise AnswerError("the payload names two different prompts, as name and as prompt_id")
    return renamed


def _headers(kind: type, value: Any) -> HttpHeaderPayload:
    """Make headers of an object of texts; msgspec asks for it wherever a payload has headers."""
    if kind is not HttpHeaderPayload:
        raise NotImplementedError
    if type(value) is not dict or not all(type(text) is str for text in value.values()):
        raise msgspec.ValidationError("Expected headers, an object of texts")
    lowered = {key.lower(): text for key, text in value.items()}
    if len(lowered) != len(value):
        raise msgspec.ValidationError("Expected headers of which each has its own name, whatever the case")
    return HttpHeaderPayload(lowered)


def _change(payload: Any) -> dict[str, Any]:
    """Return a modified payload. Of an HTTP request ContextForge sends back the headers alone: nothing else of it can change."""
    if isinstance(payload, HttpPostRequestPayload):
        payload = payload.response_headers or HttpHeaderPayload()
    elif isinstance(payload, HttpPreRequestPayload):
        payload = payload.headers
    elif isinstance(payload, Principal):
        payload = _user_of(payload)
    return encode_payload(payload)


def _user_of(principal: Principal) -> dict[str, Any]:
    """Return a principal that a plugin vouches for as ContextForge's plugins describe a user."""
    said = {name: getattr(principal, name) for name in ("email", "tenant_id", "project_id")}
    scalars = {key: value for key, value in principal.attributes.items() if isinstance(value, str | int | float | bool)}
    return {
        **scalars,
        "sub": principal.subject,
        **{name: value for name, value in said.items() if value is not None},
        "roles": list(principal.roles),
        "permissions": list(principal.permissions),
        "is_admin": principal.is_admin,
    }


def _decode_change(point: HookPoint, data: Any) -> Any:
    if point.headers_only is not None:
        try:
            return _headers(HttpHeaderPayload, data)
        except msgspec.ValidationError as error:
            raise AnswerError(f"no modified headers: {error}") from None
    if point.name == "http_auth_resolve_user":
        return _object(data, "the user")
    if point.name == "http_auth_check_permission":
        return _payload(HttpAuthCheckPermissionResultPayload, data)
    return _payload(point.payload, data)


def _metadata(fields: Mapping[str, Any], *, strict: bool) -> dict[str, Any] | None:
    found = fields.get("metadata")
    if strict and found is not None:
        return _object(found, "the metadata") or None
    return found if type(found) is dict and found else None


def _encode_violation(violation: Any) -> dict[str, Any] | None:
    if violation is None:
        return None
    fields = {name: getattr(violation, name, None) for name in _VIOLATION_FIELDS}
    texts = {name: fields[name] if type(fields[name]) is str and is_json(fields[name]) else "" for name in _TEXTS}
    numbers = {name: fields[name] if type(fields[name]) is int else None for name in _NUMBERS}
    details, headers = fields["details"], fields["http_headers"]
    return {
        **texts,
        **numbers,
        "details": details if type(details) is dict and is_json(details) else {},
        "http_headers": dict(headers) if _are_texts(headers) else None,
    }


def _are_texts(headers: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(headers, dict) and all(type(key) is str and type(text) is str for key, text in headers.items())


def _decode_violation(data: Any, plugin_name: str, *, strict: bool) -> PluginViolation | None:
    if data is None:
        return None
    fields = data if type(data) is dict else {}
    known = {key: value for key, value in fields.items() if key in _VIOLATION_FIELDS}
    try:
        violation = msgspec.convert({**known, "plugin_name": plugin_name}, PluginViolation)
    except msgspec.ValidationError as error:
        if strict:
            raise AnswerError(f"no violation: {error}") from None
        texts = {key: known[key] for key in _TEXTS if type(known.get(key)) is str}
        violation = PluginViolation(**{"code": "", "reason": "", **texts}, plugin_name=plugin_name)
    if strict and (strange := fields.keys() - _VIOLATION_FIELDS - {"plugin_name"}):
        raise AnswerError(f"the violation has {len(strange)} fields that a violation does not have")
    return violation
