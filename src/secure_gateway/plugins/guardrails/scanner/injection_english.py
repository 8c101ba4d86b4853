"""What attackers tell a model in English, by what they want: that it forgets its orders, is somebody else, gives its orders away, or obeys them."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.injection_meaning import (
    mode_of_the_model,
    not_of_a_subject,
    unless_stated,
)
from secure_gateway.plugins.guardrails.scanner.injection_rules import rule

# Ways to say "do not follow", and words that end something and mean that only beside a word for the model's orders.
_IGNORE = (
    r"(?:ignor(?:e|es|ing)|disregard(?:s|ing)?|forget(?:s|ting)?(?: about)?|overrid(?:e|es|ing)|overrul(?:e|ing)|bypass(?:es|ing)?|discard(?:ing)?|abandon(?:ing)?|dismiss(?:ing)?"
    r"|disobey(?:ing)?|neglect(?:ing)?|unlearn|nullify|negate|rescind|revoke|repeal|supersede|annul|overwrite|deprioriti[sz]e|pay no (?:\w+ )?(?:attention|heed|mind) to|take no notice of"
    r"|give no (?:\w+ )?(?:weight|regard|thought|importance) to|have no regard for|(?:set|put|leave|push|cast|throw|toss|lay|brush) (?:\w+ )?(?:aside|away|out)"
    r"|(?:do not|don'?t|never|must not|mustn'?t|should not|shouldn'?t|no longer|need not|needn'?t|won'?t|will not|cannot|can'?t) (?:be |ever |longer |have to |need to )?(?:follow|obey|comply with|adhere to|apply|heed|respect|honou?r"
    r"|listen to|use|abide by|stick to|observe|consider|care about|bound by|trust|remember)|(?:stop|cease|quit|refrain from|without|avoid|end) (?:following|obeying|complying with|adhering to|applying"
    r"|heeding|respecting|honou?ring|listening to|using|observing)|no longer bound by|(?:free|freed|released|exempt|liberated) (?:of|from)|break free (?:of|from)|(?:act|behave|pretend) as (?:if|though) you never (?:got|received|read|saw|had))"
)
_END = r"(?:skip|drop|cancel|remove|delete|erase|clear|wipe(?: out)?|replace|omit|suspend|reset|void|reject|violate|break|circumvent|evade|purge|scrap|ditch|lose|disable|turn off|switch off|deactivate|lift|undo|unload)"
_DET = (
    r"(?:all|any|every|each|one|everything|of|the|your|my|our|their|its|these|those|this|that|such|and|or|other|user'?s?|given|current|content|in|from|about|whatever|both|entire|whole|full|complete"
    r"|remaining|single|in regard to|ones|with)"
)
_PAST = (
    r"(?:previous(?:ly)?|prior|above(?:-mentioned)?|earlier|preceding|existing|original|initial|former|past|old(?:er)?|foregoing|aforementioned|system|safety|security|developer(?:'?s)?|ethical|hidden|internal"
    r"|standard|default|usual|normal|built-?in|core|pre-?set|preset|active|operator|last|first|moderation|alignment|stated|issued|received|provided|established|assigned|configured|pre-?loaded|loaded|secret|base|company|corporate|admin(?:istrator)?)"
)
_BEFORE = r"(?:previous(?:ly)?|prior|above(?:-mentioned)?|earlier|preceding|existing|original|initial|former|past|old(?:er)?|foregoing|aforementioned|system|safety|security|developer(?:'?s)?|ethical|hidden|stated|issued|received)"
_ORDERS = r"(?:instructions?|prompts?|guidelines?|guidance|directives?|programming|training|guardrails?|safeguards?|alignment|protocols?|system (?:prompt|message)s?|fine-?tuning)"
_RULES = r"(?:rules|directions|commands|constraints|restrictions|orders|polic(?:y|ies)|limits|limitations|filters|boundaries|principles|ethics|mandates?|injunctions|procedures|precautions|conditions|regulations|teachings|conventions|checks|safety measures)"
_TALK = r"(?:messages|context|requests?|tasks?|text|conversation|input|content|objectives?|goals?|mission|role|persona|memory|words|statements|settings|configuration|brief(?:ing)?|job|assignment|purpose|queries|question)"
_FILL = rf"(?:{_DET}\s+){{0,6}}"
_MIX = rf"(?:(?:{_DET}|{_PAST}),?\s+){{0,4}}"
_SAID = (
    r"(?:above|before|so far|up to now|until now|prior to this|earlier|previously|preceding|(?:that |which )?(?:you(?:'ve| have| were| had| are| got| received| follow| know| obey)|(?:were|was|have been|had been) (?:given|told|set|provided|issued)"
    r"|(?:came|come|stand|appear|precede)s? (?:before|above|this|earlier))|given (?:to you|by|before|earlier|at (?:the )?(?:start|beginning|outset))|(?:set|issued|written|provided|imposed) (?:to you )?by|(?:from|of|by) (?:the |your |my |its )?(?:system|developers?|creators?|operator|owner|admin\w*|user|makers|company|vendor|providers?|platform|employer|other tools?))"
)
# Words up to one that the patterns below end with: an unbounded gap costs an automaton one state, a counted one a state for each place.
_IGNORES = (
    rf"\b{_IGNORE}\s+(?:[\w'-]+,?\s+)*(?:{_ORDERS}|{_RULES}|{_TALK}|above|before|prior|previous|earlier|told|said|instructed|written|learn|taught|know|knew|up to now|so far"
    r"|ordered|asked|preceding|came before|trained|given|read until now)"
)
_ENDS = rf"\b{_END}\s+(?:{_DET}\s+)*(?:{_PAST}|your),?\s"

# What is void: orders to a model always, rules of a house only where they are the ones before, or the model's.
_PROMPTS = r"(?:instructions?|prompts?|directives?|programming|guardrails?|safeguards?|system (?:prompt|message)s?|fine-?tuning)"
_BEFORE_NOW = r"(?:previous(?:ly)?|prior|above(?:-mentioned)?|earlier|preceding|foregoing|aforementioned|original|initial|system|safety|developer(?:'?s)?|ethical|hidden|internal|moderation|alignment|secret)"
_VOID = (
    r"\s+(?:(?:\w+\s+){0,4}?(?:(?:are|were|have been|has been|is|got|become|now|just)\s+(?:\w+\s+){0,2})?"
    r"(?:void|invalid|cancell?ed|obsolete|null(?:ified)?|superseded|revoked|outdated|suspended|replaced|wrong|lifted|disabled|off|removed|overridden|waived|expired|deprecated|irrelevant|rescinded|withdrawn)"
    r"|(?:\w+\s+){0,3}?(?:no longer|do not|does not|don't|doesn't|cease to|stop to|need not|can|must|should)\s+(?:\w+\s+){0,2}?(?:appl(?:y|ies)|counts?|matters?|holds?|binds?|valid|binding|in force|ignored|be ignored|be disregarded|disregarded))\b"
)
_VOID_CANDIDATE = rf"\b(?:{_ORDERS}|{_RULES}){_VOID}"

_OVERRIDE = (
    rule("override", 0.85, _IGNORES, rf"\b{_IGNORE}\s+{_FILL}{_PAST},?\s+{_MIX}{_ORDERS}\b", check=unless_stated),
    rule("override_rules", 0.55, _IGNORES, rf"\b{_IGNORE}\s+{_FILL}{_BEFORE},?\s+{_MIX}{_RULES}\b", check=unless_stated),
    rule("override_talk", 0.35, _IGNORES, rf"\b{_IGNORE}\s+{_FILL}{_PAST},?\s+{_MIX}{_TALK}\b", check=unless_stated),
    rule("override_yours", 0.65, _IGNORES, rf"\b{_IGNORE}\s+(?:{_DET}\s+){{0,3}}your\s+(?:\w+\s+){{0,2}}(?:{_ORDERS}|{_RULES})\b", check=unless_stated),
    rule("override_all", 0.5, _IGNORES, rf"\b{_IGNORE}\s+(?:(?:all|every|each|any)\s+(?:single\s+)?(?:of\s+)?(?:the\s+|your\s+|these\s+|those\s+|my\s+|other\s+)?{_ORDERS})\b", check=unless_stated),
    rule("override_above", 0.75, _IGNORES, rf"\b{_IGNORE}\s+{_FILL}(?:\w+\s+)?(?:{_ORDERS}|{_RULES}|messages|text)\s+(?:{_SAID})\b", check=unless_stated),
    rule("override_after", 0.8, _IGNORES,
         rf"\b{_IGNORE}\s+(?:(?:everything|all|anything|whatever)(?: that)?(?: i| we)?|what|the (?:stuff|things|words))(?:\s+(?:that|you|they|else|was|were|has|have|had|been|be|is|are|of|the|it|previously|just|once|about|who|your|'ve|ve|system|developers?))*\s+"
         r"(?:(?:above|before|told|said|instructed|written|learned|learnt|taught|know|knew|up to now|so far|ordered|asked|came before|trained|given|read until now)\b"
         rf"|(?:prior|previous(?:ly)?|earlier|preceding)(?:\s*(?:[^\w\s]|$)|\s+(?:and|or|you|that|to|{_MIX}(?:{_ORDERS}|{_RULES}|{_TALK}))\b))", check=not_of_a_subject),
    rule("override_end", 0.5, _ENDS, rf"\b{_END}\s+{_FILL}(?:{_PAST},?\s+{_MIX}{_ORDERS}|your\s+(?:\w+\s+)?{_ORDERS}|your\s+(?:safety|content|ethical|internal|moderation|security)\s+(?:\w+\s+)?{_RULES})\b", check=unless_stated),
    rule("guards_off", 0.2, r"(?:disable|turn off|switch off|deactivate|remove|lift|drop|suspend|bypass|circumvent|evade|skip)\s+(?:\w+\s+)*(?:guardrails?|safeguards?|safety|content filter|moderation)",
         r"\b(?:disable|turn off|switch off|deactivate|remove|lift|drop|suspend|bypass|circumvent|evade|skip)\s+(?:(?:all|any|the|your|these|its|every)\s+){0,3}(?:guardrails?|safeguards?|safety (?:checks?|filters?|features?|measures?)|content filter(?:s|ing)?|moderation)\b", check=unless_stated),
    rule("no_safety", 0.4, r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|bypass(?:ing)?|overrid(?:e|ing))\s+(?:\w+\s+)*(?:safety|ethics|security|confidentiality|privacy|guardrails|constitution|alignment)",
         r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|bypass(?:ing)?|overrid(?:e|ing))\s+(?:(?:all|any|the|your|about)\s+){0,2}(?:safety|ethics|security|confidentiality|privacy|guardrails|constitution|alignment)(?:\s*[.,;!]|\s+(?:and|or|then|now)\b|\s*$)", check=unless_stated),
    rule("drop_it", 0.3, "", r"\b(?:drop|stop|halt|abandon|leave|abort) (?:whatever|what|everything|all that) you(?:'re| are| were) (?:currently |now )?doing\b"),
    rule("override_end_rules", 0.35, _ENDS, rf"\b{_END}\s+{_FILL}(?:{_PAST},?\s+{_MIX}|your\s+){_RULES}\b", check=unless_stated),
    rule("void", 0.7, _VOID_CANDIDATE, rf"\b(?:(?:{_PAST}|your|all|those|these)\s+(?:\w+\s+){{0,2}}{_PROMPTS}|(?:{_BEFORE_NOW}|your|all|those|these)\s+(?:\w+\s+){{0,2}}{_ORDERS}|(?:your|system|safety|developer(?:'?s)?|ethical|hidden|internal|moderation|alignment|secret)\s+(?:\w+\s+){{0,2}}{_RULES}){_VOID}"),
    rule("void_rules", 0.4, _VOID_CANDIDATE, rf"\b{_PAST}\s+(?:\w+\s+){{0,2}}(?:{_ORDERS}|{_RULES}){_VOID}"),
    rule("new_instructions", 0.4, r"(?:new|updated|real|actual|override|additional|urgent|true|revised|corrected|latest|begin|different|other|next|only|sole|primary)\s+(?:system |operating |hidden |secret |user )?(?:instruction|rule|prompt|directive|task|order|objective|goal|mission|job|purpose|assignment|priority|role)|(?:follow|obey|execute|apply|use) (?:only )?(?:these|the following|my|this|mine)",
         r"(?:\b(?:new|updated|real|actual|override|additional|urgent|true|revised|corrected|latest|begin)\s+(?:system\s+|operating\s+|hidden\s+|secret\s+)?(?:instructions?|prompts?|directives?|orders|rules?)(?:\s+from (?:the|your) \w+)?(?:\s+for (?:the|you|all|any)\s?(?:\w+\s?){0,2})?\s*(?:[:\]]|follow|override|supersede|replace)"
         r"|\byour\s\s?\s?(?:new|real|actual|true|only|sole|next|revised|primary|updated)\s+(?:task|goal|objective|mission|instructions?|purpose|job|orders?|directives?|priority|role)\b|\bthe (?:real|actual|true) (?:user )?(?:task|goal|mission|instructions?|objective|job|assignment)s?\s+(?:is|are|for you|(?:starts?|begins?|follows?)(?: now| here| below)?)\b"
         r"|\b(?:new|different|other|real) (?:task|mission|assignment|job|orders|instructions?) for (?:you\b|(?:the|an?|any|all)\s(?:ai|assistant|model|agent|llm|bot|chatbot|language model)\b)|\b(?:follow|obey|execute|apply|use) (?:only )?(?:these|the following|my|this|mine)(?: new| instructions?| rules| orders| text)* instead\b)"),
    rule("task_changed", 0.4, "", r"\byour\s{1,4}(?:task|job|goal|role|instructions?|mission|objective|purpose|priorit(?:y|ies)) (?:has|have) (?:just |now )?(?:changed|been (?:changed|updated|replaced|superseded|modified))\b"),
    rule("other_task_instead", 0.3, "", r"\b(?:task|request|question|instructions?|job|user|goal|plan|summary|document)\b[^.\n]{0,60}?\binstead\b"),
    rule("instead_of_it", 0.3, "", r"\binstead of (?:summari[sz]|answer|help|translat|follow|respond|review|analy[sz]|do)ing\b"),
    rule("outranked", 0.5, "", r"\b(?:higher|greater|more) (?:priority|authority|precedence|weight|importance) than (?:the |your |any |all )?(?:system|developer|user|previous|earlier|other)\b"),
    rule("from_now_on", 0.35, r"from (?:now on|this (?:moment|point|message)|here on|hereon)|henceforth",
         r"\b(?:from (?:now on|this (?:moment|point|message)(?: on| onwards?| forward)?|here on)|henceforth),? (?:you|ignore|respond|answer|act|always|your|reply|obey|speak|follow|everything you|only)\b"),
    rule("instead", 0.25, "", r"\b(?:instead,? (?:you (?:must|should|will|are|shall)|do (?:this|the following|as)|just|follow|only)|(?:and|but|;) instead|instead:)\b"),
)  # fmt: skip

_AI = r"(?:ai|a\.i\.|llm|large language model|language model|assistant|chat ?bot|chatgpt|claude|gpt(?:-?\d\w*)?|copilot|gemini|llama|cursor|ai (?:assistant|agent|model|system|bot|tool)|(?:ai|autonomous|software|coding) agent|model|agent|virtual assistant|summari[sz]er)"
_NOUN_AI = r"(?:ai|llm|language model|assistant|chat ?bot|chatgpt|claude|copilot|gemini|ai (?:assistant|agent|model|system|bot)|(?:ai|autonomous|coding) agent)"
_FREE = r"(?:unrestricted|unfiltered|uncensored|unbound(?:ed)?|unaligned|jail ?broken|unmoderated|amoral|evil|rogue|unchained|liberated|lawless|limitless)"
_FREE_SELF = rf"{_FREE}(?:\s+(?:and \w+ )?(?:ai|a\.i\.|llm|language model|model|assistant|chat ?bot|bot|agent|version|mode|self|twin|oracle|being|entity|persona|character|genius|intelligence|hacker|system)|\s*[.,;:!?)\"']|\s*$|\s+(?:and|or|who|that|with|from|now|by|to)\b)"
_NO_RULES = r"(?:(?:without|with no|has no|have no|had no|having no|free (?:of|from)|ignores?|ignoring|lacks?|lacking|not bound by|no longer bound by|never follows|never (?:trained|taught|given|bound|limited) (?:with|on|by|any)?|trained without|not subject to|beyond|outside)\s+(?:\w+\s+){0,2}(?:rules?|restrictions?|limit(?:s|ations?)?|filters?|polic(?:y|ies)|guidelines|moderation|censorship|ethics|morals?|boundaries|constraints|guardrails|safety|content polic\w+|safeguards|refusals?|scruples|inhibitions))"

_NO_LAWS = _NO_RULES.replace("limit(?:s|ations?)?", "limitations")  # who has no limits may have a ticket for a month
_PERSONA = (
    rule("free_self", 0.65, "",
         rf"\b(?:you(?:'re| are| will be| become| will act as) (?:now )?(?:\w+[ ,]+){{0,5}}?(?:{_FREE_SELF}|{_NO_RULES})|imagine (?:that )?(?:you|an? ai|an? assistant|an? model)\s(?:[\w',-]+\s+){{0,8}}?(?:{_FREE_SELF}|{_NO_LAWS})|(?:pretend|act|behave|role-?play|simulate|impersonate|become|emulate|respond|answer|speak|reply|assume the (?:role|identity|persona) of|play the (?:role|part) of)\s(?:[\w',-]+\s+){{0,10}}?(?:{_FREE_SELF}|{_NO_RULES})|(?:answer|respond|reply|speak|talk) (?:\w+ ){{0,3}}?(?:without|with no|free of) (?:any )?(?:filters?|restrictions?|censorship|limits?|limitations|moderation|disclaimers|warnings))\b"),
    rule("dan", 0.5, "", r"\byou(?:'re| are) (?:now )?(?-i:DAN)\b|\b(?-i:DAN) (?:has|can|is|does|never|will|answers)\b"),
    rule("if_no_rules", 0.5, "", r"\bif you (?:had|have|were under|were given) no (?:rules|restrictions|filters|guidelines|polic(?:y|ies)|ethics|safety|safeguards|limitations)\b|\bas if you (?:were|are) not (?:bound|restricted|limited|constrained)\b"),
    rule("no_assistant", 0.5, "", r"\b(?:forget|ignore) (?:that )?you(?:'re| are) (?:an?|the|just an?) (?:ai|assistant|language model|chat ?bot|llm|model)\b"),
    rule("root_self", 0.35, "", r"\byou are (?:now )?root\b|\b(?:switch to|enter|go into) (?:admin(?:istrator)?|root|superuser|privileged) mode\b[^.\n]{0,12}?\b(?:and|then|,)"),
    rule("new_self", 0.4, r"you are now|you\'?re now|(?:from (?:now on|this moment)|now),? you|pretend|assume the (?:role|identity|persona)|in character|break character",
         rf"(?:\b(?:you(?:'re| are) now (?:called |named |an? |the |acting as |playing )?(?:\w+[ ,]+){{0,4}}?(?:{_NOUN_AI}|dan|admin(?:istrator)?|root|superuser|hacker|jailbreak|mode|persona)|(?:from (?:now on|this moment)|now),? you(?:'re| are| act as| will be| become| play)\b|pretend (?:to be|you(?:'re| are)) (?:an? )?(?:\w+ ){{0,2}}(?:{_NOUN_AI}|model|dan|hacker|root|admin)|(?:never|don't|do not|must not) break character|stay in character|assume the (?:role|identity|persona) of)\b)"),
    rule("mode", 0.6, r"(?:developer|dan|god|jailbreak|sudo|unrestricted|unsafe|opposite|unfiltered|uncensored|no[- ]rules|evil|override) (?:mode|access)",
         r"\b(?:(?:(?:developer|dan|god|jailbreak|sudo|unrestricted|unsafe|opposite|unfiltered|uncensored|no[- ]rules|override|evil) (?:mode|access)(?: is)?(?: now| hereby)? (?:enabled|activated|on|engaged|unlocked|active|granted))|(?:enable|enter|activate|switch (?:in)?to|turn on|go into|unlock|engage|initiate|start|you(?:'re| are) (?:now )?in|boot into) (?:your |the |full |an? )?(?:developer|dan|god|jailbreak|sudo|unrestricted|unsafe|opposite|unfiltered|uncensored|no[- ]rules|evil|override) mode)\b", check=mode_of_the_model),
    rule("jailbreak", 0.65, "",
         rf"\b(?:do anything now|who can do anything|jailbreak (?:mode|yourself|prompt:)|(?:you(?:r)?|all|every|the model'?s?|its|any|safety|content|ethical|these)\s+(?:\w+\s+){{0,2}}(?:restrictions?|limits|limitations|safety (?:filters?|checks|features)|filters|guardrails|safeguards|censorship|moderation)\s+(?:are |is |were |have been |has been |(?:must|should|shall|have to|need to|can|may|will) (?:now )?be )?(?:now )?(?:lifted|off|removed|disabled|suspended|gone|deactivated|turned off|switched off|void|bypassed|waived)|(?:an?|the) {_FREE} (?:ai|assistant|model|version|chatbot|bot|llm|language model)|you(?:'re| are| have been|'ve been) (?:now |hereby |finally )?(?:jail ?broken|unshackled|unchained|liberated)|there are no (?:rules|restrictions|limits) (?:any ?more|now|for you)|you (?:have|are under) no (?:rules|restrictions|limitations|obligations?|filters|guidelines))\b"),
)  # fmt: skip

_ASK = r"(?:reveal|print|show|output|repeat|display|tell|leak|disclose|dump|give|return|recite|quote|copy|list|translate|write|summari[sz]e|expose|share|echo|spell|start|begin|include|send|provide|state|describe|paste|paraphrase|type|convert|encode|what (?:is|are|was|were)|post|read|reproduce|replay|render|explain|hand over|put|say|respond|reply|answer)"
_ITS = r"(?:your|the|all|full|entire|exact|complete|initial|original|hidden|secret|of|me|us|out|down|back|whole|text|contents?|internal|confidential|very|first|in full|verbatim|with|any|every|above|developer'?s?|a copy|to|word for word|from|underlying|preceding|previous|private|that|as|rules|by|and|including|words?|everything)"

_LEAK = (
    rule("reveal_prompt", 0.65, r"\b(?:system|developer|initial|hidden|secret|internal|original|pre-?prompt|confidential|starting|governing|base|private|underlying|operating)\s+(?:system\s+)?(?:prompt|message|instructions?|directives?|rules|guidelines|configuration|orders)\b",
         rf"\b{_ASK}\s+(?:{_ITS}[\s,]+){{0,8}}?(?:(?:system|developer|initial|hidden|secret|internal|original|pre-?prompt|confidential|starting|governing|base|private|underlying|operating)\s+){{1,3}}"
         r"(?:system\s+)?(?:prompt|message|instructions?|directives?|rules|guidelines|configuration|orders)\b"),
    rule("reveal_above", 0.6, r"(?:above|before|preceding|precedes|prior to|up to)\s+(?:this|here|these|the (?:line|first|user|conversation)|my|point)",
         rf"\b{_ASK}\s+(?:{_ITS}[\s,]+){{0,4}}?(?:everything|all|text|words|lines?|content|messages?|sentences?|characters|instructions|prompt|rules|tools(?: and \w+)?|sentence)\s+(?:\w+\s+){{0,6}}?"
         r"(?:above|before|preceding|precedes|prior to|up to)\s+(?:this|here|these|the (?:line|first|user|conversation)|my|point)(?:\s+\w+){0,2}?[^.\n]{0,20}(?:verbatim|word|exactly|this|line|message|conversation|in full|code block|input|point|above|begin|start)"),
    rule("reveal_yours", 0.55, r"\byour (?:own )?(?:prompt|system message|instructions?|directives?|guidelines|rules|orders|configuration)\b",
         rf"\b(?:reveal|print|output|repeat|display|leak|disclose|dump|recite|quote|expose|spell|echo|paste|paraphrase|encode|reproduce|replay|show|give me|tell me|copy|write(?: out| down)?|list|contents? of|characters of|translate|put|say) (?:{_ITS}[\s,]+){{0,5}}?your (?:own )?(?:prompt|system message|instructions?|directives?|guidelines|rules|orders|configuration)\b"),
    rule("ask_yours", 0.3, "", r"\b(?:what (?:is|are|was|were)|describe|explain|state|summari[sz]e|tell) (?:me )?(?:all |about |the full )?(?:of )?your (?:own )?(?:prompt|instructions?|directives?|guidelines|rules|orders|configuration)\b"),
    rule("started_with", 0.5, "", r"\b(?:text|message|words|prompt|instructions?|context|line|paragraph|configuration)s?(?: that| which)? you (?:were|got|have been|are) (?:configured|given|provided|instructed|started|primed|initiali[sz]ed|seeded|launched|loaded|prompted|booted|preloaded|set up|created) (?:with|from|by)\b|\bsystem prompt (?:that )?(?:i|you) (?:was|were|am|are|have been|got) (?:given|told|started|using|running)\b"),
    rule("reveal_here", 0.6, r"\b(?:text|words|content|everything|messages?|paragraphs?|prompt|instructions) (?:above|before this|preceding this|up there),?\s+(?:\w+\s+){0,2}(?:verbatim|word for word|exactly as|in full|starting|beginning|(?:in|inside|as) an? (?:\w+ )?code ?block)",
         rf"\b{_ASK}\s+(?:{_ITS}[\s,]+){{0,4}}?(?:text|words|content|everything|messages?|paragraphs?|prompt|instructions) (?:above|before this|preceding this|up there),?\s+(?:\w+\s+){{0,2}}?(?:verbatim|word for word|exactly as|in full|starting (?:with|from)|beginning (?:with|from)|(?:in|inside|as) an? (?:\w+ )?code ?block)"),
    rule("knows_of_itself", 0.5, "", r"\b(?:everything|all|anything|whatever) (?:that )?you (?:know|have|remember|can see|hold|were told|are told) (?:about|on) (?:your(?:self)?|the system prompt)\b"),
    rule("told_before", 0.5, "",
         r"\b(?:(?:repeat|print|list|show|output|reveal|tell me|write|quote|what|which|give|copy|recite)[^.?!\n]{0,80}(?:(?:you were|you've been|you have been|were you|have you been) (?:\w+ )?(?:given|told|instructed|configured|set up|asked|programmed|prompted|initiali[sz]ed)|you (?:got|received))[^.?!\n]{0,40}(?:before|at the (?:start|beginning)|initially|by (?:your|the)|verbatim|exactly|word|first|in the system|not to|start))"),
    rule("its_instructions", 0.3, r"your (?:initial|hidden|secret|original|system|internal|full|exact|own|very|confidential|private)|hidden (?:developer|system|prompt|message|instruction)|verbatim|word for word|in full\b|in a code block|exactly as written",
         r"\b(?:your (?:initial|hidden|secret|original|system|internal|full|exact|own|very|confidential|private) (?:\w+ )?(?:instructions?|prompt|message)|hidden (?:developer |system )?(?:prompt|message|instructions?)|(?:verbatim|word for word|in full|in a code block|exactly as written))\b"),
)  # fmt: skip

_READING = r"(?:reading|processing|summari[sz]ing|parsing|that|who|which|this|handling|analy[sz]ing|scanning|viewing|in charge|text|page|document|email|message|the|file|content|it|is|reads|reviewing|working on|here|model|below|only|\([^)\n]{0,40}\))"
_READS = rf"(?:\s+{_READING}){{0,6}}"
_ADDRESSEE = rf"(?:{_NOUN_AI}|ai (?:reviewer|reader|crawler|scanner|tool|user)|(?:language |ai )model|model|agent)"
_LEAD = r"(?:attention|notice|note|message|memo|instructions?|to|for|task|update|reminder|warning|alert|hint|comment|important)(?:[\s,:]+(?:to|for|from|all|any|every|the|this|your|my|an?|each|only)){0,3}[\s,:]+"
_IN_A_NAME = (
    r"\b(?:(?:message|notice|order|instruction|command|directive|update|request|word|communication|announcement|authori[sz]ation)s? (?:\w+ )?(?:from|by|of) (?:your|the|its|our) (?:\w+ )?(?:administrators?|admin|developers?|creators?|operators?|makers|owners?|supervisor|security team|vendor|provider|it department|company)\b|(?:developers?|creators?|makers?|vendor|owners?|provider|authors?|operators?|administrators?) of (?:this|the|your) (?:ai|model|assistant|llm|agent|chatbot|system)|(?:this is|i am|i'm) (?:your |the |a message from ){1,3}(?:developer|administrator|creator|operator|owner|openai|anthropic)"
    r"|\b(?:anthropic|openai|google|microsoft|meta|mistral)(?:'s)? (?:staff|support|team|employee|engineer|security|developer)s? (?:here|speaking|message|notice|asks|requests)|\bthis is (?:the )?(?:anthropic|openai|mistral) (?:staff|support|team|security)|system (?:override|command|directive)\b|(?:official|urgent|important|critical|mandatory) (?:\w+ )?(?:security |system |policy )?(?:update|notice|directive|instruction|order)s? (?:for|to) (?:the |all |any )?(?:ai|assistant|model|agent|llm|chatbot)|(?:authori[sz]ed|approved|required|ordered) by (?:openai|anthropic|your (?:developers?|administrators?|creators?|operator|owner)))"
)
_ADDRESS = (
    rule("to_the_model", 0.55, rf"[\s,:]{_ADDRESSEE}[:,!]|[\s,:;]{_ADDRESSEE}[s\s]\s*(?:{_READING})?(?:\s+{_READING}){{0,6}}\s*[:,!]",
         rf"\b(?:{_LEAD}(?:{_NOUN_AI}s?|ai (?:reviewer|reader|crawler|scanner|tool|user)s?|(?:language |ai )models?|model|agent)){_READS}\s*[:,!]"),
    rule("greeted", 0.3, "", r"\b(?:dear|hello|hey|hi)[\x20\t]+(?:all |any |every |the |my )?(?:claude|gemini|copilot|ai|llm|chat ?bot|chatgpt|assistant|model|agent|(?:large |ai )?language model|ai (?:assistant|agent|model|system|bot)|(?:autonomous|coding) agent)s?\s*[,!:]"),
    rule("if_you_are", 0.55, r"(?:if|when|since|because|in case|should) (?:you(?:\'re| are| be)|this is)|any (?:ai|llm|language model|assistant|chat|claude|copilot|gemini|autonomous|coding)",
         rf"\b(?:(?:if|when|since|because|in case|should) (?:you(?:'re| are| be)|this is (?:being )?(?:read|processed|parsed|summari[sz]ed) by)(?: (?:an?|the|any))?(?: \w+){{0,2}}?\s+(?:{_NOUN_AI}|model|bot|machine|automated (?:system|agent|tool|process))\b|any (?:{_NOUN_AI}) (?:that |which )?(?:reads|reading|processing|processes|summari[sz]ing|summari[sz]es|sees|parses))"),
    rule("in_a_name", 0.4, _IN_A_NAME, _IN_A_NAME),
    rule("the_model_must", 0.35, rf"\b{_AI}[s\s]\s*(?:must|shall|has to|needs? to|have to|is (?:now )?(?:required|instructed|ordered|expected) to|are (?:required|instructed) to|should (?:now|first|always|immediately|never|also|ignore|then|instead)|will now)\b",
         rf"\b(?:the |any |an? |this |every )?{_AI}s? (?:must|shall|has to|needs? to|have to|is (?:now )?(?:required|instructed|ordered|expected) to|are (?:required|instructed) to|should (?:now|first|always|immediately|never|also|ignore|then|instead)|will now)\b"),
)  # fmt: skip

INSTRUCTIONS = _OVERRIDE + _PERSONA + _LEAK + _ADDRESS
