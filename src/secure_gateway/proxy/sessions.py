"""Sessions of the 2025-11-25 era. The ids are ours; each belongs to one principal and one server, and is kept as a hash only."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final, Generic, TypeVar

from secure_gateway.errors import ErrorCode, RequestDenied
from secure_gateway.types import Principal

MOST_SESSIONS: Final = 10_000
MOST_PER_OWNER: Final = 256
IDLE_SECONDS: Final = 1800.0
"""A session that nothing passed through for so long is closed."""
RETRY_SECONDS: Final = 30
"""When to try again for room: idle sessions are looked for that often."""

Owner = tuple[str, str, str | None, str | None]
_State = TypeVar("_State")


def owner_of(principal: Principal) -> Owner:
    """Return what makes two requests those of one caller: who, as which provider says it, in which project and tenant."""
    return principal.provider, principal.subject, principal.project_id, principal.tenant_id


class NoRoomDenied(RequestDenied):
    """All the sessions that there may be are in use: the caller's own share (429), or everybody's (503)."""

    retry_after = RETRY_SECONDS

    def __init__(self, http_status: int, reason: str) -> None:
        super().__init__(ErrorCode.RATE_LIMITED, reason)
        self.http_status = http_status


class _Entry(Generic[_State]):
    __slots__ = ("owner", "server", "state", "used")

    def __init__(self, owner: Owner, server: str, state: _State, used: float) -> None:
        self.owner = owner
        self.server = server
        self.state = state
        self.used = used


class Sessions(Generic[_State]):
    """Open sessions and what belongs to each, and room that is taken for those that are being opened.

    ``is_busy`` tells of a state whether something still passes through it; ``give_way`` gets the state of a session that is forgotten to make room.
    """

    def __init__(
        self,
        is_busy: Callable[[_State], bool],
        give_way: Callable[[_State], object],
        *,
        most: int = MOST_SESSIONS,
        per_owner: int = MOST_PER_OWNER,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._entries: OrderedDict[bytes, _Entry[_State]] = OrderedDict()
        self._taken: Counter[Owner] = Counter()
        self._is_busy = is_busy
        self._give_way = give_way
        self._most = most
        self._per_owner = per_owner
        self._clock = clock

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def room(self, owner: Owner) -> Iterator[Callable[[str, _State], str]]:
        """Take room for one session of ``owner``; yield what opens it, given server and state, and returns its id. Unused, the room is free again.

        It is taken before anything is awaited: whoever opens many sessions at once finds it taken. Where the owner has too many, the least used
        idle one is forgotten. Raises ``NoRoomDenied`` when all are in use, or when others take all the room there is.
        """
        self._make_room(owner)
        self._taken[owner] += 1
        is_taken = True

        def free() -> None:
            nonlocal is_taken
            self._taken[owner] -= is_taken
            is_taken = False
            self._taken += Counter()  # keeps what is above zero only

        def open_session(server: str, state: _State) -> str:
            free()
            session_id = secrets.token_urlsafe(32)
            self._entries[_hashed(session_id)] = _Entry(owner, server, state, self._clock())
            return session_id

        try:
            yield open_session
        finally:
            free()

    def _make_room(self, owner: Owner) -> None:
        mine = [(key, entry) for key, entry in self._entries.items() if entry.owner == owner]
        is_full = len(self._entries) + self._taken.total() >= self._most
        if len(mine) + self._taken[owner] < self._per_owner and not is_full:
            return
        for key, entry in mine:
            if not self._is_busy(entry.state):
                del self._entries[key]
                self._give_way(entry.state)
                return
        if is_full:
            raise NoRoomDenied(503, "no room for another session at the moment; try again later")
        raise NoRoomDenied(429, "too many open sessions; close one with DELETE")

    def find(self, session_id: str, owner: Owner, server: str) -> _State | None:
        """Return what belongs to a session, None where there is none of that id for this owner at this server."""
        key = _hashed(session_id)
        entry = self._entries.get(key)
        if entry is None or entry.owner != owner or entry.server != server:
            return None
        entry.used = self._clock()
        self._entries.move_to_end(key)
        return entry.state

    def close(self, session_id: str) -> None:
        """Forget a session."""
        self._entries.pop(_hashed(session_id), None)

    def expired(self) -> list[_State]:
        """Forget the sessions that were idle for too long; return what belonged to them."""
        found: list[_State] = []
        limit = self._clock() - IDLE_SECONDS
        for key, entry in list(self._entries.items()):
            if entry.used > limit:
                break
            if self._is_busy(entry.state):
                entry.used = self._clock()
                self._entries.move_to_end(key)
            else:
                del self._entries[key]
                found.append(entry.state)
        return found

    def clear(self) -> list[_State]:
        """Forget all; return what belonged to them."""
        found = [entry.state for entry in self._entries.values()]
        self._entries.clear()
        return found


def _hashed(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("utf-8", "surrogateescape")).digest()
