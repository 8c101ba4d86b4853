"""The page about plugins that people already have says what happens: its configurations run, with cpex's own interpreter."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from secure_gateway import ConfigError, load_gateway
from tests.docs.test_code_blocks import BLOCKS
from tests.plugins.cpex.environment import python

CONFIGS = [
    config
    for block in BLOCKS
    if block.place.startswith("docs/cpex.md")
    and block.language == "json"
    and "plugins" in (config := json.loads(block.code))
]


def _load(folder: Path, config: dict[str, Any]) -> Any:
    everything = {
        **config,
        "anonymous": {"roles": ["all"]},
        "roles": {"all": {"tools": ["*"]}},
        "state": {"url": "memory:"},
        "master_key": "env://MASTER",
    }
    folder.chmod(0o700)
    (folder / "config.json").write_text(json.dumps(everything))
    (folder / "config.json").chmod(0o600)
    return load_gateway(folder / "config.json", env={"HOME": str(folder), "MASTER": secrets.token_hex(32)})


def test_there_is_one_configuration_for_each_way() -> None:
    assert ["python" in config["plugins"]["hooks"][0] for config in CONFIGS] == [False, True]


def test_without_the_package_the_first_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pip install cpex-pii-filter"):
        _load(tmp_path, CONFIGS[0])


async def test_the_second_masks_in_the_interpreter_that_it_names(tmp_path: Path) -> None:
    config = json.loads(json.dumps(CONFIGS[1]).replace("/opt/cpex/bin/python", str(python())))
    async with _load(tmp_path, config) as gateway:
        said = await gateway.call("t", {"text": "SSN 123-45-6789"}, lambda args: args["text"])
    assert "123-45" not in said
    assert said.endswith("6789")
