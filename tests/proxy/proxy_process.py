"""The stdio proxy in a process of its own: `python -m tests.proxy.proxy_process RECORDS OPTIONS COMMAND…`.

RECORDS is the file that gets the decision records, OPTIONS a JSON object (`timeout`, `question_timeout`, `refuse_unknown_methods`, `max_bytes`, `uvloop`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import uvloop

from secure_gateway.pipeline.snapshot import Limits
from secure_gateway.proxy.pipes import claimed_stdio
from secure_gateway.proxy.settings import ProxySettings, UpstreamServer
from secure_gateway.proxy.stdio import run_stdio_proxy
from secure_gateway.proxy.wire import WireLimits
from tests.proxy.gateways import FileSink, guarded_gateway


def main() -> int:
    records, options, command = Path(sys.argv[1]), json.loads(sys.argv[2]), tuple(sys.argv[3:])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    with claimed_stdio() as (stdin, stdout):
        print("printed while the gateway was being built")
        os.write(1, b"written to descriptor 1 by a C library\n")
        settings = ProxySettings(
            limits=WireLimits(max_bytes=options.get("max_bytes", 1 << 20), max_depth=50),
            refuse_unknown_methods=options.get("refuse_unknown_methods", False),
            withheld=frozenset({"OUR_JWT_SECRET"}),
        )
        server = UpstreamServer(
            name="scripted", command=command, env={"ADDED": "yes"}, timeout=options.get("timeout", 20)
        )

        async def run() -> int:
            gateway = guarded_gateway(
                FileSink(records), limits=Limits(max_depth=50, question_timeout=options.get("question_timeout", 600))
            )
            return await run_stdio_proxy(gateway, settings, server, stdin=stdin, stdout=stdout, environ=os.environ)

        if options.get("uvloop"):
            return uvloop.run(run())
        return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
