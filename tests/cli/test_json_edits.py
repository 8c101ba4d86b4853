"""An edit changes one member of a JSON text and no other byte."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.cli.json_edits import remove_member, set_member

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["a", "b", "time", 'qu"ote', "brace}", "ünï", ""])
OBJECTS = st.dictionaries(NAMES | st.text(max_size=6), VALUES, max_size=5)
INDENTS = st.sampled_from([None, 0, 2, 4, "\t"])


@given(OBJECTS, st.dictionaries(NAMES, VALUES, max_size=4), NAMES, VALUES, INDENTS)
def test_what_is_set_is_what_is_read_and_the_rest_is_as_before(
    outer: dict[str, Any], servers: dict[str, Any], name: str, value: Any, indent: Any
) -> None:
    whole = {**outer, "servers": servers}
    text = json.dumps(whole, indent=indent, ensure_ascii=False)
    expected = copy.deepcopy(whole)
    expected["servers"][name] = value
    edited = set_member(text, ("servers", name), value)
    assert json.loads(edited) == expected
    assert list(json.loads(edited)["servers"]) == list(expected["servers"])


@given(OBJECTS, NAMES, VALUES, INDENTS)
def test_objects_that_are_missing_on_the_way_are_made(
    outer: dict[str, Any], name: str, value: Any, indent: Any
) -> None:
    outer.pop("servers", None)
    text = json.dumps(outer, indent=indent, ensure_ascii=False)
    assert json.loads(set_member(text, ("servers", name), value)) == {**outer, "servers": {name: value}}


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), st.data(), INDENTS)
def test_what_is_removed_is_gone_and_nothing_else(servers: dict[str, Any], data: st.DataObject, indent: Any) -> None:
    name = data.draw(st.sampled_from(sorted(servers)))
    text = json.dumps({"servers": servers, "z": 1}, indent=indent)
    left = {key: value for key, value in servers.items() if key != name}
    assert json.loads(remove_member(text, ("servers", name))) == {"servers": left, "z": 1}


@given(st.dictionaries(NAMES, VALUES, max_size=4), VALUES, st.sampled_from([2, 4, "\t"]))
def test_adding_and_removing_gives_back_the_very_text(servers: dict[str, Any], value: Any, indent: Any) -> None:
    text = json.dumps({"servers": servers, "z": 1}, indent=indent)
    assert remove_member(set_member(text, ("servers", "new"), value), ("servers", "new")) == text


def test_the_hand_of_whoever_wrote_the_file_is_kept() -> None:
    text = '{\n    "servers" : {\n        "a":{"url":"x"}\n    },\n\n    "roles":{}   \n}\n'
    assert set_member(text, ("servers", "b"), {"command": "c"}) == text.replace(
        '"a":{"url":"x"}\n', '"a":{"url":"x"},\n        "b": {"command": "c"}\n'
    )


@pytest.mark.parametrize("text", ["[]", '"x"', '{"servers": []}', '{"servers": 1}'])
def test_a_path_through_what_is_no_object_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no object"):
        set_member(text, ("servers", "a"), 1)


def test_removing_what_is_not_there_is_an_error() -> None:
    for text in ("{}", '{"servers": {}}', '{"servers": {"b": 1}}'):
        with pytest.raises(KeyError):
            remove_member(text, ("servers", "a"))
