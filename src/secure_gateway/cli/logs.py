"""Log lines of the gateway on stderr, one per line, whatever they quote."""

from __future__ import annotations

import logging

import click

from secure_gateway.cli.escaping import safe

_LOGGER = "secure_gateway"


class _StderrHandler(logging.Handler):
    """Writes to the stderr of the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            click.echo(safe(self.format(record)), err=True)
        except Exception:  # noqa: BLE001 - logging's own rule: a line that cannot be written must not stop the work
            self.handleError(record)


def log_to_stderr(level: int) -> None:
    """Show log lines of ``level`` and above."""
    logger = logging.getLogger(_LOGGER)
    if not any(isinstance(handler, _StderrHandler) for handler in logger.handlers):
        handler = _StderrHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)
    logger.setLevel(level)
