"""What the detectors of credentials ask of a text that has the right shape: small checks of one region each."""

from __future__ import annotations

from collections.abc import Iterable

from secure_gateway.plugins.guardrails.scanner.finding import Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.secrets_values import (
    bech32,
    crc32_hex,
    is_generated,
    is_hexadecimal,
    is_password,
    is_placeholder,
    is_sample,
    is_worded,
)
from secure_gateway.plugins.guardrails.scanner.text_pattern import TextPattern
from secure_gateway.plugins.guardrails.scanner.validators import crc32_base62, decode_base64, entropy, jose_header

_SHORTEST_PASSWORD, _SHORTEST_PHRASE, _SHORTEST_KEY, _LONGEST_VALUE = 4, 6, 12, 4_096
_SURE = 0.99
_BODY = TextPattern(r"[A-Za-z0-9+/=\s\\:,.]+")
_NEXT_PAIR = TextPattern(r"[;&,]\s*[\w .-]{1,40}=|[;,]\z|\\[nrt]|\\\"")
_NAME = TextPattern(r"((?:[A-Za-z0-9_.-]+ ){0,2}[A-Za-z0-9_.-]+)[^A-Za-z0-9]*\z")
_WORD = TextPattern(r"[A-Z]{2,}\b|[A-Z]?[a-z]+|[A-Z]+|\d+")
_JOINED = TextPattern(r"\A[A-Za-z]\w*(?:[-_./:][A-Za-z0-9]+)*\z")
_PAIR_TAIL = TextPattern(r"(?i)\\?[\"']?[\s,]*\\?[\"']?value\\?[\"']?\s*[:=]\s*\\?[\"']?\z")
# What may stand between a name and its value: the rest of a declaration, a type, an option.
_DEFAULT_TAIL = TextPattern(
    r"(?i)(?:[\"']\s*\{[^{}]*\bdefault\s*=\s*|\s+(?:--body|--value|-b|-v)[= ]|\s*:\s*&?[\w<>\[\].'|]{1,24}\s+=\s*)[\"'`]?\z"
)
_NAMES_PASSWORD = TextPattern(
    r"(?i)(?:pass(?:word|wd|wrd|phrase|code)?|pwd|(?:\b|_)pw)s?(?:[_-]?[a-z0-9]{1,10})?[^A-Za-z0-9]*\z"
)
_STAGE = TextPattern(
    r"(?i)(?:[_-]?(?:\d+|base|value|prod|production|live|test|dev|staging|old|new|plain|raw|str|string))\W*\z"
)
_SCHEMES = frozenset("bearer basic digest negotiate apikey authentication authorization credentials".split())
_QUOTES = frozenset("\"'`")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}

# Names that end in "key" or "token" and name something that opens nothing.
_HARMLESS = frozenset(
    "page next prev previous continuation cursor sync resume pagination offset max min total num count limit bucket budget type kind name "
    "public publishable primary foreign cache partition sort sorting object idempotency idempotent dedup routing group grouping index hash "
    "range lookup unique natural surrogate composite translation i18n locale message query shortcut known row shard map dict sample fingerprint "
    "prompt completion completions eos bos pad unk stop design syntax css dns site anonymous client_id kid thumbprint etag digest checksum "
    "transaction correlation request trace event issue registry column field parent hot".split()
)
_JOINED_HARMLESS = (
    "pagetoken",
    "nexttoken",
    "synctoken",
    "publickey",
    "cachekey",
    "primarykey",
    "partitionkey",
    "sortkey",
    "foreignkey",
)
_NO_SECRETS = frozenset({"type", "id", "ids", "count", "name", "url"})
_PARTICLES = frozenset("for of by with the a an in on no each every this that and or same".split())
_STRONG = frozenset(
    "api app application access private secret encryption encrypt decryption signing sign auth authentication authorization license account "
    "master service integration storage admin root deploy user client consumer customer subscription ingestion write shared session hmac jwt "
    "aes rest server sdk live prod".split()
)


