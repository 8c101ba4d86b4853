"""Whose credentials the code that runs now acts with: set by a door, read by protected functions called inside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from secure_gateway.types import AuthCredentials

_caller: ContextVar[AuthCredentials | None] = ContextVar("secure_gateway_caller", default=None)


def current_caller() -> AuthCredentials | None:
    """Return the credentials set by the innermost ``acting_as``, or None."""
    return _caller.get()


@contextmanager
def acting_as(credentials: AuthCredentials | str | None) -> Iterator[None]:
    """Let protected calls inside the ``with`` block act with these credentials; a text is taken as an API key."""
    shown = AuthCredentials(api_key=credentials) if isinstance(credentials, str) else credentials
    token = _caller.set(shown)
    try:
        yield
    finally:
        _caller.reset(token)
