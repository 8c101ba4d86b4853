"""An MCP client over HTTP that shows its tests every header and every event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx

from tests.proxy.gateways import ADMIN_KEY

ACCEPT = "application/json, text/event-stream"
MODERN = "2026-07-28"


class Event:
    """One server-sent event: its lines as they came, and the message in it."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.lines = raw.split("\r\n")
        data = "".join(line[5:].strip() for line in self.lines if line.startswith("data:"))
        self.message: dict[str, Any] = json.loads(data) if data else {}

    @property
    def cursor(self) -> str:
        return next((line[3:].strip() for line in self.lines if line.startswith("id:")), "")


def events(text: str) -> list[Event]:
    return [Event(part) for part in text.split("\r\n\r\n") if part]


class HttpClient:
    """Sends messages to one path, in one session or in the stateless era."""

    def __init__(self, url: str, key: str | None = ADMIN_KEY, *, modern: bool = False) -> None:
        self.url = url
        self.headers = {"accept": ACCEPT, "content-type": "application/json"}
        if key is not None:
            self.headers["authorization"] = f"Bearer {key}"
        if modern:
            self.headers["mcp-protocol-version"] = MODERN
        self.modern = modern
        self._http = httpx.Client(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _headers(self, message: dict[str, Any], extra: dict[str, str] | None) -> dict[str, str]:
        mirrored = {}
        if self.modern and "method" in message:
            params = message.get("params", {})
            mirrored = {"mcp-method": message["method"]}
            name = params.get("name", params.get("uri"))
            if name is not None:
                mirrored["mcp-name"] = name
        return {**self.headers, **mirrored, **(extra or {})}

    def _body(self, message: dict[str, Any]) -> bytes:
        if self.modern and "id" in message and "params" in message:
            meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
            params = message["params"]
            message = {**message, "params": {**params, "_meta": {**meta, **params.get("_meta", {})}}}
        return json.dumps({"jsonrpc": "2.0", **message}).encode()

    def post(self, headers: dict[str, str] | None = None, **message: Any) -> httpx.Response:
        return self._http.post(self.url, content=self._body(message), headers=self._headers(message, headers))

    def raw(self, body: bytes, **headers: str) -> httpx.Response:
        return self._http.post(self.url, content=body, headers={**self.headers, **headers})

    def call(
        self, tool: str, key: int | str = 1, headers: dict[str, str] | None = None, **arguments: Any
    ) -> httpx.Response:
        return self.post(headers, id=key, method="tools/call", params={"name": tool, "arguments": arguments})

    @contextmanager
    def open(self, headers: dict[str, str] | None = None, **message: Any) -> Iterator[Iterator[Event]]:
        """Open a stream, by POST of a message or by GET, and give its events as they come."""
        body = self._body(message) if message else None
        with self._http.stream(
            "POST" if message else "GET", self.url, content=body, headers=self._headers(message, headers)
        ) as response:
            assert response.headers.get("content-type") == "text/event-stream", response.read()
            yield _read_events(response)

    def delete(self) -> httpx.Response:
        return self._http.delete(self.url, headers=self.headers)

    def get(self) -> httpx.Response:
        return self._http.get(self.url, headers=self.headers)

    def initialize(self) -> httpx.Response:
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
        response = self.post(id=0, method="initialize", params=params)
        assert response.status_code == 200, response.text
        self.headers |= {"mcp-session-id": response.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        return response


def _read_events(response: httpx.Response) -> Iterator[Event]:
    buffer = ""
    for part in response.iter_text():
        buffer += part
        while "\r\n\r\n" in buffer:
            raw, _, buffer = buffer.partition("\r\n\r\n")
            yield Event(raw)
