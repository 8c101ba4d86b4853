"""The section on remote guardrails names every key, and its webhook examples are what crosses the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_gateway.plugins.guardrails.base import GuardrailRequest
from secure_gateway.plugins.guardrails.remote.bedrock import BedrockGuardrailProvider
from secure_gateway.plugins.guardrails.remote.llama_guard import LlamaGuardProvider
from secure_gateway.plugins.guardrails.remote.openai_moderation import OpenAIModerationProvider
from secure_gateway.plugins.guardrails.remote.provider import RemoteGuardrailProvider
from secure_gateway.plugins.guardrails.remote.webhook import SIGNATURE, TIMESTAMP
from secure_gateway.plugins.guardrails.remote.webhook import WebhookGuardrailProvider as Webhook
from tests.docs.test_code_blocks import BLOCKS
from tests.plugins.guardrails.remote.service import Service

PAGE = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text()
SECTION = PAGE.partition("\n## Remote guardrails\n")[2].partition("\n## ")[0]
JSON = [json.loads(b.code) for b in BLOCKS if b.place.startswith("docs/guardrails.md") and b.language == "json"]


@pytest.mark.parametrize("provider", [OpenAIModerationProvider, LlamaGuardProvider, BedrockGuardrailProvider, Webhook])
def test_every_key_of_a_remote_provider_stands_in_the_table(provider: type[RemoteGuardrailProvider]) -> None:
    rows = [line for line in SECTION.split("\n") if line.startswith("| `")]
    assert [key for key in provider.keys if not any(f"`{key}`" in row.split(" | ")[0] for row in rows)] == []


async def test_the_webhook_is_asked_and_answers_as_the_page_says() -> None:
    asked = next(block for block in JSON if block.get("kind") == "pre_execution")
    answer = next(block for block in JSON if "decision" in block)
    request = GuardrailRequest(
        content=json.dumps(asked["arguments"]),
        tool_name=asked["tool_name"],
        tool_args=asked["arguments"],
        server_name=asked["server_name"],
        context={
            "operation": asked["operation"],
            "name": asked["name"],
            "principal": asked["identity"]["subject_id"],
            "request_id": asked["request_id"],
        },
    )
    with Service(lambda _: answer) as service:
        provider = Webhook({"url": service.url, "allow_mutation": True, "signing_key": "k"})
        guard = provider.create_input_guardrail({})
        assert guard is not None
        said = await guard.validate(request)
        await provider.shutdown()
    assert service.asked[0].json == asked
    assert json.loads(said.modified_content or "") == answer["modified_arguments"]
    assert [each.violation_type.value for each in said.violations] == ["policy_violation"]
    assert {TIMESTAMP, SIGNATURE} <= service.asked[0].headers.keys()
    assert f"`{TIMESTAMP}`" in SECTION
    assert f"`{SIGNATURE}`" in SECTION
