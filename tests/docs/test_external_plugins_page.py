"""The page on external plugins says what the code does."""

from __future__ import annotations

import json
import re

import pytest

from scripts.check_docs import ROOT
from secure_gateway.config.plugin_models import ExternalPluginConfig, HookConfig, PluginTlsConfig
from secure_gateway.plugins.external.channel import LIMITS
from secure_gateway.plugins.external.settings import INHERITED, CallRules, read_rules
from secure_gateway.plugins.framework import PluginConfig
from secure_gateway.plugins.outbound.breaker import LONGEST
from tests.docs.test_code_blocks import BLOCKS

PAGE = (ROOT / "docs" / "external-plugins.md").read_text()


def _rows(heading: str) -> list[list[str]]:
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")
    ]


def test_every_key_of_mcp_stands_in_the_table_and_no_other() -> None:
    named = {name for row in _rows("Where it runs") for name in re.findall(r"`(\w+)`", row[0])}
    assert named == set(ExternalPluginConfig.model_fields)


def test_the_keys_of_tls_exist() -> None:
    (row,) = [row for row in _rows("Where it runs") if row[0] == "`tls`"]
    assert set(re.findall(r"`(\w+)`", row[2])) <= set(PluginTlsConfig.model_fields)


@pytest.mark.parametrize("row", _rows("How it is asked"), ids=lambda row: row[0])
def test_every_key_of_config_is_taken(row: list[str]) -> None:
    assert read_rules(PluginConfig(name="p", config={row[0].strip("`"): 1})) is not None


def test_defaults_and_limits_are_those_of_the_code() -> None:
    defaults = {row[0].strip("`"): row[1] for row in _rows("How it is asked")}
    rules = CallRules()
    assert defaults["retry_attempts"] == str(rules.retries)
    assert defaults["max_concurrency"] == str(rules.concurrency)
    assert defaults["cache_ttl_seconds"] == f"{rules.cache_seconds:g}"
    assert defaults["cache_max_entries"] == str(rules.cache_entries)
    assert f"more than {LIMITS.max_bytes // 2**20} MiB" in PAGE
    assert f"up to {LONGEST:g}" in PAGE
    assert " and ".join((", ".join(f"`{name}`" for name in INHERITED[:-1]), f"`{INHERITED[-1]}`")) in PAGE


def test_the_configuration_of_the_page_is_accepted() -> None:
    (block,) = [block for block in BLOCKS if "external-plugins.md" in block.place and block.language == "json"]
    for hook in json.loads(block.code)["plugins"]["hooks"]:
        assert HookConfig.model_validate(hook).mcp is not None
