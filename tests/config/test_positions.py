"""The strict JSON reader agrees with ``json.loads`` on good text, and says clearly what is wrong with bad text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.config.paths import json_path, parse_path, printable
from secure_gateway.config.positions import Document, JsonFault, JsonSyntaxError, parse

_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=30
)


@given(_VALUES, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
def test_every_valid_text_means_what_json_loads_says(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    parsed = parse(text.encode()).value
    assert parsed == json.loads(text)
    assert json.dumps(parsed) == json.dumps(json.loads(text))


@given(st.binary(max_size=60) | st.text("{}[]\",:\\truefalsnu0123456789.eE+- \n\t/#'", max_size=60).map(str.encode))
def test_any_bytes_are_read_like_json_loads_or_refused(data: bytes) -> None:
    read = _read(data)
    if isinstance(read, JsonFault):
        assert read.line >= 1
        assert read.column >= 1
    elif not read.faults:
        assert read.value == json.loads(data.decode())


def _read(data: bytes) -> Document | JsonFault:
    try:
        return parse(data)
    except JsonSyntaxError as error:
        return error.fault


@given(_VALUES)
def test_no_value_is_accepted_that_json_loads_refuses_once_a_character_is_gone(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    for index in range(0, len(text), 3):
        broken = text[:index] + text[index + 1 :]
        try:
            expected = json.loads(broken)
        except ValueError:
            with pytest.raises(JsonSyntaxError):
                parse(broken.encode())
        else:
            read = _read(broken.encode())  # half of a surrogate pair is refused here and read by json.loads
            assert not isinstance(read, Document) or read.faults or read.value == expected


@given(st.lists(st.integers(0, 50) | _TEXT, max_size=6))
def test_a_path_reads_back_as_the_steps_it_was_written_from(steps: list[int | str]) -> None:
    assert parse_path(json_path(steps)) == tuple(steps)


def test_a_path_is_written_as_rfc_9535_says() -> None:
    assert json_path(("servers", "my server", "args", 0)) == "$.servers['my server'].args[0]"
    assert json_path(("$schema", "it's", "a\nb")) == r"$['$schema']['it\'s']['a\nb']"


def test_a_long_or_hostile_key_neither_fills_nor_controls_the_terminal() -> None:
    assert len(json_path(("x" * 10_000,))) < 100
    assert "\x1b" not in json_path(("\x1b[2J",))
    assert "\u202e" not in printable("\u202e")


def test_each_key_and_item_is_found_in_its_line() -> None:
    document = parse(b'{\n "a": {\n  "b":\n   1,\n  "c": [\n   2,\n   3]}}')
    assert [document.line_of(steps) for steps in ((), ("a",), ("a", "b"), ("a", "c", 0), ("a", "c", 1))] == [
        1,
        2,
        3,
        6,
        7,
    ]


def test_what_is_not_there_is_placed_at_what_surrounds_it() -> None:
    document = parse(b'{\n "a": {\n  "b": 1}}')
    assert document.line_of(("a", "missing", "deeper")) == 2


@pytest.mark.parametrize(("newline", "line"), [("\n", 3), ("\r\n", 3), ("\r", 3)])
def test_lines_are_counted_whatever_ends_them(newline: str, line: int) -> None:
    assert parse(f"{{{newline}{newline}'a'".replace("'", '"').encode() + b":1}").line_of(("a",)) == line


SYNTAX = [
    (b"", 1, "an empty file", "init"),
    (b" \n ", 1, "an empty file", "init"),
    (b'{"a": 1,}', 1, "a comma before '}'", "Remove the comma"),
    (b'{\n "a": [1,\n 2,\n]}', 3, "a comma before ']'", "Remove the comma"),
    (b'{\n "a": 1\n "b": 2}', 3, "the character '\"'", "missing at the end of line 2"),
    (b'{"a" 1}', 1, "a word or number", ""),
    (b'{"a": 1} {}', 1, "the character '{'", "one JSON value"),
    (b'{"a": 1', 1, "the end of the file", "closing bracket"),
    (b'{"a": ', 1, "the end of the file", "closing bracket"),
    (b'{\n // note\n "a": 1}', 2, "a comment", "no comments"),
    (b'{"a": /* note */ 1}', 1, "a comment", "no comments"),
    (b'# note\n{"a": 1}', 1, "a comment", "no comments"),
    (b"{'a': 1}", 1, "the quotation mark '", "double quotes"),
    ("{“a”: 1}".encode(), 1, "the quotation mark “", "double quotes"),
    (b"{a: 1}", 1, "a word or number", ""),
    (b'{"a": True}', 1, "True", "Did you mean true?"),
    (b'{"a": undefined}', 1, "undefined", "Did you mean null?"),
    (b'{"a": hunter2}', 1, "an unquoted word", "double quotes"),
    (b'{"a": 012}', 1, "something like a number", ""),
    (b'{"a": 1.}', 1, "something like a number", ""),
    (b'{"a": .5}', 1, "something like a number", ""),
    (b'{"a": +1}', 1, "something like a number", ""),
    (b'{"a": 1_000}', 1, "something like a number", ""),
    ('{"a": ١}'.encode(), 1, "something like a number", ""),
    (b'{"a": "C:\\dir"}', 1, "a backslash that begins no JSON escape", "backslash itself"),
    (b'{"a": "\\u12G4"}', 1, "a backslash that begins no JSON escape", "backslash itself"),
    (b'{\n"a": "x\n"}', 2, "a string that is not closed in its line", ""),
    (b'{"a": "x\\\n"}', 1, "a ", ""),
    (b'{"a": "x\ty"}', 1, "a control character", ""),
    (b'{"a": "x', 1, "a string that is not closed", ""),
    (b'{"a": "\\ud800"}', 1, "half of a surrogate pair", ""),
    (b'\xef\xbb\xbf{"a": 1}', 1, "a byte order mark", "without"),
    ('{"a": 1}'.encode("utf-16"), 1, "UTF-16", "Save the file as UTF-8"),
    ('{"a": 1}'.encode("utf-16-le"), 1, "UTF-16", "Save the file as UTF-8"),
    ('{"a": 1}'.encode("utf-32"), 1, "UTF-16 or UTF-32", "Save the file as UTF-8"),
    (b'{\n"a": "\xff"}', 2, "the byte 0xff, which is no UTF-8", ""),
    (b"[" * 65, 1, "one more level of nesting", ""),
    ('{"a":\ufeff 1}'.encode(), 1, "a byte order mark", ""),
    (b"]", 1, "the character ']'", ""),
]


@pytest.mark.parametrize(("data", "line", "found", "hint"), SYNTAX)
def test_broken_text_is_refused_in_words_with_its_line(data: bytes, line: int, found: str, hint: str) -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        parse(data)
    fault = caught.value.fault
    assert fault.line == line
    assert found in fault.found
    assert hint in f"{fault.expected} {fault.hint}"
    assert "hunter2" not in f"{caught.value} {fault}"


def test_a_duplicate_key_is_named_with_both_lines_and_the_reading_goes_on() -> None:
    document = parse(b'{"a": 1,\n"b": {"c": 1,\n"c": 2},\n"a": 3}')
    assert [(fault.steps, fault.line) for fault in document.faults] == [(("b", "c"), 3), (("a",), 4)]
    assert "line 2" in document.faults[0].found
    assert document.value == {"a": 1, "b": {"c": 1}}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 101, "0." + "1" * 101])
def test_a_number_that_readers_take_differently_is_a_fault(number: str) -> None:
    document = parse(f'{{"a": {number}, "b": 1}}'.encode())
    assert [fault.steps for fault in document.faults] == [("a",)]
    assert document.value["b"] == 1


def test_duplicates_before_the_end_of_the_reading_are_reported_with_it() -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        parse(b'{"a": 1, "a": 2, "b": }')
    assert [fault.steps for fault in caught.value.earlier] == [("a",)]


@pytest.mark.parametrize(
    "data",
    [b"[" * 500_000, b'{"a":' * 200_000, b'"' + b"\\" * 1_000_000, b'"' + b"a" * 1_000_000, b"1" * 1_000_000 + b"x"],
)
def test_a_hostile_megabyte_is_refused_without_recursion_or_backtracking(data: bytes) -> None:
    with pytest.raises(JsonSyntaxError) as caught:
        parse(data)
    assert len(str(caught.value)) < 500
