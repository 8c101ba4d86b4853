"""The page on tool trust says what the code does."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from scripts.check_docs import ROOT
from secure_gateway.config.server_models import ServerConfig, ServerTools
from secure_gateway.tool_trust.definitions import FIELDS
from secure_gateway.tool_trust.lock import LOCK_NAME
from secure_gateway.tool_trust.trust import MOST_PINS, TrustRules
from tests.docs.test_code_blocks import BLOCKS, Block

PLACE = "docs/tool-trust.md"
PAGE = (ROOT / PLACE).read_text()
WORDS = {"inputSchema": "input schema", "outputSchema": "output schema"}


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.place.startswith(PLACE) and b.language == "json"])
def test_an_example_configuration_can_be_used(block: Block) -> None:
    for server in json.loads(block.code)["servers"].values():
        ServerConfig.model_validate(server)


@pytest.mark.parametrize("key", ["pin", "look_alikes"])
def test_every_value_of_a_setting_stands_in_its_table_and_the_default_is_named(key: str) -> None:
    field = ServerTools.model_fields[key]
    assert [value for value in get_args(field.annotation) if f'`"{value}"`' not in PAGE] == []
    assert f'| `{key}` | `"{field.default}"` (default) |' in PAGE
    assert getattr(TrustRules(), key) == field.default


def test_the_file_the_fields_and_the_limit_are_those_of_the_code() -> None:
    assert LOCK_NAME in PAGE
    assert f"{MOST_PINS:,} tools" in PAGE
    assert [field for field in FIELDS if WORDS.get(field, field) not in PAGE] == []
