"""An e-mail address in a URL or behind a name is found alone: what stands before it stays readable, and the server reachable."""

from __future__ import annotations

import pytest

from tests.plugins.guardrails.scanner.shared import scanner_of

SCANNER = scanner_of("pii")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8000/proxy/who?mail=a.b@example.com", "a.b@example.com"),
        ("https://shop.example/?q=1&u=ann@example.org&z=2", "ann@example.org"),
        ("https://example.com/users/bob@example.net/edit", "bob@example.net"),
        ("mail=ann@example.com", "ann@example.com"),
        ("/proxy/" + "x/" * 60 + "ann@example.com", "ann@example.com"),
        ("write to user/dept=sales@example.com please", "user/dept=sales@example.com"),
        ("ann+tag@example.com", "ann+tag@example.com"),
    ],
)
def test_an_address_is_found_without_the_url_around_it(text: str, address: str) -> None:
    assert [text[found.start : found.end] for found in SCANNER.scan_text(text) if found.type == "EMAIL"] == [address]
