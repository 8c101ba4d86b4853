"""Writes the page that tells how the gateway fares in the official conformance suite.

python -m tests.conformance.table > docs/conformance.md
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.conformance.measurement import Measurement
from tests.conformance.runner import DIRECTIONS, REVISIONS, Direction, Outcome
from tests.conformance.toolchain import toolchain

_HEAD = """# Protocol conformance

The gateway works on the wire and must not change what it has no reason to touch. The official suite
(`@modelcontextprotocol/conformance` {version}) judges that: it tests a server and a client of ours twice, bare
and with the gateway in between, and both runs must find exactly the same. This page is written by
`python -m tests.conformance.table`; the tests fail when it no longer says what they measure.

In the server direction the suite is the client and our fixture the server, with every scenario of the revision's
requirement set, scored or not, and for the newest revision those of the extensions (tasks, skills), which the gateway
does not know. In the client direction the suite is the server and our fixture the client. The gateway runs as
`secure-gateway serve` with a guardrail on, and lets callers without a credential pass, because the suite shows none.
"""

_TITLES: dict[Direction, str] = {"server": "Server direction", "client": "Client direction"}
_FOOT = """## Left out

The `auth/*` scenarios of the client direction. Each begins with a server that demands a token made out to itself. Here
the caller proves who it is to the gateway, the gateway to the server, and a caller's token is never passed on.
"""


def _told(outcomes: list[Outcome]) -> str:
    counted = Counter(status for _, status in outcomes)
    words = {"SUCCESS": "passed", "FAILURE": "failed", "WARNING": "warned", "SKIPPED": "skipped", "INFO": "noted"}
    return ", ".join(f"{counted[status]} {word}" for status, word in words.items() if counted[status])


def _section(measurement: Measurement, direction: Direction, revision: str) -> Iterator[str]:
    bare, guarded = measurement.bare(direction, revision), measurement.guarded(direction, revision)
    yield f"## {_TITLES[direction]}, {revision}\n"
    yield "| scenario | bare | through the gateway |"
    yield "|---|---|---|"
    for scenario in sorted(bare.keys() | guarded.keys()):
        yield f"| `{scenario}` | {_told(bare.get(scenario, []))} | {_told(guarded.get(scenario, []))} |"
    both = [[outcome for found in results.values() for outcome in found] for results in (bare, guarded)]
    yield f"| **all {len(bare)}** | {_told(both[0])} | {_told(both[1])} |\n"


def render(measurement: Measurement) -> str:
    """Render the whole page."""
    lines = [_HEAD.format(version=measurement.suite_version)]
    for direction in DIRECTIONS:
        for revision in REVISIONS:
            lines.extend(_section(measurement, direction, revision))
    lines.append(_FOOT)
    for revision in REVISIONS:
        names = ", ".join(f"`{name.removeprefix('auth/')}`" for name in measurement.left_out(revision))
        lines.append(f"- {revision}: {names}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render(Measurement(toolchain())), end="")
