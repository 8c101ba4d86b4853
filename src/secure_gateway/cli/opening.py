"""Open what a command works on: the configuration, and the key store without a whole gateway around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from secure_gateway.bootstrap import open_services
from secure_gateway.cli.session import Session
from secure_gateway.config.loader import LoadedConfig, load_config
from secure_gateway.config.secrets import SecretResolver
from secure_gateway.errors import ConfigError
from secure_gateway.plugins.services import ProviderServices


@contextmanager
def opened_services(session: Session) -> Iterator[tuple[LoadedConfig, ProviderServices]]:
    """Yield the configuration and the open state store. Raises ``ConfigError`` with places, and ``StoreError``."""
    loaded = load_config(session.config, session.environ)
    try:
        services = open_services(loaded, SecretResolver(session.environ, folder=loaded.folder), session.environ)
    except ConfigError as error:
        raise ConfigError([loaded.placed(problem) for problem in error.problems]) from error
    try:
        yield loaded, services
    finally:
        services.store.close()
