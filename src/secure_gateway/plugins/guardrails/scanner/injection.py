"""Instructions to the model inside data: weighted signals over folded text, which the scanner adds up per string."""

from __future__ import annotations

from collections.abc import Iterable

import re2

from secure_gateway.plugins.guardrails.scanner.finding import Detector, Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.validators import decode_base64

_LONGEST_ENCODED = 65_536
_LONG_QUERY = 48
_READABLE = 0.85  # line feeds and a broken character at the end are no reason to look away
_FLAG, _FLAG_END, _FLAG_LONGEST = "\U0001f3f4", "\U000e007f", 7
_OWASP = "OWASP LLM01 Prompt Injection"
_MCP = "MCP specification, security best practices; published tool-poisoning reports"
_SMUGGLING = "Unicode TR36 and TR39"

_IMPERATIVE = re2.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|you (?:must|should|are)|do not|don't|never|always|assistant|instructions?|system|prompt"
    r"|send|call|invoke|execute|run|read|reveal|output|reply|respond)\b"
)
_TO_MODEL = re2.compile(
    r"(?i)\b(?:ai|llm|assistant|claude|gpt|chatgpt|copilot|gemini|language model|you must|you should|system prompt|instructions?|the user)\b"
)
_SENDS = re2.compile(r"(?i)\b(?:send|post|upload|forward|transmit|exfiltrate|leak|submit|append|encode)")


def hidden_comment(region: Region) -> Iterable[Span]:
    """Accept a comment that tells somebody to do something and names the model, or is an instruction in itself."""
    text = region.value[4:-3]
    told = _IMPERATIVE.search(text) is not None and _TO_MODEL.search(text) is not None
    return whole(region) if told or region.is_injection(text) else ()


def encoded_instruction(region: Region) -> Iterable[Span]:
    """Accept base64 that decodes to a text which is an injection itself, to a bounded depth."""
    if len(region.value) > _LONGEST_ENCODED:
        return ()
    for shift in range(4):  # the run may begin with letters that are not part of it
        decoded = decode_base64(region.value[shift:])
        text = decoded.decode("utf-8", "replace") if decoded is not None else ""
        readable = sum(char.isprintable() and char != "\ufffd" for char in text)
        if readable > _READABLE * len(text) and region.is_injection(text):
            return whole(region)
    return ()


def leaking_image(region: Region) -> Iterable[Span]:
    """Accept an image whose address carries data away: a long query, or a slot for the model to fill."""
    query = region.value.partition("?")[2].lower()
    slots = ("{", "[", "<", "%7b", "$", "data=", "secret", "conversation", "history", "prompt=", "token=", "password")
    return whole(region) if len(query) > _LONG_QUERY or any(slot in query for slot in slots) else ()


def near_verb(region: Region) -> Iterable[Span]:
    """Accept the end of a sentence that sends something to an address, from the last verb near it."""
    tail_start = max(0, len(region.value) - 160)
    found = list(_SENDS.finditer(region.value[tail_start:]))
    return ((tail_start + found[0].start(), len(region.value), region.confidence),) if found else ()


def not_a_flag(region: Region) -> Iterable[Span]:
    """Accept tag characters unless they spell a flag, the one use that Unicode still gives them."""
    flag = region.before(1) == _FLAG and len(region.value) <= _FLAG_LONGEST and region.value.endswith(_FLAG_END)
    return () if flag else whole(region)


def _rule(name: str, weight: float, candidate: str, exact: str, source: str = _OWASP) -> Detector:
    return Detector(
        id=f"injection.{name}", type="PROMPT_INJECTION", category="injection", confidence=weight, source=source,
        candidate=candidate, exact=exact,
    )  # fmt: skip


_ORDERS = r"(?:instructions?|prompts?|guidelines?|directives?|programming|training)"
_WHAT = rf"(?:{_ORDERS}|rules?|directions?|commands?|messages?|context|constraints?|restrictions?|polic(?:y|ies))"
_EARLIER = r"(?:previous|previously|prior|above|earlier|preceding|existing|original|initial|system|safety|security|foregoing|developer(?:'s)?)"
_FILLER = r"(?:(?:all|any|every|each|the|your|my|of|these|those|given|other|content|and|or|user(?:'s)?|current)\s+)"
_IGNORE = r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?|discard(?:ing)?)"

