"""Keep the newest records in the state store, for ``explain`` and whoever asks what happened."""

from __future__ import annotations

from typing import Any, Final

import orjson

from secure_gateway.decisions import DecisionRecord, StepSource, TraceEntry, step_facts
from secure_gateway.errors import StoreError
from secure_gateway.plugins.telemetry.lines import audit_facts, encode
from secure_gateway.plugins.telemetry.queue import RecordQueue, Terms
from secure_gateway.stores.base import StateStore

TABLE: Final = "records"
KEEP: Final = 10_000
_MOST_SOURCES: Final = 4096
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
        self._stored_form = StoredForm()
        self._queue = RecordQueue(self.name, _StoreWriter(store, keep, self._stored_form), Terms(linger=_LINGER))
        self.emit = self._queue.emit
        self.committed = self._queue.committed

    @property
    def ready(self) -> bool:
        """Whether a record that came now would be taken."""
        return self._queue.ready

    def find(self, request_id: str) -> dict[str, Any] | None:
        """Return the record of a request as ``DecisionRecord.to_dict`` gave it, or None. Blocks. Raises ``StoreError``."""
        for record in reversed(self._queue.unwritten()):
            if record.request_id == request_id:
                return _read(self._stored_form(record))
        stored = self._store.get(TABLE, request_id)
        return None if stored is None else _read(stored)

    def recent(self, limit: int = 20) -> list[dict[str, Any]]:
        """Return the newest records, newest first. Blocks. Raises ``StoreError``."""
        wanted = max(limit, 0)
        waiting = [_read(self._stored_form(record)) for record in reversed(self._queue.unwritten())][:wanted]
        known = {record["request_id"] for record in waiting}
        stored = [_read(value) for key, value in self._store.recent(TABLE, wanted) if key not in known]
        return [*waiting, *stored][:wanted]

    def forget_plugins(self) -> None:
        """Let go of plugins whose steps were written: after a reload, the replaced ones would stay in memory."""
        self._stored_form.forget()

    def shutdown(self, timeout: float = 2.0) -> bool:
        """Write what waits; tell whether that was done within ``timeout`` seconds. The store stays open."""
        return self._queue.close(timeout)


class StoredForm:
    """Writes records as JSON that reads back as ``DecisionRecord.to_dict`` gave them.

    Most steps say that a plugin ran and allowed: all of such a step but its time is encoded once for each plugin.
    """

    __slots__ = ("_quiet",)

    def __init__(self) -> None:
        self._quiet: dict[int, tuple[StepSource, bytes]] = {}

    def __call__(self, record: DecisionRecord) -> bytes:
        """Return the JSON that is stored; without the plugins' own metadata where that is no JSON value."""
        try:
            head, steps = encode(record.head()), b",".join([self._step(entry) for entry in record.trace])
        except (
            TypeError,
            ValueError,
            RecursionError,
        ):  # a plugin put something of its own into the metadata of its step
            return encode(audit_facts(record))
        return b'%b,"steps":[%b]}' % (head[:-1], steps)

    def forget(self) -> None:
        """Let go of every plugin. Safe from any thread."""
        self._quiet.clear()

    def _step(self, entry: TraceEntry) -> bytes:
        source, seconds, note = entry
        if note is not None:
            return encode(step_facts(entry))
        known = self._quiet.get(id(source))
        if known is None or known[0] is not source:
            known = self._remember(source)
        return known[1] % (int(seconds * 1e7) / 10)

    def _remember(self, source: StepSource) -> tuple[StepSource, bytes]:
        facts = step_facts((source, 0.0, None))
        del facts["duration_us"]
        form = encode(facts)[:-1].replace(b"%", b"%%") + b',"duration_us":%.1f}'
        if len(self._quiet) >= _MOST_SOURCES:  # reloads bring new ones
            self._quiet.clear()
        self._quiet[id(source)] = source, form  # the entry keeps the source alive, so nothing else gets its id
        return source, form


class _StoreWriter:
    """The consumer behind the queue."""

    def __init__(self, store: StateStore, keep: int, stored_form: StoredForm) -> None:
        self._store = store
        self._keep = keep
        self._stored_form = stored_form

    def take(self, records: list[DecisionRecord]) -> int:
        self._store.append(
            TABLE, [(record.request_id, self._stored_form(record)) for record in records], keep=self._keep
        )
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
