"""Texts in the places of a nested value where a scanner meets them, and disguises that it must see through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from tests.plugins.guardrails.scanner.samples import BENIGN, INJECTIONS, PII, SECRETS

PLACES: Final[tuple[Callable[[Any], Any], ...]] = (
    lambda text: text,
    lambda text: [text],
    lambda text: {"note": text},
    lambda text: {"a": [{"b": ["harmless", text, text]}]},
    lambda text: ("a tuple", {"of": (text,)}),
    lambda text: {str(text): "under it"},
    lambda text: {"outer": {str(text): {"deeper": text}}},
    lambda text: {"key": "API_KEY", "value": text},
    lambda text: [{"name": "X-Auth-Token", "value": [text]}, {"Key": "DB_PASSWORD", "Value": {"data": text}}],
    lambda text: {"key": str(text), "value": str(text)},
    lambda text: {"passport": {"number": text}},
    lambda text: {"ssn": {"value": [text, {"id": text}]}},
    lambda text: {"document": {"content": {"value": text}}},
    lambda text: {"clientSecret": text, "dateOfBirth": text, "userPhoneNumber": text},
    lambda text: {"password": text, "api_key": text, "iban": text, "x" * 200: text},
    lambda text: {"téléphone": text, "пароль": text, "电话": [text]},
    lambda text: {"": text, " ": {"": text}},
    lambda text: {"before": "x", "long": "y" * 70_000 + f" {text} " + "z" * 100},
)
"""Each makes a value around a text (or a number)."""

FIELDS: Final = (
    "note password apiKey client_secret card ssn iban phone dob passport id number value key name Key Value text data code token email"
    " héslo пароль 电话 userPhoneNumber".split()
)

SAMPLES: Final = tuple(
    dict.fromkeys(
        (*(text for _, text, _ in (*PII, *SECRETS)), *(value for *_, value in (*PII, *SECRETS)), *INJECTIONS, *BENIGN)
    )
)
"""What detectors find and what they leave alone, in its sentence and bare."""

_FULL_WIDTH: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_BOLD: Final = {code: 0x1D400 + index for index, code in enumerate([*range(65, 91), *range(97, 123)])}
_LOOKALIKE: Final = str.maketrans("aceopxyABEKMHOPCT0", "асеорхуАВЕКМНОРСТ٠")

DISGUISES: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: text,
    lambda text: text.translate(_FULL_WIDTH),
    lambda text: text.translate(_BOLD),
    lambda text: text.translate(_LOOKALIKE),
    lambda text: text.upper(),
    "\u200b".join,
    lambda text: "".join(f"{char}\u0301" for char in text),
    lambda text: f"\U0001f600{text}\U0001f680",
    lambda text: f"é{text}日本",
    lambda text: text.replace(" ", "\u00a0").replace("-", "\u2013"),
    lambda text: text[: len(text) // 2] + "\u00ad" + text[len(text) // 2 :],
)


def disguised() -> st.SearchStrategy[str]:
    """Generate samples, more or less disguised, alone or inside other text."""
    worn = st.builds(lambda text, wear: wear(text), st.sampled_from(SAMPLES), st.sampled_from(DISGUISES))
    around = st.sampled_from(
        ("", " ", "\n", '"', ":", "=", "x", "7", "é", "\U0001f600", "%20", "api key: ", "born ", "password ")
    )
    return st.builds(lambda before, text, after: f"{before}{text}{after}", around, worn, around)


def planted(max_leaves: int = 6) -> st.SearchStrategy[Any]:
    """Generate nested JSON in which samples stand as values, keys and labels, and as numbers where they are nothing but digits."""
    leaves = (
        disguised() | st.sampled_from(SAMPLES).map(_as_number) | st.sampled_from((None, True, 7, 1.5, "", "harmless"))
    )
    keys = st.sampled_from(FIELDS) | disguised()
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=max_leaves,
    )


def _as_number(text: str) -> Any:
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    return int(digits) if digits else text
