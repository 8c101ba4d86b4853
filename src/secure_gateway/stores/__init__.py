"""What must be remembered: keys, sessions, records."""

from __future__ import annotations

from secure_gateway.stores.opening import open_store

__all__ = ["open_store"]
