"""Payloads for published CPEX plugins: clean ones, ones that hold what is looked for, nested, not ASCII, odd."""

from __future__ import annotations

from typing import Any, NamedTuple

# Put together here, so that nothing in this file looks like a key to those who search repositories for keys.
_AWS = "AKIA" + "QWERTYUIOPASDFGH"
_GITHUB = "ghp_" + "0123456789abcdefABCDEF0123456789abcdef"[:36]
_SLACK = "xoxb-" + "123456789012-abcdefghijklmnop"
_PEM = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----"
_CARD = "4111 1111 " + "1111 1111"

CLEAN = (
    "",
    " ",
    "the weather in Bern is fine",
    "order 12, please",
    "a" * 4000,
    "line one\nline two\r\n\tindented",
    "Grüße aus Zürich, 你好, здравствуйте",
    "👩‍👩‍👧‍👦 emoji and a zero\u200bwidth space",
    "null",
    "{'not': 'json'}",
    "0",
    "2026-11-21T08:00:00Z",
)
HITS = (
    "my number is 123-45-6789",
    "write to jane.doe@example.org or to joe@example.com",
    f"card {_CARD}, thank you",
    "call +1 (555) 123-4567",
    "server 192.168.10.20 answers",
    "born 01/02/1980",
    "IBAN DE89370400440532013000",
    "Grüße: jane@example.org, SSN 123-45-6789 — 你好",
    f"key {_AWS} in a sentence",
    f"token={_GITHUB}",
    f"slack {_SLACK}",
    _PEM,
    "jane@example.org " * 40,
    "\u202e123-45-6789\u202c",
    "123-45-6789,123-45-6789",
)


class Case(NamedTuple):
    """One call: the hook and the payload's fields, as cpex calls them."""

    hook: str
    payload: dict[str, Any]


def _values() -> list[Any]:
    """Return JSON values around the texts: alone, in a list, deep, beside others, and odd ones without any text."""
    values: list[Any] = [*CLEAN, *HITS]
    values += [{"text": text} for text in HITS[:6]]
    values += [[text, 1, None, True] for text in HITS[6:12]]
    deep: Any = HITS[0]
    for level in range(12):
        deep = {"level": level, "inner": [deep]}
    odd: list[Any] = [None, True, 0, -1, 2**53, 1.5, [], {}, [[]], [{}], {"": ""}, {"a": {"b": {"c": []}}}]
    wide = {f"key{index}": f"value {index}" for index in range(200)}
    return [
        *values,
        deep,
        *odd,
        wide,
        {**wide, "last": HITS[1]},
        [HITS[1]] * 50,
        {HITS[1]: "in a key"},
        {"ünï": HITS[7]},
    ]


def _message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": {"type": "text", "text": text}}


def cases() -> list[Case]:
    """Return every call of the corpus."""
    values = _values()
    texts = [*CLEAN, *HITS]
    found = [Case("tool_pre_invoke", {"name": "send", "args": {"value": value}}) for value in values]
    found += [Case("tool_post_invoke", {"name": "read", "result": value}) for value in values]
    found += [
        Case(
            "tool_post_invoke",
            {"name": "read", "result": {"content": [{"type": "text", "text": text}], "isError": False}},
        )
        for text in texts
    ]
    found += [Case("prompt_pre_fetch", {"prompt_id": "greet", "args": {"who": text, "to": "Bern"}}) for text in texts]
    found += [
        Case("prompt_post_fetch", {"prompt_id": "greet", "result": {"messages": [_message(text), _message("ok")]}})
        for text in texts
    ]
    found += [Case("resource_post_fetch", {"uri": "file:///a.txt", "content": {"text": text}}) for text in texts]
    found += [Case("resource_post_fetch", {"uri": "file:///a.txt", "content": text}) for text in texts]
    return found


SETTINGS: dict[str, list[dict[str, Any]]] = {
    "cpex_pii_filter.PIIFilterPlugin": [
        {},
        {"default_mask_strategy": "partial", "include_detection_details": True},
        {"block_on_detection": True, "detect_phone": False},
    ],
    "cpex_secrets_detection.SecretsDetectionPlugin": [
        {},
        {"redact": True, "block_on_detection": False},
        {"redact": True, "block_on_detection": True, "min_findings_to_block": 2},
    ],
}
"""The plugins, each with the configurations under which it is compared."""
