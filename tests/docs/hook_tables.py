"""The tables of the hooks page, printed from what the code obeys."""

from __future__ import annotations

from pathlib import Path

import msgspec

from secure_gateway.config.context_forge import ALIASES, MODE_REFUSALS, MODES
from secure_gateway.plugins.framework import HOOK_POINTS
from secure_gateway.plugins.hook_loader import BUILT_IN
from tests.docs.hook_doors import door_table, result_table

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"


def hook_table() -> str:
    rows = ["| hook | payload | fields | may change | may deny |", "|---|---|---|---|---|"]
    for name, point in sorted(HOOK_POINTS.items(), key=lambda item: item[0].split("_")[0]):
        fields = ", ".join(field.name for field in msgspec.structs.fields(point.payload))
        writable = ", ".join(
            field.name for field in msgspec.structs.fields(point.payload) if field.name in point.writable
        )
        if point.answer is not None:
            writable = "nothing: it answers a question"
        fired = "yes" if point.may_deny else "no"
        rows.append(f"| `{name}` | `{point.payload.__name__}` | {fields} | {writable or 'nothing'} | {fired} |")
    return "\n".join(rows) + "\n"


def kind_table() -> str:
    forge = {ours: theirs for theirs, ours in ALIASES.items()}
    rows = ["| kind | also called |", "|---|---|"]
    return (
        "\n".join([*rows, *(f"| `{kind}` | `{forge[kind]}` |" for kind in sorted(BUILT_IN.keys() & forge.keys()))])
        + "\n"
    )


def mode_table() -> str:
    rows = ["| mode there | `on_error` | here |", "|---|---|---|"]
    rows += [f"| `{word}` | `{error}` | `{ours}` |" for (word, error), ours in MODES.items()]
    rows += [f"| `{word}` | any other | refused: {reason} |" for word, reason in MODE_REFUSALS.items()]
    return "\n".join(rows) + "\n"


TABLES = {"hooks": hook_table, "doors": door_table, "results": result_table, "kinds": kind_table, "modes": mode_table}


def printed(text: str) -> str:
    """Return ``text`` with every table printed anew."""
    for name, table in TABLES.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(start)
        text = "".join((before, start, table(), end, rest.partition(end)[2]))
    return text


if __name__ == "__main__":
    PAGE.write_text(printed(PAGE.read_text()))
