"""Numbers that states give to people, with their check digits. Each function names where its rule is published."""

from __future__ import annotations

import random
from typing import Final

from tests.corpora.generators.digits import birth_date, digits, iso7064_mod11_10, luhn_digit, verhoeff_digit, weighted

UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def ssn(rng: random.Random) -> str:
    """Social Security Administration, RM 10201.035: area 001-899 but 666, group 01-99, serial 0001-9999."""
    area = rng.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03d}{rng.randint(1, 99):02d}{rng.randint(1, 9999):04d}"


def itin(rng: random.Random) -> str:
    """IRS, Internal Revenue Manual 3.21.263: 9xx, fourth and fifth digit 50-65, 70-88, 90-92, 94-99."""
    group = rng.choice([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])
    return f"9{rng.randint(0, 99):02d}{group:02d}{rng.randint(0, 9999):04d}"


def ein(rng: random.Random) -> str:
    """IRS, "How EINs are assigned and valid EIN prefixes"."""
    prefixes = [
        *range(1, 7),
        *range(10, 17),
        *range(20, 28),
        *range(30, 49),
        *range(50, 69),
        *range(71, 78),
        *range(80, 89),
    ]
    prefix = rng.choice([*prefixes, *range(90, 96), 98, 99])
    return f"{prefix:02d}{digits(rng, 7)}"


def cn_resident(rng: random.Random) -> str:
    """GB 11643-1999: division code, birth date, sequence, ISO 7064 MOD 11-2."""
    region = rng.choice(["110101", "310104", "440305", "330106", "510107", "320102", "420106", "610113", "370202"])
    body = region + birth_date(rng).strftime("%Y%m%d") + digits(rng, 3)
    return body + "10X98765432"[weighted(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11]


def de_tax_id(rng: random.Random) -> str:
    """Bundeszentralamt fuer Steuern: in ten digits exactly one occurs twice, ISO 7064 MOD 11,10, no leading zero."""
    while True:
        pool = rng.sample("0123456789", 9)
        body = "".join(rng.sample([*pool, pool[0]], 10))
        if body[0] != "0":
            return body + iso7064_mod11_10(body)


def jp_my_number(rng: random.Random) -> str:
    """Ministry of Internal Affairs ordinance 85 of 2014, article 5."""
    body = digits(rng, 11)
    rest = weighted(body[::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return body + str(0 if rest <= 1 else 11 - rest)


def in_aadhaar(rng: random.Random) -> str:
    """UIDAI: twelve digits, the first 2-9, Verhoeff."""
    body = rng.choice("23456789") + digits(rng, 10)
    return body + verhoeff_digit(body)


def in_pan(rng: random.Random) -> str:
    """Income Tax Department of India: five letters of which the fourth is the holder's kind, four digits, a letter."""
    letters = [*rng.choices(UPPER, k=3), rng.choice("PCHFATBLJG"), rng.choice(UPPER)]
    return "".join(letters) + f"{rng.randint(1, 9999):04d}" + rng.choice(UPPER)


def uk_nino(rng: random.Random) -> str:
    """HMRC, National Insurance Manual NIM39110."""
    while True:
        prefix = rng.choice("ABCEGHJKLMNOPRSTWXYZ") + rng.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}:
            return prefix + digits(rng, 6) + rng.choice("ABCD")


def uk_nhs(rng: random.Random) -> str:
    """NHS Data Dictionary, NHS NUMBER: modulus 11."""
    while True:
        body = rng.choice("467") + digits(rng, 8)
        check = 11 - weighted(body, range(10, 1, -1)) % 11
        if check != 10:
            return body + str(check % 11)


def fr_nir(rng: random.Random) -> str:
    """INSEE: sex, year, month, department, commune, order, key 97 - n mod 97."""
    department = rng.choice([n for n in range(1, 96) if n != 20])
    body = (
        f"{rng.choice('12')}{rng.randint(30, 99):02d}{rng.randint(1, 12):02d}{department:02d}"
        f"{rng.randint(1, 580):03d}{rng.randint(1, 999):03d}"
    )
    return body + f"{97 - int(body) % 97:02d}"


_ODD: Final = dict(
    zip(
        "0123456789" + UPPER,
        (
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            2,
            4,
            18,
            20,
            11,
            3,
            6,
            8,
            12,
            14,
            16,
            10,
            22,
            25,
            24,
            23,
        ),
        strict=True,
    )
)


def it_fiscal_code(rng: random.Random) -> str:
    """Decreto ministeriale 23 dicembre 1976."""
    born = birth_date(rng)
    day = born.day + rng.choice((0, 40))
    consonants = "BCDFGLMNPRSTV"
    place = rng.choice(["H501", "F205", "L219", "F839", "D612", "G273", "A944", "L736"])
    body = (
        "".join(rng.choices(consonants, k=6)) + f"{born.year % 100:02d}{'ABCDEHLMPRST'[born.month - 1]}{day:02d}{place}"
    )
    total = sum(
        _ODD[char] if index % 2 == 0 else int(char, 36) - (10 if char.isalpha() else 0)
        for index, char in enumerate(body)
    )
    return body + UPPER[total % 26]


def br_cpf(rng: random.Random) -> str:
    """Receita Federal, Instrucao Normativa RFB 1548/2015: two digits modulus 11."""
    while len(set(body := digits(rng, 9))) < 3:
        pass
    for start in (10, 11):
        rest = weighted(body, range(start, 1, -1)) * 10 % 11
        body += str(rest % 10)
    return body


def ca_sin(rng: random.Random) -> str:
    """Service Canada: nine digits, Luhn; 0 and 8 do not begin a person's."""
    body = rng.choice("1234567") + digits(rng, 7)
    return body + luhn_digit(body)


def ru_inn(rng: random.Random) -> str:
    """Federal Tax Service order MMV-7-6/435: twelve digits for a person."""
    body = rng.choice(["77", "78", "50", "66", "16", "23"]) + digits(rng, 8)
    for weights in ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)):
        body += str(weighted(body, weights) % 11 % 10)
    return body


