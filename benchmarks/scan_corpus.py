"""What the scanners are given: payloads as tools see them, in which there is nothing to find, and seven texts that cost differently."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.sentences import paragraph, sentences

KIB = 1024
HITS = 1000

_FOREIGN = (
    "Straße café naïve Übergröße señor façade smörgås crème brûlée Zürich Łódź 東京 大阪 会議 予定 報告書 確認 資料 북경 회의 보고서 Москва отчёт "
    "встреча αναφορά 🎉 🚀 ✅ — “quoted” … €"
).split()
_HAN = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天"
_HOSTS = ("shop.example.com", "api.example.org", "docs.example.net", "status.example.com")
_STATES = ("open", "packed", "shipped", "returned")
_NEAR_MISSES = (
    "000-12-3456",
    "666-45-678",
    "4111 1111 1111 1112",
    "5500-0000-0000-0005",
    "name@",
    "@example.com",
    "a@b",
    "sk-short",
    "AKIA1234",
    "ghp_abc",
    "eyJhbGciOi.x.y",
    "-----BEGIN CERTIFICATE-----",
    "password reset",
    "api_key: none",
    "ignore the noise",
    "system: idle",
    "disregard whitespace",
    "GB82 WEST 1234",
    "DE00 0000",
    "1.2.3",
    "300.400.500.600",
    "fe80:",
    "+1 555",
    "(555) 12",
    "xoxb-1",
    "https://user@/x",
    "token=",
    "0x1234",
    "%41%42",
    "&#65;",
)
_MINIFIED = (
    "function {a}({b},{c}){{return {b}&&{b}.length>{n}?{c}[{n}]||!1:void 0}}",
    'var {a}={{id:{n},k:"{b}",f:function({c}){{this.{b}={c}}}}};',
    "for(var {a}=0,{b}={c}.length;{a}<{b};{a}++){c}[{a}]^={n};",
    'if(null!={a}){b}.push({{t:"{c}",v:{a}[{n}]}});else throw new Error("{b}:"+{a});',
    "const {a}=({b},{c})=>{b}?{c}({b}/{n}):[...{c}.{b}];",
    '{a}=/^[a-z]+:{n}$/i.test({b})?{c}:{b}.split(",").map({c}=>+{c});',
)


def nested(size: int) -> dict[str, Any]:
    """Return tool arguments of ``size`` bytes of JSON: orders, events and articles, with ids, times, addresses, versions, prices and prose."""
    draw = _draw(size)
    value: dict[str, Any] = {"request_id": _uuid(draw), "rows": [], "note": ""}
    makers = (_position, _order, _event, _article)
    while True:
        made = makers[len(value["rows"]) % len(makers)](draw)
        value["rows"].append(made)
        left = size - len(json.dumps(value))
        if left < 0:
            value["rows"].pop()
            value["note"] = sentences(size - len(json.dumps(value)), draw)
            return value


def nested_with_hits(size: int) -> dict[str, Any]:
    """Return such arguments in which three things are to be found: an e-mail address, the number of a card, a US social security number."""
    value = nested(size)
    value["note"] = ""
    value["rows"][2] = {
        "customer": {"name": "Ann Lee", "email": "ann.lee@corp-mail.com"},
        "payment": {"method": "card", "card_number": "4111 1111 1111 1111"},
        "tax": {"ssn": "536-22-8145"},
    }
    value["note"] = sentences(max(0, size - len(json.dumps(value))), _draw(size))
    return value


def report(size: int) -> str:
    """Return ``size`` ASCII characters of a report: prose between times, ids, addresses, versions and prices."""
    return _filled(size, _report_lines(_draw(size + 1)))


def foreign(size: int) -> str:
    """Return text of ``size`` bytes of UTF-8 with accents, CJK, Cyrillic, Greek and emoji between English words."""
    draw = _draw(size)
    english = _words(draw, 400)
    words: list[str] = []
    length = 0
    while length < size:
        chance = draw.random()
        words.append(draw.choice(_FOREIGN if chance < 0.4 else english) if chance < 0.98 else _moment(draw))
        length += len(words[-1].encode()) + 1
    return _cut(" ".join(words), size)


def with_hits(size: int) -> str:
    """Return text of ``size`` characters with a thousand things to find: e-mail addresses, cards and social security numbers in turns."""
    draw = _draw(size)
    kinds: tuple[Callable[[random.Random], str], ...] = (_email, _card, _ssn)
    parts = [kinds[number % len(kinds)](draw) for number in range(HITS)]
    space = size - sum(map(len, parts))
    each = space // HITS
    text = "".join(f"{part}; {sentences(each - 3, draw)} " for part in parts)
    return text + sentences(size - len(text), draw)


def custom_patterns(count: int) -> list[str]:
    """Return patterns as a company has them for its own numbers and names."""
    draw = _draw(count)
    codes = sorted({"".join(draw.choices("BCDFGHJKLMNPQRSTVWXZ", k=4)) for _ in range(2 * count)})
    forms = (
        r"\b{0}-\d{{6}}\b",
        r"(?i)\b{0}[-_ ]?\d{{4,8}}\b",
        r"[a-z0-9-]+\.{1}\.internal",
        r"\b\d{{2}}-{0}-\d{{4}}\b",
        r"(?i)\bproject[ -]{0}\b",
        r"\b[A-Z]{{2}}{0}\d{{4}}\b",
        r"{0}/\d{{4}}/[A-Z]{{2}}",
        r"(?i)\b(?:staff|client) (?:no|id)[.: ]+{0}\d{{5}}\b",
    )
    chosen = draw.sample(codes, count)
    return [forms[number % len(forms)].format(code, code.lower()) for number, code in enumerate(chosen)]


def _words_of(pieces: Callable[[random.Random], str]) -> Callable[[int], str]:
    def text(size: int) -> str:
        draw = _draw(size)

        def lines() -> Iterator[str]:
            while True:
                yield pieces(draw)

        return _filled(size, lines())

    return text


TEXTS: dict[str, Callable[[int], str]] = {
    "prose": lambda size: sentences(size, _draw(size)),
    "random printable": _words_of(lambda draw: "".join(chr(draw.randint(32, 126)) for _ in range(80))),
    "base64": _words_of(lambda draw: base64.b64encode(draw.randbytes(57)).decode()),
    "digits": _words_of(lambda draw: "".join(draw.choices("0123456789", k=draw.randint(1, 24)))),
    "CJK": lambda size: _cut("".join(_draw(size).choices(_HAN + "、。", k=size // 2)), size),
    "near misses": _words_of(lambda draw: ", or ".join(draw.sample(_NEAR_MISSES, 5))),
    "minified code": _words_of(
        lambda draw: draw.choice(_MINIFIED).format(a=_name(draw), b=_name(draw), c=_name(draw), n=draw.randint(0, 9999))
    ),
}
"""Seven texts by name: given a size, UTF-8 of about so many bytes."""


def _position(draw: random.Random) -> dict[str, Any]:
    return {
        "sku": f"KB-{draw.randint(100, 9999)}",
        "price": round(draw.uniform(5, 2000), 2),
        "due": f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "url": _url(draw),
        "gift": False,
    }


def _order(draw: random.Random) -> dict[str, Any]:
    number = draw.randint(10_000, 99_999)
    return {
        "id": _uuid(draw),
        "ref": f"ORD-{number}",
        "created_at": _moment(draw),
        "due": f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "status": draw.choice(_STATES),
        "total": round(draw.uniform(5, 2000), 2),
        "currency": "EUR",
        "lines": [{"sku": f"KB-{draw.randint(100, 9999)}-XL", "qty": draw.randint(1, 9), "price": "19.95"}],
    }


def _event(draw: random.Random) -> dict[str, Any]:
    return {
        "at": _moment(draw),
        "level": draw.choice(("info", "warning")),
        "service": f"{_words(draw, 1)[0]}-worker",
        "version": _version(draw),
        "url": _url(draw),
        "took_ms": draw.randint(1, 900),
        "message": sentences(draw.randint(40, 120), draw),
        "retried": False,
    }


def _article(draw: random.Random) -> dict[str, Any]:
    return {
        "slug": "-".join(_words(draw, 3)),
        "title": sentences(36, draw),
        "tags": draw.sample(("news", "how-to", "release", "pricing", "internal"), 2),
        "body": sentences(draw.randint(150, 400), draw),
        "updated": _moment(draw),
        "parent": None,
    }


def _report_lines(draw: random.Random) -> Iterator[str]:
    while True:
        yield paragraph(draw)
        yield draw.choice(
            (
                f"{_moment(draw)} order {_uuid(draw)} was {draw.choice(_STATES)}.",
                f"See {_url(draw)} for version {_version(draw)}.",
                f"The price of KB-{draw.randint(100, 9999)} is EUR {draw.randint(1, 9)},{draw.randint(100, 999)}.50.",
            )
        )


def _filled(size: int, lines: Iterator[str]) -> str:
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(next(lines))
        length += len(parts[-1]) + 1
    return "\n".join(parts)[:size]


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _words(draw: random.Random, count: int) -> list[str]:
    return draw.choices([word for word in sentences(2 * KIB, draw).split() if word.isalpha()], k=count)


def _draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - inputs must be the same in every run


def _uuid(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))


def _moment(draw: random.Random) -> str:
    day, hour, minute, second = draw.randint(1, 28), draw.randint(0, 23), draw.randint(0, 59), draw.randint(0, 59)
    return f"2026-{draw.randint(1, 12):02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{draw.randint(0, 999):03}Z"


def _url(draw: random.Random) -> str:
    return f"https://{draw.choice(_HOSTS)}/v2/orders/{draw.randint(1, 99999)}?page={draw.randint(1, 30)}&sort=desc"


def _version(draw: random.Random) -> str:
    return f"{draw.randint(0, 9)}.{draw.randint(0, 40)}.{draw.randint(0, 20)}"


def _name(draw: random.Random) -> str:
    return "".join(draw.choices("abcdefgijkmnopqrstuvwxyz", k=draw.randint(1, 2)))


def _email(draw: random.Random) -> str:
    return f"u{draw.randint(10, 9999)}@corp-mail.com"


def _card(draw: random.Random) -> str:
    digits = [4, 5, 3, *(draw.randint(0, 9) for _ in range(12))]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    text = "".join(map(str, [*digits, -sum(doubled) % 10]))
    return " ".join(text[place : place + 4] for place in range(0, 16, 4))


def _ssn(draw: random.Random) -> str:
    return f"{draw.randint(101, 599)}-{draw.randint(11, 99)}-{draw.randint(1001, 9998)}"


VALUES: dict[str, Callable[[], Any]] = {
    "scan_nested_300b": lambda: nested(300),
    "scan_nested_2k": lambda: nested(2 * KIB),
    "scan_nested_64k": lambda: nested(64 * KIB),
    "scan_nested_2k_hits": lambda: nested_with_hits(2 * KIB),
    "scan_64k": lambda: report(64 * KIB),
    "scan_1m": lambda: report(KIB * KIB),
    "scan_256k_unicode": lambda: foreign(256 * KIB),
    "scan_1000_hits": lambda: with_hits(31 * KIB),
    "scan_secrets_1m": lambda: report(KIB * KIB),
    "scan_custom_400": lambda: report(64 * KIB),
}
"""What each row scans."""
