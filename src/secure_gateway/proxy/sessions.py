"""Sessions of the 2025-11-25 era. The ids are ours; each belongs to one principal and one server, and is kept as a hash only."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar

from secure_gateway.errors import ErrorCode, RequestDenied
from secure_gateway.types import Principal

MOST_SESSIONS: Final = 10_000
MOST_PER_OWNER: Final = 256
IDLE_SECONDS: Final = 1800.0
"""A session that nothing passed through for so long is closed."""

Owner = tuple[str, str, str | None, str | None]
_State = TypeVar("_State")


def owner_of(principal: Principal) -> Owner:
    """Return what makes two requests those of one caller: who, as which provider says it, in which project and tenant."""
    return principal.provider, principal.subject, principal.project_id, principal.tenant_id


class _Entry(Generic[_State]):
    __slots__ = ("owner", "server", "state", "used")

    def __init__(self, owner: Owner, server: str, state: _State, used: float) -> None:
        self.owner = owner
        self.server = server
        self.state = state
        self.used = used


class Sessions(Generic[_State]):
    """Open sessions and what belongs to each. ``is_busy`` tells of a state whether something still passes through it."""

    def __init__(
        self,
        is_busy: Callable[[_State], bool],
        *,
        most: int = MOST_SESSIONS,
        per_owner: int = MOST_PER_OWNER,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._entries: OrderedDict[bytes, _Entry[_State]] = OrderedDict()
        self._is_busy = is_busy
        self._most = most
        self._per_owner = per_owner
        self._clock = clock

    def __len__(self) -> int:
        return len(self._entries)

    def make_room(self, owner: Owner) -> list[_State]:
        """Forget this owner's least used idle session where it has too many; return what belonged to it.

        Raises ``RequestDenied`` when all of them are in use, or when others take all the room there is.
        """
        mine = [(key, entry) for key, entry in self._entries.items() if entry.owner == owner]
        if len(mine) < self._per_owner and len(self._entries) < self._most:
            return []
        for key, entry in mine:
            if not self._is_busy(entry.state):
                del self._entries[key]
                return [entry.state]
        raise RequestDenied(ErrorCode.RATE_LIMITED, "too many open sessions; close one with DELETE")

    def open(self, owner: Owner, server: str, state: _State) -> str:
        """Return the id of a new session."""
        session_id = secrets.token_urlsafe(32)
        self._entries[_hashed(session_id)] = _Entry(owner, server, state, self._clock())
        return session_id

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
