"""The HTTP door in a process of its own: `python -m tests.proxy.gateway_process OPTIONS` prints its address.

OPTIONS is a JSON object: `servers` (name to `url` or `command`, and more), `anonymous` (everybody may do everything), `records` (a file),
`timeout`, `question_timeout`, `max_bytes`, `body_seconds`, `allowed_hosts`, `allowed_origins`, `host`, `port`, `cert`, `key`, `head_seconds`, `uvloop`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
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
    limits = Limits(upstream_timeout=options.get("timeout", 20), question_timeout=options.get("question_timeout", 600))
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
        body_seconds=options.get("body_seconds", 30.0),
        allowed_hosts=frozenset(options.get("allowed_hosts", ())),
        allowed_origins=frozenset(options.get("allowed_origins", ())),
    )


async def run(options: dict[str, Any], on_ready: Callable[[str], None]) -> None:
    """Serve as `options` say."""
    given = {name: options[name] for name in ("host", "cert", "key", "head_seconds") if name in options}
    listener = Listener(port=options.get("port", 0), **given)
    await serve(_gateway(options), _settings(options), listener, on_ready=on_ready)


def _say(address: str) -> None:
    print(address, flush=True)


def main() -> None:
    options = json.loads(sys.argv[1])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    if options.get("uvloop"):
        uvloop.run(run(options, _say))
    else:
        asyncio.run(run(options, _say))


if __name__ == "__main__":
    main()
