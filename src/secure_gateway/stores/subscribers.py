"""Who wants to know that a table changed in this process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from secure_gateway.stores.base import Unsubscribe


class Subscribers:
    """Callbacks by table, for stores to call after a write. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: dict[str, tuple[Callable[[], None], ...]] = {}

    def add(self, table: str, changed: Callable[[], None]) -> Unsubscribe:
        """Call ``changed`` from now on, until what this returns is called."""
        with self._lock:
            self._callbacks[table] = (*self._callbacks.get(table, ()), changed)

        def remove() -> None:
            with self._lock:
                # Equality, not identity: each access to a bound method makes a new object.
                left = list(self._callbacks.get(table, ()))
                if changed in left:
                    left.remove(changed)
                self._callbacks[table] = tuple(left)

        return remove

    def notify(self, table: str) -> None:
        """Call everybody who subscribed to ``table``, on this thread."""
        for changed in self._callbacks.get(table, ()):
            changed()
