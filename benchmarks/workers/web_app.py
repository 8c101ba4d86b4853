"""One raw ASGI app on two ports: bare, and behind our middleware with key auth, five plugins and telemetry."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import uvicorn

from secure_gateway.bootstrap import load_parts
from secure_gateway.integrations.asgi import SecureGatewayMiddleware
from secure_gateway.plugins.auth.key_ring import KeyGrant, KeyRing
from secure_gateway.plugins.framework import HttpPreRequestResult, Plugin
from secure_gateway.stores.key_file import create_master_key


class Reader(Plugin):
    """Reads a header and lets pass."""

    async def http_pre_request(self, payload: Any, context: Any) -> HttpPreRequestResult:
        assert payload.headers["host"]
        return HttpPreRequestResult()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a small body."""
    if scope["type"] == "lifespan":
        return
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
        }
    )
    await send({"type": "http.response.body", "body": b"hello"})


def _protected(folder: Path) -> tuple[Any, str]:
    create_master_key(folder / "master.key")
    hooks = [{"name": f"reader{n}", "kind": f"{__spec__.name}:Reader", "priority": n} for n in range(5)]
    config = {
        "plugins": {
            "auth": {"provider": "api_key"},
            "telemetry": {"provider": "log", "config": {"path": str(folder / "decisions.log")}},
            "hooks": hooks,
        },
        "roles": {"everything": {"http": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": f"file://{folder}/master.key",
    }
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    parts = load_parts(path)
    _, key = KeyRing(parts.services).create(KeyGrant(user_id="ann", roles=("everything",)))
    return SecureGatewayMiddleware(app, parts.gateway), key


async def main() -> None:
    """Serve both until terminated; tell the ports and the key first."""
    with tempfile.TemporaryDirectory() as name:
        guarded, key = _protected(Path(name))
        servers = {}
        for label, target in (("bare", app), ("ours", guarded)):
            config = uvicorn.Config(target, port=0, log_level="error", access_log=False, lifespan="off")
            servers[label] = uvicorn.Server(config)
        tasks = [asyncio.create_task(server.serve()) for server in servers.values()]
        while not all(server.started for server in servers.values()):  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        ports = {label: server.servers[0].sockets[0].getsockname()[1] for label, server in servers.items()}
        print(json.dumps({**ports, "key": key}), flush=True)
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(main())
