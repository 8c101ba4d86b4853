"""The numbers of states and banks: examples that the issuers or others publish hold, and a changed one does not."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable

import pytest

from secure_gateway.plugins.guardrails.scanner import validators_americas as americas
from secure_gateway.plugins.guardrails.scanner import validators_asia as asia
from secure_gateway.plugins.guardrails.scanner import validators_europe as europe
from secure_gateway.plugins.guardrails.scanner import validators_money as money
from secure_gateway.plugins.guardrails.scanner import validators_sums as sums
from secure_gateway.plugins.guardrails.scanner.validators import icao_check
from tests.plugins.guardrails.scanner.shared import scanner_of
from tests.support.environments import env_python

Rule = Callable[[str], bool]

PUBLISHED: list[tuple[Rule, str]] = [
    (europe.de_tax_id, "36574261809"),
    (europe.de_pension, "15070649C103"),
    (europe.uk_nhs, "9434765919"),
    (europe.fr_nir, "295109912611193"),
    (europe.fr_nir, "253072B07300470"),
    (europe.it_fiscal_code, "RCCMNL83S18D969H"),
    (europe.es_dni, "54362315K"),
    (europe.es_dni, "X2482300W"),
    (europe.ru_snils, "11223344595"),
    (europe.pl_pesel, "44051401359"),
    (europe.nl_bsn, "111222333"),
    (europe.ch_ahv, "7569217076985"),
    (europe.fi_identity, "131052308T"),
    (europe.ie_pps, "6433435F"),
    (europe.tr_identity, "10000000146"),
    (americas.br_cpf, "39053344705"),
    (americas.br_cnpj, "16727230000197"),
    (americas.br_cnpj, "12ABC34501DE35"),
    (americas.mx_curp, "BOXW310820HNERXN09"),
    (americas.mx_rfc, "GODE561231GR8"),
    (americas.ca_sin, "123456782"),
    (americas.cl_rut, "125319092"),
    (asia.cn_resident, "11010519491231002X"),
    (asia.in_aadhaar, "234123412346"),
    (asia.au_tfn, "123456782"),
    (asia.sg_nric, "S1234567D"),
    (asia.hk_identity, "AB9876543"),
    (asia.tw_identity, "A123456789"),
    (asia.za_identity, "7503305044089"),
    (money.base58check, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    (money.base58check, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
    (money.bech32, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (icao_check, "L898902C36"),
]


@pytest.mark.parametrize(("rule", "number"), PUBLISHED)
def test_a_published_number_holds(rule: Rule, number: str) -> None:
    assert rule(number)


@pytest.mark.parametrize(("rule", "number"), PUBLISHED)
def test_of_a_published_number_with_its_last_digit_changed_at_most_one_in_nine_holds(rule: Rule, number: str) -> None:
    wrong = [number[:-2] + digit + number[-1] for digit in "0123456789" if digit != number[-2] and number[-2].isdigit()]
    assert sum(map(rule, wrong)) <= 1


# (ours, theirs, digits): the same answers wherever theirs knows no more than the check digits.
SAME: list[tuple[Rule, str, int]] = [
    (europe.uk_nhs, "gb.nhs", 10),
    (europe.uk_utr, "gb.utr", 10),
    (europe.nl_bsn, "nl.bsn", 9),
    (europe.de_tax_id, "de.idnr", 11),
    (europe.pt_nif, "pt.nif", 9),
    (europe.hr_oib, "hr.oib", 11),
    (europe.tr_identity, "tr.tckimlik", 11),
    (europe.ru_inn, "ru.inn", 12),
    (americas.ca_sin, "ca.sin", 9),
    (americas.br_cpf, "br.cpf", 11),
    (americas.ein, "us.ein", 9),
    (asia.jp_my_number, "jp.in_", 12),
    (asia.in_aadhaar, "in_.aadhaar", 12),
    (asia.au_tfn, "au.tfn", 9),
    (asia.il_identity, "il.idnr", 9),
]
_ASK = """
import importlib, json, sys
print(json.dumps([[importlib.import_module("stdnum." + name).is_valid(one) for one in numbers]
                  for name, numbers in json.load(sys.stdin)]))
