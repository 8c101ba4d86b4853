"""How people and machines are reached: e-mail, telephone, network addresses, dates of birth."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
from typing import Final

from tests.corpora.generators.digits import birth_date, digits

_LOCAL: Final = "anna.schmidt jdoe maria_garcia k.tanaka olu99 peter.van.dijk s.oconnor li.wei info2 priya-r b.novak e_larsson t.nguyen fatima.z chris.p".split()
_DOMAINS: Final = "gmail.com outlook.com yahoo.co.jp web.de orange.fr libero.it correo.es firma-online.de nordbank.se acme-corp.io mail.ru 163.com naver.com uni-koeln.de stanford.edu nhs.net startup.dev bigpharma.health".split()
_IDN: Final = "m\xfcller-bau.de caf\xe9-lyon.fr \u043f\u043e\u0447\u0442\u0430.\u0440\u0444 \u4f8b\u5b50.\u4e2d\u56fd \u30c9\u30e1\u30a4\u30f3.jp espa\xf1a-viajes.es xn--mller-kva.de bj\xf6rk.se".split()
_IDN_LOCAL: Final = ("j\xf6rg", "fran\xe7ois.b", "\u0438\u0432\u0430\u043d", "\u7530\u4e2d", "jose", "info")


def email(rng: random.Random) -> str:
    """RFC 5321 and RFC 6531 addresses: plain, tagged, internationalised, quoted."""
    local = rng.choice(_LOCAL) + rng.choice(
        ["", "", str(rng.randint(1, 999)), f"+{rng.choice(['news', 'jira', 'billing'])}"]
    )
    kind = rng.random()
    if kind < 0.72:
        text = f"{local}@{rng.choice(['', '', '', 'mail.', 'eu.'])}{rng.choice(_DOMAINS)}"
        return text.upper() if rng.random() < 0.06 else text
    if kind < 0.86:
        return f"{rng.choice(_IDN_LOCAL)}{rng.randint(1, 99)}@{rng.choice(_IDN)}"
    if kind < 0.94:
        return f'"{local.replace(".", " ", 1)}"@{rng.choice(_DOMAINS)}'
    return f"{rng.choice(['o&#39;neil', 'sales!eu', 'a/b', 'x=y', 'r&d', 'team~1'])[:7].replace('&#39;n', chr(39))}@{rng.choice(_DOMAINS)}"


def email_obfuscated(rng: random.Random) -> str:
    """Return an address as people hide it from harvesters."""
    local, domain = (
        rng.choice(_LOCAL) + digits(rng, rng.randint(0, 2)),
        rng.choice([d for d in _DOMAINS if d.count(".") == 1]),
    )
    at, dot = rng.choice(
        [
            (" [at] ", " [dot] "),
            ("(at)", "."),
            (" (at) ", " (dot) "),
            ("[at]", "[dot]"),
            (" AT ", " DOT "),
            (" at ", " dot "),
            ("{at}", "."),
            (" @ ", " . "),
            ("&#64;", "."),
            ("%40", "."),
            ("_at_", "_dot_"),
        ]
    )
    return local + at + domain.replace(".", dot)


# National plans as the regulators publish them (NANPA, Ofcom, Bundesnetzagentur, ARCEP, AGCOM, CNMC, ACM, UKE, TRAI, ANATEL, MIIT, MIC,
# KCC, ACMA and others): country code, trunk prefix, national numbers (N 2-9, X any digit) and usual groups.
_PLANS: Final = (
    ("US", "1", "", ("202NXXXXXX", "415NXXXXXX", "312NXXXXXX", "646NXXXXXX", "503NXXXXXX"), (3, 3, 4)),
    ("CA", "1", "", ("416NXXXXXX", "604NXXXXXX", "514NXXXXXX"), (3, 3, 4)),
    ("GB", "44", "0", ("7700900XXX", "2079460XXX", "7911NXXXXX", "1614960XXX"), (4, 3, 3)),
    ("DE", "49", "0", ("151NXXXXXXX", "30NXXXXXXX", "89NXXXXXX", "1719XXXXXX"), (3, 4, 4)),
    ("FR", "33", "0", ("6NXXXXXXX", "1NXXXXXXX", "7N1XXXXXX"), (1, 2, 2, 2, 2)),
    ("IT", "39", "", ("347NXXXXXX", "333NXXXXXX", "06NXXXXXXX"), (3, 3, 4)),
    ("ES", "34", "", ("6NXXXXXXX", "91NXXXXXX"), (3, 3, 3)),
    ("NL", "31", "0", ("6NXXXXXXX", "20NXXXXXX"), (1, 4, 4)),
    ("BE", "32", "0", ("47NXXXXXX",), (3, 2, 2, 2)),
    ("CH", "41", "0", ("79NXXXXXX", "44NXXXXXX"), (2, 3, 2, 2)),
    ("AT", "43", "0", ("664NXXXXXX",), (3, 3, 4)),
    ("PL", "48", "", ("60NXXXXXX", "51NXXXXXX"), (3, 3, 3)),
    ("SE", "46", "0", ("70NXXXXXX",), (2, 3, 2, 2)),
    ("NO", "47", "", ("4NXXXXXX", "9NXXXXXX"), (3, 2, 3)),
    ("DK", "45", "", ("2NXXXXXX",), (2, 2, 2, 2)),
    ("PT", "351", "", ("91NXXXXXX",), (3, 3, 3)),
    ("RU", "7", "8", ("916NXXXXXX", "495NXXXXXX", "921NXXXXXX"), (3, 3, 2, 2)),
    ("CN", "86", "", ("138XXXXXXXX", "186XXXXXXXX", "159XXXXXXXX"), (3, 4, 4)),
    ("JP", "81", "0", ("90NXXXXXXX", "80NXXXXXXX", "3NXXXXXXX"), (2, 4, 4)),
    ("KR", "82", "0", ("10NXXXXXXX",), (2, 4, 4)),
    ("IN", "91", "0", ("98XXXXXXXX", "99XXXXXXXX", "81XXXXXXXX"), (5, 5)),
    ("BR", "55", "0", ("119NXXXXXXX", "219NXXXXXXX"), (2, 5, 4)),
    ("MX", "52", "", ("55NXXXXXXX", "33NXXXXXXX"), (2, 4, 4)),
    ("AU", "61", "0", ("4NXXXXXXX", "29NXXXXXX"), (3, 3, 3)),
    ("NZ", "64", "0", ("21NXXXXXX",), (2, 3, 4)),
    ("ZA", "27", "0", ("82NXXXXXX",), (2, 3, 4)),
    ("TR", "90", "0", ("532NXXXXXX", "542NXXXXXX"), (3, 3, 2, 2)),
    ("IL", "972", "0", ("52NXXXXXX", "54NXXXXXX"), (2, 3, 4)),
    ("SG", "65", "", ("8NXXXXXX", "9NXXXXXX"), (4, 4)),
    ("UA", "380", "0", ("67NXXXXXX", "50NXXXXXX"), (2, 3, 2, 2)),
    ("IE", "353", "0", ("87NXXXXXX",), (2, 3, 4)),
    ("AE", "971", "0", ("50NXXXXXX",), (2, 3, 4)),
)


def phone(rng: random.Random) -> tuple[str, str, bool]:
    """Return region, number as written, and whether it is in international form (a national one is only one in its context)."""
    region, code, trunk, shapes, sizes = rng.choice(_PLANS)
    national = "".join(
        rng.choice("23456789") if char == "N" else rng.choice("0123456789") if char == "X" else char
        for char in rng.choice(shapes)
    )
    groups, at = [], 0
    for size in sizes:
        groups.append(national[at : at + size])
        at += size
    groups = [group for group in [*groups[:-1], groups[-1] + national[at:]] if group]
    if region in {"US", "CA"} and rng.random() < 0.6:
        text = rng.choice(
            [
                "({}) {}-{}",
                "{}-{}-{}",
                "{}.{}.{}",
                "({}){}-{}",
                "+1 {} {} {}",
                "+1-{}-{}-{}",
                "1-{}-{}-{}",
                "+1 ({}) {}-{}",
                "+1{}{}{}",
            ]
        )
        return region, text.format(*groups), text.startswith(("+", "("))
    separator = rng.choice([" ", " ", "-", ".", "", "\xa0"])
    joined = separator.join(groups)
    if rng.random() < 0.65:
        start = rng.choice(
            [
                f"+{code}{separator}",
                f"+{code} ",
                f"00{code}{separator}",
                f"+{code} (0)" if trunk == "0" else f"+{code} ",
                f"(+{code}) ",
            ]
        )
        return region, start + joined, True
    joined = trunk + joined
    if rng.random() < 0.2 and len(groups) > 1:
        joined = f"({trunk}{groups[0]}) " + separator.join(groups[1:])
    return region, joined, False


def ip_address(rng: random.Random) -> str:
    """RFC 791, RFC 4291 and RFC 5952: global unicast addresses, IPv6 also in long and mixed spellings."""
    if rng.random() < 0.55:
        while True:
            four = ipaddress.IPv4Address(rng.getrandbits(32))
            if four.is_global and not four.is_multicast:
                return str(four)
    six = ipaddress.IPv6Address(
        (0x2000 + rng.choice([0x400, 0x600, 0x800, 0xA00])) << 112 | rng.getrandbits(96) & ~(0xFFFF << 64)
        if rng.random() < 0.6
        else 0x2A02 << 112 | rng.getrandbits(32) << 80 | rng.getrandbits(16)
    )
    return rng.choice([str(six), str(six), six.exploded, str(six).upper()])


def mac_address(rng: random.Random) -> str:
    """IEEE 802: a vendor's block (universal, unicast), in the three usual spellings."""
    raw = bytes([rng.choice([0x00, 0x3C, 0xA4, 0xF0, 0x84, 0xDC]), *rng.randbytes(5)])
    text = raw.hex(rng.choice(":-"))
    if rng.random() < 0.15:
        text = ".".join(raw.hex()[at : at + 4] for at in (0, 4, 8))
    return text.upper() if rng.random() < 0.5 else text


