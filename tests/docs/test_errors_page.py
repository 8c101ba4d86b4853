"""The page of errors says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from secure_gateway.errors import HTTP_STATUS, PUBLIC_MESSAGE, ErrorCode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def test_every_code_stands_on_the_page_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {code.value: str(HTTP_STATUS[code]) for code in ErrorCode}


def test_every_code_has_a_sentence_for_remote_callers() -> None:
    assert set(PUBLIC_MESSAGE) == set(ErrorCode)
