"""Measures both directions and both revisions, bare and through the gateway, each once."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.children import serving
from tests.conformance.gateway_under_test import gateway_before
from tests.conformance.runner import LEFT_OUT, ConformanceSuite, Direction, Results, Toolchain
from tests.conformance.toolchain import suite_version

_HERE = Path(__file__).parent


class Measurement:
    """Runs the suite when a result is first asked for, and remembers it."""

    def __init__(self, tools: Toolchain) -> None:
        self._python = str(tools.python)
        self._suite = ConformanceSuite(tools)
        self.suite_version = suite_version(tools)
        self._known: dict[tuple[Direction, str, bool], Results] = {}

    def bare(self, direction: Direction, revision: str) -> Results:
        """Return what the suite found with nothing in between."""
        return self._measured(direction, revision, guarded=False)

    def guarded(self, direction: Direction, revision: str) -> Results:
        """Return what the suite found with the gateway in between."""
        return self._measured(direction, revision, guarded=True)

    def left_out(self, revision: str) -> list[str]:
        """Name the scenarios that are not run."""
        return [name for name in self._suite.scenarios("client", revision) if name.startswith(LEFT_OUT)]

    def _measured(self, direction: Direction, revision: str, *, guarded: bool) -> Results:
        key = (direction, revision, guarded)
        if key not in self._known:
            measure = self._measure_server if direction == "server" else self._measure_client
            self._known[key] = measure(revision, guarded=guarded)
        return self._known[key]

    @contextlib.contextmanager
    def fixture_server(self, *, guarded: bool) -> Iterator[str]:
        """Run the fixture server, if `guarded` behind a gateway, and give its address."""
        with contextlib.ExitStack() as stack:
            address = stack.enter_context(serving([self._python, str(_HERE / "fixture_server.py")], r"^(http\S+)$"))
            yield stack.enter_context(gateway_before(address)) if guarded else address

    def _measure_server(self, revision: str, *, guarded: bool) -> Results:
        with self.fixture_server(guarded=guarded) as address:
            return self._suite.test_server(revision, address)

    def _measure_client(self, revision: str, *, guarded: bool) -> Results:
        client = [self._python, str(_HERE / "fixture_client.py")]
        wrapper = [sys.executable, "-m", "tests.conformance.client_through_gateway"]
        return self._suite.test_client(revision, [*wrapper, *client] if guarded else client)
