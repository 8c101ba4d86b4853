"""An authentication provider in one file: it knows people by the badge they show. Put it into ~/.gateway/plugins/."""

import hmac

from secure_gateway.plugins.auth.base import AuthCredentials, AuthMethod, AuthProvider, AuthResult, AuthStatus


class BadgeAuthProvider(AuthProvider):
    def __init__(self, badges: dict[str, str], role: str = "staff") -> None:
        self.badges = badges
        self.role = role

    def get_name(self) -> str:
        return "badge"

    def get_version(self) -> str:
        return "1.0.0"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.API_KEY]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        shown = (credentials.api_key or "").encode()
        for person, badge in self.badges.items():
            if hmac.compare_digest(badge.encode(), shown):
                return AuthResult(status=AuthStatus.SUCCESS, authenticated=True, user_id=person, roles=[self.role])
        return AuthResult(status=AuthStatus.INVALID_CREDENTIALS, authenticated=False, message="unknown badge")

    async def validate_session(self, session_id: str) -> bool:
        return False

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        return await self.authenticate(credentials)
