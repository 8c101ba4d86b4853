"""What proves to us who a caller is never goes on to a server."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from secure_gateway.config.models import GatewayConfig
from secure_gateway.plugins.auth.credentials import CREDENTIAL_HEADERS


@pytest.mark.parametrize("header", CREDENTIAL_HEADERS)
def test_no_header_that_we_read_credentials_from_can_be_forwarded(header: str) -> None:
    server = {"url": "https://server.example/mcp", "forward_headers": [header.title()]}
    with pytest.raises(ValidationError, match="no credential"):
        GatewayConfig.model_validate({"servers": {"s": server}})
