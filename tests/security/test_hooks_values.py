"""Values that plugins get and give: views that are copied in odd ways, payloads that are kept, and where Rust and Python must agree."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_gateway.errors import PluginError, SecureGatewayException
from secure_gateway.pipeline.changes import ConflictError, _changed_pointers, changed_pointers, merged
from secure_gateway.plugins.framework import (
    Plugin,
    PluginConfig,
    PluginContext,
    PluginMode,
    ToolPostInvokeResult,
    ToolPreInvokeResult,
)
from secure_gateway.testing.gateways import MemorySink, gateway_for

NESTED = {"a": {"b": [1, 2, {"c": 3}]}}
WIDE = {f"k{i}": {"n": [i]} for i in range(50)}


class Acting(Plugin):
    """Does what it is given."""

    def __init__(self, act: Any, **config: Any) -> None:
        super().__init__(PluginConfig(name="actor", **config))
        self._act = act

    async def tool_pre_invoke(self, payload: Any, context: PluginContext) -> Any:
        return self._act(payload)


WAYS = {
    "read": lambda payload: payload.args,
    "copy": lambda payload: copy.copy(payload).args,
    "deepcopy": lambda payload: copy.deepcopy(payload).args,
    "replace": lambda payload: msgspec.structs.replace(payload).args,
    "dump": lambda payload: payload.model_dump()["args"],
    "getattr": lambda payload: getattr(payload, payload.__struct_fields__[1]),
}


def spoil(value: Any) -> None:
    """Change ``value`` wherever that is possible."""
    if type(value) is dict:
        for inner in value.values():
            spoil(inner)
        value["spoilt"] = True
    elif type(value) is list:
        for inner in value:
            spoil(inner)
        value.append("spoilt")


@pytest.mark.parametrize("args", [NESTED, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("way", WAYS)
async def test_however_a_view_is_read_it_shows_the_arguments_and_cannot_change_them(way: str, args: Any) -> None:
    seen: list[Any] = []

    def act(payload: Any) -> Any:
        value = WAYS[way](payload)
        seen.append(copy.deepcopy(value))
        spoil(value)
        return ToolPreInvokeResult()

    given_args = copy.deepcopy(args)
    result = await gateway_for([Acting(act)]).call("tool", given_args, lambda got: got, credentials="key")
    assert seen == [args]
    assert result == args
    assert given_args == args


@pytest.mark.parametrize("args", [NESTED, WIDE], ids=["small", "wide"])
async def test_a_payload_that_a_plugin_keeps_and_changes_later_changes_nothing(args: Any) -> None:
    kept: list[Any] = []

    def act(payload: Any) -> Any:
        payload.args["new"] = 1
        kept.append(payload)
        return ToolPreInvokeResult(modified_payload=payload)

    def upstream(got: Any) -> Any:
        spoil(kept[0].args)
        kept[0].args = {"other": 1}
        return got

    result = await gateway_for([Acting(act)]).call("tool", copy.deepcopy(args), upstream, credentials="key")
    assert result == {**args, "new": 1}


@pytest.mark.parametrize("mode", [PluginMode.PERMISSIVE, PluginMode.ENFORCE_IGNORE_ERROR])
@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", float, (1, 2)], ids=lambda value: type(value).__name__)
async def test_a_payload_of_what_is_no_json_never_gets_further(mode: PluginMode, value: Any) -> None:
    def act(payload: Any) -> Any:
        payload.args = {"a": [value]}
        return ToolPreInvokeResult(modified_payload=payload)

    sink = MemorySink()
    gateway = gateway_for([Acting(act, mode=mode)], sinks=[sink])
    try:
        result = await gateway.call("tool", {"a": 1}, lambda got: got, credentials="key")
    except SecureGatewayException:
        return
    assert result == {"a": 1}


async def test_the_result_of_another_hook_is_no_answer() -> None:
    gateway = gateway_for([Acting(lambda _payload: ToolPostInvokeResult())])
    with pytest.raises(PluginError, match="it returned ToolPostInvokeResult"):
        await gateway.call("tool", {}, lambda got: got, credentials="key")


async def test_a_view_that_was_pickled_holds_what_the_plugin_was_shown() -> None:
    seen: list[Any] = []

    def act(payload: Any) -> Any:
        try:
            seen.append(pickle.loads(pickle.dumps(payload)).args)  # noqa: S301 - its own
        except Exception:  # noqa: BLE001 - an error is as good; another value is not
            seen.append(NESTED)
        return ToolPreInvokeResult()

    await gateway_for([Acting(act)]).call("tool", copy.deepcopy(NESTED), lambda got: got, credentials="key")
    assert seen == [NESTED]


SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(width=16) | st.text(max_size=2)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(JSON, JSON)
def test_rust_and_python_see_the_same_changes(before: Any, after: Any) -> None:
    assert changed_pointers(before, after) == _changed_pointers(before, after)


@settings(max_examples=300)
@given(JSON, JSON, JSON)
def test_no_change_of_two_is_lost_without_a_conflict(before: Any, one: Any, other: Any) -> None:
    try:
        both = merged(before, one, other)
    except ConflictError:
        return
    for mine in (one, other):
        if changed_pointers(before, mine):
            assert changed_pointers(before, both)


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (0, False), (1, 1.0), (float("nan"), 1.0), ([1], [True]), ({"a": 1}, {"a": 1.0})]
)
def test_values_that_python_calls_equal_are_changes_where_their_types_differ(before: Any, after: Any) -> None:
    assert changed_pointers(before, after)


def test_a_million_keys_are_compared_and_the_answer_stays_short() -> None:
    before = {f"k{i}": i for i in range(1_000_000)}
    after = {key: value + 1 for key, value in before.items()}
    assert len(changed_pointers(before, after)) == 65
    assert changed_pointers(before, after) == _changed_pointers(before, after)
