"""Numbers that American states give to people and employers: the table."""

from __future__ import annotations

from functools import partial

from secure_gateway.plugins.guardrails.scanner import validators_americas as rules
from secure_gateway.plugins.guardrails.scanner.finding import Detector, where
from secure_gateway.plugins.guardrails.scanner.pii_shapes import cued, identity, number_by, separated_number
from secure_gateway.plugins.guardrails.scanner.validators import itin, ssn

_SSN_WORDS = ("ssn", r"soc(?:ial)?\.?[ _-]?sec(?:urity|\.)?\pL*", r"ss ?#", r"socialsecurity\pL*")
_ITIN_WORDS = ("itin", r"individual tax\pL*", r"taxpayer", r"tax[ _-]?id\pL*", r"tax[ _-]?payer[ _-]?id\pL*")
_EIN_WORDS = (
    "fein", r"employer[ _-]?(?:id\pL*|ein|tax)", r"fed(?:eral)?\.?[ _-]?(?:tax|employer|ein)\pL*", r"tax[ _-]?id\pL*",
    r"(?:business|company|irs)[ _-]?(?:tax|ein|number)",
)  # fmt: skip


def _dashed(area: str, group: str, serial: str) -> str:
    """Return the pattern of a number in three parts; what stands between may be blanks, and hyphens or dots, not both."""
    parts = (rf"{area} ?{sign} ?{group} ?{sign} ?{serial}" for sign in ("[- ]", "[. ]"))
    return rf"(?:\b|_)({'|'.join(parts)})(?:\b|_)"


_ITIN_DASHED = _dashed(r"9\d{2}", r"(?:5\d|6[0-5]|[78]\d|9[0-24-9])", r"\d{4}")
_SSN_DASHED = _dashed(
    r"(?:00[1-9]|0[1-9]\d|[1-57-8]\d{2}|6(?:[0-57-9]\d|6[0-57-9]))",
    r"(?:0[1-9]|[1-9]\d)",
    r"(?:000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3})",
)

AMERICAN_IDS = (
    Detector(
        id="pii.ssn", type="SSN", category="pii", confidence=0.85, source="SSA POMS RM 10201.030", candidate=_SSN_DASHED, exact=_SSN_DASHED,
        check=partial(separated_number, ssn), context=_SSN_WORDS,
    ),
    Detector(
        id="pii.ssn_plain", type="SSN", category="pii", confidence=0.8, source="SSA POMS RM 10201.030", candidate=cued(_SSN_WORDS),
        exact=r"\b\d{9}\b", check=where(ssn), needs_context=True, context=_SSN_WORDS,
    ),
    Detector(
        id="pii.itin", type="ITIN", category="pii", confidence=0.8, source="IRS Publication 1915", candidate=r"9\d{2} ?[-. ] ?[5-9]\d ?[-. ] ?\d{4}", exact=_ITIN_DASHED,
        check=partial(separated_number, itin), context=_ITIN_WORDS,
    ),
    Detector(
        id="pii.itin_plain", type="ITIN", category="pii", confidence=0.8, source="IRS Publication 1915", candidate=cued(_ITIN_WORDS),
        exact=r"\b9\d{8}\b", check=where(itin), needs_context=True, context=_ITIN_WORDS,
    ),
    Detector(
        id="pii.ein", type="EIN", category="pii", confidence=0.7, source="IRS, valid EIN prefixes", candidate=r"\b\d{2}-\d{7}\b", exact=r"\b\d{2}-\d{7}\b",
        check=number_by(rules.ein), needs_context=True, context=("ein", *_EIN_WORDS),
    ),
    # In lower case it is a German article, unless it names a field.
    Detector(
        id="pii.ein_plain", type="EIN", category="pii", confidence=0.7, source="IRS, valid EIN prefixes", exact=r"\b\d{9}\b",
        candidate=r"EIN(?:[^A-Z]|(?i:s|no|nr|num|number|nummer|code|id)(?:[^A-Za-z]|$))|(?:^|[^A-Za-z])[Ee]in[\"'=:;,|\t_]|_(?i:ein)|[a-z]Ein[^a-z]|" + cued(_EIN_WORDS), check=number_by(rules.ein), needs_context=True,
        context=("(?-i:EIN)", r"ein(?:[\"'=:]|$)", r"[\pL]+_ein", r"ein_\pL+", *_EIN_WORDS),
    ),
    identity(
        "ca_sin", r"\b\d{3}[ -]?\d{3}[ -]?\d{3}\b", rules.ca_sin, source="Service Canada", cues=("sin", "nas", r"social insurance", r"assurance sociale"),
    ),
    identity(
        "br_cpf", r"\b\d{3}\.\d{3}\.\d{3}[-/ ]\d{2}\b", rules.br_cpf, source="IN RFB 1548/2015", candidate=r"\b\d{3}\.\d{3}\.\d{3}[-/ ]\d{2}\b", cues=("cpf",),
    ),
    identity(
        "br_cpf_plain", r"\b\d{3}[ .]?\d{3}[ .]?\d{3}[ -]?\d{2}\b", rules.br_cpf, source="IN RFB 1548/2015", kind="BR_CPF",
        cues=("cpf", r"cadastro de pessoa\pL*", r"contribuinte"),
    ),
    identity(
        "br_cnpj", r"\b[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}\b", rules.br_cnpj, source="IN RFB 1863/2018, 2229/2024",
        candidate=r"[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}\b", cues=("cnpj",),
    ),
    identity("br_cnpj_plain", r"\b[0-9A-Z]{12}\d{2}\b", rules.br_cnpj, source="IN RFB 1863/2018, 2229/2024", kind="BR_CNPJ", cues=("cnpj",)),
    identity(
        "mx_curp", r"(?i)\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b", rules.mx_curp, source="RENAPO, Instructivo normativo CURP",
        candidate=r"(?i)\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b", cues=("curp", r"clave única"),
    ),
    identity(
        "mx_rfc", r"(?i)\b[A-Z&]{4}-?\d{6}-?[A-Z0-9]{3}\b", rules.mx_rfc, source="SAT, Código Fiscal art. 27", candidate="",
        cues=("rfc", r"registro federal", r"contribuyente"),
    ),
    identity("mx_nss", r"\b\d{11}\b|\b\d{2}[ -]\d{2}[ -]\d{2}[ -]\d{4}[ -]\d\b", rules.mx_nss, source="IMSS", cues=("nss", "imss", r"seguro social")),
    identity(
        "ar_cuit", r"\b\d{2}-?\d{8}-?\d\b", rules.ar_cuit, source="AFIP RG 1817/2005", cues=("cuit", "cuil"),
    ),
    identity(
        "cl_rut", r"(?i)\b\d{1,2}\.?\d{3}\.?\d{3}-[0-9K]\b", rules.cl_rut, source="Registro Civil de Chile",
        candidate="", cues=("rut", "run", r"rol [úu]nico"),
    ),
    identity(
        "us_mbi", r"(?i)\b[1-9][AC-HJ-KM-NP-RT-Y][0-9AC-HJ-KM-NP-RT-Y]\d-?[AC-HJ-KM-NP-RT-Y][0-9AC-HJ-KM-NP-RT-Y]\d-?[AC-HJ-KM-NP-RT-Y]{2}\d{2}\b",
        None, source="CMS, Medicare Beneficiary Identifier format", candidate="", cues=("mbi", r"medicare\pL*", r"beneficiary"),
    ),
)  # fmt: skip
