"""``AnswerCache``: what was answered to the same question, for a while and within bounds."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import orjson

MOST_BYTES: Final = 32 * 1024 * 1024
"""Memory of all answers together, by their length as JSON."""
_LARGEST: Final = 1024 * 1024


class AnswerCache:
    """Answers by a keyed digest of the question, so that nobody can search the memory of this process for known payloads."""

    def __init__(self, seconds: float, entries: int, clock: Callable[[], float] = monotonic) -> None:
        """``seconds``: 0 means that nothing is kept."""
        self._seconds = seconds
        self._entries = entries
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._answers: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._answers)

    def digest_of(self, question: Any) -> bytes | None:
        """Return the key of a question, a JSON value. None where nothing is kept, or where the question is too deep to be written."""
        if not self._seconds:
            return None
        try:
            written = orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            return None
        return hashlib.blake2b(written, key=self._key, digest_size=32).digest()

    def get(self, key: bytes | None) -> Any:
        """Return a fresh copy of the answer, None where there is none that is still valid."""
        found = None if key is None else self._answers.get(key)
        if key is None or found is None:
            return None
        if found[0] <= self._clock():
            self._drop(key)
            return None
        self._answers.move_to_end(key)
        return orjson.loads(found[1])

    def put(self, key: bytes | None, answer: Any) -> None:
        """Keep ``answer`` in place of the ones that were asked for least recently."""
        if key is None:
            return
        try:
            written = orjson.dumps(answer)
        except orjson.JSONEncodeError:
            return
        if len(written) > _LARGEST:
            return
        self._drop(key)
        self._answers[key] = (self._clock() + self._seconds, written)
        self._size += len(written)
        while len(self._answers) > self._entries or self._size > MOST_BYTES:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: bytes) -> None:
        found = self._answers.pop(key, None)
        if found is not None:
            self._size -= len(found[1])
