"""The table of the credentials that are known, as it stands in the docs: ``python -m tests.docs.secret_types`` writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from secure_gateway.plugins.guardrails.scanner import SECRET_DETECTORS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "guardrails.md"
BEGIN: Final = "<!-- secret types: written by `python -m tests.docs.secret_types` -->"
END: Final = "<!-- end of secret types -->"


def table() -> str:
    """Return one line for each type, with what its formats are taken from."""
    sources: dict[str, list[str]] = {}
    for detector in SECRET_DETECTORS:
        known = sources.setdefault(detector.type, [])
        if detector.source not in known:
            known.append(detector.source)
    rows = [f"| `{kind}` | {'; '.join(named)} |" for kind, named in sorted(sources.items())]
    return "\n".join([f"{len(rows)} types:", "", "| type | taken from |", "|---|---|", *rows])


def in_page(page: str) -> str:
    """Return ``page`` with the table between its marks; ``ValueError`` where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
