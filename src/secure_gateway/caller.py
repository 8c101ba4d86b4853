"""Whose credentials the code that runs now acts with: set by a door, read by protected functions called inside it."""

from __future__ import annotations

from contextvars import ContextVar

from secure_gateway.types import AuthCredentials

_caller: ContextVar[AuthCredentials | None] = ContextVar("secure_gateway_caller", default=None)


def current_caller() -> AuthCredentials | None:
    """Return the credentials set by the innermost ``acting_as``, or None."""
    return _caller.get()


class acting_as:  # noqa: N801 - reads as what it does: with acting_as(caller)
    """Let protected calls inside the ``with`` block act with these credentials; a text is taken as an API key."""

    __slots__ = ("_credentials", "_token")

    def __init__(self, credentials: AuthCredentials | str | None) -> None:
        self._credentials = AuthCredentials(api_key=credentials) if isinstance(credentials, str) else credentials

    def __enter__(self) -> None:
        self._token = _caller.set(self._credentials)

    def __exit__(self, *_: object) -> None:
        _caller.reset(self._token)
