from __future__ import annotations

from typing import Any

import pytest

from secure_gateway.errors import PolicyDenied
from secure_gateway.pipeline.schemas import ToolSchemas
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.testing.gateways import MemorySink, gateway_for

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "loud": {"type": "boolean"}},
    "required": ["city"],
    "additionalProperties": False,
}


def test_null_for_an_optional_argument_counts_as_left_out_and_for_a_required_one_does_not() -> None:
    schemas = ToolSchemas()
    assert schemas.learn("s", "t", SCHEMA) == ""
    schemas.check("s", "t", {"city": "Bern", "loud": None})
    for arguments in ({"city": None}, {"city": "Bern", "loud": "yes"}, {"city": "Bern", "loud": [None]}):
        with pytest.raises(PolicyDenied):
            schemas.check("s", "t", arguments)


FORMATS = {
    "type": "object",
    "properties": {"to": {"type": "string", "format": "email"}, "n": {"type": "integer"}, "at": {"format": "uri"}},
}


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        ({"to": "ann@example.org"}, {"to": "<EMAIL_1>"}, False),
        ({"to": "ann@example.org"}, {"to": "bob@example.org"}, True),
        ({"to": "the boss"}, {"to": "[NAME]"}, True),
        ({"n": 1}, {"n": 2}, True),
        ({"at": "https://a.example/?m=ann@example.org"}, {"at": "https://a.example/?m=[EMAIL]"}, True),
        ({"to": "ann@example.org", "n": None}, {"to": "[EMAIL]", "n": None}, False),
    ],
)
def test_what_a_policy_puts_in_place_of_an_address_must_be_of_the_format_that_it_was_of(
    before: dict[str, Any], after: dict[str, Any], passes: bool
) -> None:
    schemas = ToolSchemas()
    assert schemas.learn("s", "t", FORMATS) == ""
    schemas.check("s", "t", after)
    if passes:
        schemas.check_change("s", "t", before, after)
        return
    with pytest.raises(PolicyDenied, match="argument to breaks the tool's schema: rule format"):
        schemas.check_change("s", "t", before, after)


@pytest.mark.parametrize(
    ("rule", "name", "schema", "value"),
    [
        ("format", "to", {"type": "string", "format": "email"}, "ann@example.org"),
        ("pattern", "to", {"type": "string", "pattern": "^[^@]+@[^@]+$"}, "ann@example.org"),
        ("enum", "to", {"enum": ["ann@example.org"]}, "ann@example.org"),
        ("maxLength", "ip", {"type": "string", "maxLength": 6}, "81.2.6"),
        ("type", "ssn", {"type": "integer"}, 123456789),
    ],
)
async def test_a_refusal_of_changed_arguments_says_who_changed_them_and_nothing_is_sent(
    rule: str, name: str, schema: dict[str, Any], value: Any
) -> None:
    guards, sink, sent = GuardrailConfigManager(), MemorySink(), list[Any]()
    custom = [{"type": "SHORT", "pattern": "81\\.2\\.6"}]
    guards.initialize({"plugins": {"guardrails": {"provider": "pii", "config": {"custom": custom}}}})
    gateway = gateway_for(bindings=guards.bindings(), sinks=[sink])
    await gateway.learn_tools("s", [{"name": "t", "inputSchema": {"properties": {name: schema}}}])
    schema_says = f"argument {name} breaks the tool's schema: rule {rule}, after 'pii' changed what the caller wrote"
    with pytest.raises(PolicyDenied) as refused:
        await gateway.call("t", {name: value}, sent.append, server="s")
    assert (refused.value.reason, refused.value.code) == (schema_says, "invalid_arguments")
    assert sink.last.steps[-1].reason == schema_says
    assert sent == []
