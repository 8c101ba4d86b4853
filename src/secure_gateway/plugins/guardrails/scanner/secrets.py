"""Credentials: the table of detectors, each from the issuer's own description of its format."""

from __future__ import annotations

from collections.abc import Iterable

import re2

from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, where, whole
from secure_gateway.plugins.guardrails.scanner.validators import (
    crc32_base62,
    decode_base64,
    entropy,
    jose_header,
    looks_random,
)

_SHORTEST_PASSWORD, _SHORTEST_PHRASE, _LONGEST_VALUE = 4, 6, 4_096
_BODY = re2.compile(r"[A-Za-z0-9+/=\s\\:,.]+")

_PLACEHOLDER_STARTS = (
    "$", "{", "<", "[", "%(", "%s", "(", "env:", "env.", "env(", "file:", "vault:", "os.", "process.", "config.", "settings.", "self.",
    "secrets.", "getenv", "none", "null", "your", "my_", "my-", "example", "changeme", "change_me", "placeholder", "redacted", "xxxx", "...",
)  # fmt: skip
_QUOTES, _BRACKETS = frozenset("\"'"), frozenset("()[]{}")
_CURSORS = ("page", "next", "continuation", "cursor", "sync", "resume", "pagination")
_PLACEHOLDERS = frozenset(
    "password passwd passphrase secret string str text token true false required optional hidden masked undefined number integer "
    "boolean object type value input empty missing invalid incorrect expired wrong weak strong reset forgot bearer basic field none any "
    "bytes secretstr".split()
)


def is_placeholder(value: str) -> bool:
    """Say whether a value stands for a secret without being one: a variable, a mask, a type, an example."""
    lowered = value.lower()
    return (
        lowered in _PLACEHOLDERS
        or (value.isalpha() and "passw" in lowered)
        or (value.startswith("/") and "/" in value[1:])  # a path: PWD is the working directory, too
        or lowered.startswith(_PLACEHOLDER_STARTS)
        or len(set(value)) <= 2  # masks and rulers
        or not any(char.isalnum() for char in value)
        or "***" in value
    )


def checksummed(region: Region) -> Iterable[Span]:
    """Accept a token, surer if its documented checksum holds; formats were issued without one, too."""
    sure = 0.99 if crc32_base62(region.value) else region.confidence
    return ((0, len(region.value), sure),)


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
    value = region.value.rstrip(".,;)\\")
    if not _SHORTEST_PHRASE <= len(value) <= _LONGEST_VALUE or is_placeholder(value) or _is_prose(region, value):
        return ()
    return ((0, len(value), region.confidence),)


def key_value(region: Region) -> Iterable[Span]:
    """Accept the value of an assignment to a key or token that looks generated."""
    value = region.value.rstrip(".,;)\\")
    if (
        len(value) > _LONGEST_VALUE
        or _is_cursor(region)
        or _is_code(region, value)
        or is_placeholder(value)
        or not looks_random(value, shortest=12)
    ):
        return ()
    return ((0, len(value), region.confidence),)


def password_field(region: Region) -> Iterable[Span]:
    """Accept the whole text of a field that is named for a password."""
    value = region.value
    if not _SHORTEST_PASSWORD <= len(value) <= _LONGEST_VALUE or is_placeholder(value) or any(map(str.isspace, value)):
        return ()
    return whole(region)


def key_field(region: Region) -> Iterable[Span]:
    """Accept the whole text of a field that is named for a key or token, if it looks generated."""
    value = region.value
    spaced = any(map(str.isspace, value))
    return (
        ()
        if spaced or _is_cursor(region) or is_placeholder(value) or not looks_random(value, shortest=12)
        else whole(region)
    )


def url_password(region: Region) -> Iterable[Span]:
    """Accept the password in a URL's authority unless it is a variable."""
    return () if is_placeholder(region.value) or region.value.lower() == "pass" else whole(region)


def bearer(region: Region) -> Iterable[Span]:
    """Accept the credentials after an authentication scheme; a Basic one must decode to ``user:password``."""
    value = region.value
    if region.before(12).lower().rstrip().endswith("basic"):
        decoded = decode_base64(value)
        return whole(region) if decoded is not None and b":" in decoded else ()
    named = "authorization" in region.before(40).lower()
    return () if is_placeholder(value) or not (named or looks_random(value, bits=2.5)) else whole(region)