_OVERRIDE = (
    _rule("override", 0.85, r"(?i)(?:ignor|disregard|forget|overrid|bypass|discard)\w*\s+(?:a|e|t|y|m|o|p|s|i|f|c|d|u)",
          rf"(?i)\b{_IGNORE}\s+{_FILLER}{{0,4}}{_EARLIER}\s+(?:{_FILLER}|{_EARLIER}\s+){{0,3}}{_WHAT}\b"),
    _rule("override_all", 0.6, r"(?i)(?:ignor|disregard|forget|overrid|bypass|discard)\w*\s+(?:a|y|e|m|t)",
          rf"(?i)\b{_IGNORE}\s+(?:(?:all|every)\s+(?:of\s+)?(?:the\s+|your\s+|these\s+|those\s+|my\s+)?{_ORDERS}|(?:your|my)\s+(?:\w+\s+)?(?:{_ORDERS}|rules?)"
          rf"|(?:the|these|those|all|any)\s+(?:\w+\s+)?(?:{_ORDERS}|rules?|messages?|text)\s+(?:above|before|so far|you (?:were|have been|got)))\b"),
    _rule("override_after", 0.8, r"(?i)(?:ignore|disregard|forget|discard)\s+\w+",
          r"(?i)\b(?:ignore|disregard|forget|discard)\s+(?:everything|all|anything|whatever|what)(?:\s+(?:that|you|was|were|i|has|have|been|is|of|the|previously|just))*\s+"
          r"(?:above|before|prior|previous(?:ly)?|earlier|told|said|instructed|written|learned)\b"),
    _rule("do_not_follow", 0.7, r"(?i)(?:not|stop|never|don't|longer)\s+(?:follow|obey)",
          rf"(?i)\b(?:do not|don't|stop|never|no longer)\s+(?:follow(?:ing)?|obey(?:ing)?)\s+{_FILLER}{{0,4}}(?:{_EARLIER}|your)\s+(?:{_FILLER}|{_EARLIER}\s+){{0,3}}{_WHAT}\b"),
    _rule("void", 0.7, r"(?i)(?:instructions?|prompts?|rules|guidelines)\s+(?:\w+\s+){0,2}(?:are|were|been|is|no)\s",
          r"(?i)\b(?:previous|prior|earlier|above|original|old|other|existing)\s+(?:system\s+)?(?:instructions?|prompts?|rules|guidelines)\s+(?:given\s+)?(?:are|were|have been|is|no longer|has been)\s+(?:now\s+|all\s+)?"
          r"(?:void|invalid|cancell?ed|obsolete|null|superseded|revoked|outdated|suspended|replaced|apply|wrong|lifted)\b"),
    _rule("new_instructions", 0.55, r"(?i)(?:new|updated|real|actual|override|additional|urgent)\s+(?:system\s+)?(?:instructions?|prompt|directives?)\s*:",
          r"(?i)\b(?:new|updated|real|actual|override|additional|urgent)\s+(?:system\s+)?(?:instructions?|prompt|directives?)\s*:"),
    _rule("new_role", 0.5, r"(?i)you are now|from now on|pretend (?:to be|you)|act as (?:if|an? un)",
          r"(?i)\b(?:you are now (?:in |an? |the )?(?:\w+\s+){0,2}(?:mode|unrestricted|unfiltered|uncensored|jailbroken|dan|developer|evil|root|admin)\b"
          r"|from now on,? (?:you|ignore|respond|answer|act|always|your)|pretend (?:to be|you(?:'re| are)) (?:an? )?(?:\w+\s+){0,2}(?:unrestricted|without|no|evil|dan|jailbroken)"
          r"|act as (?:if you (?:had|have) no|an? un(?:restricted|filtered|censored)))"),
    _rule("jailbreak", 0.7, r"(?i)do anything now|jailbreak|developer mode|DAN mode|god mode",
          r"(?i)\b(?:do anything now|jailbreak mode|(?:developer|dan|god|jailbreak|sudo) mode (?:is )?(?:enabled|activated|on|engaged)|(?:enable|enter|activate|switch to) (?:developer|dan|god|jailbreak|sudo) mode)"),
    _rule("reveal_prompt", 0.65, r"(?i)system (?:prompt|message|instruction)|(?:your|initial|hidden) (?:prompt|instruction)|above verbatim",
          r"(?i)\b(?:reveal|print|show|output|repeat|display|tell me|leak|disclose|dump|give me|return)\s+(?:me\s+)?(?:(?:your|the|all|full|entire|exact|complete|initial|original|hidden|secret|of)\s+)+"
          r"(?:system\s+(?:prompt|message|instructions?)|(?:initial\s+)?(?:prompt|instructions?)\b)"),
    _rule("override_de", 0.85, r"(?i)(?:ignorier|vergiss|vergesse|missacht|beachte)",
          r"(?i)\b(?:(?:ignorier|vergiss|vergesse|missachte?)\w*\s+(?:\w+\s+){0,5}(?:anweisung|instruktion|befehl|regel|vorgabe|prompt|richtlinie)\w*"
          r"|beachten? (?:die|deine|alle) (?:\w+\s+){0,3}(?:anweisung|instruktion|regel)\w* nicht)"),
    _rule("override_fr", 0.85, r"(?i)(?:ignor(?:e|ez|er)|oubli(?:e|ez|er)|faites? abstraction) ",
          r"(?i)\b(?:ignor(?:e|ez|er)|oubli(?:e|ez|er)|faites? abstraction d\w*)\s+(?:(?:toutes?|tous|les|l'|tes|vos|des|ces|de|la|precedentes?)\s+)+(?:instructions?|consignes?|regles?|directives?|ordres?|messages?)\b"),
    _rule("override_es", 0.85, r"(?i)(?:ignor(?:a|e|en|ar)|olvid(?:a|e|en|ar)|descart(?:a|e)|haz caso omiso)",
          r"(?i)\b(?:ignor(?:a|e|en|ar)|olvid(?:a|e|en|ar)|descart(?:a|e|ar)|haz caso omiso (?:de|a))\s+(?:(?:todas?|todos|las?|los|tus|sus|de|estas|anteriores|previas)\s+)+(?:instruccion(?:es)?|indicaciones|reglas|ordenes|directrices|mensajes?)\b"),
    _rule("override_it", 0.85, r"(?i)(?:ignor(?:a|i|ate|are)|dimentic(?:a|he|ate|are)|trascura)",
          r"(?i)\b(?:ignor(?:a|i|ate|are)|dimentic(?:a|ate|are|hi)|trascura(?:te)?)\s+(?:(?:tutte|tutti|le|gli|i|tue|vostre|precedenti|queste)\s+)+(?:istruzion[ei]|indicazioni|regole|direttive|ordini|messaggi)\b"),
    _rule("override_pt", 0.85, r"(?i)(?:ignor(?:e|a|em|ar)|esque(?:ça|cer|ce)|desconsider(?:e|a|ar)) ",
          r"(?i)\b(?:ignor(?:e|a|em|ar)|esque(?:ça|çam|cer|ce)|desconsider(?:e|a|em|ar))\s+(?:(?:todas?|todos|as?|os|suas|tuas|de|essas|anteriores|previas)\s+)+(?:instruc(?:oes|ao)|instru(?:ções|ção)|regras|ordens|diretrizes|mensagens)\b"),
    _rule("override_nl", 0.85, r"(?i)(?:negeer|vergeet)",
          r"(?i)\b(?:negeer|vergeet)\s+(?:\w+\s+){0,4}(?:instructies?|aanwijzingen|regels|opdrachten|richtlijnen|berichten|prompts?)\b"),
    _rule("override_ru", 0.85, r"(?i)игнорир|забуд|не обращай|пренебрег",
          r"(?i)(?:(?:про)?игнорируй(?:те)?|забудь(?:те)?|не обращай(?:те)? внимания на|пренебреги(?:те)?)\s+(?:[\pL]+\s+){0,4}(?:инструкци|указани|команд|правил|сообщени|распоряжени)"),
    _rule("override_zh", 0.85, r"忽略|忽视|无视|無視|忘记|忘記|不要理会|不要遵守",
          r"(?:忽略|忽视|无视|無視|忘记|忘記|不要理会|不要遵守)[^.!?\n]*(?:指令|指示|提示|规则|規則|命令|说明|設定|设定)"),
    _rule("override_ja", 0.85, r"無視|忘れ|従わない", r"(?:指示|命令|ルール|プロンプト|指令|規則|設定)[^.!?\n]*(?:無視|忘れ|従わない)"),
)  # fmt: skip

