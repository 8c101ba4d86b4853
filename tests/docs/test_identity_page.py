"""The tables of ``docs/identity.md`` say what the code does."""

from __future__ import annotations

import re

import pytest

from scripts.check_docs import ROOT
from secure_gateway.plugins.auth.base import AuthMethod, AuthStatus
from secure_gateway.plugins.auth.credentials import (
    credentials_from_environment,
    credentials_from_headers,
    present_methods,
)
from secure_gateway.plugins.auth.jwt_settings import _KNOWN, CLAIMS
from secure_gateway.plugins.auth.key_format import key_id_of
from secure_gateway.types import AuthCredentials

PAGE = (ROOT / "docs" / "identity.md").read_text()


def table(first_column: str) -> list[tuple[str, ...]]:
    """Return the rows below the head whose first cell is ``first_column``."""
    match = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert match, first_column
    return [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in match[1].splitlines()]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize(("header", "fields"), [row[:2] for row in table("header")])
def test_each_header_fills_the_fields_in_its_row(header: str, fields: str) -> None:
    name, _, value = words(header)[0].partition(": ")
    credentials = credentials_from_headers({name: value.replace("…", "YTpi")})
    filled = [field for field in AuthCredentials.__slots__ if getattr(credentials, field)]
    assert sorted(filled) == sorted([*words(fields), "headers"])


@pytest.mark.parametrize(("variable", "field"), [row[:2] for row in table("variable")])
def test_each_variable_fills_the_field_in_its_row(variable: str, field: str) -> None:
    credentials = credentials_from_environment({words(variable)[0]: "x"})
    assert [name for name in AuthCredentials.__slots__ if getattr(credentials, name)] == words(field)


def test_each_field_makes_the_methods_in_its_row_present() -> None:
    shown = {
        "`api_key`, `gateway_key`": AuthCredentials(api_key="k"),
        "`access_token` that begins with `sgw_`": AuthCredentials(access_token="sgw_x"),
        "any other `access_token`": AuthCredentials(access_token="a.b.c"),
        "`id_token`": AuthCredentials(id_token="x"),
        "`refresh_token`": AuthCredentials(refresh_token="x"),
        "`username` and `password`, neither empty": AuthCredentials(username="u", password="p"),
        "any header": AuthCredentials(headers={"a": "b"}),
    }
    rows = table("credential field that holds something")
    assert [row[0] for row in rows] == list(shown)
    for field, methods in rows:
        assert present_methods(shown[field]) == {AuthMethod[name] for name in words(methods)}


def test_every_answer_of_a_provider_is_in_the_table() -> None:
    named = {word for row in table("what a provider answers") for word in words(row[0])}
    assert {status.name for status in AuthStatus} <= named


def test_every_key_and_claim_of_jwt_is_in_its_table() -> None:
    assert sorted(words(row[0])[0] for row in table("key")) == sorted(_KNOWN)
    assert {words(row[0])[0]: words(row[1])[0] for row in table("field")} == CLAIMS


def test_the_key_on_the_page_is_well_formed() -> None:
    match = re.search(r"^(sgw_\S+)$", PAGE, re.MULTILINE)
    assert match
    assert key_id_of(match[1]) == "Ab3dEf9h"
