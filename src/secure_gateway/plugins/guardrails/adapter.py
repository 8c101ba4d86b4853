"""Make a guard answer hooks: one adapter for each way in which a guard can be asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any, Final, NamedTuple

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.framework.binding import HookCall
from secure_gateway.plugins.framework.context import GlobalContext, PluginContext
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.guardrails.answers import Answers, Judged
from secure_gateway.plugins.guardrails.base import GuardrailRequest, PIIHandler
from secure_gateway.plugins.guardrails.contents import HookContent, as_text
from secure_gateway.plugins.guardrails.rulings import Ruling
from secure_gateway.plugins.guardrails.value_guard import ValueRequest
from secure_gateway.types import Operation

Validate = Callable[..., Awaitable[Any]]

_REQUEST: Final = "secure_gateway.guardrails.request"
_PII_MAPPING: Final = "secure_gateway.guardrails.pii_mapping"

NOT_GUARDED: Final = "not_guarded"
"""The key of a step's metadata that says that the policy has nothing of this tool judged there."""

REQUEST: Final = "the request"
RESULT: Final = "the result"


class Guarded(NamedTuple):
    """Where a guard stands: the provider's name, what is judged there, and the rules over its answers."""

    name: str
    content: HookContent
    subject: str
    ruling: Ruling | None = None

    def answers(self) -> Answers:
        """Return what takes its answers."""
        return Answers(self.name, self.content, self.subject, self.ruling)


class _RequestGuard:
    """Asks about a request. ``keep``: it stays in the guard's state, for its output side to look at."""

    __slots__ = ("_answers", "_content", "_keep", "_validate")

    def __init__(self, guarded: Guarded, validate: Validate, *, keep: bool = False) -> None:
        self._content = guarded.content
        self._answers = guarded.answers()
        self._validate = validate
        self._keep = keep


class TextGuard(_RequestGuard):
    """Asks ``validate(request)``."""

    __slots__ = ()

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        request, judged = _ask(self._content, payload, context)
        if self._keep:
            context.state[_REQUEST] = _without_args(request)
        return self._answers.of_text(await self._validate(request), judged)


class ResponseGuard:
    """Asks ``validate(response_content, original_request)``, the request being what this guard's provider saw before the call."""

    __slots__ = ("_answers", "_content", "_validate")

    def __init__(self, guarded: Guarded, validate: Validate) -> None:
        self._content = guarded.content
        self._answers = guarded.answers()
        self._validate = validate

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        value = self._content.read(payload)
        text = as_text(value)
        original = _original(self._content, payload, context)
        judged = Judged(payload, *self._content.shape(value), text)
        return self._answers.of_text(await self._validate(text, original), judged)


class ValueGuard(_RequestGuard):
    """Asks ``validate_value(request)``: no text is made."""

    __slots__ = ()

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        content = self._content
        value = content.read(payload)
        if self._keep:
            context.state[_REQUEST] = _without_args(_ask(content, payload, context)[0])
        facts = context.global_context
        request = ValueRequest(
            value=value,
            hook=content.hook,
            name=content.name(payload),
            server_name=facts.server_id,
            principal=_subject(facts),
            request_id=facts.request_id,
        )
        judged = Judged(payload, *content.shape(value))
        return self._answers.of_value(await self._validate(request), judged)


class ByTool:
    """Calls the guard that the policy has for the tool, where it has others for some tools."""

    __slots__ = ("_calls", "_choose", "_content", "_unguarded")

    def __init__(
        self, content: HookContent, choose: Callable[[str], Hashable], calls: Mapping[Hashable, HookCall | None]
    ) -> None:
        """``calls``: by what ``choose`` returns for a tool's name; None: nothing of it is judged, and the record says so."""
        self._content = content
        self._choose = choose
        self._calls = calls
        self._unguarded = content.result(metadata={NOT_GUARDED: True})

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        call = self._calls[self._choose(self._content.name(payload))]
        return self._unguarded if call is None else await call(payload, context)


