"""Rendered prompts as plugins read and write them: dicts as MCP has them, whose members answer as attributes too.

``payload.result.messages[0].content.text`` and ``payload.result["messages"][0]["content"]["text"]`` are the same value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from secure_gateway.plugins.framework.payloads import PromptPosthookPayload


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class _Open(dict[str, Any]):
    """A dict whose members answer as attributes."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"this {type(self).__name__} has no {name!r}; it has {', '.join(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def model_dump(self) -> dict[str, Any]:
        """Return plain dicts and lists."""
        dumped: dict[str, Any] = closed(self)
        return dumped


class TextContent(_Open):
    """Text in a message."""

    __slots__ = ()

    def __init__(self, text: str, type: str = "text", **more: Any) -> None:  # noqa: A002 - the member is called so
        super().__init__(type=type, text=text, **more)


class Message(_Open):
    """One message: ``role``, and ``content`` as MCP has it."""

    __slots__ = ()

    def __init__(self, role: str, content: Any, **more: Any) -> None:
        super().__init__(role=role, content=content, **more)


class PromptResult(_Open):
    """What a prompt was rendered to: ``messages``, perhaps a ``description``."""

    __slots__ = ()

    def __init__(self, messages: list[Any], description: str | None = None, **more: Any) -> None:
        super().__init__(**({} if description is None else {"description": description}), messages=messages, **more)


def opened(result: Any) -> Any:
    """Return ``result`` so that its members answer as attributes, where it has the form of a rendered prompt."""
    if type(result) is not dict or type(result.get("messages")) is not list:
        return result
    return _of(PromptResult, {**result, "messages": [_message(message) for message in result["messages"]]})


def closed(value: Any) -> Any:
    """Return ``value`` of plain dicts, lists and texts: what everybody else works on."""
    if isinstance(value, _Open) or type(value) is dict:
        return {key: closed(item) for key, item in value.items()}
    if type(value) is list:
        return [closed(item) for item in value]
    return value.value if isinstance(value, Role) else value


def with_open_result(method: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """Return ``method``, the answer to ``prompt_post_fetch``, so that it is given an open result and may return one."""

    @wraps(method)
    async def call(payload: Any, context: Any) -> Any:
        payload.result = opened(payload.result)
        answer = await method(payload, context)
        modified = getattr(answer, "modified_payload", None)
        if isinstance(modified, PromptPosthookPayload):
            modified.result = closed(modified.result)
        return answer

    return call


def _message(message: Any) -> Any:
    if type(message) is not dict:
        return message
    content = message.get("content")
    shown = [_content(item) for item in content] if type(content) is list else _content(content)
    return _of(Message, {**message, "content": shown} if "content" in message else message)


def _content(content: Any) -> Any:
    return _of(TextContent if content.get("type") == "text" else _Open, content) if type(content) is dict else content


def _of(kind: type[_Open], members: dict[str, Any]) -> _Open:
    made = kind.__new__(kind)
    made.update(members)
    return made
