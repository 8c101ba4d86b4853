"""The published schema and the table of keys say what the models do, and never drift from them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from secure_gateway.config.models import GatewayConfig
from secure_gateway.config.schema import SCHEMA_FILE_NAME, config_schema, key_rows, key_table, schema_text

DOCS = Path(__file__).parents[2] / "docs"
REMEDY = "run: python tests/config/publish.py"
VALIDATOR = jsonschema_rs.Draft202012Validator(config_schema())


def test_the_published_schema_is_the_one_of_the_models() -> None:
    assert (DOCS / SCHEMA_FILE_NAME).read_text(encoding="utf-8") == schema_text(), REMEDY


def test_the_documented_table_is_the_one_of_the_models() -> None:
    assert key_table() in (DOCS / "configuration.md").read_text(encoding="utf-8"), REMEDY


def test_every_json_example_in_the_documentation_is_a_valid_configuration() -> None:
    examples = (DOCS / "configuration.md").read_text(encoding="utf-8").split("```json\n")[1:]
    assert examples
    for example in examples:
        config = json.loads(example.partition("```")[0])
        GatewayConfig.model_validate(config)
        VALIDATOR.validate(config)


def test_the_schema_is_itself_valid_and_every_key_is_explained() -> None:
    jsonschema_rs.meta.validate(config_schema())
    for row in key_rows():
        assert row.description, row.path
        assert row.kind, row.path


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


def test_no_section_of_the_schema_takes_unknown_keys() -> None:
    for section in _objects(config_schema()):
        if "properties" in section and "type" in section:
            assert section["additionalProperties"] is False


GOOD: dict[str, Any] = {
    "$schema": "./config.schema.json",
    "plugins": {
        "auth": {"provider": "a", "config": {"x": None}},
        "guardrails": {"providers": [{"provider": "b"}, {"class": "m:C"}]},
        "hooks": [
            {
                "name": "h",
                "kind": "k",
                "priority": None,
                "mode": "permissive",
                "timeout": 1,
                "conditions": [{"tools": ["x"]}],
            }
        ],
        "settings": {"plugin_timeout": 0.5},
    },
    "servers": {
        "a": {"url": "https://x", "headers": {"A": "b"}},
        "b": {"command": "x", "env": {"A": "b"}, "tools": {"allow": []}},
    },
    "roles": {"r": {"tools": ["*"]}},
    "limits": {"max_depth": 5},
    "serve": {"tls": {"cert": "c", "key": "k"}},
    "state": {"url": "memory:"},
    "master_key": "env://K",
}


def _places(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict) else []) + [each for item in inner for each in _places(item)]


@settings(deadline=None, max_examples=300)
@given(
    data=st.data(),
    value=st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats(0, 700)
    | st.sampled_from(["", "x", "a b", "a:B", "https://x", "env://A", "memory:"])
    | st.lists(st.sampled_from(["", "x", 1]), max_size=2)
    | st.just({}),
)
def test_what_the_models_accept_an_editor_accepts(data: st.DataObject, value: Any) -> None:
    config = copy.deepcopy(GOOD)
    place = data.draw(st.sampled_from(_places(config)))
    key = data.draw(st.sampled_from([*place, "provider", "providers", "url", "command", "new"]))
    if data.draw(st.booleans()):
        place[key] = value
    else:
        place.pop(key, None)
    try:
        GatewayConfig.model_validate(config)
    except ValidationError:
        return
    VALIDATOR.validate(config)


@pytest.mark.parametrize(
    "config",
    [
        {"plugin": {}},
        {"plugins": {"auth": {}}},
        {"plugins": {"auth": {"provider": "a", "providers": [{"provider": "b"}]}}},
        {"plugins": {"auth": {"providers": []}}},
        {"plugins": {"auth": None}},
        {"plugins": {"hooks": [{"name": "x", "kind": "y", "mode": "off"}]}},
        {"plugins": {"settings": {"plugin_timeout": 5000}}},
        {"servers": {"a": {}}},
        {"servers": {"a": {"command": "x", "url": "http://x"}}},
        {"servers": {"a/b": {"command": "x"}}},
        {"servers": {"a": {"url": "ftp://x"}}},
        {"state": {"url": "x"}},
        {"master_key": "plain"},
        {"limits": {"max_depth": "5"}},
    ],
)
def test_an_editor_marks_the_common_mistakes(config: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(config)


def test_an_empty_file_and_a_full_one_are_valid() -> None:
    VALIDATOR.validate({})
    VALIDATOR.validate(GOOD)
    GatewayConfig.model_validate(GOOD)