class RequestKeeper:
    """Judges nothing: keeps the request for an output guard that looks back at it and whose provider guards no requests."""

    __slots__ = ("_answers", "_content")

    def __init__(self, name: str, content: HookContent) -> None:
        self._content = content
        self._answers = Answers(name, content, REQUEST)

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        context.state[_REQUEST] = _without_args(_ask(self._content, payload, context)[0])
        return self._answers.nothing()


class PIIRemover:
    """Lets a handler put tokens in place of personal data on the way in, and keeps its mapping for this request only."""

    __slots__ = ("_answers", "_content", "_handler")

    def __init__(self, name: str, content: HookContent, handler: PIIHandler) -> None:
        self._content = content
        self._answers = Answers(name, content, REQUEST)
        self._handler = handler

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        value = self._content.read(payload)
        judged = Judged(payload, *self._content.shape(value), as_text(value))
        answer: Any = await self._handler.redact_pii(judged.text or "")
        match answer:
            case (str() as text, dict() as mapping) if isinstance(answer, tuple):
                # More than one where another plugin has renamed the target afterwards, and this is asked anew.
                context.state.setdefault(_PII_MAPPING, []).append(mapping)
                return self._answers.of_handler(text, judged)
            case _:
                raise AnswerError("its redact_pii gave back something else than a text and a mapping")


class PIIRestorer:
    """Lets the handler put the values back on the way out, where it took any."""

    __slots__ = ("_answers", "_content", "_handler")

    def __init__(self, name: str, content: HookContent, handler: PIIHandler) -> None:
        self._content = content
        self._answers = Answers(name, content, RESULT)
        self._handler = handler

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        mappings = [mapping for mapping in context.state.get(_PII_MAPPING, ()) if mapping]
        if not mappings:
            return self._answers.nothing()
        value = self._content.read(payload)
        judged = Judged(payload, *self._content.shape(value), as_text(value))
        text: Any = judged.text or ""
        for mapping in reversed(mappings):
            text = await self._handler.restore_pii(text, mapping)
        return self._answers.of_handler(text, judged)


async def never_called(_payload: PluginPayload, _context: PluginContext) -> PluginResult[Any]:
    """Stand where a binding has a ``skip_reason``."""
    raise AnswerError("a skipped guard was called")


def _ask(content: HookContent, payload: PluginPayload, context: PluginContext) -> tuple[GuardrailRequest, Judged]:
    value = content.read(payload)
    text = as_text(value)
    is_tool = content.operation is Operation.TOOL
    facts = context.global_context
    request = GuardrailRequest(
        content=text,
        tool_name=content.name(payload) if is_tool else None,
        tool_args=getattr(payload, "args", None) if is_tool else None,
        server_name=facts.server_id,
        context=_context(content, payload, facts),
    )
    return request, Judged(payload, *content.shape(value), text)


def _context(content: HookContent, payload: PluginPayload, facts: GlobalContext) -> dict[str, Any]:
    return {
        "operation": content.operation.value,
        "name": content.name(payload),
        "hook": content.hook,
        "principal": _subject(facts),
        "request_id": facts.request_id,
    }


def _subject(facts: GlobalContext) -> str | None:
    return facts.principal.subject if facts.principal is not None else None


def _without_args(request: GuardrailRequest) -> GuardrailRequest:
    """Copy ``request`` without what the guard could edit; ``_original`` makes the arguments anew from the text."""
    return GuardrailRequest(
        content=request.content,
        tool_name=request.tool_name,
        server_name=request.server_name,
        context=dict(request.context or {}),
    )


def _original(content: HookContent, payload: PluginPayload, context: PluginContext) -> GuardrailRequest:
    """Return the request that was kept before the call; for an answer without one, such as to a notification, an empty one."""
    kept: GuardrailRequest | None = context.state.get(_REQUEST)
    if kept is None:
        facts = context.global_context
        return GuardrailRequest(content="", server_name=facts.server_id, context=_context(content, payload, facts))
    request = _without_args(kept)  # a guard that is asked twice for one request finds it as it was
    if request.tool_name is not None:
        request.tool_args = json.loads(request.content)
    return request
