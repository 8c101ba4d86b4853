"""What plugins say of a server itself: before it is put in force, and when it has introduced itself."""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from secure_gateway.errors import ErrorCode, PolicyDenied, RequestDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework.hookpoints import ServerHookType
from secure_gateway.plugins.framework.payloads import ServerPostRegisterPayload, ServerPreRegisterPayload
from secure_gateway.proxy.sessions import Owner
from secure_gateway.proxy.settings import UpstreamServer
from secure_gateway.proxy.wire import Kind, Message, changed
from secure_gateway.types import Door, Request

INTRODUCTIONS: Final = frozenset({"initialize", "server/discover"})
"""Methods by whose answer a server introduces itself: of the eras with sessions, and of the one without."""
_MOST_BARS: Final = 10_000


class ServerRefusedError(PolicyDenied):
    """A server introduced itself, and a plugin refused it or failed: what was opened to it is closed."""


class Registration:
    """One server at one door. Whether it is put in force is asked once for each configuration; a plugin's failure is no answer."""

    def __init__(self, gateway: Gateway, server: UpstreamServer, door: Door) -> None:
        self._gateway = gateway
        self._server = server
        self._door = door
        self._transport = "stdio" if server.command else "http"
        self._asking = asyncio.Lock()
        self._asked_for: weakref.ref[Any] | None = None
        self._denial: RequestDenied | None = None

    async def check(self) -> None:
        """Raise ``PolicyDenied`` where a plugin refuses the server, ``PluginError`` where one fails."""
        if not self._is_asked():
            async with self._asking:
                if not self._is_asked():
                    await self._ask()
        if self._denial is not None:
            raise PolicyDenied(self._denial.code, self._denial.reason, plugin=self._denial.plugin)

    async def introduced(self, answer: Message, request: Request) -> Message:
        """Return the answer by which the server introduces itself, as it may be shown. Raises ``ServerRefusedError``."""
        if answer.kind is not Kind.RESPONSE:
            return answer
        said = answer.result
        payload = ServerPostRegisterPayload(
            name=self._server.name,
            transport=self._transport,
            protocol_version=_of(str, said.get("protocolVersion")),
            server_info=_of(dict, said.get("serverInfo")),
            capabilities=_of(dict, said.get("capabilities")),
            instructions=_of(str, said.get("instructions")),
        )
        try:
            judged: ServerPostRegisterPayload = await self._gateway.judge_server(
                ServerHookType.SERVER_POST_REGISTER,
                payload,
                server=self._server.name,
                door=self._door,
                parent_id=request.request_id,
            )
        except (RequestDenied, RequestError) as error:
            raise ServerRefusedError(error.code, error.reason, plugin=error.plugin) from None
        if judged.instructions == payload.instructions:
            return answer
        kept = {key: value for key, value in said.items() if key != "instructions"}
        if judged.instructions is not None:
            kept["instructions"] = judged.instructions
        return changed(answer, result=kept)

    def _is_asked(self) -> bool:
        return self._asked_for is not None and self._asked_for() is self._gateway.snapshot

    async def _ask(self) -> None:
        snapshot, denial = self._gateway.snapshot, None
        payload = ServerPreRegisterPayload(
            name=self._server.name, transport=self._transport, target=_target(self._server)
        )
        try:
            await self._gateway.judge_server(
                ServerHookType.SERVER_PRE_REGISTER, payload, server=self._server.name, door=self._door
            )
        except RequestDenied as refused:
            denial = refused
        self._denial, self._asked_for = denial, weakref.ref(snapshot)


class Bars:
    """Callers that may not use a server until it introduces itself to them anew: where there is no session that could be closed."""

    def __init__(self) -> None:
        self._refusals: OrderedDict[Owner, ServerRefusedError] = OrderedDict()

    def check(self, owner: Owner, method: str) -> None:
        """Raise the refusal under which ``owner`` stands."""
        refusal = self._refusals.get(owner)
        if refusal is not None and method not in INTRODUCTIONS:
            raise PolicyDenied(refusal.code, refusal.reason, plugin=refusal.plugin)

    def put(self, owner: Owner, refusal: ServerRefusedError) -> None:
        """Let ``owner`` wait for another introduction."""
        self._refusals[owner] = refusal
        if len(self._refusals) > _MOST_BARS:
            self._refusals.popitem(last=False)

    def lift(self, owner: Owner, method: str) -> None:
        """Take note that a request of ``owner`` was answered; an introduction lifts the bar."""
        if method in INTRODUCTIONS:
            self._refusals.pop(owner, None)


def no_introduction() -> PolicyDenied:
    """Return the refusal of a request that comes before its server was accepted."""
    return PolicyDenied(ErrorCode.DENIED, "the server has not introduced itself yet, or was refused when it did")


def _target(server: UpstreamServer) -> str:
    """Return what is told of where a server is: arguments, paths and queries may hold secrets."""
    if server.command:
        return Path(server.command[0]).name
    url = urlsplit(server.url)
    host = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname or ""
    return f"{url.scheme}://{host}" + (f":{url.port}" if url.port is not None else "")


def _of(kind: type, value: Any) -> Any:
    return value if type(value) is kind else None