_MONTHS: Final = {
    "en": "January February March April May June July August September October November December".split(),
    "de": "Januar Februar M\xe4rz April Mai Juni Juli August September Oktober November Dezember".split(),
    "fr": "janvier f\xe9vrier mars avril mai juin juillet ao\xfbt septembre octobre novembre d\xe9cembre".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
    "pt": "janeiro fevereiro mar\xe7o abril maio junho julho agosto setembro outubro novembro dezembro".split(),
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),
}


def written_date(rng: random.Random, day: dt.date, language: str) -> str:
    """Return ``day`` as it is written in ``language``."""
    months = _MONTHS.get(language)
    kind = rng.random()
    if kind < 0.3:
        return day.isoformat()
    if language in {"zh", "ja"} and kind < 0.8:
        return f"{day.year}\u5e74{day.month}\u6708{day.day}\u65e5"
    if language == "ko" and kind < 0.8:
        return f"{day.year}\ub144 {day.month}\uc6d4 {day.day}\uc77c"
    if months and kind < 0.6:
        month = months[day.month - 1]
        if language == "en":
            return rng.choice(
                [
                    f"{month} {day.day}, {day.year}",
                    f"{day.day} {month} {day.year}",
                    f"{month[:3]} {day.day}, {day.year}",
                    f"{day.day}-{month[:3]}-{day.year}",
                ]
            )
        joint = " de " if language in {"es", "pt"} else ". " if language == "de" else " "
        return f"{day.day}{joint}{month}{' de ' if language in {'es', 'pt'} else ' '}{day.year}"
    if language == "en":
        return rng.choice(
            [
                day.strftime("%m/%d/%Y"),
                day.strftime("%d/%m/%Y"),
                day.strftime("%m-%d-%Y"),
                day.strftime("%m/%d/%y"),
                day.strftime("%Y/%m/%d"),
                day.strftime("%Y%m%d"),
            ]
        )
    return day.strftime(rng.choice(["%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y"]))


def date_of_birth(rng: random.Random, language: str) -> str:
    """Return a birth date as it is written in ``language``."""
    return written_date(rng, birth_date(rng), language)
