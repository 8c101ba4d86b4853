"""State in one SQLite file (WAL), shared by every process that opens it: the embedded default."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from secure_gateway.errors import StoreError
from secure_gateway.stores.base import StateStore, Unsubscribe, check_expiry
from secure_gateway.stores.private_files import check_private_file, create_private_file, make_private_folder
from secure_gateway.stores.rates import Admission, Claim, Count, admit
from secure_gateway.stores.subscribers import Subscribers

APPLICATION_ID = 0x53474154
SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
_SWITCH_STEP = 0.01

# Keys are blobs: SQLite compares them bytewise, and a text with NUL or half a surrogate pair cannot confuse it.
_SCHEMA = f"""
CREATE TABLE entry (
    tbl TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires_at REAL,
    PRIMARY KEY (tbl, key)
);
CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE journal (
    tbl TEXT NOT NULL, place INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (tbl, place)
);
CREATE INDEX journal_key ON journal (tbl, key, place);
CREATE TABLE counter (tbl TEXT PRIMARY KEY, generation INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
_COUNTS = "\x00counts"  # no table of ours is called so
_LIVING = "tbl = ? AND (expires_at IS NULL OR expires_at > ?)"
_COUNT = (
    "INSERT INTO counter (tbl, generation) VALUES (?, 1) ON CONFLICT (tbl) DO UPDATE SET generation = generation + 1"
)
_PLACES = "INSERT INTO counter (tbl, place) VALUES (?, ?) ON CONFLICT (tbl) DO UPDATE SET place = place + excluded.place RETURNING place"


_DAMAGED = "the file is damaged: restore it from a backup, or move it away and make new keys"


class SQLiteStore(StateStore):
    """A store in the file ``path``: mode 0600, made when missing, in a folder that is made 0700 when missing.

    Reading and writing have a connection each, so that a reader never waits for a writer, of whichever process. A store opened before a
    ``fork`` refuses to work after it: SQLite files do not survive that. ``clock``: seconds since the epoch.

    Raises ``StoreError`` for a file that is damaged, is no store, or comes from another release; ``ConfigError`` for one that others may
    read or write.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.time, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        self._path = path
        self._clock = clock
        self._pid = os.getpid()
        self._subscribers = Subscribers()
        self._read_lock, self._write_lock = Lock(), Lock()
        make_private_folder(path.parent)
        create_private_file(path)
        check_private_file(path)
        self._inode = path.stat().st_ino
        self._writer = self._connect(busy_seconds)
        with ExitStack() as undo, self._guarded():
            undo.callback(self._writer.close)
            self._prepare(busy_seconds)
            self._check_whole()
            self._reader = self._connect(busy_seconds)
            undo.callback(self._reader.close)
            self._reader.execute("PRAGMA query_only = ON")
            undo.pop_all()

    def get(self, table: str, key: str) -> bytes | None:
        name = _name(key)
        found = self._read(f"SELECT value FROM entry WHERE key = ? AND {_LIVING}", name, table, self._clock())  # noqa: S608 - built of constants
        found = found or self._read(
            "SELECT value FROM journal WHERE tbl = ? AND key = ? ORDER BY place DESC LIMIT 1", table, name
        )
        return found[0][0] if found else None

    def put(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> None:
        check_expiry(expires_at)
        with self._writing() as write:
            write("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", (table, _name(key), bytes(value), expires_at))
            write(_COUNT, (table,))
        self._subscribers.notify(table)

    def create(self, table: str, key: str, value: bytes, *, expires_at: float | None = None) -> bool:
        check_expiry(expires_at)
        with self._writing() as write:
            made = (
                write(
                    "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?)", (table, _name(key), bytes(value), expires_at)
                ).rowcount
                > 0
            )
            if made:
                write(_COUNT, (table,))
        if made:
            self._subscribers.notify(table)
        return made

    def delete(self, table: str, key: str) -> bool:
        with self._writing() as write:
            gone = write("DELETE FROM entry WHERE tbl = ? AND key = ?", (table, _name(key))).rowcount > 0
            if gone:
                write(_COUNT, (table,))
        if gone:
            self._subscribers.notify(table)
        return gone

    def scan(self, table: str, prefix: str = "") -> list[tuple[str, bytes]]:
        where, values = _LIVING, [table, self._clock()]
        if prefix:
            low = _name(prefix)
            where += " AND key >= ? AND key < ?"
            values += [low, low[:-1] + bytes([low[-1] + 1])]  # the last byte of UTF-8 is never 0xff
        rows = self._read(f"SELECT key, value FROM entry WHERE {where} ORDER BY key", *values)  # noqa: S608 - built of constants
        return [(_text(key), value) for key, value in rows]

    def append(self, table: str, entries: list[tuple[str, bytes]], *, keep: int) -> None:
        if not entries:
            return
        # NORMAL: after a power cut the last records may be missing, the file is never damaged; a sync for each would cost 100 times more.
        with self._writing(synchronous="NORMAL") as write:
            (last,) = write(_PLACES, (table, len(entries))).fetchone()
            first = last - len(entries) + 1
            kept = enumerate(entries[-keep:] if keep > 0 else [], start=max(first, last - keep + 1))
            write.many(
                "INSERT INTO journal VALUES (?, ?, ?, ?)",
                [(table, at, _name(key), bytes(value)) for at, (key, value) in kept],
            )
            write("DELETE FROM journal WHERE tbl = ? AND place <= ?", (table, last - max(keep, 0)))

    def recent(self, table: str, limit: int) -> list[tuple[str, bytes]]:
        rows = self._read(
            "SELECT key, value FROM journal WHERE tbl = ? ORDER BY place DESC LIMIT ?", table, max(limit, 0)
        )
        return [(_text(key), value) for key, value in rows]

    def generation(self, table: str) -> int:
        rows = self._read("SELECT generation FROM counter WHERE tbl = ?", table)
        return int(rows[0][0]) if rows else 0

    def admit(self, table: str, claims: Sequence[Claim]) -> Admission:
        counts_of = f"{table}{_COUNTS}"
        # NORMAL: a power cut gives back the calls of its last moments, and ends those that were under way.
        with self._writing(synchronous="NORMAL") as write:

            def known(key: str) -> Count | None:
                row = write("SELECT value FROM entry WHERE tbl = ? AND key = ?", (counts_of, _name(key))).fetchone()
                return None if row is None else msgspec.msgpack.decode(row[0], type=tuple[float, ...])

            now = self._clock()
            admission, counts = admit(claims, known, now)
            for (key, rate), count in zip(claims, counts, strict=False):
                # Twice as long: a clock that goes back must find what was counted.
                row = (counts_of, _name(key), msgspec.msgpack.encode(count), now + 2 * rate.lifetime)
                write("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", row)
        return admission

    def subscribe(self, table: str, changed: Callable[[], None]) -> Unsubscribe:
        return self._subscribers.add(table, changed)

    def close(self) -> None:
        if os.getpid() == self._pid:  # closing what a parent opened would drop the parent's file locks
            with self._read_lock, self._write_lock:
                self._reader.close()
                self._writer.close()

    def _connect(self, busy_seconds: float) -> sqlite3.Connection:
        # No statement opens a transaction by itself, and the locks below stand for the check of threads.
        with self._guarded():
            made = sqlite3.connect(self._path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            made.execute(
                "PRAGMA cell_size_check = ON"
            )  # a page that is damaged later is an error as well, not an empty one
            return made

    def _prepare(self, busy_seconds: float) -> None:
        run = self._writer.execute
        run("BEGIN")  # one look: another process may be writing the schema, and half of it would seem somebody else's
        empty = run("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        (application,), (version,) = run("PRAGMA application_id").fetchone(), run("PRAGMA user_version").fetchone()
        run("COMMIT")
        if not empty and application != APPLICATION_ID:
            raise StoreError(f"{self._path} is a database of another program; give state.url a path of its own")
        if not empty and version != SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} has schema version {version}, and this release knows version {SCHEMA_VERSION}; "
                "run the release that wrote it, or give state.url another path"
            )
        self._use_wal(time.monotonic() + busy_seconds)
        if empty:
            run("BEGIN IMMEDIATE")
            if run("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):  # else another process was quicker
                self._run_script(_SCHEMA)
            run("COMMIT")

    def _use_wal(self, end: float) -> None:
        # SQLite gives up at once where two processes switch a file at the same time: waiting could be for each other.
        while True:
            try:
                self._writer.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(_SWITCH_STEP)

    def _check_whole(self) -> None:
        """Raise ``StoreError`` for a file that was damaged in place: a page that is not read as ours would otherwise be an empty table."""
        found = self._writer.execute("PRAGMA quick_check(1)").fetchone()
        if found != ("ok",):
            raise StoreError(f"{self._path}: {found[0] if found else 'it cannot be checked'}; {_DAMAGED}")

    def _run_script(self, script: str) -> None:
        for statement in filter(str.strip, script.split(";")):
            self._writer.execute(statement)

    def _read(self, statement: str, *values: Any) -> list[Any]:
        with self._read_lock, self._guarded():
            self._check_same_file()
            return self._reader.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self, synchronous: str = "FULL") -> Iterator[_Write]:
        with self._write_lock, self._guarded():
            self._check_same_file()
            write = _Write(self._writer)
            write(f"PRAGMA synchronous = {synchronous}")
            with self._writer:  # commits at its end, or rolls back
                write("BEGIN IMMEDIATE")
                write("DELETE FROM entry WHERE expires_at <= ?", (self._clock(),))
                yield write

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn every fault of SQLite into ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}; {_way_out(error)}") from error

    def _check_same_file(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError(f"{self._path} was opened before this process was forked; open the store in each process")
        try:
            same = os.stat(self._path).st_ino == self._inode  # noqa: PTH116 - on the polled path
        except OSError:
            same = False
        if not same:
            # Our connection would go on with a file that nobody else sees: a key disabled elsewhere would still work here.
            raise StoreError(f"{self._path} was removed or replaced while in use; restart the gateway")


class _Write:
    """Runs the statements of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __call__(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(statement, rows)


def _name(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def _way_out(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", None):
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return _DAMAGED
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another process holds it; try again, or find out what keeps writing to it"
        case sqlite3.SQLITE_FULL:
            return "the disk is full: make room"
        case sqlite3.SQLITE_READONLY:
            return "this user may not write it"
        case _:
            return "see whether the file and its folder can be read and written"
