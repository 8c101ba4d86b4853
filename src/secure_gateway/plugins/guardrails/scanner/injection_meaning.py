"""Whether words that read like an order are one: not where they are quoted, forbidden, said of others, or of a thing of an ordinary trade."""

from __future__ import annotations

import re2

from secure_gateway.plugins.guardrails.scanner.candidates import options
from secure_gateway.plugins.guardrails.scanner.finding import Region, Span
from secure_gateway.plugins.guardrails.scanner.folding import without_surrogates

_OPEN, _CLOSE = "'\"`\u2018\u201c\u201e\u00ab\u2039\u300c\u300e", "'\"`\u2019\u201d\u00bb\u203a\u300d\u300f"
_AFTER_MATCH, _LONGEST_QUOTED = 80, 8
_BEFORE_MATCH = 120
_TALKS_ABOUT = re2.compile(
    r"(?i)\b(?:attack\w*|inject\w*|jailbreak\w*|phras\w*|strings?|patterns?|payloads?|such as|like|e\.g|for example|for instance|examples?|may write|might|says?|said"
    r"|contain\w*|test\w*|cases?|expect\w*|translat\w*|mean\w*|explain\w*|titled?|headlines?|articles?|papers?|samples?|datasets?|famous|classic|popular|words?|detect\w*|block\w*|filter\w*|catch\w*|match\w*|quot\w*|called|beispiel|exemple|ejemplo|esempio|exemplo)\b[^.!?]*$",
    options(),
)


_SAID_OF_IT = re2.compile(
    r"(?i)^\W{0,3}\s*(?:was|is|are|were|as|became|has been|remains)\b[^.!?\n]{0,60}\b(?:attack\w*|inject\w*|jailbreak\w*|phrases?|examples?|prompts?|payloads?|techniques?|markers?|delimiters?|tokens?|tags?)",
    options(),
)
_NEGATED = re2.compile(
    r"(?i)(?:^|\W)(?:do not|don'?t|never|not to|not|cannot|can'?t|won'?t|didn'?t|doesn'?t|without)\s+$", options()
)
_NEGATION = (
    "do not",
    "don",
    "never",
    "must",
    "should",
    "no ",
    "need",
    "won",
    "will",
    "can",
    "stop",
    "cease",
    "quit",
    "refrain",
    "without",
    "avoid",
)
# Somebody else does it: "allows users to override …", "rules that override …", "how models ignore …".
_DONE_BY_OTHERS = re2.compile(
    r"(?i)(?:^|[^\w'-])(?:(?:users?|customers?|clients?|people|admins?|administrators?|developers?|operators?|attackers?|adversar(?:y|ies)|they|we|it|which|who|somebody|someone|everybody|models?|llms?|callers?|[a-z]{4,}s)"
    r"[ \t]+(?:(?:to|can|could|may|might|would|then|often|sometimes|simply|that|who|which|try to|tries to)[ \t]+){0,2}|(?:able|used|trying|how|meant|made|told|asked|instructed|tricked|trained|forced|enough|attempts?|ways?|chance|tries) to[ \t]+)$",
    options(),
)
_THIRD_PERSON = re2.compile(r"^(?:ignores|disregards|forgets|overrides|overrules|bypasses)\b", options())
_NO_SUBJECT = re2.compile(
    r"(?i)(?:always|this|thus|perhaps|besides|unless|instructions|assistants|agents|results?|news|thanks|regards|towards|otherwise|days|times|others|yours|steps|notes|tools|bots|copilots|chatbots|all (?:ai )?models)(?:[ \t]+\w+){0,2}[ \t]+$",
    options(),
)
# What makes a compound of the last word, and an ordinary thing of the whole: "old prompt templates", "previous instruction set".
_COMPOUND = re2.compile(
    r"(?i)^[ \t_-](?:templates?|files?|librar(?:y|ies)|manuals?|sheets?|sets?|pointers?|counts?|caches?|fetch\w*|booklets?|fields?|tabs?|pages?|panels?|tuning|tokens?|engineering|variables?|ids?|versions?|tests?|runner|registry|builder|parser|folder|dir(?:ectory)?|class(?:es)?|columns?|tables?|managers?|stores?|vaults?|providers?|strings? in)\b",
    options(),
)
# Said of something: "the previous rules for new contracts", "the system prompt with --system".
_OF_SOMETHING = re2.compile(
    r"(?i)^\s+(?:in|on|for|of|to|with|via|by|using|through|from)\s+(?:(?:the|a|an|new|old|all|any|our|their|its|each|every)\s+){0,2}(\S+)",
    options(),
)
_OF_THE_TALK = frozenset(
    "this that these those your you me us my system prompt chat conversation session developer developers assistant model user users above context operator openai anthropic message messages thread order which what whatever "
    "second moment minute while bit today once good ever always future admin administrator creator creators owner tool tools ai and or start beginning everything anything now previous provider company".split()
)
_LESS_SURE = 0.4

