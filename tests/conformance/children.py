"""Child processes that serve until they are no longer needed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence

_PATIENCE_SECONDS = 30.0
_FAREWELL_SECONDS = 10.0


@contextlib.contextmanager
def serving(command: Sequence[str], announcement: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run `command` until the block ends and give the address in the line that it announces itself with.

    `announcement`: a pattern whose first group is the address.

    Raises:
        RuntimeError: it ended, or named no address in time; the message holds what it said.
    """
    # What it logs goes to the same pipe, which is emptied to its end: a full pipe would stop the server.
    child = subprocess.Popen(
        command,
        env=dict(environment) if environment is not None else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    found = threading.Event()

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line)
            if re.search(announcement, line):
                found.set()
        found.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        found.wait(_PATIENCE_SECONDS)
        match = next((hit for line in said if (hit := re.search(announcement, line))), None)
        if match is None:
            raise RuntimeError(f"{command[0]} named no address; it said:\n{''.join(said)}")
        yield match[1]
    finally:
        _end(child)
        listener.join(_FAREWELL_SECONDS)
        if child.stdout is not None:
            child.stdout.close()


def _end(child: subprocess.Popen[str]) -> None:
    for farewell in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, farewell)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_FAREWELL_SECONDS)
            return
