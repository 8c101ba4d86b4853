"""``keyword``: words that must not pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from secure_gateway.plugins.guardrails.base import ViolationType
from secure_gateway.plugins.guardrails.options import Options
from secure_gateway.plugins.guardrails.scanned import (
    ACTIONS,
    DIRECTIONS,
    ScanGuard,
    ScanGuardrailProvider,
    ScanRules,
    action_of,
    sides,
)
from secure_gateway.plugins.guardrails.scanner import KeywordMatcher


class KeywordGuardrailProvider(ScanGuardrailProvider):
    """Blocks, redacts or warns of fixed words, in requests and results."""

    keys: ClassVar[tuple[str, ...]] = (
        "words",
        "blocked_keywords",
        "case_sensitive",
        "whole_words",
        "action",
        "direction",
    )

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)

    def get_name(self) -> str:
        """Return ``keyword``."""
        return "keyword"

    def _guards(self, config: Mapping[str, Any]) -> dict[str, ScanGuard]:
        options = Options(config, self.keys)
        words = options.texts("words")
        more = options.texts("blocked_keywords")
        if not words and not more:
            options.refuse("words", "no word", "at least one", 'For example "words": ["confidential"].')
        case_sensitive, whole_words = options.flag("case_sensitive"), options.flag("whole_words")
        actions = options.per_side("action", ACTIONS, {"input": "block", "output": "block"})
        direction = options.choice("direction", DIRECTIONS, "both")
        options.finish()
        try:
            matcher = KeywordMatcher([*(words or ()), *(more or ())], case_sensitive, whole_words)
        except ValueError:
            # A word of nothing but accents or invisible characters folds to nothing.
            options.refuse("words", "a word with nothing visible in it", "words that can be seen")
            options.finish()
            raise
        return {
            side: ScanGuard(
                matcher.scan,
                ScanRules(found=ViolationType.KEYWORD_VIOLATION, action=action_of(actions[side])),
            )
            for side in sides(direction)
        }
