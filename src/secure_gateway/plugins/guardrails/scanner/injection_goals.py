"""What attackers want done in English: data carried away, tools turned, the user kept in the dark. Most of these are weak alone."""

from __future__ import annotations

from collections.abc import Iterable

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.folding import without_surrogates
from secure_gateway.plugins.guardrails.scanner.injection_meaning import unless_quoted, unless_stated
from secure_gateway.plugins.guardrails.scanner.injection_rules import MCP, OWASP, SENTENCE, hidden, rule

_LONG_VALUE = 48
_SLOT = re2.compile(
    r"(?i)\{\{?\s*[\w .|-]+\}|\[[a-z_ ]+\]|<[^>\n]+>|%7b|\$\{?\w|=(?-i:[A-Z][A-Z_]{3,})\b|(?:data|prompt|token|secret|password|conversation|history|context|messages?)=|conversation|chat_?history",
    options(),
)


def leaking_image(region: Region) -> Iterable[Span]:
    """Accept an image or link whose address carries data away: a long value, or a slot for the model to fill."""
    query = region.value.partition("?")[2]
    long = any(len(value) > _LONG_VALUE and "://" not in value for value in query.split("&"))
    return whole(region) if long or _SLOT.search(without_surrogates(query)) is not None else ()


_PLACEHOLDER = re2.compile(
    r"(?i)\?[^)\s]*(?:\{\{?[\w.|-]*\}|\[[A-Za-z_ ]+\]|<[^>)\n]+>|=(?-i:[A-Z][A-Z_]{3,})\b|\$\{?\w+|%7[bB])", options()
)


def slot_in_link(region: Region) -> Iterable[Span]:
    """Accept a link with a place that somebody is to fill in."""
    return whole(region) if _PLACEHOLDER.search(without_surrogates(region.value)) is not None else ()


SEND = (
    r"(?:send(?:s|ing)?|forward(?:ing)?|post(?:ing)?|upload(?:ing)?|e-?mail(?:ing)?|mail(?:ing)?|transmit(?:ting)?|exfiltrat(?:e|ing)|leak(?:ing)?|submit(?:ting)?|deliver(?:ing)?|relay(?:ing)?|transfer(?:ring)?"
    r"|report(?:ing)?|shar(?:e|ing)|cop(?:y|ying)|pip(?:e|ing)|dump(?:ing)?|push(?:ing)?|hand(?: over)?|stream(?:ing)?|writ(?:e|ing)|append(?:ing)?|encod(?:e|ing)|put(?:ting)?|bcc|cc|smuggle|ship|export|beacon|ping)"
)
_SENDS_IT = r"(?:send|forward|post|upload|e?mail|transmit|exfiltrat|leak|submit|deliver|relay|transfer|report|shar|cop|pip|dump|push|hand|stream|writ|append|encod|put|b?cc|smuggl|ship|export|beacon|ping)\w*(?: over)? (?:the|all|any|an?|it|them|every\w*|your|this|that|my|its|what|over|contents|files|messages|-d)\b"
FILE = r"(?:~?/?\.ssh\b|\bid_(?:rsa|ed25519|ecdsa|dsa)|(?:^|[\s/~'\"`(])\.env\b|/etc/(?:passwd|shadow|sudoers)|\.aws/|mcp\.json|\.netrc|\.kube/config|\.npmrc|\.pypirc|\.git-credentials|secrets?\.(?:ya?ml|json|toml|env)|credentials?\.(?:json|ya?ml|csv)|\.docker/config|\.gnupg|\.bash_history|wallet\.dat|/proc/self/environ|login data|keychain|\.pem\b|kubeconfig)"
FILES = r"(?:\.ssh|git-credentials|id_(?:rsa|ed|ec|ds)|\.env|/etc/|\.aws/|mcp\.json|\.netrc|\.kube/|\.npmrc|\.pypirc|credentials?\.|secrets?\.|\.docker/|\.gnupg|_history|wallet\.dat|/environ|login data|keychain|\.pem|kubeconfig)"
PRIVATE = (
    r"(?:conversation(?:s| history| log| transcript)?|(?:chat|session|meeting) (?:history|log|transcript)|(?:message|browsing|search|session|command|shell) history|history of (?:this|the) (?:chat|conversation|session)|credentials?|passwords?|api[- ]?keys?|(?:access|auth|bearer|session|api|oauth|refresh) tokens?|tokens?|(?:session )?cookies?|secrets?|(?:private|ssh|secret|signing|encryption) keys?"
    r"|environment(?: variables)?|env vars?|system prompt|customer (?:list|data|records|database|e-?mails|details)|contact(?:s| list)|address book|mailbox|inbox|(?:every|all|any)(?: of the)? (?:\w+ )?(?:messages?|e-?mails?|files?|keys?)"
    r"|user'?s? (?:\w+ )?(?:data|files|messages?|e-?mails?|details|notes|documents|information|location|request|question|input|prompt|identity|address)|personal (?:data|information)|private (?:data|information|files|messages)|(?:full|entire|whole|complete) (?:thread|conversation|context|chat|database|message|history|transcript|prompt)|pii|ssn|credit card)"
)
DEST = r"(?:(?:to|at|via|into|with|using|towards?|as|on)[: ]+(?:\w+ ){0,3}?[\"'`(<\[]?(?:https?://[^\s\"'`)>]+|[\w.+-]+@[\w-]+\.[\w.-]+|(?:[a-z0-9-]+\.)+[a-z]{2,12}(?:/\S*|\b)|(?:\d{1,3}\.){3}\d{1,3}))"
# What candidates look for: an unbounded gap costs an automaton one state, a counted one a state for each place.
NEAR_DEST = r"(?:to|at|via|into|with|using|towards?|as|on)[: ]+(?:\w+ ){0,3}[\"'`(<\[]?(?:https?://|[\w.+-]+@[\w-]|(?:[a-z0-9-]+\.)+[a-z]{2}|\d{1,3}\.\d)"


