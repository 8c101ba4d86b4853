"""API keys as the store holds them, and everything an administrator does with them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from secure_gateway.errors import ErrorCode, GatewayError, StoreError
from secure_gateway.plugins.auth import key_format
from secure_gateway.plugins.services import ProviderServices

TABLE = "api_keys"
PURPOSE = "api-key-hash"
_MARK_PURPOSE = "api-key-origin"
_MARK_BYTES = 8
_MAX_NAME = 512

# An entry is written once and never rewritten; what happens to it later stands in marks beside it. So nothing is read, changed and
# written back, and two administrators at once cannot undo each other's work: no rotation brings a disabled key to life again.
_KEY = "key:"
_DISABLED = "off:"
_ENDS = "end:"


class KeyRingError(GatewayError):
    """The key ring cannot do what it was asked for; the message says why."""

    code = ErrorCode.INVALID_REQUEST


class KeyGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a key stands for and what it brings along. ``expires_at``: seconds since the epoch, None for never."""

    user_id: str
    project_id: str | None = None
    tenant_id: str | None = None
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    name: str = ""
    expires_at: float | None = None


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One key as lists show it: everything but the key. ``expires_at`` counts a rotation in.

    ``origin`` tells master keys apart without saying anything of them; empty for a key of a release that did not note it.
    """

    key_id: str
    grant: KeyGrant
    created_at: float
    expires_at: float | None
    disabled: bool
    rotated: bool
    origin: str = ""

    def __repr__(self) -> str:
        return f"KeyEntry({self.key_id!r} of {self.grant.user_id!r}, disabled={self.disabled}, expires_at={self.expires_at})"


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with the keyed hash of its key."""

    entry: KeyEntry
    digest: bytes

    def __repr__(self) -> str:
        return f"StoredKey({self.entry!r})"


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in the store under ``key:<id>``."""

    version: int
    digest: bytes
    grant: KeyGrant
    created_at: float
    origin: str = ""

    def __repr__(self) -> str:
        return f"_Row(version={self.version})"


_ROW_VERSION = 1
_DIGEST_SIZE = 32
_decode_row = msgspec.json.Decoder(_Row).decode
_decode_time = msgspec.json.Decoder(float).decode


class KeyHasher:
    """Hashes keys with a key derived from the master key: who copies the store can neither use its hashes nor test guesses."""

    __slots__ = ("_blank",)

    def __init__(self, services: ProviderServices) -> None:
        self._blank = hashlib.blake2b(key=services.master_key.derive(PURPOSE), digest_size=_DIGEST_SIZE)

    def digest(self, text: str) -> bytes:
        """Return the hash of a well-formed key."""
        state = self._blank.copy()  # the keyed block is hashed already, which saves a third
        state.update(text.encode("ascii"))
        return state.digest()


class KeyRing:
    """Makes, lists and ends API keys in the store of ``services``. Every change reaches every gateway on that store within a second.

    All raise ``StoreError``; ``KeyRingError`` for a key that is not there or a grant that makes no sense.
    """

    def __init__(self, services: ProviderServices) -> None:
        self._store = services.store
        self._clock = services.clock
        self._hasher = KeyHasher(services)
        self._origin = services.master_key.derive(_MARK_PURPOSE)[:_MARK_BYTES].hex()

    def recognizes(self, entry: KeyEntry) -> bool:
        """Tell whether the present master key can verify the key; also where its entry does not say which one made it."""
        return entry.origin in ("", self._origin)

    def create(self, grant: KeyGrant) -> tuple[KeyEntry, str]:
        """Make a key. Returns its entry and the key itself, which is kept nowhere and shown this once.

        Raises ``KeyRingError`` where another master key made keys that are still there: it was lost or replaced, and that has to be looked at first.
        """
        now = self._clock()
        _check_grant(grant, now)
        self._check_master_key()
        while True:
            key_id = key_format.new_id()
            text = key_format.new_key(key_id)
            row = _Row(
                version=_ROW_VERSION, digest=self._hasher.digest(text), grant=grant, created_at=now, origin=self._origin
            )
            if self._store.create(TABLE, _KEY + key_id, msgspec.json.encode(row)):
                return self.get(key_id), text

    def list(self) -> tuple[KeyEntry, ...]:
        """Return every key, oldest first."""
        stored, damaged = read_keys(dict(self._store.scan(TABLE)))
        if damaged:
            raise StoreError(f"the entries of the keys {', '.join(damaged)} are damaged; revoke them")
        return tuple(sorted((key.entry for key in stored.values()), key=lambda entry: (entry.created_at, entry.key_id)))

    def get(self, key_id: str) -> KeyEntry:
        """Return one key's entry."""
        rows = {name: self._store.get(TABLE, name) for name in (_KEY + key_id, _DISABLED + key_id, _ENDS + key_id)}
        stored, damaged = read_keys({name: value for name, value in rows.items() if value is not None})
        if damaged:
            raise StoreError(f"the entry of the key {key_id} is damaged; revoke it")
        if key_id not in stored:
            raise KeyRingError(f"there is no key {key_id!r}; `secure-gateway keys list` shows those there are")
        return stored[key_id].entry

    def disable(self, key_id: str) -> KeyEntry:
        """Refuse the key until it is enabled again."""
        self.get(key_id)
        self._store.put(TABLE, _DISABLED + key_id, b"1")
        return self.get(key_id)

    def enable(self, key_id: str) -> KeyEntry:
        """Accept a disabled key again."""
        self.get(key_id)
        self._store.delete(TABLE, _DISABLED + key_id)
        return self.get(key_id)

    def rotate(self, key_id: str, *, overlap: float) -> tuple[KeyEntry, str]:
        """Make a new key with the same grant and as long a life; the old one ends ``overlap`` seconds from now."""
        if not (math.isfinite(overlap) and overlap >= 0):
            raise KeyRingError(f"an overlap of {overlap} seconds; expected 0 or more")
        old, now = self.get(key_id), self._clock()
        if old.disabled:
            raise KeyRingError(f"the key {key_id} is disabled; enable it first, or make a new one")
        if old.rotated:
            raise KeyRingError(f"the key {key_id} has been rotated already; rotate the key that took its place")
        grant = old.grant
        if grant.expires_at is not None:
            grant = msgspec.structs.replace(grant, expires_at=now + grant.expires_at - old.created_at)
        entry, text = self.create(grant)
        if not self._store.create(TABLE, _ENDS + key_id, msgspec.json.encode(now + overlap)):
            self.revoke(entry.key_id)
            raise KeyRingError(f"somebody else is rotating the key {key_id}; their new key is the one to use")
        return entry, text

    def revoke(self, key_id: str) -> None:
        """End a key for good and forget it; works on a damaged entry too."""
        if not self._store.delete(TABLE, _KEY + key_id):
            raise KeyRingError(f"there is no key {key_id!r}; `secure-gateway keys list` shows those there are")
        self._store.delete(TABLE, _DISABLED + key_id)
        self._store.delete(TABLE, _ENDS + key_id)

    def _check_master_key(self) -> None:
        stored, _ = read_keys(dict(self._store.scan(TABLE, _KEY)))
        strange = sorted(key_id for key_id, key in stored.items() if not self.recognizes(key.entry))
        if strange:
            raise KeyRingError(
                f"the master key is not the one under which {len(strange)} of {len(stored)} keys were made, which open nothing now "
                f"({', '.join(strange[:5])}{', …' if len(strange) > 5 else ''}): put the former master key back, "  # noqa: PLR2004 - as many as one reads
                "or revoke them (`secure-gateway keys list` marks them) and make the key then"
            )


