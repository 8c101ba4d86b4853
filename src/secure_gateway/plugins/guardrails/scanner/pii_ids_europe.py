"""Numbers that European states give to people: the table."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner import validators_europe as rules
from secure_gateway.plugins.guardrails.scanner.pii_shapes import identity

_NINE = r"\b\d{3}[ .-]?\d{3}[ .-]?\d{3}\b"
_TEN = r"\b\d{3}[ .-]?\d{3}[ .-]?\d{4}\b"
_PENSION = r"\b\d{2} ?(?:0[1-9]|[12]\d|3[01]|[5-8]\d)(?:0\d|1[0-2])\d{2} ?[A-Za-z] ?\d{3}\b"
_ELEVEN = r"\b\d{11}\b"

EUROPEAN_IDS = (
    identity(
        "de_tax_id", r"\b\d{2}[ ./-]?\d{3}[ ./-]?\d{3}[ ./-]?\d{3}\b", rules.de_tax_id, source="§ 139b AO, Bundeszentralamt für Steuern",
        cues=(r"steuer[ _-]?(?:id|ident\pL*|nummer|nr|liche)", r"steuerid\pL*", r"idnr", r"german tax", r"tax[ _-]?id", r"tin"),
    ),
    identity(
        "de_pension_number", _PENSION, rules.de_pension, source="§ 147 SGB VI", candidate=r"\b\d{2} ?[0-8]\d[01]\d{3} ?[A-Za-z] ?\d{3}\b",
        cues=(r"rentenversicherungs\pL*", r"sozialversicherungs\pL*", "rvnr", "svnr", r"sv-nummer"),
    ),
    identity(
        "uk_nino", r"\b[A-Za-z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]\b", rules.uk_nino, source="HMRC NIM39110",
        candidate=r"\b[A-Za-z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]\b",
        cues=(r"national[ _-]?insurance", "nino", r"ni[ _-]?(?:no|number|num)"),
    ),
    identity("uk_nhs", _TEN, rules.uk_nhs, source="NHS Data Dictionary, NHS NUMBER", cues=("nhs", r"patient", r"health service number", r"chi number")),
    identity(
        "uk_utr", r"\b\d{5} ?\d{5}\b", rules.uk_utr, source="HMRC, Unique Taxpayer Reference", cues=("utr", r"unique[ _-]?tax\pL*", r"self assessment"),
    ),
    identity(
        "fr_nir", r"\b[1-478] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}\b", rules.fr_nir, source="INSEE, NIR",
        candidate=r"\b[1-478] ?\d{2} ?\d{2} ?\d[\dABab] ?\d{3} ?\d{3} ?\d{2}\b",
        cues=("nir", "insee", r"s[ée]cu", r"s[ée]curit[ée][ _]?sociale", r"social security", r"carte vitale"),
    ),
    identity(
        "fr_tax_number", r"\b[0-3]\d(?: ?\d{2} ?\d{3} ?\d{3} ?\d{3}|\d{11})\b", rules.fr_spi, source="DGFiP, numéro fiscal de référence",
        cues=(r"num[ée]ro fiscal", r"fiscal", "spi", r"imp[ôo]ts"),
    ),
    identity(
        "it_fiscal_code", r"(?i)\b[A-Z]{3} ?[A-Z]{3} ?\d[0-9L-NP-V][A-EHLMPR-T][0-9L-NP-V]{2} ?[A-Z][0-9L-NP-V]{3} ?[A-Z]\b", rules.it_fiscal_code,
        source="DM 23 December 1976 no. 13813", candidate=r"(?i)\b[A-Z]{3} ?[A-Z]{3} ?\d[0-9L-NP-V][A-EHLMPR-T][0-9L-NP-V]{2} ?[A-Z][0-9L-NP-V]{3} ?[A-Z]\b",
        cues=(r"cod(?:ice|\.)?[ _]?fisc\pL*", "cf", r"c\.f\.", r"fiscal code", r"tax code"),
    ),
    identity(
        "es_dni", r"(?i)\b(?:[XYZ][ -]?\d{7}|\d{8}|\d{2}\.\d{3}\.\d{3})[ -]?[TRWAGMYFPDXBNJZSQVHLCKE]\b", rules.es_dni, source="RD 1553/2005, Orden INT/2058/2008",
        candidate=r"(?i)\b(?:[XYZ][ -]?\d{7}|\d{8}|\d{2}\.\d{3}\.\d{3})[ -]?[A-Z]\b",
        cues=("dni", "nie", "nif", r"documento nacional", r"n[úu]mero de identi\pL*"),
    ),
    identity(
        "ru_inn", r"\b\d{12}\b", rules.ru_inn, source="Federal Tax Service order 435", cues=(r"инн", "inn", r"taxpayer\pL*", r"налог\pL*", r"tax[ _-]?id"),
    ),
    identity(
        "ru_snils", r"\b\d{3}[ -]?\d{3}[ -]?\d{3}[ -]?\d{2}\b", rules.ru_snils, source="Pension Fund resolution 192p",
        cues=(r"снилс\pL*", "snils", r"страхов\pL* (?:номер|свидетель)\pL*", r"pension\pL*"),
    ),
    identity(
        "pl_pesel", _ELEVEN, rules.pl_pesel, source="Act of 24 September 2010 art. 15", cues=(r"pesel\pL*",),
    ),
    identity(
        "nl_bsn", r"\b\d{4}[ .-]?\d{2}[ .-]?\d{3}\b|" + _NINE, rules.nl_bsn, source="Besluit BSN",
        cues=("bsn", r"burger ?service\pL*", r"sofi[ _-]?n\pL*", r"citizen service"),
    ),
    identity(
        "be_national_number", r"\b\d{2}[ .-]?\d{2}[ .-]?\d{2}[ .-]?\d{3}[ .-]?\d{2}\b", rules.be_national, source="Royal decree of 3 April 1984",
        cues=(r"rijksregister\pL*", r"registre national", r"insz", "niss", "nrn", r"national\pL* (?:number|register)\pL*"),
    ),
    identity(
        "ch_ahv", r"\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b", rules.ch_ahv, source="AHVV art. 133bis", candidate=r"\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b",
        cues=("ahv", "avs", r"sozialversicherungs\pL*"),
    ),
    identity(
        "at_insurance_number", r"\b\d{4}[ -]?\d{6}\b", rules.at_insurance, source="Hauptverband der Sozialversicherungsträger",
        cues=(r"sozialversicherungs\pL*", "svnr", r"sv[ -]?(?:nr|nummer)", r"versicherungsnummer"),
    ),
    identity("pt_nif", _NINE, rules.pt_nif, source="Decreto-Lei 463/79", cues=("nif", r"contribuinte")),
    identity(
        "se_personal_number", r"\b(?:\d{2})?\d{6}[-+]?\d{4}\b", rules.se_personal, source="Folkbokföringslag 18 §",
        cues=(r"person ?n(?:ummer|r)", r"samordningsnummer", r"personal (?:number|identity)"),
    ),
    identity(
        "no_birth_number", r"\b\d{6} ?\d{5}\b", rules.no_birth_number, source="Folkeregisterforskriften § 2-2",
        cues=(r"f[øo]dsels(?:nummer|nr)", r"person ?nummer", r"d-nummer"),
    ),
    identity("dk_cpr", r"\b\d{6}[ -]?\d{4}\b", rules.dk_cpr, source="CPR-kontoret", cues=(r"cpr", r"person ?nummer", r"personnummer")),
    identity(
        "fi_identity_code", r"\b(\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y])\b", rules.fi_identity, source="DVV",
        candidate="", cues=("hetu", r"henkil[öo]tunnus", r"personal identity"),
    ),
    identity("ie_pps", r"\b\d{7} ?[A-Wa-w][A-IWa-iw]?\b", rules.ie_pps, source="Department of Social Protection", cues=("pps", "ppsn", r"personal public service")),
    identity("cz_birth_number", r"\b\d{6}/?\d{4}\b", rules.cz_birth_number, source="Act 133/2000", cues=(r"rodn[ée] [čc][íi]slo", r"birth number", r"rodnecislo")),
    identity("ro_cnp", r"\b[1-9]\d{12}\b", rules.ro_cnp, source="Law 105/1996", cues=("cnp", r"cod numeric personal")),
    identity("bg_egn", r"\b\d{10}\b", rules.bg_egn, source="Civil Registration Act", cues=("egn", "егн")),
    identity("gr_amka", _ELEVEN, rules.gr_amka, source="Law 3655/2008", cues=("amka", "αμκα")),
    identity("hr_oib", _ELEVEN, rules.hr_oib, source="Zakon o OIB-u", cues=("oib", r"osobni identifikacijski")),
    identity("ua_tax_number", r"\b\d{10}\b", rules.ua_tax, source="Ministry of Finance order 822", cues=(r"рнокпп", r"іпн", r"rnokpp", r"ідентифікаційний\pL*")),
    identity("baltic_personal_code", _ELEVEN, rules.baltic_personal, source="EVS 585:2007", cues=(r"isikukood", r"asmens kod\pL*")),
    identity(
        "tr_identity_number", r"\b[1-9]\d{10}\b", rules.tr_identity, source="Law 5490",
        cues=(r"tckn", r"t\.?c\.? ?(?:kimlik|no|k\.?n)\pL*", r"kimlik ?(?:no|numar)\pL*", r"vatandaş\pL*"),
    ),
)  # fmt: skip
