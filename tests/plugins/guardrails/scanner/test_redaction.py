"""Redaction: everything found goes, everything else stays, nothing breaks."""

from __future__ import annotations

import copy
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import (
    Finding,
    KeywordMatcher,
    ScannerError,
    keyed_hash,
    partial,
    redact,
    redact_all,
    redact_type,
    remove,
)
from secure_gateway.types import Headers
from tests.plugins.guardrails.scanner.samples import PEM, PII, SECRETS
from tests.plugins.guardrails.scanner.shared import scanner_of

SCANNER = scanner_of("pii", "secrets")
MAIL, CARD = "alice@example.com", "4111 1111 1111 1111"
KEY = bytes(range(32))


def clean(value: Any, strategy: Any = redact_type) -> Any:
    return redact_all(value, SCANNER.scan, strategy)


def finding(start: int, end: int, kind: str = "T", sure: float = 0.5, pointer: str = "") -> Finding:
    return Finding(kind, "pii", pointer, start, end, sure, f"test.{kind}")


def test_a_card_that_shows_when_another_is_gone_is_redacted_too() -> None:
    assert "4111" not in clean(f"123-45-6789 4111 {CARD} 1111 {CARD}").replace("4111 [", "[")


class TestCopyOnWrite:
    def test_a_clean_value_comes_back_as_the_same_object(self) -> None:
        value = {"a": [1, {"b": "c"}]}
        assert redact(value, [], redact_type) == (value, [])
        assert redact(value, [], redact_type)[0] is value

    def test_only_containers_on_the_way_are_copied(self) -> None:
        value = {"hit": {"deep": [MAIL]}, "clean": {"x": ["y"]}}
        before = copy.deepcopy(value)
        new, changed = redact(value, SCANNER.scan(value), redact_type)
        assert new == {"hit": {"deep": ["[EMAIL]"]}, "clean": {"x": ["y"]}}
        assert value == before
        assert new["clean"] is value["clean"]
        assert changed == ["/hit/deep/0"]

    def test_a_container_that_stands_in_two_places_is_edited_only_where_something_was_found(self) -> None:
        shared = [MAIL]
        new = redact({"a": shared, "b": shared}, [finding(0, len(MAIL), pointer="/a/0")], redact_type)[0]
        assert new == {"a": ["[T]"], "b": [MAIL]}


class TestKinds:
    def test_numbers_become_strings(self) -> None:
        assert clean({"n": 4111111111111111, "f": 1.5}) == {"n": "[CARD]", "f": 1.5}

    def test_bytes_stay_bytes_in_their_codec(self) -> None:
        assert clean({"b": b"\xe9 " + MAIL.encode()}) == {"b": b"\xe9 [EMAIL]"}
        assert clean({"b": f"é {MAIL}".encode()}) == {"b": "é [EMAIL]".encode()}

    def test_tuples_stay_tuples(self) -> None:
        class Point(NamedTuple):
            name: str
            inner: tuple[str, ...]

        assert clean((1, (MAIL, "x"))) == (1, ("[EMAIL]", "x"))
        new = clean({"p": Point(MAIL, ("a", CARD))})["p"]
        assert new == Point("[EMAIL]", ("a", "[CARD]"))
        assert type(new) is Point

    def test_a_dict_subclass_keeps_its_type(self) -> None:
        new = clean(Headers({"X-From": MAIL}))
        assert type(new) is Headers
        assert new["x-from"] == "[EMAIL]"

    def test_a_root_text_is_redacted(self) -> None:
        assert clean(f"to {MAIL}!") == "to [EMAIL]!"


class TestKeys:
    def test_keys_are_renamed_in_their_place_and_their_members_edited_too(self) -> None:
        value = {"a": 1, MAIL: {"card": CARD}, "z": 2}
        new, changed = redact(value, SCANNER.scan(value), redact_type)
        assert list(new.items()) == [("a", 1), ("[EMAIL]", {"card": "[CARD]"}), ("z", 2)]
        assert sorted(changed) == ["/~at1/card", "/~key1"]

    def test_keys_that_become_equal_lose_no_member(self) -> None:
        value = {MAIL: 1, "bob@example.org": 2, "[EMAIL]": 3, "carol@example.net": 4}
        new = clean(value)
        assert sorted(new.values()) == [1, 2, 3, 4]
        assert new["[EMAIL]"] == 3

    def test_a_key_that_is_a_number_is_renamed(self) -> None:
        assert clean({4111111111111111: {"x": MAIL}}) == {"[CARD]": {"x": "[EMAIL]"}}

    def test_findings_of_two_scanners_with_different_pointers_to_one_string_meet(self) -> None:
        value = {MAIL: f"projectx {MAIL}"}
        found = SCANNER.scan(value) + KeywordMatcher(["projectx"]).scan(value)
        assert redact(value, found, redact_type)[0] == {"[EMAIL]": "[KEYWORD] [EMAIL]"}


