"""What offices and engine rooms write every day holds nothing: no sentence, and no value that only looks like somebody's."""

from __future__ import annotations

import random

import pytest

from secure_gateway.native import core
from tests.plugins.guardrails.scanner import everyday
from tests.plugins.guardrails.scanner.shared import scanner_of

# The twin finds the same, and takes its time.
_DRAWN = 4_000 if core() is not None else 300
_MANY_DRAWN = 20_000


def test_there_are_sentences_enough_and_none_twice() -> None:
    assert len(set(everyday.SENTENCES)) == len(everyday.SENTENCES) >= 250


@pytest.mark.parametrize("sentence", everyday.SENTENCES)
def test_an_ordinary_sentence_holds_nothing(sentence: str) -> None:
    assert scanner_of().scan_text(sentence) == []
    assert scanner_of().scan({"content": [{"type": "text", "text": sentence}]}) == []


@pytest.mark.parametrize("language", everyday.LANGUAGES)
def test_a_page_of_ordinary_sentences_holds_no_personal_data_and_no_credentials(language: str) -> None:
    page = "\n".join(everyday.LANGUAGES[language])
    assert [each for each in scanner_of().scan_text(page) if each.category != "injection"] == []


@pytest.mark.parametrize("shape", everyday.VALUES)
def test_a_random_value_of_a_technical_shape_is_taken_for_nothing_else(shape: str) -> None:
    _draw(shape, _DRAWN)


@pytest.mark.soak
@pytest.mark.parametrize("shape", everyday.VALUES)
def test_twenty_thousand_random_values_of_a_technical_shape_are_taken_for_nothing_else(shape: str) -> None:
    _draw(shape, _MANY_DRAWN)


def _draw(shape: str, count: int) -> None:
    make, names = everyday.VALUES[shape]
    draw = random.Random(shape)  # noqa: S311 - the same values in every run
    for number in range(count):
        value = make(draw)
        phrase = everyday.PHRASES[number % len(everyday.PHRASES)]
        record = {names[number % len(names)]: value, "note": phrase.format(value)}
        assert scanner_of().scan(record) == [], record


@pytest.mark.parametrize(("shape", "kind"), [("mac", "MAC_ADDRESS"), ("ipv6", "IP_ADDRESS")])
def test_an_address_is_nothing_but_an_address(shape: str, kind: str) -> None:
    make = everyday.ADDRESSES[shape]
    draw = random.Random(shape)  # noqa: S311 - the same values in every run
    for number in range(_DRAWN):
        value = make(draw)
        record = {everyday.NAMES[number % len(everyday.NAMES)]: value}
        assert {each.type for each in scanner_of().scan(record)} <= {kind}, record