def read_keys(rows: dict[str, bytes], ids: Iterable[str] | None = None) -> tuple[dict[str, StoredKey], list[str]]:
    """Return the keys that the table's ``rows`` describe, by id, and the ids of those that cannot be read.

    ``ids``: look at these only; None for all.
    """
    stored: dict[str, StoredKey] = {}
    damaged = []
    for key_id in [name[len(_KEY) :] for name in rows if name.startswith(_KEY)] if ids is None else ids:
        value = rows.get(_KEY + key_id)
        if value is None:
            continue
        try:
            stored[key_id] = read_key(key_id, value, rows)
        except (msgspec.MsgspecError, ValueError):
            damaged.append(key_id)
    return stored, damaged


def read_key(key_id: str, value: bytes, rows: dict[str, bytes]) -> StoredKey:
    """Return the key of one row with its marks. Raises ``msgspec.MsgspecError`` or ``ValueError`` for damage."""
    row = _decode_row(value)
    if row.version != _ROW_VERSION or len(row.digest) != _DIGEST_SIZE or not row.grant.user_id:
        raise ValueError(f"version {row.version}")
    expires_at = row.grant.expires_at
    ends = rows.get(_ENDS + key_id)
    if ends is not None:
        expires_at = min(_decode_time(ends), math.inf if expires_at is None else expires_at)
    entry = KeyEntry(
        key_id=key_id,
        grant=row.grant,
        created_at=row.created_at,
        expires_at=expires_at,
        disabled=_DISABLED + key_id in rows,
        rotated=ends is not None,
        origin=row.origin,
    )
    return StoredKey(entry=entry, digest=row.digest)


def _check_grant(grant: KeyGrant, now: float) -> None:
    names: tuple[Any, ...] = (grant.roles, grant.permissions)
    if any(isinstance(given, str) for given in names):
        raise KeyRingError("roles and permissions are lists of names, not one text")
    texts: list[tuple[str, Any]] = [("user_id", grant.user_id)]
    texts += [(field, value) for field in ("project_id", "tenant_id") if (value := getattr(grant, field)) is not None]
    texts += [("name", grant.name)] if grant.name else []
    texts += [("roles", value) for value in grant.roles] + [("permissions", value) for value in grant.permissions]
    for field, value in texts:
        if not (
            isinstance(value, str) and 0 < len(value) <= _MAX_NAME and value.isprintable() and value.strip() == value
        ):
            raise KeyRingError(
                f"{field} is {value!r}"[:100]
                + f"; expected 1 to {_MAX_NAME} printable characters, no space at the ends"
            )
    if grant.expires_at is not None and not now < grant.expires_at < math.inf:
        raise KeyRingError(
            f"expires_at is {grant.expires_at}, which is no time to come; expected seconds since the epoch"
        )
