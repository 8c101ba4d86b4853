"""A plugin server over stdio that misbehaves as its arguments say: ``hostile_server.py BEHAVIOUR [FILE]``. Needs nothing installed.

``FILE`` remembers across restarts: each start adds a line, and so does each cancellation that arrives.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

NAME = "Guard"
BEHAVIOUR = sys.argv[1]
NOTES = Path(sys.argv[2]) if len(sys.argv) > 2 else None


def note(text: str) -> int:
    """Remember a line; return how many lines there are with that text."""
    if NOTES is None:
        return 1
    with NOTES.open("a") as file:
        file.write(text + "\n")
    return NOTES.read_text().splitlines().count(text)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def answer(message_id: Any, result: Any) -> None:
    say(json.dumps({"jsonrpc": "2.0", "id": message_id, "result": result}))


def tool(message_id: Any, value: Any) -> None:
    answer(message_id, {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False})


def result(**fields: Any) -> dict[str, Any]:
    return {"plugin_name": NAME, "result": {"continue_processing": True, "metadata": {}, **fields}}


def invoke(message_id: Any, arguments: dict[str, Any], calls: int, replies: int) -> None:
    said = arguments["payload"]
    if BEHAVIOUR == "dies" or (BEHAVIOUR == "dies_once" and note("call") == 1):
        os._exit(3)
    elif BEHAVIOUR == "hangs" or (BEHAVIOUR == "hangs_on_slow" and said["args"].get("slow")):
        return
    elif BEHAVIOUR == "other_id":
        tool(message_id + 1000, result())
        tool(str(message_id), result())
        tool(message_id, result(metadata={"seen": 1}))
    elif BEHAVIOUR == "only_other_id":
        tool(message_id + 1000, result())
    elif BEHAVIOUR == "huge":
        chunk = "x" * 1024 * 1024
        sys.stdout.write(f'{{"jsonrpc":"2.0","id":{message_id},"result":{{"content":[{{"type":"text","text":"')
        for _ in range(100):
            sys.stdout.write(chunk)
        say('"}]}}')
    elif BEHAVIOUR == "invalid_json":
        say("{this is no JSON, but it holds a secret: hunter2")
    elif BEHAVIOUR == "invalid_text":
        answer(message_id, {"content": [{"type": "text", "text": "{hunter2"}]})
    elif BEHAVIOUR == "no_content":
        answer(message_id, {"content": []})
    elif BEHAVIOUR == "is_error":
        answer(message_id, {"content": [{"type": "text", "text": "hunter2"}], "isError": True})
    elif BEHAVIOUR == "rpc_error":
        say(json.dumps({"jsonrpc": "2.0", "id": message_id, "error": {"code": -32000, "message": "hunter2"}}))
    elif BEHAVIOUR == "other_plugin":
        tool(message_id, {**result(), "plugin_name": "Another"})
    elif BEHAVIOUR == "a_list":
        tool(message_id, [result()])
    elif BEHAVIOUR == "wrong_payload":
        tool(message_id, result(modified_payload={"uri": "file:///hunter2"}))
    elif BEHAVIOUR == "other_request":
        tool(message_id, {**result(), "context": {"global_context": {"request_id": "of somebody else"}}})
    elif BEHAVIOUR == "reports_error":
        tool(message_id, {"plugin_name": NAME, "error": {"message": "hunter2", "code": "E_17", "plugin_name": NAME}})
    elif BEHAVIOUR == "denies":
        violation = {"code": "NO", "reason": "not today", "description": "", "details": {}}
        tool(message_id, result(continue_processing=False, violation=violation))
    elif BEHAVIOUR == "counts":
        tool(message_id, result(metadata={"calls": calls}))
    elif BEHAVIOUR == "counts_in_state":
        facts = {"request_id": arguments["context"]["global_context"]["request_id"], "state": {}, "metadata": {}}
        states = {"state": {"calls": calls}, "metadata": {}, "global_context": facts}
        tool(message_id, {**result(metadata={"calls": calls}), "context": states})
    elif BEHAVIOUR == "environment":
        tool(message_id, result(metadata=dict.fromkeys(os.environ, "set")))
    elif BEHAVIOUR == "chats":
        sys.stderr.write("hunter2\n" * 50_000)
        sys.stderr.flush()
        tool(message_id, result())
    elif BEHAVIOUR == "asks_without_end" and calls == 1:
        ping = json.dumps({"jsonrpc": "2.0", "id": "q", "method": "ping"}) + "\n"
        for _ in range(200):
            sys.stdout.write(ping * 100)
        tool(message_id, result())
    elif BEHAVIOUR == "asks_without_end":
        tool(message_id, result(metadata={"replies": replies}))
    elif BEHAVIOUR == "asks_back":
        say(json.dumps({"jsonrpc": "2.0", "id": "q", "method": "ping"}))
        pong = json.loads(sys.stdin.readline())
        say(json.dumps({"jsonrpc": "2.0", "id": "r", "method": "sampling/createMessage", "params": {}}))
        refused = json.loads(sys.stdin.readline())
        tool(message_id, result(metadata={"pong": pong["result"] == {}, "code": refused["error"]["code"]}))
    else:
        tool(message_id, result())


def main() -> None:
    note("start")
    if BEHAVIOUR == "banner":
        say("Welcome to the plugin server!")
    if BEHAVIOUR == "dies_at_start":
        sys.exit(f"no module named guard; the password is {os.environ.get('SECRET', '')}")
    if BEHAVIOUR == "never_starts":
        time.sleep(600)
    calls = 0
    replies = 0
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message:
            replies += 1
            continue
        method, message_id = message["method"], message.get("id")
        if method == "initialize":
            revision = "1999-01-01" if BEHAVIOUR == "old_revision" else message["params"]["protocolVersion"]
            answer(message_id, {"protocolVersion": revision, "capabilities": {"tools": {}}, "serverInfo": {}})
        elif method == "notifications/cancelled":
            note("cancelled")
        elif method == "ping":
            answer(message_id, {})
        elif method == "tools/call":
            name, arguments = message["params"]["name"], message["params"]["arguments"]
            if name == "get_plugin_config":
                mine = arguments["name"] == NAME
                known = {"name": NAME, "hooks": ["tool_pre_invoke"], "version": "2.1", "mode": "permissive"}
                tool(message_id, known if mine else {})
            elif name == "get_plugin_configs":
                answer(message_id, {"content": [], "structuredContent": {"result": [{"name": NAME}]}})
            else:
                calls += 1
                invoke(message_id, arguments, calls, replies)


if __name__ == "__main__":
    main()
