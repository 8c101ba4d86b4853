"""``Plugin``: the base class of everything that acts at a hook point, and the configuration it is built from."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Final

import msgspec

from secure_gateway.plugins.framework.context import PluginContext
from secure_gateway.plugins.framework.results import PluginResult

DEFAULT_PRIORITY: Final = 100


class PluginMode(StrEnum):
    """What a plugin's refusal or failure does to the request; ``docs/adr/0004-modes.md`` has the table."""

    ENFORCE = "enforce"
    ENFORCE_IGNORE_ERROR = "enforce_ignore_error"
    PERMISSIVE = "permissive"
    DISABLED = "disabled"


class PluginCondition(msgspec.Struct, frozen=True, kw_only=True):
    """When a plugin runs: every field that is set must match (AND), one entry of it is enough (OR)."""

    server_ids: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    user_patterns: tuple[str, ...] = ()
    content_types: tuple[str, ...] = ()


class PluginConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How one plugin is set up.

    ``priority``: lower runs earlier; ``timeout``: seconds, None for the common setting; ``python``: the interpreter that a CPEX plugin runs in.
    """

    name: str
    kind: str = ""
    description: str | None = None
    author: str | None = None
    version: str | None = None
    hooks: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)
    mode: PluginMode = PluginMode.ENFORCE
    priority: int = DEFAULT_PRIORITY
    conditions: list[PluginCondition] = msgspec.field(default_factory=list)
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    mcp: dict[str, Any] | None = None
    timeout: float | None = None
    isolate: str | None = None
    isolate_env: tuple[str, ...] = ()
    isolate_memory_mb: int | None = None
    on_block: str | None = None
    python: str | None = None

    def model_dump(self) -> dict[str, Any]:
        """Return the whole configuration as builtins. It may hold resolved secrets: do not log it."""
        return dict(msgspec.to_builtins(self))

    def __repr__(self) -> str:
        return f"PluginConfig(name={self.name!r}, kind={self.kind!r}, mode={self.mode.value!r})"


class Plugin(ABC):
    """Base class of plugins. Implement an async method named like a hook, or mark one with ``@hook``.

    ``__init__`` gets the ``PluginConfig``; ``initialize`` and ``shutdown`` run once each, ``shutdown`` also after an ``initialize`` that
    failed half way.
    """

    config_model: ClassVar[type[Any] | None] = None
    """A pydantic model for ``config.config``, checked when the plugin is loaded; its values and defaults stand there afterwards."""

    def __init__(self, config: PluginConfig) -> None:
        self._config = config

    @property
    def config(self) -> PluginConfig:
        """How this plugin was set up."""
        return self._config

    @property
    def name(self) -> str:
        """The plugin's name in the configuration; unique there."""
        return self._config.name

    @property
    def mode(self) -> PluginMode:
        """What a refusal or failure of this plugin does."""
        return self._config.mode

    @property
    def priority(self) -> int:
        """Lower runs earlier."""
        return self._config.priority

    @property
    def hooks(self) -> list[str]:
        """The hooks named in the configuration; empty means all that the class implements."""
        return list(self._config.hooks)

    @property
    def logger(self) -> logging.Logger:
        """A logger of this plugin's own. Never log payloads."""
        return logging.getLogger(f"secure_gateway.plugin.{self.name}")

    async def initialize(self) -> None:
        """Set up connections and the like; raising stops start-up."""

    async def shutdown(self) -> None:
        """Release what ``initialize`` took; must cope with a half-finished ``initialize``."""


class ForeignPlugin(Plugin):
    """A plugin whose code is no class of this framework: it runs elsewhere, or was written for another framework.

    Which hooks it answers is not read off its methods but asked for, once, when it is loaded.
    """

    @abstractmethod
    def offered_hooks(self) -> Sequence[str]:
        """Return the names of the hooks it answers. May block while it finds out. Raises ``ConfigError`` when it cannot."""

    def discard(self) -> None:
        """Release what ``offered_hooks`` took, of a plugin that will not be used after all. Idempotent; may block."""

    @abstractmethod
    async def invoke_hook(self, hook: str, payload: Any, context: PluginContext) -> PluginResult[Any]:
        """Answer ``hook``, one of the offered, as a method of that name would. Whatever it raises is a failure of the plugin."""
