"""Hold a native function against its Python twin: equal answers, equal errors, and arguments left as they were.

For those who speed something up in another language and keep the Python that it replaces; the gateway's own Rust core is tested with it.
``secure_gateway.testing.hostile`` has the inputs that such pairs fall over, ``secure_gateway.testing.strategies`` generates more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned ``value``."""

    value: Any

    def __str__(self) -> str:
        return f"returned {_shown(self.value)}"


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised an error of this type with these words."""

    kind: type[BaseException]
    words: str

    def __str__(self) -> str:
        return f"raised {self.kind.__name__}: {self.words[:_SHOWN]}"


Outcome = Returned | Raised


class TwinsDifferError(AssertionError):
    """A native function and its twin answered differently, or one of them did what neither may."""


def outcome(function: Callable[..., Any], *arguments: Any) -> Outcome:
    """Return what becomes of a call, whether it returns or raises."""
    try:
        return Returned(function(*arguments))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as exc:  # noqa: BLE001 - a panic of PyO3 is no Exception, and whether one leaves is asked here
        return Raised(type(exc), str(exc))


class Twins:
    """A native function and the Python function that must answer as it does.

    ``same`` decides whether two returned values are equal; by default ``identical`` does, for which ``1`` is not ``True``. Both are called with the same objects.
    """

    def __init__(
        self,
        native: Callable[..., Any],
        twin: Callable[..., Any],
        *,
        same: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        self._native = native
        self._twin = twin
        self._same = same or identical

    def check(self, *arguments: Any) -> Outcome:
        """Call both and return what came of it. Raises ``TwinsDifferError`` where they differ, or where one of them changed its arguments."""
        before = _outline(arguments)
        native = self._of_native(*arguments)
        self._unchanged(before, arguments, "the native function")
        twin = outcome(self._twin, *arguments)
        self._unchanged(before, arguments, "the twin")
        if not self._equal(native, twin):
            raise TwinsDifferError(
                f"for {_shown(arguments)}\n  the native function {native}\n  its twin            {twin}"
            )
        return native

    def survives(self, changing: Any, *others: Any, rounds: int = 200) -> None:
        """Call the native function again and again while another thread changes ``changing``, its first argument.

        It may answer or raise what it likes, as long as it comes back, and raises nothing but an ``Exception``. Then both must agree again.
        """
        with changed_meanwhile(changing):
            for _ in range(rounds):
                self._of_native(changing, *others)
        self.check(changing, *others)

    def _of_native(self, *arguments: Any) -> Outcome:
        found = outcome(self._native, *arguments)
        if isinstance(found, Raised) and not issubclass(found.kind, Exception):
            raise TwinsDifferError(
                f"a panic left the native function, and passes every handler of exceptions: it {found}"
            )
        return found

    def _equal(self, native: Outcome, twin: Outcome) -> bool:
        if isinstance(native, Returned) and isinstance(twin, Returned):
            return self._same(native.value, twin.value)
        return native == twin

    def _unchanged(self, before: list[Any], arguments: tuple[Any, ...], who: str) -> None:
        if _outline(arguments) != before:
            raise TwinsDifferError(f"{who} changed its arguments")


def identical(one: Any, other: Any) -> bool:
    """Tell whether two values are the same to the byte: types, the order of keys, the sign of zero; NaN is itself.

    Walks dicts, lists and tuples of any depth, cyclic ones too; of other types ``==`` decides.
    """
    stack = [(one, other)]
    seen = set()
    while stack:
        left, right = stack.pop()
        if left is right or (id(left), id(right)) in seen:
            continue
        kind = type(left)
        if kind is not type(right):
            return False
        if kind is dict or kind is list or isinstance(left, tuple):
            seen.add((id(left), id(right)))
            if len(left) != len(right):
                return False
            pairs = zip(left.items(), right.items(), strict=True) if kind is dict else zip(left, right, strict=True)
            stack.extend(pairs)
        elif kind is float:
            if not _same_float(left, right):
                return False
        elif left != right:
            return False
    return True


def _same_float(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other and math.copysign(1, one) == math.copysign(1, other)


def _outline(arguments: tuple[Any, ...]) -> list[Any]:
    """Return which containers hold which objects. Strings and numbers cannot be changed, and those of foreign types are left alone."""
    found: list[Any] = []
    seen = set()
    stack: list[Any] = [arguments]
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind not in {dict, list, tuple} or id(value) in seen:
            continue
        seen.add(id(value))
        held = [each for pair in value.items() for each in pair] if kind is dict else list(value)
        found.append((id(value), [id(each) for each in held]))
        stack.extend(held)
    return found


@contextmanager
def changed_meanwhile(value: Any) -> Iterator[None]:
    """Change ``value``, a dict or list, from another thread, until the block is left: entries come, go and are replaced. What was in it stays in it."""
    if type(value) is not dict and type(value) is not list:
        raise TypeError(f"found a {type(value).__name__}; a dict or a list can be changed meanwhile")
    done = threading.Event()
    thread = threading.Thread(target=_change, args=(value, done), name="changed-meanwhile")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _change(value: Any, done: threading.Event) -> None:
    """Let entries come, be replaced and go again, hundreds of times a second, in ``value`` and in the first container inside it."""
    inner = [
        each for each in (value.values() if type(value) is dict else value) if type(each) is dict or type(each) is list
    ]
    places = [value, *inner[:1]]
    number = 0
    while not done.is_set():
        number += 1
        for place in places:
            _add_and_remove(place, number)


def _add_and_remove(place: Any, number: int) -> None:
    added: Any = {"changed": [number] * (number % 50)}
    if type(place) is list:
        place.extend([added] * 20)
        place[-1] = str(number)
        del place[-20:]
        return
    keys = [f"changed-meanwhile-{index}" for index in range(20)]
    for key in keys:
        place[key] = added
        added = [added, str(number)]
    for key in keys:
        del place[key]


def _shown(value: Any) -> str:
    """Return ``repr(value)``, cut short; values that have none say so."""
    found = outcome(repr, value)
    if isinstance(found, Raised):
        return f"<a {type(value).__name__} whose repr raises {found.kind.__name__}>"
    text = found.value
    return str(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
