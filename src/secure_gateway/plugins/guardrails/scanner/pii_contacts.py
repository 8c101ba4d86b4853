"""How people and their machines are reached: e-mail, telephone, network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.pii_shapes import (
    cued,
    goes_on_code,
    is_in_digest,
    is_of_business,
    separated_number,
)
from secure_gateway.plugins.guardrails.scanner.validators import (
    digits_of,
    e164,
    ipv4_address,
    ipv6_address,
    is_latin,
    nanp,
)

_LOCAL_LONGEST, _DOMAIN_LONGEST = 64, 253  # RFC 5321 section 4.5.3.1
_URL_LONGEST = 256
_NAME_LONGEST = 32
_PHONE_SHORTEST, _PHONE_LONGEST = 7, 15
_IDEOGRAPHS = "\u2e80"
# A day, a number of a year (invoices have one), a decimal fraction, thousands.
_NO_PHONE = re.compile(
    r"(?:19|20)\d\d([-/.])(?:\d{1,2}\1\d{1,2}(?!\d)|\d+$)|\d{1,2}([-/.])\d{1,2}\2(?:19|20)\d\d(?!\d)"
    r"|(?:0|[1-9]\d?)\.\d{5,}$|[1-9]\d\d\.\d{8,}$|[1-9]\d?(?:\.\d{3}){2,}$"
)
# What a field is that has a telephone in its name, and holds something else; a prefix such as PO-, which no telephone has.
_OTHER_FIELD = re.compile(
    r"(?i)(?:(?:\b|_)(?:id|ids|ref|uuid|guid|version|build|count|at|time|timestamp|date|model|size|ms)\"\s?:\s?\"?-?"
    r"|\b(?!(?:tel|phone|mobile|cell|fax|mob|ph|sms)-)[A-Z]{2,4}-)$"
)
_MEASURES = frozenset("台部个個件条條元円원次年")
_OCTETS, _OCTET = 4, 255
_MAC_DIGITS = 12

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


# Domains that a sentence spells, beside those of states; what one does at a place is no mailbox.
_TOPS = frozenset(
    "com org net edu gov mil int info biz app dev cloud online shop email name museum coop health agency studio tech".split()
)
_DONE_AT = frozenset(
    "look looking looked arrive arriving arrived aim laugh smile point stare work working worked live lives stay staying meet meeting available found hosted be is are "
    "was were i we you they it this that product here there shop buy start end stop team all good best".split()
)


def email_address(region: Region) -> Iterable[Span]:
    """Accept an address within RFC 5321's lengths that is no file name and no SSH remote such as ``git@host:path``."""
    start, end = _without_sentence(region.value)
    start = _behind_url(region, start)
    local, _, domain = region.value[start:end].rpartition("@")
    top = domain.rpartition(".")[2].lower()
    too_long = len(local) > _LOCAL_LONGEST or len(domain) > _DOMAIN_LONGEST
    if top in _NO_DOMAINS or too_long or ".." in local or (local == "git" and region.after(1) == ":"):
        return ()
    return ((start, end, region.confidence),)


def _behind_url(region: Region, start: int) -> int:
    """Leave out the path or query of a URL that an address stands in, and a name that it is assigned to: their marks may stand in a local part."""
    local = region.value[start:].rpartition("@")[0]
    cut = max(local.rfind(mark) for mark in "/?&=") + 1
    before = region.before(_URL_LONGEST)
    in_url = "://" in before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    assigned = local.partition("=")[0].isidentifier() and "=" in local
    return start + cut if assigned or in_url or "?" in local or "&" in local or len(local) > _LOCAL_LONGEST else start


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


def quoted_address(region: Region) -> Iterable[Span]:
    """Accept an address whose local part is a quoted string (RFC 5321 section 4.1.2); what only quotes a mark or a key is none."""
    local, _, domain = region.value.rpartition("@")
    inner = local.strip('\\"')
    plain = inner[:1].isalnum() and inner[-1:].isalnum() and "=" not in inner and '": ' not in inner
    if not plain or len(local) > _LOCAL_LONGEST or domain.rpartition(".")[2].lower() in _NO_DOMAINS:
        return ()
    return whole(region)


