"""Lines that hold personal data, in the traffic in which tools carry it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.corpora.generators import contacts, finance, identity, words
from tests.corpora.generators.digits import grouped
from tests.corpora.lines import Hit, Line, Part, Parts, fill, laid_out, parts

PER_TYPE: Final = 84

Draw = Callable[[random.Random, str], str]


def _spaced(make: Callable[[random.Random], str], sizes: tuple[int, ...], separators: tuple[str, ...]) -> Draw:
    return lambda rng, _language: grouped(make(rng), sizes, rng.choice(separators))


def _plain(make: Callable[[random.Random], str]) -> Draw:
    return lambda rng, _language: make(rng)


def _cpf(rng: random.Random, _language: str) -> str:
    text = identity.br_cpf(rng)
    return text if rng.random() < 0.3 else f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def _dni(rng: random.Random, _language: str) -> str:
    text = identity.es_dni(rng)
    return rng.choice([text, text, f"{text[:-1]}-{text[-1]}"])


def _snils(rng: random.Random, _language: str) -> str:
    text = identity.ru_snils(rng)
    return rng.choice([f"{text[:3]}-{text[3:6]}-{text[6:9]} {text[9:]}", text])


# What is drawn for each type, in the language around it.
VALUES: Final[dict[str, Draw]] = {
    "SSN": _spaced(identity.ssn, (3, 2), ("-", "-", "-", " ", ".", "", "\u2011", "\u2013")),
    "ITIN": _spaced(identity.itin, (3, 2), ("-", "-", " ", "")),
    "EIN": _spaced(identity.ein, (2,), ("-", "-", "-", "")),
    "CARD": _plain(finance.card_text),
    "IBAN": _plain(finance.iban_text),
    "BIC": _plain(finance.bic),
    "EMAIL": _plain(contacts.email),
    "PHONE": lambda rng, _language: contacts.phone(rng)[1],
    "IP_ADDRESS": _plain(contacts.ip_address),
    "MAC_ADDRESS": _plain(contacts.mac_address),
    "DATE_OF_BIRTH": contacts.date_of_birth,
    "PASSPORT": _plain(identity.passport),
    "MRZ": _plain(identity.mrz),
    "DRIVING_LICENCE": _plain(identity.driving_licence),
    "CN_RESIDENT_ID": _plain(identity.cn_resident),
    "DE_TAX_ID": _spaced(identity.de_tax_id, (2, 3, 3), ("", " ")),
    "JP_MY_NUMBER": _spaced(identity.jp_my_number, (4, 4), ("", " ", "-")),
    "IN_AADHAAR": _spaced(identity.in_aadhaar, (4, 4), ("", " ", " ", "-")),
    "IN_PAN": _plain(identity.in_pan),
    "UK_NINO": _spaced(identity.uk_nino, (2, 2, 2, 2), ("", "", " ")),
    "UK_NHS": _spaced(identity.uk_nhs, (3, 3), ("", " ", "-")),
    "FR_NIR": _spaced(identity.fr_nir, (1, 2, 2, 2, 3, 3), ("", " ")),
    "IT_FISCAL_CODE": _plain(identity.it_fiscal_code),
    "BR_CPF": _cpf,
    "CA_SIN": _spaced(identity.ca_sin, (3, 3), ("", " ", "-", "-")),
    "RU_INN": _plain(identity.ru_inn),
    "RU_SNILS": _snils,
    "KR_RRN": _spaced(identity.kr_rrn, (6,), ("-", "-", "")),
    "ES_DNI": _dni,
    "MX_CURP": _plain(identity.mx_curp),
    "AU_TFN": _spaced(identity.au_tfn, (3, 3), ("", " ", " ")),
    "MEDICAL_RECORD": _plain(identity.medical_record),
    "CRYPTO_ADDRESS": _plain(finance.crypto),
}
# Types that most traffic holds come in greater number.
_COMMON: Final = {"EMAIL": 4, "PHONE": 5, "CARD": 4, "IBAN": 3, "SSN": 3, "IP_ADDRESS": 3, "DATE_OF_BIRTH": 3}

# Names of fields as programs have them.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "SSN": ("ssn", "social_security_number", "socialSecurityNumber", "employee_ssn"),
    "ITIN": ("itin", "taxpayer_itin"),
    "EIN": ("ein", "employer_ein", "federalTaxId"),
    "CARD": ("card_number", "cardNumber", "pan", "cc", "credit_card", "number", "payment"),
    "IBAN": ("iban", "account_iban", "creditorAccount", "account"),
    "BIC": ("bic", "swift", "swift_code", "bicCode"),
    "EMAIL": ("email", "emailAddress", "to", "from", "contact", "assignee", "q"),
    "PHONE": ("phone", "phone_number", "mobile", "telephone", "contactPhone", "tel"),
    "IP_ADDRESS": ("ip", "client_ip", "remote_addr", "sourceIPAddress", "x-forwarded-for"),
    "MAC_ADDRESS": ("mac", "mac_address", "hwaddr", "bssid"),
    "DATE_OF_BIRTH": ("dob", "date_of_birth", "birthDate", "birthday"),
    "PASSPORT": ("passport", "passport_number", "passportNo"),
    "MRZ": ("mrz", "ocr_text", "document_scan"),
    "DRIVING_LICENCE": ("drivers_license", "driver_license_number", "drivingLicence", "licence_no_driver"),
    "CN_RESIDENT_ID": ("id_card", "resident_id", "\u8eab\u4efd\u8bc1\u53f7", "national_id"),
    "DE_TAX_ID": ("steuer_id", "tax_id_de", "steuerIdentifikationsnummer"),
    "JP_MY_NUMBER": ("my_number", "individual_number", "\u30de\u30a4\u30ca\u30f3\u30d0\u30fc"),
    "IN_AADHAAR": ("aadhaar", "aadhaar_number", "aadhaarNo"),
    "IN_PAN": ("pan", "pan_number", "panCard"),
    "UK_NINO": ("nino", "national_insurance_number", "niNumber"),
    "UK_NHS": ("nhs_number", "nhsNumber"),
    "FR_NIR": ("nir", "numero_secu", "securiteSociale"),
    "IT_FISCAL_CODE": ("codice_fiscale", "codiceFiscale", "cf"),
    "BR_CPF": ("cpf", "cpf_cliente"),
    "CA_SIN": ("sin", "social_insurance_number"),
    "RU_INN": ("inn", "\u0438\u043d\u043d"),
    "RU_SNILS": ("snils", "\u0441\u043d\u0438\u043b\u0441"),
    "KR_RRN": ("rrn", "resident_registration_number", "\uc8fc\ubbfc\ub4f1\ub85d\ubc88\ud638"),
    "ES_DNI": ("dni", "nif", "nie"),
    "MX_CURP": ("curp",),
    "AU_TFN": ("tfn", "tax_file_number"),
    "MEDICAL_RECORD": ("mrn", "medical_record_number", "patientMrn"),
    "CRYPTO_ADDRESS": ("wallet", "btc_address", "payoutAddress", "to_address"),
}

# Where a value stands within a type's language: the places it is used in.
_HOME: Final = {
    "CN_RESIDENT_ID": ("zh", "en"),
    "DE_TAX_ID": ("de", "de", "en"),
    "JP_MY_NUMBER": ("ja", "en"),
    "FR_NIR": ("fr", "fr", "en"),
    "IT_FISCAL_CODE": ("it", "en"),
    "BR_CPF": ("pt", "en"),
    "RU_INN": ("ru", "en"),
    "RU_SNILS": ("ru", "en"),
    "KR_RRN": ("ko", "en"),
    "ES_DNI": ("es", "es", "en"),
    "MX_CURP": ("es", "en"),
}


def lines(rng: random.Random) -> Iterator[Line]:
    """Yield positive lines, each with one value or more."""
    for kind, draw in VALUES.items():
        for number in range(PER_TYPE * _COMMON.get(kind, 1)):
            carrier = _CARRIERS[number % len(_CARRIERS)]
            yield laid_out("pii", f"{kind}/{carrier.__name__.strip('_')}", carrier(rng, kind, draw))
    for number in range(160):
        yield laid_out(
            "pii",
            "EMAIL/obfuscated",
            fill(words.SENTENCES["en"][number % 8], Hit("EMAIL", contacts.email_obfuscated(rng)), cue="e-mail"),
        )
        yield laid_out("pii", "CARD/in_digits", _card_in_digits(rng))
        yield laid_out("pii", "disguised", _disguised(rng))
        yield laid_out("pii", "several", _record(rng))


def _language(rng: random.Random, kind: str) -> str:
    return rng.choice(_HOME.get(kind, tuple(words.CUES[kind])))


def _prose(rng: random.Random, kind: str, draw: Draw) -> Parts:
    language = _language(rng, kind)
    return _sentence(rng, kind, language, Hit(kind, draw(rng, language)))


def _paragraph(rng: random.Random, kind: str, draw: Draw) -> Parts:
    language = _language(rng, kind)
    inner = _sentence(rng, kind, language, Hit(kind, draw(rng, language)))
    return parts(words.prose(rng, language) + "\n", *inner.parts, "\n" + words.prose(rng, language))


def _sentence(rng: random.Random, kind: str, language: str, hit: Part) -> Parts:
    return fill(rng.choice(words.SENTENCES[language]), hit, cue=words.cue(rng, kind, language))


def _arguments(rng: random.Random, kind: str, draw: Draw) -> Any:
    text = draw(rng, "en")
    as_number = text.isascii() and text.isdigit() and text[0] != "0" and rng.random() < 0.3
    inner = {rng.choice(FIELDS[kind]): Hit(kind, text, number=as_number)}
    return rng.choice(
        [
            {"id": rng.randint(1, 99999), "customer": {"name": "A. Customer", **inner}, "notify": True},
            {"records": [{"status": "open"}, {"status": "new", **inner}]},
            {"table": "people", "values": inner, "limit": 20},
            {"content": [{"type": "text", "text": "ok"}], "structuredContent": inner},
        ]
    )


def _text_argument(rng: random.Random, kind: str, draw: Draw) -> Any:
    return {"channel": "support", "message": _prose(rng, kind, draw), "thread": rng.randint(1, 400)}


def _log(rng: random.Random, kind: str, draw: Draw) -> Parts:
    stamp = f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}Z"
    field = rng.choice(FIELDS[kind])
    return fill(
        rng.choice(
            [
                f"{stamp} INFO user.update {field}={{v}} took={rng.randint(1, 900)}ms",
                f"[{stamp}] WARN crm: rejected {field}: {{v}} (attempt {rng.randint(1, 5)})",
                f'{stamp} level=info msg="saved" {field}="{{v}}"',
            ]
        ),
        Hit(kind, draw(rng, "en").replace("\n", "\\n") if kind == "MRZ" else draw(rng, "en")),
    )


def _table(rng: random.Random, kind: str, draw: Draw) -> Parts:
    field, mark = rng.choice(FIELDS[kind]), rng.choice([",", ";", "\t", " | "])
    first = mark.join(["id", "status", field, "country"])
    return parts(
        f"{first}\n{rng.randint(100, 999)}{mark}active{mark}",
        Hit(kind, draw(rng, "en").replace("\n", " ") if kind == "MRZ" else draw(rng, "en")),
        f"{mark}{rng.choice(['US', 'DE', 'JP'])}",
    )


def _sql(rng: random.Random, kind: str, draw: Draw) -> Parts:
    field = rng.choice(FIELDS[kind])
    template = rng.choice(
        [
            "UPDATE people SET {field} = '{v}' WHERE id = {n};",
            "INSERT INTO people (id, {field}) VALUES ({n}, '{v}');",
            "SELECT id FROM people WHERE {field} = '{v}' LIMIT {n}",
        ]
    )
    return fill(template, Hit(kind, draw(rng, "en").replace("'", "")), field=field, n=str(rng.randint(1, 9999)))


def _code(rng: random.Random, kind: str, draw: Draw) -> Parts:
    cue, text = words.cue(rng, kind, "en"), draw(rng, "en")
    template = rng.choice(
        [
            "def load(row):\n    # e.g. {cue}: {v}\n    return parse(row)",
            "/* test data, {cue} {v} */\nint rows = 1;",
            "// {cue} = {v}\nconst retries = 3;",
        ]
    )
    return fill(template, Hit(kind, text.replace("\n", " ") if kind == "MRZ" else text), cue=cue)


def _mail(rng: random.Random, kind: str, draw: Draw) -> Parts:
    language = _language(rng, kind)
    inner = _sentence(rng, kind, language, Hit(kind, draw(rng, language)))
    return parts(
        f"Subject: Re: case {rng.randint(1000, 9999)}\nDate: Tue, 5 Mar 2024 10:00:00 +0000\n\n",
        *inner.parts,
        "\n-- \nSupport desk",
    )


_CARRIERS: Final = (_prose, _arguments, _log, _paragraph, _table, _text_argument, _sql, _mail, _arguments, _code)


def _card_in_digits(rng: random.Random) -> Parts:
    """Return a card amid other numbers: what is found first must not hide it."""
    number, groups = finance.card(rng)
    hit = Hit("CARD", grouped(number, groups, " "))
    return fill(
        rng.choice(
            [
                f"qty {rng.randint(2, 9)} {{v}} exp 04/29",
                f"item {rng.randint(10, 99)} {{v}} cvv",
                f"charge {{v}} {rng.randint(100, 999)}",
                f"card {{v}} {rng.randint(1, 12):02d} {rng.randint(26, 31)}",
            ]
        ),
        hit,
    )


_WIDE: Final = {ord(str(n)): chr(0xFF10 + n) for n in range(10)}
_ARABIC: Final = {ord(str(n)): chr(0x0660 + n) for n in range(10)}
_DEVANAGARI: Final = {ord(str(n)): chr(0x0966 + n) for n in range(10)}


def _disguised(rng: random.Random) -> Any:
    """Return a value in letters and digits that look or sound alike: full width, other scripts, invisible characters."""
    kind = rng.choice(["SSN", "CARD", "IBAN", "EMAIL", "UK_NINO"])
    text = finance.iban(rng, "DE") if kind == "IBAN" else VALUES[kind](rng, "en")
    if kind == "EMAIL":
        text = f"{rng.choice('abcdef')}.{rng.choice(['lopez', 'kim', 'brown'])}@{rng.choice(['gmail.com', 'web.de'])}"
    middle = rng.randrange(3, len(text) - 2)
    how = rng.randrange(6)
    if how == 0:
        text = text.translate(_WIDE) if kind != "EMAIL" else text.replace("@", "\uff20")
    elif how == 1 and kind in {"SSN", "CARD"}:
        text = text.translate(rng.choice([_ARABIC, _DEVANAGARI]))
    else:
        text = text[:middle] + rng.choice(["\u200b", "\u200d", "\u2060", "\xad", "\ufeff"]) + text[middle:]
    field = rng.choice(FIELDS[kind])
    hit = Hit(kind, text)
    return rng.choice([{"user": {field: hit}}, parts(words.cue(rng, kind, "en") + ": ", hit)])


def _record(rng: random.Random) -> Any:
    """Return an object with several values, one of them as a key."""
    return {
        "contact": {"email": Hit("EMAIL", contacts.email(rng)), "phone": Hit("PHONE", contacts.phone(rng)[1])},
        "by_mail": {parts(Hit("EMAIL", contacts.email(rng))): rng.randint(1, 9)},
        "card": Hit("CARD", finance.card(rng)[0], number=rng.random() < 0.4),
        "note": fill("IBAN {v} on file", Hit("IBAN", finance.iban(rng, rng.choice(finance.IBAN_COUNTRIES)))),
    }
