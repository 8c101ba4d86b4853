"""What a value looks like: generated, made of words, a stand-in for a secret, or documentation's example of one. Pure functions."""

from __future__ import annotations

import zlib

from secure_gateway.plugins.guardrails.scanner.text_pattern import TextPattern
from secure_gateway.plugins.guardrails.scanner.validators import entropy

_HUMP = TextPattern(r"[A-Z]?[a-z]+|[A-Z]+")
_MIXED = TextPattern(r"[A-Za-z][0-9]|[0-9][A-Za-z]")
_NO_LETTER = TextPattern(r"[^A-Za-z]+")
_REFERENCE = TextPattern(
    r"(?i)\A(?:\$[a-z_]\w*\z|[$#]?[{(<\[]|%[({]|\{\{|<%|%\w+%\z|&\w*\*?\z"  # a variable of a shell, a template, YAML or Windows
    r"|(?:env|file|vault|op|ref|secret|secrets|ssm|keyring|keychain|kms|bw|doppler|awssm|gcpsm|aws-sm|gcp-sm)(?::|\.)[\w/.{$(:-]"
    r"|(?:arn:aws|projects/[\w-]+/secrets/|/run/secrets/|enc\[|!vault|@microsoft\.keyvault)"
    r"|(?:os|process|config|cfg|settings|self|this|secrets?|env|environ|var|vars|local|module|data|args|opts|options|params|request|"
    r"req|form|ctx|context|values|input|user|credentials|state|props|app|github|each|steps|inputs|matrix)(?:\.|\[|->)"
    r"|[a-z_$][\w.$:>-]*(?:\(|\[[\"'\w]|<))"  # a call, an index, a type with arguments
)
_STAND_IN = TextPattern(
    r"(?i)\A(?:your?|the|insert|enter|put|replace|change|add|paste|update|set|my|any|some|new|old|put)[ _-]?"
    r"(?:a|an|me|my|it|this|your?|the|own|new|real|actual|here|with|in|secure|strong)?[ _-]?"
    r"(?:[a-z]+[ _-])*(?:me|it|this|here|api|app|key|token|secret|password|passwd|pwd|pass|passphrase|credentials?|value|string|pat|hidden|id)"
    r"s?(?:[ _-].*)?\z"
    r"|x{4,}|\*{3}|\.{3}|…|•|#{4}|(?:redacted|placeholder|changeme|change[_-]me|replace[_-]?me|fixme|dummy|not[_-]?a[_-]?real"
    r"|not[_-]set|unset|to[_-]?be[_-]?(?:set|defined|filled)|masked|omitted|censored|filtered|sanitized)|[_-]here\z|\A(?:todo|tbd|n/?a)\b"
    r"|\Abase64(?:[^\w:]|\z)|\A(?:sha-?\d+|md5|utf-?8|argon2\w*|pbkdf2|bcrypt|scrypt|aes-?\d+|x\.?509|oauth2?)(?:\W|\z)"  # what is said of one
    r"|\A(?:example|sample|fake|mock)(?:[_-]|\z)|\Atest[_-]?\w{0,6}\z|[_-](?:example|placeholder)\z"
)
_SAMPLE = TextPattern(r"EXAMPLE|(?i)x{6,}|your[_-]|[_-]here\b|placeholder|redacted|\*{3}|\.{3}|…")
_PATH = TextPattern(r"\A(?:/[a-z0-9_.-]+){2,}/?\z|\A(?:\.{0,2}|~)/[a-z.]|\A[A-Za-z]:\\")
_BASE32 = TextPattern(r"\A[A-Z2-7]{16,}\z")
_BASE64_KEY = TextPattern(r"\A[A-Za-z0-9+/]{38,}={0,2}\z")
_CONSTANT = TextPattern(r"\A[A-Z]+(?:_[A-Z]+)+\z")
_PLAIN = frozenset(
    "password passwd passphrase passcode pass pwd secret string str text token key apikey true false yes no on off required optional hidden "
    "masked undefined number integer boolean bool object type value input empty missing invalid incorrect expired wrong weak strong reset forgot "
    "bearer basic field none null nil void any bytes bytearray secretstr default test example hello unknown username user char varchar array "
    "list dict map int float uuid url header cookie query body none. kennwort passwort mot contraseña senha".split()
)
_VOWELS = frozenset("aeiouyAEIOUY")
_HEX = frozenset("0123456789abcdefABCDEF-")
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def is_placeholder(value: str) -> bool:
    """Say whether a value stands for a secret without being one: a variable, a call, a mask, a type, an example."""
    lowered = value.lower()
    return (
        lowered in _PLAIN
        or (value.isalpha() and "passw" in lowered)
        or (_PATH.match(value) is not None and not _is_base64_key(value))  # PWD is the working directory, too
        or len(set(value)) <= 2  # masks and rulers
        or not any(char.isalnum() for char in value)
        or _CONSTANT.match(value) is not None
        or _REFERENCE.match(value) is not None
        or _STAND_IN.search(value) is not None
        or is_sample(value)
    )


