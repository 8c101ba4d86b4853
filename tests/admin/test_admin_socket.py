"""The admin socket: whom it answers, where it stands, and that nobody at it can hold up the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from secure_gateway.admin.client import NotReachedError, ask
from secure_gateway.admin.commands import Commands, Question
from secure_gateway.admin.peers import Peer, peer_of
from secure_gateway.admin.places import open_socket, places
from secure_gateway.admin.server import MAX_LINE, MOST_CLIENTS, MOST_QUESTIONS, AdminSocket
from secure_gateway.errors import ConfigError, PluginControlError
from secure_gateway.gateway import Gateway
from secure_gateway.plugins.framework import Plugin, PluginContext, ToolPreInvokePayload
from secure_gateway.plugins.framework.plugin import PluginConfig
from secure_gateway.plugins.framework.results import ToolPreInvokeResult
from secure_gateway.testing.gateways import MemorySink, gateway_for


class Idle(Plugin):
    """Does nothing."""

    async def tool_pre_invoke(self, payload: ToolPreInvokePayload, context: PluginContext) -> ToolPreInvokeResult:
        return ToolPreInvokeResult()


class Outcome(NamedTuple):
    """How a reload went."""

    done: bool
    said: str


class Open:
    """A gateway with an open admin socket."""

    def __init__(self, folder: Path) -> None:
        self.sink = MemorySink()
        self.gateway: Gateway = gateway_for([Idle(PluginConfig(name="p"))], sinks=[self.sink])
        self.outcome = Outcome(done=True, said="reloaded")
        self.reasons: list[str] = []
        self.admin = AdminSocket(Commands(self.gateway, "test", self.reload), folder, patience=0.5)

    async def reload(self, reason: str) -> Outcome:
        self.reasons.append(reason)
        return self.outcome

    @property
    def path(self) -> Path:
        assert self.admin.path is not None
        return self.admin.path

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(str(self.path))

    async def say(self, line: bytes) -> Any:
        reader, writer = await self.connect()
        writer.write(line)
        answer = await reader.readline()
        writer.close()
        return json.loads(answer) if answer else None

    async def ask(self, **fields: str) -> Any:
        return await asyncio.to_thread(ask, self.path, Question(**fields))


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    made = Open(tmp_path)
    async with made.admin:
        yield made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


async def test_only_its_owner_may_reach_it_and_it_is_gone_afterwards(tmp_path: Path) -> None:
    made = Open(tmp_path)
    async with made.admin:
        path = made.path
        assert path == tmp_path / "run" / f"{os.getpid()}.sock"
        assert _mode(path) == 0o600
        assert _mode(path.parent) == 0o700
    assert not list(path.parent.iterdir())
    with pytest.raises(NotReachedError):
        await asyncio.to_thread(ask, path, Question(command="status"))


async def test_a_folder_that_others_may_enter_is_closed_to_them_and_one_they_may_write_to_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    async with Open(tmp_path).admin:
        assert _mode(folder) == 0o700
    folder.chmod(0o777)
    with pytest.raises(ConfigError):
        await Open(tmp_path).admin.__aenter__()


@pytest.mark.parametrize(("uid", "trusted"), [(0, True), (os.geteuid(), True), (os.geteuid() + 1, False), (-1, False)])
def test_its_owner_and_root_are_trusted_and_nobody_else(uid: int, trusted: bool) -> None:
    assert Peer(1, uid).is_trusted is trusted


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert peer_of(here.fileno()) == (os.getpid(), os.geteuid())
    assert struct.calcsize("3i") == 12


_ASK_AS_NOBODY = """
import contextlib, os, socket, sys
os.setgid(65534)
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as client:
    client.connect(sys.argv[1])
    with contextlib.suppress(BrokenPipeError):
        client.sendall(b'{"command": "disable", "name": "p"}\\n' * 3)
    print(client.makefile().readline())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
