"""Numbers that states of Asia, the Pacific and Africa give to people. Each rule takes compact ASCII text in capitals of the right length."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.validators import luhn
from secure_gateway.plugins.guardrails.scanner.validators_sums import (
    calendar,
    mod11,
    mod11_2,
    varied,
    verhoeff,
    weighted,
    yymmdd,
)

_PAN_HOLDERS = frozenset("PCHFATBLJGKE")
_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_CN_PROVINCES = frozenset("1234568")


def cn_resident(text: str) -> bool:
    """Check a Chinese resident number (GB 11643-1999): division, birth date, MOD 11-2."""
    born = text[6:8] in {"18", "19", "20"} and calendar(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    return text[0] in _CN_PROVINCES and born and mod11_2(text)


def jp_my_number(number: str) -> bool:
    """Check a Japanese individual number (Ministry of Internal Affairs ordinance 85 of 2014, art. 5)."""
    rest = weighted(number[10::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return varied(number) and int(number[11]) == (0 if rest <= 1 else 11 - rest)


def in_aadhaar(number: str) -> bool:
    """Check an Indian Aadhaar number (UIDAI): not 0 or 1 first, Verhoeff."""
    return number[0] in "23456789" and varied(number) and verhoeff(number)


def in_pan(text: str) -> bool:
    """Check an Indian PAN (Income Tax Department): the fourth letter is the holder's kind, numbers begin at 0001."""
    return text[3] in _PAN_HOLDERS and text[5:9] != "0000"


def kr_rrn(number: str) -> bool:
    """Check the birth date and sex of a Korean resident number (Resident Registration Act); its check digit ended in October 2020."""
    return yymmdd(number[:6]) and number[6] in "12345678"


def kr_rrn_checked(number: str) -> bool:
    """Check a Korean resident or foreigner number issued before October 2020: modulo 11 as well."""
    check = (11 - weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    foreign = (13 - weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return kr_rrn(number) and int(number[12]) == (foreign if number[6] in "5678" else check)


def au_tfn(number: str) -> bool:
    """Check an Australian tax file number of nine digits (ATO): the weighted sum divides by 11."""
    return varied(number) and weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(number: str) -> bool:
    """Check an Australian Medicare number (METeOR 270101): first 2 to 6, the ninth digit is the check."""
    return number[0] in "23456" and weighted(number[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(number[8])


def nz_ird(number: str) -> bool:
    """Check a New Zealand IRD number (Inland Revenue): modulo 11 with a second round of weights."""
    padded = number.rjust(9, "0")
    check = mod11(padded[:8], (3, 2, 7, 6, 5, 4, 3, 2))
    if check == 10:
        check = mod11(padded[:8], (7, 4, 3, 2, 5, 2, 7, 6))
    return varied(number) and check == int(padded[8])


def sg_nric(text: str) -> bool:
    """Check a Singaporean NRIC or FIN (Immigration and Checkpoints Authority): letter by weighted sum modulo 11."""
    total = weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    order = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}.get(text[0], "KLJNPQRTUWX")
    rest = total % 11
    return order[10 - rest if text[0] == "M" else rest] == text[8]


def hk_identity(text: str) -> bool:
    """Check a Hong Kong identity card number (Immigration Department): weighted sum modulo 11, A for 10; brackets do not count."""
    text = text.replace("(", "").replace(")", "")
    letters = text[:-7].rjust(2)
    values = [36 if char == " " else ord(char) - 55 for char in letters] + [int(char) for char in text[-7:-1]]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return "0123456789A"[-total % 11] == text[-1]


def tw_identity(text: str) -> bool:
    """Check a Taiwanese identity number (Ministry of the Interior): the letter stands for a number from 10 to 35."""
    area = _TW_LETTERS.index(text[0]) + 10
    total = area // 10 + area % 10 * 9 + weighted(text[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return text[1] in "1289" and total % 10 == 0


def th_identity(number: str) -> bool:
    """Check a Thai identity number (Department of Provincial Administration): modulo 11."""
    return (
        number[0] != "0" and (11 - weighted(number, range(13, 1, -1)) % 11) % 10 == int(number[12]) and varied(number)
    )


def id_nik(number: str) -> bool:
    """Check the birth date of an Indonesian NIK (Ministry of Home Affairs): 40 is added to women's days."""
    return number[0] in "12356789" and calendar(int(number[10:12]), int(number[8:10]), int(number[6:8]) % 40)


def my_identity(number: str) -> bool:
    """Check the birth date and place of a Malaysian MyKad number (National Registration Department)."""
    return yymmdd(number) and number[6:8] not in {
        "00",
        "17",
        "18",
        "19",
        "20",
        "69",
        "70",
        "73",
        "80",
        "81",
        "94",
        "95",
        "96",
        "97",
    }


def il_identity(number: str) -> bool:
    """Check an Israeli identity number (Population Authority): Luhn over nine digits."""
    return varied(number) and luhn(number)


def za_identity(number: str) -> bool:
    """Check a South African identity number (Identification Act 68 of 1997): birth date, citizenship, Luhn."""
    return yymmdd(number) and number[10] in "012" and luhn(number)


def ae_identity(number: str) -> bool:
    """Check an Emirates ID (ICP): 784, the year of birth, Luhn."""
    return number[:3] == "784" and number[3:5] in {"19", "20"} and luhn(number)
