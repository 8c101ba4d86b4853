"""Documents and records of people: passports, driving licences, medical records, machine readable zones, dates of birth."""

from __future__ import annotations

import re
from collections.abc import Iterable

from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.pii_shapes import compact, cued, is_of_business, stands_alone
from secure_gateway.plugins.guardrails.scanner.validators import digits_of, icao_check
from secure_gateway.plugins.guardrails.scanner.validators_sums import varied

_FIRST_YEAR, _LAST_YEAR = 1900, 2035
_DAYS, _MONTHS_A_YEAR = 31, 12
_FEWEST_DIGITS = 5
_DAY_FORM = re.compile(
    r"(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:19|20)\d\d|(?:19|20)\d\d-(?:19|20)\d\d"
)
_TD3_LINE, _TD2_LINE, _TD1_LINE = 44, 36, 30

_PASSPORT_WORDS = (
    r"passport\pL*", r"pass ?nummer\pL*", r"reisepass\pL*", r"pass-?nr", r"passeport\pL*", r"pasaporte\pL*", r"passaporto\pL*", r"passaporte\pL*",
    r"paspoort\pL*", r"paszport\pL*", r"pasaport\pL*", r"паспорт\pL*", r"загранпаспорт\pL*", "护照", "護照", "パスポート", "旅券", "여권", r"جواز",
    r"पासपोर्ट", r"travel document", r"pa[șs]aport\pL*",
)  # fmt: skip
_LICENCE_WORDS = (
    r"driv(?:er|ing)\pL?'?s?[ _-]?(?:li[cs]en[cs]e|permit)\pL*", r"li[cs]en[cs]e\pL*[ _-](?:no|num\pL*|id)[ _-]?driv\pL*", r"dln?[ _-]?(?:#|no|num|number|nr)",
    "dln", "dl", r"f[üu]e?hrerschein\pL*", r"fahrerlaubnis\pL*", r"permis de conduire", r"permiso de conduc\pL*", r"licencia de conduc\pL*", r"carn[ée]t? de conducir",
    r"patente(?: di guida)?", r"carta de condu[çc][ãa]o", r"carteira de (?:motorista|habilita[çc][ãa]o)", "cnh", r"rijbewijs\pL*", r"prawo jazdy", r"prawa jazdy",
    r"водительск\pL*", "驾驶证", "驾照", "運転免許", "免許証", "운전면허", r"sürücü belgesi", r"ehliyet\pL*", r"k[öo]rkort\pL*", r"ajokortti\pL*", r"licence[ _-]?(?:no|number)",
    r"license[ _-]?(?:no|number)",
)  # fmt: skip
_RECORD_WORDS = (
    "mrn", r"med(?:ical)?[ _-]?rec(?:ord)?\pL*", r"patient[ _-]?(?:id|no|nr|num|number|mrn|identifier|file|record)\pL*", r"(?:health|hospital|chart)[ _-]?(?:record|no|number|id|#)\pL*",
    r"patienten\pL*", r"krankenakte\pL*", r"fallnummer", r"dossier m[ée]dical\pL*", r"num[ée]ro de dossier", r"num[ée]ro (?:de )?patient", r"historia cl[íi]nica", r"expediente m[ée]dico",
    r"cartella clinica", r"prontu[áa]rio\pL*", r"pati[ëe]nt\pL*", r"medisch dossier\pL*", r"karta pacjenta", r"numer pacjenta", r"медицинск\pL* карт\pL*", r"истори\pL* болезни",
    "病历", "病歷", "病案号", "カルテ", "診察券", "患者番号", "의무기록", "차트번호", "환자번호", r"hasta (?:no|numaras)\pL*", r"protokol no", r"(?:ehr|emr)[ _-]?(?:id|no|number)",
)  # fmt: skip
# The same for states whose numbers have no detector of their own.
_STATE_WORDS = (
    r"(?:national|nat|citizen\pL*|resident|government|personal)[ _-]?(?:id|identity|identification)\pL*", r"identity[ _-]?(?:card|number|no|document)\pL*",
    r"id[ _-]?card\pL*", r"social[ _-]?(?:security|insurance)\pL*", r"tax[ _-]?(?:payer[ _-]?)?(?:id|ident\pL*|number|nr|reference|file)\pL*",
    r"identifiant (?:national|fiscal)", r"carte (?:nationale )?d.identit[ée]", r"num[eé]ro (?:fiscal|nacional|de s[ée]cu\pL*)", r"c[eé]dula(?: de\pL* (?:identidad|ciudadan\pL*))?",
    r"documento (?:nacional )?de identi\pL*", r"carta d.identit[àa]", r"bilhete de identidade", r"cart[ãa]o de cidad[ãa]o", r"registro geral", r"personalausweis\pL*", r"ausweis(?:nummer|nr)",
    r"steuer[ _-]?(?:id|ident\pL*|nummer|nr)\pL*", r"sozialversicherungs\pL*", r"identiteits\pL*", r"dow[óo]d (?:osobisty|tożsamo\pL*)", r"nr dowodu", r"удостоверени\pL* личности",
    "身份证", "身份證", "証明番号", "在留カード", "주민등록", "신분증", r"kimlik (?:no|numara)\pL*", r"الهوية|رقم قومي|बहि?चान",
)  # fmt: skip

