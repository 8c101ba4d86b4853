"""What the telemetry tests share: services without a gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_gateway.master_key import MasterKey
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.stores.memory import MemoryStore


@pytest.fixture
def services(tmp_path: Path) -> ProviderServices:
    return ProviderServices(
        store=MemoryStore(), master_key=MasterKey(bytes(range(32))), config_dir=tmp_path, clock=lambda: 1_700_000_000.0
    )
