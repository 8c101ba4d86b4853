"""For plugins that have to know how requests end: after a failure upstream no hook fires, and a record is made all the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from secure_gateway.decisions import DecisionRecord


class RequestObserver(ABC):
    """A plugin that is told of every request's end, before the answer leaves. Only within the gateway's own process."""

    @abstractmethod
    def request_ended(self, record: DecisionRecord) -> None:
        """Take note of ``record``. Must neither block nor raise; the record is not its to keep."""


class ObserverSink:
    """Hands records to an observer; the rest of what a sink can be does not matter to it."""

    required: Final = False
    durable: Final = False
    ready: Final = True

    def __init__(self, name: str, observer: RequestObserver) -> None:
        self.name = name
        self._observer = observer

    def emit(self, record: DecisionRecord) -> bool:
        """Tell the observer."""
        self._observer.request_ended(record)
        return True

    async def committed(self) -> bool:
        """Return at once: nothing is kept."""
        return True
