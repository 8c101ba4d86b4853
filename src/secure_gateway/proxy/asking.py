"""``Asking``: for how long a client has had questions of its server before it, which its user or its model answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from secure_gateway.proxy.methods import Sender, find_method


class Asking:
    """The questions of one client. Several at the same time count once."""

    __slots__ = ("_open", "_since", "_total")

    def __init__(self) -> None:
        self._open = 0
        self._since = 0.0
        self._total = 0.0

    def seconds(self) -> float:
        """Return for how many seconds so far at least one question has been open."""
        return self._total + (monotonic() - self._since if self._open else 0.0)

    @contextmanager
    def during(self, method: str) -> Iterator[None]:
        """Count the time inside, where a person or a model answers ``method``."""
        row = find_method(Sender.SERVER, method)
        if row is None or not row.question:
            yield
            return
        if not self._open:
            self._since = monotonic()
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._total += monotonic() - self._since
