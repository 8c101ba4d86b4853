"""The guardrails page names every type of credential that is known, and no other."""

from __future__ import annotations

from tests.docs.secret_types import PAGE, in_page


def test_the_table_of_credentials_is_that_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert in_page(page) == page, "write it anew: python -m tests.docs.secret_types"
