"""The HTTP door in a process of its own: `python -m tests.proxy.gateway_process OPTIONS` prints its address.

OPTIONS is a JSON object: `servers` (name to `url` or `command`, and more), `anonymous` (everybody may do everything), `records` (a file),
`timeout`, `port`, `allowed_hosts`, `allowed_origins`, `cert`, `key`, `uvloop`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

import uvloop

from secure_gateway.gateway import Gateway
from secure_gateway.pipeline.snapshot import Limits
from secure_gateway.proxy.serve import Listener, serve
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.wire import WireLimits
from secure_gateway.testing.gateways import MemorySink, gateway_for
from tests.proxy.gateways import FileSink, guarded_gateway


def _gateway(options: dict[str, Any]) -> Gateway:
    limits = Limits(upstream_timeout=options.get("timeout", 20))
    if options.get("anonymous"):
        return gateway_for(limits=limits)
    sink = FileSink(Path(options["records"])) if "records" in options else MemorySink()
    return guarded_gateway(sink, limits=limits)


def _settings(options: dict[str, Any]) -> ProxySettings:
    return ProxySettings(
        servers={
            name: UpstreamServer(name=name, **{**server, "command": tuple(server.get("command", ()))})
            for name, server in options["servers"].items()
        },
        limits=WireLimits(max_bytes=options.get("max_bytes", 1 << 20)),
        allowed_hosts=frozenset(options.get("allowed_hosts", ())),
        allowed_origins=frozenset(options.get("allowed_origins", ())),
    )


async def _run(options: dict[str, Any]) -> None:
    listener = Listener(port=options.get("port", 0), cert=options.get("cert"), key=options.get("key"))
    await serve(_gateway(options), _settings(options), listener, on_ready=lambda address: print(address, flush=True))


def main() -> None:
    options = json.loads(sys.argv[1])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    if options.get("uvloop"):
        uvloop.run(_run(options))
    else:
        asyncio.run(_run(options))


if __name__ == "__main__":
    main()
