"""``pii_filter`` masks or refuses what ContextForge's configuration of it names."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from secure_gateway import ConfigError
from secure_gateway.plugins.framework import PromptPrehookPayload, ToolPostInvokePayload, ToolPreInvokePayload
from secure_gateway.plugins.hooks.pii_filter import PIIFilterPlugin
from tests.plugins.hooks.plugins import build, fire

CARD = "4111 1111 1111 1111"
AWS_KEY = "AKIA" + "QYLPMN5HDX7RT2GU"


async def masked(text: Any, **config: Any) -> Any:
    answer = await fire(
        build(PIIFilterPlugin, **config), "tool_post_invoke", ToolPostInvokePayload(name="t", result=text)
    )
    assert answer.continue_processing
    return text if answer.modified_payload is None else answer.modified_payload.result


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "mail [REDACTED] now"),
        ({"redaction_text": "<gone>"}, "mail <gone> now"),
        ({"mask_strategy": "partial"}, "mail j***@example.org now"),
        ({"default_mask_strategy": "remove"}, "mail  now"),
        ({"detect_email": False}, "mail jane@example.org now"),
        ({"whitelist_patterns": ["JANE@example\\.org"]}, "mail jane@example.org now"),
        ({"whitelist_patterns": ["example"]}, "mail [REDACTED] now"),
    ],
)
async def test_an_address_is_masked_as_the_configuration_says(config: dict[str, Any], expected: str) -> None:
    assert await masked("mail jane@example.org now", **config) == expected


async def test_hash_and_tokenize_write_the_same_mark_for_the_same_text() -> None:
    for strategy in ("hash", "tokenize"):
        first, second = await masked(["jane@example.org", "jane@example.org"], mask_strategy=strategy)
        assert first == second
        assert "jane" not in first


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("detect_ssn", "ssn 536-22-8726"),
        ("detect_credit_card", f"card {CARD}"),
        ("detect_phone", "phone +41 44 668 18 00"),
        ("detect_ip_address", "client 93.184.216.34"),
        ("detect_date_of_birth", "born on 1980-02-03"),
        ("detect_passport", "passport number 123456789"),
        ("detect_bank_account", "CH93 0076 2011 6238 5295 7"),
        ("detect_aws_keys", f"key {AWS_KEY}"),
        ("detect_api_keys", "password = hunter2hunter2Zx9!"),
    ],
)
async def test_each_switch_turns_its_own_kind_off(key: str, text: str) -> None:
    assert await masked(text) != text
    others = {other: False for other in ("detect_api_keys", "detect_phone", "detect_ssn") if other != key}
    assert await masked(text, **{**others, key: False}) == text


async def test_block_on_detection_refuses_and_quotes_nothing() -> None:
    plugin = build(PIIFilterPlugin, block_on_detection=True)
    answer = await fire(plugin, "tool_pre_invoke", ToolPreInvokePayload(name="t", args={"card": CARD}))
    assert answer.violation is not None
    assert answer.violation.code == "PII_DETECTED"
    assert "4111" not in repr(answer.model_dump())
    assert answer.metadata == {"found.card": 1}


async def test_an_allowed_text_beside_another_finding_stands_unchanged() -> None:
    value = {"a": "test@example.com", "b": "jane@example.org"}
    assert await masked(value, whitelist_patterns=["test@example\\.com"]) == {
        "a": "test@example.com",
        "b": "[REDACTED]",
    }


async def test_the_log_names_kinds_and_no_values(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await masked("mail jane@example.org", log_detections=True)
    assert "found.email 1" in caplog.text
    assert "jane" not in caplog.text


async def test_clean_content_and_no_content_pass() -> None:
    plugin = build(PIIFilterPlugin)
    for args in (None, {}, {"text": "hello"}):
        answer = await fire(plugin, "prompt_pre_fetch", PromptPrehookPayload(name="p", args=args))
        assert answer.modified_payload is None
        assert answer.continue_processing


def test_the_development_configuration_of_the_documentation_loads() -> None:
    build(
        PIIFilterPlugin,
        detect_ssn=True,
        log_detections=True,
        mask_strategy="partial",
        whitelist_patterns=["test@example.com", "555-555-5555", "123-45-6789"],
    )


def test_a_key_without_meaning_is_said_to_have_none(caplog: pytest.LogCaptureFixture) -> None:
    build(PIIFilterPlugin, audit_detections=True, compliance_mode="strict")
    assert "compliance_mode has no meaning here" in caplog.text


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"detect_sn": True}, "Did you mean 'detect_ssn'"),
        ({"detect_ssn": "yes"}, "true or false"),
        ({"detect_bsn": True}, "Nothing looks for this yet"),
        ({"mask_strategy": "stars"}, "one of redact"),
        ({"mask_strategy": "partial", "default_mask_strategy": "remove"}, "another strategy than"),
        ({"redaction_text": 7}, "a text"),
        ({"whitelist_patterns": ["(?=x)"]}, "an RE2 pattern"),
        (
            dict.fromkeys(
                [
                    *(
                        "detect_ssn detect_credit_card detect_email detect_phone detect_ip_address detect_date_of_birth "
                        "detect_passport detect_bank_account detect_aws_keys detect_api_keys"
                    ).split()
                ],
                False,
            ),
            "nothing to look for",
        ),
    ],
)
def test_what_is_wrong_with_the_options_is_said_at_load(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        build(PIIFilterPlugin, **config)
