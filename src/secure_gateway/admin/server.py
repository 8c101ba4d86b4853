"""The admin socket of a gateway that runs. It answers its owner and root; whoever is slow, silent or long-winded there waits alone."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from secure_gateway.admin.commands import Answer, Commands
from secure_gateway.admin.peers import Peer, peer_of
from secure_gateway.admin.places import FOLDER, open_socket
from secure_gateway.errors import GatewayError

MAX_LINE: Final = 16 * 1024
"""Bytes of a question."""
MOST_CLIENTS: Final = 8
"""How many may be connected at the same time."""
MOST_QUESTIONS: Final = 100
"""How many may be asked in one connection."""
PATIENCE_SECONDS: Final = 10.0
"""How long a client may take to send a question, and to read the answer."""

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class AdminSocket:
    """An async context manager: inside, ``FOLDER/PID.sock`` below ``folder`` answers. Raises ``GatewayError`` where it cannot be opened."""

    def __init__(self, commands: Commands, folder: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._commands = commands
        self._folder = folder / FOLDER
        self._patience = patience
        self._clients: set[asyncio.Task[None]] = set()
        self._path: Path | None = None
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None

    @property
    def path(self) -> Path | None:
        """Where it answers; None while it is closed."""
        return self._path

    async def __aenter__(self) -> Self:
        listening, self._path = await asyncio.to_thread(open_socket, self._folder)
        self._socket = listening
        self._accepting = asyncio.get_running_loop().create_task(self._accept(listening))
        return self

    async def __aexit__(self, *_: object) -> None:
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)
        tasks = [task for task in (self._accepting, *self._clients) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    def __repr__(self) -> str:
        return f"AdminSocket({str(self._path or self._folder)!r})"

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError as error:  # no free file descriptor, mostly: others must get theirs first
                _log.warning("the admin socket cannot accept a client (%s)", error.strerror)
                await asyncio.sleep(1)
                continue
            refusal, peer = self._judge(
                client
            )  # here, one after the other: those who come at once are not counted against the first
            if peer is None:
                with client, suppress(OSError):
                    client.send(_line(Answer(ok=False, error=refusal)))
                continue
            task = loop.create_task(self._serve(client, peer))
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)

    async def _serve(self, client: socket.socket, peer: Peer) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=client, limit=MAX_LINE)
        writer.transport.set_write_buffer_limits(high=0)  # so that `drain` waits until the system has taken all
        try:
            await self._talk(reader, writer, peer)
        except (OSError, TimeoutError):
            pass  # it has gone, or is too slow: nothing is owed to it
        finally:
            writer.transport.abort()

    def _judge(self, client: socket.socket) -> tuple[str, Peer | None]:
        """Return why ``client`` is turned away, or who it is."""
        if len(self._clients) >= MOST_CLIENTS:
            return f"{MOST_CLIENTS} clients are connected already; try again", None
        try:
            peer = peer_of(client.fileno())
        except (GatewayError, OSError) as error:
            return f"it cannot be told who is asking ({type(error).__name__})", None
        if not peer.is_trusted:
            _log.warning("process %d of user %d was turned away from the admin socket", peer.pid, peer.uid)
            return f"only user {os.geteuid()} and root may ask", None
        return "", peer

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer) -> None:
        for _ in range(MOST_QUESTIONS):
            try:
                async with asyncio.timeout(self._patience):
                    line = await reader.readline()
            except ValueError:
                await self._say(writer, Answer(ok=False, error=f"a question is longer than {MAX_LINE} bytes"))
                return
            if not line.endswith(b"\n"):  # half a question is none
                return
            await self._say(writer, await self._commands.answer(line, f"uid {peer.uid}"))

    async def _say(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        writer.write(_line(answer))
        async with asyncio.timeout(self._patience):
            await writer.drain()


def _line(answer: Answer) -> bytes:
    return _encode(answer) + b"\n"