def spelled_address(region: Region) -> Iterable[Span]:
    """Accept an address spelled out for people; the sentence "look at the dot in ..." is none."""
    value = region.value.lower()
    words = value.replace("(", " ").replace("[", " ").replace("{", " ").split()
    marked = any(mark in value for mark in "([{<|&%")
    top = words[-1].rpartition("_")[2]
    said = (
        not marked
        and words[0].isalpha()
        and (words[0] in _DONE_AT or not (len(top) == 2 or top in _TOPS or not top.isascii()))
    )
    return () if said or _ARTICLES.intersection(words[1:-1]) or words[-1] in _NO_DOMAINS else whole(region)


def north_american_phone(region: Region) -> Iterable[Span]:
    """Accept ten digits in the usual groups, unless the word in front says that it is the number of a ticket or the like."""
    return () if is_of_business(region) else separated_number(_ten_digits, region)


def mac_address(region: Region) -> Iterable[Span]:
    """Accept a 48-bit address of one card: not broadcast, not nothing, not a part of a longer row of pairs (a fingerprint)."""
    value = region.value
    digits = [char for char in value.lower() if char.isalnum()]
    separators = {char for char in value if not char.isalnum()}
    before, after = region.before(2), region.after(2)
    goes_on = (before[-1:] in separators and before[:1].isalnum()) or (after[:1] in separators and after[1:].isalnum())
    if goes_on or is_latin(before[-1:] + after[:1]) or len(separators) > 1 or len(set(digits)) == 1:
        return ()
    telling = separators != {"."} or not value.replace(".", "").isdigit() or region.has_context
    return whole(region) if len(digits) == _MAC_DIGITS and telling else ()


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
        or goes_on_code(region)
        or is_in_digest(region, 0, len(region.value))
        or after[:1] in _MEASURES
    ):
        return ()
    if not _PHONE_SHORTEST <= len(number) <= _PHONE_LONGEST or _NO_PHONE.match(region.value) is not None:
        return ()
    if is_of_business(region) or _OTHER_FIELD.search(region.before(_NAME_LONGEST)) is not None:
        return ()
    octets = region.value.split(".")
    dotted = len(octets) == _OCTETS and all(
        part.isdigit() and part == str(int(part)) and int(part) <= _OCTET for part in octets
    )
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


