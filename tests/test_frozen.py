"""Who is asking cannot be changed by anybody who is shown it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from secure_gateway.frozen import FrozenDict, frozen
from secure_gateway.plugins.framework.isolation import isolate
from secure_gateway.types import Principal

GIVEN: dict[str, Any] = {"groups": ["a", {"deep": 1}], "name": "Ann"}


def principal() -> Principal:
    return Principal(subject="ann", provider="test", attributes=GIVEN)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.update(name="Eve"),
        lambda a: a.__setitem__("name", "Eve"),
        lambda a: a.pop("name"),
        lambda a: a.clear(),
        lambda a: a.setdefault("new", 1),
        lambda a: a.__ior__({"name": "Eve"}),
        lambda a: a["groups"].append("admins"),
        lambda a: a["groups"].__setitem__(0, "admins"),
        lambda a: a["groups"].__iadd__(["admins"]),
        lambda a: a["groups"].sort(),
        lambda a: a["groups"][1].__setitem__("deep", 2),
        lambda a: a["groups"][1].__delitem__("deep"),
    ],
)
def test_attributes_of_a_principal_cannot_be_changed_at_any_depth(change: Callable[[Any], Any]) -> None:
    one = principal()
    with pytest.raises(TypeError, match="cannot be changed"):
        change(one.attributes)
    assert one.attributes == GIVEN == {"groups": ["a", {"deep": 1}], "name": "Ann"}


def test_whoever_made_a_principal_cannot_change_it_afterwards_either() -> None:
    given = {"groups": ["a"]}
    one = Principal(subject="ann", provider="test", attributes=given)
    given["groups"].append("admins")
    assert one.attributes == {"groups": ["a"]}


def test_copies_are_plain_and_may_be_changed() -> None:
    copied = copy.deepcopy(principal().attributes)
    assert type(copied) is dict
    copied["groups"].append("mine")
    assert type(copy.copy(copied)) is type(copy.copy(principal().attributes)) is dict
    assert principal().attributes == GIVEN


def test_it_is_written_as_what_it_holds() -> None:
    assert msgspec.json.decode(msgspec.json.encode(principal()))["attributes"] == GIVEN
    assert msgspec.to_builtins(principal())["attributes"] == GIVEN
    assert isinstance(frozen({}), FrozenDict)


def test_a_postponed_copy_cannot_be_encoded_in_place_of_the_value() -> None:
    with pytest.raises(TypeError):
        msgspec.to_builtins(isolate({"a": 1}, 5))
    with pytest.raises(TypeError):
        msgspec.json.encode(isolate({"a": 1}, 5))
