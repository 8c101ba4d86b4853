"""The rules of the core say of every text of ASCII characters what their twins in Python say; where these raise an error, no."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest
from fuzz.verdicts import RULES, compare, compare_measures, iban_prefix, native, verdict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secure_gateway.native import core
from secure_gateway.plugins.guardrails.scanner import PII_DETECTORS, SECRET_DETECTORS
from secure_gateway.plugins.guardrails.scanner.finding import Check, Detector
from secure_gateway.plugins.guardrails.scanner.folding import fold_pattern
from secure_gateway.plugins.guardrails.scanner.pii_contacts import address_detectors
from secure_gateway.plugins.guardrails.scanner.pii_shapes import compact
from secure_gateway.plugins.guardrails.scanner.validators import IBAN_LENGTHS
from tests.plugins.guardrails.scanner.drawn import draw_match, drawable
from tests.plugins.guardrails.scanner.samples import draw, with_checksum

# Where the Python twin is in use it is compared with itself: that shows that the tests run, and little of it is enough.
_MANY: Final = 2000 if core() else 10
_DRAWN: Final = 8 if core() else 1
_ASCII: Final = "".join(map(chr, range(128)))
_LONGEST: Final = 30
_ALPHABETS: Final = (
    _ASCII,
    string.digits,
    string.digits + "+-_ ",
    string.digits + string.ascii_uppercase,
    string.hexdigits + ".:%/",
)
_DETECTORS: Final = (*PII_DETECTORS, *SECRET_DETECTORS, *address_detectors(private=True))

# These need a hash function, which the core does without.
_OF_PYTHON_ALONE: Final = frozenset({"base58check"})

_WITH_SUM: Final = with_checksum("gh" + "p_", draw(30))

VALID: Final[tuple[tuple[str, str], ...]] = (
    ("luhn", "79927398713"), ("varied", "10"), ("ein", "121234567"), ("ca_sin", "123456782"), ("br_cpf", "39053344705"), ("br_cnpj", "16727230000197"),
    ("br_cnpj", "12ABC34501DE35"), ("mx_curp", "BOXW310820HNERXN09"), ("mx_rfc", "GODE561231GR8"), ("mx_nss", "12345678903"), ("ar_cuit", "20267565393"),
    ("cl_rut", "125319092"), ("cl_rut", "76543216"), ("cn_resident", "11010519491231002X"), ("jp_my_number", "123456789018"), ("in_aadhaar", "234123412346"),
    ("in_pan", "AAAPL1234C"), ("kr_rrn", "8501011234567"), ("kr_rrn_checked", "8501011234566"), ("kr_rrn_checked", "8501015234569"), ("au_tfn", "123456782"), ("au_medicare", "2123456701"),
    ("nz_ird", "49091850"), ("sg_nric", "S1234567D"), ("sg_nric", "M1234567K"), ("hk_identity", "AB9876543"), ("hk_identity", "G123456(A)"),
    ("tw_identity", "A123456789"), ("th_identity", "1234567890121"), ("id_nik", "3171011708450001"), ("my_identity", "770305021234"), ("il_identity", "039337423"),
    ("za_identity", "7503305044089"), ("ae_identity", "784198012345678"), ("de_tax_id", "36574261809"), ("de_pension", "15070649C103"), ("uk_nino", "AB123456C"),
    ("uk_nhs", "9434765919"), ("uk_utr", "1955839661"), ("fr_nir", "295109912611193"), ("fr_nir", "253072B07300470"), ("fr_spi", "3023217600053"),
    ("it_fiscal_code", "RCCMNL83S18D969H"), ("es_dni", "54362315K"), ("es_dni", "X2482300W"), ("ru_inn", "500100732259"), ("ru_snils", "11223344595"),
    ("pl_pesel", "44051401359"), ("nl_bsn", "111222333"), ("be_national", "85073003328"), ("ch_ahv", "7569217076985"), ("at_insurance", "1237010180"),
    ("pt_nif", "123456789"), ("se_personal", "8112189876"), ("se_personal", "198112189876"), ("no_birth_number", "01010750160"), ("dk_cpr", "0707614285"),
    ("fi_identity", "131052-308T"), ("ie_pps", "6433435F"), ("ie_pps", "6433435FW"), ("cz_birth_number", "7401040020"), ("ro_cnp", "1630615123457"),
    ("bg_egn", "7523169263"), ("gr_amka", "01013099997"), ("hr_oib", "33392005961"), ("ua_tax", "1759013776"), ("baltic_personal", "37605030299"),
    ("tr_identity", "10000000146"), ("ssn", "899-01-0001"), ("itin", "912-70-1234"), ("e164", "14155552671"), ("e164", "4930901820"), ("nanp", "2125550187"),
    ("_ten_digits", "1 (212) 555-0187"), ("icao_check", "L898902C36"), ("bic", "DEUTDEFF500"), ("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("bech32_key", "A12UEL5L"), ("solana", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"), ("monero", _ASCII[48:80]), ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ipv4_address", "8.8.8.8"), ("ipv4_address_private", "172.16.31.1"), ("ipv6_address", "2001:db8:85a3::8a2e:370:7334"), ("ipv6_address", "2001:db8::192.0.2.1%eth0"),
    ("ipv6_address_private", "fe80::1"), ("ipv6_address_private", "2001:0db8:0000:0000:0000:ff00:0042:8329"), ("crc32_base62", _WITH_SUM), ("crc32_hex", "123456789_cbf43926"),
    ("is_sample", "put-token-HERE!"), ("is_sample", "AKIAIOSFODNN7EXAMPLE"), ("is_sample", "ababababababababababab"), ("is_worded", "maxRetries_2.ofRequests"),
    ("is_generated", "q7Zk2PxV9mWb4TnL"), ("is_hexadecimal", "550e8400-e29b-41d4"), ("is_password", "qwrtpsdf"),
)  # fmt: skip
IBANS: Final = (
    "GB82WEST12345698765432", "DE89 3704 0044 0532 0130 00", "fr14-2004-1010-0505-0001-3m02-606", "NO9386011117947", "MT84MALT011000012345MTLCAST001S tail",
)  # fmt: skip


def _asked(check: Check | None) -> Iterator[str]:
    """Return the names of the rules that ``check`` was given."""
    closed = getattr(check, "__closure__", None) or ()
    given = (*check.args, *check.keywords.values()) if isinstance(check, partial) else (c.cell_contents for c in closed)
    return (getattr(each, "__name__", repr(each)) for each in given if callable(each))


def test_every_rule_of_the_tables_has_a_twin_in_the_core_but_those_that_are_listed() -> None:
    asked = {name for detector in _DETECTORS for name in _asked(detector.check)}
    assert len(asked) > 60
    assert asked - RULES.keys() == _OF_PYTHON_ALONE
    if found := native():
        assert [name for name in RULES if found.satisfies(name, "") is None] == []
        assert [name for name in _OF_PYTHON_ALONE if found.satisfies(name, "") is not None] == []


def test_every_rule_has_a_number_that_holds() -> None:
    assert {name for name, _ in VALID} == RULES.keys()
    for name, text in VALID:
        assert verdict(RULES[name], text), name
    assert all(map(iban_prefix, IBANS))


@pytest.mark.parametrize(("name", "text"), VALID)
def test_of_a_valid_number_with_any_character_changed_both_say_the_same(name: str, text: str) -> None:
    for changed in _neighbours(text):
        compare(changed, (name,))


@pytest.mark.parametrize("text", IBANS)
def test_of_an_iban_with_any_character_changed_both_say_the_same(text: str) -> None:
    for changed in _neighbours(text):
        compare_measures(changed)


def _neighbours(text: str) -> Iterator[str]:
    """Return a text, and what becomes of it where one character is another one, is left out or comes twice."""
    yield text
    for place, char in enumerate(text):
        before, after = text[:place], text[place + 1 :]
        yield from (before + other + after for other in _ASCII)
        yield from (before + after, before + char + char + after)


@pytest.mark.parametrize("detector", _DETECTORS, ids=lambda each: each.id)
def test_of_what_a_detector_looks_for_both_say_the_same(detector: Detector) -> None:
    rng = random.Random(detector.id)  # noqa: S311 - the same texts in every run
    for _ in range(_DRAWN):
        drawn = draw_match(drawable(fold_pattern(detector.exact)), rng)
        for text in dict.fromkeys((drawn, compact(drawn), drawn.lower())):
            if text.isascii():
                compare(text)
                compare_measures(text)


@settings(max_examples=_MANY)
@example("")
@given(st.sampled_from(_ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, max_size=_LONGEST)))
def test_of_any_text_both_say_the_same(text: str) -> None:
    compare(text)
    compare_measures(text)


def test_both_know_the_same_countries_states_and_prefixes() -> None:
    for two in (first + second for first in string.ascii_uppercase for second in string.ascii_uppercase):
        compare(f"DEUT{two}FF500", ("bic",))
        compare(f"BOXW310820H{two}RXN09", ("mx_curp",))
        compare(f"{two}123456C", ("uk_nino",))
    for number in range(1000):
        compare(f"{number}23456789", ("e164",))
        compare(f"{number % 100:02d}3456789", ("ein",))
        compare(f"770305{number % 100:02d}1234", ("my_identity",))


def test_both_know_how_long_the_ibans_of_each_country_are() -> None:
    for country in (first + second for first in string.ascii_uppercase for second in string.ascii_uppercase):
        for size in {IBAN_LENGTHS.get(country, 20) + more for more in (-1, 0, 1)}:
            for account in ("0" * (size - 4), "0" * (size - 5) + "A"):
                compare_measures(_with_check_digits(country, account))


def _with_check_digits(country: str, account: str) -> str:
    number = int("".join(str(int(char, 36)) for char in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def test_what_the_core_cannot_judge_it_leaves_to_python() -> None:
    if (found := native()) is None:
        assert core() is None
        return
    for text in ("4111 1111 1111 111\u0661", "\ud800", "é"):
        assert found.satisfies("luhn", text) is None
        assert found.measured("entropy", text) is None
    assert found.satisfies("no such rule", "1") is None
    assert found.measured("luhn", "1") is None
    for other in (None, 5, b"18"):
        assert found.satisfies("luhn", other) is None
