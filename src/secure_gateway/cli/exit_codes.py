"""What the exit code of the command says. ``docs/cli.md`` lists these."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Stable: scripts rely on them. A signal ends the command with 128 plus its number."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4
    FAILED = 5
    INTERRUPTED = 130


MEANING = {
    ExitCode.OK: "Done.",
    ExitCode.REFUSED: "Refused: the gateway denied the request, or what was asked for is not there or not possible.",
    ExitCode.USAGE: "The command was not understood.",
    ExitCode.CONFIGURATION: "The configuration, a secret or a provider named in it cannot be used.",
    ExitCode.UNAVAILABLE: "A server or the state store cannot be reached, or did not answer in time.",
    ExitCode.FAILED: "Something failed: the called tool, a plugin, or the gateway itself.",
    ExitCode.INTERRUPTED: "Interrupted (Ctrl-C).",
}
