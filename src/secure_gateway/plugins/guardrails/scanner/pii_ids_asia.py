"""Numbers that states of Asia, the Pacific and Africa give to people: the table."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner import validators_asia as rules
from secure_gateway.plugins.guardrails.scanner.pii_shapes import identity

_FOUR_BY_THREE = r"\b(?:\d{12}|\d{4} \d{4} \d{4}|\d{4}-\d{4}-\d{4})\b"
_AADHAAR_WORDS = (r"a+dh?aa?r\pL*", r"uidai", r"आधार", "uid")
_MY_NUMBER_WORDS = (r"my[ _-]?number", r"individual[ _-]?number", "マイナンバー", "個人番号")

ASIAN_IDS = (
    identity(
        "cn_resident_id", r"\b[1-68]\d{5} ?(?:18|19|20)\d{6} ?\d{3}[0-9Xx]\b", rules.cn_resident, source="GB 11643-1999",
        candidate=r"\b[1-68]\d{5} ?(?:18|19|20)\d{6} ?\d{3}[0-9Xx]\b", cues=("身份证", "身份證", "身份号码", r"resident[ _-]?id"),
    ),
    identity("jp_my_number", _FOUR_BY_THREE, rules.jp_my_number, source="MIC ordinance 85 of 2014", cues=_MY_NUMBER_WORDS),
    identity("in_aadhaar", _FOUR_BY_THREE, rules.in_aadhaar, source="UIDAI", cues=_AADHAAR_WORDS),
    identity(
        "in_pan", r"(?i)\b[A-Z]{3}[PCHFATBLJGKE][A-Z]\d{4}[A-Z]\b", rules.in_pan, source="Income Tax Department of India, PAN",
        candidate=r"(?i)\b[A-Z]{3}[PCHFATBLJGKE][A-Z]\d{4}[A-Z]\b", cues=("pan", r"permanent account", r"pan[ _-]?card\pL*"),
    ),
    identity(
        "kr_rrn", r"\b\d{6}-[1-8]\d{6}\b", rules.kr_rrn, source="Resident Registration Act", candidate=r"\b\d{6}-[1-8]\d{6}\b",
        cues=("rrn", "주민", "외국인", r"resident[ _-]?registration"),
    ),
    identity(
        "kr_rrn_plain", r"\b\d{6} ?[1-8]\d{6}\b", rules.kr_rrn, source="Resident Registration Act", kind="KR_RRN",
        cues=("rrn", "주민", "외국인", r"resident[ _-]?registration"),
    ),
    identity(
        "au_tfn", r"\b\d{3}[ -]?\d{3}[ -]?\d{3}\b", rules.au_tfn, source="ATO", cues=("tfn", r"tax[ _-]?file\pL*"),
    ),
    identity("au_medicare", r"\b[2-6]\d{3}[ -]?\d{5}[ -]?\d(?:[ /-]?\d)?\b", rules.au_medicare, source="METeOR 270101", cues=(r"medicare\pL*",)),
    identity("nz_ird", r"\b\d{2,3}[ -]?\d{3}[ -]?\d{3}\b", rules.nz_ird, source="Inland Revenue", cues=("ird", r"inland revenue")),
    identity(
        "sg_nric", r"(?i)\b[STFGM]\d{7}[A-Z]\b", rules.sg_nric, source="ICA", candidate=r"(?i)\b[STFGM]\d{7}[A-Z]\b", cues=("nric", "fin"),
    ),
    identity(
        "hk_identity_card", r"(?i)\b[A-Z]{1,2}\d{6}\(?[0-9A]\)?", rules.hk_identity,
        source="Immigration Department", cues=("hkid", r"hong kong i\pL*", "香港身份"),
    ),
    identity("tw_identity_card", r"(?i)\b[A-Z][1289]\d{8}\b", rules.tw_identity, source="Ministry of the Interior", candidate=r"(?i)\b[A-Z][1289]\d{8}\b", cues=("身分證", r"taiwan\pL*")),
    identity(
        "th_identity_number", r"\b\d[ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d\b", rules.th_identity, source="Department of Provincial Administration",
        cues=(r"บัตรประชาชน", r"เลขประจำตัว\pL*", r"thai\pL*"),
    ),
    identity("id_nik", r"\b\d{16}\b", rules.id_nik, source="Ministry of Home Affairs", cues=("nik", "ktp", r"e-ktp", r"nomor induk")),
    identity("my_identity_card", r"\b\d{6}-?\d{2}-?\d{4}\b", rules.my_identity, source="National Registration Department", cues=(r"mykad", "nric", r"kad pengenalan")),
    identity("il_identity_number", r"\b\d{9}\b", rules.il_identity, source="Population Authority", cues=(r"teudat zehut", r"תעודת זהות", r"israeli id")),
    identity("za_identity_number", r"\b\d{6} ?\d{4} ?\d{2} ?\d\b", rules.za_identity, source="Act 68 of 1997", cues=(r"south african", r"rsa[ _-]?id\pL*", r"sa[ _-]id\pL*")),
    identity("ae_identity_number", r"\b784-?\d{4}-?\d{7}-?\d\b", rules.ae_identity, source="ICP", candidate=r"\b784-?\d{4}-?\d{7}-?\d\b", cues=(r"emirates\pL*", r"هوية")),
)  # fmt: skip