def issued(region: Region) -> Iterable[Span]:
    """Accept a token with its issuer's prefix unless it is documentation's example of one."""
    return () if is_sample(region.value) else whole(region)


def alone(region: Region) -> Iterable[Span]:
    """Accept a token with a short prefix where it stands alone, not inside base64 or a longer name, and looks generated."""
    value = region.value
    before, after = region.before(2), region.after(1)
    inside = before[-1:] in _BASE64 and before not in {"\\n", "\\r", "\\t"} and not before.endswith("/")
    several = sum(char in "_-." for char in value) > 1
    name = is_worded(value) and (several or not any(map(str.isdigit, value)))
    return (
        ()
        if inside or (after and after in _BASE64) or name or is_sample(value) or entropy(value) < 2.5
        else whole(region)
    )


def session_cookie(region: Region) -> Iterable[Span]:
    """Accept a generated session id in a header of cookies."""
    cookies = "cookie" in region.before(200).lower()
    return alone(region) if cookies and is_generated(region.value) else ()


def checksummed(region: Region) -> Iterable[Span]:
    """Accept a token, surer if its documented checksum holds; formats were issued without one, too."""
    if is_sample(region.value):
        return ()
    return ((0, len(region.value), _SURE if crc32_base62(region.value) else region.confidence),)


def grafana_token(region: Region) -> Iterable[Span]:
    """Accept a service account token, surer if its CRC-32 holds."""
    if is_sample(region.value):
        return ()
    return ((0, len(region.value), _SURE if crc32_hex(region.value) else region.confidence),)


def age_key(region: Region) -> Iterable[Span]:
    """Accept a secret key of age, surer if its Bech32 checksum holds: one with a slip of the pen tells nearly as much."""
    if is_sample(region.value):
        return ()
    return ((0, len(region.value), _SURE if bech32(region.value) else region.confidence),)


def jwt(region: Region) -> Iterable[Span]:
    """Accept a token whose first part decodes to a JOSE header."""
    return whole(region) if jose_header(region.value) else ()


def key_block(region: Region) -> Iterable[Span]:
    """Accept a private key from BEGIN to END; one cut off ends with its base64, and a header alone is no key."""
    value = region.value
    header_end = value.index("-----", 11) + 5
    footer = value.find("-----END", header_end)
    body = value[header_end:footer] if footer >= 0 else value[header_end:]
    if sum(char.isalnum() for char in body) < 32:  # shorter than any key: somebody writes about headers
        return ()
    if footer >= 0:
        return whole(region)
    rest = _BODY.match(body)
    return ((0, header_end + (rest.end() if rest else 0), region.confidence),)


def password_value(region: Region) -> Iterable[Span]:
    """Accept the value of an assignment to a password."""
    size = _assigned(region)
    value = region.value[:size]
    if not _SHORTEST_PHRASE <= size <= _LONGEST_VALUE or is_placeholder(value) or any(map(str.isspace, value)):
        return ()
    if region.before(1) not in _QUOTES and not is_password(value) and not _is_literal(region, value):
        return ()
    listed = "," in region.before(4) and not is_password(value)  # ["password", "first_name"]
    if listed or (region.before(1) not in _QUOTES and _is_name(value)):
        return ()
    return ((0, size, region.confidence),)


def told_password(region: Region) -> Iterable[Span]:
    """Accept what somebody calls a password in a sentence, or gives a command as one, where it looks like one."""
    size = _assigned(region)
    value = region.value[:size]
    if not _SHORTEST_PHRASE <= size <= 128 or is_placeholder(value) or not is_password(value):
        return ()
    return () if _is_name(value) else ((0, size, region.confidence),)


def told_login(region: Region) -> Iterable[Span]:
    """Accept what follows a user's name, or a word that means more than a password, if only a password looks like it."""
    size = _assigned(region)
    value = region.value[:size]
    kinds = [str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum()]
    varied = sum(any(map(kind, value)) for kind in kinds) >= 3
    if (
        not varied
        or not _SHORTEST_PHRASE <= size <= 128
        or is_placeholder(value)
        or not is_password(value)
        or is_hexadecimal(value)
        or _is_name(value)
    ):
        return ()
    return ((0, size, region.confidence),)


