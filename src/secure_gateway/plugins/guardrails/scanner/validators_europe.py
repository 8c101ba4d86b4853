"""Numbers that European states give to people. Each rule takes compact ASCII text in capitals of the right length and shape."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.validators import luhn
from secure_gateway.plugins.guardrails.scanner.validators_sums import (
    calendar,
    ddmmyy,
    mod11,
    mod11_10,
    varied,
    weighted,
    yymmdd,
)

_NINO_FIRST = frozenset("ABCEGHJKLMNOPRSTWXYZ")
_NINO_SECOND = frozenset("ABCEGHJKLMNPRSTWXYZ")
_NINO_NEVER = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_PPS_LETTERS = "WABCDEFGHIJKLMNOPQRSTUV"
_OMOCODE = str.maketrans("LMNPQRSTUV", "0123456789")
_FISCAL_DIGITS = (6, 7, 9, 10, 12, 13, 14)
_FISCAL_ODD = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)
_FISCAL_MONTHS = "ABCDEHLMPRST"


def de_tax_id(number: str) -> bool:
    """Check a German tax number of a person (Bundeszentralamt für Steuern; § 139b AO): one digit twice or thrice among the first ten."""
    first = number[:10]
    most = max(map(first.count, first))
    return number[0] != "0" and (len(set(first)), most) in {(9, 2), (8, 3)} and mod11_10(number)


def de_pension(number: str) -> bool:
    """Check a German pension insurance number (§ 147 SGB VI, VKVV § 4): area, birth date, initial, serial, check digit."""
    day, month = int(number[2:4]), int(number[4:6])
    if not 1 <= month <= 12 or not 1 <= day <= 81:
        return False
    digits = f"{number[:8]}{ord(number[8]) - 64:02d}{number[9:11]}"
    total = sum(
        sum(divmod((ord(digit) - 48) * weight, 10))
        for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    return total % 10 == int(number[11])


def uk_nino(text: str) -> bool:
    """Check the letters of a UK National Insurance number (HMRC, NIM39110)."""
    return text[0] in _NINO_FIRST and text[1] in _NINO_SECOND and text[:2] not in _NINO_NEVER


def uk_nhs(number: str) -> bool:
    """Check an NHS number (NHS Data Dictionary, modulus 11)."""
    return varied(number) and mod11(number[:9], range(10, 1, -1)) == int(number[9])


def uk_utr(number: str) -> bool:
    """Check a UK Unique Taxpayer Reference (HMRC, modulus 11; the first digit is the check)."""
    return varied(number) and "21987654321"[weighted(number[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11] == number[0]


def fr_nir(text: str) -> bool:
    """Check a French social security number (INSEE, NIR): the key is 97 less the rest; Corsica's 2A and 2B count as 19 and 18."""
    month = int(text[3:5])
    if not (1 <= month <= 12 or 20 <= month <= 42 or 50 <= month <= 99):
        return False
    digits = text[:13].replace("2A", "19", 1) if text[5:7] == "2A" else text[:13]
    digits = digits.replace("2B", "18", 1) if text[5:7] == "2B" else digits
    return digits.isdigit() and 97 - int(digits) % 97 == int(text[13:])


def fr_spi(number: str) -> bool:
    """Check a French tax number (DGFiP, SPI): the last three digits are the first ten modulo 511."""
    return number[0] in "0123" and varied(number) and int(number[:10]) % 511 == int(number[10:])


def it_fiscal_code(text: str) -> bool:
    """Check an Italian fiscal code (DM 23 December 1976 no. 13813), with letters in place of digits where two people would share one."""
    plain = "".join(char.translate(_OMOCODE) if place in _FISCAL_DIGITS else char for place, char in enumerate(text))
    if not all(plain[place].isdigit() for place in _FISCAL_DIGITS) or plain[8] not in _FISCAL_MONTHS:
        return False
    if not calendar(int(plain[6:8]), _FISCAL_MONTHS.index(plain[8]) + 1, int(plain[9:11]) % 40):
        return False
    total = sum(
        int(char, 36) - (10 if char.isalpha() else 0) if place % 2 else _FISCAL_ODD[char]
        for place, char in enumerate(text[:15])
    )
    return chr(65 + total % 26) == text[15]


def es_dni(text: str) -> bool:
    """Check a Spanish DNI or NIE (RD 1553/2005; Orden INT/2058/2008): the letter is the number modulo 23; X, Y, Z stand for 0, 1, 2."""
    digits = text[:-1].translate(str.maketrans("XYZ", "012"))
    return digits.isdigit() and varied(digits) and _DNI_LETTERS[int(digits) % 23] == text[-1]


