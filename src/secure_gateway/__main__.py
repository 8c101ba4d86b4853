"""``python -m secure_gateway`` and the script ``secure-gateway``."""

from __future__ import annotations

import io
import sys

from secure_gateway.cli.main import root


def main() -> None:
    """Run the command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number: printing must not be what fails.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    root()


if __name__ == "__main__":
    main()