_PHONE_WORDS = (
    r"phone(?:[ _-]?(?:number|no|num))?", r"telephone(?:[ _-]?(?:number|no|num))?", r"mobile?(?:[ _-]?(?:number|no|phone))?", r"cell(?:[ _-]?phone)?", "tel", "fax", r"whats ?app", "sms", "msisdn",
    r"call (?:me|us|him|her|them)(?: (?:at|on|under))?", r"(?:reach|text|ring) (?:me|us|him|her|them)", r"telefon\pL*", r"handy(?:nummer)?", r"mobil\pL*", r"mobiel\pL*", r"r[üu]ckruf\pL*", r"call ?back", r"contact (?:no|number)", r"rufnummer", r"festnetz\pL*",
    r"tel[eé]fono\pL*", r"m[óo]vil", r"t[ée]l[ée]phone", r"portable", r"cellulare", r"telem[óo]vel", r"celular", r"telefoon\pL*", r"kom[óo]rk[ai]\pL*", r"numer tel\pL*", r"gsm",
    r"телефон\pL*", r"моб(?:ильн\pL*|\.)", r"тел\.", "電話", "電話番号", "携帯", "手机", "手機", "电话", "联系方式", "전화", "휴대폰", "핸드폰", "연락처", "cep", r"cep tel\pL*",
    r"telefonn[íi]", r"puhelin\pL*", r"هاتف|جوال|موبايل", r"फ़?ोन|मोबाइल", r"điện thoại", r"telepon", r"nomor hp",
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
_MAC_WORDS = (
    "mac",
    r"mac[ _-]?addr\pL*",
    "bssid",
    r"hwaddr",
    r"hardware[ _-]?addr\pL*",
    r"ethernet",
    r"wifi",
    r"physical[ _-]?addr\pL*",
    r"eui-?48",
)

_DOMAIN = r"(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+(?:xn--[A-Za-z0-9-]+|\pL{2,})"
_LOCAL = r"[\pL\pN][\pL\pN._+-]*"
_LABEL = r"[\pL\pN][\pL\pN-]*"
# What a candidate asks of a domain: letters of any script are told from signs by being beyond ASCII.
_ASCII_LABEL = r"[^\x00-\x2c./:-@\[-`{-\x7f]"
_ANY_LABEL = r"[^\x00-\x2c/:-@\[-`{-\x7f]+"
# "at" and "dot" as people spell them; each language has its own pair.
_AT = r"(?:at|ät|arroba|arobase|arrobase|chiocciola|malpa|małpa|собака|et|apenstaartje|골뱅이|アット)"
_PAIRS = (
    ("(?:at|ät)", "(?:dot|punkt)"), ("arroba", "(?:punto|ponto)"), ("arr?obase", "point"), ("chiocciola", "punto"), ("ma[lł]pa", "kropka"), ("собака", "точка"),
    ("apenstaartje", "punt"), ("et", "nokta"),
)  # fmt: skip
_DOT = r"(?: ?[\[({<] ?(?:dot|punto|ponto|point|punkt|punt|kropka|точка|nokta|\.) ?[\])}>] ?| (?:dot|punto|ponto|point|punkt|kropka|точка|nokta) )"
_ENTITY_AT = r"(?:&#0*64;|&#x0*40;|&commat;|%40)"
_ARTICLES = frozenset("the this that a an each every any some no which".split())

_BRACKETED = rf"{_LOCAL}(?: ?{_DOT}[\pL\pN_+-]+)* ?(?:[\[({{<|] ?(?:{_AT}|@) ?[\])}}>|]|{_ENTITY_AT}) ?{_LABEL}(?:(?:{_DOT}|\.|&#0*46;){_LABEL})*(?:{_DOT}|\.|&#0*46;)\pL{{2,24}}"
_SPELLED = "|".join(
    rf"{_LOCAL}(?: {dot} [\pL\pN_+-]+)* {at} {_LABEL}(?:(?: {dot} |\.){_LABEL})* {dot} \pL{{2,6}}" for at, dot in _PAIRS
)
_HALF_SPELLED = rf"{_LOCAL} ?@ ?{_LABEL}(?:(?:{_DOT}|\.){_LABEL})*{_DOT}\pL{{2,6}}|{_LOCAL} @ {_LABEL}(?: \. {_LABEL})* \. \pL{{2,6}}"

CONTACTS = (
    Detector(
        id="pii.email", type="EMAIL", category="pii", confidence=0.95, source="RFC 5321, RFC 6531",
        candidate=rf"[^\x00-\x20\"#%&()*,./:;<>\[\]]@{_ASCII_LABEL}+\.[^\x00-\x2f]",
        exact=rf"[\pL\pN_](?:[\pL\pN._%+'!#$&*/=?^`{{|}}~-]*[\pL\pN_+'~!$-])?@{_DOMAIN}",
        check=email_address,
    ),
    Detector(
        id="pii.email_quoted", type="EMAIL", category="pii", confidence=0.9, source="RFC 5321 section 4.1.2", candidate=r'"@[^\x00-\x2f]',
        exact=rf'\\?"[^"\n@]+"@{_DOMAIN}', check=quoted_address,
    ),
    Detector(
        id="pii.email_spelled", type="EMAIL", category="pii", confidence=0.8, source="RFC 5321, spelled against harvesters",
        candidate=rf"(?i)[\[({{<|] ?(?:{_AT}|@) ?[\])}}>|]|{_ENTITY_AT} ?[^\x00-\x2f]|@ ?{_ANY_LABEL}(?:{_DOT}| \. )|"
                   "_at_[a-z0-9_-]*_dot_|" + "|".join(rf" {at} {_ANY_LABEL} {dot} " for at, dot in _PAIRS),
        exact=rf"(?i){_BRACKETED}|{_SPELLED}|{_HALF_SPELLED}|\b[a-z0-9._-]+_at_[a-z0-9-]+(?:_dot_[a-z0-9-]+)*_dot_[a-z]{{2,6}}\b", check=spelled_address,
    ),
    Detector(
        id="pii.email_literal", type="EMAIL", category="pii", confidence=0.85, source="RFC 5321 section 4.1.3",
        candidate=r"@\[(?i:\d|ipv6:)", exact=r"[\w.+-]+@\[(?:\d{1,3}(?:\.\d{1,3}){3}|(?i:ipv6:)[0-9A-Fa-f:.]+)\]",
    ),
    Detector(
        id="pii.phone_e164", type="PHONE", category="pii", confidence=0.8, source="ITU-T E.164",
        candidate=r"\+[1-9][-\d ().]{5}", exact=r"\+[1-9](?:[-. ()]{0,2}\d){7,14}\b", check=international_phone, context=_PHONE_WORDS,
    ),
    Detector(
        id="pii.phone_nanp", type="PHONE", category="pii", confidence=0.7, source="NANPA, ATIS-0300055",
        candidate=r"[2-9]\d{2}\)?[-. ]{1,2}[2-9]\d{2}[-. ]\d{4}|\([2-9]\d{2}\)[-. ]?[2-9]\d{2}",
        exact=r"(?:\b1[-. ])?(?:\([2-9]\d{2}\)[-. ]?[2-9]\d{2}[-. ]?|[2-9]\d{2}[-. ][2-9]\d{2}[-. ])\d{4}",
        check=north_american_phone, context=_PHONE_WORDS,
    ),
    # National numbers are told from others by what they are called: forms differ by state, and a length proves nothing.
    Detector(
        id="pii.phone_context", type="PHONE", category="pii", confidence=0.6, source="ITU-T E.123, E.164", context=_PHONE_WORDS,
        needs_context=True, check=phone_in_context, exact=r"(?:\b|\()\d(?:[-. ()/]{0,2}\d){6,14}\b", candidate=cued(_PHONE_WORDS),
    ),
    Detector(
        id="pii.mac", type="MAC_ADDRESS", category="pii", confidence=0.85, source="IEEE 802, EUI-48",
        candidate=r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){3}:[0-9A-Fa-f]|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){3}-[0-9A-Fa-f]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]",
        exact=r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}", check=mac_address, context=_MAC_WORDS,
    ),
    Detector(
        id="pii.mac_plain", type="MAC_ADDRESS", category="pii", confidence=0.7, source="IEEE 802, EUI-48", candidate=cued(_MAC_WORDS),
        exact=r"\b[0-9A-Fa-f]{12}\b", check=mac_address, context=_MAC_WORDS, needs_context=True,
    ),
)  # fmt: skip


