"""Fixtures that every test may need, and what holds for all of them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from secure_gateway.native import VARIABLE
from tests.support.unprivileged import NOBODY

# A deadline is an assertion about timing, and those are made by `make bench` only.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")

# A shell that starts us in the background lets us ignore Ctrl-C, and our children with us; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep every test, and every child process it starts, from the ``~/.gateway`` and the settings of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOME", str(home))
        for name in list(os.environ):
            # Which twin runs is what a run of the tests is about: it is not a setting to keep away from them.
            if name.startswith("SECURE_GATEWAY_") and name != VARIABLE:
                environment.delenv(name)
        yield home


@pytest.fixture
def unprivileged_folder() -> Iterator[Path]:
    """Give a folder that belongs to the user as which ``run_unprivileged`` runs; ``tmp_path`` lies where only we can go."""
    folder = Path(tempfile.mkdtemp(prefix="unprivileged-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)
