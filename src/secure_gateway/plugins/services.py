"""What the gateway lends to a provider that asks for it by a constructor parameter called ``services``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from secure_gateway.master_key import MasterKey
from secure_gateway.stores.base import StateStore


class ProviderServices(msgspec.Struct, frozen=True, kw_only=True):
    """The state store, keys derived from the master key, the clock (seconds since the epoch) and the configuration's folder."""

    store: StateStore
    master_key: MasterKey
    config_dir: Path
    clock: Callable[[], float] = time.time

    def __repr__(self) -> str:
        return f"ProviderServices(config_dir={str(self.config_dir)!r})"
