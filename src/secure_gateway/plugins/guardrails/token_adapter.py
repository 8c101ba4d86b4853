"""Make an exchange of tokens answer hooks."""

from __future__ import annotations

from typing import Any, Final

from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.payloads import PluginPayload
from secure_gateway.plugins.framework.results import PluginResult
from secure_gateway.plugins.guardrails.adapter import REQUEST, RESULT
from secure_gateway.plugins.guardrails.answers import Answers, Judged
from secure_gateway.plugins.guardrails.contents import HookContent
from secure_gateway.plugins.guardrails.lost_tokens import LostTokens
from secure_gateway.plugins.guardrails.pii_exchange import Exchanged, TokenExchange
from secure_gateway.types import Operation

_SENT: Final = "secure_gateway.guardrails.pii_sent"
# Only clients ask for these. Of other operations, servers may be the ones who ask, and who answers is then the client.
_FROM_CALLERS: Final = frozenset({Operation.TOOL, Operation.PROMPT, Operation.RESOURCE})


class _Exchanging:
    __slots__ = ("_answers", "_content", "_exchange", "_lost", "_trusted")

    _subject = REQUEST

    def __init__(self, name: str, content: HookContent, exchange: TokenExchange) -> None:
        self._lost = LostTokens(name)
        self._content = content
        self._answers = Answers(name, content, self._subject)
        self._exchange = exchange
        self._trusted = content.operation in _FROM_CALLERS

    def _answer(self, done: Exchanged, judged: Judged) -> PluginResult[Any]:
        self._lost.note(done.lost)
        return self._answers.of_exchange(done.value, judged, done.marks())


class TokensOut(_Exchanging):
    """Puts tokens in place of values on the way in, and values in place of tokens where the policy lets the tool have them."""

    __slots__ = ()

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        value = self._content.read(payload)
        judged = Judged(payload, *self._content.shape(value))
        before = context.state.get(_SENT)  # asked for the second time: another plugin has renamed the target
        done = await self._exchange.outgoing(value, context.global_context, before, trusted=self._trusted)
        if done.sent is not None:
            context.state[_SENT] = done.sent
        return self._answer(done, judged)


class TokensBack(_Exchanging):
    """Puts values back on the way out, and tokens in place of those that the caller is not to see."""

    __slots__ = ()

    _subject = RESULT

    async def judge(self, payload: PluginPayload, context: PluginContext) -> PluginResult[Any]:
        """Answer the hook."""
        value = self._content.read(payload)
        judged = Judged(payload, *self._content.shape(value))
        sent = context.state.get(_SENT)
        done = await self._exchange.incoming(value, context.global_context, sent, trusted=self._trusted)
        return self._answer(done, judged)
