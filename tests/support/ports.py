"""Ports for servers that take a number and no socket."""

from __future__ import annotations

import os
import random
import socket

_FIRST, _EACH, _WORKERS = 20_000, 1_000, 12  # below 32768, from where systems give ports away on their own


def free_port() -> int:
    """Return a port on which nobody listens, and which neither the system nor another worker of this run gives to somebody else meanwhile."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    first = _FIRST + _EACH * worker
    for port in random.SystemRandom().sample(range(first, first + _EACH), _EACH):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"found no free port from {first} to {first + _EACH}")