def told_key(region: Region) -> Iterable[Span]:
    """Accept what a sentence calls a key or token, if it has letters of both cases and digits that form no words, and is no digest."""
    size = _assigned(region)
    value = region.value[:size]
    varied = any(map(str.islower, value)) and any(map(str.isupper, value)) and any(map(str.isdigit, value))
    said = set(region.before(80).lower().replace("-", " ").replace("_", " ").split())
    named = (
        region.before(16)
        .lower()
        .rstrip("\"'` ")
        .endswith((" key is", " token is", " secret is", " key:", " token:", " secret:"))
    )
    if (
        named
        and is_hexadecimal(value)
        and not {"api", "secret", "access", "auth", "app"}.isdisjoint(said)
        and _HARMLESS.isdisjoint(said)
    ):
        return whole(region) if size == len(region.value) and len(set(value)) > 6 else ()
    if (
        not varied
        or is_placeholder(value)
        or not is_generated(value, shortest=20, bits=3.5)
        or not _HARMLESS.isdisjoint(said)
    ):
        return ()
    return ((0, size, region.confidence),)


def command_password(region: Region) -> Iterable[Span]:
    """Accept the value of an option that takes a password, unless it is a variable or a stand-in."""
    size = _assigned(region)
    value = region.value[:size]
    if not _SHORTEST_PASSWORD <= size <= _LONGEST_VALUE or is_placeholder(value) or value.startswith("-"):
        return ()
    return ((0, size, region.confidence),)


def key_value(region: Region) -> Iterable[Span]:
    """Accept the value of an assignment to a key or token that looks generated."""
    size = _assigned(region)
    value = region.value[:size]
    fits = _SHORTEST_KEY <= size <= _LONGEST_VALUE and not any(map(str.isspace, value))
    if (
        not fits
        or "arn:" in region.before(96)  # the name of a secret, in a store
        or not _names_a_secret(region)
        or is_placeholder(value)
        or not is_generated(value, shortest=_SHORTEST_KEY)
    ):
        return ()
    return ((0, size, region.confidence),)


def spelled_value(region: Region) -> Iterable[Span]:
    """Accept what a statement that is no plain assignment gives to a password, a key or a token."""
    password = _NAMES_PASSWORD.search(_DEFAULT_TAIL.sub("", region.before(160))) is not None
    return password_value(region) if password else key_value(region)


def password_field(region: Region) -> Iterable[Span]:
    """Accept the whole text of a field that is named for a password."""
    value = region.value
    if not _SHORTEST_PASSWORD <= len(value) <= _LONGEST_VALUE or is_placeholder(value) or any(map(str.isspace, value)):
        return ()
    return whole(region)


def key_field(region: Region) -> Iterable[Span]:
    """Accept the whole text of a field that is named for a key or token, if it looks generated."""
    value = region.value
    if any(map(str.isspace, value)) or is_placeholder(value) or not is_generated(value, shortest=_SHORTEST_KEY):
        return ()
    return whole(region) if _names_a_secret(region) else ()


def url_password(region: Region) -> Iterable[Span]:
    """Accept the password in a URL's authority unless it is a variable."""
    return () if is_placeholder(region.value) or region.value.lower() == "pass" else whole(region)


def url_token(region: Region) -> Iterable[Span]:
    """Accept a token that stands for the user of a URL; a hexadecimal one is a project's public id as often."""
    value = region.value
    return () if is_hexadecimal(value) or is_placeholder(value) or not is_generated(value) else whole(region)


def bearer(region: Region) -> Iterable[Span]:
    """Accept the credentials after an authentication scheme; a Basic one must decode to ``user:password``."""
    value = region.value
    before = region.before(40).lower().rstrip("\"' ")
    if before.endswith("basic"):
        return basic_pair(region)
    if is_placeholder(value) or value.lower().startswith(("http:", "https:")) or value.lower() in _SCHEMES:
        return ()
    scheme = "authorization" in before and not before.endswith((":", "="))
    return whole(region) if scheme or is_generated(value, bits=2.5) else ()


