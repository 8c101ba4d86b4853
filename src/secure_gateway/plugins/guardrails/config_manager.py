"""Pick the guardrail providers from the configuration, and bind what they make to the hooks of the request path."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.framework.binding import HookBinding
from secure_gateway.plugins.framework.payloads import PluginPayload, ServerPostRegisterPayload
from secure_gateway.plugins.framework.registration import class_digest
from secure_gateway.plugins.guardrails.base import GuardrailProvider
from secure_gateway.plugins.guardrails.fitting import Applied, applied, bind_all
from secure_gateway.plugins.guardrails.guards import StandingProvider
from secure_gateway.plugins.guardrails.policy import PolicyBook, read_book
from secure_gateway.plugins.guardrails.tool_lists import ListVerdict, RegistrationJudge
from secure_gateway.plugins.registry import InstalledPoints, ProviderRegistry
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.slots import ProviderEntry, build_provider, read_slot

logger = logging.getLogger(__name__)

BUILTINS: Final[Mapping[str, str]] = {
    "keyword": "secure_gateway.plugins.guardrails.keyword:KeywordGuardrailProvider",
    "pii": "secure_gateway.plugins.guardrails.pii:PIIGuardrailProvider",
    "secrets": "secure_gateway.plugins.guardrails.secrets:SecretsGuardrailProvider",
    "injection": "secure_gateway.plugins.guardrails.injection:InjectionGuardrailProvider",
    "code_injection": "secure_gateway.plugins.guardrails.code_injection:CodeInjectionGuardrailProvider",
    "openai_moderation": "secure_gateway.plugins.guardrails.remote.openai_moderation:OpenAIModerationProvider",
    "llama_guard": "secure_gateway.plugins.guardrails.remote.llama_guard:LlamaGuardProvider",
    "bedrock": "secure_gateway.plugins.guardrails.remote.bedrock:BedrockGuardrailProvider",
    "webhook": "secure_gateway.plugins.guardrails.remote.webhook:WebhookGuardrailProvider",
}
GROUP: Final = "secure_gateway.guardrails"


class _Standing(msgspec.Struct, frozen=True):
    """What ``initialize`` built; replaced as a whole."""

    providers: tuple[StandingProvider, ...]
    bindings: tuple[HookBinding, ...]
    everywhere: Mapping[str, Any]
    registration: RegistrationJudge


class GuardrailConfigManager:
    """The policy side of the request path: ``initialize`` once, then ``bindings`` for each server.

    ``services``: what the gateway lends to providers; ``plugin_dirs``: folders with provider modules, their ownership checked;
    ``timeout``: seconds that one guard may take at one hook.
    """

    def __init__(
        self,
        services: ProviderServices | None = None,
        plugin_dirs: Sequence[Path] = (),
        timeout: float = 5.0,
        installed: InstalledPoints | None = None,
    ) -> None:
        self._services = services
        self._timeout = timeout
        self._clock: Callable[[], float] = time.time if services is None else services.clock
        self._registry = ProviderRegistry(GuardrailProvider, GROUP, BUILTINS, plugin_dirs, installed=installed)
        self._standing: _Standing | None = None
        self._failure = ConfigError(
            Problem("$.plugins.guardrails", "nothing yet", "a call of initialize before this one")
        )
        self._built: list[GuardrailProvider] = []

    @property
    def registry(self) -> ProviderRegistry:
        """What can be named as ``provider``."""
        return self._registry

    def register(self, provider_class: type) -> None:
        """Make a provider class available under its own name. Raises ``ProviderContractError`` where it breaks the contract."""
        self._registry.register(provider_class)

    def initialize(self, config: Mapping[str, Any]) -> None:
        """Build every provider that ``config`` (the resolved JSON, or its ``plugins``) names, then replace those that stood.

        Raises ``ConfigError`` with everything that is wrong; what stood before then still stands.
        """
        try:
            providers = self._build_all(read_slot(config, "guardrails"))
            # Of ``plugins`` alone, the key of this name is the slot.
            everywhere = config.get("guardrails", {}) if "plugins" in config else {}
            bindings = bind_all(providers, read_book(everywhere, "", {}), self._clock, self._timeout)
        except ConfigError as error:
            self._failure = error
            raise
        if not providers:
            logger.warning("no guardrail is configured: requests and results pass unjudged, and every record says so")
        self._standing = _Standing(providers, bindings, everywhere, RegistrationJudge(providers, self._clock))

    def get_provider(self) -> GuardrailProvider | None:
        """Return the first provider; None where none is configured."""
        return next(iter(self.get_providers()), None)

    def get_providers(self) -> tuple[GuardrailProvider, ...]:
        """Return all providers, in the order in which their guards judge."""
        return tuple(standing.provider for standing in self._stands().providers)

    def bindings(self, server: str = "", server_policy: Mapping[str, Any] | None = None) -> list[HookBinding]:
        """Return who judges calls of ``server`` under ``server_policy`` (its ``guardrails``: ``input`` and ``output``).

        Raises ``ConfigError`` where a provider cannot use the policy or a key is one that nobody takes, and what ``initialize`` raised.
        """
        standing = self._stands()
        if not server_policy:
            return list(standing.bindings)
        return list(bind_all(standing.providers, self.book(server, server_policy), self._clock, self._timeout))

    def book(self, server: str = "", server_policy: Mapping[str, Any] | None = None) -> PolicyBook:
        """Return all that is said of calls of ``server``. Raises as ``bindings`` does."""
        return read_book(self._stands().everywhere, server, server_policy or {})

    def applied(
        self, tool: str, server: str = "", server_policy: Mapping[str, Any] | None = None
    ) -> tuple[Applied, ...]:
        """Return what holds for calls of ``tool``: each provider with its guards and rules, in the order in which they judge."""
        return applied(self._stands().providers, self.book(server, server_policy), tool, self._clock)

    def judge_tools(
        self, server: str, tools: list[dict[str, Any]], server_policy: Mapping[str, Any] | None = None
    ) -> ListVerdict:
        """Say which tools of ``server`` must not be shown, under the ``output`` of its policy: all of them where a provider refuses the list or fails.

        Providers judge here on the caller's thread.
        """
        return self._stands().registration.tools(server, tools, self.book(server, server_policy))

    def judge_server(
        self,
        server: str,
        config: Mapping[str, Any],
        description: str = "",
        metadata: Mapping[str, Any] | None = None,
        *,
        server_policy: Mapping[str, Any] | None = None,
    ) -> str:
        """Return why ``server`` must not be used, under the ``output`` of its policy, or an empty text. A provider that fails is a reason."""
        book = self.book(server, server_policy)
        return self._stands().registration.server(server, config, book, description, metadata)

    def judge_offer(
        self, servers: Mapping[str, Mapping[str, Any]], server: str, tools: list[dict[str, Any]]
    ) -> ListVerdict:
        """Judge the tools of ``server`` under its policy in ``servers``."""
        return self.judge_tools(server, tools, _policy(servers, server))

    def judge_registration(
        self,
        written: Mapping[str, Mapping[str, Any]],
        servers: Mapping[str, Mapping[str, Any]],
        server: str,
        payload: PluginPayload,
    ) -> str:
        """Return why nobody may use ``server``, for its entry or for what it says when it introduces itself; or an empty text.

        ``written``: the entries as they stand in the file, with references in place of secrets; ``servers``: the same, resolved.
        """
        entry, policy = written.get(server) or {}, _policy(servers, server)
        if not isinstance(payload, ServerPostRegisterPayload):
            return self.judge_server(server, entry, server_policy=policy)
        said = {"server_info": payload.server_info, "capabilities": payload.capabilities}
        return self.judge_server(server, entry, payload.instructions or "", said, server_policy=policy)

    async def shutdown(self) -> None:
        """Shut down every provider that was ever built, those that were replaced too."""
        built, self._built = self._built, []
        for provider in built:
            try:
                await provider.shutdown()
            except Exception as error:  # noqa: BLE001 - a stranger's method; the others must still be shut down
                logger.warning("%s.shutdown raised %s", type(provider).__qualname__, type(error).__name__)

    def _stands(self) -> _Standing:
        if self._standing is None:
            raise self._failure
        return self._standing

    def _build_all(self, entries: Sequence[ProviderEntry]) -> tuple[StandingProvider, ...]:
        problems: list[Problem] = []
        standing: list[StandingProvider] = []
        for entry in entries:
            try:
                standing.append(self._build(entry, [other.label for other in standing]))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        return tuple(standing)

    def _build(self, entry: ProviderEntry, labels: Sequence[str]) -> StandingProvider:
        built = build_provider(entry, self._registry, self._services)
        provider: GuardrailProvider = built.instance
        self._built.append(provider)
        label, version = _ask(provider.get_name, entry.where), _ask(provider.get_version, entry.where)
        # Two of a kind are told apart in records, and each has its own state.
        name = f"{label}#{labels.count(label) + 1}" if label in labels else label
        return StandingProvider(
            provider=provider,
            name=name,
            label=label,
            version=version,
            digest=class_digest(type(provider)),
            where=entry.where,
            left=built.left,
        )


def _policy(servers: Mapping[str, Mapping[str, Any]], server: str) -> Mapping[str, Any]:
    return (servers.get(server) or {}).get("guardrails") or {}


def _ask(fact: Callable[[], Any], where: str) -> str:
    try:
        answer = fact()
    except (Exception, SystemExit) as error:  # a stranger's method
        raise ConfigError(
            Problem(where, f"a provider whose {fact.__name__} raised {type(error).__name__}", "a provider that answers")
        ) from error
    if not isinstance(answer, str) or not answer:
        raise ConfigError(
            Problem(where, f"a provider whose {fact.__name__} returned a {type(answer).__name__}", "a text")
        )
    return answer