_OF_A_PROGRAM = re2.compile(r"(?i)^\s+(?:in|on|of|for|from|under|via|by|using|through|with|at|when)\s+(\S+)", options())
_NO_PROGRAM = frozenset("which you me yourself order all every and".split())
_NO_MATTER = re2.compile(
    r"(?i)\b(?:can|may|could|be) safely[ \t]+$", options()
)  # "you can safely ignore all of the above"
_OF_A_SUBJECT = re2.compile(r"(?i)^ about (?:[\w-]+)", options())
_OF_THE_MODEL = frozenset(
    "your being yourself rules safety ethics policies the restrictions who what how me us this".split()
)


def unless_quoted(region: Region) -> tuple[Span, ...]:
    """Accept what is not itself talked about: nothing but the match between quotation marks, after words that say so."""
    before = region.before(_BEFORE_MATCH)
    lead = before.rstrip()
    inside = region.value[:1] in _OPEN or lead[-1:] in _OPEN
    if inside and any(char in _CLOSE for char in region.after(_AFTER_MATCH).partition("\n")[0]):
        told = region.after(_AFTER_MATCH)
        end = min(place for place, char in enumerate(told) if char in _CLOSE)
        if (
            len(told[:end].split()) <= _LONGEST_QUOTED
            and _TALKS_ABOUT.search(without_surrogates(lead[:-1])) is not None
        ):
            return ()
    if inside and _SAID_OF_IT.search(without_surrogates(region.after(_BEFORE_MATCH))) is not None:
        return ()
    return ((0, len(region.value), region.confidence),)


def unless_stated(region: Region) -> tuple[Span, ...]:
    """Accept orders. What is forbidden, or names a thing, is none; half sure of what others are said to do: an order can be dressed so."""
    before, after = without_surrogates(region.before(_BEFORE_MATCH)), without_surrogates(region.after(_AFTER_MATCH))
    if _COMPOUND.search(after) is not None:
        return ()
    if _NEGATED.search(before) is not None and not region.value.lower().startswith(_NEGATION):
        return ()
    thing = _OF_SOMETHING.search(after)
    of_something = thing is not None and thing[1].strip(".,;:!?\"'").lower() not in _OF_THE_TALK and len(thing[1]) > 1
    others = _DONE_BY_OTHERS.search(before) is not None and _NO_SUBJECT.search(before) is None
    others = others or _THIRD_PERSON.search(region.value) is not None
    sure = _LESS_SURE if of_something or (others and region.value[:1].islower()) else 1.0
    return tuple((start, end, round(sure * confidence, 4)) for start, end, confidence in unless_quoted(region))


def not_of_a_subject(region: Region) -> tuple[Span, ...]:
    """Accept an order to forget, unless what follows says which subject: "everything you know about gardening"."""
    about = _OF_A_SUBJECT.search(without_surrogates(region.after(40)))
    if _NO_MATTER.search(without_surrogates(region.before(24))) is not None:
        return ()
    return () if about is not None and about[0].split()[1].lower() not in _OF_THE_MODEL else unless_quoted(region)


def mode_of_the_model(region: Region) -> tuple[Span, ...]:
    """Accept a mode to go into, unless it is said of which program: that is as often a setting."""
    found = _OF_A_PROGRAM.search(without_surrogates(region.after(24)))
    sure = 0.5 if found is not None and found[1].lower() not in _NO_PROGRAM else 1.0
    return tuple((start, end, sure * confidence) for start, end, confidence in unless_quoted(region))


# "J'ai oublié tes règles": what somebody has done is no order, and without accents the two are spelt alike.
_HAS_DONE = re2.compile(
    r"(?i)(?:^|[^\pL])(?:j'ai|tu as|il a|elle a|on a|nous avons|vous avez|ils ont|elles ont|ho|hai|ha|abbiamo|avete|hanno|he|has|han|hemos|tenho|tem)[ \t]+$",
    options(),
)


def unless_past(region: Region) -> tuple[Span, ...]:
    """Accept orders of other languages, but not what somebody has done."""
    return () if _HAS_DONE.search(without_surrogates(region.before(24))) is not None else unless_quoted(region)


_DAY = re2.compile(r"\s[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}", options())


def unless_a_day(region: Region) -> tuple[Span, ...]:
    """Accept a number to call, which no date is."""
    return () if _DAY.search(region.value) is not None else unless_quoted(region)