async def test_another_user_who_gets_as_far_as_the_socket_is_turned_away_unheard(opened: Open) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        # A door of the same kind in a folder that everybody may enter: the folder of ours keeps them out before that.
        door.bind("\0admin-door-of-a-test-" + os.urandom(8).hex())
        door.listen()
        asking = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _ASK_AS_NOBODY.replace("sys.argv[1]", f"{door.getsockname().decode()!r}"),
            stdout=asyncio.subprocess.PIPE,
        )
        door.setblocking(False)
        accepting = asyncio.create_task(opened.admin._accept(door))
        said, _ = await asking.communicate()
        accepting.cancel()
    assert json.loads(said)["error"] == "only user 0 and root may ask"
    assert opened.gateway.plugins.show("p").state == "running"


async def test_questions_are_answered_and_changes_are_recorded_with_who_asked(opened: Open) -> None:
    assert [plugin["name"] for plugin in await opened.ask(command="list")] == ["p"]
    changed = await opened.ask(command="set-mode", name="p", mode="permissive", tool="a*")
    assert changed["overrides"][0]["tool"] == "a*"
    assert (await opened.ask(command="disable", name="p"))["state"] == "disabled"
    assert (await opened.ask(command="status"))["changed"] == ["p"]
    assert (await opened.ask(command="enable", name="p"))["state"] == "running"
    assert (await opened.ask(command="reset", name="p"))["overrides"] == []
    assert (await opened.ask(command="show", name="p"))["mode"] == "enforce"
    uid = f"uid {os.geteuid()}: "
    assert len(opened.sink.records) == 4
    assert all(record.steps[0].reason.startswith(uid) for record in opened.sink.records)


async def test_a_reload_says_who_asked_and_why_it_failed(opened: Open) -> None:
    assert (await opened.ask(command="reload"))["said"] == "reloaded"
    assert opened.reasons == [f"uid {os.geteuid()} asked for it"]
    opened.outcome = Outcome(done=False, said="nothing was changed: $.roles")
    with pytest.raises(PluginControlError, match=r"nothing was changed: \$\.roles"):
        await opened.ask(command="reload")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"\n", "this is no question"),
        (b"{}\n", "this is no question"),
        (b"[1]\n", "this is no question"),
        (b"\xff\xfe\x00\n", "this is no question"),
        (b'{"command": 1}\n', "this is no question"),
        (b'{"command": "list", "extra": 1}\n', "this is no question"),
        (b"[" * 10_000 + b"\n", "this is no question"),
        (b'{"command": "lits"}\n', "did you mean 'list'?"),
        (b'{"command": "quit"}\n', "there are list, show"),
        (b'{"command": "\\u001b[2J"}\n', r"'\x1b[2J'"),
        (b'{"command": "list", "name": "p"}\n', "list with name; it takes nothing"),
        (b'{"command": "show"}\n', "show without name; it takes name"),
        (b'{"command": "set-mode", "name": "p"}\n', "without mode"),
        (b'{"command": "set-mode", "name": "p", "mode": "off"}\n', "no mode is called 'off'"),
        (b'{"command": "disable", "name": "\\u202ep\\n"}\n', r"'\u202ep\n'"),
        (b"x" * (4 * MAX_LINE) + b"\n", "longer than"),
    ],
)
async def test_what_is_no_question_changes_nothing_and_is_told_why(opened: Open, line: bytes, said: str) -> None:
    before = opened.gateway.snapshot
    answer = await opened.say(line)
    assert answer["ok"] is False
    assert said in answer["error"]
    assert opened.gateway.snapshot is before
    assert (await opened.ask(command="list"))[0]["name"] == "p"


async def test_half_a_question_is_none(opened: Open) -> None:
    reader, writer = await opened.connect()
    writer.write(b'{"command": "disable", "name": "p"}')
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert opened.gateway.plugins.show("p").state == "running"


