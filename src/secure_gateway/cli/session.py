"""What every command is given: the options that hold for all of them, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


class Session:
    """One run of the command. ``config``: None where the environment or the default decides."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.config: Path | None = None
        self.json = False
        self.debug = False


class GatewayCommand(click.Command):
    """A command that also takes ``--config`` and ``--json`` behind its name, unless it uses those names itself."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        taken = {spelling for parameter in self.params for spelling in parameter.opts}
        self.params += [option for option in shared_options() if not taken & set(option.opts)]


class GatewayGroup(click.Group):
    """A group of such commands."""

    command_class = GatewayCommand


def shared_options() -> list[click.Option]:
    """Return the options that may stand before the name of a command and behind it."""
    return [
        click.Option(
            ["--config"],
            metavar="PATH",
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_set_config,
            help="Configuration; else SECURE_GATEWAY_CONFIG, else ~/.gateway/config.json.",
        ),
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Print JSON, for machines."
        ),
    ]


def _set_config(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value is not None:
        _session(context).config = value


def _set_json(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if value:
        _session(context).json = True


def _session(context: click.Context) -> Session:
    session = context.find_object(Session)
    if session is None:
        raise RuntimeError("a command outside of secure-gateway")
    return session