def aws_secret(region: Region) -> Iterable[Span]:
    """Accept forty base64 characters as varied as a secret key is; a hexadecimal digest is not."""
    value = region.value
    hexadecimal = all(char in "0123456789abcdefABCDEF" for char in value)
    return () if hexadecimal or entropy(value) < 3.5 else whole(region)


def discord_token(region: Region) -> Iterable[Span]:
    """Accept a token whose first part decodes to a numeric user id."""
    decoded = decode_base64(region.value.partition(".")[0])
    return whole(region) if decoded is not None and decoded.isdigit() else ()


def _is_prose(region: Region, value: str) -> bool:
    """Tell "password: please …" and ``password: SecretStr`` from an assignment of a literal."""
    if any(map(str.isspace, value)):
        return True
    letters = all(char.isalpha() or char in "_.-/" for char in value)
    return region.before(1) not in _QUOTES and (letters or any(char in _BRACKETS for char in value))


def _is_code(region: Region, value: str) -> bool:
    """Tell ``token = parser.next2(x)`` and ``key: Ed25519Key`` from a generated value: brackets, or one run of digits."""
    if region.before(1) in _QUOTES:
        return False
    runs = "".join("1" if char.isdigit() else " " for char in value).split()
    return len(runs) < 2 or any(char in _BRACKETS for char in value)


def _is_cursor(region: Region) -> bool:
    """Say whether the field before the value names a place in a listing, which is no secret."""
    return any(word in region.before(40).lower() for word in _CURSORS)


_PASSWORD_NAME = r"pass(?:word|wd|phrase|code)|\bpwd|_pwd"  # noqa: S105 - names that announce one
_KEY_NAME = (
    r"(?:client|app|shared|webhook|signing|jwt|consumer|oauth|aws|token)?[ _-]?secret(?:[ _-]?(?:access)?[ _-]?key)?"
    r"|(?:api|access|private|encryption|signing|master|account|auth|service|license|storage)[ _-]?key"
    r"|(?:auth|access|refresh|id|bearer|session|api|security|bot|user|personal[ _-]?access)[ _-]?token|(?:\b|_)token|credentials?"
)
_ASSIGN = r"\\?[\"']?\s*(?::=|=>|==?|:)\s*\\?(?:\"([^\"\r\n]+)|'([^'\r\n]+)|([^\s\"'<>&;,\\][^\s\"'<>&;]*))"


def _token(name: str, kind: str, candidate: str, exact: str, source: str) -> Detector:
    """A token that is recognised by its own prefix."""
    return Detector(
        id=f"secret.{name}",
        type=kind,
        category="secrets",
        confidence=0.95,
        source=source,
        candidate=candidate,
        exact=exact,
    )


