"""``Judge``: takes one message of either side through the gateway and says what goes on. Knows no transport."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from secure_gateway.errors import ErrorCode, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework.hookpoints import MessageHookType, ToolHookType
from secure_gateway.plugins.framework.plugin import PluginMode
from secure_gateway.proxy.asking import Asking
from secure_gateway.proxy.first_list import FirstList
from secure_gateway.proxy.lists import check_references, visible
from secure_gateway.proxy.methods import Method, Sender, find_method, is_look_alike
from secure_gateway.proxy.registration import INTRODUCTIONS, Registration
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.translation import (
    Call,
    Malformed,
    answer_content,
    read_call,
    rewritten,
    with_beside,
    with_content,
)
from secure_gateway.proxy.wire import Message
from secure_gateway.types import AuthCredentials, Door, Headers, Operation, Request

Forward = Callable[[Message, Request], Awaitable[Message]]
"""Carries a judged request to the other side and returns its answer. Raises ``RequestError`` when none comes."""
Deliver = Callable[[Message], Awaitable[None]]
"""Carries a judged notification to the other side."""


_TOOLS_CHANGED = "notifications/tools/list_changed"
_TASKS = ("tasks/", "notifications/tasks")


class Caller(msgspec.Struct, frozen=True):
    """Who stands at the client's end, as far as this message is concerned. ``headers`` are those that may go upstream."""

    credentials: AuthCredentials | None = None
    client_host: str = ""
    headers: Headers | None = None