_FORGERY = (
    _rule("chat_template", 0.8, r"<\|[a-z_]|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>",
          r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end|start_header_id|end_header_id|eot_id|begin_of_text|end_of_text|channel|message|return|start|fim_prefix)\|>"
          r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>", "published chat templates (ChatML, Llama, Mistral, Gemma)"),
    _rule("role_header", 0.6, r"(?i)#{2,} ?(?:system|assistant|instruction|new instruction)",
          r"(?i)#{2,}\s*(?:system(?:\s+(?:prompt|message|instructions?|override))?|assistant|new instructions?|instructions? override)\s*(?::|\n|#)", _OWASP),
    _rule("role_line", 0.45, r"(?i)(?:^|[\n\"])\s*\[?(?:system|assistant|developer)\b",
          r"(?i)(?:^|[\n\"])\s*\[?(?:system|developer)(?: (?:message|prompt|override|note))?\]?\s*:\s*(?:you (?:are|must|will|should)|ignore|disregard|override|new|the (?:user|assistant)|from now)", _OWASP),
    _rule("delimiter", 0.7, r"(?i)</?(?:tool_result|tool_response|function_results?|system|system_prompt|assistant|user_query|untrusted|tool_call|tool_output|document|data)>",
          r"(?i)</(?:tool_result|tool_response|function_results?|system_prompt|user_query|untrusted[a-z_-]*|tool_call|tool_output)>|<(?:system|system_prompt|system-reminder)>", _OWASP),
)  # fmt: skip

