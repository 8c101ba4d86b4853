"""Credentials that nothing marks but their name: assignments, fields, sentences and commands."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_checks import (
    command_password,
    key_field,
    key_value,
    password_field,
    password_value,
    session_cookie,
    spelled_value,
    told_key,
    told_login,
    told_password,
)

_PASSWORD: Final = r"(?:pass(?:word|wd|wrd|phrase|code)|pwd|(?:\b|_)pass\b|(?:\b|_)pw\b)"  # noqa: S105 - names that announce one
_STAGE: Final = r"(?:[_-]?(?:\d+|base|value|prod(?:uction)?|live|test|dev|staging|old|new|plain|raw|str|string))?"
_KEY: Final = r"(?:secret|token|credential|key|(?:\b|_)pat|(?:\b|_)sas)s?"
_SHORTEST_PHRASE: Final = 6
_SHORTEST_KEY: Final = 12
_PAIR: Final = r"\\?[\"']?\s*(?:,|:\s*\{)?\s*\\?[\"']?value\\?[\"']?\s*[:=]\s*\\?"  # key="NAME" value="…", and the same in YAML and JSON
_ASSIGN: Final = r"(?:\\?[\"'`])?[\])]?\*{0,2}(?:\s*(?::=|=>|->|={1,3}|:|,)\*{0,2}\s*|>)\\?"

# What people call a password: the words of the languages with the most speakers, with their usual verbs.
_SPOKEN: Final = (
    r"pass(?:word|wort|phrase|code|wd|ord)|kennwort|mot de passe|mdp|contraseña|contrasenha|senha|palavra-passe|wachtwoord|hasło|"
    r"parola d'ordine|şifre|lösenord|adgangskode|salasana|heslo|jelszó|mật khẩu|kata sandi|"
    r"парол[ьяе]|密码|密碼|口令|パスワード|暗証番号|"
    r"비밀번호|패스워드|كلمة (?:المرور|السر)|"
    r"סיסמה|पासवर्ड|รหัสผ่าน|κωδικός"
)
_VERB: Final = (
    r"(?:\s*(?::=|=>|->|=|:)|\s+(?:is(?: now)?|was|will be|ist|lautet|war|est|es|era|é|è|är|er|jest|это):?\s|\s+-\s"
    r"|\s*(?:は|を|是|为|為|은|는|을|를|هي|है|को|คือ)[、:,]?)"
)
_TYPED: Final = r"[!#-&(-;=?-_a-~]"  # what a password is typed with, without quotes and angle brackets
# Not one short word: a digit or sign among the letters, which no sentence ends with, or eight letters and more.
_PRINTED: Final = rf"((?:[A-Za-z]{{8}}|[A-Za-z]*(?:[0-9!#$%&*+=?@^~]|[(),./:;\[\\\]_{{|}}-]{_TYPED})){_TYPED}*)"
_MIXED: Final = rf"([A-Za-z]*(?:[0-9!#$%&*+=?@^~]|[(),./:;\[\\\]_{{|}}-]{_TYPED}){_TYPED}*)"


def _value(shortest: int) -> str:
    """Return the pattern of an assigned value of at least so many characters: quoted in some way, or up to a space. None holds one."""
    size = f"{{{shortest},}}"
    quoted = "|".join(rf"{mark}([^{mark}\s]{size})(?:[{mark}\r\n]|\z)" for mark in (r"\"", "'", "`"))
    return rf"(?:{quoted}|([^\s\"'`<>]{size}))"


_ANY_NAME: Final = rf"[\w.-]*?(?:{_PASSWORD}s?|{_KEY}){_STAGE}"
_ANY_STEM: Final = rf"(?:secret|key|token|credential|pat|sas|pass(?:word|wd|wrd|phrase|code)?|pwd|pw)s?{_STAGE}"
_REST: Final = r"([^\s\"'`<>{}]{6,})"
_QUOTED: Final = r"(?:\"([^\"\s]{6,})\"|'([^'\s]{6,})'|`([^`\s]{6,})`)"

NAMED_DETECTORS: Final[tuple[Detector, ...]] = (
    Detector(
        id="secret.password", type="PASSWORD", category="secrets", confidence=0.7, source="assignments by name", check=password_value,
        candidate=rf"(?i)(?:pass(?:word|wd|wrd|phrase|code)?|pwd|pw)s?{_STAGE}{_ASSIGN}[\"'`]?\S{{{_SHORTEST_PHRASE}}}", exact=rf"(?i){_PASSWORD}s?{_STAGE}{_ASSIGN}{_value(_SHORTEST_PHRASE)}",
    ),
    Detector(
        id="secret.assigned_key", type="GENERIC_SECRET", category="secrets", confidence=0.65, source="assignments by name", check=key_value,
        candidate=rf"(?i)(?:secret|key|token|credential|pat|sas)s?{_STAGE}{_ASSIGN}[\"'`]?\S{{{_SHORTEST_KEY}}}",
        exact=rf"(?i){_KEY}{_STAGE}{_ASSIGN}{_value(_SHORTEST_KEY)}",
    ),
    Detector(
        id="secret.paired_password", type="PASSWORD", category="secrets", confidence=0.75, source="lists of variables by name", check=password_value,
        candidate=rf"(?i)(?:pass(?:word|wd|wrd|phrase|code)?|pwd|pw)s?{_STAGE}{_PAIR}", exact=rf"(?i){_PASSWORD}s?{_STAGE}{_PAIR}{_value(_SHORTEST_PHRASE)}",
    ),
    Detector(
        id="secret.paired_key", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="lists of variables by name", check=key_value,
        candidate=rf"(?i)(?:secret|key|token|credential|pat|sas)s?{_STAGE}{_PAIR}", exact=rf"(?i){_KEY}{_STAGE}{_PAIR}{_value(_SHORTEST_KEY)}",
    ),
    Detector(
        id="secret.instruction", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="Dockerfile reference; manuals of csh, cmd and kubectl", check=spelled_value,
        candidate=rf"(?i)(?:env|arg|setx?|setenv|export)\s+(?:-\S+\s+)*[\w.-]*{_ANY_STEM}[ \t]+[\"']?\S{{6}}",
        exact=rf"(?i)(?:^|[\s;&|:])(?:env|arg|setx?|setenv|export)\s+(?:-\S+\s+)*{_ANY_NAME}[ \t]+(?:{_QUOTED}|{_REST})",
    ),
    Detector(
        id="secret.block_scalar", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="YAML 1.2.2 section 8.1", check=spelled_value,
        candidate=rf"(?i){_ANY_STEM}[\"']?\s*:\s*(?:!\S+\s+)?[|>]", exact=rf"(?i){_ANY_NAME}[\"']?\s*:\s*(?:!\S+\s+)?[|>][-+]?\d?[ \t]*\r?\n[ \t]+{_REST}",
    ),
    Detector(
        id="secret.default", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="Terraform language; POSIX shell 2.6.2; defaults in code", check=spelled_value,
        candidate=rf"(?i){_ANY_STEM}(?:\"\s*\{{|[\"'`\])]{{0,3}}\s*(?:\|\||\?\?|or\s+[\"'`])|:[-=]|\s*:\s*&?[\w<>\[\].'| ]+=\s*[\"'`])",
        exact=rf"(?i){_ANY_NAME}(?:\"\s*\{{[^{{}}]*?\bdefault\s*=\s*{_QUOTED}|[\"'`\])]{{0,3}}\s*(?:(?:\|\||\?\?)=?|\bor\s)\s*{_QUOTED}|:[-=]{_REST}|\s*:\s*&?[\w<>\[\].'| ]{{1,24}}=\s*{_QUOTED})",
    ),
    Detector(
        id="secret.cell", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="CommonMark tables; XML attributes; manuals of gh and fly", check=spelled_value,
        candidate=rf"(?i){_ANY_STEM}(?:`?\s*\|\s*`?[^\s|`]{{6}}|[\"']\s*>[^\s<]{{6}}|\s+(?:--body|--value|-b|-v)[= ])",
        exact=rf"(?i){_ANY_NAME}(?:`?\s*\|\s*`?([^\s|`\"'<>]{{6,}})`?\s*\||[\"']\s*>([^\s<>\"']{{6,}})</|\s+(?:--body|--value|-b|-v)[= ](?:{_QUOTED}|{_REST}))",
    ),
    Detector(
        id="secret.keyword", type="GENERIC_SECRET", category="secrets", confidence=0.7, source="extensible data notation (edn)", check=spelled_value,
        candidate=rf"(?i){_ANY_STEM}\s+[\"'`]", exact=rf"(?i):{_ANY_NAME}\s+{_QUOTED}",
    ),
    Detector(
        id="secret.pgpass", type="PASSWORD", category="secrets", confidence=0.75, source="PostgreSQL, the password file", check=told_password,
        candidate=r":(?:54\d\d|6432):[\w*.-]+:[\w*.-]+:", exact=r"(?:^|[\s\"'])[\w.*-]+:(?:54\d\d|6432):[\w*.-]+:[\w*.-]+:([^\s\"':]{6,})",
    ),
    Detector(
        id="secret.password_field", type="PASSWORD", category="secrets", confidence=0.8, source="members by name", check=password_field,
        candidate=r"(?i)(?:pass(?:word|wd|wrd|phrase|code)?|pwd|pw)s?\d*\"[:,}\n]",
        exact=rf"(?is)\A[^\"]*{_PASSWORD}s?\d*\":\"(\S{{4,}})\z",
    ),
    Detector(
        id="secret.key_field", type="GENERIC_SECRET", category="secrets", confidence=0.75, source="members by name", check=key_field,
        candidate=rf"(?i)(?:token|[^\"]key|secret|credential|(?:^|[_\W])sas|(?:^|[_\W])pat)(?:\"|s\")(?::[\"\[]|[,}}\n])|(?:secret|[^\"]key|token|credential|(?:^|[_\W])pat|(?:^|[_\W])sas)s?{_STAGE.removesuffix('?')}\"(?::[\"\[]|[,}}\n])",
        exact=rf"(?is)\A[^\"]*(?:secret|[^\"]key|token|credential|(?:\b|_)pat|(?:\b|_)sas)s?{_STAGE}\":\"(\S{{12,}})\z",
    ),
    Detector(
        id="secret.told_password", type="PASSWORD", category="secrets", confidence=0.7, source="sentences by word", check=told_password,
        candidate=rf"(?i)(?:(?:{_SPOKEN})[\"'`*)]*{_VERB}|(?:pass|pwd|pw)[\"'`*)]*\s*[:=])",
        exact=rf"(?i)(?:^|[^a-z])(?:(?:{_SPOKEN})[\"'`*)]*{_VERB}|(?:pass|pwd|pw)[\"'`*)]*\s*[:=])\s*[\"'`*]{{0,3}}{_PRINTED}",
    ),
    Detector(
        id="secret.told_login", type="PASSWORD", category="secrets", confidence=0.7, source="sentences by word", check=told_login,
        candidate=r"(?i)(?:\b|[_0-9])(?:credential|creds|log ?in|user(?:name)?/pass(?:word)?|clave|parola|pin)[a-z ]*[:=\s]",
        exact=r"(?i)(?:^|[^a-z])(?:(?:credentials?|creds|log ?in|user(?:name)?/pass(?:word)?)(?: (?:with|as|using|are|is|mit|con|avec|com|met))?(?:\s*[:=]\s*|\s+)[\w.@-]{2,32}\s?[/:|]\s?"
              r"|(?:clave|parola|pin)(?:\s+(?:es|è|este)\b)?(?:\s*[:=]\s*|\s+))" + _MIXED,
    ),
    Detector(
        id="secret.told_key", type="GENERIC_SECRET", category="secrets", confidence=0.6, source="sentences by word", check=told_key,
        candidate=r"(?i)(?:key|token|secret|credential)s?(?:\s+[a-z]+)*:?\s+[\"'`]?[\w+/=.-]{20}",
        exact=r"(?i)\b(?:key|token|secret|credential)s?(?:\s+[a-z]+){0,6}:?\s+[\"'`]?([A-Za-z0-9+/_=.-]{20,})",
    ),
    Detector(
        id="secret.statement", type="PASSWORD", category="secrets", confidence=0.75, source="SQL, netrc, redis.conf", check=told_password,
        candidate=r"(?i)(?:identified\s+by|password)\s+'|login\s+\S+\s+password\s|requirepass\s|masterauth\s|net\s+user\s",
        exact=r"(?i)\b(?:(?:identified\s+by|password)\s+'([^'\r\n]+)|login\s+\S+\s+password\s+(\S+)|(?:requirepass|masterauth)\s+[\"']?([^\s\"']+)"
              r"|net\s+user\s+\S+\s+([^\s/]\S+))",
    ),
    Detector(
        id="secret.session", type="SESSION_COOKIE", category="secrets", confidence=0.7, source="RFC 6265", check=session_cookie,
        candidate=r"(?i)(?:sess(?:ion)?_?(?:id|token)?|\.sid)=[^\s;]{8}", exact=r"(?i)\b[a-z_.-]*(?:sess(?:ion)?_?(?:id|token)?|\.sid)=([^\s;,\"'<>]{16,})",
    ),
    Detector(
        id="secret.command_password", type="PASSWORD", category="secrets", confidence=0.75, source="manuals of the commands", check=command_password,
        candidate=r"(?i)\b(?:curl|wget|mysql[a-z]*|mariadb[a-z-]*|sshpass|docker|podman|helm|buildah|skopeo|redis-cli|mongo[a-z]*|ldap[a-z]+|"
                  r"htpasswd|openssl|keytool|smbclient|unzip|zip|7z)\b[^\n|;]*\s(?:-[a-z-]|pass:)",
        exact=r"(?i)\b(?:"
              r"(?:curl|wget)\b[^\n|;]*?\s(?:-u\s*|--user[= ]|--proxy-user[= ])[\"']?[^\s:\"']+:([^\s\"']+)"
              r"|(?:mysql[a-z]*|mariadb[a-z-]*)\b[^\n|;]*?\s-p[\"']?([^\s\"']+)"
              r"|sshpass[ \t]+-p\s*[\"']?([^\s\"']+)"
              r"|(?:docker|podman|helm|buildah|skopeo)\b[^\n|;]*?\slogin\b[^\n|;]*?\s-p\s*[\"']?([^\s\"']+)"
              r"|(?:redis-cli)\b[^\n|;]*?\s-a\s+[\"']?([^\s\"']+)"
              r"|mongo[a-z]*\b[^\n|;]*?\s-p\s+[\"']?([^\s\"']+)"
              r"|ldap[a-z]+\b[^\n|;]*?\s-w\s+[\"']?([^\s\"']+)"
              r"|htpasswd\b[^\n|;]*?\s-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+[\"']?([^\s\"']+)"
              r"|openssl\b[^\n|;]*?\s(?:pass:|-k\s+[\"']?)([^\s\"']+)"
              r"|(?:unzip|zip)\b[^\n|;]*?\s-P\s*[\"']?([^\s\"']+)"
              r"|7z\b[^\n|;]*?\s-p[\"']?([^\s\"']+)"
              r"|keytool\b[^\n|;]*?\s-(?:store|key)pass\s+[\"']?([^\s\"']+)"
              r"|smbclient\b[^\n|;]*?\s-U\s+[\"']?[^\s%\"']+%([^\s\"']+)"
              r")",
    ),
    Detector(
        id="secret.passed", type="PASSWORD", category="secrets", confidence=0.75, source="smtplib, requests, sudo, chpasswd, PowerShell and net use", check=told_password,
        candidate=r"(?i)(?:\.login|auth\s*=\s*|basicauth)\(\s*[\"']|\|\s*sudo\s+(?:-\S+\s+)*-S|\bchpasswd|ConvertTo-SecureString\s|/user:\S+\s",
        exact=r"(?i)(?:(?:\.login|\bauth\s*=\s*|basicauth)\(\s*[\"'][^\"'\n]+[\"']\s*,\s*[\"']([^\"'\s]{6,})[\"']|\becho\s+(?:-n\s+)?[\"']?([^\s\"'|]{6,})[\"']?\s*\|\s*sudo\s+(?:-\S+\s+)*-S"
              r"|\bchpasswd\s*<<<?\s*[\"']?[\w.-]+:([^\s\"']{6,})|[\"']?[\w.-]+:([^\s\"'|:]{6,})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd|ConvertTo-SecureString\s+(?:-String\s+)?[\"']([^\"'\s]{6,})[\"']|/user:\S+\s+[\"']?([^\s\"'/]{6,}))",
    ),
    Detector(
        id="secret.option", type="PASSWORD", category="secrets", confidence=0.75, source="GNU long options by name", check=told_password,
        candidate=r"(?i)--[a-z-]*(?:pass|token|secret|key)[a-z]*[= ]", exact=r"(?i)--[a-z-]*(?:pass(?:word|wd|phrase|code)?|token|secret|api-?key|access-?key|secret-?key)[= ][\"']?([^\s\"'<>]+)",
    ),
)  # fmt: skip
