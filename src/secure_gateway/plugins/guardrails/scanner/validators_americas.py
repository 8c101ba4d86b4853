"""Numbers that American states give to people and employers. Each rule takes compact ASCII text in capitals of the right length."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.validators import luhn
from secure_gateway.plugins.guardrails.scanner.validators_sums import mod11, varied, weighted, yymmdd

_EIN_PREFIXES = frozenset(
    f"{number:02d}"
    for first, last in ((1, 6), (10, 16), (20, 27), (30, 48), (50, 68), (71, 77), (80, 88), (90, 95), (98, 99))
    for number in range(first, last + 1)
)
_CURP_ORDER = "0123456789ABCDEFGHIJKLMN\xd1OPQRSTUVWXYZ"
_RFC_ORDER = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ \xd1"
_STATES = frozenset(
    "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS NE CX".split()
)


def ein(number: str) -> bool:
    """Check the prefix of a US employer number (IRS, "How EINs are assigned and valid EIN prefixes")."""
    return number[:2] in _EIN_PREFIXES and varied(number)


def ca_sin(number: str) -> bool:
    """Check a Canadian social insurance number (Service Canada): Luhn, and no 0 or 8 in front."""
    return number[0] not in "08" and varied(number) and luhn(number)


def br_cpf(number: str) -> bool:
    """Check a Brazilian CPF (Receita Federal, IN RFB 1548/2015): two digits modulo 11."""
    first = weighted(number[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(number[:10], range(11, 1, -1)) * 10 % 11 % 10
    return varied(number) and number[9:] == f"{first}{second}"


def br_cnpj(text: str) -> bool:
    """Check a Brazilian CNPJ (IN RFB 1863/2018, letters by IN RFB 2229/2024): values are ASCII codes less 48."""
    values = [ord(char) - 48 for char in text]
    for size in (12, 13):
        weights = [*range(size - 7, 1, -1), *range(9, 1, -1)]
        rest = sum(value * weight for value, weight in zip(values, weights, strict=False)) % 11
        if values[size] != (0 if rest < 2 else 11 - rest):
            return False
    return varied(text)


def mx_curp(text: str) -> bool:
    """Check a Mexican CURP (RENAPO, Instructivo normativo): birth date, state, check digit."""
    if not yymmdd(text[4:10]) or text[11:13] not in _STATES:
        return False
    total = sum(_CURP_ORDER.index(char) * (18 - place) for place, char in enumerate(text[:17]))
    return str(-total % 10) == text[17]


def mx_rfc(text: str) -> bool:
    """Check a Mexican taxpayer code of a person (SAT, Código Fiscal art. 27): birth date and check character."""
    if not yymmdd(text[4:10]):
        return False
    rest = sum(_RFC_ORDER.index(char) * (13 - place) for place, char in enumerate(text[:12])) % 11
    return text[12] == {0: "0", 1: "A"}.get(rest, str(11 - rest))


def mx_nss(number: str) -> bool:
    """Check a Mexican social security number (IMSS): Luhn."""
    return varied(number) and luhn(number)


def ar_cuit(number: str) -> bool:
    """Check an Argentine CUIT or CUIL (AFIP, RG 1817/2005): modulo 11."""
    check = mod11(number[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))
    return number[:2] in {"20", "23", "24", "25", "26", "27", "30", "33", "34"} and check == int(number[10])


def cl_rut(text: str) -> bool:
    """Check a Chilean RUT (Registro Civil): modulo 11, 10 is K; a short one is what it is with zeros in front."""
    body = text.rjust(9, "0")[:-1]
    check = mod11(body[::-1], (2, 3, 4, 5, 6, 7, 2, 3))
    return varied(body) and "0123456789K"[check] == text[-1]
