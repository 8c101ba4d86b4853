"""Personal data: the table of detectors, each with the specification its format comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from secure_gateway.plugins.guardrails.scanner.cards import find_cards
from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, where, whole
from secure_gateway.plugins.guardrails.scanner.validators import (
    IBAN_LENGTHS,
    digits_of,
    e164,
    iban_prefix,
    ipv4_address,
    ipv6_address,
    is_latin,
    itin,
    nanp,
    ssn,
)

_LOCAL_LONGEST, _DOMAIN_LONGEST = 64, 253  # RFC 5321 section 4.5.3.1
_PHONE_SHORTEST, _PHONE_LONGEST = 7, 15
_FIRST_YEAR, _LAST_YEAR = 1900, 2035
_IBAN_LONGEST = 33 + 10  # with a separator at every fourth character or a few more
_IDEOGRAPHS = "\u2e80"
_OCTETS = 4
_DAYS, _MONTHS_A_YEAR = 31, 12

# What follows the @ or the dot in names that are no addresses: retina images, packages, systemd units.
_NO_DOMAINS = frozenset(
    "png jpg jpeg gif svg webp ico bmp css js mjs ts tsx jsx py rb go rs java json yaml yml toml xml html htm md txt "
    "service socket timer target mount lock log conf cfg ini local localdomain".split()
)
_NUMBERED = (
    "version",
    "release",
    "build",
    "firmware",
    "section",
    "chapter",
    "clause",
    "appendix",
    "ver",
    "rev",
    "v",
    "§",
)


def email_address(region: Region) -> Iterable[Span]:
    """Accept an address within RFC 5321's lengths that is no file name and no SSH remote such as ``git@host:path``."""
    start, end = _without_sentence(region.value)
    local, _, domain = region.value[start:end].rpartition("@")
    top = domain.rpartition(".")[2].lower()
    too_long = len(local) > _LOCAL_LONGEST or len(domain) > _DOMAIN_LONGEST
    if top in _NO_DOMAINS or too_long or ".." in local or (local == "git" and region.after(1) == ":"):
        return ()
    return ((start, end, region.confidence),)


def _without_sentence(text: str) -> tuple[int, int]:
    """Leave out Chinese or Japanese words that a Latin address follows or precedes without a space."""
    at = text.rindex("@")
    start, end = 0, len(text)
    for place in range(at - 1, 0, -1):
        if text[place].isascii() and text[place - 1] >= _IDEOGRAPHS:
            start = place
            break
    for place in range(at + 1, len(text) - 1):
        if text[place].isascii() and text[place + 1] >= _IDEOGRAPHS and text[place] not in ".-":
            end = place + 1
            break
    return start, end


def separated_number(rule: Callable[[str], bool], region: Region) -> Iterable[Span]:
    """Accept a number by ``rule`` unless it goes on beyond the same separators: then it is part of a longer row."""
    separators = {char for char in region.value if not char.isdigit()}
    before, after = region.before(2), region.after(2)
    goes_on = (before[-1:] in separators and before[:1].isdigit()) or (after[:1] in separators and after[1:].isdigit())
    if goes_on or is_latin(before[-1:]) or is_latin(after[:1]) or not rule(region.value):
        return ()
    return whole(region)


def international_phone(region: Region) -> Iterable[Span]:
    """Accept an E.164 number, without numbers that follow it; a plus sign after a letter or digit is arithmetic."""
    after = region.after(2)
    if is_latin(region.before(1)) or region.before(1) == "+" or (after[:1] == "." and after[1:].isdigit()):
        return
    text = region.value
    ends = [
        place
        for place in range(1, len(text) + 1)
        if text[place - 1].isdigit() and not text[place : place + 1].isdigit()
    ]
    for end in reversed(ends):
        if e164(digits_of(text[:end])):
            yield 0, end, region.confidence
            return


