"""What each service is told, and what its answers come to."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.config.loader import load_config
from secure_gateway.errors import ConfigError, PolicyDenied
from secure_gateway.plugins.guardrails.remote.sigv4 import AwsKeys, signed_headers
from tests.plugins.guardrails.remote.providers import KEY, KINDS, call, chat, intervened, moderation
from tests.plugins.guardrails.remote.service import Service

_TIME = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
_EXAMPLE = AwsKeys(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
    service="service",
)


def test_a_signature_is_that_of_the_published_test_suite() -> None:
    """``post-vanilla`` of the AWS Signature Version 4 test suite."""
    signed = signed_headers(_EXAMPLE, "/", {"host": "example.amazonaws.com"}, b"", _TIME)
    assert signed == {
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    }


def test_a_session_token_is_sent_and_signed() -> None:
    keys = AwsKeys(access_key_id="A", secret_access_key="b", region="r", service="s", session_token="token")
    signed = signed_headers(keys, "/", {"host": "h"}, b"", _TIME)
    assert signed["x-amz-security-token"] == "token"
    assert "host;x-amz-date;x-amz-security-token" in signed["authorization"]


async def test_the_moderation_endpoint_is_told_the_model_and_the_text() -> None:
    with Service(lambda _: moderation()) as service:
        await call("openai_moderation", f"{service.url}/v1/", result={"a": "ü"})
    request, result = service.asked
    assert request.path == "/v1/moderations"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {"model": "omni-moderation-latest", "input": '{"text":"hello"}'}
    assert result.json["input"] == '{"a":"ü"}'


@pytest.mark.parametrize(
    ("config", "denied"),
    [
        ({}, True),
        ({"thresholds": {"violence": 0.5}}, True),
        ({"thresholds": {"violence": 0.95}}, False),
        ({"categories": ["violence"]}, True),
        ({"categories": ["sexual"]}, False),
        ({"thresholds": {"sexual": 0.0}, "categories": ["sexual"]}, True),
    ],
)
async def test_categories_and_thresholds_say_what_counts(config: dict[str, Any], denied: bool) -> None:
    with Service(lambda _: moderation(flagged=True, score=0.93)) as service:
        done = await call("openai_moderation", service.url, **config)
    assert isinstance(done.error, PolicyDenied) is denied


async def test_a_category_that_is_new_to_us_counts_even_beside_a_choice_of_categories() -> None:
    document = moderation()
    document["results"][0] |= {
        "flagged": True,
        "categories": {"brand-new": True},
        "category_scores": {"brand-new": 0.9},
    }
    with Service(lambda _: document) as service:
        done = await call("openai_moderation", service.url, categories=["sexual"])
    assert isinstance(done.error, PolicyDenied)
    assert "found custom" in done.error.reason


@pytest.mark.parametrize(
    ("text", "denied"), [("unsafe\nS1", False), ("unsafe\nS1,S9", True), ("unsafe", True), ("unsafe\nS77", True)]
)
async def test_only_chosen_hazards_count_and_unknown_ones(text: str, denied: bool) -> None:
    with Service(lambda _: chat(text)) as service:
        done = await call("llama_guard", service.url, categories=["S9"])
    assert isinstance(done.error, PolicyDenied) is denied


async def test_a_chat_model_may_answer_by_another_name_that_is_configured() -> None:
    with Service(lambda _: chat("safe", model="meta/guard")) as service:
        done = await call("llama_guard", service.url, answers_as="meta/guard")
    assert done.result == "fine"
    assert service.asked[0].path == "/chat/completions"
    assert service.asked[0].json["messages"] == [{"role": "user", "content": '{"text":"hello"}'}]


async def test_bedrock_is_told_the_side_and_each_request_is_signed() -> None:
    arn = "arn:aws:bedrock:eu-central-1:123456789012:guardrail/abc"
    with Service(lambda _: KINDS["bedrock"].safe) as service:
        await call("bedrock", service.url, guardrail_id=arn, session_token="token")
    request, result = service.asked
    assert (
        request.path == "/guardrail/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aguardrail%2Fabc/version/1/apply"
    )
    assert request.json == {"source": "INPUT", "content": [{"text": {"text": '{"text":"hello"}'}}]}
    assert result.json["source"] == "OUTPUT"
    stamp = dt.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    keys = AwsKeys(
        access_key_id="AKIDEXAMPLE",
        secret_access_key=KEY,
        region="eu-central-1",
        service="bedrock",
        session_token="token",
    )
    signed = signed_headers(
        keys, request.path, {"host": request.headers["host"], "content-type": "application/json"}, request.body, stamp
    )
    assert request.headers["authorization"] == signed["authorization"]


async def test_what_bedrock_only_masks_passes_masked() -> None:
    masked = intervened(
        sensitiveInformationPolicy={"piiEntities": [{"type": "EMAIL", "match": "x", "action": "ANONYMIZED"}]}
    )
    masked["outputs"] = [{"text": '{"text":"{EMAIL}"}'}]
    with Service(lambda _: masked) as service:
        done = await call("bedrock", service.url, {"text": "a@example.org"}, direction="input")
    assert done.ran == [{"text": "{EMAIL}"}]


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ({"topicPolicy": {"topics": [{"name": "x", "type": "DENY", "action": "BLOCKED"}]}}, "policy_violation"),
        ({"contentPolicy": {"filters": [{"type": "SEXUAL", "confidence": "LOW", "action": "BLOCKED"}]}}, "nsfw"),
        ({"contentPolicy": {"filters": [{"type": "NEW", "confidence": "LOW", "action": "BLOCKED"}]}}, "custom"),
        ({"wordPolicy": {"customWords": [{"match": "x", "action": "BLOCKED"}]}}, "keyword_detector"),
        ({"wordPolicy": {"managedWordLists": [{"match": "x", "type": "PROFANITY", "action": "BLOCKED"}]}}, "keyword_detector"),
        ({"sensitiveInformationPolicy": {"regexes": [{"name": "x", "action": "BLOCKED"}]}}, "custom"),
        ({"contextualGroundingPolicy": {"filters": [{"type": "GROUNDING", "threshold": 0.7, "score": 0.1, "action": "BLOCKED"}]}}, "hallucination"),
        ({"brandNewPolicy": {"things": []}}, "custom"),
    ],
)  # fmt: skip
async def test_what_bedrock_finds_has_a_type_of_ours(policy: dict[str, Any], found: str) -> None:
    with Service(lambda _: intervened(**policy)) as service:
        done = await call("bedrock", service.url, direction="input")
    assert isinstance(done.error, PolicyDenied)
    assert f"found {found} " in done.error.reason


async def test_a_webhook_is_told_what_is_asked_and_what_was_answered() -> None:
    with Service(lambda _: {"decision": "allow"}) as service:
        await call("webhook", service.url + "/judge", result={"content": [{"type": "text", "text": "hi"}]})
    request, result = (asked.json for asked in service.asked)
    identity = {"subject_id": "tester"}
    assert request.pop("request_id") == result.pop("request_id") != ""
    assert request == {
        "version": "1",
        "kind": "pre_execution",
        "operation": "tool",
        "name": "tool",
        "tool_name": "tool",
        "server_name": "s",
        "arguments": {"text": "hello"},
        "identity": identity,
    }
    assert result == {**request, "kind": "post_execution", "result": {"content": [{"type": "text", "text": "hi"}]}}


async def test_a_webhook_can_tell_who_asks_by_the_signature() -> None:
    with Service(lambda _: {"decision": "allow"}) as service:
        await call("webhook", service.url, headers={"x-team": "blue"}, direction="input")
    asked = service.asked[0]
    stamp = asked.headers["x-gateway-timestamp"]
    mark = hmac.digest(KEY.encode(), stamp.encode() + b"." + asked.body, "sha256").hex()
    assert asked.headers["x-gateway-signature"] == f"sha256={mark}"
    assert asked.headers["x-team"] == "blue"


async def test_a_webhook_may_change_both_sides_where_it_is_allowed_to() -> None:
    def answer(asked: Any) -> dict[str, Any]:
        if asked.json["kind"] == "pre_execution":
            return {"decision": "allow", "modified_arguments": {"text": "changed"}}
        return {"decision": "allow", "modified_result": "changed too", "redactions": ["result: a name"]}

    with Service(answer) as service:
        done = await call("webhook", service.url, allow_mutation=True)
    assert done.ran == [{"text": "changed"}]
    assert done.result == "changed too"


@pytest.mark.parametrize("decision", ["deny", "require_approval"])
async def test_everything_but_allow_denies(decision: str) -> None:
    with Service(lambda _: {"decision": decision}) as service:
        done = await call("webhook", service.url)
    assert isinstance(done.error, PolicyDenied)


async def test_what_a_webhook_allows_although_it_found_something_is_a_warning() -> None:
    with Service(lambda _: {"decision": "allow", "violations": [{"type": "toxicity", "confidence": 0.4}]}) as service:
        done = await call("webhook", service.url, direction="input")
    assert done.result == "fine"
    step = next(step for step in done.record.steps if step.plugin == "webhook")
    assert (step.verdict.value, step.metadata["found.toxicity"]) == ("warn", 1)


@pytest.mark.parametrize(
    ("kind", "config", "path"),
    [
        ("openai_moderation", {"api_key": "sk-1"}, "api_key"),
        ("llama_guard", {"api_key": "literal://sk-1"}, "api_key"),
        ("bedrock", {"secret_access_key": "x"}, "secret_access_key"),
        ("webhook", {"signing_key": "x"}, "signing_key"),
        ("webhook", {"headers": {"Authorization": "Bearer x"}}, "headers.Authorization"),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_a_credential_that_stands_in_the_file_is_refused(
    tmp_path: Path, kind: str, config: dict[str, Any], path: str, listed: bool
) -> None:
    entry = {"provider": kind, "config": config}
    slot = {"providers": [entry]} if listed else entry
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"plugins": {"guardrails": slot}}))
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="secret reference") as caught:
        load_config(file, {})
    place = "$.plugins.guardrails" + (".providers[0]" if listed else "")
    assert [problem.path for problem in caught.value.problems] == [f"{place}.config.{path}"]