"""


@pytest.mark.integration
def test_others_judge_made_up_numbers_as_these_rules_do() -> None:
    rng = random.Random(11)  # noqa: S311 - samples
    asked = [(name, [f"{rng.randrange(10**size):0{size}d}" for _ in range(2000)]) for _, name, size in SAME]
    theirs = json.loads(
        subprocess.run(
            [str(env_python("checkers")), "-c", _ASK],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    for (rule, name, _), (_, numbers), answers in zip(SAME, asked, theirs, strict=True):
        assert [rule(number) for number in numbers] == answers, name


@pytest.mark.parametrize("text", ["000000", "991332", "230230"])
def test_a_day_that_is_in_no_calendar_is_none(text: str) -> None:
    assert not sums.yymmdd(text)


SCANNED: list[tuple[str, object]] = [
    ("EMAIL", "write to ann at example dot com please"),
    ("EMAIL", "ann [at] example [dot] co [dot] uk"),
    ("EMAIL", "ann(at)example.com"),
    ("EMAIL", "ann&#64;example.com"),
    ("EMAIL", "escriba a ana arroba ejemplo punto es"),
    ("EMAIL", 'mail "ann smith"@example.com'),
    ("MAC_ADDRESS", "up: 00:1B:44:11:3A:B7 at 10:30:45"),
    ("MAC_ADDRESS", {"mac": "001b44113ab7"}),
    ("MRZ", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"),
    ("MRZ", "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
    ("BIC", "SWIFT: DEUTDEFF500"),
    ("BR_CNPJ", "fornecedor 16.727.230/0001-97"),
    ("UK_NINO", "NINO AB 12 34 56 C"),
    ("EIN", {"ein": "121234567"}),
    ("PASSPORT", {"passport": {"number": "K1234567"}}),
    ("DRIVING_LICENCE", "driver's license: D1234567"),
    ("MEDICAL_RECORD", "patientMrn=00123456"),
    ("NATIONAL_ID", "national ID 8401019999"),
    ("DATE_OF_BIRTH", "생년월일 1985년 5월 6일"),
    ("DATE_OF_BIRTH", "dob: 6-Apr-1988"),
    ("PHONE", "telefono: 050.833.13.57"),
    ("CRYPTO_ADDRESS", "send to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (
        "UK_NHS",
        "name,city,status,comment,and_more_columns,that_push,the_heading,away,nhs_number\n"
        + "a,b,c,d,e,f,g,h,9434765919\n" * 9,
    ),
]


@pytest.mark.parametrize(("kind", "value"), SCANNED)
def test_a_value_is_found_as_what_it_is(kind: str, value: object) -> None:
    assert kind in {finding.type for finding in scanner_of("pii").scan(value)}


def test_a_row_far_below_its_heading_is_found_by_it() -> None:
    found = scanner_of("pii").scan_text(str(SCANNED[-1][1]))
    assert sum(finding.type == "UK_NHS" for finding in found) == 9


@pytest.mark.parametrize(
    "text",
    [
        "look at the dot in the corner",
        "arrived at ground point zero",
        "SHA256 fingerprint 43:51:43:a1:b5:fc:8b:b7:0a:3a:a9:b1:0f:66:73:a8",
        "interface 0000.0000.0000 and 1234.5678.9012",
        "wird ein 123456789 Stellen langer Text",
        "SWIFT DOCUMENTS and BIC REQUIREMENTS",
        "passport issued 2019-01-02",
        "sin 123 456 789 palabras",
        "iPhone 356938035643809",
        "0x0000000000000000000000000000000000000001",
        'see "name","@type.example" there',
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert scanner_of("pii").scan_text(text) == []


@pytest.mark.parametrize(
    "text", ['{"phone_verified": true, "id": 12345678901}', "phone_ok=1 total=12345678", "<tel/><n>12345678</n>"]
)
def test_a_number_that_a_program_names_is_not_taken_for_what_stands_before(text: str) -> None:
    assert scanner_of("pii").scan_text(text) == []


@pytest.mark.parametrize(
    "text",
    ['{"mobile": "12345678901"}', "homePhone=12345678", "<phone>12345678</phone>", '{"phone": {"number": "12345678"}}'],
)
def test_a_number_that_a_program_names_is_what_its_name_says(text: str) -> None:
    assert [finding.type for finding in scanner_of("pii").scan_text(text)] == ["PHONE"]
