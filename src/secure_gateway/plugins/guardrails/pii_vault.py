"""Where the values behind tokens lie: in the state store, encrypted, each for a stated time; or for one request in its own memory."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secure_gateway.errors import StoreError
from secure_gateway.plugins.guardrails.scanner import ScanLimitExceeded
from secure_gateway.plugins.services import ProviderServices

TABLE: Final = "pii-tokens"
_PURPOSE: Final = "pii-tokens"
_NONCE_BYTES: Final = 12
MOST_TOKENS: Final = 10_000
"""Values of one type that a session holds: with one more, that which was numbered first is forgotten."""
_LIFE: Final = "life"
_LIVES: Final = 90_000_000
NUMBERS_KEPT: Final = 30 * 86_400.0
"""Seconds that a session's last numbers outlive its values: an old token must not come to stand for somebody else."""

_pack: Final = msgspec.msgpack.Encoder().encode


class Kept(NamedTuple):
    """A value behind a token. ``sent``: the caller has sent it itself, so it may be shown to it."""

    expires_at: float
    sent: bool
    text: bytes

    @property
    def value(self) -> str:
        """Return the text that the token stands for."""
        return self.text.decode("utf-8", "surrogatepass")


class Vault(Protocol):
    """Numbers the values of one session by type, and gives them back."""

    def token(self, kind: str, value: str, *, sent: bool) -> str:
        """Return the token of ``value``, the same each time; ``settle`` before it is shown. ``sent``: it comes from the caller.

        Raises:
            StoreError: The store cannot be reached or is damaged.
            ScanLimitExceeded: There are too many values of this type.
        """
        ...

    def kept(self, kind: str, number: int) -> Kept | None:
        """Return what a token stands for, None where that is unknown or has expired. Raises ``StoreError``."""
        ...

    def settle(self) -> None:
        """Note which numbers were taken; before anybody sees a new token. Raises ``StoreError``."""
        ...


class RequestVault:
    """The values of one request that belongs to no session; they end with it."""

    __slots__ = ("_most", "_numbers", "_values")

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._values: dict[str, list[Kept]] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def token(self, kind: str, value: str, *, sent: bool) -> str:
        """Return the token of ``value``. Raises ``ScanLimitExceeded``."""
        values = self._values.setdefault(kind, [])
        number = self._numbers.setdefault((kind, value), len(values) + 1)
        if number > self._most:
            raise _too_many(kind, self._most)
        if number > len(values):
            values.append(Kept(0.0, sent, value.encode("utf-8", "surrogatepass")))
        return f"<{kind}_{number}>"

    def kept(self, kind: str, number: int) -> Kept | None:
        """Return what a token stands for."""
        values = self._values.get(kind, [])
        return values[number - 1] if number <= len(values) else None

    def settle(self) -> None:
        """Do nothing: nobody else takes these numbers."""