_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|maer|mrz|mai|okt|dez|fév|fev|avr|juin|juil|août|aout|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|out|mei|maa|maj"
    r"|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек"
)
_CLOCK = re.compile(r"[T ]\d{1,2}:\d\d")
_DATE = (
    r"\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]|\b(?:\d{4}(?:[-/]|\. ?)\d{1,2}(?:[-/]|\. ?)\d{1,2}|\d{1,2}(?:[-/]|\. ?)\d{1,2}(?:[-/]|\. ?)(?:\d{4}|\d{2})"
    rf"|(?i:\d{{1,2}}(?:st|nd|rd|th|er|º|ª|\.)?[ -]?(?:of |de |d')?(?:{_MONTHS})[\pL.]*,?[ -](?:de |del )?'?(?:\d{{4}}|\d{{2}})"
    rf"|(?:{_MONTHS})[\pL.]*[ -]\d{{1,2}}(?:st|nd|rd|th)?,?[ -]\d{{4}}|\d{{4}}[ -](?:{_MONTHS})[\pL.]*[ -]\d{{1,2}}))\b"
)
_BIRTH_WORDS = (
    r"d\.?o\.?b\.?", r"birth[ _-]?date", r"date[ _-]?of[ _-]?birth", r"birth[ _-]?day", r"birthdate\pL*", r"born(?: on| at| in)?", r"geb(?:oren)?\.?(?: am)?", r"geburts\pL*",
    r"date de naissance", r"n[ée]e? le", r"naissance", r"fecha de nacimiento", r"nacid[oa](?: el)?", r"f\. ?nac\.?", r"nacimiento", r"cumplea[ñn]os", r"data di nascita", r"nat[oa] (?:il|a)",
    r"data de nascimento", r"nascimento", r"nascid[oa](?: em)?", r"anivers[áa]rio", r"geboorte[ _-]?datum", r"geboren op", r"verjaardag", r"data urodzenia", r"urodzon[yai]\pL*", r"urodzin\pL*",
    r"дат\pL* рождения", r"родил(?:ся|ась)", r"день рождения", "生年月日", "誕生日", "生まれ", "出生日期", "出生年月", "生日", "생년월일", "생일", "출생", r"do[ğg]um (?:tarih|g[üu]n)\pL*",
    r"f[öo]delse\pL*", r"f[øo]dsels\pL*", r"syntym\pL*", r"تاريخ الميلاد|مواليد", r"जन्म ?(?:तिथि|तारीख|दिन)?", r"datum narozen[íi]", r"ngày sinh", r"tanggal lahir",
)  # fmt: skip


def document_number(region: Region) -> Iterable[Span]:
    """Accept what can be a document's number: it stands alone, holds digits enough, and is neither a day nor one digit throughout."""
    number = compact(region.value)
    digits = digits_of(number)
    enough = len(digits) >= _FEWEST_DIGITS or (digits and len(number) >= 9 and number == region.value)
    if (
        not enough
        or not stands_alone(region)
        or is_of_business(region)
        or (len(digits) >= _FEWEST_DIGITS and not varied(digits))
        or _DAY_FORM.fullmatch(region.value)
    ):
        return ()
    return whole(region)


def machine_readable(region: Region) -> Iterable[Span]:
    """Accept a zone of ICAO 9303 by the check digit of its document number or birth date: readers get single letters wrong."""
    lines = [line for line in re.split(r"[\s\\]+n?", region.value) if line]
    size = len(lines[-1])
    if size == _TD1_LINE and len(lines) == 3:
        number, born = lines[0][5:15], lines[1][:7]
    elif size in {_TD2_LINE, _TD3_LINE}:
        number, born = lines[-1][:10], lines[-1][13:20]
    else:
        return ()
    return whole(region) if icao_check(number) or icao_check(born) else ()


