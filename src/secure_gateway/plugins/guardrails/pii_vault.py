"""Where the values behind tokens lie: in the state store, encrypted, each for a stated time."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secure_gateway.errors import StoreError
from secure_gateway.plugins.guardrails.scanner import ScanLimitExceeded
from secure_gateway.plugins.services import ProviderServices

TABLE: Final = "pii-tokens"
_PURPOSE: Final = "pii-tokens"
_NONCE_BYTES: Final = 12
MOST_TOKENS: Final = 10_000


class PIIVault:
    """Numbers the values of one session by type, and gives them back. What the store holds shows neither session nor value.

    Methods block: call them off the event loop. Safe across threads and processes, since a number is taken by ``create``.
    """

    __slots__ = ("_cipher", "_clock", "_index_key", "_session", "_store", "_ttl")

    def __init__(self, services: ProviderServices, session: str, ttl: float) -> None:
        self._store = services.store
        self._clock: Callable[[], float] = services.clock
        self._cipher = AESGCM(services.master_key.derive(_PURPOSE))
        self._index_key = services.master_key.derive(f"{_PURPOSE}-index")
        self._session = self._digest(f"session\0{session}")
        self._ttl = ttl

    def token(self, kind: str, value: str) -> str:
        """Return the token of ``value``, the same each time in this session.

        Raises:
            StoreError: The store cannot be reached or is damaged.
            ScanLimitExceeded: The session holds too many values of this type.
        """
        digest = self._digest(f"{kind}\0{value}")
        index = f"{self._session}/value/{digest}"
        expires_at = self._clock() + self._ttl
        known = self._read(index)
        number = int(known) if known is not None else self._next(kind, value, expires_at)
        if known is None and not self._store.create(
            TABLE, index, self._sealed(index, str(number)), expires_at=expires_at
        ):
            self._store.delete(TABLE, self._place(kind, number))  # somebody else numbered it at the same time
            number = int(self._read(index) or number)
        elif known is not None:  # what is used again lives as long as what is new
            place = self._place(kind, number)
            self._store.put(TABLE, place, self._sealed(place, value), expires_at=expires_at)
            self._store.put(TABLE, index, self._sealed(index, str(number)), expires_at=expires_at)
        return f"<{kind}_{number}>"

    def value(self, kind: str, number: int) -> str | None:
        """Return the value of a token, or None where there is none in this session or it has expired. Raises ``StoreError``."""
        return self._read(self._place(kind, number))

    def _next(self, kind: str, value: str, expires_at: float) -> int:
        taken = self._store.scan(TABLE, f"{self._session}/token/{kind}/")
        number = int(taken[-1][0].rpartition("/")[2]) + 1 if taken else 1
        while number <= MOST_TOKENS:
            place = self._place(kind, number)
            if self._store.create(TABLE, place, self._sealed(place, value), expires_at=expires_at):
                return number
            number += 1
        raise ScanLimitExceeded(
            f"a session holds more than {MOST_TOKENS} values of type {kind}; the content is refused"
        )

    def _place(self, kind: str, number: int) -> str:
        return f"{self._session}/token/{kind}/{number:08d}"

    def _read(self, key: str) -> str | None:
        sealed = self._store.get(TABLE, key)
        if sealed is None:
            return None
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.encode())
        except InvalidTag:
            raise StoreError(
                f"an entry of table {TABLE!r} cannot be decrypted; expected one under this master key; delete the table's entries"
            ) from None
        return opened.decode("utf-8", "surrogatepass")

    def _sealed(self, key: str, value: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value.encode("utf-8", "surrogatepass"), key.encode())

    def _digest(self, text: str) -> str:
        return hmac.new(self._index_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
