"""Accounts of people: cards, IBANs, banks' codes, addresses of crypto currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from secure_gateway.plugins.guardrails.scanner.cards import CARD_START, find_cards
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, where, whole
from secure_gateway.plugins.guardrails.scanner.pii_shapes import cued, is_in_digest
from secure_gateway.plugins.guardrails.scanner.validators import IBAN_DIGITS, IBAN_LENGTHS, iban_prefix, is_latin
from secure_gateway.plugins.guardrails.scanner.validators_money import (
    base58check,
    bech32,
    bic,
    ethereum,
    monero,
    solana,
)

_IBAN_LONGEST = 33 + 10  # with a separator at every fourth character or a few more
_ANY_IBAN = rf"(?:{'|'.join(sorted(IBAN_LENGTHS.keys() - IBAN_DIGITS))})\d{{2}}(?:[- ]?[A-Z0-9]){{11}}"
_DIGIT_IBANS = "|".join(rf"{country}\d{{2}}(?:[- ]?\d){{{min(size, 11)}}}" for country, size in IBAN_DIGITS.items())
_ETHEREUM = re.compile("0x[0-9A-Fa-f]{40}")

# What a card may touch behind: a word; hexadecimal letters go on as digests do.
_CARD_END = "(?:\\b|_|[A-Fa-f]{0,6}[G-Zg-z])"
_CARD_WORDS = (
    r"(?:credit|debit|payment|bank|gift|charge)?[ _-]?card(?:[ _-]?(?:number|no|num|holder))?", r"cc(?:[ _-]?(?:num|number|no))?", "visa", "mastercard", "amex",
    "american express", "maestro", "diners", "discover", "unionpay", "jcb", "pan", "mir", "elo", "rupay", "kreditkarte(?:nnummer)?", r"karten?(?:nummer|nr)", r"carte (?:bancaire|de cr[ée]dit|bleue)",
    r"num[ée]ro de carte", "tarjeta", r"carta di credito", r"cart[ãa]o", r"creditcard", r"betaalkaart", r"kart[aęy]", r"kart\pL?", r"карт[аыуе]", "信用卡", "银行卡", "卡号", "カード", "카드", r"بطاقة", r"कार्ड",
    "cvv2?", "cvc2?", r"exp(?:iry|ires|iration)?(?:[ _-]?date)?", "payments?", "charge[sd]?", "checkout",
)  # fmt: skip
_BIC_WORDS = (
    "bic",
    r"swift(?:[ _-]?code)?",
    r"bank identifier",
    r"swiftbic\pL*",
    r"bic[ _/-]?swift\pL*",
    "BIC代码",
    "银行代码",
)
_WALLET_WORDS = (
    r"wallet\pL*", "btc", "eth", "sol", "ltc", "xrp", "doge", "trx", "usdt", "usdc", r"bitcoin\pL*", r"ethereum", r"solana", r"crypto\pL*", r"payout[ _-]?addr\pL*", r"address\pL*", r"send to",
    r"krypto\pL*", r"cartera", r"portefeuille", r"portafoglio", r"carteira", r"кошел[её]к\pL*", "钱包", "ウォレット", "지갑", r"cüzdan\pL*", r"адрес\pL*",
)  # fmt: skip


def iban(region: Region) -> Iterable[Span]:
    """Accept what is an IBAN by its country's length and its check digits; it may follow another code in the region."""
    text = region.value
    start = 0
    while start < len(text):
        length = iban_prefix(text[start : start + _IBAN_LONGEST])
        if length and not is_in_digest(region, start, start + length):
            yield start, start + length, region.confidence
        start = next(
            (place + 1 for place in range(start + max(length, 1) - 1, len(text)) if text[place] in " -"), len(text)
        )


def alone(region: Region) -> Iterable[Span]:
    """Accept an address of Ethereum's form that is no part of a longer word."""
    if is_latin(region.before(1) + region.after(1)) or not ethereum(region.value):
        return ()
    return whole(region)


FINANCE = (
    Detector(
        id="pii.card", type="CARD", category="pii", confidence=0.84, source="ISO/IEC 7812, networks' IIN tables",
        candidate=rf"(?:\b|[A-Za-z_]){CARD_START}", exact=rf"(?:\b|[A-Za-z_])((?:\d+[-. ]{{1,2}})*?{CARD_START}(?:[-. ]{{0,2}}\d)*){_CARD_END}", check=find_cards, context=_CARD_WORDS,
    ),
    Detector(
        id="pii.iban", type="IBAN", category="pii", confidence=0.97, source="ISO 13616, SWIFT IBAN Registry",
        candidate=rf"(?i)\b(?:{_ANY_IBAN}|{_DIGIT_IBANS})", exact=rf"(?i)\b(?:{_ANY_IBAN}|{_DIGIT_IBANS})(?:[- ]?[A-Z0-9])*",
        check=iban,
    ),
    Detector(
        id="pii.bic", type="BIC", category="pii", confidence=0.7, source="ISO 9362, ISO 3166-1", candidate=cued(_BIC_WORDS),
        exact=r"\b[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", check=where(bic), context=_BIC_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.ethereum", type="CRYPTO_ADDRESS", category="pii", confidence=0.85, source="Ethereum yellow paper appendix F, ERC-55",
        candidate=r"0x[0-9A-Fa-f]{20}", exact=r"0x[0-9A-Fa-f]{40}", check=alone, context=_WALLET_WORDS,
    ),
    Detector(
        id="pii.base58", type="CRYPTO_ADDRESS", category="pii", confidence=0.95, source="Base58Check (Bitcoin, Litecoin, Dogecoin, Dash, Tron); XRP Ledger addresses",
        candidate=r"\b[13LMmn2DAX9Tr][1-9A-HJ-NP-Za-km-z]{24}", exact=r"\b[13LMmn2DAX9Tr][1-9A-HJ-NP-Za-km-z]{24,34}\b", check=where(base58check), context=_WALLET_WORDS,
    ),
    Detector(
        id="pii.bech32", type="CRYPTO_ADDRESS", category="pii", confidence=0.95, source="BIP 173, BIP 350", candidate=r"(?i)(?:bc1|tb1|ltc1|addr1|cosmos1)[02-9ac-hj-np-z]{20}",
        exact=r"(?i)\b(?:bc1|tb1|ltc1|addr1|cosmos1)[02-9ac-hj-np-z]{30,110}\b", check=where(bech32), context=_WALLET_WORDS,
    ),
    Detector(
        id="pii.monero", type="CRYPTO_ADDRESS", category="pii", confidence=0.7, source="Monero standard addresses", candidate=r"\b[48][1-9A-HJ-NP-Za-km-z]{40}",
        exact=r"\b[48][1-9A-HJ-NP-Za-km-z]{94}\b", check=where(monero), context=("xmr", "monero", *_WALLET_WORDS), needs_context=True,
    ),
    Detector(
        id="pii.solana", type="CRYPTO_ADDRESS", category="pii", confidence=0.6, source="Solana account model: 32 bytes in base 58", candidate=cued(("sol", r"solana", r"wallet\pL*")),
        exact=r"\b[1-9A-HJ-NP-Za-km-z]{43,44}\b", check=where(solana), context=("sol", r"solana", r"wallet\pL*"), needs_context=True,
    ),
)  # fmt: skip