_FIRST_OCTET = r"(?:22[0-3]|2[01]\d|1\d\d|[1-9]\d?)"
_ANY_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"


def address_detectors(*, private: bool) -> tuple[Detector, ...]:
    """Return the detectors of Internet addresses; with ``private`` those of RFC 1918 and unique local addresses too."""
    first = r"(?:[23][0-9A-Fa-f]{3}|[Ff][C-Ec-e][0-9A-Fa-f]{0,2})" if private else "[23][0-9A-Fa-f]{3}"
    return (
        Detector(
            id="pii.ipv4", type="IP_ADDRESS", category="pii", confidence=0.7, source="RFC 791, RFC 1918",
            candidate=r"\d\.\d\d?\d?\.\d\d?\d?\.\d", exact=rf"(?:\b|_)({_FIRST_OCTET}(?:\.{_ANY_OCTET}){{3}})(?:\b|_)",
            check=partial(ipv4, private=private), context=_HOST_WORDS,
        ),
        Detector(
            id="pii.ipv6", type="IP_ADDRESS", category="pii", confidence=0.8, source="RFC 4291",
            candidate=rf"{first}:[0-9A-Fa-f]{{0,4}}:", exact=rf"\b{first}:(?:[0-9A-Fa-f]{{0,4}}:){{1,6}}(?:\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f]{{0,4}})",
            check=partial(ipv6, private=private),
        ),
    )  # fmt: skip
