"""cpex-secrets-detection, as shipped or (argument ``all``) with every detector on. It reports no places: what it redacts tells them."""

from __future__ import annotations

import sys

from cpex_secrets_detection import py_scan_container  # type: ignore[import-not-found]

from benchmarks.quality.workers.loop import Found, serve

_MARK = "\ue0ff"  # a private character, which no line holds
_OFF_BY_DEFAULT = ("generic_api_key_assignment", "jwt_like", "hex_secret_32", "base64_24")
_CONFIG = {"redact": True, "redaction_text": _MARK}
if sys.argv[1:] == ["all"]:
    _CONFIG["enabled"] = dict.fromkeys(_OFF_BY_DEFAULT, True)


def find(text: str) -> Found:
    """Return the places that it redacts."""
    count, redacted, _ = py_scan_container(text, _CONFIG)
    if not count:
        return
    first, *rest = redacted.split(_MARK)
    at = len(first)
    for piece in rest:
        end = text.index(piece, at) if piece else len(text)
        yield "secret", at, end
        at = end + len(piece)


if __name__ == "__main__":
    serve(find)
