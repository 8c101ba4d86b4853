"""The rules of the core by name, what Python says of a text by them, and where the core says otherwise."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FunctionType, ModuleType
from typing import Any, Final

from secure_gateway.native import core
from secure_gateway.plugins.guardrails.scanner import pii_contacts as contacts
from secure_gateway.plugins.guardrails.scanner import secrets_values as values
from secure_gateway.plugins.guardrails.scanner import validators as plain
from secure_gateway.plugins.guardrails.scanner import validators_americas as americas
from secure_gateway.plugins.guardrails.scanner import validators_asia as asia
from secure_gateway.plugins.guardrails.scanner import validators_europe as europe
from secure_gateway.plugins.guardrails.scanner import validators_money as money
from secure_gateway.plugins.guardrails.scanner import validators_sums as sums

Rule = Callable[[str], object]

_SINGLE: Final[tuple[Rule, ...]] = (
    plain.luhn, plain.ssn, plain.itin, plain.e164, plain.nanp, plain.icao_check, plain.crc32_base62, sums.varied, contacts._ten_digits,
    money.bic, money.solana, money.monero, money.ethereum, money.bech32,
    values.crc32_hex, values.is_sample, values.is_worded, values.is_generated, values.is_hexadecimal, values.is_password,
)  # fmt: skip
# What checks compare the entropy of a value with.
_BITS: Final = (2.5, 3.0, 3.5)
# What a rule may raise of a text that is not of its shape.
_NOT_ITS_SHAPE: Final = (LookupError, ValueError, TypeError)


def _rules_in(module: ModuleType) -> Iterator[tuple[str, Rule]]:
    for name, member in vars(module).items():
        if isinstance(member, FunctionType) and member.__module__ == module.__name__:
            yield name, member


RULES: Final[Mapping[str, Rule]] = {
    **{name: rule for module in (americas, asia, europe) for name, rule in _rules_in(module)},
    **{getattr(rule, "__name__", ""): rule for rule in _SINGLE},
    "bech32_key": values.bech32,  # of the two with one name, that of secrets
    "ipv4_address": partial(plain.ipv4_address, private=False),
    "ipv4_address_private": partial(plain.ipv4_address, private=True),
    "ipv6_address": partial(plain.ipv6_address, private=False),
    "ipv6_address_private": partial(plain.ipv6_address, private=True),
}
"""Each rule that the core has, by its name there."""


def native() -> Any:
    """Return the module of the core, or None where the Python twin is in use."""
    return importlib.import_module("secure_gateway_native") if core() else None


def verdict(rule: Rule, text: str) -> bool:
    """Return what Python says of ``text``: no of what is not of the rule's shape."""
    try:
        return bool(rule(text))
    except _NOT_ITS_SHAPE:
        return False


def iban_prefix(text: str) -> int:
    """Return what Python says of the IBAN at the start of ``text``: 0 of what none can begin with."""
    try:
        return plain.iban_prefix(text)
    except _NOT_ITS_SHAPE:
        return 0


def compare(text: str, names: tuple[str, ...] = tuple(RULES)) -> None:
    """Ask both about ``text``, which is ASCII, by each rule; raise where they differ. Where the twin is in use it is asked twice."""
    found = native()
    for name in names:
        wanted = verdict(RULES[name], text)
        says = found.satisfies(name, text) if found else verdict(RULES[name], text)
        if says is not wanted:
            raise AssertionError(f"{name}({text!r}): the core says {says}, Python {wanted}")


def compare_measures(text: str) -> None:
    """Ask both how varied ``text`` is and how long an IBAN it begins with; raise where they differ in what a check makes of it."""
    found = native()
    wanted, length = plain.entropy(text), iban_prefix(text)
    bits, says = (found.measured(name, text) for name in ("entropy", "iban_prefix")) if found else (wanted, length)
    if not math.isclose(bits, wanted, abs_tol=1e-12) or any((bits < least) is not (wanted < least) for least in _BITS):
        raise AssertionError(f"entropy({text!r}): the core says {bits!r}, Python {wanted!r}")
    if says != length:
        raise AssertionError(f"iban_prefix({text!r}): the core says {says}, Python {length}")
