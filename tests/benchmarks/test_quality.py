"""How the guardrails' quality is counted, and that the docs show what was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.quality import __main__ as command
from benchmarks.quality import report
from benchmarks.quality.scoring import Judged, Span, kind_class, row
from benchmarks.quality.systems import OURS, PEERS, ours
from tests.corpora import build
from tests.corpora.lines import TASKS, Hit, Line, laid_out, parts

_MAIL = laid_out("pii", "g", parts("to ", Hit("EMAIL", "ann@web.de"), " and ", Hit("PHONE", "+49 30 123456")))
_LABELS = [Span("EMAIL", "", 3, 13), Span("PHONE", "", 18, 31)]
_NOTHING = Line("pii", "g", "nothing")


def test_a_line_is_recalled_only_when_all_that_it_holds_is_found() -> None:
    half = Judged(_MAIL, _LABELS, [Span("EMAIL_ADDRESS", "", 3, 13)])
    whole = Judged(_MAIL, _LABELS, [Span("EMAIL_ADDRESS", "", 3, 13), Span("phone", "", 20, 31)])
    assert (half.recalled, whole.recalled) == (False, True)
    assert half.false == whole.false == []


def test_a_finding_of_another_kind_finds_nothing_but_is_not_false() -> None:
    judged = Judged(_MAIL, _LABELS, [Span("PHONE", "", 3, 13), Span("PHONE", "", 18, 31)])
    assert not judged.recalled
    assert judged.false == []


def test_a_finding_in_another_place_is_false() -> None:
    elsewhere = Span("EMAIL", "/other", 3, 13)
    assert Judged(_MAIL, _LABELS, [elsewhere]).false == [elsewhere]


def test_the_row_counts_lines_findings_and_harmless_lines() -> None:
    judged = [
        Judged(_MAIL, _LABELS, [Span("EMAIL", "", 3, 13), Span("PHONE", "", 18, 31)]),
        Judged(_MAIL, _LABELS, []),
        Judged(_NOTHING, [], [Span("PHONE", "", 0, 7)]),
        Judged(_NOTHING, [], []),
    ]
    assert row("pii", "x", judged) == {
        "task": "pii",
        "system": "x",
        "recall": 0.5,
        "precision": 0.6667,
        "false_alarm_rate": 0.5,
        "lines": 4,
    }


def test_an_injection_counts_by_line_wherever_in_it_something_was_found() -> None:
    attack = laid_out("injection", "g", parts(Hit("INJECTION", "obey")))
    judged = [Judged(attack, [Span("INJECTION", "", 0, 4)], [Span("X", "/a", 9, 10), Span("X", "", 0, 1)])]
    assert row("injection", "x", judged)["precision"] == row("injection", "x", judged)["recall"] == 1.0


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("EMAIL_ADDRESS", "email"),
        ("CREDIT_CARD", "CARD"),
        ("IBAN_CODE", "IBAN"),
        ("US_SSN", "SSN"),
        ("DOB", "DATE_OF_BIRTH"),
        ("ip_address", "IP_ADDRESS"),
    ],
)
def test_the_systems_names_for_one_kind_are_one_class(kind: str, same: str) -> None:
    assert kind_class(kind) == kind_class(same)


def test_ours_finds_in_keys_and_nested_values_where_the_labels_say() -> None:
    line = laid_out(
        "pii", "g", {"by": {parts(Hit("EMAIL", "ann@web.de")): 1}, "a": [{"to": Hit("EMAIL", "bob@web.de")}]}
    )
    (judged,) = ours("pii", [line])
    assert judged.recalled
    assert judged.false == []


def test_lines_set_aside_are_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    held = [Judged(line, [], []) for line in build.corpus("injection") if line.held]
    with pytest.raises(ValueError, match="never shown"):
        command.show_misses(held, 1)
    assert capsys.readouterr().out == ""


def rows() -> list[dict[str, Any]]:
    return json.loads(report.RESULTS.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_the_table_in_the_docs_is_what_was_measured() -> None:
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.in_page(page, rows()) == page


def test_the_results_have_every_task_and_every_peer_on_the_same_lines() -> None:
    for task in TASKS:
        mine = [made for made in rows() if made["task"] == task]
        assert [made["system"] for made in mine] == [OURS, *(peer.system for peer in PEERS[task])]
        assert len({made["lines"] for made in mine}) == 1
        assert set(mine[0]) == {"task", "system", "recall", "precision", "false_alarm_rate", "lines"}


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        report.in_page("# Guardrails", [])
