"""Real configuration files in a real folder, as tests of the configuration need them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_gateway.config.loader import LoadedConfig, load_config
from secure_gateway.errors import ConfigError, Problem

Written = Callable[[str | bytes | dict[str, Any]], Path]
Refused = Callable[[str | bytes | dict[str, Any]], tuple[Problem, ...]]
Loaded = Callable[[str | bytes | dict[str, Any]], LoadedConfig]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write a configuration that only its owner can change, and return its path."""

    def write(content: str | bytes | dict[str, Any]) -> Path:
        path = tmp_path / "config.json"
        text = json.dumps(content, indent=1) if isinstance(content, dict) else content
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def loaded(written: Written) -> Loaded:
    """Load a configuration through the real file."""
    return lambda content: load_config(written(content), {})


@pytest.fixture
def refused(written: Written) -> Refused:
    """Return the problems with which a configuration is refused."""

    def problems(content: str | bytes | dict[str, Any]) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            load_config(written(content), {})
        return caught.value.problems

    return problems
