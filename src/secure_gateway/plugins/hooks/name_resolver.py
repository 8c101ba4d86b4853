"""Look host names up beside the event loop, in time or not at all."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.hooks.uris import Address

Lookup = Callable[[str], list[str]]
"""Returns the addresses of a host name; may block. Raises ``OSError`` for one that has none."""

_THREADS: Final = 8
_MOST_WAITING: Final = 128
"""Look-ups cannot be interrupted: more than these at a time are refused, so that slow name servers fill no memory."""


class NameResolver:
    """Looks names up in threads of its own: a caller who names hosts that answer slowly delays nobody but those who name hosts too."""

    def __init__(self, seconds: float, lookup: Lookup | None = None) -> None:
        self._seconds = seconds
        self._lookup = lookup or _addresses
        self._threads = ThreadPoolExecutor(_THREADS, "secure-gateway-names")
        self._waiting = 0

    async def addresses(self, host: str) -> list[Address]:
        """Return every address of ``host``, of both families; none for a name that has none. Raises ``AnswerError`` when nobody answers in time."""
        if self._waiting >= _MOST_WAITING:
            raise AnswerError("too many host names are being looked up at the same time")
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host)
        self._waiting += 1
        future.add_done_callback(self._done)
        try:
            async with asyncio.timeout(self._seconds):
                found = await asyncio.shield(future)
        except TimeoutError:
            raise AnswerError(f"a host name was not resolved within {self._seconds:g} s") from None
        except (OSError, UnicodeError):
            return []
        return [ipaddress.ip_address(each.partition("%")[0]) for each in found]

    def close(self) -> None:
        """Begin no more look-ups. Does not wait for those under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: asyncio.Future[list[str]]) -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # whoever asked may have gone; then nobody else looks at it


def _addresses(host: str) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