def basic_pair(region: Region) -> Iterable[Span]:
    """Accept base64 that decodes to a printable ``user:password`` (RFC 7617, Docker's and npm's files of credentials)."""
    decoded = decode_base64(region.value)
    if decoded is None or decoded.find(b":") < 1 or decoded.endswith(b":"):
        return ()
    try:
        printable = decoded.decode().isprintable()
    except UnicodeDecodeError:
        return ()
    return whole(region) if printable else ()


def aws_secret(region: Region) -> Iterable[Span]:
    """Accept forty base64 characters as varied as a secret key is; a hexadecimal digest is not."""
    value = region.value
    return (
        () if is_hexadecimal(value) or entropy(value) < 3.5 or is_sample(value) or is_worded(value) else whole(region)
    )


def near_key_id(region: Region) -> Iterable[Span]:
    """Accept the second half of a cloud's key pair, generated and no digest."""
    value = region.value
    return () if is_hexadecimal(value) or is_sample(value) or not is_generated(value, bits=3.5) else whole(region)


def discord_token(region: Region) -> Iterable[Span]:
    """Accept a token of a bot: base64 of its numeric id before the first dot makes it surer."""
    first, _, rest = region.value.partition(".")
    decoded = decode_base64(first)
    if decoded is not None and decoded.isdigit():
        return whole(region)
    return () if (is_worded(first) and is_worded(rest)) or is_sample(region.value) else ((0, len(region.value), 0.7),)


def _assigned(region: Region) -> int:
    """Return where an assigned value ends: a quoted one at its quote, another before what the statement goes on with."""
    value = region.value
    if region.before(1) in _QUOTES:
        return len(value.rstrip("\\"))
    if cut := _NEXT_PAIR.search(value):
        value = value[: cut.start()]
    while value and (value[-1] in ".,;:\\`" or (value[-1] in _PAIRS and _PAIRS[value[-1]] not in value)):
        value = value[:-1]
    return len(value)


def _is_name(value: str) -> bool:
    """Say whether ``value`` is the name of something, of small words that signs join: ``strict-12``, ``db01.internal``."""
    return value.islower() and not value.isalnum() and _JOINED.match(value) is not None and is_worded(value)


def _is_literal(region: Region, value: str) -> bool:
    """Say whether a plain word is a value after all: ``DB_PASSWORD=sunshine``, or one among the pairs of a connection."""
    before = region.before(64)
    if not _JOINED.match(value) or "." in value or not before.endswith("="):
        return False
    name = before.rstrip("=").rpartition("\n")[2].rpartition(" ")[2]
    return name.isupper() or ";" in before or "&" in before or "host=" in before or "user" in before.lower()


def _names_a_secret(region: Region) -> bool:
    """Say whether the name before a value is that of something which opens a door, not of a cursor, an index or a public key."""
    before = region.before(160)
    found = _NAME.search(_STAGE.sub("", _PAIR_TAIL.sub("", _DEFAULT_TAIL.sub("", before))))
    if found is None:
        return False
    name = found.group(1)
    words = [word.lower() for word in _WORD.findall(name.replace("_", " ").replace("-", " "))]
    if not words or words[-1] in _NO_SECRETS or not _HARMLESS.isdisjoint(words[:-1]):
        return False
    joined = "".join(words)
    if any(harmless in joined for harmless in _JOINED_HARMLESS):
        return False
    if not words[-1].endswith(("key", "keys")):
        return True
    if words[-1] not in {"key", "keys"}:
        return words[-1].removesuffix("s").removesuffix("key") in _STRONG  # apikey, authkey, but not monkey
    digest = is_hexadecimal(region.value.rstrip(".,;")) and not name.isupper()
    return not _STRONG.isdisjoint(words) if digest else len(words) > 1 and words[-2] not in _PARTICLES