def ru_snils(rng: random.Random) -> str:
    """Pension Fund of Russia, resolution 192p: for numbers above 001-001-998."""
    body = f"{rng.randint(10, 199):03d}{digits(rng, 6)}"
    total = weighted(body, range(9, 0, -1)) % 101
    return body + f"{0 if total == 100 else total:02d}"


def kr_rrn(rng: random.Random) -> str:
    """Resident Registration Act enforcement rules: birth date, sex and century, check digit (numbers issued before October 2020)."""
    born = birth_date(rng)
    body = (
        born.strftime("%y%m%d")
        + rng.choice("12" if born.year < 2000 else "34")
        + f"{rng.randint(0, 90):02d}"
        + digits(rng, 3)
    )
    return body + str((11 - weighted(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10)


_DNI: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def es_dni(rng: random.Random) -> str:
    """Ministerio del Interior: the letter is the number modulo 23; X, Y, Z begin a foreigner's."""
    if rng.random() < 0.3:
        body = digits(rng, 7)
        first = rng.randrange(3)
        return "XYZ"[first] + body + _DNI[int(f"{first}{body}") % 23]
    number = rng.randint(10_000_000, 99_999_999)
    return f"{number}{_DNI[number % 23]}"


def mx_curp(rng: random.Random) -> str:
    """RENAPO, Instructivo normativo para la asignacion de la CURP."""
    born = birth_date(rng)
    state = rng.choice(
        "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS".split()
    )
    name = rng.choice("GLMRSH") + rng.choice("AEIOU") + rng.choice("RSLM") + rng.choice("JDRL")
    body = name + born.strftime("%y%m%d") + rng.choice("HM") + state + "".join(rng.choices("BCDFGLMNPRSTV", k=3))
    body += rng.choice("0123456789") if born.year < 2000 else rng.choice("ABC")
    order = "0123456789ABCDEFGHIJKLMN\xd1OPQRSTUVWXYZ"
    total = sum(order.index(char) * (18 - index) for index, char in enumerate(body))
    return body + str(-total % 10)


def au_tfn(rng: random.Random) -> str:
    """Australian Taxation Office: nine digits, the weighted sum divides by 11."""
    while True:
        number = rng.choice("123456789") + digits(rng, 8)
        if weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return number


def medical_record(rng: random.Random) -> str:
    """No standard gives its form (HL7 v2 PID-3 leaves it to the assigner): six to ten digits, at times a letter or a prefix."""
    if rng.random() < 0.2:
        return f"{digits(rng, 4)}-{digits(rng, 4)}"
    return rng.choice(["", "", "", "M", "H-", "MR"]) + digits(rng, rng.randint(6, 10))


def driving_licence(rng: random.Random) -> str:
    """AAMVA, state licence formats (CA, FL, NY, IL, TX, WA); UK DVLA, driver number; German FeV annex 8."""
    born = birth_date(rng)
    uk = (
        f"{''.join(rng.choices('BCDFGLMNPRST', k=5))}{born.year // 10 % 10}{born.month + rng.choice((0, 50)):02d}{born.day:02d}"
        f"{born.year % 10}{rng.choice(UPPER)}{rng.choice([*UPPER, '9'])}{rng.randint(2, 9)}{''.join(rng.choices('ABCDEFGHJKLMNPRSTUVWXYZ', k=2))}"
    )
    return rng.choice(
        [
            uk,
            rng.choice(UPPER) + digits(rng, 7),
            rng.choice(UPPER) + digits(rng, 12),
            f"{digits(rng, 3)} {digits(rng, 3)} {digits(rng, 3)}",
            f"{rng.choice(UPPER)}{digits(rng, 3)}-{digits(rng, 4)}-{digits(rng, 4)}",
            rng.choice("123") + digits(rng, 7),
            "WDL" + "".join(rng.choices(UPPER + "0123456789", k=9)),
            f"{rng.choice('BCFJKN')}{digits(rng, 3)}{rng.choice(UPPER)}{digits(rng, 2)}{rng.choice(UPPER)}{digits(rng, 3)}",
        ]
    )


def passport(rng: random.Random) -> str:
    """ICAO 9303-3 leaves the number to the state: US letter + 8 digits or 9 digits, UK 9 digits, DE C…, FR 2+2+5, IN letter + 7, CN E + 8."""
    german = "CFGHJKLMNPRTVWXYZ0123456789"
    return rng.choice(
        [
            rng.choice("ACXY") + digits(rng, 8),
            rng.choice("123456") + digits(rng, 8),
            rng.choice("CFGHJK") + "".join(rng.choices(german, k=8)),
            digits(rng, 2) + "".join(rng.choices(UPPER, k=2)) + digits(rng, 5),
            rng.choice("JKLMNPRSTUVZ") + digits(rng, 7),
            rng.choice("EG") + digits(rng, 8),
            "".join(rng.choices(UPPER, k=2)) + digits(rng, 7),
        ]
    )


def mrz(rng: random.Random) -> str:
    """ICAO 9303-4 (TD3, two lines of 44) and 9303-5 (TD1, three lines of 30), with all check digits."""
    state = rng.choice(["UTO", "USA", "GBR", "D<<", "FRA", "IND", "ESP", "JPN"])
    number = (rng.choice(UPPER) + digits(rng, 8)).ljust(9, "<")
    names = f"{rng.choice(_SURNAMES)}<<{rng.choice(_GIVEN)}<{rng.choice(_GIVEN)}"
    born = birth_date(rng).strftime("%y%m%d")
    ends = f"{rng.randint(26, 35)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    sex = rng.choice("MF<")
    if rng.random() < 0.6:
        optional = "<" * 14
        second = f"{number}{_icao(number)}{state}{born}{_icao(born)}{sex}{ends}{_icao(ends)}{optional}{_icao(optional)}"
        second += _icao(second[0:10] + second[13:20] + second[21:43])
        return f"P<{state}{names}".ljust(44, "<")[:44] + "\n" + second
    first = f"I<{state}{number}{_icao(number)}".ljust(30, "<")
    second = f"{born}{_icao(born)}{sex}{ends}{_icao(ends)}{state}".ljust(29, "<")
    second += _icao(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    return f"{first}\n{second}\n{names.ljust(30, '<')[:30]}"


_SURNAMES: Final = ("ERIKSSON", "GARCIA", "SMITH", "MUELLER", "TANAKA", "ROSSI", "NOVAK", "OCONNOR")
_GIVEN: Final = ("ANNA", "MARIA", "JOHN", "LUCA", "KENJI", "PIERRE", "OLGA", "PRIYA")


def _icao(text: str) -> str:
    return str(
        sum((0 if char == "<" else int(char, 36)) * (7, 3, 1)[index % 3] for index, char in enumerate(text)) % 10
    )
