"""What a tool gives back is what it said it would give back, or it is withheld."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import ErrorCode, PolicyDenied, RequestError
from secure_gateway.gateway import Gateway
from secure_gateway.testing.gateways import MemorySink, gateway_for

SCHEMA = {
    "type": "object",
    "properties": {"degrees": {"type": "number"}},
    "required": ["degrees"],
    "additionalProperties": False,
}


async def gateway_with(schema: Any, sink: MemorySink | None = None) -> Gateway:
    gateway = gateway_for(sinks=[sink] if sink else [])
    await gateway.learn_tools("s", [{"name": "t", "inputSchema": {"type": "object"}, "outputSchema": schema}])
    return gateway


async def call(gateway: Gateway, result: Any) -> Any:
    return await gateway.call("t", {}, lambda _arguments: result, server="s")


@pytest.mark.parametrize(
    "result",
    [
        {"content": [], "structuredContent": {"degrees": 21.5}},
        {"content": [{"type": "text", "text": "no such city"}], "isError": True},
        {"content": [], "isError": True, "structuredContent": {"why": "no such city"}},
        {"degrees": "an app's own function answers as it likes"},
        "21.5",
        None,
    ],
)
async def test_what_fits_passes_as_it_is(result: Any) -> None:
    assert await call(await gateway_with(SCHEMA), result) is result


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"content": [], "structuredContent": {"degrees": "warm SECRET"}}, "at degrees: rule type"),
        ({"content": [], "structuredContent": {}}, "required"),
        ({"content": [], "structuredContent": {"degrees": 1, "note": "SECRET"}}, "additionalProperties"),
        ({"content": [], "structuredContent": None}, "rule type"),
        ({"content": [], "structuredContent": [1]}, "rule type"),
        ({"content": [{"type": "text", "text": "SECRET"}]}, "without structured content"),
        ({"content": [], "isError": "true"}, "without structured content"),
    ],
)
async def test_what_does_not_is_withheld_and_the_record_says_where_and_not_what(result: Any, reason: str) -> None:
    sink = MemorySink()
    gateway = await gateway_with(SCHEMA, sink)
    with pytest.raises(RequestError, match=reason) as caught:
        await call(gateway, result)
    assert caught.value.code is ErrorCode.INVALID_RESULT
    assert sink.last.outcome == "failed"
    assert "SECRET" not in str(sink.last.to_dict())


async def test_a_tool_whose_output_schema_cannot_be_used_safely_cannot_be_called() -> None:
    gateway = await gateway_with({"$ref": "https://collect.example/schema.json"})
    with pytest.raises(PolicyDenied, match="output schema cannot be used safely"):
        await call(gateway, {"content": []})


async def test_a_schema_that_is_taken_back_binds_no_longer() -> None:
    gateway = await gateway_with(SCHEMA)
    await gateway.learn_tools("s", [{"name": "t", "inputSchema": {"type": "object"}}])
    assert await call(gateway, {"content": []}) == {"content": []}


async def test_a_result_nested_too_deep_for_a_schema_that_branches_is_withheld_soon() -> None:
    node = {
        "anyOf": [
            {"$ref": "#/$defs/n"},
            {"items": {"$ref": "#/$defs/n"}},
            {"additionalProperties": {"$ref": "#/$defs/n"}},
        ]
    }
    schema = {"$ref": "#/$defs/n", "$defs": {"n": {"items": node, "additionalProperties": node}}}
    value: Any = {}
    for _ in range(60):
        value = {"a": value}
    gateway = await gateway_with(schema)
    with pytest.raises((RequestError, PolicyDenied)):
        await call(gateway, {"content": [], "structuredContent": value})
