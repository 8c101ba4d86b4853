"""The configuration as a whole. What these models do not know is refused; what they hold does not change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from secure_gateway.config.faults import Fault, did_you_mean
from secure_gateway.config.fields import (
    FreeText,
    Globs,
    Hosts,
    Names,
    Origins,
    RequestSeconds,
    SecretReference,
    StateUrl,
    Text,
    Texts,
)
from secure_gateway.config.paths import json_path
from secure_gateway.config.plugin_models import PluginsConfig
from secure_gateway.config.policy_models import GuardrailPolicy
from secure_gateway.config.section import Section, section_field
from secure_gateway.config.server_models import ServerConfig

MIB = 1024 * 1024
DEFAULT_MASTER_KEY = "file://~/.gateway/master.key"
DEFAULT_STATE_URL = "sqlite:///~/.gateway/state.db"
SERVER_NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}"
ROLE_NAME = r"[^\x00-\x20\x7f-\x9f]{1,200}"


class RoleConfig(Section):
    """What a role may use, as globs. What no role of a principal names is refused."""

    tools: Globs = Field((), description="Tools.")
    prompts: Globs = Field((), description="Prompts.")
    resources: Globs = Field((), description="Resource URIs.")
    agents: Globs = Field((), description="Agents.")
    http: Globs = Field((), description="Paths of a protected web application.")


class AnonymousConfig(Section):
    """What a caller without any credential may do. Without roles, the caller is refused."""

    roles: Names = Field((), description="Roles of a caller that shows no credential; empty: refused.")


class StateConfig(Section):
    """Where keys, sessions and records are kept."""

    url: StateUrl = Field(
        DEFAULT_STATE_URL,
        description='"sqlite:///PATH", "redis://HOST" (rediss, valkey, valkeys), or "memory:", which forgets all when the process ends. An address with a password is a secret reference.',
    )


class LimitsConfig(Section):
    """Above these, the answer is no."""

    max_payload_bytes: int = Field(
        10 * MIB, ge=1024, le=1024 * MIB, description="Arguments or result of one operation."
    )
    max_message_bytes: int = Field(
        16 * MIB, ge=1024, le=1024 * MIB, description="One message on the wire; at least max_payload_bytes."
    )
    max_depth: int = Field(100, ge=1, le=500, description="Levels of nesting in arguments or a result.")
    request_timeout: RequestSeconds = Field(60, description="Time limit of one request upstream, in seconds.")
    question_timeout: RequestSeconds = Field(
        600, description="Time limit of a server's question to the user or to the model of its client, in seconds."
    )

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        payload, message = (
            data.get(key, cls.model_fields[key].default) for key in ("max_payload_bytes", "max_message_bytes")
        )
        if isinstance(payload, int) and isinstance(message, int) and payload > message:
            given = "max_message_bytes" if "max_message_bytes" in data else "max_payload_bytes"
            expected = f"max_message_bytes ({message}) to be at least max_payload_bytes ({payload})"
            yield Fault((given,), "a payload limit above the message limit", expected, "Set both.")


class TlsConfig(Section):
    """The certificate of the HTTP door."""

    cert: Text = Field(description="File with the certificate chain (PEM).")
    key: Text = Field(description="File with the private key (PEM).")


class ServeConfig(Section):
    """Where `secure-gateway serve` listens, and for whom."""

    host: Text = Field("127.0.0.1", description="Address to listen at.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    tls: TlsConfig | None = Field(None, description="Certificate and key; without it, plain HTTP.")
    allowed_hosts: Hosts = Field((), description="Host headers answered, beside those of the listening address.")
    allowed_origins: Origins = Field((), description="Origins of web pages that may call.")


class GatewayConfig(Section):
    """Configuration of secure-gateway."""

    schema_: FreeText = Field("", alias="$schema", description="JSON Schema of this file, for editors.")
    plugins: PluginsConfig = section_field(PluginsConfig, "Providers and hook plugins.")
    servers: dict[str, ServerConfig] = Field(
        default_factory=dict,
        json_schema_extra={"propertyNames": {"pattern": f"^{SERVER_NAME}$"}},
        description="MCP servers behind the gateway, by name.",
    )
    roles: dict[str, RoleConfig] = Field(
        default_factory=dict,
        json_schema_extra={"propertyNames": {"pattern": f"^{ROLE_NAME}$"}},
        description="What each role may use.",
    )
    guardrails: GuardrailPolicy = section_field(GuardrailPolicy, "The guardrail policy of all servers.")
    anonymous: AnonymousConfig = section_field(AnonymousConfig, "Callers that show no credential.")
    unknown_methods: Literal["inspect", "refuse"] = Field(
        "inspect", description="MCP methods without a hook point: scanned as a whole, or refused."
    )
    limits: LimitsConfig = section_field(LimitsConfig, "Sizes and times above which the answer is no.")
    serve: ServeConfig = section_field(ServeConfig, "The HTTP door.")
    state: StateConfig = section_field(StateConfig, "What is remembered, and where.")
    master_key: SecretReference = Field(
        DEFAULT_MASTER_KEY, repr=False, description="Secret reference of the key from which all others are derived."
    )
    include: Texts = Field((), description="Plugin lists in YAML to load beside plugins.hooks.")

    instead: ClassVar[Mapping[str, str]] = {
        "mcpServers": 'Did you mean "servers"? `secure-gateway servers import` reads the files of MCP clients.',
        "plugin_settings": 'Did you mean "plugins.settings"?',
        "hooks": 'Did you mean "plugins.hooks"?',
        "policies": 'Policies stand in "guardrails", beside "plugins", and in a server\'s "guardrails": docs/policies.md.',
        "auth": 'Did you mean "plugins.auth"?',
        "telemetry": 'Did you mean "plugins.telemetry"?',
    }

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        yield from _bad_names(
            data,
            "servers",
            SERVER_NAME,
            "a name of letters, digits, '_', '-' and '.', at most 64, not beginning with '.'",
        )
        yield from _bad_names(data, "roles", ROLE_NAME, "a name of printable characters without spaces")
        anonymous, roles = data.get("anonymous"), data.get("roles", {})
        given = anonymous.get("roles") if isinstance(anonymous, dict) else None
        if not isinstance(roles, dict) or not isinstance(given, (list, tuple)):
            return
        for index, role in enumerate(given):
            if isinstance(role, str) and role not in roles:
                yield Fault(
                    ("anonymous", "roles", index),
                    "a role that is not defined",
                    'one of "roles"',
                    did_you_mean(role, roles),
                )

    def reference_trees(self) -> Iterator[tuple[str, Any]]:
        """Yield each value in which secret references are resolved, with its JSON path. They are resolved nowhere else."""
        yield "$.master_key", self.master_key
        for slot_path, slot in self.plugins.slots():
            for path, entry in slot.entries(slot_path):
                yield f"{path}.config", entry.config
        for index, hook in enumerate(self.plugins.hooks):
            yield f"$.plugins.hooks[{index}].config", hook.config
            if hook.mcp is not None:
                yield f"$.plugins.hooks[{index}].mcp.env", hook.mcp.env
                yield f"$.plugins.hooks[{index}].mcp.headers", hook.mcp.headers
                if hook.mcp.tls is not None:
                    yield f"$.plugins.hooks[{index}].mcp.tls", hook.mcp.tls.model_dump(exclude_unset=True)
        for name, server in self.servers.items():
            path = json_path(("servers", name))
            yield f"{path}.env", server.env
            yield f"{path}.headers", server.headers


def _bad_names(data: Mapping[str, Any], section: str, pattern: str, expected: str) -> Iterator[Fault]:
    named = data.get(section)
    for name in named if isinstance(named, dict) else ():
        if not (isinstance(name, str) and re.fullmatch(pattern, name)):
            yield Fault((section, name), "a name that cannot be used", expected)
