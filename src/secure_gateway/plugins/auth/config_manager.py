"""From the ``auth`` slot of the configuration to the identity chain that requests read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from secure_gateway.errors import ConfigError, Problem
from secure_gateway.plugins.auth.base import AuthMethod, AuthProvider
from secure_gateway.plugins.auth.identity_chain import ChainLink, IdentityChain
from secure_gateway.plugins.registry import InstalledPoints, ProviderRegistry
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.plugins.slots import BuiltProvider, build_provider, read_slot, unknown_keys

GROUP = "secure_gateway.auth"
BUILTINS = {
    "api_key": "secure_gateway.plugins.auth.api_key:APIKeyAuthProvider",
    "jwt": "secure_gateway.plugins.auth.jwt:JWTAuthProvider",
}
_OWN = "secure_gateway."


class AuthConfigManager:
    """Builds the configured identity providers and holds the chain of them.

    ``services``: what built-in providers work with; ``plugin_dirs``: folders with provider modules; ``timeout``: seconds that a provider has
    for one answer. Off the request path: a request reads ``snapshot`` once.
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
        self._registry = ProviderRegistry(AuthProvider, GROUP, BUILTINS, plugin_dirs, installed=installed)
        self._chain = IdentityChain()
        self._unused: list[ChainLink] = []

    @property
    def snapshot(self) -> IdentityChain:
        """The chain in force. Read it once a request; it never changes, it is replaced."""
        return self._chain

    @property
    def registry(self) -> ProviderRegistry:
        """The providers that the configuration may name."""
        return self._registry

    def register(self, provider_class: type[AuthProvider]) -> None:
        """Make a provider class available under its own name. Raises ``ProviderContractError``."""
        self._registry.register(provider_class)

    def initialize(self, config: Mapping[str, Any]) -> None:
        """Build the providers of ``config`` (the whole configuration, or its ``plugins``) and put the new chain in force.

        Raises ``ConfigError`` with everything that is wrong; the chain in force then stays. A chain that was replaced goes on serving the
        requests that hold it: shut it down when they are done.
        """
        problems: list[Problem] = []
        links: list[ChainLink] = []
        for entry in read_slot(config, "auth"):
            try:
                built = build_provider(entry, self._registry, self._services)
                links.append(_link(built))
                problems += unknown_keys(built)
            except ConfigError as error:
                problems += error.problems
        problems += _never_asked(links)
        if problems:
            self._unused += links
            raise ConfigError(problems)
        self._chain = IdentityChain(links, self._timeout)

    def get_provider(self) -> AuthProvider:
        """Return the first configured provider. Raises ``ConfigError`` where there is none."""
        providers = self.get_providers()
        if not providers:
            raise ConfigError(Problem("$.plugins.auth", "no provider", 'one, such as {"provider": "api_key"}'))
        return providers[0]

    def get_providers(self) -> list[AuthProvider]:
        """Return the configured providers, in the order in which they are asked."""
        return [link.provider for link in self._chain.links]

    async def shutdown(self) -> None:
        """Shut down the chain in force, and what was built for configurations that turned out wrong."""
        unused, self._unused = self._unused, []
        await IdentityChain(unused, self._timeout).shutdown()
        await self._chain.shutdown()


def _link(built: BuiltProvider) -> ChainLink:
    provider, where = built.instance, built.entry.where
    label = type(provider).__qualname__
    try:
        name, version, methods = provider.get_name(), provider.get_version(), provider.get_supported_methods()
    except (Exception, SystemExit) as error:  # a stranger's methods
        raise ConfigError(
            Problem(
                where,
                f"{label}, which raised {type(error).__name__}",
                "a provider that tells its name, version and methods",
            )
        ) from error
    if not isinstance(name, str) or not name or not isinstance(version, str):
        raise ConfigError(Problem(where, f"{label} without a name or a version", "texts from get_name and get_version"))
    if (
        not isinstance(methods, list | tuple | set | frozenset)
        or not methods
        or not all(isinstance(m, AuthMethod) for m in methods)
    ):
        raise ConfigError(
            Problem(
                where,
                f"{label}, whose get_supported_methods names no AuthMethod",
                "a list such as [AuthMethod.API_KEY]",
            )
        )
    own = type(provider).__module__.startswith(_OWN)
    return ChainLink(
        provider=provider,
        name=name,
        version=version,
        methods=tuple(methods),
        own=own,
        recognise=getattr(provider, "recognise", None) if own else None,
    )


def _never_asked(links: Sequence[ChainLink]) -> list[Problem]:
    """Find providers that could never be asked: a provider that silently does not run is a hole."""
    taken: dict[AuthMethod, str] = {}
    problems = []
    for index, link in enumerate(links):
        if all(method in taken for method in link.methods):
            before = ", ".join(dict.fromkeys(taken[method] for method in link.methods))
            problems.append(
                Problem(
                    f"$.plugins.auth.providers[{index}]",
                    f"{link.name!r}, which is never asked: {before} takes every method that it supports",
                    "a provider of another method",
                    "Of several providers the first that supports a credential decides; take one of them out.",
                )
            )
        for method in link.methods:
            taken.setdefault(method, link.name)
    return problems