_STEERING = (
    _rule("important_block", 0.75, r"(?i)<(?:important|instructions?|secret|hidden|critical|system_note)>",
          r"(?:<(?i:important|critical|system_note|instructions?)>|<(?:HIDDEN|SECRET)>)(?i)[^<]*(?:tool|file|read|you|must|user|assistant|before|password|key|do not|send)[^<]*", _MCP),
    _rule("before_tool", 0.7, r"(?i)(?:before|when|whenever|after|prior to|in order to)\s+(?:us(?:e|ing)|call|invok|execut|runn?)\w*",
          r"(?i)\b(?:before|when(?:ever)?|after|prior to|in order to)\s+(?:us(?:e|ing)|call(?:ing)?|invok(?:e|ing)|execut(?:e|ing)|run(?:ning)?)\s+(?:this|any|the|other|another|an?|every|all)\s+(?:\w+\s+){0,2}(?:tools?|functions?)\b[^.\n]*"
          r"\b(?:you (?:must|should|need|have)|(?:first|always),?\s+(?:\w+\s+)?(?:read|call|send|get|open|access|fetch|run)|read|must (?:first|also|be))\b", _MCP),
    _rule("sensitive_path", 0.45, r"(?i)\.ssh|id_rsa|\.env\b|/etc/(?:passwd|shadow)|\.aws/|mcp\.json|\.netrc|\.kube",
          r"(?i)\b(?:read|open|cat|access|load|include|pass|send|attach|get|fetch|print|return)\b[^.\n]*(?:~?/?\.ssh\b|id_rsa|id_ed25519|(?:^|[\s/~'\"])\.env\b|/etc/(?:passwd|shadow)|\.aws/credentials|mcp\.json|\.netrc|\.kube/config)", _MCP),
    _rule("secrecy", 0.6, r"(?i)(?:not|never|without|avoid)\s+(?:\w+\s+)?(?:tell|mention|inform|reveal|notify|let|disclos|show|alert|say)",
          r"(?i)\b(?:do not|don't|never|must not|should not|shouldn't|without|avoid)\s+(?:ever\s+)?(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|let(?:ting)?|show(?:ing)?|disclos(?:e|ing))\s+"
          r"(?:(?:this|it|that|any of this|anything|about this|the|about)\s+)*(?:to\s+)?(?:the\s+)?(?:user|human|operator|developer|customer)\b", _MCP),
    _rule("tool_shadow", 0.5, r"(?i)instead of|(?:this|the) tool (?:must|overrides|supersedes|replaces)",
          r"(?i)\b(?:this tool (?:must|overrides|supersedes|replaces)[^.\n]*(?:other|all|any|before|instead)|always (?:use|call|prefer) this tool instead of|(?:the )?(?:other|send_email|[a-z_]+) tool (?:is|has been) (?:deprecated|broken|unsafe)[^.\n]*(?:use|instead))", _MCP),
    _rule("call_with_secrets", 0.6, r"(?i)(?:call|use|invoke|run|execute)\s+(?:the\s+)?[\w.-]+\s+(?:tool|function)",
          r"(?i)\b(?:call|use|invoke|run|execute)\s+(?:the\s+)?[\w.-]+\s+(?:tool|function)\s+(?:with|to (?:send|post|upload|forward)|and (?:pass|send))\s[^.\n]*\b(?:api keys?|passwords?|credentials?|secrets?|access tokens?|ssh keys?|private keys?|history|contacts)\b", _MCP),
    _rule("override_tool_args", 0.55, r"(?i)(?:bcc|recipient|to address|forward)",
          r"(?i)\b(?:change|set|replace|modify|redirect|always add|add)\s+(?:the\s+)?(?:recipient|bcc|cc|to address|email address|destination)s?\b[^.\n]*\b(?:to|with)\s+\S+@\S+", _MCP),
)  # fmt: skip

