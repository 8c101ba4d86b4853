"""Code where a plain value should be: SQL, shell, templates, paths that climb out, addresses that lead inside. Judged by what the argument is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.code_addresses import bad_addresses
from secure_gateway.plugins.guardrails.scanner.code_roles import Role, is_prose, role_of
from secure_gateway.plugins.guardrails.scanner.finding import Finding, Limits, ScanLimitExceeded
from secure_gateway.plugins.guardrails.scanner.folding import fold, without_surrogates
from secure_gateway.plugins.guardrails.scanner.layers import decoded
from secure_gateway.plugins.guardrails.scanner.reachable import NOTHING, Reachable
from secure_gateway.plugins.guardrails.scanner.walk import Leaf, leaves

_LAYERS: Final = 3


class CodeRule(NamedTuple):
    """One sign of code: its type, the roles in which it is an attack, and the pattern (RE2, folded text, either case)."""

    id: str
    type: str
    roles: frozenset[Role]
    pattern: str


def _rule(name: str, kind: str, roles: str, pattern: str) -> CodeRule:
    return CodeRule(name, kind, frozenset(roles.split()), pattern)  # type: ignore[arg-type]


_PLAIN: Final = "value path url"
_COMMANDS: Final = (
    r"(?:rm|cat|curl|wget|nc|ncat|bash|sh|zsh|dash|ksh|python3?|perl|ruby|php|node|id|whoami|ls|dir|echo|printf|chmod|chown|sudo|su|kill|killall|ping|sleep|touch|mkfifo|mknod|powershell|pwsh|cmd(?:\.exe)?|type|net|env|printenv|set|dd|mkfs|shutdown|reboot|tar|zip|scp|sftp|ssh|telnet|nslookup|dig|host|eval|exec"
    r"|export|find|grep|head|tail|less|more|base64|xxd|awk|sed|crontab|tee|mv|cp|ln|openssl|socat|docker|kubectl|git|uname|hostname|ifconfig|ip|netstat|ss|ps|useradd|usermod|passwd|iptables|systemctl|service|apt|yum|pip3?|npm|npx|busybox|xargs|nohup|wmic|certutil|bitsadmin|del|rd|format|reg|taskkill|rundll32|mshta|source|gcc|make|mysql|psql|redis-cli|history|w|pwd|cd|mkdir|test|true|false|yes)"
)
_ARGUMENT: Final = r"(?:\s+(?:-{1,2}\w|[/~.$\"'`*]|\d{1,3}\.\d|https?:|\S+[/.]\S|[<>|;&]|-\d|\w+\s*$|\w+=|\d+\s*[;|&#\"'`)]|\d+\s+[/~.]|\S+\s*[\"';|&]\s*$)|\s*(?:$|[;&|#<>)\n`\"']))"

CODE_RULES: Final[tuple[CodeRule, ...]] = (
    _rule("sql.tautology", "SQL_INJECTION", "value search url path", r"['\"\)]\s*\)*\s*(?:(?:\|\||&&)\s*|(?:\bor\b|\band\b|\bxor\b)\s+)(?:not\s+)?\(*\s*(?:(?:['\"]+\w*['\"]*|\w+['\"]?)\s*(?:=|<>|!=|<|>|\blike\b)\s*['\"(]*\w*['\"]?\s*(?:--|#|/\*|;|$|\)|['\"])|\d+\s*=\s*\d+|true\b|exists\s*\(|sleep\s*\(|ascii\s*\(|substr)"),
    _rule("sql.numeric", "SQL_INJECTION", "value url path", r"\b\d+\s*\)*\s+(?:or|and)\s+\(*['\"]?(?:\d+['\"]?\s*(?:=|<|>)\s*['\"]?\d+|true\b|sleep\s*\()"),
    _rule("sql.union", "SQL_INJECTION", "value url path search", r"(?:['\"\)\d]|^|null)\s*\)*\s*\bunion\s+(?:all\s+|distinct\s+)?\(?\s*select\s+\S|['\"][^\n]{0,80}\bunion\s+(?:all\s+)?select\s+\S"),
    _rule("sql.union_query", "SQL_INJECTION", "sql", r"['\"]\s*\)*\s*union\s+(?:all\s+)?select\b[^;]*(?:--|#|/\*)\s*-?\s*$|'\s*\)*\s*\bor\s+['\"]?\w+['\"]?\s*=\s*['\"]?\w+['\"]?\s*(?:--|#|/\*)\s*-*\s*$"),
    _rule("sql.stacked", "SQL_INJECTION", "value url path search", r"['\"\);\d]\s*\)*\s*;\s*(?:drop|delete|insert|update|alter|truncate|exec(?:ute)?|create|shutdown|grant|declare|select|copy|merge|replace|call)\b\s*[\w\[\"'`(@*]"),
    _rule("sql.stacked_word", "SQL_INJECTION", "value url path search", r";\s*(?:drop\s+(?:table|database|schema|user|view|index)|delete\s+from|insert\s+into|update\s+\w+\s+set|alter\s+(?:table|user|database)|truncate\s+table|exec\s+\w+|shutdown\b|create\s+(?:user|table)|grant\s+all|select\s+[\w*@,(). ]{1,80}\s+from\s+\w+)\b"),
    _rule("sql.stacked_query", "SQL_INJECTION", "sql", r"['\"\d)]\s*;\s*(?:drop|delete|insert|update|alter|truncate|exec(?:ute)?|shutdown|grant|create)\s+[^;]+;?\s*(?:--|#|/\*)\s*-*\s*$"),
    _rule("sql.comment", "SQL_INJECTION", "value", r"^[^\n]{0,64}['\"]\s*\)*\s*(?:--(?:\s|-|\+|$)|#\s*$|/\*|;\s*--|;\s*%00)"),
    _rule("sql.cut_off", "SQL_INJECTION", "sql search", r"^\s*[\w@.+-]{1,32}['\"]\s*\)*\s*(?:--|#|/\*)\s*-?\s*$"),
    _rule("sql.functions", "SQL_INJECTION", "value url path search sql", r"\b(?:xp_cmdshell|xp_dirtree|sp_oacreate|sp_executesql|load_file\s*\(|into\s+(?:out|dump)file\b|waitfor\s+delay\s*['\"]|pg_sleep\s*\(|benchmark\s*\(\s*\d{4,}|dbms_pipe\.receive_message|utl_http\.request|utl_inaddr\.|extractvalue\s*\(\s*\d|updatexml\s*\(\s*\d|pg_read_file\s*\(|lo_import\s*\(|copy\s+[\w\s(]+\s+(?:from|to)\s+program\b|load_extension\s*\(|dbms_ldap\.|dblink\s*\(\s*'[^']*password)"),
    _rule("sql.probing", "SQL_INJECTION", "value url path search", r"(?:['\"\)]|\d)\s*(?:and|or|\|\||;|,)?\s*\(?\s*(?:select\s+(?:sleep|benchmark|version|user|database|current_user|count|@@|\*|null|\w+\s+from)|sleep\s*\(\s*\d|(?:group|order)\s+by\s+\d+\s*(?:--|#)|having\s+\d+\s*=\s*\d|procedure\s+analyse)|(?:\|\||\+|=|\band\b|\bor\b|,)\s*\(\s*select\s+[^\n]{1,80}?\bfrom\b"),
    _rule("sql.schema", "SQL_INJECTION", "value url path", r"\b(?:information_schema\.|sys\.(?:tables|objects|user)|sqlite_master\b|pg_catalog\.|pg_shadow\b|mysql\.user\b|sysobjects\b|all_tables\b\s)"),
    _rule("nosql.operator", "SQL_INJECTION", "value search", r"\{\s*['\"]?\$(?:ne|gt|gte|lt|nin|where|regex|exists|or|func|expr)['\"]?\s*:|\[\$(?:ne|gt|regex|where|nin|exists)\]|['\"]\s*(?:\|\||&&)\s*['\"]?\w*['\"]?\s*={2,3}|\bthis\.\w+\s*(?:==|\.match)|;\s*(?:return|while)\s*\(?(?:true|1)|\bdb\.\w+\.(?:drop|remove|insert|find)\w*\("),
    _rule("ldap.filter", "SQL_INJECTION", "value search", r"\*\)\s*\(\s*(?:\||&|!|\w+=)|\)\s*\(\s*\|\s*\(\s*\w+\s*=|^\*\)\(|\)\(&\)|'\s*or\s+(?:'1'='1|count\()"),
    _rule("shell.chain", "SHELL_INJECTION", _PLAIN, rf"(?:;|\|\|?|&&|\n|\r)\s*(?:/(?:usr/)?(?:s?bin|local/bin)/)?(?:sudo\s+)?{_COMMANDS}{_ARGUMENT}"),
    _rule("shell.background", "SHELL_INJECTION", _PLAIN, rf"(?:^|[\w\"')])&\s*(?:/(?:usr/)?s?bin/)?{_COMMANDS}\s+(?:-{{1,2}}\w|[/~.$\"'`]|\d{{1,3}}\.\d|https?:)|\s&\s*{_COMMANDS}\s+(?:-{{1,2}}\w|[/~$]|https?:)"),
    _rule("shell.substitution", "SHELL_INJECTION", "value path url search", rf"\$\(\s*(?:[\w./-]*/)?{_COMMANDS}\b|`\s*(?:[\w./-]*/)?{_COMMANDS}(?:\s+[^`\n]*)?`|\$\{{?IFS\b|\$\(\s*IFS=|[<>]\(\s*{_COMMANDS}\b|\$\(\([^)]*\)\)\s*;|\$\(<"),
    _rule("shell.redirect", "SHELL_INJECTION", _PLAIN, r"(?:^|[^=<>-])>{1,2}\s*(?:/(?:etc|dev|tmp|var|root|home|usr)/|~/|\.\./|&\d)|<{1,2}\s*/(?:etc|dev|proc)/|/dev/tcp/"),
    _rule("shell.option", "SHELL_INJECTION", _PLAIN, r"^\s*-{1,2}(?:o\s*proxycommand|upload-pack|receive-pack|use-compress-program|checkpoint-action|exec(?:ute)?|eval|config-env|ext-diff|open-files-in-pager|to-command|rsh|post-file|use-askpass|renderer-cmd-prefix|gpu-launcher)\b|^\s*--output[= ]\s*[/~.]|^ext::"),
    _rule("template.expression", "TEMPLATE_INJECTION", "value path url search", r"\{\{[^{}]*(?:\d\s*\*\s*['\"]?\d|__\w+__|\bconfig\b|\bself\b|\brequest\b|\bcycler\b|\bjoiner\b|\bnamespace\b|\blipsum\b|\bget_flashed|\bsystem\b|\bexec\b|\bimport\b|popen|\benv\b|constructor|\|\s*attr|\burl_for\b|\bapp\b|\[\]|''|range\(|_self|dump\(|settings\.|\bprocess\b|\bpassthru\b|\|\s*(?:filter|map|reduce|sort)\()[^{}]*\}\}"),
    _rule("template.dollar", "TEMPLATE_INJECTION", "value path url search", r"[$#*@%]\{[^{}\n]*(?:\d\s*\*\s*\d|\bT\(|\bjava|runtime|\bexec|jndi|getclass|\bclass\b|\bsystem|processbuilder|\bnew\s|script:|dns:|url:|freemarker|execute|'\.class|__\w+__|open\(|file\.|`)[^\n]*\}?|\$\{(?:\$\{|j\$|(?:jndi|env|sys|lower|upper|::-|ctx|date|main|bundle|k8s|docker)\s*:)"),
    _rule("template.block", "TEMPLATE_INJECTION", "value path url search", r"<%=?[^%]*(?:\d\s*\*\s*\d|system|exec|file\.|io\.|`|runtime|dir\.|eval|require|process|open)[^%]*%>|\{%-?\s*(?:import|include|set|for|if|extends|macro|debug|raw|load|with|autoescape|do|call)\b[^%]*%\}|<#(?:assign|list|if|include|import)\s[^>]*|\{php\}|#set\s*\(\s*\$|@\(\s*\d+\s*[*+]\s*\d+\s*\)|\[\[\$?\{|\{\{#(?:with|each)\s|\{\{\s*\$\w+\.constructor|\{(?:if|system|eval|passthru)\s[^}]*\("),
    _rule("template.objects", "TEMPLATE_INJECTION", "value path url search", r"__(?:class|globals|subclasses|mro|builtins|import|init|base|bases|getattribute)__\s*(?:\(|\.|\[|$)|\bgetruntime\s*\(\s*\)|os\.popen\s*\(|subprocess\.(?:popen|run|call|check_output)|child_process|java\.lang\.runtime"),
    _rule("path.null", "PATH_TRAVERSAL", "path url value", r"\x00"),
    _rule("path.odd", "PATH_TRAVERSAL", "path url value", r"\.{4,}[/\\]{2}|\.\.;/|(?:\.\.\\){1,}\S|\.\.(?:%c0%af|%c1%9c|%e0%80%af|%u2215|0x2f|%uff0e)|%c0%ae|%u002e|(?:\.\.[/\\]){3,}"),
    _rule("path.secret", "PATH_TRAVERSAL", "path url", r"(?:^|[/\\=:]|file://)(?:etc[/\\](?:passwd|shadow|sudoers|gshadow|ssh[/\\]|ssl/private|kubernetes/)|proc[/\\](?:self|\d+|1)[/\\](?:environ|cmdline|mem|maps|fd|root|cwd)|root[/\\]\.|var/run/(?:docker\.sock|secrets)|run/secrets/|\.ssh[/\\](?:id_|authorized|config|known)|\.aws[/\\](?:credentials|config)|\.kube[/\\]config|\.docker[/\\]config|\.gnupg[/\\]|\.git-credentials|\.netrc|\.bash_history|\.zsh_history|\.pgpass|windows[/\\](?:system32[/\\](?:config|drivers)|win\.ini|repair)|boot\.ini|winnt[/\\]|web-inf[/\\])"),
    _rule("path.device", "PATH_TRAVERSAL", "path", r"^\s*(?:/dev/(?:sd|mem|kmem|tcp|udp|zero|random)|\\\\[.?]\\|(?:php|file|zip|phar|data|expect|glob|ogg|compress\.zlib)://|\|)"),
    _rule("url.split", "SSRF", "url", r"^[^\n]*[\r\n]+\s*(?:[a-z-]+\s*:|get |post |host|set-cookie|\w)"),
)  # fmt: skip
_SENSITIVE: Final = re2.compile(
    r"(?i)etc|passwd|shadow|\.env|\.ssh|secret|credential|\.git(?:/|$)|config|\.aws|id_rsa|key|token|windows|boot|proc|root|\.\w+rc$|admin|private|database|\.db$|\.sql",
    options(),
)
_SQL_COMMENT: Final = re.compile(r"/\*[^*]{0,64}\*/")


class CodeScanner:
    """Finds code in the arguments of calls; holds compiled rules and no state between scans."""

    def __init__(
        self,
        types: Iterable[str] | None = None,
        *,
        limits: Limits | None = None,
        reachable: Reachable = NOTHING,
    ) -> None:
        """``reachable``: what of one's own network addresses may lead to."""
        self._reachable = reachable
        wanted = CODE_TYPES if types is None else frozenset(types)
        self._wanted = wanted
        self._limits = limits or Limits()
        rules = [rule for rule in CODE_RULES if rule.type in wanted]
        roles: tuple[Role, ...] = ("path", "url", "sql", "search", "value")
        self._by_role: dict[str, list[tuple[CodeRule, Any]]] = {
            role: [(rule, re2.compile(f"(?i){rule.pattern}", options())) for rule in rules if role in rule.roles]
            for role in roles
        }

    def scan(self, value: object, tool: str = "", declared: Mapping[str, Role] | None = None) -> list[Finding]:
        """Return what is found in the arguments ``value`` of a call of ``tool``. Raises ``ScannerError``."""
        found: list[Finding] = []
        for leaf in leaves(value, self._limits):
            if leaf.is_key:
                continue
            role = role_of(leaf.field, leaf.text, tool, declared or {})
            if role in self._by_role and not (role == "value" and is_prose(leaf.text)):
                found += self._judge(leaf, role)
            if len(found) > self._limits.max_findings:
                raise ScanLimitExceeded(f"found more than {self._limits.max_findings} findings; the content is refused")
        return found

    def _judge(self, leaf: Leaf, role: Role) -> list[Finding]:
        """Judge a string as it is and decoded; a finding in a decoded form covers the whole string, since all of it goes to one place."""
        found: dict[str, Finding] = {}
        text = leaf.text
        for layer in range(_LAYERS):
            plain = fold(without_surrogates(text))
            for kind, rule, start, end in self._signs(plain, role, layer):
                if kind in self._wanted and kind not in found:
                    span = (start, end) if not layer and plain == text else (0, len(leaf.text))
                    found[kind] = Finding(kind, "injection", leaf.pointer(), *span, 0.9, f"code.{rule}")
            view = next(decoded(text), None)
            if view is None:
                break
            text = view.text
        return list(found.values())

    def _signs(self, text: str, role: Role, layer: int) -> Iterator[tuple[str, str, int, int]]:
        forms = [text]
        if "/*" in text:
            forms.append(_SQL_COMMENT.sub(" ", text))
        for form in forms:
            for rule, pattern in self._by_role[role]:
                match = pattern.search(form)
                if match is not None:
                    same = form is text
                    yield rule.type, rule.id, match.start() if same else 0, match.end() if same else len(text)
        if role in {"path", "url", "value"} and climbs(text, encoded=layer > 0):
            yield "PATH_TRAVERSAL", "path.climb", 0, len(text)
        if role == "url":
            for start, end, why in bad_addresses(text, self._reachable):
                yield "SSRF", f"url.{why.partition(' ')[0]}", start, end


CODE_TYPES: Final = frozenset(rule.type for rule in CODE_RULES)


def climbs(text: str, *, encoded: bool) -> bool:
    """Say whether a path leaves the folder that it starts in: by two levels or more, or to what is worth hiding, or with its dots in disguise."""
    if ".." not in text or (len(text) > 4_096 and " " in text):
        return False
    path = text.partition("://")[2].partition("/")[2] if "://" in text else text
    depth = lowest = 0
    steps = path.split("?")[0].replace("\\", "/").split("/")
    for step in steps:
        if step == "..":
            depth -= 1
            lowest = min(lowest, depth)
        elif step not in {"", "."}:
            depth += 1
    absolute = path.startswith(("/", "\\")) and steps.count("..") > 1
    value = "=" in text and any(part.startswith(("../../", "..\\..\\")) for part in text.split("=")[1:])
    return (
        lowest <= -2
        or value
        or (lowest == -1 and (encoded or _SENSITIVE.search(path) is not None))
        or (absolute and _SENSITIVE.search(path) is not None)
    )
