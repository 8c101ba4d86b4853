"""An MCP server over streamable HTTP that does what its tools are told to, and remembers every request that reached it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

Lines = list[tuple[str, str]]


class Seen:
    """One request as it arrived."""

    def __init__(self, method: str, headers: Lines, body: bytes) -> None:
        self.method = method
        self.headers = headers
        self.body = body

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body) if self.body else {}
        return found

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class ScriptedUpstream:
    """Runs in a thread. ``seen`` holds every request; ``left`` counts clients that hung up on a call that hangs; while ``holding``, no handshake ends."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.left = 0
        self.holding = False
        self.sessions = 0
        self._answered: asyncio.Queue[Any] = asyncio.Queue()
        config = uvicorn.Config(
            self._app, port=0, log_level="error", interface="asgi3", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> str:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/mcp"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def messages(self, method: str) -> list[dict[str, Any]]:
        return [seen.message for seen in self.seen if seen.message.get("method") == method]

    async def _app(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        lines = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
        seen = Seen(scope["method"], lines, body)
        self.seen.append(seen)
        exchange = _Exchange(send, receive)
        if seen.method == "DELETE":
            await exchange.answer(200, b"")
        elif seen.method == "GET":
            await self._get(seen, exchange)
        else:
            await self._post(seen, exchange)
        await exchange.end()

    async def _get(self, seen: Seen, exchange: _Exchange) -> None:
        await exchange.stream()
        if cursor := seen.header("last-event-id"):
            await exchange.event(
                {"id": int(cursor[0].split("/")[1]), "result": _text("resumed SECRET")}, cursor="c/end"
            )
            return
        await exchange.event({"method": "notifications/tools/list_changed"}, cursor="g/1")
        await exchange.event(
            {"method": "notifications/message", "params": {"level": "info", "data": "FORBIDDEN"}}, cursor="g/2"
        )
        await exchange.event(
            {"method": "notifications/message", "params": {"level": "info", "data": "a SECRET"}}, cursor="g/3"
        )
        await exchange.gone()

    async def _post(self, seen: Seen, exchange: _Exchange) -> None:
        message = seen.message
        key, params = message.get("id"), message.get("params") or {}
        match message.get("method"):
            case None:
                self._answered.put_nowait(message)
                await exchange.answer(202, b"")
            case "initialize":
                self.sessions += 1
                number = self.sessions
                while self.holding:  # noqa: ASYNC110 - set from another thread, to which an asyncio.Event does not belong
                    await asyncio.sleep(0.02)
                result = {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "serverInfo": {"name": "s", "version": "1"},
                }
                await exchange.json({"id": key, "result": result}, [("mcp-session-id", f"upstream-{number}")])
            case "tools/list":
                tools = [
                    {"name": name, "inputSchema": {"type": "object", "x": 1.50}} for name in ("echo", "sse", "cookie")
                ]
                await exchange.json({"id": key, "result": {"tools": tools, "cacheScope": "public", "ttlMs": 5}})
            case "tasks/list":
                tasks = [{"taskId": f"task-{number}"} for number in range(3)]
                await exchange.json({"id": key, "result": {"tasks": tasks}})
            case "tools/call":
                await self._call(key, params["name"], params.get("arguments") or {}, exchange)
            case _ if key is None:
                await exchange.answer(202, b"")
            case _:
                await exchange.json({"id": key, "result": {"seen": params}})

    async def _call(self, key: Any, name: str, arguments: dict[str, Any], exchange: _Exchange) -> None:
        match name:
            case "echo":
                await exchange.json({"id": key, "result": _text(json.dumps(arguments))})
            case "sse":
                await exchange.stream()
                await exchange.raw(b"id: c/0\r\nretry: 77\r\ndata: \r\n\r\n: a comment\r\n\r\n")
                await exchange.event(
                    {"method": "notifications/message", "params": {"level": "info", "data": arguments["text"]}},
                    cursor="c/1",
                )
                await exchange.event({"id": key, "result": _text(arguments["text"])}, cursor="c/2")
            case "poll":
                await exchange.stream()
                await exchange.raw(f"id: c/{key}\r\nretry: 10\r\ndata: \r\n\r\n".encode())
            case "cut":
                await exchange.stream()
            case "ask":
                await exchange.stream()
                question = {
                    "messages": [{"role": "user", "content": {"type": "text", "text": arguments["text"]}}],
                    "maxTokens": 5,
                }
                await exchange.event({"id": "q-1", "method": "sampling/createMessage", "params": question})
                await exchange.event({"id": key, "result": _text(json.dumps(await self._answered.get()))})
            case "break":
                await exchange.stream()
                await exchange.raw(f"id: c/{key}\r\ndata: \r\n\r\n".encode())
                raise ConnectionError("a server that breaks off")
            case "hang":
                await exchange.gone()
                self.left += 1
            case "status":
                lines = [
                    ("location", "http://127.0.0.1:9/"),
                    ("www-authenticate", "Bearer upstream"),
                    ("retry-after", "7"),
                ]
                await exchange.answer(
                    arguments["status"],
                    arguments.get("body", "").encode(),
                    [("content-type", arguments.get("type", "text/plain")), *lines],
                )
            case "task":
                task = {"taskId": arguments["id"], "status": "working"}
                made = {"task": task} if arguments["nested"] else {"resultType": "task", **task}
                await exchange.json({"id": key, "result": made})
            case "cookie":
                await exchange.json(
                    {"id": key, "result": _text("set")},
                    [("set-cookie", "upstream=1"), ("x-upstream", "1"), ("cache-control", "no-store")],
                )
            case "raw":
                await exchange.answer(
                    200,
                    arguments["body"].replace("$ID", json.dumps(key)).encode(),
                    [("content-type", "application/json")],
                )
            case "rawsse":
                await exchange.stream()
                await exchange.raw(arguments["body"].replace("$ID", json.dumps(key)).encode())


def _text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


class _Exchange:
    def __init__(self, send: Callable[[Any], Awaitable[None]], receive: Callable[[], Awaitable[Any]]) -> None:
        self._send = send
        self._receive = receive
        self._streaming = False

    async def answer(self, status: int, body: bytes, lines: Lines | None = None) -> None:
        headers = [(name.encode(), value.encode()) for name, value in lines or []]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def json(self, message: dict[str, Any], lines: Lines | None = None) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        await self.answer(200, body, [("content-type", "application/json; charset=utf-8"), *(lines or [])])

    async def stream(self) -> None:
        self._streaming = True
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})

    async def end(self) -> None:
        if self._streaming:
            await self._send({"type": "http.response.body", "body": b""})

    async def raw(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def event(self, message: dict[str, Any], cursor: str = "") -> None:
        lines = ([f"id: {cursor}"] if cursor else []) + [
            "event: message",
            f"data: {json.dumps({'jsonrpc': '2.0', **message})}",
        ]
        await self.raw(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
