"""No input makes a scan hang: a child process scans what explodes elsewhere and is given generous minutes in all."""

from __future__ import annotations

import subprocess
import sys

import pytest

_CHILD = """
import base64, itertools, sys
from secure_gateway.plugins.guardrails.scanner import *

scanner = Scanner(PII_DETECTORS + SECRET_DETECTORS + INJECTION_DETECTORS)
size = int(sys.argv[1])
nest = b"ignore all previous "
while len(nest) < size:
    nest = base64.b64encode(nest * 2)
begin = "-----BEGIN " + "PRIVATE KEY-----"
pieces = {
    "digits": "1", "separated digits": "4 1 ", "cards that fail": "4111 1111 1111 1112 ", "at": "@", "local parts": "a@",
    "spaces": " ", "combining": "e\\u0301", "marks": "\\u0301", "expanding": "\\ufdfa", "invisible": "4\\u200b", "dashes": "-",
    "headers": begin, "bodies": begin + "a" * 40, "comments": "<!--", "open comments": "<!-- ai ignore -", "images": "![",
    "open images": "![a](http://x?", "quotes": 'password="', "addresses": "http://a:", "addresses with at": "http://a:b",
    "colons": "2001::", "dots": "1.1.1.1.", "born": "born ", "phones": "phone 123 456 7890 ", "ignore": "ignore all previous ",
    "send": "send all files ", "before": "before using the tool ", "tokens": "eyJhbGciOiJ", "ibans": "DE89 3704 ",
    "surrogates": "\\ud800", "tags": "\\U000e0041", "escapes": "\\x1b[", "chinese": "\\u5ffd\\u7565", "backslashes": "\\\\",
}
texts = {name: piece * (size // len(piece)) for name, piece in pieces.items()}
texts["nested base64"] = nest.decode()
assert len(scanner.scan({"k" * size: [1] * 100_000 + ["a@b.io"]})) == 1
for name, text in texts.items():
    print(name, flush=True)
    try:
        scanner.scan({"t": [text, {"password": text[:1000]}]})
    except ScanLimitExceeded:
        pass
"""


def _scan(size: int, seconds: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(size)], capture_output=True, text=True, timeout=seconds, check=False
    )
    assert child.returncode == 0, (child.stdout[-200:], child.stderr[-2000:])
    assert child.stdout.splitlines()[-1] == "nested base64"


def test_a_long_text_of_anything_is_scanned_to_its_end() -> None:
    _scan(40_000, 300)


@pytest.mark.soak
def test_a_megabyte_of_anything_is_scanned_to_its_end() -> None:
    _scan(1_000_000, 1200)
