"""The checks and rules that the Rust core has, too: by their names there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from secure_gateway.plugins.guardrails.scanner import (
    pii_contacts,
    pii_documents,
    pii_finance,
    pii_shapes,
    secrets_checks,
    validators,
    validators_americas,
    validators_asia,
    validators_europe,
    validators_money,
)
from secure_gateway.plugins.guardrails.scanner.cards import find_cards
from secure_gateway.plugins.guardrails.scanner.finding import Check, satisfying, whole

CHECKS: Final[dict[Callable[..., Any], str]] = {
    whole: "whole",
    find_cards: "cards",
    pii_finance.iban: "iban",
    pii_documents.document_number: "document",
    pii_documents.birth_date: "birth_date",
    pii_contacts.phone_in_context: "phone_context",
    pii_contacts.international_phone: "phone_international",
    pii_contacts.north_american_phone: "phone_north_american",
    pii_contacts.email_address: "email",
    pii_contacts.quoted_address: "quoted_email",
    pii_contacts.mac_address: "mac",
    secrets_checks.issued: "issued",
    secrets_checks.alone: "alone",
    secrets_checks.checksummed: "checksummed",
}
BY_RULE: Final[dict[Callable[..., Any], str]] = {
    satisfying: "where",
    pii_shapes.lone_number: "number",
    pii_shapes.separated_number: "separated",
}
"""Checks that ask a rule, which is their first argument."""
ADDRESSES: Final[dict[Callable[..., Any], str]] = {pii_contacts.ipv4: "ipv4", pii_contacts.ipv6: "ipv6"}
"""Checks that are told whether private addresses count."""


def _rules() -> dict[Callable[..., Any], str]:
    tables = (validators_americas, validators_asia, validators_europe, validators_money)
    rules = [
        rule for table in tables for rule in vars(table).values() if getattr(rule, "__module__", "") == table.__name__
    ]
    return {rule: rule.__name__ for rule in (validators.ssn, validators.itin, *filter(callable, rules))}


RULES: Final = _rules()
"""Rules by the names of their functions. Those that the core does not have are for Python, with the checks that ask them."""


def known(check: Check | None) -> tuple[str, str]:
    """Return the names of a check and of the rule that it asks, "" for none; two empty ones for what only Python knows.

    By identity: what a plugin calls by the same name is not the same.
    """
    if check is None:
        return "whole", ""
    if not isinstance(check, partial):
        return CHECKS.get(check, ""), ""
    match check.args, check.keywords:
        case (None,), {**others} if not others:
            return BY_RULE.get(check.func, ""), ""
        case (rule,), {**others} if not others and rule in RULES:
            return BY_RULE.get(check.func, ""), RULES[rule]
        case (), {"private": bool(private), **others} if not others and check.func in ADDRESSES:
            return f"{ADDRESSES[check.func]}{'_private' * private}", ""
    return "", ""