_PREFIXED = (
    _token("aws_access_key", "AWS_ACCESS_KEY", r"A(?:KIA|SIA)[A-Z0-9]{4}", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "AWS IAM unique identifiers"),
    _token("gitlab", "GITLAB_TOKEN", r"gl[a-z]{2,5}-[\w-]{8}", r"\bgl(?:pat|dt|rt|rtr|ptt|ft|soat|cbt|imt|agent|oas|ffct)-[\w.-]{20,}",
           "GitLab token overview"),
    _token("slack", "SLACK_TOKEN", r"xox[a-z]-|xapp-\d", r"\b(?:xox[abceoprs]-(?:\d-)?[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,})",
           "Slack token types"),
    _token("slack_webhook", "SLACK_WEBHOOK", r"hooks\.slack", r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/+-]{20,}",
           "Slack incoming webhooks"),
    _token("google_api_key", "GOOGLE_API_KEY", r"AIza[\w-]{4}", r"\bAIza[\w-]{35,}", "Google Cloud API keys"),
    _token("google_oauth", "GOOGLE_OAUTH", r"GOCSPX-|ya29\.", r"\b(?:GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,})", "Google OAuth 2.0"),
    _token("azure_storage", "AZURE_STORAGE_KEY", r"(?i)(?:Account|Access)Key=", r"(?i)(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,}={0,2})",
           "Azure Storage connection strings"),
    _token("azure_client_secret", "AZURE_CLIENT_SECRET", r"[78]Q~", r"[\w~.-]{3}[78]Q~[\w~.-]{31,34}", "Entra ID client secrets"),
    _token("anthropic", "ANTHROPIC_KEY", r"sk-ant-", r"\bsk-ant-[\w-]{24,}", "Anthropic API reference"),
    _token("openai", "OPENAI_KEY", r"T3BlbkFJ|sk-(?:proj|svcacct|admin)-",
           r"\bsk-(?:[\w-]*T3BlbkFJ[\w-]{16,}|(?:proj|svcacct|admin)-[\w-]{32,})", "OpenAI API reference"),
    _token("huggingface", "HUGGINGFACE_TOKEN", r"hf_[A-Za-z0-9]{8}|api_org_", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}", "Hugging Face user access tokens"),
    _token("stripe", "STRIPE_KEY", r"[sr]k_(?:live|test)_|whsec_", r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}=*)",
           "Stripe API keys"),
    _token("sendgrid", "SENDGRID_KEY", r"SG\.[\w-]{16}", r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}", "Twilio SendGrid API keys"),
    _token("pypi", "PYPI_TOKEN", r"pypi-AgE", r"\bpypi-AgE[\w-]{50,}", "PyPI API tokens (macaroons)"),
    _token("docker_hub", "DOCKER_HUB_TOKEN", r"dckr_[po]at_", r"\bdckr_[po]at_[\w-]{20,}", "Docker access tokens"),
    _token("digitalocean", "DIGITALOCEAN_TOKEN", r"do[opr]_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}\b", "DigitalOcean API tokens"),
    _token("telegram", "TELEGRAM_BOT_TOKEN", r"\d{8}:[\w-]{8}", r"\b\d{8,10}:[\w-]{35}\b", "Telegram Bot API"),
    _token("discord_webhook", "DISCORD_WEBHOOK", r"api/webhooks/\d", r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{16,20}/[\w-]{40,}",
           "Discord webhook resource"),
    _token("twilio_key", "TWILIO_KEY", r"SK[0-9a-f]{8}", r"\bSK[0-9a-f]{32}\b", "Twilio API keys"),
    _token("databricks", "DATABRICKS_TOKEN", r"dapi[0-9a-f]{8}", r"\bdapi[0-9a-f]{32}(?:-\d)?\b", "Databricks personal access tokens"),
    _token("shopify", "SHOPIFY_TOKEN", r"shp(?:at|ca|pa|ss)_", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b", "Shopify access tokens"),
    _token("vault", "VAULT_TOKEN", r"hv[sbr]\.[\w-]{8}", r"\bhv[sbr]\.[\w-]{24,}", "HashiCorp Vault tokens"),
    _token("grafana", "GRAFANA_TOKEN", r"gl(?:sa|c)_[\w+]{8}", r"\b(?:glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}=*)", "Grafana tokens"),
    _token("age", "AGE_SECRET_KEY", r"AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}", "age v1 specification"),
    _token("gateway_key", "GATEWAY_KEY", r"sgw_[\w.-]{8}", r"\bsgw_[\w.-]{16,}", "keys that secure-gateway issues"),
)  # fmt: skip

