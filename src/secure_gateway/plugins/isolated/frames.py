"""What the gateway and a plugin's process say to each other: frames of a length and MessagePack, never anything that could run."""

from __future__ import annotations

import socket
import struct
from typing import Any, Final

import msgspec

from secure_gateway.plugins.hook_order import HookOrder

MAX_FRAME: Final = 64 * 1024 * 1024
"""A process that announces more than this is ended before a byte of it is read."""
MOST_PACKED: Final = MAX_FRAME - 4096
"""How long a packed value may be, so that the frame around it is short enough."""
MAX_DEPTH: Final = 200
_HEADER: Final = struct.Struct(">I")
_CHUNK: Final = 256 * 1024
_BIG_INT, _ODD_TEXT, _ODD_DICT = 1, 2, 3


class Hello(msgspec.Struct, tag=True):
    """The first frame: what to load (``entry``, packed, is that of ``order``), for whom. ``initialize``: the gateway has started already."""

    order: HookOrder
    entry: bytes
    parent: int
    memory_mb: int = 0
    initialize: bool = False


class Call(msgspec.Struct, tag=True):
    """A hook is to be answered; ``given`` is a packed value."""

    number: int
    hook: str
    given: bytes


class Cancel(msgspec.Struct, tag=True):
    """Nobody waits for this answer any more. ``patience``: for how many seconds the plugin may go on computing all the same."""

    number: int
    patience: float = 0.0


class Start(msgspec.Struct, tag=True):
    """Run the plugin's ``initialize``."""

    number: int


class Stop(msgspec.Struct, tag=True):
    """Run the plugin's ``shutdown`` and end."""


class Ready(msgspec.Struct, tag=True):
    """The plugin is loaded; which hooks it answers, and a digest of its source."""

    hooks: list[str]
    digest: str


class Refused(msgspec.Struct, tag=True):
    """The plugin cannot be loaded; each problem is path, found, expected, hint, file and line."""

    problems: list[tuple[str, str, str, str, str, int]]


class Answer(msgspec.Struct, tag=True):
    """What the plugin answered; ``said`` is a packed value."""

    number: int
    said: bytes


class Fault(msgspec.Struct, tag=True):
    """The plugin failed. ``text`` names types and lines, never values."""

    number: int
    text: str


class Cancelled(msgspec.Struct, tag=True):
    """A ``Cancel`` has been read: the process is alive."""

    number: int


class Logged(msgspec.Struct, tag=True):
    """The plugin logged a line."""

    level: int
    text: str


ToChild = Hello | Call | Cancel | Start | Stop
FromChild = Ready | Refused | Answer | Fault | Cancelled | Logged

_ENCODER: Final = msgspec.msgpack.Encoder()
TO_CHILD: Final = msgspec.msgpack.Decoder(ToChild)
FROM_CHILD: Final = msgspec.msgpack.Decoder(FromChild)


class FrameError(Exception):
    """What came is no frame."""


def write(connection: socket.socket, message: ToChild | FromChild) -> None:
    """Send one frame. Blocks."""
    data = _ENCODER.encode(message)
    if len(data) > MAX_FRAME:
        raise FrameError(f"a frame of {len(data)} bytes; at most {MAX_FRAME} may be sent")
    connection.sendall(_HEADER.pack(len(data)) + data)


def read(connection: socket.socket) -> bytearray | None:
    """Return the next frame's content, None at the end. Blocks. Raises ``FrameError`` and ``OSError``."""
    header = _exactly(connection, _HEADER.size)
    if header is None:
        return None
    (length,) = _HEADER.unpack(header)
    if length > MAX_FRAME:
        raise FrameError(f"a frame of {length} bytes was announced; at most {MAX_FRAME} are read")
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytearray | None:
    data = bytearray()
    while len(data) < count:
        chunk = connection.recv(min(_CHUNK, count - len(data)))
        if not chunk:
            return None
        data += chunk
    return data


def odd_value(value: Any, depth: int = MAX_DEPTH) -> str:
    """Return what of ``value`` is no JSON value (the name of its type), or an empty text."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return ""
    if kind is not dict and kind is not list:
        return kind.__name__
    if depth <= 0:
        return "container nested too deeply"
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return f"key of the type {type(key).__name__}"
        return next((odd for item in value.values() if (odd := odd_value(item, depth - 1))), "")
    return next((odd for item in value if (odd := odd_value(item, depth - 1))), "")


def pack(value: Any) -> bytes:
    """Return a JSON value as bytes, with what MessagePack has not: integers of any size, and texts that are no UTF-8."""
    try:
        return _ENCODER.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return _ENCODER.encode(_wrapped(value))


def unpack(data: bytes) -> Any:
    """Return what ``pack`` was given. Raises ``msgspec.DecodeError``, ``ValueError`` and ``RecursionError``."""
    return _VALUES.decode(data)


def _wrapped(value: Any) -> Any:
    kind = type(value)
    if kind is int and not -(2**63) <= value < 2**64:
        return msgspec.msgpack.Ext(_BIG_INT, f"{value:x}".encode())
    if kind is str and not value.isascii() and _is_odd(value):
        return msgspec.msgpack.Ext(_ODD_TEXT, value.encode("utf-8", "surrogatepass"))
    if kind is list:
        return [_wrapped(item) for item in value]
    if kind is dict:
        if any(map(_is_odd, value)):
            return msgspec.msgpack.Ext(_ODD_DICT, pack([list(pair) for pair in value.items()]))
        return {key: _wrapped(item) for key, item in value.items()}
    return value


def _is_odd(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _unwrapped(code: int, data: memoryview) -> Any:
    if code == _BIG_INT:
        return int(bytes(data), 16)
    if code == _ODD_TEXT:
        return bytes(data).decode("utf-8", "surrogatepass")
    if code == _ODD_DICT:
        return dict(unpack(bytes(data)))
    raise ValueError("an unknown kind of value")


_VALUES: Final = msgspec.msgpack.Decoder(ext_hook=_unwrapped)