_NO_SECRET = re2.compile(
    r"(?i)\.pub\b|\.ssh/(?:config|known_hosts|authorized_keys)|\.env\.(?:example|sample|template|dist)|\b(?:in)?to (?:your |the |a )?[`'\"]?~?[/\w.-]*(?:\.npmrc|\.netrc|\.pypirc|\.env|\.aws/|\.kube/config|\.docker/config)\S*$",
    options(),
)


def not_public(region: Region) -> Iterable[Span]:
    """Accept what speaks of a secret file; the public half of a key is for others, and what is put into such a file comes from its owner."""
    named = region.value + region.after(24).partition(" ")[0]
    return () if _NO_SECRET.search(without_surrogates(named)) is not None else unless_quoted(region)


# Where a call takes what it is given.
_INTO = r"(?:(?:the|its|this|your|an?)\s{1,4})?(?:\w{1,20}\s{1,4}(?:argument|parameter|field)|(?:next|every|each|this|following)\s{1,4}(?:tool\s{1,4})?call|argument|parameter)"
_ON_WITH_IT = (
    r"(?:pass|include|put|send|attach|add|insert|append|embed|paste|copy|return|forward|upload|post|provide|write)"
)

_EXFILTRATION = (
    hidden("markdown_image", 0.65, r"!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?", r"!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?[^)\n]*", source=OWASP, check=leaking_image),
    hidden("link_slot", 0.55, r"\]\(\s*<?https?://[^)\s]*\?", r"\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?[^)\n]*", source=OWASP, check=slot_in_link),
    rule("render_image", 0.4, r"!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?", r"\b(?:render|append|add|insert|include|show|display|put|embed|output|load|finish|end|begin|start|print|write)\b[^\n]{0,80}!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?"),
    rule("send_private", 0.6, rf"\b{PRIVATE}\b[^\n]*\b{NEAR_DEST}",
         rf"\b{SEND}\s+{SENTENCE}\b{PRIVATE}\b[^\n]{{0,60}}?\b{DEST}", source=MCP),
    rule("send_contents", 0.4, rf"\b{_SENDS_IT}[^\n]*\b{NEAR_DEST}",
         rf"\b{SEND} (?:the|all|any|an?|it|them|every\w*|your|this|that|my|its|what|over|contents|files|messages)\b{SENTENCE}\b(?:contents?|files?|messages?|data|results?|output|variables|context|answer|of it|them|thread|everything|copy|arguments?|it (?:holds|contains|says|has)|keys?)\b[^\n]{{0,60}}?\b{DEST}", source=MCP),
    rule("send_file", 0.6, FILES, rf"\b{SEND}\s+[^\n]{{0,60}}?{FILE}[^\n]{{0,60}}?\b{DEST}", source=MCP, check=not_public),
    rule("sensitive_path", 0.35, "", rf"\b(?:read|open|cat|access|load|include|pass|send|attach|get|fetch|print|return|copy|upload|paste|put|embed|contents? of|secrets? from|mail|curl)\b[^\n]{{0,60}}?{FILE}", source=MCP, check=not_public),
    rule("then_pass_it", 0.3, "",
         r"\b(?:read|open|load|fetch|get|access|cat|retrieve|collect|the contents? of)\b" + SENTENCE + rf"(?:[.!?]\s+)?\b(?:(?:and|then)\s\s?\s?{_ON_WITH_IT}|(?:also|always)\s\s?\s?{_ON_WITH_IT})\b", source=MCP),
    rule("into_argument", 0.4, rf"\b(?:as|in|into|to|through|via|using|the|its|this|your|an?)\s\s?\s?['`\"]\w+['`\"]|\b(?:as|in|into|to|through|via|using)\s{{1,4}}{_INTO}|\bcall(?:ing)? (?:this|it|that)(?: \w+)? with (?:the )?(?:full|entire|whole|complete)\b",
         rf"(?:\b(?:pass(?:ed)?|include|put|send|sent|attach|add|insert|append|embed|paste|copy|provided?|write|set|store|place)\b{SENTENCE}\b(?:(?:as|in|into|to|through|via|using)(?:\s\s?\s?(?:(?:the|its|this|your|an?)\s\s?\s?)?['`\"]\w+['`\"]|\s{{1,4}}{_INTO}))|\bcall(?:ing)? (?:this|it|that)(?: \w+)? with (?:the )?(?:full|entire|whole|complete)\b)", source=MCP),
    rule("private_into", 0.35, r"(?:full|entire|whole|complete|all|every|any|user\'?s|your)\s+(?:\w+\s+)*(?:conversation|history|credentials?|passwords?|tokens?|secrets?|api[- ]?keys?|cookies?|keys?|private keys?|last message|messages?|list|chat|context|data|e-?mails)\b",
         r"\b(?:pass|include|put|send|attach|add|insert|append|embed|paste|copy|provide|reveal|print|output|show|give|list|tell|hand over|call|use|invoke|leak|return|write|display|dump|extract|collect|expose|share|steal|mail|forward|upload|post|hand)\b" + SENTENCE + r"\b(?:(?:full|entire|whole|complete|all|every|any|the user'?s|user'?s|your)\s+(?:\w+\s+){0,2}?)(?:conversation|history|credentials?|passwords?|tokens?|secrets?|api[- ]?keys?|cookies?|keys?|private keys?|last message|messages?|list|chat|context|data|e-?mails)\b", source=MCP, check=unless_stated),
    rule("keys_out", 0.3, r"\b(?:reveal|print|output|hand over|leak|dump|expose|steal|extract|exfiltrate|give (?:me|out|away)|copy|mail|list|include|disclose|divulge|surrender)\b[^.\n]*\b(?:api[- ]?keys?|passwords?|credentials|cookies|access tokens?|secrets?|private keys?|ssh keys?)\b",
         r"\b(?:reveal|print|output|hand over|leak|dump|expose|steal|extract|exfiltrate|give (?:me|out|away)|copy|mail|list|include|disclose|divulge|surrender)\b[^.\n]{0,40}?\b(?:api[- ]?keys?|passwords?|credentials|cookies|access tokens?|secrets?|private keys?|ssh keys?)\b"),
    rule("in_your_answer", 0.3, r"(?:to|in|of|into|start|begin|end|finish|inside) (?:your|every|each) (?:next |final |first )?(?:answer|reply|replies|response|output|summary)",
         r"\b(?:in(?:to|side)?|to|at the (?:end|start|beginning|top|bottom) of|start|begin|end|finish|of) (?:your|every|each) (?:next |final |first )?(?:answers?|reply|replies|response|output|summary)\b"),
)  # fmt: skip

