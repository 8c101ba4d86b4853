"""The contract of authentication providers: what they are given, what they answer, what they must implement."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Any

import msgspec

from secure_gateway.types import AuthCredentials

__all__ = ["AuthCredentials", "AuthMethod", "AuthProvider", "AuthResult", "AuthStatus", "SessionData"]


class AuthStatus(StrEnum):
    """How an authentication ended. Everything but ``SUCCESS`` stops the request."""

    SUCCESS = "success"
    FAILURE = "failure"
    EXPIRED = "expired"
    INVALID_CREDENTIALS = "invalid_credentials"
    INSUFFICIENT_PERMISSIONS = "insufficient_permissions"
    RATE_LIMITED = "rate_limited"
    ERROR = "error"


class AuthMethod(StrEnum):
    """A kind of credential. ``docs/identity.md`` says which credential field makes which method present."""

    API_KEY = "api_key"
    OAUTH = "oauth"
    JWT = "jwt"
    BASIC_AUTH = "basic_auth"
    BEARER_TOKEN = "bearer_token"  # noqa: S105 - the name of a method, no secret
    CUSTOM = "custom"


class AuthResult(msgspec.Struct, kw_only=True):
    """A provider's answer. ``status`` and ``authenticated`` must agree: where they do not, the request is denied.

    ``message`` and ``error`` go to the operator's record, never to the caller. ``roles`` and ``permissions`` decide what the principal may
    use. ``metadata`` may carry ``tenant_id``, ``email`` and ``key_id``; ``gateway_config`` and ``mcp_config`` are kept for provider classes that
    return them and are not used.
    """

    status: AuthStatus
    authenticated: bool
    message: str = ""
    user_id: str | None = None
    project_id: str | None = None
    session_id: str | None = None
    gateway_config: dict[str, Any] | None = None
    mcp_config: list[dict[str, Any]] | None = None
    permissions: list[str] = msgspec.field(default_factory=list)
    roles: list[str] = msgspec.field(default_factory=list)
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Tell whether both fields say yes."""
        return self.status is AuthStatus.SUCCESS and self.authenticated is True

    def __repr__(self) -> str:
        return f"AuthResult(status={self.status!r}, authenticated={self.authenticated!r}, user_id={self.user_id!r})"


class SessionData(msgspec.Struct, kw_only=True):
    """A session made by the gateway. Times are seconds since the epoch. The id never comes from a client."""

    session_id: str
    user_id: str
    project_id: str | None = None
    authenticated: bool = False
    created_at: float = 0.0
    last_accessed: float = 0.0
    expires_at: float | None = None
    gateway_config: dict[str, Any] | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"SessionData(user_id={self.user_id!r}, authenticated={self.authenticated!r}, expires_at={self.expires_at!r})"


class AuthProvider(ABC):
    """Answers who is asking. Subclass it, name it in the JSON, done; see ``docs/writing-a-provider.md``.

    A provider is asked only when a credential of one of its methods is present. An answer other than success, an exception, a
    time-out or ``None`` refuses the request; no other provider is asked then.
    """

    @abstractmethod
    def get_name(self) -> str:
        """Return the name by which the configuration picks this provider."""

    @abstractmethod
    def get_version(self) -> str:
        """Return the provider's version, for the decision record."""

    @abstractmethod
    def get_supported_methods(self) -> list[AuthMethod]:
        """Return the kinds of credential this provider can judge."""

    @abstractmethod
    async def authenticate(self, credentials: AuthCredentials) -> AuthResult:
        """Judge ``credentials``."""

    @abstractmethod
    async def validate_session(self, session_id: str) -> bool:
        """Tell whether a session that this provider vouched for is still good."""

    @abstractmethod
    async def refresh_authentication(self, session_id: str, credentials: AuthCredentials) -> AuthResult:
        """Judge ``credentials`` anew for an existing session."""

    def validate_config(self, config: dict[str, Any]) -> bool:
        """Tell whether ``config`` can be used; False or an exception stops start-up."""
        return True

    def get_required_config_keys(self) -> list[str]:
        """Return the configuration keys that must be there."""
        return []

    async def shutdown(self) -> None:
        """Release connections and threads."""
