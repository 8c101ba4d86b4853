"""Ask a server where an address leads, without going there."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, urljoin

from secure_gateway.errors import AnswerError, MissingDependencyError
from secure_gateway.plugins.hooks.uris import Address

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class RedirectProbe:
    """Sends HEAD to the very address that was judged, and follows nothing."""

    def __init__(self, seconds: float) -> None:
        try:
            import httpx  # 80 ms: only where redirects are looked at  # noqa: PLC0415
        except ImportError:  # pragma: no cover - a dependency of ours
            raise MissingDependencyError("check_redirects needs httpx") from None
        self._errors: Any = (httpx.HTTPError, httpx.InvalidURL)
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=seconds,
            limits=limits,
            headers={"user-agent": "secure-gateway"},
        )

    async def next(self, url: str, parts: SplitResult, address: Address) -> str | None:
        """Return where ``url``, whose host has ``address``, redirects to; None where it does not. Raises ``AnswerError`` when nobody answers."""
        host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - the number of the protocol
        netloc = host if parts.port is None else f"{host}:{parts.port}"
        pinned = parts._replace(netloc=netloc, fragment="").geturl()
        named = parts.hostname or ""
        own = named if parts.port is None else f"{named}:{parts.port}"
        try:
            request = self._client.build_request(
                "HEAD", pinned, headers={"host": own}, extensions={"sni_hostname": named}
            )
            response = await self._client.send(request, stream=True)
            await response.aclose()
        except self._errors:
            raise AnswerError("a server could not be asked where its address leads") from None
        location: str | None = response.headers.get("location")
        if response.status_code not in _REDIRECTS or not location:
            return None
        return urljoin(url, location)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
