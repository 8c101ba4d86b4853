"""Messages become operations and judged operations become messages again: the table of ``methods.py``, put to work."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from secure_gateway.errors import ErrorCode, RequestError
from secure_gateway.proxy.methods import PROTOCOL_META, Method
from secure_gateway.proxy.wire import Kind, Message, changed
from secure_gateway.types import Operation

_META: Final = "_meta"
_AGENT_FIELDS: Final = {"messages": "messages", "systemPrompt": "system_prompt", "tools": "tools"}
"""Members of a sampling request, and the fields of the agent payload that they fill. The rest fills ``parameters``."""


class Malformed(Exception):  # noqa: N818 - a finding; the judge turns it into a refusal with a record
    """Parameters that do not name what they are about, or that two servers might read differently."""


class Call(msgspec.Struct, frozen=True):
    """What a message asks for: the target's name, the content to judge, and what stands beside both (judged as a message of its own)."""

    operation: Operation
    name: str
    arguments: Any
    beside: dict[str, Any]


def read_call(message: Message, method: Method | None, server: str) -> Call:
    """Return what ``message`` asks for. ``method`` is None where it is unknown. Raises ``Malformed``."""
    params = message.params
    if params is not None:
        _refuse_look_alikes(params, method)
    if method is None or method.operation is Operation.MESSAGE:
        return Call(Operation.MESSAGE, message.method, None if params is None else _content(params, set()), {})
    given = params or {}
    if method.operation is Operation.AGENT:
        return Call(Operation.AGENT, server, _agent_arguments(given), {})
    name = given.get(method.target)
    if method.operation is Operation.RESOURCE and method.target not in given:
        # Without a target there is nothing that a permission could be about; the server says what is missing.
        return Call(Operation.MESSAGE, message.method, _content(given, set()), {})
    if type(name) is not str or not name:
        raise Malformed(f"{message.method} without a text in params.{method.target}")
    if not method.content:
        return Call(method.operation, name, _content(given, {method.target}), {})
    arguments = given.get(method.content)
    if type(arguments) is not dict and arguments is not None:
        raise Malformed(f"params.{method.content} of {message.method} is no object")
    return Call(method.operation, name, arguments, _content(given, {method.target, method.content}))


def rewritten(message: Message, method: Method | None, name: str, arguments: Any) -> Message:
    """Return ``message`` as the policies left it: with that target and that content."""
    params = message.params or {}
    if method is None or method.operation is Operation.MESSAGE:
        return changed(message, params=_merged(params, arguments, set()))
    if method.operation is Operation.AGENT:
        return changed(message, params=_agent_params(params, arguments))
    if method.target not in params:
        return changed(message, params=_merged(params, arguments, set()))
    named = {**params, method.target: name}
    if not method.content:
        return changed(message, params=_merged(named, arguments, {method.target}))
    if arguments is None and method.content not in params:
        return changed(message, params=named)
    return changed(message, params={**named, method.content: arguments})


def with_beside(message: Message, method: Method, beside: Any) -> Message:
    """Return ``message`` with what stands beside target and content replaced."""
    return changed(message, params=_merged(message.params or {}, beside, {method.target, method.content}))


def answer_content(answer: Message, operation: Operation) -> Any:
    """Return what of an answer the policies judge: the result, the error (``{"error": …}``), for an agent ``{"messages": […]}``."""
    content = answer.result if answer.kind is Kind.RESPONSE else {"error": answer.error}
    return {"messages": [content]} if operation is Operation.AGENT else content


def with_content(answer: Message, operation: Operation, content: Any) -> Message:
    """Return ``answer`` with the content that the policies left. Raises ``RequestError`` where they left something else."""
    if operation is Operation.AGENT:
        messages = content.get("messages") if type(content) is dict else None
        content = messages[0] if type(messages) is list and len(messages) == 1 else None
    if type(content) is dict and answer.kind is Kind.RESPONSE:
        return changed(answer, result=content)
    error = content.get("error") if type(content) is dict else None
    if (
        answer.kind is Kind.ERROR
        and type(error) is dict
        and type(error.get("message")) is str
        and type(error.get("code")) is int
    ):
        return changed(answer, error=error)
    raise RequestError(ErrorCode.PLUGIN_ERROR, "a plugin turned the answer into something that MCP has no form for")


def _content(params: dict[str, Any], named: set[str]) -> dict[str, Any]:
    """Return ``params`` without the members ``named`` and without what frames the call."""
    content = {key: value for key, value in params.items() if key not in named and key != _META}
    meta = params.get(_META)
    if type(meta) is not dict:
        return content if meta is None else {**content, _META: meta}
    unframed = {key: value for key, value in meta.items() if key not in PROTOCOL_META}
    return {**content, _META: unframed} if unframed else content


def _merged(params: dict[str, Any], content: Any, named: set[str]) -> dict[str, Any]:
    """Undo ``_content``: put named members and framing back where they stood."""
    judged = content if type(content) is dict else {}
    meta = params.get(_META)
    framing = {key: value for key, value in meta.items() if key in PROTOCOL_META} if type(meta) is dict else {}
    merged = {key: params[key] if key in named else judged[key] for key in params if key in named or key in judged}
    merged |= {key: value for key, value in judged.items() if key not in named}
    judged_meta = judged.get(_META)
    if framing and (judged_meta is None or type(judged_meta) is dict):
        merged[_META] = {**framing, **{key: value for key, value in (judged_meta or {}).items() if key not in framing}}
    return merged


def _agent_arguments(params: dict[str, Any]) -> dict[str, Any]:
    if type(params.get("messages")) is not list:
        raise Malformed("a sampling request without a list of messages")
    arguments = {field: params[key] for key, field in _AGENT_FIELDS.items() if params.get(key) is not None}
    parameters = _content(params, set(_AGENT_FIELDS))
    return {**arguments, "parameters": parameters} if parameters else arguments


def _agent_params(params: dict[str, Any], arguments: Any) -> dict[str, Any]:
    judged = arguments if type(arguments) is dict else {}
    if judged.get("model"):
        raise RequestError(ErrorCode.PLUGIN_ERROR, "a plugin chose a model, which in MCP is the client's choice")
    merged = _merged(params, judged.get("parameters") or {}, set(_AGENT_FIELDS))
    for key, field in _AGENT_FIELDS.items():
        merged.pop(key, None)
        if judged.get(field) is not None:
            merged[key] = judged[field]
    return merged


def _refuse_look_alikes(params: dict[str, Any], method: Method | None) -> None:
    """Refuse names that a reader which ignores case would take for another one: it would read what we did not judge."""
    folded = {key.casefold() for key in params}
    if len(folded) != len(params):
        raise Malformed("two parameters whose names differ by case only")
    for name in (method.target, method.content) if method is not None else ():
        if name and name not in params and name in folded:
            raise Malformed(f"a parameter that differs from {name!r} by case only")
