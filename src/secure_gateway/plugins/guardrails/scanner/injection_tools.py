"""Instructions in what servers say about their tools, and signs that data plays another role: system, user, the end of the data."""

from __future__ import annotations

from collections.abc import Iterable

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Region, Span, whole
from secure_gateway.plugins.guardrails.scanner.folding import without_surrogates
from secure_gateway.plugins.guardrails.scanner.injection_rules import MCP, OWASP, hidden, rule

_FLAG, _FLAG_END, _FLAG_LONGEST = "\U0001f3f4", "\U000e007f", 7
_IMPERATIVE = re2.compile(
    r"(?i)(?:^|[.:;,!?(\n\"'-]\s*|\b(?:must|should|shall|please|and|then|also|not|always|never|to|now|agents?|assistants?|ai|llms?|models?)\s+(?:\w+ly\s+)?)(?:ignore|disregard|forget|override|do not|don't|never|always|send|call|invoke|execute|run|read|reveal|output|reply|respond|answer"
    r"|pretend|approve|tell|act|print|recommend|delete|forward|upload|transfer|prepend|add|append|mention|state|write|purchase|buy|order|include|rate|classify|return|rank|click|open|visit|confirm|use|say|give|praise|promote|skip|follow|obey|share|post|email|instruct|accept)\b",
    options(),
)
_TO_MODEL = re2.compile(
    r"(?i)\b(?:ai|llm|assistant|claude|gpt|chatgpt|copilot|gemini|language model|the model|you must|you should|you are|system prompt|instructions?|the user|your (?:answer|reply|response|task))\b",
    options(),
)


def hidden_text(region: Region) -> Iterable[Span]:
    """Accept hidden text that tells somebody to do something and names the model, or is an instruction in itself."""
    text = without_surrogates(region.value)
    told = _IMPERATIVE.search(text) is not None and _TO_MODEL.search(text) is not None
    return whole(region) if told or region.is_injection(text) else ()


def not_a_flag(region: Region) -> Iterable[Span]:
    """Accept tag characters unless they spell a flag, the one use that Unicode still gives them."""
    flag = region.before(1) == _FLAG and len(region.value) <= _FLAG_LONGEST and region.value.endswith(_FLAG_END)
    return () if flag else whole(region)


_TOOL = r"(?:tools?|functions?|commands?|one|server|api|plugin|skill)"
_THIS = r"(?:this|any|the|other|another|an?|every|all|each|that)"

