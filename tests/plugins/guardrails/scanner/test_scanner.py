"""How values are walked, bounded and addressed, whatever the detectors are."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import (
    INJECTION_DETECTORS,
    PII_DETECTORS,
    SECRET_DETECTORS,
    Detector,
    Finding,
    Limits,
    ScanLimitExceeded,
    Scanner,
    ScannerError,
)
from secure_gateway.plugins.guardrails.scanner.candidates import CandidateSet
from secure_gateway.plugins.guardrails.scanner.core import suspect_of
from secure_gateway.plugins.guardrails.scanner.walk import leaves
from tests.plugins.guardrails.scanner.samples import PII
from tests.plugins.guardrails.scanner.shared import scanner_of

MAIL = "alice@example.com"
CARD = "4111 1111 1111 1111"
SCANNER = scanner_of()
SMALL = Scanner(PII_DETECTORS, limits=Limits(max_chars=100, max_nodes=20, max_depth=50, max_findings=3))


def pointers(value: Any, scanner: Scanner = SCANNER) -> list[str]:
    return [finding.pointer for finding in scanner.scan(value)]


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


def resolve(value: Any, pointer: str) -> Any:
    """Follow a pointer as RFC 6901 says; the marks for keys are not part of it."""
    for segment in pointer.split("/")[1:]:
        value = value[int(segment)] if isinstance(value, list) else value[segment.replace("~1", "/").replace("~0", "~")]
    return value


class TestPointers:
    def test_a_finding_carries_the_json_pointer_of_its_string(self) -> None:
        assert pointers({"a": [{"b/c~d": f"to {MAIL}"}]}) == ["/a/0/b~1c~0d"]

    def test_plain_text_has_the_empty_pointer(self) -> None:
        assert pointers(MAIL) == [""]
        assert pointers([MAIL]) == ["/0"]

    def test_a_key_is_marked_so_that_no_member_can_look_like_it(self) -> None:
        assert pointers({"x": {"ok": 1, MAIL: 2}}) == ["/x/~key1"]
        assert pointers({"~key0": MAIL}) == ["/~0key0"]

    def test_a_pointer_never_shows_a_key_that_holds_a_finding(self) -> None:
        assert pointers({MAIL: {"y": "bob@example.org"}}) == ["/~key0", "/~at0/y"]

    def test_a_long_key_does_not_make_pointers_long(self) -> None:
        assert pointers({"k" * 10_000: [MAIL]}) == ["/~at0/0"]

    def test_a_repr_holds_no_text(self) -> None:
        assert MAIL not in repr(SCANNER.scan({MAIL: MAIL}))


class TestKindsOfValues:
    @pytest.mark.parametrize(
        "value",
        [
            4111111111111111,
            CARD.encode(),
            bytearray(CARD.encode()),
            (CARD,),
            OrderedDict(n=CARD),
            b"\xff " + CARD.encode(),
        ],
    )
    def test_numbers_bytes_tuples_and_subclasses_are_read(self, value: Any) -> None:
        assert [finding.type for finding in SCANNER.scan({"v": value})] == ["CARD"]

    def test_a_key_that_is_a_number_is_read(self) -> None:
        assert [finding.type for finding in SCANNER.scan({4111111111111111: 1})] == ["CARD"]

    def test_a_number_under_a_telling_name_is_judged_by_it(self) -> None:
        assert [finding.type for finding in SCANNER.scan({"ssn": 123456789})] == ["SSN"]
        assert SCANNER.scan({"count": 123456789}) == []

    @pytest.mark.parametrize("value", [object(), {1, 2}, range(3), Finding("T", "pii", "", 0, 1, 1.0, "d")])
    def test_a_type_that_cannot_be_inspected_is_refused(self, value: Any) -> None:
        with pytest.raises(ScannerError, match="expected JSON values"):
            SCANNER.scan({"v": value})

    def test_dates_are_read_as_they_print(self) -> None:
        assert [finding.type for finding in SCANNER.scan({"date_of_birth": date(1985, 3, 12)})] == ["DATE_OF_BIRTH"]

    @pytest.mark.parametrize("value", [None, True, 0, 1.5, "", [], {}, (), b"", {"a": None}])
    def test_values_without_text_hold_nothing(self, value: Any) -> None:
        assert SCANNER.scan(value) == []


class TestDisguises:
    @pytest.mark.parametrize("escape", ["\n", "\t", '"', "\\", "\x00", "\x1b", "\x7f", "\u2028", "é", "\ud800"])
    def test_a_character_that_json_escapes_beside_a_value_hides_nothing(self, escape: str) -> None:
        assert "EMAIL" in {finding.type for finding in SCANNER.scan({"t": f"{escape}{MAIL}{escape}", "u": "\\"})}

    def test_an_escape_between_context_and_value_hides_nothing(self) -> None:
        assert [finding.type for finding in SCANNER.scan({"t": "date of birth:\n\t1985-03-12"})] == ["DATE_OF_BIRTH"]

    @pytest.mark.parametrize(
        "text",
        [
            "4111\u200b1111\u200b1111\u200b1111",
            "４１１１ １１１１ １１１１ １１１１",
            "٤١١١ ١١١١ ١١١١ ١١١١",
            "4111\u00a01111\u20071111\u202f1111",
            "4111–1111—1111‑1111".replace("–", "‑").replace("—", "‑"),
            "\u202d4111 1111 1111 1111\u202c",
            "4\u00ad111 1111 11\u206011 1111",
            "𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏",
            "4\u03011\u03001\u03021 1111 1111 1111",
        ],
    )
    def test_a_disguised_card_is_found_at_its_place_in_the_original(self, text: str) -> None:
        found = [finding for finding in SCANNER.scan({"t": f"é {text} ü"}) if finding.type == "CARD"]
        assert len(found) == 1
        covered = f"é {text} ü"[found[0].start : found[0].end]
        assert "".join(covered.split()) in "".join(text.split())
        assert sum(char.isdigit() for char in covered) == 16

    def test_an_invisible_character_cannot_glue_a_digit_to_a_number(self) -> None:
        assert [finding.type for finding in SCANNER.scan("123-45-6789\u200b1")] == ["SSN"]


class TestLimits:
    def test_a_text_over_the_limit_is_refused_and_one_at_it_is_scanned(self) -> None:
        assert SMALL.scan_text("x" * 100) == []
        for value in ("x" * 101, {"t": "x" * 100}, ["x" * 50, "y" * 51]):
            with pytest.raises(ScanLimitExceeded):
                SMALL.scan(value)

    def test_the_limit_counts_characters_not_bytes(self) -> None:
        assert SMALL.scan(["é" * 99]) == []

    def test_too_many_nodes_are_refused_clean_or_not(self) -> None:
        assert SMALL.scan([1] * 19) == []
        too_many: list[Any] = [[1] * 20, [[]] * 20, dict.fromkeys(map(str, range(20)))]
        for value in too_many:
            with pytest.raises(ScanLimitExceeded):
                SMALL.scan(value)

    def test_a_deep_value_is_scanned_without_recursion_up_to_the_limit(self) -> None:
        deep = nested(MAIL, 900)
        assert [finding.type for finding in SCANNER.scan(deep)] == ["EMAIL"]
        with pytest.raises(ScanLimitExceeded):
            SCANNER.scan(nested(deep, 200))

    def test_a_cycle_ends_in_a_refusal(self) -> None:
        value: list[Any] = []
        value.append(value)
        with pytest.raises(ScanLimitExceeded):
            SCANNER.scan(value)

    def test_too_many_findings_are_refused(self) -> None:
        for value in (" ".join([MAIL] * 4), ["a@b.io"] * 4):
            with pytest.raises(ScanLimitExceeded):
                SMALL.scan(value)

    def test_a_huge_integer_is_refused(self) -> None:
        with pytest.raises(ScanLimitExceeded, match="bits"):
            SCANNER.scan({"n": 10**5000})

    def test_a_limit_below_one_is_refused(self) -> None:
        with pytest.raises(ValueError, match="max_depth"):
            Limits(max_depth=0)


class TestConstruction:
    def test_an_empty_table_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Scanner([])

    def test_a_doubled_id_is_refused(self) -> None:
        with pytest.raises(ValueError, match="each id once"):
            Scanner([PII_DETECTORS[0], PII_DETECTORS[0]])

    @pytest.mark.parametrize(("candidate", "exact"), [("(?=x)", "x"), ("x", "(?=x)"), ("x", r"(a)\1")])
    def test_a_pattern_that_cannot_run_in_linear_time_is_refused(self, candidate: str, exact: str) -> None:
        odd = Detector(
            id="d", type="T", category="pii", candidate=candidate, exact=exact, confidence=1.0, source="test"
        )
        with pytest.raises(ValueError, match="RE2"):
            Scanner([odd])

    def test_every_detector_has_an_id_of_its_own_and_a_source(self) -> None:
        table = PII_DETECTORS + SECRET_DETECTORS + INJECTION_DETECTORS
        assert len({detector.id for detector in table}) == len(table)
        assert all(detector.source and 0 < detector.confidence <= 1 for detector in table)


def test_patterns_that_do_not_fit_the_engine_are_refused_when_they_are_compiled() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        CandidateSet([rf"{letter}\pL{{600}}" for letter in "abcdefghijklmnopqrst"])


def test_a_missing_canary_is_an_error() -> None:
    candidates = CandidateSet(["x"])
    candidates._canary = 7
    with pytest.raises(ScannerError, match="canary"):
        candidates.fired(b"x")


class TestInjectionScore:
    WEAK = Detector(
        id="w1", type="I", category="injection", candidate="one", exact="one", confidence=0.4, source="test"
    )
    OTHER = Detector(
        id="w2", type="I", category="injection", candidate="two", exact="two", confidence=0.4, source="test"
    )

    def test_a_weak_signal_alone_is_no_finding_and_two_together_are(self) -> None:
        scanner = Scanner([self.WEAK, self.OTHER])
        assert scanner.scan("one one one") == []
        assert [(f.detector, f.confidence) for f in scanner.scan("one two")] == [("w1", 0.64), ("w2", 0.64)]

    def test_signals_in_different_strings_do_not_add_up(self) -> None:
        assert Scanner([self.WEAK, self.OTHER]).scan(["one", "two"]) == []

    def test_the_threshold_is_the_callers(self) -> None:
        assert len(Scanner([self.WEAK], threshold=0.3).scan("one")) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
    max_leaves=12,
)
_VALUES = st.sampled_from([(kind, value) for kind, _, value in PII if kind in {"EMAIL", "IBAN"}])
_AROUND = st.text(alphabet=st.sampled_from('\n\t"\\ .,é\u200b\u0301中ßİﬁ½😀\ud800'), max_size=12)


@given(_VALUES, _AROUND, _AROUND, st.sampled_from(["t", "note", "a\nb", "ключ"]))
def test_a_finding_lies_where_its_value_stands(sample: tuple[str, str], before: str, after: str, field: str) -> None:
    kind, value = sample
    text = f"{before} {value} {after}"
    found = [finding for finding in SCANNER.scan({field: [text]}) if finding.type == kind]
    assert found
    assert any(value in text[f.start : f.end] and len(text[f.start : f.end].strip()) <= len(value) + 24 for f in found)
    assert text.index(value) >= min(finding.start for finding in found)


@given(_JSON)
def test_a_value_that_is_clean_as_a_whole_is_clean_string_by_string(value: Any) -> None:
    whole = {(f.pointer, f.start, f.end, f.type) for f in SCANNER.scan(value)}
    for finding in whole:
        assert "/~" in finding[0] or resolve(value, finding[0]) is not None
    one_by_one = {
        (finding.pointer, finding.start, finding.end, finding.type)
        for leaf in leaves(value, Limits())
        for finding in SCANNER._pointed(suspect_of(leaf))
    }
    assert whole == one_by_one


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_no_text_breaks_a_scan(text: str) -> None:
    for finding in SCANNER.scan_text(text):
        assert 0 <= finding.start < finding.end <= len(text)
    SCANNER.scan({text: [text]})
