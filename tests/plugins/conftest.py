"""What the tests share of how providers are found, checked and built."""

from __future__ import annotations

from secure_gateway.plugins.auth.base import AuthCredentials, AuthMethod, AuthProvider, AuthResult


class Complete(AuthProvider):
    """A provider that has all that its contract asks for, and does nothing."""

    def get_name(self) -> str:
        return "complete"

    def get_version(self) -> str:
        return "1"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.API_KEY]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        raise NotImplementedError

    async def validate_session(self, session_id: str) -> bool:
        return False

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        raise NotImplementedError
