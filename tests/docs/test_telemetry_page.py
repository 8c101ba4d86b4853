"""The telemetry page says what the built-in providers do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from secure_gateway.plugins.telemetry import semconv
from secure_gateway.plugins.telemetry.audit import AuditOptions
from secure_gateway.plugins.telemetry.config_manager import BUILTINS, SHUTDOWN_SECONDS
from secure_gateway.plugins.telemetry.lines import LONGEST
from secure_gateway.plugins.telemetry.log import LogOptions
from secure_gateway.plugins.telemetry.opentelemetry import OpenTelemetryOptions
from secure_gateway.plugins.telemetry.queue import LIMIT
from secure_gateway.plugins.telemetry.record_keeper import KEEP
from tests.docs.test_code_blocks import BLOCKS, Block

PLACE = "docs/telemetry.md"
PAGE = (Path(__file__).parents[2] / PLACE).read_text()
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")}
METRICS = [value for name, value in vars(semconv).items() if name.endswith("_METRIC")]


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.place.startswith(PLACE) and b.language == "json"])
def test_an_example_names_providers_that_there_are(block: Block) -> None:
    providers = json.loads(block.code)["plugins"]["telemetry"]["providers"]
    assert {entry["provider"] for entry in providers} == set(BUILTINS)


@pytest.mark.parametrize(
    ("section", "options"), [("log", LogOptions), ("opentelemetry", OpenTelemetryOptions), ("audit", AuditOptions)]
)
def test_every_key_stands_in_its_table_with_its_default(section: str, options: type[msgspec.Struct]) -> None:
    rows = [row for row in SECTIONS[section].splitlines() if row.startswith("| `")]
    for key in get_type_hints(options):
        (row,) = [row for row in rows if f"`{key}`" in row.split("|")[1]]
        default = getattr(options(), key)
        assert not default or json.dumps(default) in row


def test_every_metric_stands_in_the_table() -> None:
    assert [name for name in METRICS if f"| `{name}` |" not in SECTIONS["opentelemetry"]] == []


def test_the_numbers_are_those_of_the_code() -> None:
    for said in (f"{KEEP:,}", f"({LIMIT:,} records)", f"over {LONGEST:,} characters", f"\n{semconv.VERSION} for"):
        assert said in PAGE
    assert SHUTDOWN_SECONDS == 5
