"""A program for an interpreter with cpex: let its own manager answer the calls that stand on stdin, one JSON line each way."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any


async def answers(kind: str, config: dict[str, Any], calls: list[list[Any]]) -> list[dict[str, Any]]:
    """Return what cpex's manager says of each call, in plain values."""
    cpex = import_module("cpex.framework")
    registry = import_module("cpex.framework.hooks.registry").get_hook_registry()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plugins.yaml"  # JSON is YAML
        hooks = sorted({hook for hook, _ in calls})
        plugin = {"name": "p", "kind": kind, "hooks": hooks, "mode": "sequential", "config": config}
        path.write_text(json.dumps({"plugins": [plugin]}))
        cpex.PluginManager.reset()
        manager = cpex.PluginManager(str(path))
        await manager.initialize()
    if manager.plugin_count != 1:
        raise RuntimeError(f"{kind} was not loaded")
    said = []
    for hook, fields in calls:
        payload = registry.get_payload_type(hook).model_validate(fields)
        result, _ = await manager.invoke_hook(hook, payload, cpex.GlobalContext(request_id="r", user="jane"))
        said.append(plain(result))
    await manager.shutdown()
    return said


def plain(result: Any) -> dict[str, Any]:
    """Return the fields of a result that a plugin sets."""
    changed, violation = result.modified_payload, result.violation
    return {
        "continue_processing": result.continue_processing,
        "modified_payload": None if changed is None else changed.model_dump(),
        "violation": None if violation is None else {**violation.model_dump(), "plugin_name": violation.plugin_name},
        "metadata": result.metadata or {},
    }


async def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        said = await answers(request["kind"], request["config"], request["calls"])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(main())
