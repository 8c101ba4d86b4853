"""What a plugin's process writes to stderr: always drained, told of in the log without its words once payloads have been sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

_log = logging.getLogger(__name__)

PAUSE: Final = 60.0
"""Seconds between two lines of ours about one process."""
_LONGEST: Final = 4096
_SHOWN: Final = 300


class StderrLog:
    """Takes what one process writes. Nothing of it is kept but, until ``quiet``, the last few lines."""

    def __init__(self, name: str, secrets: Iterable[str], clock: Callable[[], float] = monotonic) -> None:
        """``secrets``: values that are blotted out, those of the process's environment."""
        self._name = name
        self._secrets = sorted((text for text in secrets if text), key=len, reverse=True)
        self._clock = clock
        self._tail = b""
        self._is_quiet = False
        self._lines = 0
        self._next = 0.0

    def feed(self, data: bytes) -> None:
        """Take what was written."""
        if not self._is_quiet:
            self._tail = (self._tail + data)[-_LONGEST:]
            return
        self._lines += data.count(b"\n") or 1
        now = self._clock()
        if now >= self._next:
            self._next = now + PAUSE
            _log.warning(
                "plugin %r wrote %d lines to stderr; they may quote payloads and are not logged",
                self._name,
                self._lines,
            )
            self._lines = 0

    def quiet(self) -> None:
        """Say nothing of its words from now on: payloads are about to be sent."""
        self._is_quiet = True
        self._tail = b""

    def last_words(self) -> str:
        """Return the last line that it wrote before ``quiet``, printable and without secrets; empty where there is none."""
        lines = [line for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        text = "".join(char if char.isprintable() else " " for char in lines[-1]).strip() if lines else ""
        for secret in self._secrets:
            text = text.replace(secret, "[REDACTED]")
        return text[:_SHOWN]
