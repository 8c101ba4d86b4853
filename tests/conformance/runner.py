"""Runs the official MCP conformance suite and reads what it found."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Direction = Literal["server", "client"]
DIRECTIONS: tuple[Direction, ...] = ("server", "client")
REVISIONS = ("2025-11-25", "2026-07-28")
# Each of them begins with a server that asks the client for a token of its own; the gateway never carries one upstream.
LEFT_OUT = "auth/"

Outcome = tuple[str, str]
Results = dict[str, list[Outcome]]

_SCENARIO_LINE = re.compile(r"^  - (?P<name>\S+) \[(?P<marks>[^\]]*)\]$", re.MULTILINE)
_RESULT_FOLDER = re.compile(r"(?P<name>.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z")
# What the suite notes about the traffic, not what it checks: how many events a poll took is no property of a server.
_TRACE = re.compile(r"(incoming|outgoing)-.*|stream-closed")
_ROOT = Path(__file__).parents[2]
_TIME_LIMIT_SECONDS = 180
_CLIENTS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What the suite and the fixtures run on: Node 22, the suite's script, and a Python with the `mcp` SDK."""

    node: Path
    suite: Path
    python: Path


class ConformanceSuite:
    """The suite, ready to test servers and clients."""

    def __init__(self, tools: Toolchain) -> None:
        self._tools = tools

    def test_server(self, revision: str, url: str) -> Results:
        """Run every server scenario of `revision` against `url`."""
        results = self._test_server(url, "--requirements", revision)
        # The requirement set leaves out what belongs to no revision: extensions, and scenarios added since.
        for name in self.scenarios("server", revision):
            if name not in results:
                results |= self._test_server(url, "--scenario", name, "--spec-version", revision, "--force")
        return results

    def test_client(self, revision: str, command: Sequence[str]) -> Results:
        """Run every client scenario of `revision` that needs no token upstream with `command` as the client."""
        scenarios = [name for name in self.scenarios("client", revision) if not name.startswith(LEFT_OUT)]
        with ThreadPoolExecutor(_CLIENTS_AT_ONCE) as pool:
            outcomes = pool.map(lambda name: self._test_one_client(revision, name, command), scenarios)
            return dict(zip(scenarios, outcomes, strict=True))

    def scenarios(self, direction: Direction, revision: str) -> list[str]:
        """Name the scenarios that apply to `revision`; those of extensions apply to the newest."""
        wanted = {revision, "extension"} if revision == REVISIONS[-1] else {revision}
        listing = self._run("list", f"--{direction}").stdout
        return [match["name"] for match in _SCENARIO_LINE.finditer(listing) if wanted & {*match["marks"].split(",")}]

    def _test_server(self, url: str, *which: str) -> Results:
        with tempfile.TemporaryDirectory() as folder:
            self._run("server", "--url", url, *which, "--output-dir", folder)
            return {name.removeprefix("server-"): outcomes for name, outcomes in _read_results(Path(folder)).items()}

    def _test_one_client(self, revision: str, scenario: str, command: Sequence[str]) -> list[Outcome]:
        with tempfile.TemporaryDirectory() as folder:
            asked = ("--scenario", scenario, "--spec-version", revision, "--force", "--output-dir", folder)
            done = self._run("client", "--command", shlex.join(command), *asked)
            outcomes = [outcome for found in _read_results(Path(folder)).values() for outcome in found]
        # A client that failed halfway may have passed every check up to there.
        return [*outcomes, ("client-ends-well", "FAILURE" if done.returncode else "SUCCESS")]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._tools.node), str(self._tools.suite), *arguments],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT_SECONDS,
            check=False,
        )


def _read_results(folder: Path) -> Results:
    results: Results = {}
    for path in sorted(folder.glob("**/checks.json")):
        # A scenario's name may hold a slash, which makes it a folder within the folder.
        match = _RESULT_FOLDER.fullmatch(str(path.parent.relative_to(folder)))
        assert match, f"a result in {path.parent.name}, which names no scenario"
        checks = json.loads(path.read_text())
        results[match["name"]] = sorted(
            (check["id"], check["status"]) for check in checks if not _TRACE.fullmatch(check["id"])
        )
    return results
