"""``Channel``: JSON-RPC with one plugin server, whatever carries it; and what its two kinds have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final

from secure_gateway.errors import AnswerError
from secure_gateway.proxy.wire import Kind, Message, MessageId, WireLimits, encode

LIMITS: Final = WireLimits()
"""What one message of a plugin server may be; a larger answer is refused without being kept."""

_METHOD_NOT_FOUND: Final = -32601


class Channel(ABC):
    """One connection, from ``open`` to ``close``; never opened again. Lives on one event loop."""

    version: str = ""
    """The revision of MCP that both have agreed upon; empty before that."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Tell whether a request could be answered, as far as is known."""

    @abstractmethod
    async def open(self) -> None:
        """Connect. Raises ``ConnectionLostError`` where that is impossible, ``AnswerError`` where it must not be."""

    @abstractmethod
    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return its result. When the wait is cancelled, the server is told so.

        Raises ``ConnectionLostError`` when no answer came and ``AnswerError`` when it is unusable.
        """

    @abstractmethod
    async def tell(self, method: str) -> None:
        """Send a notification. Raises as ``ask`` does."""

    @abstractmethod
    async def close(self, *, at_once: bool = False) -> None:
        """Release everything. Idempotent, raises nothing."""


def request(message_id: int, method: str, params: dict[str, Any]) -> bytes:
    """Return a request as it goes over the wire."""
    return encode({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """Return a notification as it goes over the wire."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return encode(message if params is None else {**message, "params": params})


def cancellation(message_id: int) -> bytes:
    """Return the notification that nobody waits for that answer any more."""
    return notification(
        "notifications/cancelled", {"requestId": message_id, "reason": "the gateway no longer waits for the answer"}
    )


def reply_to(message: Message) -> bytes | None:
    """Return our answer to a request of the server: to a ping, an empty one; nothing else is offered. None where none is wanted."""
    if message.kind is not Kind.REQUEST:
        return None
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message.id}
    if message.method == "ping":
        return encode({**answer, "result": {}})
    return encode({**answer, "error": {"code": _METHOD_NOT_FOUND, "message": "Method not found"}})


def result_of(answer: Message) -> dict[str, Any]:
    """Return the result in an answer. Raises ``AnswerError`` for an error, of which only the code is told: its text may quote payloads."""
    if answer.kind is Kind.ERROR:
        raise AnswerError(f"its server answered with the JSON-RPC error {answer.error['code']}")
    result: dict[str, Any] = answer.result
    return result


def answers(message: Message, message_id: MessageId) -> bool:
    """Tell whether ``message`` is the answer to the request with that id."""
    return message.kind in (Kind.RESPONSE, Kind.ERROR) and message.id == message_id
