"""Personal data leaves as tokens and comes back where the policy lets it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.errors import ConfigError, StoreError
from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.guardrails.base import GuardrailAction, GuardrailRequest, PIIHandler
from secure_gateway.plugins.guardrails.pii import PIIGuardrailProvider
from secure_gateway.plugins.guardrails.pii_round_trip import PIIRoundTrip
from secure_gateway.plugins.guardrails.pii_vault import TABLE
from secure_gateway.plugins.services import ProviderServices
from tests.plugins.guardrails.guards import Lasting


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(clock: Clock, tmp_path: Path) -> ProviderServices:
    return ProviderServices(
        store=Lasting(clock=clock), master_key=MasterKey(b"k" * 32), config_dir=tmp_path, clock=clock
    )


def handler(services: ProviderServices, **config: Any) -> PIIRoundTrip:
    made = PIIGuardrailProvider({"strategy": "tokenize", **config}, services).create_pii_handler({})
    assert isinstance(made, PIIRoundTrip)
    assert isinstance(made, PIIHandler)
    return made


MAIL = "write to ann@example.org, bob@example.org or ann@example.org, ssn 123-45-6789"


async def test_the_same_value_has_the_same_token_and_every_token_its_type(services: ProviderServices) -> None:
    text, _ = await handler(services).redact_pii(MAIL)
    assert text == "write to <EMAIL_1>, <EMAIL_2> or <EMAIL_1>, ssn <SSN_1>"


async def test_tokens_are_stable_within_a_session_and_mean_nothing_in_another(services: ProviderServices) -> None:
    one = handler(services)
    _, mapping = await one.redact_pii(MAIL, "s1")
    again, _ = await handler(services).redact_pii("bob@example.org again", "s1")
    assert again == "<EMAIL_2> again"
    assert await one.restore_pii("<EMAIL_2>", mapping) == "bob@example.org"
    assert await one.restore_pii("<EMAIL_2>", {"session": "s2"}) == "<EMAIL_2>"


async def test_values_come_back_into_partial_and_reordered_text_and_into_the_arguments_of_a_call(
    services: ProviderServices,
) -> None:
    trip = handler(services)
    _, mapping = await trip.redact_pii(MAIL)
    assert await trip.restore_pii("<SSN_1>?? ask <EMAIL_2>", mapping) == "123-45-6789?? ask bob@example.org"
    call = json.dumps({"to": ["<EMAIL_1>"], "<EMAIL_2>": {"n": 12345678901234567890123, "x": 1}})
    assert json.loads(await trip.restore_pii(call, mapping)) == {
        "to": ["ann@example.org"],
        "bob@example.org": {"n": 12345678901234567890123, "x": 1},
    }


async def test_a_value_that_would_break_json_comes_back_as_the_same_text(services: ProviderServices) -> None:
    trip = handler(services)
    content = json.dumps({"m": 'mail "ann smith"@example.com'})
    text, mapping = await trip.redact_pii(content)
    assert "ann smith" not in text
    assert json.loads(await trip.restore_pii(text, mapping)) == json.loads(content)


async def test_only_the_types_that_the_policy_lets_out_are_restored(services: ProviderServices) -> None:
    trip = handler(services, restore=["EMAIL"])
    text, mapping = await trip.redact_pii(MAIL)
    assert (await trip.restore_pii(text, mapping)).endswith("ssn <SSN_1>")
    assert "ann@example.org" in await trip.restore_pii(text, mapping)


async def test_of_what_has_expired_nothing_is_restored_and_that_is_said(
    services: ProviderServices, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    trip = handler(services, token_ttl=60)
    text, mapping = await trip.redact_pii(MAIL)
    clock.now += 61
    with caplog.at_level(logging.WARNING):
        assert await trip.restore_pii(text, mapping) == text
    assert mapping["lost"] == 4
    assert "4 tokens" in caplog.text
    assert "example.org" not in caplog.text


async def test_a_mapping_that_is_lost_restores_nothing(services: ProviderServices) -> None:
    trip = handler(services)
    text, _ = await trip.redact_pii(MAIL)
    for mapping in ({}, {"session": None}, {"session": "another"}):
        assert await trip.restore_pii(text, dict(mapping)) == text


async def test_the_store_shows_neither_values_nor_sessions_and_a_changed_entry_is_refused(
    services: ProviderServices,
) -> None:
    trip = handler(services)
    _, mapping = await trip.redact_pii(MAIL, "session-of-ann")
    entries = services.store.scan(TABLE)
    assert len(entries) == 8
    assert not any(b"example" in value or b"6789" in value or "ann" in key.split("/")[0] for key, value in entries)
    places = [key for key, _ in entries if "/token/EMAIL/" in key]
    swapped = services.store.get(TABLE, places[1])
    assert swapped is not None
    services.store.put(TABLE, places[0], swapped)
    with pytest.raises(StoreError, match="cannot be decrypted"):
        await trip.restore_pii("<EMAIL_1>", mapping)


async def test_the_guard_leaves_to_the_handler_what_becomes_tokens_and_judges_the_rest(
    services: ProviderServices,
) -> None:
    provider = PIIGuardrailProvider({"strategies": {"EMAIL": "tokenize"}}, services)
    guard = provider.create_input_guardrail({})
    trip = provider.create_pii_handler({})
    assert guard is not None
    assert trip is not None
    answer = await guard.validate(GuardrailRequest(content=MAIL))
    assert answer.modified_content == MAIL.replace("123-45-6789", "[SSN]")
    assert (await trip.redact_pii(MAIL))[0] == "write to <EMAIL_1>, <EMAIL_2> or <EMAIL_1>, ssn 123-45-6789"


def judged(config: dict[str, Any], text: str) -> tuple[GuardrailAction, Any]:
    guard = PIIGuardrailProvider(config).create_input_guardrail({})
    assert guard is not None
    answer = guard.judge(text)
    return answer.action, answer.modified_value


def test_each_type_has_the_strategy_that_the_configuration_gives_it() -> None:
    config = {"strategies": {"EMAIL": "partial", "SSN": {"input": "remove", "output": "redact"}, "PHONE": "warn"}}
    action, text = judged(config, "ann@example.org 123-45-6789 +1 212 555 0187 4111111111111111")
    assert action is GuardrailAction.MODIFY
    assert text == "a***@example.org  +1 212 555 0187 [CARD]"
    assert judged({"strategies": {"CARD": "block"}}, "4111111111111111 ann@example.org")[0] is GuardrailAction.BLOCK
    assert judged({"strategies": {"PHONE": "warn"}}, "+1 212 555 0187")[0] is GuardrailAction.WARN


def test_more_findings_than_the_threshold_block() -> None:
    assert judged({"block_above": 2}, "a@b.io c@d.io")[0] is GuardrailAction.MODIFY
    assert judged({"block_above": 2}, "a@b.io c@d.io e@f.io")[0] is GuardrailAction.BLOCK


def test_a_pattern_allows_whole_values_only() -> None:
    config = {"allow_patterns": [r"[a-z]+@example\.com"]}
    assert judged(config, "help@example.com")[0] is GuardrailAction.ALLOW
    assert judged(config, "help@example.com.evil.org")[0] is GuardrailAction.MODIFY


def test_a_type_of_ones_own_is_found_by_its_pattern_near_its_words() -> None:
    config = {"custom": [{"type": "EMPLOYEE_ID", "pattern": r"\bE-\d{6}\b", "context": ["staff"]}]}
    assert judged(config, "staff E-123456")[1] == "staff [EMPLOYEE_ID]"
    assert judged(config, "part E-123456")[0] is GuardrailAction.ALLOW


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"strategies": {"EMIAL": "redact"}}, "$.config.strategies.EMIAL"),
        ({"strategies": {"EMAIL": "eat"}}, "$.config.strategies.EMAIL"),
        ({"custom": [{"type": "X_ID", "pattern": "(?=a)b"}]}, "$.config.custom[0].pattern"),
        ({"custom": [{"type": "x id", "pattern": "b"}]}, "$.config.custom[0].type"),
        ({"allow_patterns": [r"(a)\1"]}, "$.config.allow_patterns[0]"),
        ({"block_above": 0}, "$.config.block_above"),
        ({"token_ttl": "1h"}, "$.config.token_ttl"),
        ({"strategy": "tokenize"}, "$.config.strategy"),
        ({"restore": ["NOTHING"]}, "$.config.restore[0]"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_said_by_its_place(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PIIGuardrailProvider(config)
    assert path in [problem.path for problem in caught.value.problems]


async def test_what_looks_like_a_token_in_the_text_stays_what_it_is(services: ProviderServices) -> None:
    trip = handler(services)
    said = "write <EMAIL_1>, <EMAIL_2> or <SSN_1> for ann@example.org and bob@example.org"
    text, mapping = await trip.redact_pii(said)
    assert text == "write <EMAIL_1>, <EMAIL_2> or <SSN_1> for <EMAIL_3> and <EMAIL_4>"
    assert await trip.restore_pii(text, mapping) == said