def phone_in_context(region: Region) -> Iterable[Span]:
    """Accept any plausible number that is called a phone number, but no date."""
    number = digits_of(region.value)
    before, after = region.before(2), region.after(2)
    if (
        is_latin(before[-1:] + after[:1])
        or (before[-1:] == "." and before[:1].isdigit())
        or (after[:1] == "." and after[1:].isdigit())
    ):
        return ()
    if not _PHONE_SHORTEST <= len(number) <= _PHONE_LONGEST or _calendar_year(region.value):
        return ()
    dotted = region.value.count(".") == _OCTETS - 1 and number == region.value.replace(".", "")
    return () if dotted or len(set(number)) == 1 else whole(region)


def _ten_digits(text: str) -> bool:
    return nanp(digits_of(text)[-10:])


def ipv4(region: Region, *, private: bool = False) -> Iterable[Span]:
    """Accept an address of a host; not a version, a section number or a part of a longer dotted number."""
    before, after = region.before(12), region.after(2)
    if (
        is_latin(before[-1:] + after[:1])
        or before[-1:] in {".", "-"}
        or (after[:1] == "." and after[1:].isdigit())
        or after[:1] == "-"
    ):
        return ()
    if before[-1:] == "/" and before[-2:-1].isalnum():  # a product's version in a user agent
        return ()
    if before.rstrip(" \"'")[-2:] in {"==", ">=", "<=", "~=", "!="}:
        return ()
    octets = region.value.split(".")
    if len(region.value) == 2 * _OCTETS - 1 and len(set(octets)) > 2 and not region.has_context:
        return ()  # four single digits: as likely a heading's number
    word = before.rstrip(" .:=#_\"'").lower()
    if any(word.endswith(name) and not word[: -len(name)][-1:].isalpha() for name in _NUMBERED):
        return ()
    return whole(region) if ipv4_address(region.value, private=private) else ()


def ipv6(region: Region, *, private: bool = False) -> Iterable[Span]:
    """Accept an IPv6 address that stands by itself and holds more than two-digit groups (those are hardware addresses)."""
    value = region.value.rstrip(".")
    beside = region.before(1) + region.after(1)[: len(value) == len(region.value)]
    if any(char.isalnum() or char in ":_" for char in beside) or all(len(group) == 2 for group in value.split(":")):
        return ()
    return ((0, len(value), region.confidence),) if ipv6_address(value, private=private) else ()


def iban(region: Region) -> Iterable[Span]:
    """Accept what is an IBAN by its country's length and its check digits; it may follow another code in the region."""
    text = region.value
    start = 0
    while start < len(text):
        length = iban_prefix(text[start : start + _IBAN_LONGEST])
        if length:
            yield start, start + length, region.confidence
        start = next(
            (place + 1 for place in range(start + max(length, 1) - 1, len(text)) if text[place] in " -"), len(text)
        )


def birth_date(region: Region) -> Iterable[Span]:
    """Accept a calendar date in a year that a living person can be born in; a two-digit year stands last."""
    parts = [int(part) for part in "".join(char if char.isdigit() else " " for char in region.value).split()]
    named = any(char.isalpha() and char.isascii() for char in region.value)
    years = [part for part in parts if _FIRST_YEAR <= part <= _LAST_YEAR]
    rest = [part for part in parts if part not in years] if years or named else parts[:2]
    in_month = all(1 <= part <= _DAYS for part in rest) and (named or min(rest, default=0) <= _MONTHS_A_YEAR)
    return whole(region) if in_month and (years or not named) else ()


def _calendar_year(text: str) -> bool:
    return text[:2] in {"19", "20"} and text[4:5] in {"-", "/", "."} and len(digits_of(text)) <= 8


