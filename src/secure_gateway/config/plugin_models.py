"""The ``plugins`` part of the configuration: one slot for each kind of provider, the hook plugins, and their settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from secure_gateway.config.faults import Fault, fault
from secure_gateway.config.fields import (
    LAX,
    ClassPath,
    FreeText,
    FreeTexts,
    Globs,
    HeaderName,
    HeaderValue,
    HttpUrl,
    IntervalSeconds,
    Name,
    Names,
    PluginSeconds,
    Text,
    Texts,
    VariableName,
    VariableValue,
)
from secure_gateway.config.plain_secrets import plain_secrets
from secure_gateway.config.section import Section, section_field

DEFAULT_PRIORITY = 100
EXTERNAL = "external"

Options = dict[str, Any]
OnBlock = Literal["isolate", "disable", "report"]


class ProviderConfig(Section):
    """One provider, found by its name or by its class, and what it is built with."""

    provider: Name | None = Field(None, description="Name of a built-in, registered or installed provider.")
    class_: ClassPath | None = Field(
        None, alias="class", description='Its class as "module:Class", instead of or beside a name.'
    )
    config: Options = Field(
        default_factory=dict, repr=False, description="What the provider is built with; may hold secret references."
    )

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["provider"]}, {"required": ["class"]}]})
    instead: ClassVar[Mapping[str, str]] = {
        "enabled": "What stands here is on; take the entry out to do without it.",
        "name": 'Did you mean "provider"?',
    }

    @property
    def label(self) -> str:
        """The name that messages call this provider by."""
        return self.provider or self.class_ or ""

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        # A misspelt "provider" has been named already.
        if not {"provider", "class"} & data.keys() and data.keys() <= set(cls.keys()):
            yield Fault((), "no provider", 'a "provider" by name, or a "class" as "module:Class"')
        yield from plain_secrets(data)


class ProviderSlot(ProviderConfig):
    """The provider of one kind, or a list of them under ``providers``: exactly one of the two forms."""

    providers: Annotated[tuple[ProviderConfig, ...], LAX] | None = Field(
        None, json_schema_extra={"minItems": 1}, description="Several providers, asked in this order."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["provider"], "properties": {"providers": False}},
                {"required": ["class"], "properties": {"providers": False}},
                {"required": ["providers"], "properties": {"provider": False, "class": False, "config": False}},
            ]
        }
    )

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        yield from plain_secrets(data)
        single = [key for key in ("provider", "class", "config") if key in data]
        if data.get("providers") in ([], ()):
            yield Fault(("providers",), "an empty list", "at least one provider")
        if "providers" in data and single:
            found = f'"{single[0]}" beside "providers"'
            yield Fault((single[0],), found, "one form", f'Move "{single[0]}" into an entry of "providers".')
        elif not {"provider", "class", "providers"} & data.keys() and data.keys() <= set(cls.keys()):
            yield Fault(
                (), "no provider", 'a "provider" by name, a "class" as "module:Class", or a list of "providers"'
            )

    def entries(self, path: str) -> tuple[tuple[str, ProviderConfig], ...]:
        """Return the providers in order, each with its JSON path; ``path`` is that of this slot."""
        if self.providers is not None:
            return tuple((f"{path}.providers[{index}]", entry) for index, entry in enumerate(self.providers))
        given = {"provider": self.provider, "class": self.class_, "config": self.config}
        return (
            (path, ProviderConfig.model_validate({key: value for key, value in given.items() if value is not None})),
        )


def _proto(value: Any) -> Any:
    """Take the transport in either case, and say why the ones that are no longer spoken are refused."""
    spelt = _spelt(value)
    if spelt == "sse":
        hint = "MCP deprecated SSE; most of its servers speak streamable HTTP as well."
        raise fault('"sse"', '"stdio" or "streamablehttp"', hint)
    if spelt == "websocket":
        raise fault('"websocket"', '"stdio" or "streamablehttp"', "MCP has no WebSocket transport.")
    return spelt if spelt in _TRANSPORT_KEYS else value


def _spelt(value: Any) -> str:
    return value.lower().replace("-", "").replace("_", "") if isinstance(value, str) else ""


# What each transport needs, and what makes no sense with it.
_TRANSPORT_KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "stdio": ("script", ("url", "headers", "uds", "tls", "allow_private")),
    "streamablehttp": ("url", ("script", "cmd", "args", "env", "cwd")),
}
# What older configurations call the same.
_TLS_ALIASES = {"client_cert": "certfile", "client_key": "keyfile", "client_key_password": "keyfile_password"}


class PluginTlsConfig(Section):
    """TLS to a plugin server."""

    ca_bundle: Text | None = Field(
        None, description="File with the authorities to trust (PEM), instead of the machine's."
    )
    certfile: Text | None = Field(None, description="File with our certificate (PEM), where the server wants one.")
    keyfile: Text | None = Field(None, description="File with its private key (PEM).")
    keyfile_password: FreeText | None = Field(
        None, repr=False, description="Password of the private key, as a secret reference."
    )
    client_cert: Text | None = Field(None, description="The same as certfile.")
    client_key: Text | None = Field(None, description="The same as keyfile.")
    client_key_password: FreeText | None = Field(None, repr=False, description="The same as keyfile_password.")
    verify: bool = Field(default=True, description="Check the server's certificate; false is warned of at every start.")
    check_hostname: bool = Field(default=True, description="Check that the certificate is the server's own.")

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        for alias, name in _TLS_ALIASES.items():
            if alias in data and name in data:
                yield Fault((alias,), f'"{alias}" beside "{name}"', "one of the two")
        if {"keyfile", "client_key"} & data.keys() and not {"certfile", "client_cert"} & data.keys():
            yield Fault(("certfile",), "nothing", 'the certificate of the private key, as "certfile"')


class ExternalPluginConfig(Section):
    """Where a hook plugin of the kind ``external`` runs: an MCP server as a child process, or behind an address."""

    proto: Annotated[Literal["stdio", "streamablehttp"], BeforeValidator(_proto)] = Field(
        description="The MCP transport."
    )
    url: HttpUrl | None = Field(None, description="Address of the plugin server (streamablehttp).")
    uds: Text | None = Field(None, description="Unix socket through which the address is reached.")
    script: Text | None = Field(
        None, description="Program that serves the plugin (stdio): a command, a program file, or a .py or .sh file."
    )
    cmd: Texts = Field((), description='The same as a list: ["program", "argument", …].')
    args: FreeTexts = Field((), description="Arguments of the program.")
    cwd: Text | None = Field(None, description="Folder in which the program runs.")
    env: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        repr=False,
        description="Its environment, beside PATH, LANG, LC_ALL, LC_CTYPE and TZ; secret references allowed.",
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, description="Headers sent to it; secret references allowed."
    )
    tls: PluginTlsConfig | None = Field(None, description="Certificates and keys of an https address.")
    allow_private: bool = Field(
        default=False, description="Let the name in the address lead to a private or loopback address."
    )
    reconnect_delay: PluginSeconds = Field(
        0.1, description="Seconds before a failing server is tried again; each further failure doubles them."
    )

    instead: ClassVar[Mapping[str, str]] = {
        "reconnect_attempts": 'Use "retry_attempts" in the plugin\'s "config".',
        "command": 'Did you mean "script"?',
    }

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        proto = _spelt(data.get("proto"))
        needed, foreign = _TRANSPORT_KEYS.get(proto, ("", ()))
        if needed and needed not in data and not (needed == "script" and data.get("cmd")):
            yield Fault((needed,), "nothing", f'"{needed}", which {proto} needs')
        if "script" in data and "cmd" in data:
            yield Fault(("cmd",), '"cmd" beside "script"', "one of the two")
        if "tls" in data and ("uds" in data or not str(data.get("url", "")).startswith("https:")):
            yield Fault(("tls",), '"tls" for an address without it', "an https address and no Unix socket")
        for key in foreign:
            if key in data:
                yield Fault((key,), f'"{key}"', f"only what {proto} uses")


class ConditionConfig(Section):
    """When a hook runs: every key that is set must match, by one of its entries. An empty list restricts nothing."""

    server_ids: Globs = Field((), description="Servers.")
    tenant_ids: Globs = Field((), description="Tenants of the principal.")
    tools: Globs = Field((), description="Tools.")
    prompts: Globs = Field((), description="Prompts.")
    resources: Globs = Field((), description="Resource URIs.")
    user_patterns: Globs = Field((), description="Users, as globs or regular expressions.")
    content_types: Globs = Field((), description="Content types.")


def _default_priority(value: Any) -> Any:
    return DEFAULT_PRIORITY if value is None else value


class HookConfig(Section):
    """One plugin at hook points of the request path."""

    name: Name = Field(description="Name of this entry, unique in the list.")
    kind: Name = Field(description='Which plugin: a name, a class path, or "external".')
    description: FreeText = Field("", description="What it is for.")
    author: FreeText = Field("", description="Who maintains it.")
    version: FreeText = Field("", description="Version of the plugin.")
    hooks: Names = Field((), description="Hook points; empty means all that the class implements.")
    tags: Names = Field((), description="Words to find it by.")
    mode: Literal["enforce", "enforce_ignore_error", "permissive", "disabled"] = Field(
        "enforce", description="What a violation and an error of it lead to."
    )
    priority: Annotated[int, BeforeValidator(_default_priority)] = Field(
        DEFAULT_PRIORITY,
        ge=-1_000_000,
        le=1_000_000,
        json_schema_extra={"type": ["integer", "null"]},
        description="Lower runs first; null means 100.",
    )
    conditions: Annotated[tuple[ConditionConfig, ...], LAX] = Field(
        (), description="When it runs: if any of these matches; empty means always."
    )
    config: Options = Field(
        default_factory=dict, repr=False, description="The plugin's own configuration; may hold secret references."
    )
    mcp: ExternalPluginConfig | None = Field(None, description='Where a plugin of kind "external" runs.')
    timeout: PluginSeconds | None = Field(None, description="Its time limit in seconds, instead of plugin_timeout.")
    isolate: Literal["process"] | None = Field(None, description="Where it runs: in a process of its own.")
    isolate_env: Annotated[tuple[VariableName, ...], LAX] = Field(
        (), description="Variables of the gateway's environment that its process gets, by name."
    )
    isolate_memory_mb: int | None = Field(
        None, ge=64, le=1_048_576, description="Address space of its process in MiB; unset means no limit."
    )
    on_block: OnBlock | None = Field(None, description="What follows when it blocks, instead of the common setting.")
    python: Text | None = Field(
        None,
        description="The Python interpreter, by its whole path, that a CPEX plugin runs in; unset means in this process.",
    )

    nullable: ClassVar[frozenset[str]] = frozenset({"priority"})
    instead: ClassVar[Mapping[str, str]] = {
        "enabled": 'Use "mode": "disabled" to switch a plugin off.',
        "class": 'Did you mean "kind"?',
        "provider": 'Did you mean "kind"?',
    }

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        if data.get("kind") == EXTERNAL and "mcp" not in data:
            yield Fault(("mcp",), "nothing", 'where the plugin runs, as "mcp", because its kind is "external"')
        elif "mcp" in data and data.get("kind") != EXTERNAL:
            yield Fault(("mcp",), '"mcp" on a plugin that is not external', f'"kind": "{EXTERNAL}", or no "mcp"')
        if data.get("kind") == EXTERNAL and data.get("isolate") is not None:
            yield Fault(("isolate",), '"isolate" on an external plugin', "nothing: it runs elsewhere already")


class PluginSettings(Section):
    """What holds for every plugin."""

    plugin_timeout: PluginSeconds = Field(5, description="Time limit of one plugin at one hook, in seconds.")
    fail_on_plugin_error: bool = Field(
        default=False, description="Refuse the request on any plugin error, whatever the plugin's mode."
    )
    parallel_execution_within_band: bool = Field(
        default=False, description="Run plugins of equal priority at the same time."
    )
    on_block: OnBlock = Field(
        "isolate",
        description="What follows when a plugin blocks: it gets a process of its own, or is off, or is reported.",
    )
    plugin_health_check_interval: IntervalSeconds = Field(
        60, description="Seconds between health checks of external plugins."
    )


class PluginsConfig(Section):
    """Who decides: providers for the three questions, and hook plugins."""

    auth: ProviderSlot | None = Field(None, description="Who is asking.")
    guardrails: ProviderSlot | None = Field(None, description="May this pass.")
    telemetry: ProviderSlot | None = Field(None, description="What happened.")
    hooks: Annotated[tuple[HookConfig, ...], LAX] = Field((), description="Plugins at single hook points.")
    settings: PluginSettings = section_field(PluginSettings, "What holds for every plugin.")

    instead: ClassVar[Mapping[str, str]] = {
        "plugin_settings": 'Did you mean "settings"?',
        "plugins": 'Did you mean "hooks"?',
        "enabled": "There is no switch that turns all protection off; take out what is not wanted.",
    }

    @classmethod
    def cross_check(cls, data: Mapping[str, Any]) -> Iterator[Fault]:
        hooks = data.get("hooks")
        seen: dict[str, int] = {}
        for index, hook in enumerate(hooks if isinstance(hooks, (list, tuple)) else ()):
            name = hook.get("name") if isinstance(hook, dict) else None
            if not isinstance(name, str):
                continue
            if name in seen:
                yield Fault(("hooks", index, "name"), f"the name of hooks[{seen[name]}] again", "a name of its own")
            seen.setdefault(name, index)

    def slots(self) -> tuple[tuple[str, ProviderSlot], ...]:
        """Return the slots that are filled, each with its JSON path."""
        slots = {"auth": self.auth, "guardrails": self.guardrails, "telemetry": self.telemetry}
        return tuple((f"$.plugins.{name}", slot) for name, slot in slots.items() if slot is not None)
