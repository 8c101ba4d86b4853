"""The corpora are what they say: the same everywhere, labelled where the values stand, with more harmless lines than others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.corpora import build
from tests.corpora.generators import unseen
from tests.corpora.generators.digits import luhn_digit
from tests.corpora.generators.secret_formats import FORMATS
from tests.corpora.lines import TASKS, Hit, Line, fill, labelled_text, laid_out, parts, rendered

ROOT = Path(__file__).resolve().parent.parent.parent
each_task = pytest.mark.parametrize("task", TASKS)


@cache
def corpus(task: str) -> tuple[Line, ...]:
    return tuple(build.corpus(task))


def negatives(task: str) -> list[Line]:
    return [line for line in corpus(task) if not line.labels]


@each_task
def test_there_are_several_thousand_lines_and_at_least_as_many_harmless_ones_as_others(task: str) -> None:
    harmless = len(negatives(task))
    assert len(corpus(task)) >= 7000
    assert harmless >= len(corpus(task)) - harmless


@each_task
def test_no_two_lines_are_the_same(task: str) -> None:
    contents = [line.content for line in corpus(task)]
    assert len(set(contents)) == len(contents)


@each_task
def test_about_a_tenth_is_set_aside_of_positives_and_negatives_alike(task: str) -> None:
    for lines in ([line for line in corpus(task) if line.labels], negatives(task)):
        assert 0.07 < sum(line.held for line in lines) / len(lines) < 0.15


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        folder = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "tests.corpora.build", str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    for task in TASKS:
        name = f"{task}.jsonl"
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@each_task
def test_a_written_line_says_what_it_holds_and_where(task: str) -> None:
    for line in corpus(task):
        row = json.loads(line.to_json())
        assert row["split"] == ("held" if line.held else "open")
        assert row["text" if isinstance(line.value, str) else "payload"] == line.value
        assert len(row["labels"]) == len(line.labels)


@each_task
def test_every_label_covers_text_and_stands_at_the_same_text_in_the_json(task: str) -> None:
    for line in corpus(task):
        text, moved = rendered(line)
        assert isinstance(line.value, str) or json.loads(text) == line.value
        for label, place in zip(line.labels, moved, strict=True):
            covered = labelled_text(line, label)
            assert covered.strip()
            assert (
                text[place.start : place.end] == json.dumps(covered, ensure_ascii=False)[1:-1]
                or text == covered
                or (isinstance(line.value, str) and text[place.start : place.end] == covered)
            )


def test_a_label_keeps_its_place_through_keys_lists_numbers_and_escapes() -> None:
    line = laid_out(
        "pii",
        "g",
        {"a/b": [parts('say "', Hit("X", 'v"1'), '"')], parts(Hit("K", "key")): Hit("N", "42", number=True)},
    )
    text, moved = rendered(line)
    assert [(label.pointer, label.in_key) for label in line.labels] == [
        ("/a~1b/0", False),
        ("/key", True),
        ("/key", False),
    ]
    assert [labelled_text(line, label) for label in line.labels] == ['v"1', "key", "42"]
    assert [text[place.start : place.end] for place in moved] == ['v\\"1', "key", "42"]


def test_a_template_without_a_place_for_the_value_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        fill("nothing here", Hit("X", "v"))


_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}\b")
_RUN = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d])")
_SSN = re.compile(r"\b(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}\b")


def _is_card(run: str) -> bool:
    number = re.sub(r"\D", "", run)
    return number[0] in "23456" and luhn_digit(number[:-1]) == number[-1]


def test_no_harmless_line_holds_an_address_a_card_or_a_social_security_number() -> None:
    for line in negatives("pii"):
        assert not [
            mail for mail in _MAIL.findall(line.content) if mail != "git@github.com" and not mail.endswith(".service")
        ], line.id
        assert not _SSN.search(line.content), line.id
        # Random numbers of science and time pass one check in ten; as amounts, moments and places they are no cards.
        if line.group.endswith(("order_number", "not_a_card", "masked")):
            assert not [run for run in _RUN.findall(line.content) if _is_card(run)], line.id


def _pattern(shape: str) -> str:
    shape = shape.replace("{crc}", "[a]{36}")
    classes = {
        "a": "[A-Za-z0-9]",
        "l": "[a-z0-9]",
        "u": "[A-Z0-9]",
        "h": "[0-9a-f]",
        "d": "[0-9]",
        "b": "[A-Za-z0-9+/]",
        "w": "[\\w-]",
        "t": "[A-Z2-7]",
    }
    pieces = re.split(r"(\[[aluhdbwt]\]\{\d+\})", shape)
    return "".join(
        classes[piece[1]] + piece[3:] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)
    )


def test_no_harmless_line_holds_what_an_issuer_would_have_issued() -> None:
    shapes = [_pattern(form.shape) for form in FORMATS if form.bare and "{uuid}" not in form.shape]
    known = re.compile("|".join(f"(?<![A-Za-z0-9])(?:{shape})(?![A-Za-z0-9])" for shape in shapes))
    for line in negatives("secrets"):
        text = line.content.replace("AKIAIOSFODNN7EXAMPLE", "").replace("ghp_" + "x" * 36, "")
        assert not known.search(text), line.id


def test_eighty_kinds_of_credentials_and_more_are_in_the_corpus() -> None:
    kinds = {label.type for line in corpus("secrets") for label in line.labels}
    assert len(kinds) >= 120


def test_the_attacks_come_in_fifteen_languages() -> None:
    languages = {line.group.partition("/")[2] for line in corpus("injection") if line.group.startswith("override/")}
    assert languages >= set("en de fr es it pt nl pl ru zh ja ko tr ar hi".split())


def test_lines_in_words_of_their_own_are_all_set_aside_and_no_open_line_uses_these_words() -> None:
    apart = [line for line in corpus("injection") if line.group.endswith("/unseen")]
    shown = "\n".join(line.content for line in corpus("injection") if not line.held)
    assert len([line for line in apart if line.labels]) >= 100
    assert all(line.held for line in apart)
    assert not [text for text in (*unseen.ATTACKS, *unseen.HARMLESS) if text in shown]
