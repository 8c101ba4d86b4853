"""The admin socket that `serve` and `proxy` open beside their own door."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from secure_gateway.admin.commands import Commands
from secure_gateway.admin.server import AdminSocket
from secure_gateway.bootstrap import Parts
from secure_gateway.errors import GatewayError
from secure_gateway.reloading import Reloader

_log = logging.getLogger(__name__)


@asynccontextmanager
async def admin_door(parts: Parts, reloader: Reloader, door: str) -> AsyncIterator[None]:
    """Answer administrators inside. Where no socket can be opened, say so and go on: nothing is less protected for it."""
    admin = AdminSocket(Commands(parts.gateway, door, reloader.attempt), parts.loaded.folder)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(admin)
        except (GatewayError, OSError) as error:
            _log.warning("`secure-gateway hooks` and `reload` will not find this gateway: %s", error)
        yield
