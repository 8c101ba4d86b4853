"""How a key is spelt."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.plugins.auth.key_format import LENGTH, checksum, is_ours, key_id_of, new_id, new_key

KEY = "sgw_aB3dE6gH_" + "0123456789abcdefghijABCDEFGHIJxy"


def test_a_new_key_is_recognisable_well_formed_and_names_its_id() -> None:
    key_id = new_id()
    key = new_key(key_id)
    assert re.fullmatch(r"sgw_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", key)
    assert (is_ours(key), key_id_of(key), len(key)) == (True, key_id, LENGTH)


def test_new_keys_differ_even_for_one_id() -> None:
    assert len({new_key("aB3dE6gH") for _ in range(100)}) == 100


def test_the_checksum_is_the_crc_32_in_base62_so_that_scanners_can_check_it() -> None:
    assert checksum(b"123456789") == "3jZRME"  # CRC-32 of these is cbf43926
    assert key_id_of(KEY + checksum(KEY.encode())) == "aB3dE6gH"


@given(st.integers(0, LENGTH - 1), st.characters())
def test_one_wrong_character_anywhere_makes_a_key_malformed(place: int, char: str) -> None:
    key = KEY + checksum(KEY.encode())
    mistyped = key[:place] + char + key[place + 1 :]
    assert mistyped == key or key_id_of(mistyped) is None


@pytest.mark.parametrize(
    "text", ["", "sgw_", "sgw_" + "x" * 47, KEY, KEY + "000000", "x" * 10_000_000, "sgw_é" + "x" * 46]
)
def test_what_has_another_length_or_form_is_no_key(text: str) -> None:
    assert key_id_of(text) is None


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert key_id_of(text) is None
    assert key_id_of((KEY + text)[:LENGTH]) is None or len(text) >= 6
