"""What is looked at before anybody is asked who they are: the host, the origin, the size and the pace of a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from secure_gateway.proxy.reply import HeaderLines, Receive
from secure_gateway.proxy.settings import ProxySettings

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^][:/@?#\s]+)(?::[0-9]{1,5})?")
"""A host, in brackets where it is an IPv6 address, and perhaps a port (RFC 9110, section 7.2)."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class NotAdmittedError(Exception):
    """A request that goes no further: status, a title and what to do."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        self.status = status
        self.title = title
        self.detail = detail
        super().__init__(title)


def single(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """Return the one value of a header, None where it is missing. Raises ``NotAdmittedError`` for two: readers would pick different ones."""
    found = [value for key, value in headers if key == name]
    if len(found) > 1:
        raise NotAdmittedError(400, "a header that is given more than once", name.decode())
    return found[0].decode("latin-1").strip(" \t") if found else None


def check_host(headers: HeaderLines, settings: ProxySettings) -> None:
    """Refuse a Host that is not ours: a page of another site may have had its name rebound to our address.

    Raises ``NotAdmittedError``.
    """
    host = (single(headers, b"host") or "").lower()
    read = _HOST.fullmatch(host)
    name = read[1] if read else ""
    if read is None or not {host, name} & (LOOPBACK | settings.allowed_hosts):
        raise NotAdmittedError(421, "not a host of this gateway", "Add the host to serve.allowed_hosts.")


def check_origin(headers: HeaderLines, settings: ProxySettings, scheme: str) -> str | None:
    """Return the origin of the page that asks, None where no page does. Raises ``NotAdmittedError`` for one that may not."""
    origin = single(headers, b"origin")
    if origin is None:
        return None
    own = f"{scheme}://{single(headers, b'host') or ''}".lower()
    if origin.lower() not in settings.allowed_origins and origin.lower() != own:
        raise NotAdmittedError(403, "an origin that may not call", "Add the origin to serve.allowed_origins.")
    return origin


def check_content(headers: HeaderLines, limit: int) -> None:
    """Refuse a body that is not JSON in UTF-8, is compressed, or says that it is too long. Raises ``NotAdmittedError``."""
    kind, _, parameters = (single(headers, b"content-type") or "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if kind.strip() != "application/json" or charset not in ("", "utf-8"):
        raise NotAdmittedError(415, "the body must be application/json in UTF-8")
    if (single(headers, b"content-encoding") or "identity").lower() != "identity":
        raise NotAdmittedError(415, "the body must not be compressed")
    length = single(headers, b"content-length")
    if length is not None and (not length.isdecimal() or int(length[:20]) > limit):
        raise NotAdmittedError(413, "the body is too large", f"At most {limit} bytes.")


async def read_body(receive: Receive, settings: ProxySettings) -> bytes:
    """Return the whole body. Raises ``NotAdmittedError`` when it is too large or takes too long, ``ConnectionError`` when the client has left."""
    limit, seconds = settings.limits.max_bytes, settings.body_seconds
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                event = await receive()
                if event["type"] != "http.request":
                    raise ConnectionError("the client left before its request was whole")
                part = event.get("body", b"")
                size += len(part)
                if size > limit:
                    raise NotAdmittedError(413, "the body is too large", f"At most {limit} bytes.")
                if not event.get("more_body", False):
                    return part if not parts else b"".join([*parts, part])
                parts.append(part)
    except TimeoutError:
        raise NotAdmittedError(408, "the body took too long", f"At most {seconds:g} seconds.") from None
