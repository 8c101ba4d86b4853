"""The guardrails page says what the built-in providers do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.guardrails.code_injection import CodeInjectionGuardrailProvider
from secure_gateway.plugins.guardrails.config_manager import GuardrailConfigManager
from secure_gateway.plugins.guardrails.injection import InjectionGuardrailProvider
from secure_gateway.plugins.guardrails.keyword import KeywordGuardrailProvider
from secure_gateway.plugins.guardrails.pii import PIIGuardrailProvider
from secure_gateway.plugins.guardrails.scanned import ScanGuardrailProvider
from secure_gateway.plugins.guardrails.scanner import PII_DETECTORS, Limits
from secure_gateway.plugins.guardrails.scanner.code_injection import CODE_TYPES
from secure_gateway.plugins.guardrails.secrets import SecretsGuardrailProvider
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore
from tests.docs.test_code_blocks import BLOCKS, Block

PLACE = "docs/guardrails.md"
PAGE = (Path(__file__).parents[2] / PLACE).read_text()
SECTIONS = dict(
    zip(("", "pii", "secrets", "injection", "code_injection", "keyword", "policy"), PAGE.split("\n## "), strict=False)
)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.place.startswith(PLACE)], ids=lambda block: block.place)
def test_an_example_configuration_can_be_used(block: Block, tmp_path: Path) -> None:
    config = json.loads(block.code)
    services = ProviderServices(store=MemoryStore(), master_key=MasterKey(b"k" * 32), config_dir=tmp_path)
    manager = GuardrailConfigManager(services)
    manager.initialize(config)
    for name, server in config.get("servers", {}).items():
        assert manager.bindings(name, server.get("guardrails"))


@pytest.mark.parametrize(
    "provider",
    [
        PIIGuardrailProvider,
        SecretsGuardrailProvider,
        InjectionGuardrailProvider,
        CodeInjectionGuardrailProvider,
        KeywordGuardrailProvider,
    ],
)
def test_every_key_of_a_provider_stands_in_its_table(
    provider: type[ScanGuardrailProvider | CodeInjectionGuardrailProvider],
) -> None:
    section = SECTIONS[provider.__new__(provider).get_name()]
    assert [key for key in provider.keys if f"`{key}`" not in section] == []


def test_every_type_of_personal_data_is_named() -> None:
    assert {kind for kind in {d.type for d in PII_DETECTORS} if f"`{kind}`" not in SECTIONS["pii"]} == set()


def test_every_type_of_code_is_named() -> None:
    assert {kind for kind in CODE_TYPES if f"`{kind}`" not in SECTIONS["code_injection"]} == set()


def test_the_limits_are_those_of_the_scanner() -> None:
    limits = Limits()
    text = f"{limits.max_chars // 1_000_000} million characters, {limits.max_nodes:,} values or {limits.max_depth:,} levels"
    assert text in PAGE
