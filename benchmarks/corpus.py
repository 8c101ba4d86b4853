"""Deterministic inputs, the same for every implementation under test."""

from __future__ import annotations

import random
from typing import Any

_WORDS = (
    "account address amount approve archive article balance batch branch budget button cable calendar capital carrier catalogue "
    "channel chapter client column contract country coupon customer delivery deposit design discount engine estimate feature figure "
    "format forward garden header index invoice journal language ledger letter license market member message minute model monitor "
    "network number office order package parcel partner payment period planning policy portal price process product project quality "
    "quarter record region report request result return review route sample schedule season section service session shipment signal"
).split()


def prose(size: int, seed: int) -> str:
    """Return ``size`` characters of harmless business prose."""
    draw = random.Random(seed)  # noqa: S311 - inputs must be the same in every run
    parts: list[str] = []
    length = 0
    while length < size:
        word = draw.choice(_WORDS)
        if draw.random() < 0.04:
            word = str(draw.randint(1, 9999))
        elif draw.random() < 0.08:
            word += "."
        parts.append(word)
        length += len(word) + 1
    return " ".join(parts)[:size]


def arguments(size: int = 150) -> dict[str, Any]:
    """Return tool arguments of about ``size`` + 150 bytes of JSON with one nested object and one list."""
    return {
        "query": prose(size, 1),
        "limit": 25,
        "region": "emea-west",
        "tags": ["alpha", "beta"],
        "options": {"sort": "desc", "page": 3, "verbose": False},
    }


def result(text: str) -> dict[str, Any]:
    """Return an MCP tool result that holds ``text``."""
    return {"content": [{"type": "text", "text": text}], "isError": False}
