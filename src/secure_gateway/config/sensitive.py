"""Which keys name a secret. One list, so that whatever prints or records keys agrees on what to hide."""

from __future__ import annotations

_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "authorization",
    "cookie",
    "bearer",
    "private",
    "signature",
    "salt",
    "dsn",
)
# What stands below these keys is handed on as it is, and is mostly credentials.
_CONTAINERS = frozenset({"config", "env", "headers"})


def is_sensitive_key(key: object) -> bool:
    """Say whether a value under ``key`` must not be shown. Hides rather too much: ``keywords`` counts as well."""
    if not isinstance(key, str):
        return False
    squashed = key.lower().replace("_", "").replace("-", "")
    return squashed in _CONTAINERS or any(word in squashed for word in _WORDS)