async def test_who_says_nothing_or_reads_nothing_is_let_go(opened: Open) -> None:
    silent, writer = await opened.connect()
    assert await silent.read() == b""
    writer.close()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.connect(str(opened.path))
        deaf.setblocking(False)
        try:
            while True:
                deaf.send(b'{"command": "list"}\n' * 100)
                await asyncio.sleep(0.01)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        assert (await opened.ask(command="status"))["plugins"] == 1


async def test_a_hundred_connections_get_an_answer_each_and_leave_the_gateway_as_it_was(opened: Open) -> None:
    held = [await opened.connect() for _ in range(100)]
    turned_away = 0
    for reader, _writer in held:
        line = await reader.readline()
        turned_away += b"try again" in line
    assert turned_away >= 100 - 2 * MOST_CLIENTS
    for _reader, writer in held:
        writer.close()
    assert await opened.gateway.call("tool", {}, lambda _: "done") == "done"
    assert (await opened.ask(command="status"))["plugins"] == 1


async def test_who_is_turned_away_is_told_why_and_does_not_think_that_no_gateway_runs(tmp_path: Path) -> None:
    made = Open(tmp_path)
    made.admin = AdminSocket(Commands(made.gateway, "test"), tmp_path, patience=60)
    async with made.admin:
        with contextlib.ExitStack() as held:
            for _ in range(MOST_CLIENTS):
                held.enter_context(socket.socket(socket.AF_UNIX)).connect(str(made.path))
            for _ in range(100):
                with pytest.raises(PluginControlError, match="try again"):
                    await made.ask(command="status")


async def test_a_connection_may_ask_often_but_not_for_ever(opened: Open) -> None:
    reader, writer = await opened.connect()
    answers = 0
    writer.write(b'{"command": "status"}\n' * (MOST_QUESTIONS + 50))
    while await reader.readline():
        answers += 1
    writer.close()
    assert answers == MOST_QUESTIONS


async def test_two_changes_at_once_are_both_made(opened: Open) -> None:
    scopes = [f"tool_{number}" for number in range(5)]
    await asyncio.gather(*(opened.ask(command="set-mode", name="p", mode="disabled", tool=tool) for tool in scopes))
    assert {override.tool for override in opened.gateway.plugins.show("p").overrides} == set(scopes)


async def test_closing_does_not_wait_for_clients(tmp_path: Path) -> None:
    made = Open(tmp_path)
    async with made.admin:
        reader, writer = await made.connect()
        await asyncio.sleep(0)
    assert await reader.read() == b""
    writer.close()


async def test_sockets_of_dead_processes_are_removed_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    for name in ("123.sock", f"{os.getpid()}.sock"):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / name))
    (folder / "4.sock").write_text("no socket")
    alive, path = open_socket(folder)
    with alive:
        async with Open(tmp_path).admin as second:
            assert path.name == f"{os.getpid()}.sock"
            assert second.path == folder / f"{os.getpid()}-1.sock"
            assert {place.path.name for place in places(folder)} == {path.name, second.path.name, "4.sock"}
            assert {place.pid for place in places(folder)} == {os.getpid(), 4}


async def test_a_folder_that_is_too_deep_for_a_socket_address_has_one_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True, mode=0o700)
    made = Open(deep)
    async with made.admin:
        assert len(os.fsencode(made.path)) > 108
        assert [plugin["name"] for plugin in await made.ask(command="list")] == ["p"]


async def test_a_server_that_answers_nonsense_or_too_slowly_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    listening, path = open_socket(folder)
    with listening:
        with pytest.raises(NotReachedError):
            await asyncio.to_thread(ask, path, Question(command="list"), 0.1)
        accepted = asyncio.get_running_loop().create_task(_answer(listening, b'{"ok": "yes"}\n'))
        with pytest.raises(NotReachedError):
            await asyncio.to_thread(ask, path, Question(command="list"), 5.0)
        await accepted


async def _answer(listening: socket.socket, line: bytes) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(2):  # the first has gone already
        client, _ = await loop.sock_accept(listening)
        with client:
            try:
                await loop.sock_sendall(client, line)
            except OSError:
                continue
