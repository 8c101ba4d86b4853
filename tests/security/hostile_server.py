"""An MCP server on stdio that does to its client what its tools are called for. Its argument is a file: every call is noted there when it runs."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

MARKER = "MARKER-of-the-server"
ESCAPES = "\x1b]0;owned\x07[red]\u202eevil"
TOOLS = [
    "act",
    "echo",
    "die",
    "garbage",
    "not_a_number",
    "too_deep",
    "other_id",
    "twice",
    "never",
    "endless_line",
    "flood",
    "ask",
    "tick",
]
LOCK = threading.Lock()


def out(message: Any) -> None:
    text = message if isinstance(message, str) else json.dumps(message)
    with LOCK:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def tick() -> None:
    for number in range(200):
        uri = f"x://tick/{number}"
        out({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}})
        time.sleep(0.1)


def act(key: Any, tool: str, arguments: dict[str, Any]) -> None:
    def say(text: str, to: Any = key) -> None:
        out({"jsonrpc": "2.0", "id": to, "result": {"content": [{"type": "text", "text": text}]}})

    start = f'{{"jsonrpc":"2.0","id":{json.dumps(key)},"result":'
    match tool:
        case "die":
            os._exit(7)
        case "garbage":
            out(MARKER)
            out(start + "{}" + f',"result":{{"x":"{MARKER}"}}}}')
        case "not_a_number":
            out(start + f'{{"x":NaN,"y":"{MARKER}"}}}}')
        case "too_deep":
            out(start + '{"x":' + "[" * 100_000 + "]" * 100_000 + "}}")
        case "other_id":
            say(MARKER, to=99_999)
            say(MARKER, to=str(key))
        case "twice":
            say("first")
            say("second")
        case "never":
            return
        case "endless_line":
            out("x" * (20 << 20))
            say("first")
        case "flood":
            for _ in range(20_000):
                out(MARKER)
            say("first")
        case "ask":
            for number in range(500):
                out({"jsonrpc": "2.0", "id": f"q{number}", "method": "roots/list"})
            say("first")
        case "tick":
            threading.Thread(target=tick, daemon=True).start()
            say("first")
        case _:
            say(str(arguments.get("text", "first")))


def main() -> None:
    noted = Path(sys.argv[1])
    named = sys.argv[2:] == ["escapes"]
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message or "id" not in message:
            continue
        key, method, params = message["id"], message["method"], message.get("params", {})
        if method == "initialize":
            info = {"name": ESCAPES if named else "hostile", "version": "1"}
            result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
            out({"jsonrpc": "2.0", "id": key, "result": result})
        elif method == "tools/list":
            names = [*TOOLS, ESCAPES] if named else TOOLS
            tools = [{"name": name, "description": ESCAPES, "inputSchema": {"type": "object"}} for name in names]
            out({"jsonrpc": "2.0", "id": key, "result": {"tools": tools}})
        elif method == "tools/call":
            with noted.open("a") as file:
                file.write(params["name"] + "\n")
            act(key, params["name"], params.get("arguments", {}))
        else:
            out({"jsonrpc": "2.0", "id": key, "result": {}})


if __name__ == "__main__":
    main()
