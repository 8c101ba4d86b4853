"""The arithmetic of the formats, on the examples of their specifications."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.guardrails.scanner import validators
from tests.plugins.guardrails.scanner.samples import JWT, draw, segment, with_checksum


@given(st.text(alphabet="0123456789", min_size=11, max_size=18))
def test_exactly_one_check_digit_satisfies_luhn(digits: str) -> None:
    assert sum(validators.luhn(digits + check) for check in "0123456789") == 1


@pytest.mark.parametrize(
    "iban",
    [
        "GB82WEST12345698765432",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "SA0380000000608010167519",
        "BR1800360305000010009795493C1",
        "RU0304452522540817810538091310419",
    ],
)
def test_registered_ibans_hold_and_no_changed_digit_does(iban: str) -> None:
    assert validators.iban_prefix(iban) == len(iban)
    assert validators.iban_prefix(f"{iban} tail") == len(iban)
    assert validators.iban_prefix(f"{iban}9") == 0
    for place in range(2, len(iban)):
        changed = iban[:place] + ("1" if iban[place] != "1" else "2") + iban[place + 1 :]
        assert validators.iban_prefix(changed) == 0


@pytest.mark.parametrize("number", ["001-01-0001", "665-99-9999", "667-01-0001", "899-99-9999"])
def test_issued_social_security_numbers_hold(number: str) -> None:
    assert validators.ssn(number)


@pytest.mark.parametrize(
    "number", ["000-01-0001", "666-01-0001", "900-01-0001", "001-00-0001", "001-01-0000", "001-01.0001"]
)
def test_numbers_never_issued_do_not(number: str) -> None:
    assert not validators.ssn(number)


@pytest.mark.parametrize(
    ("group", "known"),
    [
        ("49", False),
        ("50", True),
        ("65", True),
        ("66", False),
        ("70", True),
        ("89", False),
        ("93", False),
        ("99", True),
    ],
)
def test_an_itin_has_a_known_group(group: str, known: bool) -> None:
    assert validators.itin(f"900-{group}-0001") is known


@pytest.mark.parametrize(
    ("digits", "valid"),
    [
        ("14155552671", True),
        ("1415555267", False),
        ("11155552671", False),
        ("4930901820", True),
        ("2100000000", False),
        ("447", False),
        ("4" * 16, False),
    ],
)
def test_an_international_number_has_a_country_and_a_length(digits: str, valid: bool) -> None:
    assert validators.e164(digits) is valid


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.0.1", "100.64.0.1", "169.254.1.1"]
)
def test_internal_addresses_are_a_hosts_only_if_asked_for(address: str) -> None:
    assert not validators.ipv4_address(address, private=False)
    assert validators.ipv4_address(address, private=True)


@pytest.mark.parametrize(
    "address", ["0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.0", "1.2.3.256", "01.2.3.4", "300.1.1.1"]
)
def test_what_is_no_hosts_address_never_is(address: str) -> None:
    assert not validators.ipv4_address(address, private=True)


@pytest.mark.parametrize(("address", "private"), [("fd00::1", True), ("fe80::1", True), ("fc00:1::2", True)])
def test_local_ipv6_addresses_are_a_hosts_only_if_asked_for(address: str, private: bool) -> None:
    assert not validators.ipv6_address(address, private=False)
    assert validators.ipv6_address(address, private=True) is private


@pytest.mark.parametrize("address", ["face::cafe", "::1", "::", "2001:db8:::1", "20::1", "12345::1"])
def test_names_with_colons_are_no_addresses(address: str) -> None:
    assert not validators.ipv6_address(address, private=True)


@given(st.text(alphabet="abcdefgXYZ0189", min_size=30, max_size=30))
def test_a_documented_checksum_holds_only_unchanged(body: str) -> None:
    token = with_checksum("gh" + "p_", body)
    assert validators.crc32_base62(token)
    assert not validators.crc32_base62(token[:-1] + ("1" if token[-1] != "1" else "2"))


def test_entropy_is_in_bits_per_character() -> None:
    assert validators.entropy("") == 0.0
    assert validators.entropy("aaaa") == 0.0
    assert validators.entropy("abcd") == 2.0


@pytest.mark.parametrize(
    ("token", "valid"),
    [
        (JWT, True),
        (segment({"typ": "JWT"}) + ".x.y", False),
        (segment(["alg"]) + ".x.y", False),
        (segment({"alg": 5}) + ".x.y", False),
        ("eyJ" + draw(20) + ".x.y", False),
        ("!.x.y", False),
        ("", False),
    ],
)
def test_a_jose_header_is_a_json_object_that_names_an_algorithm(token: str, valid: bool) -> None:
    assert validators.jose_header(token) is valid


@given(st.binary())
def test_base64_decodes_with_or_without_padding_in_both_alphabets(raw: bytes) -> None:
    for text in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert validators.decode_base64(text.decode()) == raw
        assert validators.decode_base64(text.decode().rstrip("=")) == raw