STEERING = (
    rule("important_block", 0.75, r"<(?:important|instructions?|secret|hidden|critical|system_note|system|mandatory|admin|override|assistant_instructions)>",
         r"<(?:important|critical|system_note|instructions?|mandatory|secret|hidden|admin|override|system|assistant_instructions)>[^<]{0,400}?\b(?:tools?|you (?:must|should|are)|users?|assistant|agent|passwords?|do not (?:tell|mention|reveal|ask)|send|ignore|call (?:this|the)|forget|\.env|\.ssh|ai|llm)\b", source=MCP),
    rule("before_tool", 0.65, r"(?:using|use|call|calling|invoke|invoking|execute|executing|run|running)\s+(?:this|any|the|other|another|an?|every|all|each|that)\s+(?:\w+\s+)?(?:\w+\s+)?(?:tool|function|command|one|server|api|plugin|skill)",
         rf"\b(?:before|when(?:ever)?|after|prior to|in\s{1,4}order\s{1,4}to|once)\s+(?:you\s+)?(?:us(?:e|ing)|call(?:ing)?|invok(?:e|ing)|execut(?:e|ing)|run(?:ning)?)\s+{_THIS}\s+(?:\w+\s+){{0,2}}?{_TOOL}\b[^.\n]{{0,120}}?\b(?:you (?:must|should|need|have)|(?:first|always),?\s+(?:\w+\s+)?(?:read|call|send|get|open|access|fetch|run)|read|must (?:first|also|be))\b", source=MCP),
    rule("when_other_tool", 0.5, r"\b(?:is|are|gets|been|was)\s\s?\s?(?:used|called|invoked|run|executed|available)\b|\b(?:after|before|on|with|for|to)\s\s?\s?(?:each|every|any)\s\s?\s?(?:other\s{1,4})?(?:call|use|invocation|tool)\b",
         r"\b(?:(?:before|when(?:ever)?|after|once|if|every time|each time)\s+(?:the |any |an? )?(?:[\w.]*_[\w.]+|other|another|this|any|such|\w+ tool|\w+ server)(?: tools?| functions?)? (?:is|are|gets|has been|was)\s\s?\s?(?:used|called|invoked|run|executed|available)\b,?[^.\n]{0,60}?\b(?:always|must|call|send|set|ignore|first|use|add|include|copy|forward|this|follow|change|replace|pass|read)|(?:after|before|on|with|for|prior to)\s\s?\s?(?:each|every|any)\s\s?\s?(?:other\s{1,4})?(?:call|use|invocation|tool)\b(?: of)?[^.\n]{0,40}?\b(?:send|copy|forward|call|pass|post|add|include|use|append|upload|report))\b", source=MCP),
    rule("tool_shadow", 0.5, r"(?:this\s\s?\s?(?:tool|server|function) (?:must|overrides|supersedes|replaces|changes|takes|has priority|modifies|affects|controls|governs)|always (?:use|call|prefer) this|(?:tool|function|server) (?:is|has been) (?:now )?(?:\w+ and )?(?:broken|unsafe|insecure|malicious|unreliable|dangerous|compromised)|use this (?:one|tool|function)|other tools?|(?:not|n\'t|never|stop) (?:use|using|call|calling|trust) |must (?:go|be sent|be routed|pass|be passed) (?:through|via|to))",
         r"\b(?:this\s\s?\s?(?:tool|server) (?:must|overrides|supersedes|replaces|changes|takes (?:precedence|priority)|has priority|modifies|affects|controls|governs)[^.\n]{0,60}?(?:other|all|any|instead|how|over|every)\b|always (?:use|call|prefer) this (?:tool|one|function) (?:instead of|over|for (?:all|any|every)|rather|before)|(?:the )?[\w.]+ (?:tool|function|server) (?:is|has been) (?:now )?(?:\w+ and )?(?:broken|unsafe|insecure|malicious|unreliable|dangerous|compromised)[^\n]{0,60}?(?:use|instead)|use this one (?:instead|in its place)|(?:instructions?|descriptions?|rules|output|results?) (?:of|from|in) (?:the |all |any )?other tools?|(?:do not|don't|never|stop) (?:use|using|call|calling|trust) (?:the |any )?(?:other|original|[\w.]*_[\w.]+) ?(?:tools?|functions?|servers?|one)?|must (?:go|be sent|be routed|pass|be passed) (?:through|via|to) \S+ first)", source=MCP),
    rule("outranks", 0.35, "", r"\b(?:results?|output|answers?|instructions?|descriptions?) (?:of|from|by) this (?:tool|server|function) (?:outranks?|overrides?|overrules?|supersedes?|replaces?|takes? (?:precedence|priority))\b", source=MCP),
    rule("contradicting", 0.3, "", r"\b(?:ignore|discard|drop) (?:any |all )?(?:contradict\w+|conflicting|differing|other) (?:results?|outputs?|tools?|answers?|cvs?|candidates?|applicants?|sources?|documents?|instructions?)\b", source=MCP),
    rule("tool_retired", 0.35, r"(?:tool|function|server) (?:is|has been) (?:now )?(?:deprecated|obsolete|disabled)", r"\b(?:the )?[\w.]+ (?:tool|function|server) (?:is|has been) (?:now )?(?:deprecated|obsolete|disabled)[^\n]{0,60}?(?:use|instead)", source=MCP),
    rule("not_that_one", 0.4, "", r"\b(?:do not|don't|never) (?:use|call|trust) the [\w-]+ (?:tool|function|server|plugin)s?\b[^.\n]{0,40}?\buse this\b", source=MCP),
    rule("otherwise_fails", 0.35, r"(?:otherwise|or else|or)\s+(?:\w+ ){0,3}(?:tool |function |call |server )?(?:will|would|won\'t|does|may|cannot|fails|breaks|crashes|errors)\b", r"\b(?:otherwise|or\s\s?\s?(?:else|the|this|it|you|all|every|your))\s+(?:the |this |it )?(?:\w+ )?(?:tool |function |call |server )?(?:will|would|won't|does|may|cannot)\b[^.\n]{0,30}?(?:work|fail|error|crash|break|locked|function)|\b(?:otherwise|or else) (?:the |this |it )?(?:\w+ )?(?:fails|breaks|crashes|errors)\b", source=MCP),
    rule("call_first", 0.45, r"\b(?:must|should|always|needs? to|has to|have to)\s+(?:also |first |then |always |now )*(?:call|invoke|run|execute|use) (?:this (?:one|tool)|the [\w.-]+ tool|[\w.]+_[\w.]+|it)\b|(?:call|use|invoke|run|execute)\s+(?:the\s+|this\s+)?[`'\"]?[\w.-]+[`'\"]?\s*(?:tool|function|one|once|twice|first|again|\s)?\s*(?:with|to (?:send|post|upload|forward|mail|e-?mail|exfiltrate|leak)|and (?:pass|send))\s",
         r"\b(?:(?:must|should|always|needs? to|has to|have to)\s+(?:also |first |then |always |now )*(?:call|invoke|run|execute|use) (?:this (?:one|tool)|the [\w.-]+ tool|[\w.]+_[\w.]+|it)\b[^.\n]{0,20}?(?:first|before|with|instead|again|every|on)|(?:call|use|invoke|run|execute)\s+(?:the\s+|this\s+)?[`'\"]?[\w.-]+[`'\"]?\s*(?:tool|function|one|once|twice|first|again|\s)?\s*(?:with|to (?:send|post|upload|forward|mail|e-?mail|exfiltrate|leak)|and (?:pass|send))\s[^.\n]{0,60}?\b(?:api keys?|passwords?|credentials?|secrets?|access tokens?|ssh keys?|private keys?|history|transcript|system prompt|contacts|contents? of|conversation|user'?s?|same arguments|messages|context|files?|cookies|environment)\b)", source=MCP),
    rule("redirect_args", 0.55, r"(?:change|set|replace|modify|redirect|always add|add|put|always include|always send|bcc|always bcc|always cc)\s+(?:the\s+|every\s+|all\s+)?(?:recipient|bcc|cc|to address|email|destination|field|mail|\S+@)",
         r"\b(?:change|set|replace|modify|redirect|always add|add|put|always include|always send|bcc|always bcc|always cc)\s+(?:the\s+|every\s+|all\s+)?(?:recipients?|bcc|cc|to address|email addresses?|email|destination|field|mail|\S+@)[^.\n]{0,40}?\S*@\S+", source=MCP),
    rule("model_only", 0.5, "",
         r"\b(?:(?:detail|notes?|instructions?|message|comment|hint|information)s? (?:only |intended |meant |reserved )*(?:for|to) (?:the |all |any )?(?:ai|models?|assistants?|llms?|agent|ai agents|language models?)(?: only| reading| assistant| agent| model)?\s*[,:(])", source=MCP),
    rule("out_of_sight", 0.3, "", r"\b(?:invisible|not visible|not shown|never shown) to (?:the )?(?:users?|humans?)\b", source=MCP),
)  # fmt: skip

