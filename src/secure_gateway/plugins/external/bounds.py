"""What may cross to another process: JSON values, not too deep and not too many."""

from __future__ import annotations

import math
from typing import Any, Final

from secure_gateway.errors import AnswerError

MAX_DEPTH: Final = 128
"""Levels; more than ``limits.max_depth`` has by default, for a payload stands within a call."""

MAX_VALUES: Final = 1_000_000
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1


def check_json(value: Any, what: str) -> None:
    """Raise ``AnswerError`` unless ``value`` is a JSON value within the limits that every reader reads alike. ``what`` is for the message."""
    _count(value, what, MAX_DEPTH)


def is_json(value: Any) -> bool:
    """Say whether ``value`` passes ``check_json``."""
    try:
        _count(value, "", MAX_DEPTH)
    except AnswerError:
        return False
    return True


def _count(value: Any, what: str, depth_left: int) -> int:
    """Return how many values there are in ``value``, itself among them."""
    kind = type(value)
    if kind is str:
        _check_text(value, what)
        return 1
    if kind is dict or kind is list:
        return _count_within(value, what, depth_left)
    if kind is int:
        if not _SMALLEST <= value <= _LARGEST:
            raise AnswerError(f"{what} holds a number that does not fit into 64 bits")
    elif kind is float:
        if not math.isfinite(value):
            raise AnswerError(f"{what} holds a number that is not finite")
    elif kind is not bool and value is not None:
        raise AnswerError(f"{what} holds a {kind.__name__}, which is no JSON value")
    return 1


def _count_within(container: Any, what: str, depth_left: int) -> int:
    if depth_left <= 0:
        raise AnswerError(f"{what} is nested deeper than {MAX_DEPTH} levels")
    count = 1
    if type(container) is dict:
        for key in container:
            if type(key) is not str:
                raise AnswerError(f"{what} has a key that is a {type(key).__name__}, expected a text")
            _check_text(key, what)
        container = container.values()
    for inner in container:
        count += _count(inner, what, depth_left - 1)
        if count > MAX_VALUES:
            raise AnswerError(f"{what} holds more than {MAX_VALUES} values")
    return count


def _check_text(text: str, what: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise AnswerError(f"{what} holds a text that is not Unicode") from None
