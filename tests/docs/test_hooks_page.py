"""The hooks page says what the code does; its examples run with all the others."""

from __future__ import annotations

from secure_gateway.plugins.framework import PluginCondition, PluginMode
from tests.docs.hook_tables import PAGE, TABLES, printed

TEXT = PAGE.read_text()


def test_every_table_is_the_one_that_the_code_obeys() -> None:
    assert all(f"<!-- {name} -->" in TEXT for name in TABLES)
    assert printed(TEXT) == TEXT, "run: python -m tests.docs.hook_tables"


def test_every_mode_and_every_condition_is_explained() -> None:
    words = [*(mode.value for mode in PluginMode), *PluginCondition.__struct_fields__]
    assert [word for word in words if f"| `{word}` |" not in TEXT] == []