_CHECKED = (
    Detector(
        id="secret.github", type="GITHUB_TOKEN", category="secrets", confidence=0.9, source="GitHub authentication token formats",
        candidate=r"gh[pousr]_\w{8}", exact=r"\bgh[pousr]_\w{36,}", check=checksummed,
    ),
    Detector(
        id="secret.github_pat", type="GITHUB_TOKEN", category="secrets", confidence=0.97, source="GitHub fine-grained tokens",
        candidate=r"github_pat_", exact=r"\bgithub_pat_\w{60,}",
    ),
    Detector(
        id="secret.npm", type="NPM_TOKEN", category="secrets", confidence=0.9, source="npm access token format (checksum as GitHub's)",
        candidate=r"npm_[A-Za-z0-9]{8}", exact=r"\bnpm_[A-Za-z0-9]{36}\b", check=checksummed,
    ),
    Detector(
        id="secret.openai_short", type="API_KEY", category="secrets", confidence=0.8, source="the sk- convention of model vendors",
        candidate=r"sk-[A-Za-z0-9]{16}", exact=r"\bsk-(?:or-v1-)?[A-Za-z0-9]{32,}\b", check=where(looks_random),
    ),
    Detector(
        id="secret.aws_secret_key", type="AWS_SECRET_KEY", category="secrets", confidence=0.8, source="AWS IAM access keys", needs_context=True,
        candidate=r"(?i:secret.?access.?key|aws.{0,2}secret)|AKIA|ASIA", exact=r"(?:^|[^A-Za-z0-9/+])([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)",
        context=(r"secret[ _-]?access[ _-]?key", r"aws[ _-]?secret(?:[ _-]?key)?", r"a[ks]ia[a-z0-9]{16}"), check=aws_secret,
    ),
    Detector(
        id="secret.twilio_auth", type="TWILIO_AUTH_TOKEN", category="secrets", confidence=0.75, source="Twilio auth tokens", needs_context=True,
        candidate=r"(?i)twilio|AC[0-9a-f]{32}", exact=r"\b[0-9a-f]{32}\b", context=("twilio(?:[ _-]?auth)?(?:[ _-]?token)?", "ac[0-9a-f]{32}"),
    ),
    Detector(
        id="secret.discord", type="DISCORD_TOKEN", category="secrets", confidence=0.9, source="Discord API reference", check=discord_token,
        candidate=r"[\w-]\.[\w-]{6}\.[\w-]{8}", exact=r"\b[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,38}",
    ),
    Detector(
        id="secret.jwt", type="JWT", category="secrets", confidence=0.95, source="RFC 7515, RFC 7516", check=where(jose_header),
        candidate=r"e(?:yJ|yA|w0|wo)[\w-]{8}", exact=r"\be(?:yJ|yA|w0|wo)[\w-]{8,}={0,2}\.[\w-]+={0,2}\.[\w-]*(?:\.[\w-]+\.[\w-]+)?",
    ),
    Detector(
        id="secret.private_key", type="PRIVATE_KEY", category="secrets", confidence=0.98, source="RFC 7468, RFC 4880 section 6.2", check=key_block,
        candidate=r"-----BEGIN [A-Z0-9 ]*P",
        exact=r"-----BEGIN (?:[A-Z0-9]+ )*(?:PRIVATE KEY(?: BLOCK)?|PGP MESSAGE)-----(?:[^-]|-{1,4}[^-])*"
              r"(?:-----END (?:[A-Z0-9]+ )*(?:PRIVATE KEY(?: BLOCK)?|PGP MESSAGE)-----)?",
    ),
    Detector(
        id="secret.url_password", type="URL_PASSWORD", category="secrets", confidence=0.9, source="RFC 3986 section 3.2.1", check=url_password,
        candidate=r"://[^\s/:@\"]*:[^\s/\"]+@", exact=r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\"'<>]*:([^\s/\"'<>]+)@",
    ),
    Detector(
        id="secret.authorization", type="BEARER_TOKEN", category="secrets", confidence=0.85, source="RFC 6750, RFC 7617", check=bearer,
        candidate=r"(?i)(?:bearer|basic|authorization[\"']?[:=]\s*[\"']?token)\s+[\w+/~.=-]{8}",
        exact=r"(?i)\b(?:bearer|basic|authorization[\"']?\s*[:=]\s*[\"']?token)\s+([\w+/~.=-]{8,})",
    ),
    Detector(
        id="secret.password", type="PASSWORD", category="secrets", confidence=0.7, source="assignments by name", check=password_value,
        candidate=rf"(?i)(?:{_PASSWORD_NAME})s?\d*(?:\\?[\"']?\s*[:=]|\s+is[ :])", exact=rf"(?i)(?:{_PASSWORD_NAME})s?\d*(?:{_ASSIGN}|\s+is:?\s+[\"']?([^\s\"'<>&;]+))",
    ),
    Detector(
        id="secret.assigned_key", type="GENERIC_SECRET", category="secrets", confidence=0.65, source="assignments by name", check=key_value,
        candidate=r"(?i)(?:secret|key|token|credential)s?\d*\\?[\"']?\s*[:=][=>]?\s*\\?[\"']?[^\s\"']{12}", exact=rf"(?i)(?:{_KEY_NAME})s?\d*{_ASSIGN}",
    ),
    Detector(
        id="secret.password_field", type="PASSWORD", category="secrets", confidence=0.8, source="members by name", check=password_field,
        candidate=rf"(?i)(?:{_PASSWORD_NAME}|pass)s?\d*\":", exact=rf"(?is)\A[^\"]*(?:{_PASSWORD_NAME}|\bpass|_pass)s?\d*\":\"(.+)\z",
    ),
    Detector(
        id="secret.key_field", type="GENERIC_SECRET", category="secrets", confidence=0.75, source="members by name", check=key_field,
        candidate=r"(?i)(?:secret|key|token|credential)s?\d*\":(?:\"|\[)", exact=rf"(?is)\A[^\"]*(?:{_KEY_NAME})s?\d*\":\"(.+)\z",
    ),
)  # fmt: skip

SECRET_DETECTORS: tuple[Detector, ...] = _PREFIXED + _CHECKED
