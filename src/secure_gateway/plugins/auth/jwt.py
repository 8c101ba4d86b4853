"""Callers that show a signed token of an identity provider (RFC 7519, with the care of RFC 8725)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

from secure_gateway.plugins.auth.base import AuthCredentials, AuthMethod, AuthProvider, AuthResult, AuthStatus
from secure_gateway.plugins.auth.jwt_claims import RefusedClaimsError, TokenBearer, read_claims
from secure_gateway.plugins.auth.jwt_keys import find_key
from secure_gateway.plugins.auth.jwt_settings import read_settings
from secure_gateway.plugins.auth.jwt_token import MalformedTokenError, parse_token
from secure_gateway.plugins.services import ProviderServices
from secure_gateway.types import Principal

REMEMBERED = 10_000
_HEX_DIGITS = 64


class JWTAuthProvider(AuthProvider):
    """Takes tokens signed with the configured keys; see ``docs/identity.md`` for what is checked.

    A token that was verified is remembered by its SHA-256 for as long as it holds, the newest ``REMEMBERED`` of them. What was refused is not
    remembered, so nobody can fill the memory with rubbish. New keys come with a new provider, which remembers nothing.
    """

    def __init__(self, config: Mapping[str, Any], services: ProviderServices | None = None) -> None:
        self._settings = read_settings(config)
        self._clock: Callable[[], float] = time.time if services is None else services.clock
        self._verified: dict[bytes, TokenBearer] = {}
        self._lock = Lock()

    def get_name(self) -> str:
        return "jwt"

    def get_version(self) -> str:
        return "1.0.0"

    def get_supported_methods(self) -> list[AuthMethod]:
        return [AuthMethod.JWT]

    def get_required_config_keys(self) -> list[str]:
        return ["algorithms", "audience"]

    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        token = credentials.access_token
        if credentials.id_token:
            if token:
                return _refused("an access token and an ID token were shown; show one")
            token = credentials.id_token
        if not token:
            return _refused("no token was shown")
        if len(token) > self._settings.max_token_bytes or not token.isascii():
            return _refused(f"the token is longer than {self._settings.max_token_bytes} bytes, or not ASCII")
        digest = sha256(token.encode()).digest()
        now = self._clock()
        bearer = self._verified.get(digest)
        if bearer is None or not bearer.not_before <= now < bearer.expires:
            try:
                bearer = self._verify(token, now)
            except MalformedTokenError as error:
                return _refused(f"the token is refused: {error}")
            except RefusedClaimsError as error:
                status = AuthStatus.EXPIRED if error.expired else AuthStatus.INVALID_CREDENTIALS
                return _refused(f"the token is refused: {error}", status)
            self._remember(digest, bearer)
        return AuthResult(
            status=AuthStatus.SUCCESS,
            authenticated=True,
            user_id=bearer.user_id,
            project_id=bearer.project_id,
            session_id=digest.hex(),
            roles=list(bearer.roles),
            permissions=list(bearer.permissions),
            metadata={"tenant_id": bearer.tenant_id, "email": bearer.email},
        )

    def recognise(self, credentials: AuthCredentials) -> Principal | None:
        """Return whom a token speaks of that is shown alone and was verified before, as ``authenticate`` would; else None."""
        token = credentials.access_token
        if not token or credentials.id_token or len(token) > self._settings.max_token_bytes or not token.isascii():
            return None
        digest = sha256(token.encode()).digest()
        bearer = self._verified.get(digest)
        if bearer is None or not bearer.not_before <= self._clock() < bearer.expires:
            return None
        return Principal(
            subject=bearer.user_id,
            provider="jwt",
            method="jwt",
            project_id=bearer.project_id,
            tenant_id=bearer.tenant_id,
            email=bearer.email,
            roles=bearer.roles,
            permissions=bearer.permissions,
            session_id=digest.hex(),
        )

    async def validate_session(self, session_id: str) -> bool:
        """Tell whether the token that opened the session still holds; one that is no longer remembered does not."""
        bearer = self._session(session_id)
        return bearer is not None and bearer.not_before <= self._clock() < bearer.expires

    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        """Judge the token anew; it must speak of the user whose session this is."""
        before = self._session(session_id)
        result = await self.authenticate(credentials)
        if result.is_success and (before is None or before.user_id != result.user_id):
            return _refused("the session is unknown, or that of another user")
        return result

    def _verify(self, token: str, now: float) -> TokenBearer:
        parsed = parse_token(token)
        key = find_key(self._settings.keys, parsed)
        if key is None:
            raise MalformedTokenError("there is no key for the algorithm and the key id that it names")
        if not key.verifies(parsed):
            raise MalformedTokenError("its signature is wrong")
        types = self._settings.token_types
        if types and parsed.type.lower().removeprefix("application/") not in types:
            raise MalformedTokenError("its type (typ) is missing or another")
        return read_claims(parsed.claims, self._settings, now)

    def _remember(self, digest: bytes, bearer: TokenBearer) -> None:
        with self._lock:
            while len(self._verified) >= REMEMBERED:
                del self._verified[next(iter(self._verified))]
            self._verified[digest] = bearer

    def _session(self, session_id: str) -> TokenBearer | None:
        if len(session_id) != _HEX_DIGITS:
            return None
        try:
            return self._verified.get(bytes.fromhex(session_id))
        except ValueError:
            return None


def _refused(message: str, status: AuthStatus = AuthStatus.INVALID_CREDENTIALS) -> AuthResult:
    return AuthResult(status=status, authenticated=False, message=message)