def birth_date(region: Region) -> Iterable[Span]:
    """Accept a calendar date in a year that a living person can be born in; a two-digit year stands last."""
    if _CLOCK.match(region.after(6)) is not None:  # something happened then
        return ()
    if region.value.isdigit():
        return whole(region) if _FIRST_YEAR <= int(region.value[:4]) <= _LAST_YEAR else ()
    parts = [int(part) for part in "".join(char if char.isdigit() else " " for char in region.value).split()]
    named = any(char.isalpha() and char not in "年月日년월일" for char in region.value)
    years = [part for part in parts if _FIRST_YEAR <= part <= _LAST_YEAR]
    rest = [part for part in parts if part not in years] if years else parts[:1] if named else parts[:2]
    in_month = all(1 <= part <= _DAYS for part in rest) and (named or min(rest, default=0) <= _MONTHS_A_YEAR)
    return whole(region) if in_month else ()


DOCUMENTS = (
    Detector(
        id="pii.passport", type="PASSPORT", category="pii", confidence=0.65, source="ICAO 9303-3; the states' own forms", candidate=cued(_PASSPORT_WORDS),
        exact=r"(?i)\b(?:[A-Z]{1,3} ?\d{6,9}[A-Z]?|\d{2}[A-Z]{2}\d{5}|\d{2} \d{2} \d{6}|\d{4} \d{6}|\d{7,10}|[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d?)\b",
        check=document_number, context=_PASSPORT_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.driving_licence", type="DRIVING_LICENCE", category="pii", confidence=0.6, source="AAMVA; UK DVLA; FeV annex 8; Directive 2006/126/EC",
        candidate=cued(_LICENCE_WORDS),
        exact=r"\b(?:[A-Z]{5}\d{6}[A-Z0-9]{5}(?: ?\d{2})?|[A-Z9]{5} ?\d{6} ?[A-Z9]{2}\d[A-Z]{2}|[A-Z]{0,3}\d{3,5}(?:[- ]\d{2,6}){1,4}|[A-Za-z]{0,3}\*?\d{5,14}[A-Z]{0,3}"
              r"|[A-Z0-9]{9,18}|\d{2}[A-Z]{2}\d{5,7}|[A-Z]{2}[- ]?\d{2} ?\d{4} ?\d{7}|\d{2}[- ]\d{2}[- ]\d{6}(?:[- ]\d{2})?)\b",
        check=document_number, context=_LICENCE_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.medical_record", type="MEDICAL_RECORD", category="pii", confidence=0.6, source="HL7 v2 PID-3 (the assigner's own form)", candidate=cued(_RECORD_WORDS),
        exact=r"(?i)\b(?:[A-Z]{1,4}-?)?\d{5,12}(?:-\d{1,4})?\b|\b\d{2,4}-\d{2,4}-\d{2,6}\b|\b\d{3,6}-\d{3,6}\b", check=document_number, context=_RECORD_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.national_id", type="NATIONAL_ID", category="pii", confidence=0.55, source="the states' own forms", candidate=cued(_STATE_WORDS),
        exact=r"(?i)\b(?:[A-Z]{1,3}-?)?\d{2,}(?:[-./ ]\d{2,}){0,4}(?:[-./ ]?[A-Z0-9])?\b", check=document_number, context=_STATE_WORDS, needs_context=True,
    ),
    Detector(
        id="pii.mrz", type="MRZ", category="pii", confidence=0.95, source="ICAO 9303-4, 9303-5 and 9303-6", candidate=r"\d[A-Z<]{3}\d{7}[MFX<]\d{7}|[0-9<O]{6}\d[MFX<]\d{7}[A-Z<]{3}",
        exact=r"[ACIPV][A-Z<][A-Z<]{3}[A-Z0-9<]{25}(?:\s+|\\n)[0-9<O]{6}\d[MFX<]\d{7}[A-Z<]{3}[A-Z0-9<]{11}\d(?:\s+|\\n)[A-Z<]{30}"
              r"|(?:[PVACI][A-Z<][A-Z<]{3}[A-Z<]{31}(?:[A-Z<]{8})?(?:\s+|\\n))?[A-Z0-9<]{9}\d[A-Z<]{3}\d{6}\d[MFX<]\d{7}[A-Z0-9<]{7}(?:[A-Z0-9<]{6,8}\d?)?\d",
        check=machine_readable,
    ),
    Detector(
        id="pii.birth_date", type="DATE_OF_BIRTH", category="pii", confidence=0.75, source="ISO 8601 and customary forms", candidate=cued(_BIRTH_WORDS),
        exact=_DATE, check=birth_date, context=_BIRTH_WORDS, needs_context=True,
    ),
)  # fmt: skip