class Judge:
    """Judges the messages between the clients of one door and one server."""

    def __init__(self, gateway: Gateway, settings: ProxySettings, server: UpstreamServer, door: Door) -> None:
        self._gateway = gateway
        self._refuse_unknown = settings.refuse_unknown_methods
        self._server = server
        self._door = door
        self.registration = Registration(gateway, server, door)
        self._first_list = FirstList(gateway, server.name)

    async def client_request(
        self,
        message: Message,
        caller: Caller,
        forward: Forward,
        asking: Asking | None = None,
        forward_list: Forward | None = None,
    ) -> Message:
        """Return the judged answer to a client's request. Raises ``RequestDenied`` or ``RequestError``.

        ``asking``: the questions of the server to this client, during which the time limit stands still. ``forward_list``: carries a request of ours,
        where ``forward`` is for this message only.
        """
        method, call = await self._read(message, Sender.CLIENT, caller)
        if call.operation is Operation.TOOL and self._gateway.needs_list(self._server.name, call.name):

            async def ask(question: Message) -> Message:
                return await self.client_request(question, caller, forward_list or forward)

            await self._first_list.bring_about(message, call.name, caller.credentials, ask)
        message, parent = await self._judge_beside(message, method, call, caller)
        request = self._request(call, caller, method, parent)
        request.time_off = None if asking is None else asking.seconds

        async def forward_permitted(outgoing: Message, judged: Request) -> Message:
            await check_references(self._gateway, outgoing, judged)
            await self.registration.check()
            return await forward(outgoing, judged)

        async def see(answer: Message) -> Message:
            if message.method in INTRODUCTIONS:
                return await self.registration.introduced(answer, request)
            if method is None or method.listing is None:
                return answer
            return await visible(self._gateway, answer, method.listing, request)

        return await self._exchange(message, method, request, forward_permitted, see)

    async def server_request(self, message: Message, caller: Caller, forward: Forward) -> Message:
        """Return the judged answer of the client to a server's request. Raises ``RequestDenied`` or ``RequestError``."""
        method, call = await self._read(message, Sender.SERVER, caller)
        request = self._request(call, caller, method)

        async def see(answer: Message) -> Message:
            return answer

        return await self._exchange(message, method, request, forward, see)

    async def client_notification(self, message: Message, caller: Caller, deliver: Deliver) -> None:
        """Judge a client's notification and deliver it. Raises ``RequestDenied`` or ``RequestError``."""
        method, call = await self._read(message, Sender.CLIENT, caller)

        async def upstream(judged: Request) -> None:
            await self.registration.check()
            same = judged.arguments is call.arguments and judged.name == call.name
            await deliver(message if same else rewritten(message, method, judged.name, judged.arguments))

        await self._gateway.handle(self._request(call, caller, method), upstream)

    async def server_notification(self, message: Message, caller: Caller) -> Message:
        """Return a server's notification as the caller may read it. Raises ``RequestDenied`` or ``RequestError``.

        It is content that comes from the server, so it is judged where results are: after the (empty) call.
        """
        method, call = await self._read(message, Sender.SERVER, caller)
        if message.method == _TOOLS_CHANGED:  # whatever becomes of it on its way to the client
            self._gateway.tools_changed(self._server.name)
            self._first_list.again()

        async def upstream(_judged: Request) -> Any:
            return call.arguments

        request = self._request(Call(Operation.MESSAGE, message.method, None, {}), caller, method)
        judged = await self._gateway.handle(request, upstream)
        return message if judged is call.arguments else rewritten(message, method, message.method, judged)

    async def refuse(self, caller: Caller, code: ErrorCode, reason: str, *, name: str = "") -> RequestDenied:
        """Record that a message was refused which could not even be read; return the exception to answer with."""
        request = self._request(Call(Operation.MESSAGE, name, None, {}), caller, None)
        return await self._gateway.refuse(request, code, reason)

    async def _read(self, message: Message, sender: Sender, caller: Caller) -> tuple[Method | None, Call]:
        method = find_method(sender, message.method)
        if method is None and self._refuse_unknown:
            reason = "the method is unknown, and the configuration refuses unknown methods"
            raise await self.refuse(caller, ErrorCode.FORBIDDEN, reason, name=message.method)
        if is_look_alike(sender, message.method):
            # A server that ignores case would call a tool for what we judged as a message of no kind.
            reason = "the method differs from a known one by its spelling only"
            raise await self.refuse(caller, ErrorCode.INVALID_REQUEST, reason, name=message.method)
        if message.method.startswith(_TASKS) and (plugin := self._blind_to_tasks()):
            # The result of a tool that runs as a task comes with these messages, and past the hooks of tool results.
            reason = f"results of tasks would pass by {plugin!r}, which judges tool results and no other messages"
            raise await self.refuse(caller, ErrorCode.DENIED, reason, name=message.method)
        try:
            return method, read_call(message, method, self._server.name)
        except Malformed as found:
            raise await self.refuse(caller, ErrorCode.INVALID_ARGUMENTS, str(found), name=message.method) from None

    def _blind_to_tasks(self) -> str:
        """Return a plugin that sees the results of tools and would not see those of tasks; an empty text where there is none."""
        at_tools = self._active(ToolHookType.TOOL_POST_INVOKE, for_some=True)
        at_messages = self._active(MessageHookType.MESSAGE_OUT, for_some=False)
        return next((plugin for plugin in at_tools if plugin not in at_messages), "")

    def _active(self, hook: str, *, for_some: bool) -> list[str]:
        """Return who runs at ``hook``. ``for_some``: those too whose mode depends on the call."""
        order = self._gateway.snapshot.bindings(self._server.name, hook)
        return [
            binding.plugin
            for binding in (() if order is None else order.bindings)
            if not binding.skip_reason
            and (for_some if binding.mode_rules is not None else binding.mode is not PluginMode.DISABLED)
        ]

    async def _judge_beside(
        self, message: Message, method: Method | None, call: Call, caller: Caller
    ) -> tuple[Message, str]:
        """Judge what stands beside a call's arguments; return the message as it is then, and the id under which that was recorded."""
        if not call.beside or method is None:
            return message, ""
        request = self._request(Call(Operation.MESSAGE, message.method, call.beside, {}), caller, method)
        judged: list[Any] = []

        async def upstream(seen: Request) -> None:
            judged.append(seen.arguments)

        await self._gateway.handle(request, upstream)
        same = judged[0] is call.beside
        return (message if same else with_beside(message, method, judged[0])), request.request_id

    async def _exchange(
        self,
        message: Message,
        method: Method | None,
        request: Request,
        forward: Forward,
        see: Callable[[Message], Awaitable[Message]],
    ) -> Message:
        answers: list[tuple[Message, Any]] = []

        async def upstream(judged: Request) -> Any:
            outgoing = message
            if judged.arguments is not request.arguments or judged.name != request.name:
                if request.operation is Operation.AGENT and judged.name != request.name:
                    raise RequestError(ErrorCode.PLUGIN_ERROR, "a plugin renamed the server that asks")
                outgoing = rewritten(message, method, judged.name, judged.arguments)
            answer = await see(await forward(outgoing, judged))
            content = answer_content(answer, request.operation)
            answers.append((answer, content))
            return content

        returned = await self._gateway.handle(request, upstream)
        answer, content = answers[0]
        return answer if returned is content else with_content(answer, request.operation, returned)

    def _request(self, call: Call, caller: Caller, method: Method | None, parent: str = "") -> Request:
        return Request(
            operation=call.operation,
            name=call.name,
            arguments=call.arguments,
            server=self._server.name,
            door=self._door,
            credentials=caller.credentials,
            headers=caller.headers,
            content_type="application/json",
            client_host=caller.client_host,
            parent_id=parent,
            time_limit=self._time_limit(method),
        )

    def _time_limit(self, method: Method | None) -> float | None:
        if method is not None and method.question:
            return self._gateway.snapshot.limits.question_timeout
        return math.inf if method is not None and method.lasting else self._server.timeout
