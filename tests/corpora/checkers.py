"""Asks others whether made-up values are valid. Run with the interpreter of the environment ``checkers``: ``[type, value]`` a line in, a truth value out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Final

import phonenumbers  # type: ignore[import-not-found]
import stdnum.au.tfn  # type: ignore[import-not-found]
import stdnum.bic  # type: ignore[import-not-found]
import stdnum.bitcoin  # type: ignore[import-not-found]
import stdnum.br.cpf  # type: ignore[import-not-found]
import stdnum.ca.sin  # type: ignore[import-not-found]
import stdnum.cn.ric  # type: ignore[import-not-found]
import stdnum.de.idnr  # type: ignore[import-not-found]
import stdnum.es.dni  # type: ignore[import-not-found]
import stdnum.es.nie  # type: ignore[import-not-found]
import stdnum.fr.nir  # type: ignore[import-not-found]
import stdnum.gb.nhs  # type: ignore[import-not-found]
import stdnum.iban  # type: ignore[import-not-found]
import stdnum.in_.aadhaar  # type: ignore[import-not-found]
import stdnum.in_.pan  # type: ignore[import-not-found]
import stdnum.it.codicefiscale  # type: ignore[import-not-found]
import stdnum.jp.in_  # type: ignore[import-not-found]
import stdnum.kr.rrn  # type: ignore[import-not-found]
import stdnum.luhn  # type: ignore[import-not-found]
import stdnum.mx.curp  # type: ignore[import-not-found]
import stdnum.ru.inn  # type: ignore[import-not-found]
import stdnum.us.ein  # type: ignore[import-not-found]
import stdnum.us.itin  # type: ignore[import-not-found]
import stdnum.us.ssn  # type: ignore[import-not-found]

Check = Callable[[str], bool]


def _phone(region: str) -> Check:
    def check(text: str) -> bool:
        # 00 is what is dialled in Europe before a country's code.
        parsed = phonenumbers.parse(text, "DE" if text.startswith("00") else region)
        return bool(phonenumbers.is_possible_number(parsed)) and parsed.country_code == _code(region)

    return check


def _code(region: str) -> int:
    return int(phonenumbers.country_code_for_region(region))


CHECKS: Final[dict[str, Check]] = {
    "AU_TFN": stdnum.au.tfn.is_valid,
    "BIC": stdnum.bic.is_valid,
    "BITCOIN": stdnum.bitcoin.is_valid,
    "BR_CPF": stdnum.br.cpf.is_valid,
    "CARD": stdnum.luhn.is_valid,
    "CA_SIN": stdnum.ca.sin.is_valid,
    "CN_RESIDENT_ID": lambda text: text[-1] == stdnum.cn.ric.calc_check_digit(text),  # it knows few places
    "DE_TAX_ID": stdnum.de.idnr.is_valid,
    "EIN": stdnum.us.ein.is_valid,
    "ES_DNI": lambda text: bool(stdnum.es.dni.is_valid(text) or stdnum.es.nie.is_valid(text)),
    "FR_NIR": stdnum.fr.nir.is_valid,
    "IBAN": lambda text: bool(stdnum.iban.is_valid(text, check_country=False)),
    "IN_AADHAAR": stdnum.in_.aadhaar.is_valid,
    "IN_PAN": stdnum.in_.pan.is_valid,
    "ITIN": stdnum.us.itin.is_valid,
    "IT_FISCAL_CODE": stdnum.it.codicefiscale.is_valid,
    "JP_MY_NUMBER": stdnum.jp.in_.is_valid,
    "KR_RRN": stdnum.kr.rrn.is_valid,
    "MX_CURP": stdnum.mx.curp.is_valid,
    "RU_INN": stdnum.ru.inn.is_valid,
    "SSN": stdnum.us.ssn.is_valid,
    "UK_NHS": stdnum.gb.nhs.is_valid,
}


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        kind, text = json.loads(line)
        check = _phone(kind.removeprefix("PHONE/")) if kind.startswith("PHONE/") else CHECKS[kind]
        print(json.dumps(check(text)), flush=False)


if __name__ == "__main__":
    main()