_ROLE = r"(?:system|assistant|developer|user|human|instructions?|new instructions?|admin(?:istrator)?|root)"
_TAGS = r"(?:tool_results?|tool_response|function_results?|function_calls?|system_prompt|system-prompt|system[_-]reminder|system[_-]message|user_query|user_input|untrusted[a-z_-]*|tool_calls?|tool_output|tool_use|documents?|context|search_results?|retrieved[a-z_-]*|external[a-z_-]*|data|user_data|input|conversation)"
_TEMPLATES = "published chat templates (ChatML, Llama, Mistral, Gemma, Command, DeepSeek, Phi)"
_MARK = r"<\|"
_SPEAKERS = r"(?i:system|user|assistant|developer|tool|ipython|model|analysis|final)"


def unless_marker_is_named(region: Region) -> Iterable[Span]:
    """Accept a marker of turns, unless it alone stands between quotation marks: the name of one."""
    before, after = region.before(1), region.after(1)
    return () if before and before == after and before in "'\"`" else whole(region)


_WITHIN = 4000


def unless_opened(region: Region) -> Iterable[Span]:
    """Accept the end of what never began; an element that is opened and closed is markup."""
    name = region.value.strip("</>").lower()
    return () if region.value.startswith("</") and f"<{name}" in region.before(_WITHIN).lower() else whole(region)