def _is_base64_key(value: str) -> bool:
    """Say whether a value that begins as a path does is a key of 30 bytes and more: one in 64 begins so."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return (
        _BASE64_KEY.match(value) is not None and all(any(map(kind, value)) for kind in kinds) and not is_worded(value)
    )


def is_sample(value: str) -> bool:
    """Say whether a value with an issuer's prefix is what documentation shows: EXAMPLE in it, a run of x, hardly any variety."""
    return _SAMPLE.search(value) is not None or (len(value) >= 20 and len(set(value)) < 8)


def is_worded(value: str) -> bool:
    """Say whether most of the letters in ``value`` form words, however they are joined: ``maxRetries_2``, ``form.password``."""
    letters = sum("a" <= char <= "z" or "A" <= char <= "Z" for char in value)
    digits = sum("0" <= char <= "9" for char in value)
    if not letters or digits > letters or len(_MIXED.findall(value)) > max(3, letters // 8):
        return False
    return sum(map(_worded_letters, _NO_LETTER.split(value))) >= 0.75 * letters


def _worded_letters(run: str) -> int:
    """Return how many letters of one run stand in what could be words: three letters and more, with a vowel, not endless."""
    return sum(len(hump) for hump in _HUMP.findall(run) if 3 <= len(hump) <= 20 and not _VOWELS.isdisjoint(hump))


def is_generated(value: str, *, shortest: int = 16, bits: float = 3.0) -> bool:
    """Say whether ``value`` could be a generated key: long, varied, and not made of words."""
    seed = any(map(str.isdigit, value)) and _BASE32.match(value) is not None  # of one-time passwords (RFC 4648)
    if len(value) < shortest or entropy(value) < bits or (is_worded(value) and not seed):
        return False
    has_digit = any("0" <= char <= "9" for char in value)
    mixed = any("a" <= char <= "z" for char in value) and any("A" <= char <= "Z" for char in value)
    return any(char.isalpha() for char in value) and (has_digit or mixed)


def is_hexadecimal(value: str) -> bool:
    """Say whether ``value`` has hexadecimal digits and hyphens only: as likely a digest or an identifier as a key."""
    return _HEX.issuperset(value)


def is_password(value: str) -> bool:
    """Say whether somebody would take ``value`` for a password in a sentence: digits or signs among letters, or letters that form no words."""
    if not any(char.isalpha() for char in value):
        return False
    return any(char.isdigit() or char in "!@#$%^&*?+~=" for char in value) or (
        value.isascii() and value.isalpha() and len(value) >= 8 and not is_worded(value)
    )


def bech32(text: str) -> bool:
    """Check the six last characters of a Bech32 text (BIP 173), as age and Nostr use them."""
    lowered = text.lower()
    prefix, _, data = lowered.rpartition("1")
    if not prefix or len(data) < 6 or any(char not in _BECH32 for char in data):
        return False
    checksum = 1
    values = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    for value in values + [_BECH32.index(char) for char in data]:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum == 1


def crc32_hex(token: str) -> bool:
    """Check a token whose last part is the CRC-32 of what stands before its last underscore, in hexadecimal (Grafana)."""
    body, _, check = token.rpartition("_")
    return f"{zlib.crc32(body.encode()):08x}" == check
