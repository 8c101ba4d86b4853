"""HTTP to one server: the address that was checked is the one that is dialled, and no answer is larger than it may be."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import httpx

from secure_gateway.errors import AnswerError
from secure_gateway.plugins.outbound.addresses import reachable_address
from secure_gateway.plugins.outbound.faults import ConnectionLostError, NotConnectedError

_TIMEOUT: Final = httpx.Timeout(connect=10.0, read=None, write=30.0, pool=10.0).as_dict()
"""Seconds. How long an answer may take is the limit of the call."""

Lines = Sequence[tuple[bytes, bytes]]


class PinnedTransport:
    """A pool of connections to the server of ``url``. It follows no redirect and no proxy of the environment; lives on one event loop."""

    def __init__(self, url: str, verify: ssl.SSLContext, most_connections: int, uds: str | None = None) -> None:
        self._asked = httpx.URL(url)
        self._url = self._asked
        self._uds = uds
        self._extensions: dict[str, Any] = {"timeout": _TIMEOUT}
        # Idle for less than the five seconds after which servers commonly hang up.
        limits = httpx.Limits(max_connections=most_connections, keepalive_expiry=3.0)
        self._transport = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits, uds=uds)

    @property
    def host_line(self) -> tuple[bytes, bytes]:
        """The ``Host`` header: the name, whatever the address is."""
        return b"host", self._asked.netloc

    async def pin(self, *, allow_private: bool) -> None:
        """Resolve the name, check where it leads and dial only that from now on. Raises as ``reachable_address`` does."""
        if self._uds is not None:
            return
        host, port = self._asked.host, self._asked.port or (443 if self._asked.scheme == "https" else 80)
        address = await reachable_address(host, port, allow_private=allow_private)
        self._url = self._asked.copy_with(host=address)
        # Certificates are held against the name.
        self._extensions["sni_hostname"] = host

    @contextlib.asynccontextmanager
    async def send(self, method: str, lines: Lines, content: bytes | None) -> AsyncIterator[httpx.Response]:
        """Yield the answer, of which only the headers have been read. Raises ``ConnectionLostError``."""
        asked = httpx.Request(method, self._url, headers=list(lines), content=content, extensions=self._extensions)
        try:
            response = await self._transport.handle_async_request(asked)
        except httpx.HTTPError as error:
            never = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            kind = NotConnectedError if never else ConnectionLostError
            raise kind(f"its server cannot be reached ({type(error).__name__})") from None
        try:
            yield response
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


async def body_parts(response: httpx.Response, most: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes; never more than ``most`` bytes of it, and none of one that says it is longer."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AnswerError("its server compressed an answer that was asked for plain")
    announced = response.headers.get("content-length", "0")
    size = 0
    if announced.isdecimal() and int(announced[:20]) > most:
        raise AnswerError(f"its server announced an answer of more than {most} bytes")
    try:
        async for part in response.aiter_raw():
            size += len(part)
            if size > most:
                raise AnswerError(f"its server sent an answer of more than {most} bytes")
            yield part
    except httpx.HTTPError as error:
        raise ConnectionLostError(f"its server broke off ({type(error).__name__})") from None


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of an answer without its parameters, in lower case."""
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def is_redirect(response: httpx.Response) -> bool:
    """Tell whether the answer sends us elsewhere."""
    return bool(response.is_redirect or response.has_redirect_location)
