"""Write what is generated from the models into the documentation: the JSON Schema, and the table of keys."""

from __future__ import annotations

import re
from pathlib import Path

from secure_gateway.config.schema import SCHEMA_FILE_NAME, key_table, schema_text

DOCS = Path(__file__).parents[2] / "docs"


def main() -> None:
    (DOCS / SCHEMA_FILE_NAME).write_text(schema_text(), encoding="utf-8")
    page = DOCS / "configuration.md"
    text = page.read_text(encoding="utf-8")
    between = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)
    page.write_text(between.sub(lambda _: key_table(), text), encoding="utf-8")


if __name__ == "__main__":
    main()
