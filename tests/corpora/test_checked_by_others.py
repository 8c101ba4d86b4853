"""Made-up values are valid by other people's check digits and numbering plans, and by the vectors of the standards."""

from __future__ import annotations

import json
import random
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpora.generators import contacts, finance, identity
from tests.corpora.generators.secret_formats import draw
from tests.support.environments import env_python

pytestmark = pytest.mark.integration

_CHECKER = Path(__file__).parent / "checkers.py"
_PER_TYPE = 200

_DRAWS: dict[str, Callable[[random.Random], str]] = {
    "AU_TFN": identity.au_tfn,
    "BIC": finance.bic,
    "BR_CPF": identity.br_cpf,
    "CARD": lambda rng: finance.card(rng)[0],
    "CA_SIN": identity.ca_sin,
    "CN_RESIDENT_ID": identity.cn_resident,
    "DE_TAX_ID": identity.de_tax_id,
    "EIN": identity.ein,
    "ES_DNI": identity.es_dni,
    "FR_NIR": identity.fr_nir,
    "IBAN": lambda rng: finance.iban(rng, rng.choice(finance.IBAN_COUNTRIES)),
    "IN_AADHAAR": identity.in_aadhaar,
    "IN_PAN": identity.in_pan,
    "IT_FISCAL_CODE": identity.it_fiscal_code,
    "JP_MY_NUMBER": identity.jp_my_number,
    "KR_RRN": identity.kr_rrn,
    "MX_CURP": identity.mx_curp,
    "RU_INN": identity.ru_inn,
    "SSN": identity.ssn,
    "UK_NHS": identity.uk_nhs,
}


@pytest.fixture
def rng() -> random.Random:
    return random.Random(20_240_601)  # noqa: S311 - made-up values, the same in every run


def refused(values: list[tuple[str, str]]) -> list[tuple[str, str]]:
    asked = "".join(json.dumps(value) + "\n" for value in values)
    python = str(env_python("checkers"))
    answers = subprocess.run([python, str(_CHECKER)], input=asked, capture_output=True, text=True, check=True).stdout
    return [value for value, answer in zip(values, answers.split(), strict=True) if answer != "true"]


def test_every_number_with_a_check_digit_passes_the_check_of_others(rng: random.Random) -> None:
    assert refused([(kind, make(rng)) for kind, make in _DRAWS.items() for _ in range(_PER_TYPE)]) == []


def test_every_itin_of_the_ranges_before_2013_passes_the_check_of_others(rng: random.Random) -> None:
    old = [number for _ in range(600) if int((number := identity.itin(rng))[3:5]) >= 70]
    assert refused([("ITIN", number) for number in old]) == []


def test_every_telephone_number_is_possible_in_its_country_however_it_is_written(rng: random.Random) -> None:
    numbers = [contacts.phone(rng) for _ in range(1500)]
    assert refused([(f"PHONE/{region}", text) for region, text, _ in numbers]) == []


def test_every_bitcoin_address_passes_the_check_of_others(rng: random.Random) -> None:
    drawn = [finance.crypto(rng) for _ in range(1500)]
    # Taproot is younger than the checker; the vector below stands for it.
    known = [text for text in drawn if text.startswith(("1", "3", "bc1q"))]
    assert refused([("BITCOIN", text) for text in known]) == []


def test_a_broken_number_is_refused_by_the_checker() -> None:
    assert refused([("CARD", "4111111111111112"), ("CARD", "4111111111111111")]) == [("CARD", "4111111111111112")]


def test_taproot_ethereum_and_keccak_agree_with_their_standards() -> None:
    program = bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert (
        finance._bech32("bc", 1, program, 0x2BC830A3)
        == "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
    )
    assert finance._eip55("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed") == "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert finance.keccak256(b"").hex() == empty


def test_the_machine_readable_zone_has_the_check_digits_of_the_specimen() -> None:
    """ICAO 9303-4, the specimen of Utopia."""
    assert [identity._icao(text) for text in ("L898902C3", "740812", "120415")] == ["6", "2", "9"]


def test_a_github_token_ends_with_the_checksum_of_the_rest(rng: random.Random) -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for _ in range(50):
        token = draw(rng, "ghp_{crc}")
        number = 0
        for char in token[-6:]:
            number = number * 62 + alphabet.index(char)
        assert len(token) == 40
        assert number == zlib.crc32(token[4:-6].encode())
