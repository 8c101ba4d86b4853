"""The checks and rules that the Rust core has, too: by their names there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Check, whole

_CHECKS: Final[dict[Callable[..., object], str]] = {whole: "whole"}
_RULES: Final[dict[Callable[[str], bool], str]] = {}


def known(check: Check | None) -> tuple[str, str]:
    """Return the names of a check and of the rule that it asks; two empty ones for what only Python knows.

    By identity: what a plugin calls by the same name is not the same.
    """
    if check is None:
        return "whole", ""
    if isinstance(check, partial) and check.args and not check.keywords:
        name = _CHECKS.get(check.func, "")
        rule = check.args[0]
        if rule is None:
            return name, ""
        return (name, _RULES[rule]) if rule in _RULES else ("", "")
    return _CHECKS.get(check, ""), ""
