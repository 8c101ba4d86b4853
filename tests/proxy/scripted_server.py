"""An MCP server on stdio, of the standard library only, that behaves as badly as its tools are told to.

`python scripted_server.py [LOG]`: each line that it reads is appended to LOG, so that tests see what really arrived.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

LOG = sys.argv[1] if len(sys.argv) > 1 else ""
LOCK = threading.Lock()
ANSWERS: dict[Any, Any] = {}
ANSWERED = threading.Condition()

TOOLS = [
    {"name": name, "description": f"does {name}", "inputSchema": {"type": "object", "x-kept": 1.50}}
    for name in (
        "echo",
        "ask",
        "elicit",
        "die",
        "garble",
        "hang",
        "slow",
        "flood",
        "env",
        "notify",
        "twice",
        "raw",
        "fail",
    )
] + [
    {"name": "numbers", "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}
]


def write(raw: bytes) -> None:
    with LOCK:
        sys.stdout.buffer.write(raw + b"\n")
        sys.stdout.buffer.flush()


def send(message: dict[str, Any]) -> None:
    write(json.dumps({"jsonrpc": "2.0", **message}).encode())  # with spaces: not how orjson would write it


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}], "isError": False}


def ask(method: str, params: dict[str, Any], key: str = "s-1") -> Any:
    send({"id": key, "method": method, "params": params})
    with ANSWERED:
        ANSWERED.wait_for(lambda: key in ANSWERS)
        return ANSWERS.pop(key)


def call(message: dict[str, Any]) -> None:
    arguments, number = message["params"].get("arguments") or {}, message["id"]
    match message["params"]["name"]:
        case "echo":
            send({"id": number, "result": text(json.dumps(arguments))})
        case "ask":
            answer = ask(
                "sampling/createMessage",
                {
                    "messages": [{"role": "user", "content": {"type": "text", "text": arguments["text"]}}],
                    "maxTokens": 9,
                },
            )
            send({"id": number, "result": text(json.dumps(answer))})
        case "elicit":
            answer = ask(
                "elicitation/create",
                {"message": arguments["text"], "requestedSchema": {"type": "object", "properties": {}}},
            )
            send({"id": number, "result": text(json.dumps(answer))})
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "garble":
            write(arguments["line"].encode("latin-1"))
        case "raw":
            write(arguments["line"].replace("$ID", json.dumps(number)).encode())
        case "hang":
            return
        case "slow":
            time.sleep(arguments["seconds"])
            send({"id": number, "result": text("late")})
        case "flood":
            for index in range(arguments["count"]):
                send(
                    {
                        "method": "notifications/message",
                        "params": {"level": "info", "data": f"{index} " + "x" * arguments["size"]},
                    }
                )
            send({"id": number, "result": text("flooded")})
        case "env":
            send({"id": number, "result": text(json.dumps(dict(os.environ)))})
        case "notify":
            send(
                {
                    "method": "notifications/progress",
                    "params": {"progressToken": message["params"]["_meta"]["progressToken"], "progress": 1},
                }
            )
            send({"method": "notifications/message", "params": {"level": "info", "data": arguments["text"]}})
            send({"id": number, "result": text("done")})
        case "twice":
            send({"id": number, "result": text("first")})
            send({"id": number, "result": text("second")})
            send({"id": 987654, "result": text("to nobody")})
        case "fail":
            send(
                {
                    "id": number,
                    "error": {"code": -32050, "message": arguments["text"], "data": {"more": arguments["text"]}},
                }
            )
        case other:
            send({"id": number, "error": {"code": -32602, "message": f"no tool {other}"}})


def handle(message: dict[str, Any]) -> None:
    match message.get("method"):
        case None:
            with ANSWERED:
                ANSWERS[message["id"]] = message.get("result", message.get("error"))
                ANSWERED.notify_all()
        case "initialize":
            version = message["params"]["protocolVersion"]
            info = {"name": "scripted", "version": "1"}
            send(
                {
                    "id": message["id"],
                    "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info},
                }
            )
        case "tools/list":
            send({"id": message["id"], "result": {"tools": TOOLS, "ttlMs": 1000, "cacheScope": "public"}})
        case "tools/call":
            call(message)
        case "prompts/get" | "resources/read" | "completion/complete" | "future/method":
            send({"id": message["id"], "result": {"seen": message["params"]}})
        case _ if "id" in message:
            send({"id": message["id"], "result": {}})


def main() -> None:
    for line in sys.stdin.buffer:
        if LOG:
            with Path(LOG).open("ab") as log:
                log.write(line)
        message = json.loads(line)
        threading.Thread(target=handle, args=(message,), daemon=True).start()


if __name__ == "__main__":
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    main()
    while os.environ.get("STUBBORN"):
        time.sleep(1)