def ru_inn(number: str) -> bool:
    """Check a Russian taxpayer number of a person (Federal Tax Service order MMV-7-6/435), two check digits."""
    first = weighted(number[:10], (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    second = weighted(number[:11], (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return varied(number) and number[10:] == f"{first}{second}"


def ru_snils(number: str) -> bool:
    """Check a Russian pension insurance number (Pension Fund resolution 192p, annex)."""
    return int(number[:9]) > 1_001_998 and weighted(number[:9], range(9, 0, -1)) % 101 % 100 == int(number[9:])


def nl_bsn(number: str) -> bool:
    """Check a Dutch citizen service number (Besluit BSN; the eleven test)."""
    return varied(number) and weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national(number: str) -> bool:
    """Check a Belgian register number (Royal decree of 3 April 1984): 97 less the rest, with a 2 in front for those born since 2000."""
    key = int(number[9:])
    return int(number[2:4]) % 20 <= 12 and key in {97 - int(number[:9]) % 97, 97 - int("2" + number[:9]) % 97}


def pl_pesel(number: str) -> bool:
    """Check a Polish PESEL (Act of 24 September 2010, art. 15): the month tells the century."""
    born = calendar(int(number[:2]), int(number[2:4]) % 20, int(number[4:6]))
    return born and weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def ch_ahv(number: str) -> bool:
    """Check a Swiss social insurance number (AHVV art. 133bis): 756 and an EAN-13 digit."""
    return number[:3] == "756" and weighted(number, (1, 3) * 6 + (1,)) % 10 == 0


def at_insurance(number: str) -> bool:
    """Check an Austrian social insurance number (Hauptverband): the fourth digit is the check, then the birth date."""
    check = weighted(number, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return number[0] != "0" and check == int(number[3]) and int(number[4:6]) <= 31


def pt_nif(number: str) -> bool:
    """Check a Portuguese taxpayer number (Decreto-Lei 463/79)."""
    return number[0] in "123456789" and mod11(number[:8], range(9, 1, -1)) % 10 == int(number[8]) and varied(number)


def se_personal(number: str) -> bool:
    """Check a Swedish personal number (Folkbokföringslag 18 §): Luhn over the last ten digits; 60 is added to a co-ordination number's day, and those who are past a hundred have a plus."""
    short = number.replace("+", "")[-10:]
    return calendar(int(short[:2]), int(short[2:4]), int(short[4:6]) % 60) and luhn(short)


def no_birth_number(number: str) -> bool:
    """Check a Norwegian birth number (Skatteetaten, Folkeregisterforskriften § 2-2): two check digits modulo 11."""
    first = mod11(number, (3, 7, 6, 1, 8, 9, 4, 5, 2))
    second = mod11(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))
    return number[9:] == f"{first}{second}" and int(number[2:4]) % 40 in range(1, 13)


def dk_cpr(number: str) -> bool:
    """Check the birth date of a Danish CPR number (CPR-kontoret); its modulus 11 has not been kept since 2007."""
    return ddmmyy(number)


def fi_identity(text: str) -> bool:
    """Check a Finnish personal identity code (Digital and Population Data Services Agency): modulo 31; the century sign does not count."""
    text = text[:6] + text[-4:]
    return ddmmyy(text) and _HETU_LETTERS[int(text[:9]) % 31] == text[9]


def ie_pps(text: str) -> bool:
    """Check an Irish PPS number (Department of Social Protection): weighted modulo 23, a second letter weighs nine."""
    extra = ord(text[8]) - 64 if len(text) == 9 and text[8] != "W" else 0
    return _PPS_LETTERS[(weighted(text[:7], range(8, 1, -1)) + 9 * extra) % 23] == text[7]


def cz_birth_number(number: str) -> bool:
    """Check a Czech or Slovak birth number of ten digits (Act 133/2000): divisible by eleven, 50 is added to women's months."""
    month = int(number[2:4]) % 50
    born = calendar(int(number[:2]), month - 20 if month > 20 else month, int(number[4:6]))
    return born and (int(number) % 11 == 0 or (int(number[:9]) % 11 == 10 and number[9] == "0"))


def ro_cnp(number: str) -> bool:
    """Check a Romanian personal code (Law 105/1996): weights 279146358279 modulo 11."""
    check = weighted(number, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return number[0] != "0" and yymmdd(number[1:7]) and (1 if check == 10 else check) == int(number[12])


def bg_egn(number: str) -> bool:
    """Check a Bulgarian civil number (Civil Registration Act, GRAO): 20 or 40 is added to the month by century."""
    born = calendar(int(number[:2]), int(number[2:4]) % 20, int(number[4:6]))
    return born and weighted(number, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == int(number[9])


def gr_amka(number: str) -> bool:
    """Check a Greek social security number (Law 3655/2008): birth date and Luhn."""
    return ddmmyy(number) and luhn(number)


def hr_oib(number: str) -> bool:
    """Check a Croatian personal number (Zakon o OIB-u): MOD 11,10."""
    return varied(number) and mod11_10(number)


def ua_tax(number: str) -> bool:
    """Check a Ukrainian taxpayer number (RNOKPP, Ministry of Finance order 822)."""
    return varied(number) and weighted(number, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == int(number[9])


def baltic_personal(number: str) -> bool:
    """Check an Estonian or Lithuanian personal code (EVS 585:2007): two rounds of weights modulo 11."""
    if not ("1" <= number[0] <= "8" and yymmdd(number[1:7])):
        return False
    rest = weighted(number, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if rest == 10:
        rest = weighted(number, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return rest == int(number[10])


def tr_identity(number: str) -> bool:
    """Check a Turkish identity number (NVI, Law 5490): tenth and eleventh digit."""
    odd, even = weighted(number, (1, 0) * 4 + (1,)), weighted(number, (0, 1) * 4)
    return (
        number[0] != "0"
        and (odd * 7 - even) % 10 == int(number[9])
        and sum(map(int, number[:10])) % 10 == int(number[10])
    )
