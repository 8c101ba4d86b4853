"""How a service is reached and asked, as plain values read from a provider's configuration."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from secure_gateway.plugins.guardrails.options import Options

CONNECTION_KEYS: Final = (
    "url",
    "ca_bundle",
    "allow_private",
    "timeout",
    "retries",
    "max_concurrency",
    "max_response_bytes",
    "max_content_chars",
    "cache_seconds",
    "cache_entries",
)
"""How the service is reached; the same for every server, so no policy may change it."""

JUDGING_KEYS: Final = ("direction", "action", "on_error")
"""What is done about its answers; a policy may say otherwise."""

_OURS: Final = frozenset(
    {"host", "content-type", "content-length", "transfer-encoding", "accept", "accept-encoding", "connection"}
)
_LONGEST: Final = 2048


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is and how it is asked. ``timeout``: seconds for one judgement with all its attempts."""

    url: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    ca_bundle: str | None = None
    allow_private: bool = False
    timeout: float = 4.0
    retries: int = 1
    concurrency: int = 16
    max_response_bytes: int = 1024 * 1024
    max_content_chars: int = 200_000
    cache_seconds: float = 0.0
    cache_entries: int = 1000

    def __repr__(self) -> str:
        return f"Endpoint({urlsplit(self.url).hostname!r})"


class RemoteOptions(Options):
    """Reads what only remote guardrails have: texts, quantities, addresses, headers."""

    def __init__(self, config: Mapping[str, Any], known: tuple[str, ...]) -> None:
        super().__init__(config, known)
        self._values = config

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text of one line that is not blank; without a ``default`` it must be there."""
        value = self._values.get(key, default)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= _LONGEST:
            return value
        self.refuse(
            key, "nothing" if value is None else "something else", "a text of one line, which this provider needs"
        )
        return ""

    def maybe_text(self, key: str) -> str | None:
        """Return a text, or None where the key is left out."""
        return self.text(key) if key in self._values else None

    def quantity(self, key: str, default: float, least: float, most: float, *, whole: bool = False) -> float:
        """Return a number from ``least`` to ``most``."""
        value = self._values.get(key, default)
        is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and least <= value <= most:
            return float(value)
        self.refuse(key, "something else", f"{'a whole number' if whole else 'a number'} from {least:g} to {most:g}")
        return default

    def numbers(self, key: str) -> dict[str, float]:
        """Return an object of numbers from 0 to 1."""
        value = self._values.get(key, {})
        good = isinstance(value, Mapping) and all(
            isinstance(each, int | float) and not isinstance(each, bool) and 0 <= each <= 1 for each in value.values()
        )
        if good:
            return {str(name): float(each) for name, each in value.items()}
        self.refuse(key, "something else", 'an object of numbers from 0 to 1, such as {"violence": 0.5}')
        return {}

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers under ``headers``; none of them may frame the message."""
        value = self._values.get("headers", {})
        if not isinstance(value, Mapping):
            self.refuse("headers", "something else", "an object of texts")
            return ()
        found = []
        for name, text in value.items():
            good = isinstance(text, str) and text.isprintable() and text.isascii()
            if not good or not _is_header_name(name):
                self.refuse(f"headers.{name}", "what cannot be sent", "a header of printable ASCII that frames nothing")
            else:
                found.append((name.lower().encode("ascii"), text.encode("ascii")))
        return tuple(found)

    def url(self, default: str | None = None) -> str:
        """Return an address: https, or http to this machine or, where ``allow_private`` says so, to a private network."""
        text = self.text("url", default)
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host, parts = "", urlsplit("")
        if not host or parts.scheme not in ("http", "https") or parts.fragment or parts.username is not None:
            if text:
                self.refuse(
                    "url", "no address that can be asked", "https://HOST/…, without a user, a password or a fragment"
                )
        elif parts.scheme == "http" and not _is_local(host) and not self.flag("allow_private"):
            hint = 'Content would cross the network in the clear. On a private network, say "allow_private": true.'
            self.refuse("url", "http to another machine", "https", hint)
        return text

    def endpoint(self, url: str, headers: tuple[tuple[bytes, bytes], ...], cache_seconds: float) -> Endpoint:
        """Return the whole of it; ``cache_seconds`` is the default."""
        return Endpoint(
            url=url,
            headers=headers,
            ca_bundle=self.maybe_text("ca_bundle"),
            allow_private=self.flag("allow_private"),
            timeout=self.quantity("timeout", 4.0, 0.05, 120),
            retries=int(self.quantity("retries", 1, 0, 5, whole=True)),
            concurrency=int(self.quantity("max_concurrency", 16, 1, 1000, whole=True)),
            max_response_bytes=int(self.quantity("max_response_bytes", 1024 * 1024, 256, 16 * 1024 * 1024, whole=True)),
            max_content_chars=int(self.quantity("max_content_chars", 200_000, 1, 8_000_000, whole=True)),
            cache_seconds=self.quantity("cache_seconds", cache_seconds, 0, 86_400),
            cache_entries=int(self.quantity("cache_entries", 1000, 1, 100_000, whole=True)),
        )


def _is_header_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and name.isascii()
        and name.replace("-", "").replace("_", "").isalnum()
        and name.lower() not in _OURS
    )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
