"""detect-secrets with its default plugins and filters; each text is a file of its own, since files are what it scans."""

from __future__ import annotations

import tempfile
from pathlib import Path

from detect_secrets.core.scan import scan_file  # type: ignore[import-not-found]
from detect_secrets.settings import default_settings  # type: ignore[import-not-found]

from benchmarks.quality.workers.loop import Found, serve


def find(text: str, file: Path) -> Found:
    """Return what it reports, at the first place in its line where the value stands."""
    file.write_text(text, encoding="utf-8", newline="")
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    for secret in scan_file(str(file)):
        number = min(secret.line_number, len(lines)) - 1
        at = text.find(secret.secret_value, starts[number])
        if at >= 0:
            yield secret.type, at, at + len(secret.secret_value)


def main() -> None:
    """Serve."""
    with tempfile.TemporaryDirectory() as folder, default_settings():
        serve(lambda text: find(text, Path(folder) / "line.txt"))


if __name__ == "__main__":
    main()
