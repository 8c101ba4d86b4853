"""Plugins that behave and misbehave, importable by the processes that run them."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from secure_gateway.plugins.framework import (
    HttpHeaderPayload,
    Plugin,
    PluginConfig,
    PluginViolation,
    ToolPostInvokePayload,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)

LET_GO = "LET_GO"


class Obedient(Plugin):
    """Does what the argument ``act`` of the call says."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        self._started = False

    async def initialize(self) -> None:
        self._started = True

    async def shutdown(self) -> None:
        if mark := self.config.config.get("shutdown_mark"):
            Path(mark).write_text("shut down")

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        act = payload.args.get("act", "pass")
        context.state["seen"] = context.state.get("seen", 0) + 1
        outcome = getattr(self, f"_{act}")(payload, context)
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        return outcome if outcome is not None else ToolPreInvokeResult()

    async def tool_post_invoke(self, payload: ToolPostInvokePayload, context: Any) -> ToolPostInvokeResult:
        told = {"result": payload.result, "seen": context.state["seen"], "state": context.state, "pid": os.getpid()}
        return ToolPostInvokeResult(modified_payload=payload.model_copy(update={"result": told}))

    def _pass(self, payload: Any, context: Any) -> None:
        pass

    def _keep(self, payload: Any, context: Any) -> None:
        context.state["kept"] = payload.args["value"]
        context.global_context.state["shared"] = payload.args["value"]

    def _echo(self, payload: Any, context: Any) -> Any:
        payload.args["echoed"] = payload.args["value"]
        return ToolPreInvokeResult(modified_payload=payload)

    def _tell(self, payload: Any, context: Any) -> Any:
        facts = context.global_context
        payload.args["told"] = {
            "user": facts.user,
            "subject": facts.principal.subject,
            "roles": list(facts.principal.roles),
            "kind": type(facts.principal).__name__,
            "started": self._started,
            "environ": sorted(os.environ),
            "descriptors": sorted(_descriptors().values()),
            "headers": type(payload.headers).__name__,
        }
        return ToolPreInvokeResult(modified_payload=payload, metadata={"ran_in": os.getpid()})

    def _refuse(self, payload: Any, context: Any) -> Any:
        violation = PluginViolation(code="NO", reason="it says no", details={"odd": {1, 2}})
        return ToolPreInvokeResult(continue_processing=False, violation=violation)

    def _header(self, payload: Any, context: Any) -> Any:
        payload.headers = HttpHeaderPayload({"X-Added": "1"})
        return ToolPreInvokeResult(modified_payload=payload)

    def _die(self, payload: Any, context: Any) -> None:
        os._exit(3)

    def _segfault(self, payload: Any, context: Any) -> None:
        ctypes.string_at(0)

    def _kill(self, payload: Any, context: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _exit(self, payload: Any, context: Any) -> None:
        sys.exit(4)

    def _interrupt(self, payload: Any, context: Any) -> None:
        raise KeyboardInterrupt

    def _raise(self, payload: Any, context: Any) -> None:
        raise ValueError(payload.args["value"])

    def _nothing(self, payload: Any, context: Any) -> Any:
        return 7

    def _wrong(self, payload: Any, context: Any) -> Any:
        return ToolPostInvokeResult()

    def _odd_state(self, payload: Any, context: Any) -> None:
        context.state["odd"] = {1, 2}

    def _garbage(self, payload: Any, context: Any) -> None:
        os.write(_connection(), b"\0\0\0\5hello")
        time.sleep(60)

    def _giant(self, payload: Any, context: Any) -> None:
        os.write(_connection(), b"\xff\xff\xff\xff" + b"x" * 1000)
        time.sleep(60)

    def _half(self, payload: Any, context: Any) -> None:
        os.write(_connection(), b"\0\0\xff\xffabc")
        os._exit(0)

    def _print(self, payload: Any, context: Any) -> None:
        print("noise on stdout")
        os.write(1, b"noise on descriptor 1\n")
        self.logger.warning("a line\nof the plugin")

    def _sleep(self, payload: Any, context: Any) -> None:
        time.sleep(payload.args.get("seconds", 60))

    def _compute(self, payload: Any, context: Any) -> None:
        while True:
            pass

    def _regex(self, payload: Any, context: Any) -> None:
        re.match(r"(a|a)*b", "a" * 60)

    def _deadlock(self, payload: Any, context: Any) -> None:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    async def _wait(self, payload: Any, context: Any) -> None:
        await asyncio.sleep(payload.args.get("seconds", 60))

    async def _swallow(self, payload: Any, context: Any) -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    async def _outlive(self, payload: Any, context: Any) -> None:
        self._task = asyncio.create_task(asyncio.sleep(60))

    def _fork(self, payload: Any, context: Any) -> Any:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        payload.args["grandchild"] = child.pid
        return ToolPreInvokeResult(modified_payload=payload)

    def _eat(self, payload: Any, context: Any) -> None:
        bytearray(1 << 40)


def _descriptors() -> dict[int, str]:
    """Return what each descriptor of this process leads to."""
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found[int(entry.name)] = str(entry.readlink())
    return found


def _connection() -> int:
    """Return the descriptor of this process's connection to the gateway: the first socket that it has."""
    return min(number for number, target in _descriptors().items() if target.startswith("socket:"))


class SlowToLoad(Plugin):
    """Its process dies while it is loaded."""

    def __init__(self, config: PluginConfig) -> None:
        super().__init__(config)
        os._exit(9)

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()


class BlocksOnce(Plugin):
    """Blocks the loop of the gateway's own process, and is quick in any other."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        if os.getpid() == self.config.config["gateway"]:
            self._block(payload.args.get("act", "sleep"))
        payload.args["pid"] = os.getpid()
        return ToolPreInvokeResult(modified_payload=payload)

    def _block(self, how: str) -> None:
        if how == "sleep":
            time.sleep(0.8)
        elif how == "compute":
            end = time.monotonic() + 0.8
            while time.monotonic() < end:
                pass
        elif how == "regex":
            end = time.monotonic() + 0.8  # how long one such search takes depends on the machine
            while time.monotonic() < end:
                re.match(r"(a|a)*b", "a" * 20)
        elif how == "raise":
            time.sleep(0.8)
            raise ValueError
        elif how == "lock":
            lock = threading.Lock()
            lock.acquire()
            threading.Timer(1.5, lock.release).start()
            lock.acquire()


class Unsteady(Plugin):
    """Cannot be initialized a second time, and not be shut down; both would tell a secret."""

    async def initialize(self) -> None:
        mark = Path(self.config.config["mark"])
        if mark.exists():
            raise ValueError("hunter2")
        mark.touch()

    async def shutdown(self) -> None:
        raise ValueError("hunter2")

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        if payload.args.get("act") == "die":
            os._exit(1)
        return ToolPreInvokeResult()


class Liar(Plugin):
    """Writes frames of its own in place of the answer."""

    async def tool_pre_invoke(self, payload: Any, context: Any) -> ToolPreInvokeResult:
        message = payload.args["message"]
        data = bytes.fromhex(message)
        os.write(_connection(), len(data).to_bytes(4, "big") + data)
        await asyncio.sleep(60)
        return ToolPreInvokeResult()
