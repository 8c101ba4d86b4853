"""Keys under which hooks find facts about the call in ``context.global_context.metadata``."""

from __future__ import annotations

from typing import Final

TOOL_METADATA: Final = "tool"
GATEWAY_METADATA: Final = "gateway"