_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fév|avr|juin|juil|août|déc|ene|abr|ago|dic"
_DATE = (
    r"\d{4}年\d{1,2}月\d{1,2}日|\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    rf"|(?i:\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)? (?:{_MONTHS})[\pL.]*,?(?: de)? \d{{4}}"
    rf"|(?:{_MONTHS})[\pL.]* \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}))\b"
)
_BIRTH_WORDS = (
    r"d\.?o\.?b\.?", r"birth[ _-]?date", r"date[ _-]?of[ _-]?birth", r"birth[ _-]?day", r"born(?: on| at)?", r"geb(?:oren)?\.?",
    r"geburts(?:datum|tag)", r"date de naissance", r"née? le", r"fecha de nacimiento", r"nacid[oa]", r"data di nascita",
    r"nat[oa] il", r"data de nascimento", r"nascid[oa]", r"geboorte[ _-]?datum", r"дата рождения", "生年月日", "出生日期",
)  # fmt: skip
_PHONE_WORDS = (
    r"(?:tele)?phone(?:[ _-]?(?:number|no))?", r"mobile(?:[ _-]?(?:number|no))?", r"cell(?:[ _-]?phone)?", "tel", "fax", "whatsapp",
    r"call (?:me|us|him|her|them)(?: (?:at|on|under))?", r"telefon(?:nummer)?", "handy(?:nummer)?", r"teléfono", "móvil", r"téléphone",
    "portable", "telefono", "cellulare", "telefone", "celular", "telefoonnummer", "телефон", "電話", "电话",
)  # fmt: skip
_CARD_WORDS = (
    r"(?:credit|debit|payment|bank)?[ _-]?card(?:[ _-]?(?:number|no))?", r"cc(?:[ _-]?(?:num|number|no))?", "visa", "mastercard", "amex",
    "american express", "maestro", "diners", "discover", "unionpay", "jcb", "pan", "kreditkarte(?:nnummer)?", "carte bancaire", "tarjeta",
)  # fmt: skip

_HOST_WORDS = (
    "ip",
    r"ip[ _-]?addr(?:ess)?",
    "address",
    "host",
    "client",
    "server",
    "peer",
    "remote",
    "dns",
    "gateway",
    "from",
)

_SEPARATE_SSN = partial(separated_number, ssn)
_SEPARATE_ITIN = partial(separated_number, itin)