class TestOverlaps:
    def test_the_longest_finding_names_the_whole_union(self) -> None:
        found = [finding(0, 4, "SHORT", 0.9), finding(2, 9, "LONG", 0.5)]
        assert redact("0123456789", found, redact_type)[0] == "[LONG]9"

    def test_of_equals_the_surer_names_it(self) -> None:
        found = [finding(1, 3, "GUESS", 0.4), finding(1, 3, "SURE", 0.8)]
        assert redact("0123", found, redact_type)[0] == "0[SURE]3"

    def test_neighbours_are_replaced_one_by_one(self) -> None:
        assert redact("abcd", [finding(0, 2, "A"), finding(2, 4, "B")], redact_type)[0] == "[A][B]"

    def test_two_hundred_overlapping_findings_leave_nothing(self) -> None:
        found = [finding(place, place + 3) for place in range(200)]
        assert redact("x" * 202, found, redact_type)[0] == "[T]"


@pytest.mark.parametrize(
    "wrong",
    [
        finding(0, 99),
        finding(-1, 2),
        finding(3, 3),
        finding(0, 1, pointer="/9"),
        finding(0, 1, pointer="/x"),
        finding(0, 1, pointer="/0/x"),
        finding(0, 1, pointer="/~key0"),
        finding(0, 1, pointer="/1/~key7"),
        finding(0, 1, pointer="/1/~key0/x"),
        finding(0, 1, pointer="/1/~keyx"),
        finding(0, 1, pointer="/²"),
    ],
)
def test_a_finding_that_does_not_fit_is_an_error_and_not_skipped(wrong: Finding) -> None:
    with pytest.raises(ScannerError, match="does not fit"):
        redact(["abc", {"k": "v"}], [wrong], redact_type)


class TestStrategies:
    @pytest.mark.parametrize(
        ("kind", "text", "kept"),
        [
            ("EMAIL", MAIL, "a***@example.com"),
            ("CARD", CARD, "**** **** **** 1111"),
            ("SSN", "123-45-6789", "***-**-6789"),
            ("PHONE", "+1 (415) 555-2671", "+* (***) ***-2671"),
            ("IBAN", "DE89 3704 0044 0532 0130 00", "**** **** **** **** **01 3000".replace("**01 3000", "**30 00")),
            ("PASSWORD", "hunter2x", "[PASSWORD]"),
            ("AWS_ACCESS_KEY", "x" * 20, "[AWS_ACCESS_KEY]"),
            ("DATE_OF_BIRTH", "1985-03-12", "[DATE_OF_BIRTH]"),
            ("EMAIL", "no address", "[EMAIL]"),
            ("CARD", "1234", "[CARD]"),
        ],
    )
    def test_partial_keeps_only_what_its_type_allows(self, kind: str, text: str, kept: str) -> None:
        assert partial(finding(0, len(text), kind), text) == kept

    def test_a_hash_is_keyed_typed_and_stable(self) -> None:
        mark = keyed_hash(KEY)
        found = finding(0, 3, "EMAIL")
        assert mark(found, MAIL) == mark(found, MAIL)
        assert mark(found, MAIL) != mark(found, "bob@example.com")
        assert mark(found, MAIL) != keyed_hash(b"k" * 16)(found, MAIL)
        assert mark(found, MAIL).startswith("[EMAIL:")
        assert len(mark(found, MAIL)) == len("[EMAIL:12345678]")
        assert mark(found, "\ud800")

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 16"):
            keyed_hash(b"short")

    def test_remove_writes_nothing(self) -> None:
        assert clean({"t": f"a {MAIL} b"}, remove) == {"t": "a  b"}


@pytest.mark.parametrize("strategy", [redact_type, partial, remove, keyed_hash(KEY)])
@pytest.mark.parametrize(("kind", "text", "value"), PII + SECRETS)
def test_redacting_twice_changes_nothing_more_and_leaves_no_value(
    strategy: Any, kind: str, text: str, value: str
) -> None:
    once = clean({"t": text, "u": [f"({text})"]}, strategy)
    assert value not in json.dumps(once, ensure_ascii=False)
    assert clean(once, strategy) == once


def test_a_whole_key_block_goes_not_its_header_alone() -> None:
    assert clean({"t": f"a\n{PEM}\nb"}) == {"t": "a\n[PRIVATE_KEY]\nb"}
    cut_off = PEM[: len(PEM) // 2]
    assert clean({"t": cut_off}) == {"t": "[PRIVATE_KEY]"}


_PIECES = st.lists(
    st.sampled_from([MAIL, CARD, "x", "é\u200b", "\n", '"', "\\", "123-45-6789", "中", "4111"]), max_size=6
)


@given(st.dictionaries(_PIECES.map(" ".join), st.lists(_PIECES.map(" ".join), max_size=3), max_size=3))
def test_what_is_redacted_is_clean_and_of_the_same_shape(value: dict[str, list[str]]) -> None:
    new = clean(value)
    assert SCANNER.scan(new) == []
    assert [len(items) for items in new.values()] == [len(items) for items in value.values()]
    assert json.loads(json.dumps(new)) == new
