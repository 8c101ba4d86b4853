"""Callers that show an API key of ours."""

from __future__ import annotations

from secure_gateway.errors import StoreError
from secure_gateway.plugins.auth.base import (
    AuthCredentials,
    AuthMethod,
    AuthProvider,
    AuthResult,
    AuthStatus,
)
from secure_gateway.plugins.auth.key_format import is_ours, key_id_of
from secure_gateway.plugins.auth.live_keys import LiveKey, LiveKeys
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.types import Principal


class APIKeyAuthProvider(AuthProvider):
    """Takes the keys of the key ring: ``X-API-Key``, ``apikey``, ``Authorization: ApiKey``, or a bearer token with our prefix.

    A request costs one keyed hash and no disk access, however many keys there are. When the store has not answered for five seconds,
    every key is refused.
    """

    def __init__(self, services: ProviderServices) -> None:
        self._keys = LiveKeys(services)
        self._clock = services.clock

    def get_name(self) -> str:
        return "api_key"

    def get_version(self) -> str:
        return "1.0.0"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.API_KEY]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        text, other, token = credentials.api_key, credentials.gateway_key, credentials.access_token
        if token and is_ours(token):
            if other and other != token:
                return _refused("two different API keys were shown")
            other = token
        if other:
            if text and text != other:
                return _refused("two different API keys were shown")
            text = other
        if not text:
            return _refused("no API key was shown")
        try:
            key = self._keys.find(text)
        except StoreError as error:
            return AuthResult(status=AuthStatus.ERROR, authenticated=False, message=str(error))
        if key is None:
            return _refused("the API key is unknown" if key_id_of(text) else "this is no API key, or a mistyped one")
        return self._answer(key)

    def recognise(self, credentials: AuthCredentials) -> Principal | None:
        """Return the principal of a key that is shown alone and is good, as ``authenticate`` would; None wherever there is more to say."""
        text = credentials.api_key
        if not text or credentials.gateway_key or credentials.access_token:
            return None
        try:
            key = self._keys.find(text)
        except StoreError:
            return None
        if key is None or key.disabled or key.expires_at <= self._clock():
            return None
        grant = key.entry.grant
        return Principal(
            subject=grant.user_id,
            provider="api_key",
            method="api_key",
            project_id=grant.project_id,
            tenant_id=grant.tenant_id,
            roles=grant.roles,
            permissions=grant.permissions,
            key_id=key.entry.key_id,
            session_id=key.session_id,
        )

    def _answer(self, key: LiveKey) -> AuthResult:
        entry = key.entry
        if key.disabled:
            return _refused(f"the API key {entry.key_id} is disabled")
        if key.expires_at <= self._clock():
            return AuthResult(
                status=AuthStatus.EXPIRED, authenticated=False, message=f"the API key {entry.key_id} has expired"
            )
        grant = entry.grant
        return AuthResult(
            status=AuthStatus.SUCCESS,
            authenticated=True,
            user_id=grant.user_id,
            project_id=grant.project_id,
            session_id=key.session_id,
            roles=list(grant.roles),
            permissions=list(grant.permissions),
            metadata={"key_id": entry.key_id, "tenant_id": grant.tenant_id},
        )

    async def validate_session(self, session_id: str) -> bool:
        """Tell whether the key that opened the session is still good."""
        key = self._find_session(session_id)
        return key is not None and self._answer(key).is_success

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        """Judge the key anew; it must stand for the user whose session this is."""
        result = await self.authenticate(credentials)
        if not result.is_success:
            return result
        key = self._find_session(session_id)
        if key is None or key.entry.grant.user_id != result.user_id:
            return _refused("the session is unknown, or that of another user")
        return result

    def _find_session(self, session_id: str) -> LiveKey | None:
        try:
            return self._keys.find_session(session_id)
        except StoreError:
            return None

    async def shutdown(self) -> None:
        self._keys.stop()


def _refused(message: str) -> AuthResult:
    return AuthResult(status=AuthStatus.INVALID_CREDENTIALS, authenticated=False, message=message)
