"""ContextForge's JSON for the context of a hook call: who is asking, and the states that plugins keep.

Identity goes one way: a server is told who is asking, and nothing that it answers changes that.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

import msgspec

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.external.bounds import check_json, is_json
from secure_gateway.plugins.framework.constants import GATEWAY_METADATA, TOOL_METADATA
from secure_gateway.plugins.framework.context import GatewayMetadata, GlobalContext, PluginContext, ToolMetadata
from secure_gateway.types import Principal

_CONTEXT_FIELDS: Final = frozenset({"state", "metadata", "global_context"})
_TEXT_FACTS: Final = ("tenant_id", "server_id", "content_type")
_GLOBAL_FIELDS: Final = frozenset({"request_id", "user", "user_context", "state", "metadata", *_TEXT_FACTS})
# Facts of ContextForge's users that a principal has no field for; a plugin finds them among its attributes.
_ATTRIBUTES: Final = (
    "full_name",
    "groups",
    "team_id",
    "teams",
    "department",
    "authenticated_at",
    "service_account",
    "delegation_chain",
)
# A principal's own; the session id stays here, for whoever knows it can speak in that session.
_OWN: Final = ("provider", "project_id", "tenant_id", "permissions", "key_id")
_USER_FIELDS: Final = frozenset(
    {"user_id", "email", "is_admin", "roles", "attributes", "auth_method", *_ATTRIBUTES, *_OWN}
)
_METADATA: Final = {TOOL_METADATA: ToolMetadata, GATEWAY_METADATA: GatewayMetadata}


def encode_context(context: PluginContext) -> dict[str, Any]:
    """Return ``context`` as ContextForge writes it. Raises ``AnswerError`` where the plugin's own state is no JSON.

    Of the state that plugins share, what is no JSON stays behind: it is another plugin's, and cannot leave the process.
    """
    facts = context.global_context
    check_json(context.state, "the plugin's state")
    return {
        "state": context.state,
        "metadata": _portable(context.metadata),
        "global_context": {
            "request_id": facts.request_id,
            "user": facts.user,
            "user_context": None if facts.principal is None else _encode_principal(facts.principal),
            **{name: getattr(facts, name) for name in _TEXT_FACTS},
            "state": _portable(facts.state),
            "metadata": _portable({key: _plain(value) for key, value in facts.metadata.items()}),
        },
    }


def encode_states(context: PluginContext) -> dict[str, Any]:
    """Return what a plugin may have changed of ``context``, in ContextForge's form: the answer of a server. Raises ``AnswerError``."""
    facts = context.global_context
    said = {
        "state": context.state,
        "metadata": context.metadata,
        "global_context": {"request_id": facts.request_id, "state": facts.state},
    }
    check_json(said, "the plugin's state")
    return said


def decode_context(data: Any) -> PluginContext:
    """Return the context that ``data`` says: the server's view. Raises ``AnswerError`` unless it says exactly one."""
    check_json(data, "the context")
    fields = _fields(data, _CONTEXT_FIELDS, "the context")
    facts = _fields(fields.get("global_context"), _GLOBAL_FIELDS, "the global context")
    request_id = facts.get("request_id")
    if type(request_id) is not str:
        raise AnswerError(f"the request id is a {type(request_id).__name__}, expected a text")
    principal = facts.get("user_context")
    return PluginContext(
        global_context=GlobalContext(
            request_id=request_id,
            user=_user(facts.get("user")),
            principal=None if principal is None else _decode_principal(principal),
            state=_optional(facts, "state"),
            metadata={key: _typed(key, value) for key, value in _optional(facts, "metadata").items()},
            **{name: _text(facts, name) for name in _TEXT_FACTS},
        ),
        state=_optional(fields, "state"),
        metadata=_optional(fields, "metadata"),
    )


def apply_context(context: PluginContext, data: Any) -> None:
    """Take the states that a server answers over into ``context``; what it says of identity is not looked at.

    Raises ``AnswerError`` for an answer about another request, and then changes nothing.
    """
    check_json(data, "the context")
    fields = _fields(data, _CONTEXT_FIELDS, "the context")
    facts = _fields(fields.get("global_context"), _GLOBAL_FIELDS, "the global context")
    if facts.get("request_id") != context.global_context.request_id:
        raise AnswerError("the context belongs to another request")
    own, metadata, shared = _optional(fields, "state"), _optional(fields, "metadata"), _optional(facts, "state")
    context.state = own
    context.metadata = {**_left_behind(context.metadata), **metadata}
    state = context.global_context.state
    kept = _left_behind(state)
    state.clear()
    state.update({**shared, **kept})


def _portable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if is_json({key: value})}


def _left_behind(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``_portable`` did not send, which the answer therefore says nothing about."""
    return {key: value for key, value in values.items() if not is_json({key: value})}


def _plain(value: Any) -> Any:
    if isinstance(value, ToolMetadata | GatewayMetadata):
        plain = msgspec.structs.asdict(value)
        return {name: field if is_json(field) else str(field) for name, field in plain.items()}
    return value


def _typed(key: str, value: Any) -> Any:
    """Return what is known of a tool or a server as its own type, where it has the names; ContextForge's own says much more."""
    kind = _METADATA.get(key)
    if kind is None or type(value) is not dict:
        return value
    known = {name: value[name] for name in kind.__struct_fields__ if value.get(name) is not None}
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError:
        return value


def _encode_principal(principal: Principal) -> dict[str, Any]:
    said = {
        "user_id": principal.subject,
        "email": principal.email,
        "is_admin": principal.is_admin,
        "roles": list(principal.roles),
        "attributes": _portable(deepcopy(principal.attributes)),
        "auth_method": principal.method or None,
        **{name: getattr(principal, name) for name in _OWN},
    }
    return {**said, "permissions": list(principal.permissions)}


def _decode_principal(data: Any) -> Principal:
    fields = _fields(data, _USER_FIELDS, "the user context")
    attributes = {name: fields[name] for name in _ATTRIBUTES if fields.get(name)}
    own = {name: fields[name] for name in (*_OWN, "email", "is_admin", "roles") if fields.get(name) is not None}
    said = {
        "provider": "external",
        **own,
        "subject": fields.get("user_id"),
        "method": fields.get("auth_method") or "",
        "attributes": {**attributes, **_optional(fields, "attributes")},
    }
    try:
        return msgspec.convert(said, Principal)
    except msgspec.ValidationError as error:
        raise AnswerError(f"no user context: {error}") from None


def _user(found: Any) -> str | None:
    """Return the user's name. ContextForge sends a text, or an object with an ``email``."""
    if type(found) is dict:
        found = found.get("email")
        if type(found) is not str:
            raise AnswerError("the user is an object without an email")
    if found is not None and type(found) is not str:
        raise AnswerError(f"the user is a {type(found).__name__}, expected a text")
    return found


def _fields(data: Any, known: frozenset[str], what: str) -> dict[str, Any]:
    if type(data) is not dict:
        raise AnswerError(f"{what} is a {type(data).__name__}, expected an object")
    if strange := data.keys() - known:
        raise AnswerError(f"{what} has {len(strange)} fields that are not known here")
    return data


def _optional(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = fields.get(name)
    if found is None:
        return {}
    if type(found) is not dict:
        raise AnswerError(f"{name} is a {type(found).__name__}, expected an object")
    return found


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    found = fields.get(name)
    if found is not None and type(found) is not str:
        raise AnswerError(f"{name} is a {type(found).__name__}, expected a text")
    return found
