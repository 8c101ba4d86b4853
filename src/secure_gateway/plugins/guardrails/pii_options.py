"""The parts of the configuration of ``pii`` that no other provider has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from secure_gateway.plugins.guardrails.options import SIDES, Options
from secure_gateway.plugins.guardrails.pii_exchange import ExchangeRules
from secure_gateway.plugins.guardrails.pii_sessions import CALLER, SESSIONS
from secure_gateway.plugins.guardrails.scanner import Detector, compile_user_pattern

_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,47}")
_CUSTOM_KEYS: Final = ("type", "pattern", "context")
_ANCHORS: Final = re.compile(r"[\^$]|\\[AbBz]")
_ANYWHERE: Final = "(?s:.)"
_CONFIDENCE: Final = 0.8


def whole_number(options: Options, key: str, default: int | None) -> int | None:
    """Return a whole number above zero."""
    value = options.value(key)
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    options.refuse(key, "something else", "a whole number above zero")
    return default


def strategies_by_type(
    options: Options, given: Any, allowed: Sequence[str], known: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return the strategy of each type named in ``strategies``, by side: a word for both, or an object with ``input`` and ``output``."""
    chosen: dict[str, dict[str, str]] = {side: {} for side in SIDES}
    if given is None:
        return chosen
    if not isinstance(given, Mapping):
        options.refuse("strategies", "something else", "an object of types and strategies")
        return chosen
    for kind, word in given.items():
        if kind not in known:
            options.refuse(f"strategies.{kind}", "an unknown type", f"one of {', '.join(sorted(known))}")
            continue
        both: Mapping[Any, Any] = word if isinstance(word, Mapping) else dict.fromkeys(SIDES, word)
        for side, strategy in both.items():
            if side in SIDES and isinstance(strategy, str) and strategy in allowed:
                chosen[side][kind] = strategy
            else:
                options.refuse(
                    f"strategies.{kind}",
                    "something else",
                    f"one of {', '.join(allowed)}, or an object of input and output",
                )
    return chosen


def exchange_rules(options: Options, known: Collection[str], direction: str, ttl: int) -> ExchangeRules:
    """Return what becomes of tokens. What is released comes from tokens in requests, so those must be guarded."""
    restored = options.texts("restore", known)
    released = options.texts("release", known)
    if released and direction == "output":
        options.refuse("release", "it beside direction 'output'", "direction 'both': tokens stand in requests")
    return ExchangeRules(
        session=options.choice("session", SESSIONS, CALLER),
        ttl=whole_number(options, "token_ttl", None) or ttl,
        types=frozenset(known),
        released=frozenset(released or ()),
        restored=None if restored is None else frozenset(restored),
    )


def custom_types(options: Options, given: Any) -> tuple[Detector, ...]:
    """Return a detector for each entry of ``custom``: a type, a pattern that runs in linear time, words that must stand near."""
    if given is None:
        return ()
    if not isinstance(given, list | tuple):
        options.refuse("custom", "something else", "a list of objects with type, pattern and context")
        return ()
    made = [_custom(options, f"custom[{place}]", entry) for place, entry in enumerate(given)]
    return tuple({detector.id: detector for detector in made if detector is not None}.values())


def allowed_by(options: Options, patterns: Sequence[str] | None) -> Callable[[str], bool] | None:
    """Return whether a text as a whole is matched by one of ``patterns``: a part that matches allows nothing."""
    compiled = []
    for place, pattern in enumerate(patterns or ()):
        try:
            compiled.append(compile_user_pattern(pattern))
        except ValueError as exc:
            options.refuse(f"allow_patterns[{place}]", str(exc), "an RE2 pattern")
    if not compiled:
        return None
    return lambda text: any(one.fullmatch(text) is not None for one in compiled)


def _custom(options: Options, path: str, entry: Any) -> Detector | None:
    if not isinstance(entry, Mapping) or set(entry) - set(_CUSTOM_KEYS):
        options.refuse(
            path, "something else", "an object with type, pattern and, where it needs them, words of context"
        )
        return None
    kind, pattern, context = entry.get("type"), entry.get("pattern"), entry.get("context", ())
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        options.refuse(f"{path}.type", "something else", "capitals, digits and underscores, such as EMPLOYEE_ID")
        return None
    if not isinstance(context, list | tuple) or not all(isinstance(word, str) and word.strip() for word in context):
        options.refuse(f"{path}.context", "something else", "a list of words")
        return None
    try:
        compile_user_pattern(pattern if isinstance(pattern, str) else "")
    except ValueError as exc:
        options.refuse(f"{path}.pattern", str(exc), "an RE2 pattern")
        return None
    digest = hashlib.sha256(repr((kind, pattern, tuple(context))).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Detector(
        id=f"pii.custom.{digest}",
        type=kind,
        category="pii",
        candidate=_ANYWHERE if _ANCHORS.search(str(pattern)) else str(pattern),
        exact=str(pattern),
        confidence=_CONFIDENCE,
        source="the configuration",
        context=tuple(re.escape(word) for word in context),
        needs_context=bool(context),
    )
