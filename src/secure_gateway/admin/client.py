"""Ask a gateway that runs on this machine. Blocking: for commands, not for the request path."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

import msgspec

from secure_gateway.admin.commands import Answer, Question
from secure_gateway.admin.peers import peer_of
from secure_gateway.admin.places import address_of
from secure_gateway.errors import ErrorCode, GatewayError, PluginControlError

MAX_ANSWER: Final = 64 * 1024 * 1024
SECONDS: Final = 10.0
_PIECE: Final = 64 * 1024


class NotReachedError(GatewayError):
    """No gateway answers at the socket."""

    code = ErrorCode.UNAVAILABLE


def ask(path: Path, question: Question, seconds: float = SECONDS) -> Any:
    """Return what the gateway at ``path`` answers within ``seconds``.

    Raises ``NotReachedError`` where none does, ``PluginControlError`` where it says no.
    """
    try:
        line = _exchange(path, msgspec.json.encode(question) + b"\n", monotonic() + seconds)
        answer = msgspec.json.decode(line, type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        what = getattr(error, "strerror", "") or type(error).__name__
        raise NotReachedError(f"no gateway answers at {path} ({what})") from error
    if not answer.ok:
        raise PluginControlError(answer.error)
    return answer.result


def _exchange(path: Path, line: bytes, deadline: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_left(deadline))
        with address_of(path) as address:
            connection.connect(address)
        if not peer_of(connection.fileno()).is_trusted:
            raise NotReachedError(f"another user's process listens at {path}; nothing was asked there")
        with suppress(BrokenPipeError):  # turned away unheard: why is there to be read
            connection.sendall(line)
        received = bytearray()
        while not received.endswith(b"\n"):
            connection.settimeout(_left(deadline))
            piece = connection.recv(_PIECE)
            if not piece or len(received) > MAX_ANSWER:
                raise NotReachedError(f"the gateway at {path} gave no whole answer")
            received += piece
        return bytes(received)


def _left(deadline: float) -> float:
    return max(deadline - monotonic(), 0.001)
