"""A server's input schema may be anything: it can neither stop the gateway nor take the room of other servers."""

from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import PolicyDenied
from secure_gateway.pipeline.schema_cost import SchemaCost, schema_cost
from secure_gateway.pipeline.schemas import ToolSchemas

_NODE: dict[str, Any] = {"$ref": "#/$defs/n"}


def _recursive(definition: dict[str, Any]) -> dict[str, Any]:
    return {**_NODE, "$defs": {"n": definition}}


def _doubling(steps: int) -> dict[str, Any]:
    both = [{"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(steps)]
    return {"$ref": "#/$defs/a0", "$defs": {**{f"a{i}": d for i, d in enumerate(both)}, f"a{steps}": {"const": 1}}}


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"c": value}
    return value


@pytest.mark.parametrize(
    "schema",
    [
        _doubling(40),
        {"$ref": "#"},
        _recursive({"allOf": [_NODE]}),
        {"$dynamicRef": "#m", "$dynamicAnchor": "m"},
        {"properties": {"a": {"$id": "https://elsewhere.example/", "$ref": "#/$defs/n"}}},
        {"$ref": "https://elsewhere.example/schema.json"},
        {"$ref": "#/$defs/missing"},
        {"$ref": 1},
    ],
)
def test_a_schema_whose_cost_cannot_be_told_makes_its_tool_unusable(schema: dict[str, Any]) -> None:
    schemas = ToolSchemas()
    assert "cannot be used safely" in schemas.learn("server", "tool", schema)
    with pytest.raises(PolicyDenied, match="cannot be called"):
        schemas.check("server", "tool", {})


def test_a_definition_that_refers_to_itself_twice_for_one_value_limits_how_deep_arguments_may_nest() -> None:
    twice = [{"properties": {"c": _NODE, "x": {"const": value}}, "required": ["x"]} for value in (1, 2)]
    schemas = ToolSchemas()
    assert schemas.learn("server", "tool", _recursive({"anyOf": twice})) == ""
    with pytest.raises(PolicyDenied, match="breaks the tool's schema"):
        schemas.check("server", "tool", _nested(5))
    with pytest.raises(PolicyDenied, match="nested too deep"):
        schemas.check("server", "tool", _nested(40))


def test_references_that_go_round_by_another_definition_multiply_too() -> None:
    ways = [{"properties": {"k": {"$ref": "#/$defs/a"}}}, {"properties": {"k": {"$ref": "#/$defs/b"}}}]
    schema = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"properties": {"k": {"$ref": "#/$defs/b"}}}, "b": {"anyOf": ways}},
    }
    assert schema_cost(schema).branching == 2


@pytest.mark.parametrize(
    "definition",
    [
        {"properties": {"left": _NODE, "right": _NODE}},
        {"anyOf": [{"type": "string"}, {"items": _NODE}, {"additionalProperties": _NODE}]},
        {"anyOf": [{"properties": {"and": {"items": _NODE}}}, {"properties": {"not": _NODE}}]},
    ],
)
def test_trees_and_filters_as_real_tools_declare_them_may_nest_as_deep_as_the_limits_allow(
    definition: dict[str, Any],
) -> None:
    assert schema_cost(_recursive(definition)).branching == 1


def test_a_reference_is_read_as_the_validator_reads_it() -> None:
    schema = {"$ref": "#/$defs/a%5Bint%5D~1b", "$defs": {"a[int]/b": {"type": "integer"}}}
    assert schema_cost(schema) == SchemaCost(rules=2, branching=1)


def test_a_server_that_declares_tools_without_end_leaves_other_servers_their_room() -> None:
    schemas = ToolSchemas()
    refused = [i for i in range(2_010) if schemas.learn("hostile", f"t{i}", {})]
    assert refused == list(range(2_000, 2_010))
    assert schemas.learn("honest", "tool", {"type": "object"}) == ""
    assert schemas.learn("hostile", "t0", {"type": "object"}) == "", "a tool that is known may be declared anew"


def test_a_refusal_names_fields_and_no_key_that_may_be_a_secret() -> None:
    schemas = ToolSchemas()
    assert schemas.learn("s", "t", {"additionalProperties": {"items": {"type": "string"}}}) == ""
    for key, place in (("sk-4f9a8b7c6d5e4f3a2b1c0d", "argument */0 "), ("names", "argument names/0 ")):
        with pytest.raises(PolicyDenied) as caught:
            schemas.check("s", "t", {key: [1]})
        assert place in caught.value.reason
        assert "4f9a" not in caught.value.reason