_TELL = r"(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|let(?:ting)?|show(?:ing)?|disclos(?:e|ing)|say(?:ing)?|report(?:ing)?|warn(?:ing)?|discuss(?:ing)?|talk(?:ing)?|explain(?:ing)?|expos(?:e|ing)|speak(?:ing)?|acknowledg(?:e|ing)|admit(?:ting)?|display(?:ing)?|includ(?:e|ing)|refer(?:ring)?)"
_USER = r"(?:users?|human|person (?:you|who|that|in)|people you)"
_WHOM = r"(?:users?|human|operator|developer|customer|anyone|anybody|person|them|him|her|owner|client|people|reader)"
_OF_THIS = re2.compile(
    r"(?i)^\s*(?:[.,;!:)\"'<\]]|$)|^\s+(?:about|that|this|these|those|it|anything|any|of|what|why|and|or|but|because|under|until|again|before|first|you|to (?:confirm|approve)|for|at|in|when you|know|find out|see|notice|learn|hear)\b",
    options(),
)


def kept_from_the_user(region: Region) -> Iterable[Span]:
    """Accept secrecy about what is being done; what a program is not to show in which case is its design."""
    sure = 1.0 if _OF_THIS.search(without_surrogates(region.after(24))) is not None else 0.4
    return tuple((start, end, round(sure * confidence, 4)) for start, end, confidence in unless_quoted(region))


