"""Whose credentials the code that runs now acts with: set by a door, read by protected functions called inside it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, NamedTuple

from secure_gateway.types import AuthCredentials


class _Acting(NamedTuple):
    credentials: AuthCredentials | None
    session_id: str


_NOBODY: Final = _Acting(None, "")
_acting: ContextVar[_Acting] = ContextVar("secure_gateway_caller", default=_NOBODY)


def current_caller() -> AuthCredentials | None:
    """Return the credentials set by the innermost ``acting_as``, or None."""
    return _acting.get().credentials


def current_session() -> str:
    """Return the conversation set by the innermost ``acting_as``; empty where it names none."""
    return _acting.get().session_id


class acting_as:  # noqa: N801 - reads as what it does: with acting_as(caller)
    """Let protected calls inside the ``with`` block act with these credentials; a text is taken as an API key.

    ``session_id``: which of the caller's conversations they belong to; of an outer block it does not count here, since that is another caller's.
    """

    __slots__ = ("_acting", "_token")

    def __init__(self, credentials: AuthCredentials | str | None, *, session_id: str = "") -> None:
        shown = AuthCredentials(api_key=credentials) if isinstance(credentials, str) else credentials
        self._acting = _Acting(shown, checked_session(session_id))

    def __enter__(self) -> None:
        self._token = _acting.set(self._acting)

    def __exit__(self, *_: object) -> None:
        _acting.reset(self._token)


def checked_session(said: object) -> str:
    """Return what an app says of a conversation; nothing is none. Raises ``TypeError``: two values that are no texts might look the same as one."""
    if said is None or isinstance(said, str):
        return said or ""
    raise TypeError(f"session_id is a {type(said).__name__}, expected a text that names the conversation")