class PIIVault:
    """The values of one session in the state store, which shows neither session nor value.

    Methods block: call them off the event loop. Safe across threads and processes, since a number is taken by ``create``.
    """

    __slots__ = ("_cipher", "_clock", "_index_key", "_last", "_most", "_new", "_session", "_store", "_strange", "_ttl")

    def __init__(
        self,
        services: ProviderServices,
        session: str,
        ttl: float,
        most: int = MOST_TOKENS,
        *,
        strange: frozenset[tuple[str, int]] | None = None,
    ) -> None:
        """``strange``: given where nobody can hold a token of this session yet, for its name was just made up: type and number of what looks like
        tokens in the text and is none, so that no value takes their place.
        """
        self._strange = strange
        self._store = services.store
        self._clock: Callable[[], float] = services.clock
        self._cipher = AESGCM(services.master_key.derive(_PURPOSE))
        self._index_key = services.master_key.derive(f"{_PURPOSE}-index")
        self._session = self._digest(f"session\0{session}")
        self._ttl = ttl
        self._most = most
        self._new: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def token(self, kind: str, value: str, *, sent: bool = True) -> str:
        """Return the token of ``value``, the same each time in this session.

        Raises:
            StoreError: The store cannot be reached or is damaged.
            ScanLimitExceeded: This vault was asked for too many new tokens of this type.
        """
        index = self._index(kind, value)
        known = self._read(index)
        if known is not None:
            self._refresh(kind, int(known), value, sent=sent)
            return f"<{kind}_{int(known)}>"
        number = self._next(kind, value, sent=sent)
        if not self._store.create(TABLE, index, self._sealed(index, b"%d" % number), expires_at=self._end()):
            self._store.delete(TABLE, self._place(kind, number))  # somebody else numbered it at the same time
            number = int(self._read(index) or number)
            self._refresh(kind, number, value, sent=sent)
        return f"<{kind}_{number}>"

    def kept(self, kind: str, number: int) -> Kept | None:
        """Return what a token stands for, or None where there is none in this session or it has expired. Raises ``StoreError``."""
        opened = self._read(self._place(kind, number))
        if opened is None:
            return None
        try:
            return Kept(*msgspec.msgpack.decode(opened, type=tuple[float, bool, bytes]))
        except msgspec.MsgspecError:
            raise _unreadable() from None

    def settle(self) -> None:
        """Note the last numbers: they outlive the values. Once for all that is new, since a write may cost milliseconds. Raises ``StoreError``."""
        for kind, number in self._last.items():
            if self._last_taken(kind) < number:
                place, end = self._last_place(kind), self._end() + NUMBERS_KEPT
                self._store.put(TABLE, place, self._sealed(place, b"%d" % number), expires_at=end)
        self._last.clear()

    def _last_taken(self, kind: str) -> int:
        return int(self._read(self._last_place(kind)) or 0)

    def _last_place(self, kind: str) -> str:
        return f"{self._session}/last/{kind}"

    def _refresh(self, kind: str, number: int, value: str, *, sent: bool) -> None:
        """Let what is used again live on, and note that the caller has sent it."""
        kept = self.kept(kind, number)
        if kept is not None and (kept.sent or not sent) and kept.expires_at - self._clock() > self._ttl / 2:
            return
        self._keep(kind, number, value, sent=sent or (kept is not None and kept.sent))
        index = self._index(kind, value)
        self._store.put(TABLE, index, self._sealed(index, b"%d" % number), expires_at=self._end())

    def _keep(self, kind: str, number: int, value: str, *, sent: bool, only_new: bool = False) -> bool:
        place, end = self._place(kind, number), self._end()
        sealed = self._sealed(place, _pack((end, sent, value.encode("utf-8", "surrogatepass"))))
        if only_new:
            return self._store.create(TABLE, place, sealed, expires_at=end)
        self._store.put(TABLE, place, sealed, expires_at=end)
        return True

    def _next(self, kind: str, value: str, *, sent: bool) -> int:
        self._new[kind] = self._new.get(kind, 0) + 1
        if self._new[kind] > self._most:
            raise _too_many(kind, self._most)
        number = (self._last[kind] if kind in self._last else self._last_taken(kind) or self._before_the_first()) + 1
        while (kind, number) in (self._strange or ()) or not self._keep(kind, number, value, sent=sent, only_new=True):
            number += 1
        self._last[kind] = number
        self._forget(kind, number - self._most)
        return number

    def _before_the_first(self) -> int:
        """Return the number below which none is given: 0, or for a store that may forget, one of its own for each time that it starts empty.

        A token of before would else come to stand for whoever is met first afterwards.
        """
        if self._strange is not None or not self._store.may_forget:
            return 0
        kept = self._read(_LIFE)
        if kept is None:
            life = b"%d" % (MOST_TOKENS + secrets.randbelow(_LIVES))
            self._store.create(TABLE, _LIFE, self._sealed(_LIFE, life))
            kept = self._read(_LIFE) or life
        return int(kept)

    def _forget(self, kind: str, number: int) -> None:
        kept = self.kept(kind, number) if number > 0 else None
        if kept is not None:
            self._store.delete(TABLE, self._index(kind, kept.value))
            self._store.delete(TABLE, self._place(kind, number))

    def _end(self) -> float:
        return self._clock() + self._ttl

    def _place(self, kind: str, number: int) -> str:
        return f"{self._session}/token/{kind}/{number:08d}"

    def _index(self, kind: str, value: str) -> str:
        digest = self._digest(f"{kind}\0{value}")
        return f"{self._session}/value/{digest}"

    def _read(self, key: str) -> bytes | None:
        sealed = self._store.get(TABLE, key)
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.encode())
        except (InvalidTag, ValueError):
            raise _unreadable() from None

    def _sealed(self, key: str, value: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, key.encode())

    def _digest(self, text: str) -> str:
        return hmac.new(self._index_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _too_many(kind: str, most: int) -> ScanLimitExceeded:
    return ScanLimitExceeded(f"more than {most} new values of type {kind} at once; the content is refused")


def _unreadable() -> StoreError:
    return StoreError(
        f"an entry of table {TABLE!r} cannot be decrypted; expected one under this master key; delete the table's entries"
    )
