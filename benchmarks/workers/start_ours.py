"""From the first line to the first answer: a configuration with one provider of each kind."""

import time

started = time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import secrets  # noqa: E402
import tempfile  # noqa: E402
from pathlib import Path  # noqa: E402

from secure_gateway import load_gateway  # noqa: E402

CONFIG = {
    "plugins": {
        "auth": {"provider": "api_key"},
        "guardrails": {"provider": "keyword", "config": {"words": ["password"]}},
        "telemetry": {"provider": "log", "config": {"path": "~/decisions.log"}},
    },
    "anonymous": {"roles": ["everything"]},
    "roles": {"everything": {"tools": ["*"]}},
    "state": {"url": "memory:"},
    "master_key": "env://BENCH_MASTER_KEY",
}


async def main(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(CONFIG))
    gateway = load_gateway(path, env={"BENCH_MASTER_KEY": secrets.token_hex(32), "HOME": str(folder)})
    answer = await gateway.call("echo", {"message": "hello"}, lambda arguments: arguments["message"])
    assert answer == "hello"
    print(json.dumps({"seconds": time.perf_counter() - started}))
    await gateway.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name)))
