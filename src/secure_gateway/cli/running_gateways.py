"""Find the gateway that runs under the configuration at hand, and ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from secure_gateway.admin.client import NotReachedError, ask
from secure_gateway.admin.commands import Question
from secure_gateway.admin.places import FOLDER, places
from secure_gateway.cli.durations import shown_time
from secure_gateway.cli.exit_codes import ExitCode
from secure_gateway.cli.failures import CommandError
from secure_gateway.cli.session import Session
from secure_gateway.config.loader import config_path
from secure_gateway.config.ownership import check_ownership

RELOAD_SECONDS = 120.0
"""How long a reload may take: it builds everything anew."""

pid_option = click.option(
    "--pid", type=click.IntRange(1), metavar="PID", help="Which gateway, where several run under this configuration."
)


class Running:
    """A gateway that runs. ``status``: what it says of itself."""

    def __init__(self, path: Path, status: dict[str, Any]) -> None:
        self._path = path
        self.status = status

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.status["pid"])

    def ask(self, question: Question) -> Any:
        """Return what it answers. Raises ``PluginControlError`` where it says no."""
        return ask(self._path, question, RELOAD_SECONDS)

    def __str__(self) -> str:
        return f"{self.pid} ({self.status['door']}, since {shown_time(self.status['since'], 'unknown')})"

    def __repr__(self) -> str:
        return f"Running({self.pid})"


def find_running(session: Session, pid: int | None) -> Running | None:
    """Return the gateway that runs under the configuration, None where there is none. Raises ``CommandError`` where ``pid`` must choose."""
    found = _all_running(session)
    if pid is not None:
        chosen = [gateway for gateway in found if gateway.pid == pid]
        if not chosen:
            running = ", ".join(map(str, found)) or "none"
            raise CommandError(f"No gateway of process {pid} runs under this configuration; running: {running}.")
        return chosen[0]
    if len(found) > 1:
        raise CommandError(
            f"Several gateways run under this configuration; choose by --pid: {', '.join(map(str, found))}."
        )
    return found[0] if found else None


def the_running(session: Session, pid: int | None) -> Running:
    """Return the gateway that runs under the configuration. Raises ``CommandError`` where there is none."""
    found = find_running(session, pid)
    if found is None:
        raise CommandError(
            f"No gateway runs under {config_path(session.config, session.environ)}. `secure-gateway serve` or `proxy` starts one; "
            "what it starts with stands in the configuration (docs/hooks.md).",
            ExitCode.UNAVAILABLE,
        )
    return found


def _all_running(session: Session) -> list[Running]:
    folder = config_path(session.config, session.environ).parent / FOLDER
    if not folder.is_dir():
        return []
    check_ownership(folder)
    found = []
    for place in places(folder):
        try:
            found.append(Running(place.path, ask(place.path, Question(command="status"))))
        except NotReachedError:
            continue  # it died and left its socket, which the next to start removes
    return found