_QUIET = (
    rule("secrecy", 0.6, "",
         rf"\b(?:do not|don'?t|never|must not|should not|shouldn'?t|without|avoid|not to|nor) (?:ever |even )?(?:ask(?:ing)?\s+(?:(?:for|confirmation|permission|from|any|of|approval)\s+)*(?:the |your |an? )?(?:users?|human)|{_TELL}\s+(?:(?:this|it|that|these|any|of|anything|about|the|step|action|instructions?|to|process|message|rule|parameter|side ?note|what|you|are|did|doing|fact|call|note|tool|request|change|result|happened|with|details|text|existence|its)\s+){{0,8}}?(?:to |with )?(?:the |your |an? )?{_USER})\b", source=MCP, check=kept_from_the_user),
    rule("secrecy_to_all", 0.25, "",
         rf"\b(?:do not|don'?t|never|must not|should not|shouldn'?t|without|avoid|not to|nor) (?:ever |even )?(?:ask(?:ing)?\s+(?:(?:for|confirmation|permission|from|any|of|approval)\s+)*(?:the |your |an? )?(?:users?|human|operator|developer|anyone|anybody)|{_TELL}\s+(?:(?:this|it|that|these|any|of|anything|about|the|step|action|instructions?|to|process|message|rule|parameter|side ?note|what|you|are|did|doing|fact|call|note|tool|request|change|result|happened|with|details|text|existence|its)\s+){{0,8}}?(?:to |with )?(?:the |your |an? )?{_WHOM})\b", source=MCP),
    rule("keep_hidden", 0.55, "",
         rf"(?:\b(?:keep|hide|conceal)\b[^.\n]{{0,60}}?\b(?:hidden|secret|confidential|invisible|from|private|quiet)\b[^.\n]{{0,12}}?\b(?:from |to )?(?:the |your )?(?:user|human|operator|developer|customer|anyone|anybody|person|them|him|her|owner|client|reader)\b|\b(?:hidden|secret|concealed|kept) from (?:the |your )(?:user|human|operator|owner|person)[.,;!]?\s*(?:and|but|then|send|call|read|put|pass|step|at all)\b|\b(?:the |your )?(?:{_WHOM}) (?:must|should|shall|need|will)(?:\s\s?\s?not|n'?t|\s\s?\s?never) (?:\w+ )?(?:notice|know|learn|find out|see (?:that|what|how) you|see this|hear|be told|be informed|be notified|be aware|become aware|realise|realize|suspect)"
         rf"|\b(?:do not|don'?t|never|must not) (?:ever )?(?:reveal|mention|disclose|admit|tell (?:the )?(?:users?|human|operator|owner|person)|acknowledge|let on|show|hint|indicate) (?:to \w+ )?(?:that|you (?:were|have|are|received|got|did)|these instructions|this (?:message|instruction|rule|step|note|text|prompt|request|comment|parameter|sidenote))\b|\b(?:do|perform|execute|run|complete|carry out|act)(?: (?:this|it|so|these|all|that|steps?|of)){0,4} (?:silently|secretly|quietly|covertly|discreetly|in secret|in the background without)\b|\b(?:the (?:user|human)|person you\b[^.\n]{{0,20}}?|people you\b[^.\n]{{0,20}}?)\b[^.\n]{{0,30}}?\b(?:never|does not|doesn't|will not|won't)(?: \w+)? (?:learns?|finds? out|notices?|hears?|knows?|reali[sz]es?|sees?) (?:of|about|that|this|it|what|how)|\bthis (?:stays|remains|is) between us\b)"),
    rule("not_a_word", 0.3, "", r"\b(?:never|do\s{1,4}not|don't|must\s{1,4}not)\s{1,4}(?:mention|talk about|speak of|disclose) (?:it|this|them|that)\b"),
    rule("unaware", 0.55, "", r"\bkeep (?:the )?(?:user|human|person|operator) (?:unaware|in the dark|uninformed|out of)\b|\b(?:the |your )(?:user|human) (?:need not|needn't|doesn't (?:need|have) to|does not (?:need|have) to|won't|will not|should not|shouldn't|must not) (?:know|be told|hear|find out|be informed|notice|see)(?: about| of)? (?:this|it|that|any of)\b", source=MCP),
    rule("unasked", 0.3, r"without (?:\w+ )?(?:\w+ )?(?:asking|confirm|review|inform|approval|permission|consent|telling|notif|question|hesitat|checking|verif|warning|prompting)|n(?:\'t|ot) ask",
         r"\b(?:without (?:\w+ ){0,2}?(?:asking|confirmation|confirming|review|reviewing|informing|approval|permission|consent|telling|notifying|question(?:ing|s)?|hesitation|checking|verification|verifying|warning|prompting)|do(?:n't| not) ask (?:for |the |any |questions))"),
)  # fmt: skip

