"""Keep the newest records in the state store, for ``explain`` and whoever asks what happened."""

from __future__ import annotations

from typing import Any, Final

import orjson

from secure_gateway.decisions import DecisionRecord
from secure_gateway.errors import StoreError
from secure_gateway.plugins.telemetry.lines import audit_facts, encode
from secure_gateway.plugins.telemetry.queue import RecordQueue, Terms
from secure_gateway.stores.base import StateStore

TABLE: Final = "records"
KEEP: Final = 10_000
_LINGER: Final = 0.1  # seconds: one write of the store takes many records; those that wait are found in memory


class RecordKeeper:
    """A sink that writes records to ``store`` on a thread of its own and finds them again by request id; it keeps the newest ``keep``.

    Not required: ``explain`` is a convenience, the audit is the evidence.
    """

    name = "records"
    required = False
    durable = False

    def __init__(self, store: StateStore, keep: int = KEEP) -> None:
        self._store = store
        self._queue = RecordQueue(self.name, _StoreWriter(store, keep), Terms(linger=_LINGER))
        self.emit = self._queue.emit
        self.committed = self._queue.committed

    def find(self, request_id: str) -> dict[str, Any] | None:
        """Return the record of a request as ``DecisionRecord.to_dict`` gave it, or None. Blocks. Raises ``StoreError``."""
        for record in reversed(self._queue.unwritten()):
            if record.request_id == request_id:
                return _read(stored_form(record))
        stored = self._store.get(TABLE, request_id)
        return None if stored is None else _read(stored)

    def recent(self, limit: int = 20) -> list[dict[str, Any]]:
        """Return the newest records, newest first. Blocks. Raises ``StoreError``."""
        wanted = max(limit, 0)
        waiting = [_read(stored_form(record)) for record in reversed(self._queue.unwritten())][:wanted]
        known = {record["request_id"] for record in waiting}
        stored = [_read(value) for key, value in self._store.recent(TABLE, wanted) if key not in known]
        return [*waiting, *stored][:wanted]

    def shutdown(self, timeout: float = 2.0) -> bool:
        """Write what waits; tell whether that was done within ``timeout`` seconds. The store stays open."""
        return self._queue.close(timeout)


def stored_form(record: DecisionRecord) -> bytes:
    """Return the JSON that is stored; without the plugins' own metadata where that is no JSON value."""
    try:
        return encode(record.to_dict())
    except (TypeError, ValueError, RecursionError):  # a plugin put something of its own into the metadata of its step
        return encode(audit_facts(record))


class _StoreWriter:
    """The consumer behind the queue."""

    def __init__(self, store: StateStore, keep: int) -> None:
        self._store = store
        self._keep = keep

    def take(self, records: list[DecisionRecord]) -> int:
        self._store.append(TABLE, [(record.request_id, stored_form(record)) for record in records], keep=self._keep)
        return len(records)

    def sync(self) -> None:
        """Do nothing: a store keeps what it was given."""

    def lost(self, count: int) -> None:
        """Do nothing: the queue has counted it."""

    def close(self) -> None:
        """Do nothing: the store belongs to somebody else."""


def _read(value: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise StoreError("a record in the state store is damaged; it was not written by this gateway")
    return found