FORGERY = (
    hidden("chat_template", 0.8, rf"{_MARK}[A-Za-z_]|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>",
           rf"(?i){_MARK}(?:im_start|start_header_id|channel|start|turn)\|>\s*(?:{_SPEAKERS})|{_MARK}(?:{_SPEAKERS}|im_system|im_user|im_assistant|(?:system|user|chatbot)_token)\|>|{_MARK}(?:im_end|end|eot_id|end_of_turn(?:_token)?|endoftext|end_of_text|end.of.sentence)\|>\s*(?:{_MARK}|(?:{_SPEAKERS})\s*:)"
           r"|\[INST\]\s*(?:<<SYS>>|[^\[]*\[/INST\])|\[/INST\]\s+[A-Z]|<</SYS>>\s*|<<SYS>>\s*[^<]*<</|<start_of_turn>\s*(?:user|model|system)",
           source=_TEMPLATES, check=unless_marker_is_named),
    hidden("chat_marker", 0.4, rf"{_MARK}[A-Za-z_]|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>",
           rf"{_MARK}[A-Za-z_][a-zA-Z_\x{2581}]*\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>", source=_TEMPLATES, check=unless_marker_is_named),
    hidden("role_link", 0.6, r"\]\(#", r"(?i)\[(?:system|assistant|user|developer)\]\(#\w+\)"),
    rule("role_header", 0.55, "",
         r"(?:#{2,}|={3,}|\*{2,}|-{3,}|<{2,}|\[{2})\s*(?:(?:begin|start(?: of)?|new|end(?: of)?)\s+)?(?:system(?:\s+(?:prompt|message|instructions?|override|update|notice|command))?|assistant(?: instructions?)?|new instructions?|(?:instructions?|admin|system|developer) override|developer (?:message|mode|instructions?))\s*(?::|={2,}|-{3,}|\*{2,}|\]|>|#)"),
    rule("role_heading", 0.3, r"(?:#{2,}|={3,}|-{3,})\s*(?:system|assistant)", r"(?:#{2,}|={3,}|-{3,})\s*(?:system|assistant)\s*(?::|\n|={2,}|-{3,}|$)"),
    rule("role_tag", 0.35, r"\[/?(?:system|assistant|admin|developer|sys|root)", r"\[/?(?:system|sys|assistant|admin(?:istrator)?|developer|root)(?: (?:message|prompt|override|note|notice|instructions?|update))?\]"),
    rule("role_line", 0.45, r"(?:system|developer|admin(?:istrator)?)(?: (?:message|prompt|override|note|notice|instructions?|update|command))?[\])*]*\s*:\s*(?:you (?:are now|must|will|should)|ignore|disregard|override|new|the (?:user|assistant)|from now|forget)",
         r"(?:^|[\n\"'>}\]])\s*[\[(*]*(?:system|developer|admin(?:istrator)?)(?: (?:message|prompt|override|note|notice|instructions?|update|command))?[\])*]*\s*:\s*(?:you (?:are now|must|will|should)|ignore|disregard|override|new|the (?:user|assistant)|from now|forget)"),
    rule("system_message", 0.4, r"system (?:message|prompt|instructions?|note|notice|command|alert|reminder)(?: (?:to|for) (?:the |all )?(?:\w+ )*\w+)?\s*[:\]]|\[(?:begin|start)(?: of)? (?:new )?system", r"(?:(?:^|[\n\"'>}\]*.])\s*|updated |new )(?:system (?:message|prompt|instructions?|note|notice|command|alert|reminder))(?: (?:to|for) (?:the |all )?(?:\w+ ){0,2}\w+)?\s*[:\]]|\[(?:begin|start)(?: of)? (?:new )?system"),
    rule("role_json", 0.35, r"role\\?[\"']\s*:\s*\\?[\"'](?:system|developer)", r"[{,]\s*\\?[\"']role\\?[\"']\s*:\s*\\?[\"'](?:system|developer)\\?[\"']\s*,\s*\\?[\"']content\\?[\"']"),
    rule("turns", 0.35, r"(?:human|user|assistant|ai|model)\s?:", r"(?:^|\n)\s*(?:human|user)\s?:\s*[^\n]+\n+\s*(?:assistant|ai|model)\s?:\s*(?:sure|of course|okay|certainly|\n|<|$)"),
    rule("delimiter", 0.7, "",
         r"</(?:tool_results?|tool_response|function_results?|function_calls?|system_prompt|user_query|untrusted[a-z_-]*|tool_calls?|tool_output|search_results?|retrieved[a-z_-]*|external[a-z_-]*)>|<(?:system_prompt|system[_-]reminder|system[_-]message|system[_-]instructions?|system[_-]override)>", check=unless_opened),
    rule("closed_early", 0.35, "", rf"</{_TAGS}>\s*(?:</{_TAGS}>\s*)+|</(?:documents?|context|user_data|conversation)>\s*\n|<system>"),
    rule("end_of_data", 0.45, r"end of (?:the |this |all )*(?:(?:untrusted|user|tool|external|retrieved) )*(?:data|document|content|input|context|output|text|page|file|message|email|prompt|results?|conversation)|<{2,}\s*/?end\s*>{2}",
         r"(?:(?:[-=*#<\[]{2,}|\[)\s*(?:this is the )?end of (?:the |this |all )*(?:(?:untrusted|user|tool|external|retrieved) )*(?:data|document|content|input|context|output|text|page|file|message|email|prompt|results?|conversation)|\bend of (?:the |this |all )*(?:untrusted|user|tool|external|retrieved) (?:data|document|content|input|context|output|text|results?)|<{2,}\s*/?end\s*>{2,})"),
)  # fmt: skip

