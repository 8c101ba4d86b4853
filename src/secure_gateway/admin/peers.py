"""Who is at the other end of a local socket: the kernel says, nothing that was sent does."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple

from secure_gateway.errors import GatewayError

_CREDENTIALS = struct.Struct("3i")
_ROOT = 0


class Peer(NamedTuple):
    """The process at the other end, as it was when it connected or began to listen."""

    pid: int
    uid: int

    @property
    def is_trusted(self) -> bool:
        """Whether it runs as we do, or as root, who could do everything anyway."""
        return self.uid in (_ROOT, os.geteuid())


def peer_of(descriptor: int) -> Peer:
    """Return who is at the other end of the Unix socket ``descriptor``. Raises ``GatewayError`` where the system cannot tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        raise GatewayError("this system cannot tell who is at the other end of a Unix socket (SO_PEERCRED); Linux can")
    with socket.socket(fileno=os.dup(descriptor)) as end:
        pid, uid, _gid = _CREDENTIALS.unpack(end.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return Peer(pid, uid)
