"""Check the documentation: relative links and their anchors lead somewhere, every decision is in the index.

Run it with `make docs`. Links to other hosts are not followed: a check must not depend on someone else's server.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "adr"

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(\s*(?:<([^>\n]+)>|([^)\s]+))(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:")


def main() -> int:
    """Print each fault with its file and line; return the exit code."""
    faults = [fault for page in pages(ROOT) for fault in check_page(page)] + list(check_decisions(DECISIONS))
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults in the docs." if faults else "The docs hold together.")
    return bool(faults)


def pages(root: Path) -> list[Path]:
    """Give every Markdown page that belongs to the repository, committed or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    )
    return [root / name for name in sorted(set(listed.stdout.split("\0"))) if name and (root / name).exists()]


def check_page(page: Path) -> Iterator[str]:
    """Give a line for each link of a page that leads nowhere."""
    text = page.read_text()
    for match in _LINK.finditer(_without_code(text)):
        target = match[1] or match[2] or match[3]
        if _ELSEWHERE.match(target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        line = text.count("\n", 0, match.start()) + 1
        if not linked.exists():
            yield f"{page}:{line}: {target} leads to no file"
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text()):
            yield f"{page}:{line}: {target} leads to no heading"


def check_decisions(folder: Path) -> Iterator[str]:
    """Give a line for each decision that the index does not link to, and for each number that is used twice."""
    index = (folder / "README.md").read_text()
    numbers: dict[str, str] = {}
    for path in sorted(folder.glob("[0-9]*.md")):
        if f"({path.name})" not in index:
            yield f"{folder / 'README.md'}: does not list {path.name}"
        number = path.name[:4]
        if number in numbers:
            yield f"{path}: {numbers[number]} has the number {number} already"
        numbers[number] = path.name


def anchors(text: str) -> set[str]:
    """Give the anchors of a page, made of its headings the way the usual hosts make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_blanked(text, _FENCE)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        name, number = base, 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found | set(_ANCHOR.findall(text))


def _without_code(text: str) -> str:
    return _blanked(_blanked(text, _FENCE), _CODE)


def _blanked(text: str, pattern: re.Pattern[str]) -> str:
    """Replace what matches by blanks, so that lines and columns stay where they are."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


if __name__ == "__main__":
    sys.exit(main())