_INVISIBLE = r"[\x{200B}-\x{200F}\x{2060}-\x{2064}\x{FEFF}\x{180E}]"
HIDDEN = (
    hidden("tag_characters", 0.9, r"[\x{E0000}-\x{E007F}]", r"[\x{E0000}-\x{E007F}]{2,}", check=not_a_flag),
    hidden("zero_width", 0.6, rf"{_INVISIBLE}{{4}}", rf"{_INVISIBLE}{{4,}}"),
    hidden("variation_selectors", 0.7, r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{3}", r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{3,}"),
    hidden("bidi_override", 0.55, r"[\x{202D}\x{202E}]", r"[\x{202D}\x{202E}][^\x{202C}\n]*\x{202C}?", source="Unicode UAX 9, CVE-2021-42574"),
    hidden("ansi_escape", 0.55, r"[\x1b\x{9b}]", r"(?:\x1b\[|\x{9b})(?:(?:\d+;)*8m[^\x1b]*|\d*(?:;\d*)?[ABCDEFGHJKSTfsu]|30;40m|38;2;0;0;0m|37;47m|97;107m)|\x1b\][^\x07\x1b]*", source="ECMA-48"),
    hidden("html_comment", 0.6, r"<!--", r"<!--((?:[^-]|-[^-]|--[^>])*)-->", source=OWASP, check=hidden_text),
    hidden("markdown_comment", 0.6, r"\[//\]:|\[comment\]:", r"\[(?://|comment)\]:\s*(?:#|<>)\s*[(\"']([^)\n]*)", source=OWASP, check=hidden_text),
    hidden("hidden_element", 0.6, r"(?i)<\w+\s[^>]*(?:display:\s*none|visibility:\s*hidden|font-size:\s*0|opacity\s*[:=]\s*[\"']?0|\bhidden[\s>=]|color:\s*(?:#fff|white|transparent)|aria-hidden|left:\s*-\d{3,}|\bcontent=\"[^\"]{16}|\balt=\"[^\"]{16})",
           r"(?i)<\w+\s[^>]*?(?:(?:display:\s*none|visibility:\s*hidden|font-size:\s*0|opacity\s*[:=]\s*[\"']?0(?:\.0+)?[\"';\s>]|\bhidden[\s>=]|color:\s*(?:#fff|white|transparent)|aria-hidden|left:\s*-\d{3,})[^>]*>([^<]{8,})|(?:\bcontent|\balt)=\"([^\"]{16,})\")", source=OWASP, check=hidden_text),
)  # fmt: skip
