"""A program for an interpreter with the gateway and cpex: let the adapter answer the calls that stand on stdin, as ``peer.py`` does.

``python ours.py FOLDER``: the folder with cpex is searched after what this interpreter has.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from typing import Any

from secure_gateway.plugins.cpex.adapter import CpexPlugin
from secure_gateway.plugins.external.codec import decode_payload, encode_payload
from secure_gateway.plugins.framework import GlobalContext, PluginConfig, PluginContext, PluginResult


async def answers(
    kind: str, config: dict[str, Any], calls: list[list[Any]], python: str | None
) -> list[dict[str, Any]]:
    """Return what the adapter says of each call, in the plain values of cpex."""
    plugin = CpexPlugin(PluginConfig(name="p", kind=kind, config=config, python=python))
    offered = plugin.offered_hooks()
    await plugin.initialize()
    said = []
    for hook, fields in calls:
        if hook not in offered:
            raise RuntimeError(f"{kind} does not offer {hook}")
        context = PluginContext(global_context=GlobalContext(request_id="r", user="jane"))
        said.append(plain(await plugin.invoke_hook(hook, decode_payload(hook, fields), context)))
    await plugin.shutdown()
    return said


def plain(result: PluginResult[Any]) -> dict[str, Any]:
    """Return the fields of a result as cpex's own would show them."""
    said = result.model_dump()
    changed = result.modified_payload
    said["modified_payload"] = None if changed is None else _payload(encode_payload(changed))
    return {**said, "metadata": result.metadata or {}}


def _payload(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "name" or "prompt_id" not in fields}


async def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        said = await answers(request["kind"], request["config"], request["calls"], None)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.path.append(sys.argv[1])
    asyncio.run(main())
