"""Payloads that functions over JSON values fall over, each made anew: of types that answer for themselves, cyclic, deep, huge, or no JSON at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn

DEEP: Final = 100_000
TINY_STRINGS: Final = 200_000
_HUGE: Final = 10**5000  # more digits than Python turns into text
_DOUBLINGS: Final = 12


class AskedError(RuntimeError):
    """Code of a hostile value was run: a subclass was asked something, where its exact type should have been looked at."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise AskedError("code of a hostile value was run")


def _sly(base: type, *names: str, **kept: Any) -> Any:
    """Return a subclass of ``base`` in which using these names is an error."""
    return type(f"Sly{base.__name__.capitalize()}", (base,), dict.fromkeys(names, _refuse) | kept)


SlyText: Final = _sly(
    str, *"__eq__ __ne__ __len__ __iter__ __getitem__ __contains__ __str__ encode".split(), __hash__=str.__hash__
)
"""A string, hashable, whose every other answer is an error."""

SlyObject: Final = _sly(
    dict, *"__eq__ __ne__ __len__ __iter__ __getitem__ __contains__ keys values items get copy".split()
)
"""A dict whose every answer is an error, but who holds what it holds."""

SlyList: Final = _sly(list, *"__eq__ __ne__ __len__ __iter__ __getitem__ __contains__ copy".split())
"""A list whose every answer is an error."""


class EmptyLooking(dict[Any, Any]):
    """A dict that says it is empty."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def items(self) -> Any:
        """Show nothing."""
        return {}.items()


class Pretender:
    """An object that says it is a dict."""

    @property
    def __class__(self) -> type:
        return dict

    @__class__.setter
    def __class__(self, value: Any) -> None:
        """Be nothing else."""


class _Number(IntEnum):
    ONE = 1


class HostilePayload(NamedTuple):
    """A payload by name; ``build`` makes it, since a test may change what it is given."""

    name: str
    build: Callable[[], Any]


def nested(depth: int, innermost: Any = None, *, objects: bool = False) -> Any:
    """Return ``innermost`` in so many lists, or objects, around each other."""
    value = innermost
    for _ in range(depth):
        value = {"k": value} if objects else [value]
    return value


def cyclic() -> dict[str, Any]:
    """Return an object that holds itself, by way of a list."""
    value: dict[str, Any] = {"text": "seen again and again"}
    value["again"] = [value]
    return value


def doubled(doublings: int = _DOUBLINGS) -> list[Any]:
    """Return a list that is small in memory and stands for 2 to the power of ``doublings`` values."""
    value: list[Any] = ["text"]
    for _ in range(doublings):
        value = [value, value]
    return value


def tiny_strings(count: int = TINY_STRINGS) -> list[str]:
    """Return that many strings of at most two characters, no two neighbours the same object."""
    letters = [chr(number) for number in range(32, 127)]
    return [letters[number % 95] + letters[number // 95 % 95] * (number % 2) for number in range(count)]


_STRINGS: Final = {
    "lone_surrogates": "\ud800 and \udfff and \udc80",
    "a_surrogate_pair_as_two": "\ud83d\ude00",
    "a_nul_inside": "before\x00after",
    "one_accent_in_ascii": "a" * 5000 + "\u00e9" + "a" * 5000,
    "two_byte_letters": "\u4f60\u597d" * 2000,
    "four_byte_letters": "\U0001f600" * 2000,
    "line_ends_of_all_kinds": "a\nb\r\nc\rd\x0be\x0cf\x85g\u2028h\u2029i",
    "digits_of_other_scripts": "\u0661\u0662\u0663 \uff11\uff12\uff13 \U0001d7ce",
    "combining_and_bidi": "e\u0301 \u202egnp.exe\u202c \u200b\u2060",
    "letters_that_grow_when_folded": "\u00df \u0130 \ufb03 \u1e9e",
}

_VALUES: Final[dict[str, Callable[[], Any]]] = {
    "a_subclass_of_str": lambda: SlyText("text"),
    "a_subclass_of_dict": lambda: SlyObject(a="text"),
    "a_subclass_of_list": lambda: SlyList(["text"]),
    "a_dict_that_looks_empty": lambda: EmptyLooking(a="text"),
    "an_object_that_pretends_to_be_a_dict": Pretender,
    "a_subclass_of_int": lambda: _Number.ONE,
    "a_huge_integer": lambda: _HUGE,
    "a_huge_negative_integer": lambda: -_HUGE,
    "not_a_number": lambda: float("nan"),
    "infinities_and_a_negative_zero": lambda: [float("inf"), float("-inf"), -0.0, 5e-324],
    "bytes": lambda: b"\xff\xfe",
    "a_tuple": lambda: ("text", ["text"]),
    "a_set": lambda: {"text"},
    "a_class": lambda: object,
    "an_iterator": lambda: iter(["text"]),
}

_CONTAINERS: Final[dict[str, Callable[[], Any]]] = {
    "keys_that_are_no_strings": lambda: {1: "one", None: "none", 1.5: "float", ("a",): "tuple"},
    "keys_with_lone_surrogates": lambda: {"\ud800": "text", "a\x00b": "text", "": "text"},
    "a_key_that_answers_for_itself": lambda: {SlyText("key"): "text"},
    "nothing": dict,
    "lists_nested_deeply": lambda: nested(DEEP),
    "objects_nested_deeply": lambda: nested(DEEP, objects=True),
    "cyclic": cyclic,
    "doubled": doubled,
    "many_tiny_strings": tiny_strings,
}


def hostile_payloads() -> tuple[HostilePayload, ...]:
    """Return them all, each a dict or a list: what is no container stands in one, as a value of an object and in a list."""
    strings = {name: partial(_around, partial(str, text)) for name, text in _STRINGS.items()}
    values = {name: partial(_around, build) for name, build in _VALUES.items()}
    return tuple(HostilePayload(name, build) for name, build in (strings | values | _CONTAINERS).items())


def _around(build: Callable[[], Any]) -> dict[str, Any]:
    return {"k": build(), "l": [build()]}


def hostile_scalars() -> tuple[Any, ...]:
    """Return what can stand where a string or number is expected."""
    return (*_STRINGS.values(), *(build() for build in _VALUES.values()))
