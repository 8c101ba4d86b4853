"""A plugin server over streamable HTTP that misbehaves as its ``behaviour`` says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from typing import Any

NAME = "Guard"


class HostileHttp:
    """Runs in a thread, one connection for each request. ``seen`` holds method, headers and message of every request."""

    def __init__(self, behaviour: str = "works", tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.calls = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> str:
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls), self._loop
        )
        self._server = opening.result(10)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{port}/mcp"

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def methods(self) -> list[str]:
        return [message.get("method", "") for _, _, message in self.seen]

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)  # what was closed is told of in the next rounds of the loop

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            message = json.loads(body) if body else {}
            self.seen.append((head[0].split()[0], headers, message))
            await self._answer(message, headers, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, message: dict[str, Any], headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        method, message_id = message.get("method", ""), message.get("id")
        if "id" not in message:
            _send(writer, "202 Accepted", b"")
        elif method == "initialize":
            found = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {}, "serverInfo": {}}
            session = f"session-{self.methods().count('initialize')}"
            _send(writer, "200 OK", _response(message_id, found), {"mcp-session-id": session})
        elif method == "ping":
            _send(writer, "200 OK", _response(message_id, {}))
        elif message["params"]["name"] == "get_plugin_config":
            _send(writer, "200 OK", _response(message_id, _tool({"name": NAME, "hooks": ["tool_pre_invoke"]})))
        else:
            self.calls += 1
            await self._invoke(message_id, headers, writer)

    async def _invoke(self, message_id: Any, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        good = _response(message_id, _tool({"plugin_name": NAME, "result": {"continue_processing": True}}))
        wrong_id = _response(message_id + 1, _tool({"plugin_name": NAME, "result": {}}))
        event = {"content-type": "text/event-stream"}
        match self.behaviour:
            case "redirect":
                _send(writer, "307 Temporary Redirect", b"", {"location": "http://127.0.0.1:9/mcp"})
            case "status_500":
                _send(writer, "500 Internal Server Error", b"hunter2", {"content-type": "text/plain"})
            case "status_401":
                _send(writer, "401 Unauthorized", b"", {"www-authenticate": "Bearer"})
            case "forgets" if headers.get("mcp-session-id") == "session-1":
                _send(writer, "404 Not Found", b"")
            case "breaks_off":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{")
            case "drops":
                writer.close()
            case "hangs":
                await asyncio.sleep(600)
            case "other_id":
                _send(writer, "200 OK", wrong_id)
            case "invalid_json":
                _send(writer, "200 OK", b"{hunter2")
            case "html":
                _send(writer, "200 OK", b"<html>hunter2", {"content-type": "text/html"})
            case "compressed":
                _send(writer, "200 OK", good, {"content-encoding": "gzip"})
            case "announces_huge":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(600)
            case "sends_huge" | "streams_huge":
                kind = b"application/json" if self.behaviour == "sends_huge" else b"text/event-stream"
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: " + kind + b"\r\n\r\ndata: ")
                for _ in range(100):
                    writer.write(b"x" * 1024 * 1024)
                    await writer.drain()
            case "event":
                lines = b"".join(
                    b"data: " + each + b"\n\n" for each in (wrong_id, b'{"jsonrpc":"2.0","method":"x"}', good)
                )
                _send(writer, "200 OK", b": hello\n\n" + lines, event)
            case "asks_without_end":
                asked = b'data: {"jsonrpc":"2.0","id":"q","method":"ping"}\n\n' * 2_000
                _send(writer, "200 OK", asked + b"data: " + good + b"\n\n", event)
            case "event_without_answer":
                _send(writer, "200 OK", b": hello\n\n", event)
            case "event_invalid":
                _send(writer, "200 OK", b"data: {hunter2\n\n", event)
            case _:
                _send(writer, "200 OK", good)


def _tool(value: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False}


def _response(message_id: Any, result: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "result": result}).encode()


def _send(writer: asyncio.StreamWriter, status: str, body: bytes, headers: dict[str, str] | None = None) -> None:
    lines = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
