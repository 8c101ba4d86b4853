"""A small MCP server on stdio. Its first argument is how it behaves: `good`, `hostile`, `silent`, `dies`, `stateless`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

BEHAVIOUR = sys.argv[1] if len(sys.argv) > 1 else "good"
HOSTILE = "\x1b]0;owned\x07[red]\u202eevil[/red]"
INTEGER = {"type": "integer"}
TOOLS = [
    {"name": "echo", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}},
    {
        "name": "add",
        "inputSchema": {"type": "object", "properties": {"a": INTEGER, "b": INTEGER}, "required": ["a", "b"]},
    },
    {"name": "fail", "inputSchema": {"type": "object"}},
    {"name": "environment", "inputSchema": {"type": "object"}},
]


def text_of(name: str, arguments: dict[str, Any]) -> str:
    if BEHAVIOUR == "hostile":
        return HOSTILE
    if name == "add":
        return str(arguments["a"] + arguments["b"])
    if name == "environment":
        return json.dumps(dict(os.environ))
    return str(arguments.get("text", ""))


def answer(message: dict[str, Any]) -> dict[str, Any]:
    method, params = message["method"], message.get("params", {})
    if method == "initialize" and BEHAVIOUR == "stateless":
        return {"error": {"code": -32601, "message": "Method not found"}}
    if method == "initialize":
        info = {"name": HOSTILE if BEHAVIOUR == "hostile" else "small", "version": "1.0"}
        return {
            "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
        }
    if method == "tools/list":
        return {
            "result": {"tools": [{**tool, "name": HOSTILE} for tool in TOOLS[:1]] if BEHAVIOUR == "hostile" else TOOLS}
        }
    if method == "tools/call":
        content = [{"type": "text", "text": text_of(params["name"], params.get("arguments", {}))}]
        return {"result": {"content": content, "isError": params["name"] == "fail"}}
    return {"error": {"code": -32601, "message": "Method not found"}}


def main() -> None:
    if BEHAVIOUR == "dies":
        sys.exit(3)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and BEHAVIOUR != "silent":
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer(message)}), flush=True)


if __name__ == "__main__":
    main()