_DETECTORS = (
    Detector(
        id="pii.email", type="EMAIL", category="pii", confidence=0.95, source="RFC 5321, RFC 6531",
        candidate=r"[^\x00-\x2a<>\[\]()]@[^\x00-\x2f]",
        exact=r"[\pL\pN_](?:[\pL\pN._%+'-]*[\pL\pN_+-])?@(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+(?:xn--[A-Za-z0-9-]+|\pL{2,})",
        check=email_address,
    ),
    Detector(
        id="pii.ssn", type="SSN", category="pii", confidence=0.85, source="SSA POMS RM 10201.030",
        candidate=r"\d{3} ?[-. ] ?\d{2} ?[-. ] ?\d{4}", exact=r"\d{3} ?[-. ] ?\d{2} ?[-. ] ?\d{4}", check=_SEPARATE_SSN,
        context=(r"ssn", r"social[ _-]?security(?:[ _-]?(?:number|no))?"),
    ),
    Detector(
        id="pii.ssn_plain", type="SSN", category="pii", confidence=0.8, source="SSA POMS RM 10201.030",
        candidate=r"(?i)ssn|social.?security", exact=r"\b\d{9}\b", check=where(ssn), needs_context=True,
        context=(r"ssn(?: is| was)?", r"social[ _-]?security(?:[ _-]?(?:number|no))?"),
    ),
    Detector(
        id="pii.itin", type="ITIN", category="pii", confidence=0.8, source="IRS Publication 1915",
        candidate=r"9\d{2} ?[-. ] ?\d{2} ?[-. ] ?\d{4}", exact=r"9\d{2} ?[-. ] ?\d{2} ?[-. ] ?\d{4}", check=_SEPARATE_ITIN,
        context=("itin", r"tax(?:payer)?[ _-]?id"),
    ),
    Detector(
        id="pii.card", type="CARD", category="pii", confidence=0.84, source="ISO/IEC 7812, networks' IIN tables",
        candidate=r"(?:\d[-. ]{0,2}){11}\d", exact=r"\d(?:[-. ]{0,2}\d){11,}", check=find_cards, context=_CARD_WORDS,
    ),
    Detector(
        id="pii.iban", type="IBAN", category="pii", confidence=0.97, source="ISO 13616, SWIFT IBAN Registry",
        candidate=rf"(?i)(?:{'|'.join(IBAN_LENGTHS)})\d{{2}}[- ]?[A-Z0-9]{{4}}[- ]?[A-Z0-9]{{3}}", exact=r"(?i)\b[A-Z]{2}\d{2}(?:[- ]?[A-Z0-9]){11,30}",
        check=iban,
    ),
    Detector(
        id="pii.phone_e164", type="PHONE", category="pii", confidence=0.8, source="ITU-T E.164",
        candidate=r"\+[1-9][-\d ().]{5}", exact=r"\+[1-9](?:[-. ()]{0,2}\d){7,14}\b", check=international_phone, context=_PHONE_WORDS,
    ),
    Detector(
        id="pii.phone_nanp", type="PHONE", category="pii", confidence=0.7, source="NANPA, ATIS-0300055",
        candidate=r"[2-9]\d{2}\)?[-. ]{1,2}[2-9]\d{2}[-. ]\d{4}|\([2-9]\d{2}\)[-. ]?[2-9]\d{2}",
        exact=r"(?:\b1[-. ])?(?:\([2-9]\d{2}\)[-. ]?[2-9]\d{2}[-. ]?|[2-9]\d{2}[-. ][2-9]\d{2}[-. ])\d{4}",
        check=partial(separated_number, _ten_digits), context=_PHONE_WORDS,
    ),
    Detector(
        id="pii.phone_context", type="PHONE", category="pii", confidence=0.6, source="ITU-T E.123", context=_PHONE_WORDS,
        needs_context=True, check=phone_in_context, exact=r"(?:\b|\()\d(?:[-. ()/]{0,2}\d){6,14}\b",
        candidate=r"(?i)phone|mobile|whatsapp|cell[ _-]?phone|\bcells?[^a-z]|_cell|cell\"|fax|call (?:me|us|him|her|them)|\btels?[^a-z]|_tel"
                  r"|tel\"|telefon|handy|móvil|portable|cell?ular|telefoon|телефон|電話|电话",
    ),
    Detector(
        id="pii.birth_date", type="DATE_OF_BIRTH", category="pii", confidence=0.75, source="ISO 8601 and customary forms",
        candidate=r"(?i)birth|\bd\.?o\.?b|_dob|dob[\"']?:|born|\bgeb|geburts|geboorte|naissance|née? le|nacimiento|nacid[oa]|nascita|nat[oa] il"
                  r"|nascimento|nascid[oa]|рождения|生年月日|出生日期",
        exact=_DATE, check=birth_date, context=_BIRTH_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.us_passport", type="US_PASSPORT", category="pii", confidence=0.65, source="22 CFR 51, US Department of State",
        candidate=r"(?i)passport", exact=r"\b(?:[A-Za-z]\d{8}|\d{9})\b", needs_context=True,
        context=(r"passport(?:[ _-]?(?:number|num|no|id))?",),
    ),
)  # fmt: skip


def pii_detectors(*, private_addresses: bool = False) -> tuple[Detector, ...]:
    """Return the table; ``private_addresses`` reports RFC 1918 and unique local addresses too."""
    addresses = (
        Detector(
            id="pii.ipv4", type="IP_ADDRESS", category="pii", confidence=0.7, source="RFC 791, RFC 1918",
            candidate=r"\d\.\d{1,3}\.\d{1,3}\.\d", exact=r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}",
            check=partial(ipv4, private=private_addresses), context=_HOST_WORDS,
        ),
        Detector(
            id="pii.ipv6", type="IP_ADDRESS", category="pii", confidence=0.8, source="RFC 4291",
            candidate=r"[0-9A-Fa-f]::|(?:[0-9A-Fa-f]{1,4}:){4}", exact=r"\b(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f]{0,4})",
            check=partial(ipv6, private=private_addresses),
        ),
    )  # fmt: skip
    return _DETECTORS + addresses


PII_DETECTORS: tuple[Detector, ...] = pii_detectors()
