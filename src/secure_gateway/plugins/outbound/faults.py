"""What can be wrong with a connection, as opposed to an answer."""

from __future__ import annotations

from secure_gateway.errors import GatewayError


class ConnectionLostError(GatewayError):
    """No answer came, for there is no connection (any more): it may be asked again. The message holds no payload."""


class NotConnectedError(ConnectionLostError):
    """There was never a connection, so nothing has been sent: asking again cannot ask twice."""