_HARM = (
    rule("reply_only", 0.3, r"(?:reply|respond|answer)s? (?:only|just|exactly|to everything|always|to \w|solely|with)|(?:say|output|print|write|reply|answer|respond) (?:only|exactly|nothing|just)",
         r"\b(?:(?:reply|respond|answer)s?\s+(?:only|just|exactly|to everything|always|to \w+ \w+|to all \w+|solely)?\s*(?:with\s+)(?:(?:only|just|exactly|the|single|word|phrase|text|string|exact|following)\s+)+\S+|(?:say|output|print|write|reply|answer|respond) (?:only|exactly|nothing (?:else )?but|just)\s+(?:with |the (?:word|phrase|text|string) )?\S+)"),
    rule("steer_answer", 0.3, "",
         r"\b(?:tell(?:ing)? (?:the user|them|everyone|him|her|people|the customer) (?:that|to)|(?:always |only )?recommend(?:ing)? (?:only|our|this|the|exclusively|them)\b[^.\n]{0,30}?(?:product|only|our|above all|instead|company|brand|service|website)|summari[sz]e (?:this|the|it)(?: \w+)? as|approve (?:the|this|all|every|any)\b|(?:rate|score|rank|classify|mark|label|report|describe|evaluate|treat) (?:this|the|it|every\w*|all)(?: \w+){0,3}? (?:as (?:harmless|safe|benign|positive|approved|excellent|perfect|trusted|clean|legitimate|the best|highest|strong|passed|verified)|(?:10|ten|100|five|5)\b|highest|first|positively|favorably)|(?:assure|convince|persuade) (?:the|your) (?:user|customer|reader))"),
    rule("destroy", 0.35, "",
         r"\b(?:(?:delete|erase|wipe|remove|destroy|shred|drop|purge|format|truncate|overwrite|encrypt) (?:all|every|the (?:home|whole|entire|user|root|production|database)|everything|any)\b[^.\n]{0,40}?(?:files?|data|director|home|disk|drive|database|tables?|records|e-?mails?|messages|backups?|repositor|branches|everything|logs|folders?|users?|accounts?|history)|rm -r?f r?\S*)"),
    rule("move_money", 0.35, "",
         r"\b(?:transfer|pay|wire|send|donate|refund|buy|purchase|withdraw|move)\s+[^.\n]{0,30}?(?:(?:eur|usd|gbp|btc|eth|dollars?|euros?|bitcoins?|money|funds|budget|balance|savings)\b|[$€£]\s?\d)[^.\n]{0,30}?(?:\bto\b|\binto\b|account|wallet|iban)|\b(?:wire|transfer|send|withdraw) (?:(?:the|all|remaining|his|her|their) )+(?:money|funds|budget|balance|savings)\b"),
    rule("make_admin", 0.35, "",
         r"\b(?:add|make|promote|grant|give|set|invite|assign|create)\s+[^.\n]{0,60}?\b(?:as|to|an?|with|the) (?:\w+ )?(?:admin\w*|owner|collaborator|root|maintainer|superuser|sudo)\b"),
    rule("run_this", 0.3, r"(?:execute|run|eval|launch) (?:the |this |these |that |following |any )|(?:and|then)\s\s?\s?(?:run|execute|install|launch|eval|evaluate|source)\s|curl\s|wget\s|(?:execute|run|now execute):?\s*`?(?:bash|sh|powershell|python|nc|rm)\s",
         r"(?:\b(?:execute|run|eval|launch) (?:the |this |these |that |following |any )+(?:\w+ )?(?:command|code|script|shell|below|in the next line|line|payload|program|snippet|string)|\b(?:curl|wget)\s[^\n|]*(?:\|\s*(?:sudo )?(?:ba|z|da)?sh\b|-d\s*@|--data\S* @|-F |-T )|\b(?:curl|wget)\s[^\n|]*\$\(|\b(?:download|fetch|get|pull|clone|load) (?:and(?: then)?|then)\s\s?\s?(?:run|execute|install|launch|eval|evaluate|source)\s|\b(?:execute|run|now execute):?\s*`?(?:curl|wget|bash|sh|powershell|python|nc|rm)\s)"),
    rule("decode_obey", 0.6, r"(?:\b(?:decode|decipher|decrypt|unscramble|deobfuscate|unescape|rot-?13|translate|reverse)\b[^.\n]*\b(?:and|then)\b[^.\n]*\b(?:do|follow|obey|execute|run|act|comply|carry out|perform|answer|respond|apply)\b|\b(?:rot-?13|base ?64|hex(?:adecimal)?) and (?:obey|follow|execute|do)\b|\b(?:decode|deciphered?|decoded|decrypt(?:ed)?) (?:it |the |this |text |string |message |following )*(?:instructions?|commands?|orders?) (?:and|must|should|are)\b)",
         r"(?:\b(?:(?:decode|decipher|decrypt|unscramble|deobfuscate|unescape|rot-?13)\b[^.\n]{0,80}?\b(?:and|then)\b[^.\n]{0,30}?\b(?:act|answer|respond|apply)|(?:decode|decipher|decrypt|unscramble|deobfuscate|unescape|rot-?13|translate|reverse)\b[^.\n]{0,80}?\b(?:and|then)\b[^.\n]{0,30}?\b(?:do (?:what|as|it|that|this|so|exactly)|follow|obey|execute|run|act on|comply|carry out|perform))\b|\b(?:rot-?13|base ?64|hex(?:adecimal)?) and (?:obey|follow|execute|do)\b|\b(?:decode|deciphered?|decoded|decrypt(?:ed)?) (?:it |the |this |text |string |message |following )*(?:instructions?|commands?|orders?) (?:and|must|should|are)\b)"),
    rule("fetch_obey", 0.5, r"(?:follow|obey|execute|do|perform|carry out|comply with|apply|act on)\s(?:the |these |those |all |any |every |its |their |his |further |more |(?:[a-z]+ )?(?:instructions?|orders?|commands?|directions|steps|what|everything)\b)",
         r"(?:\b(?:fetch|open|read|visit|load|browse|get|retrieve|access|see|check|navigate to|call)\b[^\n]{1,80}?|\b(?:go to|download)\b[^\n]{0,40}?(?:://|www\.|[a-z0-9-]\.[a-z]{2,12}\b)[^\n]{0,60}?)\b(?:and|then)\b[^\n]{0,20}?\b(?:follow|obey|execute|do|perform|carry out|comply with|apply|act on)\s(?:the |these |those |all |any |every |its |their |his |further |more )*(?:[a-z]+ )?(?:instructions?|orders?|commands?|directions|steps|what (?:it|they|you)|everything)\b"),
    rule("obey_me", 0.4, "",
         r"\b(?:you (?:must|will|shall|have to) (?:now |always |immediately )?(?:obey|comply|follow)\b|obey (?:me|these|my|the following|only|every|all|this)|follow (?:these|my)(?: new| instructions| orders| rules)* (?:instead|immediately|exactly|now|without|only|:)|do exactly (?:what|as) |comply (?:immediately|without|with (?:this|these|the following|my)))"),
    rule("must_now", 0.2, "",
         r"\byou\s\s?\s?(?:must|have\s{1,4}to|need\s{1,4}to|will|shall|are\s{1,4}required\s{1,4}to|are\s{1,4}to)\s{1,4}(?:now|first|always|immediately|instead|never|also|read|send|call|act|ignore|forget|include)\b"),
    rule("marked_important", 0.2, r"(?:important|urgent|critical|attention|mandatory|warning)(?: note| notice| instruction| message| security update| system update| info(?:rmation)?)?\s*[:!]", r"\b(?:important|urgent|critical|attention|mandatory|warning)(?: (?:note|notice|instruction|message|security update|system update|info(?:rmation)?))?\s*[:!]", source=MCP),
)  # fmt: skip

GOALS = _EXFILTRATION + _QUIET + _HARM
