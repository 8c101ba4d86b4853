"""Everyday tool traffic that holds neither personal data nor secrets nor instructions: what every guardrail must leave alone."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Callable
from typing import Any, Final

from tests.corpora.generators import words
from tests.corpora.generators.digits import digits, luhn_digit

Make = Callable[[random.Random], Any]

_NOUNS: Final = "order invoice parcel ticket report batch build cluster session widget cache queue index shard region worker".split()
_FILES: Final = "src/app/main.py docs/setup.md lib/core/index.ts charts/api/values.yaml internal/store/store.go tests/test_walk.py build/out.min.js assets/logo.svg".split()


def stamp(rng: random.Random) -> dt.datetime:
    """Return a moment of the last years."""
    return dt.datetime(2021, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=rng.randrange(4 * 365 * 86400))


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=rng.choice([4, 4, 1, 5])))


def _hex(rng: random.Random, size: int) -> str:
    return rng.randbytes(size).hex()


def order_number(rng: random.Random) -> Any:
    """Return numbers of a shop; none of them passes the check of a card."""
    number = digits(rng, rng.choice([8, 10, 12, 14, 16]))
    while luhn_digit(number[:-1]) == number[-1]:
        number = digits(rng, len(number))
    prefix = rng.choice(["", "", "ORD-", "PO-", "INV", "#", "SO_"])
    return rng.choice(
        [
            f"{rng.choice(_NOUNS)} {prefix}{number} was shipped",
            {
                "order_id": prefix + number,
                "qty": rng.randint(1, 40),
                "sku": f"{rng.choice('ABCDE')}{digits(rng, 5)}-{rng.choice('SML')}",
            },
            f"{rng.choice(_NOUNS)} no. {prefix}{number}: {rng.choice(['paid', 'open', 'late'])}",
        ]
    )


def timestamp(rng: random.Random) -> Any:
    """Return moments in the forms programs use."""
    moment = stamp(rng)
    seconds = int(moment.timestamp())
    return rng.choice(
        [
            {"created": seconds, "updated": seconds + 77, "ttl": 3600},
            f"last run {moment.isoformat()} took {rng.random() * 9:.3f}s",
            f"at {seconds}{rng.randint(100, 999)} {rng.choice(_NOUNS)} moved",
            {"ts": f"{seconds}.{digits(rng, 6)}", "event": rng.choice(_NOUNS)},
            f"Due {moment:%m/%d/%Y}, sent {moment:%d.%m.%Y}",
            f"Released on {moment:%B} {moment.day}, {moment.year}.",
            f"{moment:%a, %d %b %Y %H:%M:%S} GMT {rng.choice(_NOUNS)} refreshed",
        ]
    )


def identifier(rng: random.Random) -> Any:
    """Return identifiers of machines."""
    return rng.choice(
        [
            {"id": _uuid(rng), "parent": _uuid(rng)},
            f"request {_uuid(rng)} finished with 200",
            f"traceparent: 00-{_hex(rng, 16)}-{_hex(rng, 8)}-01",
            {"trace_id": _hex(rng, 16), "span_id": _hex(rng, 8), "sampled": True},
            f"{rng.choice(_NOUNS)}_{_hex(rng, 6)}",
            f"arn:aws:s3:::{rng.choice(_NOUNS)}-logs-{rng.randint(1, 999)}/2024/*",
            f"pod/{rng.choice(_NOUNS)}-{_hex(rng, 5)[:9]}-{_hex(rng, 3)[:5]} is Ready",
        ]
    )


def digest(rng: random.Random) -> Any:
    """Return digests and commits."""
    raw = rng.randbytes(12)
    return rng.choice(
        [
            f"commit {hashlib.sha1(raw, usedforsecurity=False).hexdigest()}\nMerge: {_hex(rng, 4)[:7]} {_hex(rng, 4)[:7]}",
            f"sha256:{hashlib.sha256(raw).hexdigest()}  {rng.choice(_FILES)}",
            {
                "integrity": "sha512-" + base64.b64encode(hashlib.sha512(raw).digest()).decode(),
                "resolved": f"https://registry.example/{rng.choice(_NOUNS)}-{rng.randint(1, 9)}.tgz",
            },
            f"md5 {hashlib.md5(raw, usedforsecurity=False).hexdigest()} ok",
            f'etag: W/"{_hex(rng, 16)}"',
            f"FROM python@sha256:{hashlib.sha256(raw).hexdigest()}",
            f"{_hex(rng, 20)}\trefs/heads/{rng.choice(_NOUNS)}",
        ]
    )


def version(rng: random.Random) -> Any:
    """Return versions and pins."""
    v = f"{rng.randint(0, 20)}.{rng.randint(0, 40)}.{rng.randint(0, 99)}"
    return rng.choice(
        [
            f"{rng.choice(_NOUNS)}-kit=={v}\nleft-pad>={v},<99",
            f"upgraded from v{v} to v{rng.randint(1, 99)}.0.0-rc.{rng.randint(1, 9)}",
            {"dependencies": {f"@{rng.choice(_NOUNS)}/core": f"^{v}", "react": "18.2.0"}, "engines": {"node": ">=20"}},
            f"npm install react@{v} @types/node@20.1.{rng.randint(0, 9)}",
            f"Chrome/{rng.randint(90, 130)}.0.{rng.randint(1000, 6000)} Safari/537.{rng.randint(1, 36)}",
            f"image: registry.example/{rng.choice(_NOUNS)}:{v}-alpine",
        ]
    )


def code(rng: random.Random) -> Any:
    """Return source code."""
    a, b, n = rng.choice(_NOUNS), rng.choice(_NOUNS), rng.randint(2, 9999)
    return rng.choice(
        [
            f"def {a}_{b}(rows, limit={n}):\n    return [row for row in rows if row.{b} > limit]",
            f"@app.get('/{a}/{{{b}_id}}')\nasync def show({b}_id: int) -> dict:\n    return await db.fetch({b}_id, {n})",
            f"for (let i = 0; i < {n}; i++) {{ {a}.push({b}[i] ?? null); }}",
            f"JOIN {b} USING (id) WHERE {a}.total > {n} GROUP BY {a}.id ORDER BY 1;",
            f"func New{a.title()}(size int) *{b.title()} {{\n\treturn &{b.title()}{{size: size, max: {n}}}\n}}",
            f"#{a} {{ color: #{_hex(rng, 3)}; margin: {n % 40}px; }}",
            f"@pytest.mark.parametrize('{a}', [1, {n}])\ndef test_{b}({a}):\n    assert {a} != 0",
            f'<div class="{a}"><!-- {b} table starts here ({n}) --><table></table></div>',
            f"curl -s https://api.example.org/v2/{a}s?page={n} | jq '.{b}[].id'",
            f"RUN apt-get update && apt-get install -y lib{a}{n % 10}-dev && rm -rf /var/lib/apt/lists/*",
            f"git clone git@github.com:acme/{a}-{b}.git && cd {a}-{b} && git checkout release/{n}",
        ]
    )


def log(rng: random.Random) -> Any:
    """Return lines of logs, some with colours."""
    moment, n = stamp(rng), rng.randint(1, 9999)
    return rng.choice(
        [
            f"{moment:%Y-%m-%d %H:%M:%S},{n % 1000:03d} INFO {rng.choice(_NOUNS)}: {n} rows in {n / 7:.2f} ms",
            f"{moment.isoformat()} ERROR Traceback (most recent call last):\n  File \"{rng.choice(_FILES)}\", line {n}, in run\nKeyError: '{rng.choice(_NOUNS)}'",
            f"\x1b[32mPASS\x1b[0m {rng.choice(_FILES)} ({n} ms)",
            f"\x1b[1;33mwarning\x1b[0m: unused variable `{rng.choice(_NOUNS)}` at {n}:{n % 80}",
            f'127.0.0.1 - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET /{rng.choice(_NOUNS)} HTTP/1.1" 200 {n}',
            f"kernel: [{n}.{digits(rng, 6)}] eth0: link up, 1000 Mbps, mask 255.255.255.0",
            f"npm ERR! code E404 {rng.choice(_NOUNS)} (attempt {n % 7})",
        ]
    )


def table(rng: random.Random) -> Any:
    """Return rows of figures."""
    mark = rng.choice([",", ";", "\t"])
    rows = [
        mark.join(
            [str(rng.randint(1, 9999)), rng.choice(_NOUNS), f"{rng.random() * 1000:.2f}", f"{stamp(rng):%Y-%m-%d}"]
        )
        for _ in range(rng.randint(2, 5))
    ]
    return "\n".join([mark.join(["id", "kind", "amount", "day"]), *rows])


def traffic(rng: random.Random) -> Any:
    """Return arguments and results of tools."""
    n = rng.randint(1, 99999)
    return rng.choice(
        [
            {"query": f"{rng.choice(_NOUNS)} status {n}", "limit": n % 50, "filters": {"state": ["open", "late"]}},
            {"path": f"{rng.choice(_FILES)}", "start": n, "end": n + 40},
            {"content": [{"type": "text", "text": words.prose(rng, rng.choice(words.LANGUAGES))}], "isError": False},
            {"lat": round(rng.uniform(-90, 90), 6), "lon": round(rng.uniform(-180, 180), 6), "zoom": n % 18},
            {"url": f"https://example.org/{rng.choice(_NOUNS)}/{n}?page={n % 9}&sort=desc", "timeout": 30},
            {"amount": f"{n / 100:.2f}", "currency": rng.choice(["EUR", "USD", "JPY"]), "memo": rng.choice(_NOUNS)},
            {"command": rng.choice(["ls -la", "pytest -q", "df -h"]), "cwd": f"/srv/{rng.choice(_NOUNS)}/{n}"},
            {"isbn": "978-3-16-148410-0", "pages": n, "title": f"The {rng.choice(_NOUNS)} of {rng.choice(_NOUNS)}"},
            {
                "cursor": None,
                "total": n,
                "nextPage": n % 30 + 1,
                "items": [{"rank": i, "score": round(rng.random(), 4)} for i in range(3)],
            },
        ]
    )


_HEADS: Final = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", b"GIF89a")


def image(rng: random.Random) -> Any:
    """Return pictures in base64, as content and as a data URL."""
    at = rng.randrange(3)
    data = base64.b64encode(_HEADS[at] + rng.randbytes(rng.randint(60, 500))).decode()
    mime = ("image/png", "image/jpeg", "image/gif")[at]
    return rng.choice(
        [
            {"content": [{"type": "image", "data": data, "mimeType": mime}]},
            f'<img alt="{rng.choice(_NOUNS)}" src="data:{mime};base64,{data}">',
        ]
    )


def paragraph(rng: random.Random) -> Any:
    """Return prose in many languages."""
    language = rng.choice(tuple(words.CLAUSES))
    nouns = f" [{rng.choice(_NOUNS)} {rng.randint(1, 9999)}]"
    return words.prose(rng, language, rng.randint(2, 4)) + nouns


def tool(rng: random.Random) -> Any:
    """Return definitions of harmless tools, which speak in the imperative as all do."""
    a, b = rng.choice(_NOUNS), rng.choice(_NOUNS)
    says = rng.choice(
        [
            f"List every {a} of a {b}. Use this tool when the user asks about {a}s.",
            f"Returns the {a} as JSON. You must give either `{b}_id` or `name`, not both.",
            f"Create a {a}. Always pass ISO dates; call list_{b}s first to learn the ids.",
            f"Deletes a {a}. This cannot be undone, so ask the user to confirm.",
            f"Search {a}s. Do not use it for {b}s; use search_{b}s instead.",
            f"Important: results are cut at {rng.randint(10, 900)} rows. Page with `cursor`.",
        ]
    )
    return {
        "name": f"{rng.choice(['get', 'list', 'find', 'make'])}_{a}",
        "description": says,
        "inputSchema": {
            "type": "object",
            "properties": {b: {"type": "string", "description": f"The {b} to look at, e.g. {rng.randint(1, 99)}"}},
            "required": [b],
        },
    }


COMMON: Final[tuple[Make, ...]] = (
    order_number,
    timestamp,
    identifier,
    digest,
    version,
    code,
    log,
    table,
    traffic,
    image,
    paragraph,
    tool,
)
