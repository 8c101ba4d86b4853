"""The keys of the store as this process knows them: looked up without touching the store, never more than a second behind it."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable
from hmac import compare_digest
from threading import Event, Lock, Thread

import msgspec

from secure_gateway.errors import StoreError
from secure_gateway.plugins.auth.key_format import ID_END, ID_START, LENGTH, PREFIX
from secure_gateway.plugins.auth.key_ring import TABLE, KeyEntry, KeyHasher, StoredKey, read_keys
from secure_gateway.plugins.services import ProviderServices

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
STALE_SECONDS = 5.0
_SESSION_BYTES = 16
_SILENT = "the store of API keys does not answer, so no key can be trusted"


class LiveKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key ready to be judged: ``expires_at`` is infinite for one that does not expire."""

    entry: KeyEntry
    digest: bytes
    disabled: bool
    expires_at: float
    session_id: str

    def __repr__(self) -> str:
        return f"LiveKey({self.entry!r})"


class LiveKeys:
    """The table of keys, reloaded when the store's generation changes.

    A change made through this process's store object counts before that change returns; for the changes of others a daemon thread asks every
    ``POLL_SECONDS``. When no answer came for ``STALE_SECONDS`` the table is stale: a key may have been disabled meanwhile, so none is to be
    trusted then. Nothing runs before the first look-up; after ``stop`` the table is stale for good.

    Raises ``StoreError`` when the store cannot be read at the beginning.
    """

    def __init__(self, services: ProviderServices, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = services.store
        self._hasher = KeyHasher(services)
        self._session_key = services.master_key.derive("api-key-session")
        self._monotonic = monotonic
        self._lock = Lock()
        self._stopped = Event()
        self._leave: Callable[[], None] | None = None
        self._generation: int | None = None
        self._rows: dict[str, bytes] = {}
        self._keys: dict[str, LiveKey] = {}
        self._confirmed = -math.inf
        self._failing = False
        self._refresh()

    def find(self, text: str) -> LiveKey | None:
        """Return the key that ``text`` is; None for one that is malformed or not there. Follows the store from the first call on.

        Raises ``StoreError`` while the table is stale.
        """
        if self._leave is None:
            self.start()
        if self._monotonic() - self._confirmed > STALE_SECONDS:
            raise StoreError(_SILENT)
        if len(text) != LENGTH or text[:ID_START] != PREFIX:
            return None
        # By its id first: what names no key of ours costs no hash. A wrong checksum needs no look here, for its hash is wrong as well.
        key = self._keys.get(text[ID_START:ID_END])
        if key is None or not text.isascii():
            return None
        return key if compare_digest(key.digest, self._hasher.digest(text)) else None

    def find_session(self, session_id: str) -> LiveKey | None:
        """Return the key whose session this is. Raises ``StoreError`` while the table is stale."""
        if self._monotonic() - self._confirmed > STALE_SECONDS:
            raise StoreError(_SILENT)
        key = self._keys.get(session_id.partition(".")[0])
        return key if key is not None and compare_digest(key.session_id.encode(), session_id.encode()) else None

    def start(self) -> None:
        """Follow the store from now on."""
        if self._stopped.is_set():
            return
        self.poll()  # before anybody sees that it has started, or a second thread would find the table of long ago
        with self._lock:
            if self._leave is None and not self._stopped.is_set():
                self._leave = self._store.subscribe(TABLE, self.poll)
                Thread(target=self._watch, name="secure-gateway-keys", daemon=True).start()
        self.poll()  # for what changed in between

    def stop(self) -> None:
        """Follow the store no longer; from now on the table is stale."""
        self._stopped.set()
        with self._lock:
            self._confirmed = -math.inf
            if self._leave is not None:
                self._leave()
                self._leave = None

    def poll(self) -> None:
        """Bring the table up to date. A store that cannot be read is logged once; the table goes stale meanwhile."""
        try:
            self._refresh()
        except StoreError as error:
            if not self._failing:
                # Without a traceback: the message says what to do, and this may repeat.
                logger.warning("API keys cannot be read: %s; they are refused if this lasts %s s", error, STALE_SECONDS)
            self._failing = True
        else:
            if self._failing:
                logger.warning("API keys can be read again")
            self._failing = False

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            self.poll()

    def _refresh(self) -> None:
        # The lock is held over reading and swapping, or a slow reader could put an older table over a newer one.
        with self._lock:
            asked = self._monotonic()
            generation = self._store.generation(TABLE)
            if generation != self._generation:
                try:
                    self._keys = self._load()
                except StoreError:
                    # It is known that the table changed, and not how: a key that was just disabled must not work on.
                    self._confirmed = -math.inf
                    raise
                self._generation = generation
            if not self._stopped.is_set():
                self._confirmed = asked

    def _load(self) -> dict[str, LiveKey]:
        """Read the table anew; only what changed in it is decoded, so that one change among 100,000 keys is not felt."""
        rows = dict(self._store.scan(TABLE))
        changed = {name.partition(":")[2] for name, _ in rows.items() ^ self._rows.items()}
        stored, damaged = read_keys(rows, changed)
        for key_id in damaged:
            logger.error("the entry of the API key %s is damaged; the key is refused: revoke it", key_id)
        keys = {key_id: key for key_id, key in self._keys.items() if key_id not in changed}
        keys.update((key_id, self._live(key)) for key_id, key in stored.items())
        self._rows = rows
        return keys

    def _live(self, key: StoredKey) -> LiveKey:
        entry = key.entry
        proof = hashlib.blake2b(key.digest, key=self._session_key, digest_size=_SESSION_BYTES).hexdigest()
        return LiveKey(
            entry=entry,
            digest=key.digest,
            disabled=entry.disabled,
            expires_at=math.inf if entry.expires_at is None else entry.expires_at,
            session_id=f"{entry.key_id}.{proof}",
        )
