"""The JSON Schema of the configuration, made from the models, and the table of its keys for the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from secure_gateway.config.models import GatewayConfig

SCHEMA_FILE_NAME = "config.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _ConfigJsonSchema(GenerateJsonSchema):
    """Leaves null out: None in the models means that the key is not there, and null in the file is refused."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def config_schema() -> dict[str, Any]:
    """Return the schema of the configuration file (draft 2020-12)."""
    schema = GatewayConfig.model_json_schema(by_alias=True, schema_generator=_ConfigJsonSchema)
    return {"$schema": _DIALECT, **schema}


def schema_text() -> str:
    """Return the schema as the file that is published."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of the configuration, as the documentation lists it. ``path`` writes NAME and [] for what repeats."""

    path: str
    kind: str
    default: str
    description: str


def key_rows() -> Iterator[KeyRow]:
    """Yield every key of the configuration, outer ones first."""
    schema = config_schema()
    yield from _rows(schema, "", schema["$defs"], {})


def key_table() -> str:
    """Return the Markdown table of every key."""
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for row in key_rows():
        default = f"`{row.default}`" if row.default not in ("", "required") else row.default
        lines.append(f"| `{row.path}` | {row.kind} | {default} | {row.description} |")
    return "\n".join(lines) + "\n"


def _rows(section: Mapping[str, Any], prefix: str, defs: Mapping[str, Any], seen: dict[str, str]) -> Iterator[KeyRow]:
    required = section.get("required", ())
    for name, given in section["properties"].items():
        path = f"{prefix}{name}"
        below, suffix = _below(given)
        meaning = given.get("description") or defs.get(below, {}).get("description", "")
        if below in seen:
            meaning = f"{meaning} Keys as in `{seen[below]}`."
        default = "required" if name in required else _default_text(given)
        yield KeyRow(path, _kind(given), default, meaning)
        if below and below not in seen:
            seen[below] = f"{path}{suffix}"
            yield from _rows(defs[below], f"{path}{suffix}.", defs, seen)


def _below(given: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of the section that ``given`` holds, if any, and how its repetition is written."""
    for inner, suffix in ((given, ""), (given.get("items"), "[]"), (given.get("additionalProperties"), ".NAME")):
        if isinstance(inner, Mapping) and "$ref" in inner:
            return str(inner["$ref"]).rpartition("/")[2], suffix
    return "", ""


def _kind(given: Mapping[str, Any]) -> str:
    if "enum" in given:
        return ", ".join(f"`{value}`" for value in given["enum"])
    declared = given.get("type")
    if "$ref" in given or declared == "object":
        return "object"
    if declared == "array":
        return "list of objects" if "$ref" in given["items"] else "list of strings"
    if isinstance(declared, list):
        declared = declared[0]
    return f"{declared}{_range(given)}"


def _range(given: Mapping[str, Any]) -> str:
    low = f"above {given['exclusiveMinimum']:g}" if "exclusiveMinimum" in given else ""
    low = f"from {given['minimum']}" if "minimum" in given else low
    high = f"to {given['maximum']}" if "maximum" in given else ""
    words = " ".join(filter(None, (low, high)))
    return f" {words}" if words else ""


def _default_text(given: Mapping[str, Any]) -> str:
    default = given.get("default")
    return "" if default in (None, "", [], {}) else json.dumps(default)