_SENSITIVE = r"(?:conversation|chat|history|secrets?|keys?|credentials?|passwords?|tokens?|contents?|files?|messages?|prompt|context|data|results?|e-?mails?|variables|ssh|env)"
_EXFILTRATION = (
    Detector(
        id="injection.markdown_image", type="PROMPT_INJECTION", category="injection", confidence=0.65, source=_OWASP, check=leaking_image,
        candidate=r"!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?", exact=r"!\[[^\]\n]*\]\(\s*<?https?://[^)\s]*\?[^)\s]*",
    ),
    Detector(
        id="injection.send_to", type="PROMPT_INJECTION", category="injection", confidence=0.6, source=_OWASP, check=near_verb,
        candidate=r"(?i)(?:send|post|upload|forward|transmit|exfiltrate|leak|submit)(?:ing)?\s[^.\n]*https?://",
        exact=rf"(?i)\b(?:send|post|upload|forward|transmit|exfiltrate|leak|submit)(?:ing)?\s+(?:(?:all|the|any|your|this|that|every|its|their|of|user(?:'s)?|full|entire|previous|api|private|access)\s+)*{_SENSITIVE}\b[^.\n]*\b(?:to|at|via|with)[: ]+[\"'`(<]?https?://[^\s\"'`)>]+",
    ),
)  # fmt: skip

_HIDDEN = (
    Detector(
        id="injection.tag_characters", type="HIDDEN_TEXT", category="injection", confidence=0.9, source=_SMUGGLING, check=not_a_flag,
        candidate=r"[\x{E0000}-\x{E007F}]", exact=r"[\x{E0000}-\x{E007F}]{2,}",
    ),
    Detector(
        id="injection.zero_width", type="HIDDEN_TEXT", category="injection", confidence=0.6, source=_SMUGGLING,
        candidate=r"[\x{200B}-\x{200F}\x{2060}-\x{2064}\x{FEFF}\x{180E}]{4}", exact=r"[\x{200B}-\x{200F}\x{2060}-\x{2064}\x{FEFF}\x{180E}]{4,}",
    ),
    Detector(
        id="injection.variation_selectors", type="HIDDEN_TEXT", category="injection", confidence=0.7, source=_SMUGGLING,
        candidate=r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{3}", exact=r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{3,}",
    ),
    Detector(
        id="injection.bidi_override", type="HIDDEN_TEXT", category="injection", confidence=0.55, source="Unicode UAX 9, CVE-2021-42574",
        candidate=r"[\x{202D}\x{202E}]", exact=r"[\x{202D}\x{202E}][^\x{202C}\n]*\x{202C}?",
    ),
    Detector(
        id="injection.ansi_escape", type="HIDDEN_TEXT", category="injection", confidence=0.55, source="ECMA-48",
        candidate=r"[\x1b\x{9b}]", exact=r"(?:\x1b\[|\x{9b})(?:(?:\d+;)*8m[^\x1b]*|\d*(?:;\d*)?[ABCDEFGHJKSTfsu])|\x1b\][^\x07\x1b]*",
    ),
    Detector(
        id="injection.html_comment", type="HIDDEN_TEXT", category="injection", confidence=0.6, source=_OWASP, check=hidden_comment,
        candidate=r"<!--", exact=r"<!--(?:[^-]|-[^-]|--[^>])*-->",
    ),
    Detector(
        id="injection.encoded", type="PROMPT_INJECTION", category="injection", confidence=0.85, source="RFC 4648", check=encoded_instruction,
        candidate=r"[A-Za-z0-9+/_-]{28}", exact=r"[A-Za-z0-9+/_-]{28,}={0,2}",
    ),
)  # fmt: skip

INJECTION_DETECTORS: tuple[Detector, ...] = _OVERRIDE + _FORGERY + _STEERING + _EXFILTRATION + _HIDDEN
