"""What the HTTP door turns away before the gateway sees a message is recorded like everything else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from secure_gateway.proxy.http import create_app
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.testing.gateways import MemorySink, gateway_for

JSON = {"content-type": "application/json"}
HELLO = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


@pytest.mark.parametrize(
    ("request_parts", "status", "code"),
    [
        ({"method": "POST", "url": "/servers/none/mcp", "headers": JSON, "content": HELLO}, 404, "invalid_request"),
        (
            {"method": "POST", "url": "/servers/s/mcp", "headers": {**JSON, "host": "evil.example"}},
            421,
            "invalid_request",
        ),
        (
            {"method": "POST", "url": "/servers/s/mcp", "headers": {**JSON, "origin": "https://evil.example"}},
            403,
            "forbidden",
        ),
        ({"method": "POST", "url": "/servers/s/mcp", "headers": JSON, "content": b"x" * 200_000_000}, 413, "too_large"),
        (
            {"method": "POST", "url": "/servers/s/mcp", "headers": {"content-type": "text/plain"}},
            415,
            "invalid_request",
        ),
        (
            {"method": "DELETE", "url": "/servers/s/mcp", "headers": {"mcp-session-id": "not-ours"}},
            404,
            "invalid_request",
        ),
        ({"method": "GET", "url": "/servers/s/mcp", "headers": {"mcp-session-id": "not-ours"}}, 404, "invalid_request"),
    ],
    ids=["unknown server", "host", "origin", "too large", "not JSON", "foreign session ended", "foreign session read"],
)
async def test_a_request_that_is_turned_away_at_the_door_leaves_a_record(
    request_parts: dict[str, Any], status: int, code: str
) -> None:
    sink = MemorySink()
    servers = {"s": UpstreamServer(name="s", command=("never-started",))}
    app = create_app(gateway_for(sinks=[sink]), ProxySettings(servers=servers), {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as http:
        answer = await http.request(**request_parts)
    assert answer.status_code == status
    assert (sink.last.outcome, sink.last.code) == ("denied", code)
