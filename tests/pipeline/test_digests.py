"""What the digests in records promise."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_gateway.pipeline.digests import LONG, Digester

KEY = b"a key for tests, known to everybody"


@pytest.mark.parametrize("size", [0, 1, LONG, LONG + 1, 100_000])
def test_a_digest_has_32_hexadecimal_digits_and_is_the_same_each_time_for_the_same_key(size: int) -> None:
    data = b"x" * size
    digest = Digester(KEY).digest(data)
    assert re.fullmatch("[0-9a-f]{32}", digest)
    assert digest == Digester(KEY).digest(data)


@pytest.mark.parametrize("size", [0, 1, LONG, LONG + 1, 100_000])
def test_another_key_gives_another_digest_so_nobody_can_guess_a_payload_by_trying(size: int) -> None:
    data = b"x" * size
    other = Digester(KEY[:-1]).digest(data)
    assert other != Digester(KEY).digest(data)
    assert hashlib.sha256(data).hexdigest()[:32] not in (other, Digester(KEY).digest(data))


@given(st.sampled_from([1, 1000, LONG, LONG + 1, 20_000]), st.integers(min_value=0), st.integers(0, 7))
def test_one_bit_anywhere_changes_the_digest(size: int, place: int, bit: int) -> None:
    changed = bytearray(size)
    changed[place % size] ^= 1 << bit
    digester = Digester(KEY)
    assert digester.digest(bytes(changed)) != digester.digest(bytes(size))


@given(st.binary(max_size=40), st.integers(1, 64))
def test_zeros_at_the_end_of_a_long_payload_change_the_digest(end: bytes, zeros: int) -> None:
    digester, data = Digester(KEY), b"x" * LONG + b"y" + end
    assert digester.digest(data + bytes(zeros)) != digester.digest(data)


def test_a_key_that_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        Digester(b"k" * 65)
