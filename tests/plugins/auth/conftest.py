"""A gateway's services with a clock that tests move."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path, clock: Clock) -> ProviderServices:
    return ProviderServices(
        store=MemoryStore(), master_key=MasterKey(bytes(range(32))), config_dir=tmp_path, clock=clock
    )
