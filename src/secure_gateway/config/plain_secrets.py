"""Which values of a provider's configuration must be references, so that the file holds no credential of a service elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from secure_gateway.config.faults import Fault
from secure_gateway.config.sensitive import is_sensitive_key

_REMOTE: Final = frozenset({"openai_moderation", "llama_guard", "bedrock", "webhook"})
_REMOTE_CLASSES: Final = "secure_gateway.plugins.guardrails.remote."
_CREDENTIALS: Final = ("api_key", "access_key_id", "secret_access_key", "session_token", "signing_key")
_REFERENCE: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}://.+", re.DOTALL)
_EXPECTED: Final = "a secret reference, such as env://NAME or file://PATH"


def plain_secrets(entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for each credential of a remote guardrail that stands in the file as it is; ``entry`` is one provider's."""
    config, cls = entry.get("config"), entry.get("class")
    named = entry.get("provider")
    is_remote = (isinstance(named, str) and named in _REMOTE) or (
        isinstance(cls, str) and cls.startswith(_REMOTE_CLASSES)
    )
    if not is_remote or not isinstance(config, Mapping):
        return
    for key in _CREDENTIALS:
        if _is_plain(config.get(key)):
            yield Fault(("config", key), "a plain value", _EXPECTED)
    headers = config.get("headers")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if is_sensitive_key(name) and _is_plain(value):
            yield Fault(("config", "headers", name), "a plain value", _EXPECTED)


def _is_plain(value: Any) -> bool:
    # A literal is a plain value that says so.
    return isinstance(value, str) and (value.startswith("literal://") or not _REFERENCE.fullmatch(value))
