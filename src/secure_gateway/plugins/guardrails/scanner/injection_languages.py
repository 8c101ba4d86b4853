"""The same instructions in other languages: forget your orders, give them away, tell nobody. Words are given as stems, without accents where folding takes them."""

from __future__ import annotations

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.injection_goals import FILE, FILES
from secure_gateway.plugins.guardrails.scanner.injection_meaning import unless_past
from secure_gateway.plugins.guardrails.scanner.injection_rules import MCP, looser, rule

_DEST = r"(?:https?://\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?:[a-z0-9-]+\.)+[a-z]{2,12}/\S*)"
# What candidates look for: the marks of an address. Their gaps are unbounded: an automaton pays for each place of a counted one.
_NEAR = r"(?:://|@[\w-]|[a-z0-9-]\.[a-z]{2,12}/)"
_GAP = r"(?:[\pL\pM'’]+[\s,]+){0,6}?"  # noqa: RUF001 - letters of these languages
_FAR = r"[^.!?;\n。！？]{0,60}?"  # noqa: RUF001 - letters of these languages

# Language: what makes a closer look worth while ("": the patterns themselves, their gaps unbounded), then (what, weight, pattern).
_LATIN: dict[str, tuple[str, tuple[tuple[str, float, str], ...]]] = {
    "de": (
        "",
        (
            ("after", 0.5, r"\b(?:vergiss|vergesst|vergessen sie|ignorier\w*)\s+(?:bitte\s+)?(?:alles|was|das)\b[^.\n]{0,40}?\b(?:dir|euch|ihnen|du|bisher|zuvor|vorher|vorhin|davor|oben|gelernt)\b[^.\n]{0,24}?\b(?:gesagt|wurde|steht|stand|mitgeteilt|beigebracht|aufgetragen)\b"),
            ("only_this", 0.5, r"\b(?:gehorch\w*|befolg\w*|hor\w*|richte dich)\b[^.\n]{0,20}?\b(?:nur|ausschliesslich|allein)\b[^.\n]{0,30}?\b(?:diese[mnrs]?|mir|mich|meine[nrms]?|nachfolgend\w+|folgend\w+)\b"),
            ("override", 0.85, rf"\b(?:ignorier\w*|vergiss|vergesst?|vergessen sie|missacht\w*|verwirf|verwerfe?n?|ubergeh\w*|umgeh\w*|uberschreib\w*|losch\w*|streich\w*)\s+{_GAP}(?:\w*anweisung|instruktion|befehl|regel|vorgabe|\w*prompt|richtlinie|direktive|weisung|anordnung|vorschrift|auftrag|auftrage|beschrankung|einschrankung|sicherheits)\w*"),
            ("not_follow", 0.75, rf"\b(?:befolg\w*|beacht\w*|folg\w*|halt\w*|richt\w*|hor\w*)\s+{_GAP}(?:anweisung|instruktion|befehl|regel|vorgabe|prompt|richtlinie|direktive|weisung|vorschrift)\w*\s+{_GAP}(?:nicht|nie)\b|\bhalt\w*\s+(?:dich|euch|sie sich)\s+(?:nicht|nie)(?: mehr| langer)? an\s+{_GAP}(?:anweisung|instruktion|befehl|regel|vorgabe|prompt|richtlinie|weisung|vorschrift)\w*"),
            ("leak", 0.6, rf"\b(?:gib|zeig\w*|nenn\w*|verrat\w*|wiederhol\w*|offenbar\w*|druck\w*|schreib\w*|ausgeben)\b{_FAR}(?:system-?\s?prompt|systemnachricht|systemanweisung|(?:versteckte|geheime|interne|urspr\w+)n?\s+(?:anweisung|instruktion)\w*)"),
            ("quiet", 0.5, rf"\b(?:sag\w*|erzahl\w*|verrat\w*|erwahn\w*|teil\w*|informier\w*|zeig\w*)\b{_FAR}(?:be)?nutzer\w*{_FAR}(?:nichts|nicht)\b|(?:ohne|nicht)\b{_FAR}(?:be)?nutzer\w*\s+(?:zu\s+)?(?:informier|sag|erwahn|mitteil|merk)\w*|(?:be)?nutzer\w* (?:darf|soll|wird|muss)\s(?:\w+\s)?(?:nichts|nicht|nie)\s(?:\w+\s)?(?:erfahren|wissen|merken|sehen|bemerken)|vor (?:dem|den) (?:be)?nutzern? (?:geheim|verborgen|verbirg)"),
            ("send", 0.45, rf"\b(?:send\w*|schick\w*|leit\w*|ubermittl\w*|lad\w*|poste\w*|ubertrag\w*)\b{_FAR}(?:inhalt|nachricht|datei|daten|passwort|zugangsdaten|schlussel|verlauf|alle\w*)\w*\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:du bist (?:jetzt|nun|ab sofort)|ab sofort bist du|von nun an bist du|tu so, als|spiel\w* die rolle)\b[^.\n]{0,60}?(?:\bki\b|ohne|keine|uneingeschrankt|unzensiert|entwicklermodus)"),
            ("secret", 0.35, r"\b(?:nenn\w*|gib|zeig\w*|verrat\w*|sende\w*)\b[^.\n]{0,40}?(?:passwort|passworter|zugangsdaten|api-?schlussel|geheimnis\w*)"),
        ),
    ),
    "fr": (
        (r"\b(?:oubli|ignor)\w*\s+(?:tout|ce )|\b(?:obei|suis|suivez|ecoute)[^.\n]*(?:document|message|texte|page|ordres)|\b(?:ignor|oubli|neglig|contourn|annul|rejet|ecart|efface|fai(?:s|tes) (?:abstraction|fi) d|outrepass|compte d)\w*[\s']+(?:[\w']+[\s']+)*(?:instruction|consigne|regle|directive|ordre|prompt|recommandation|indication|restriction|contrainte)"
        r"|\bn(?:e |')(?:applique|suis|suivez|obeis|respecte|tiens|tenez|tenir)|\bn(?:e |')(?:le |la |en |y |rien )?(?:dis|dites|parle|revele|mentionne|informe|montre)|l'utilisateur|\bcache\w* [^.\n]*utilisateur"
        r"|(?:prompt|message|instructions?|consignes?)\s+(?:systeme|initial|cache|secret|interne|d'origine)|\b(?:tu es|vous etes) (?:maintenant|desormais)|(?:maintenant|desormais|dorenavant),? (?:tu es|vous etes|tu deviens)|\b(?:fais|faites) comme si (?:tu|vous)"
        rf"|\b(?:envo[iy]\w|transfer\w|transmet|publi\w|poste[rz]?\b|televers\w|expedi\w|fai(?:s|tes) suivre)[^.!?;\n]*(?:contenu|message|fichier|donnees|mots? de passe|cles?|historique|tou)[^\n]*{_NEAR}"
        r"|\b(?:revel|affich|montr|donn|envo[iy])\w+\b[^.\n]*(?:mots? de passe|identifiants|cles? (?:api|secrete|privee))"),
        (
            ("after", 0.5, r"\bn(?:e |')(?:tiens|tenez|tenir) (?:plus|pas) compte de ce qui\b|\b(?:oubli(?:e|ez|er)|ignor(?:e|ez|er))\s+(?:tout\s+)?(?:ce (?:que|qui|qu')|tout)\b[^.\n]{0,30}?(?:(?:t'|vous |te |l')?(?:a(?:s|i|vez|ons)?|ont|ete) (?:ete )?(?:dit|appris|demande|donne|ordonne)\w*|precede|ci-dessus|plus haut)"),
            ("only_this", 0.5, r"\b(?:obei\w*|suis|suivez|ecoute[zr]?)\b[^.\n]{0,20}?\b(?:uniquement|seulement|exclusivement|qu'a|que)\b[^.\n]{0,30}?\b(?:ce (?:document|message|texte)|cette page|les ordres)\b"),
            ("override", 0.85, r"\b(?:ignor(?:e|ez|er|ons)|oubli(?:e|ez|er|ons)|neglig(?:e|ez|er)|contourn(?:e|ez|er)|annul(?:e|ez|er)|rejet(?:te|tez|er)|ecart(?:e|ez|er)|efface[zr]?|fai(?:s|tes) (?:abstraction|fi) d\w*|outrepass\w+|(?:ne )?(?:tiens|tenez|tenir) (?:plus |pas |aucun )?(?:plus |pas )?compte d\w*)[\s']+(?:(?:toute?s?|tous|les?|la|l'|tes|ton|ta|vos|votre|des|ces|cette|de|mes|precedente?s?|anciennes?|autres?)[\s']+){1,5}(?:\w+\s+)?(?:instructions?|consignes?|regles?|directives?|ordres?|prompts?|recommandations?|indications?|restrictions?|contraintes?)\b"),
            ("not_follow", 0.75, rf"\bn(?:e |')(?:applique|suis|suivez|appliquez|obeis\w*|respecte|respectez|tiens|tenez)\w*\s+(?:plus|pas|aucune?)\s+(?:compte\s+)?{_GAP}(?:instructions?|consignes?|regles?|directives?|ordres?|prompts?)\b"),
            ("leak", 0.6, rf"\b(?:revel\w+|affich\w+|montr\w+|repet\w+|donn\w+|ecri\w+|imprim\w+|divulgu\w+|recopi\w+)\b{_FAR}(?:prompt|message|instructions?|consignes?)\s+(?:systeme|initial\w*|cache\w*|secret\w*|interne\w*|d'origine)"),
            ("quiet", 0.5, r"\bn(?:e |')(?:le |la |en |y |rien )?(?:dis|dites|parle|parlez|revele|revelez|mentionne|mentionnez|informe|informez|montre)\w*\s+(?:pas|rien|jamais|a personne)[^.\n]{0,30}?(?:utilisateur|personne|humain)|\b(?:sans|a l'insu)\b[^.\n]{0,30}?(?:l'utilisateur)|\bcache\w* [^.\n]{0,30}a l'utilisateur"),
            ("send", 0.45, rf"\b(?:envo[iy]\w+|transfer\w+|transmet\w*|publi\w+|poste[rz]?|televers\w+|expedi\w+|fai(?:s|tes) suivre)\b{_FAR}(?:contenu|messages?|fichiers?|donnees|mots? de passe|cles?|historique|tous?|toutes)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:(?:tu es|vous etes) (?:maintenant|desormais)|(?:a partir de maintenant|desormais|dorenavant),? (?:tu es|vous etes|tu deviens))[^.\n]{0,60}?(?:\bia\b|sans|aucune|mode|libre)|\b(?:fais|faites) comme si (?:tu|vous) (?:etais|etiez|n'avai)"),
            ("secret", 0.35, r"\b(?:revel\w+|affich\w+|montr\w+|donn\w+|envo[iy]\w+)\b[^.\n]{0,40}?(?:mots? de passe|identifiants|cles? (?:api|secrete|privee)s?)"),
        ),
    ),
    "es": (
        (r"\b(?:olvid|ignor)\w*\s+(?:de\s+)?(?:todo |lo )|\b(?:obedec|sigue|siga|cumple|escucha)\w*[^.\n]*(?:solo|solamente|unicamente|exclusivamente)|\b(?:ignor|olvid|descart|omit|anul|desatiend|desobedec|salta|por alto|caso omiso)\w*\s+(?:\w+\s+)*(?:instruccion|indicaciones|reglas|ordenes|directrices|directivas|prompt|normas|restricciones|pautas)"
        r"|\b(?:no|nunca|deja de|dejen de) (?:sigas?|sigan|obedezc|cumplas?|apliques?|respetes?|hagas caso|seguir|obedecer|cumplir|tengas en cuenta)"
        r"|(?:prompt|mensaje|instrucciones)\s+(?:del?\s+)?(?:sistema|inicial|ocult|secret|intern|original)|\b(?:ahora eres|eres ahora|actua como|finge (?:ser|que))"
        r"|\b(?:no|nunca|sin)\s+(?:se lo |le |lo |selo )?(?:dig|decir|cuent|mencion|inform|revel|avis|muestr)[^.\n]*(?:usuario|nadie)|oculta\w* [^.\n]*usuario"
        rf"|\b(?:re)?(?:envi|env[ií]|manda|transmit|sube|publica)\w*[^.!?;\n]*(?:contenido|mensaje|archivo|fichero|datos|contrasena|clave|historial|todo|todas)[^\n]*{_NEAR}"
        r"|\b(?:revel|muestr|envi|dime|dame)\w*[^.\n]*(?:contrasena|credenciales|claves? (?:api|secret|privad))"),
        (
            ("after", 0.5, r"\b(?:olvid(?:a|e|en|ate)|ignor(?:a|e|en))\s+(?:de\s+)?(?:todo )?(?:lo que|lo|todo lo)\b[^.\n]{0,20}?(?:(?:te|se te|les?) (?:dijeron|dijo|han dicho|ha dicho|ensenaron|ordenaron|pidieron|indicaron)|\banterior\b|(?:de )?arriba)"),
            ("only_this", 0.5, r"\b(?:obedec\w+|sigue|siga|cumple|escucha)\b[^.\n]{0,12}?\b(?:solo|solamente|unicamente|exclusivamente)\b[^.\n]{0,40}?\b(?:est[eao]s?|documento|pagina|texto|mensaje|mis)\b"),
            ("override", 0.85, r"\b(?:ignor(?:a|e|en|ar|es|ad)|olvid(?:a|e|en|ar|es|ate|ad)(?: de)?|descart(?:a|e|en|ar)|omit(?:e|a|ir)|anul(?:a|e|ar)|desatiend(?:e|a)|desobedec\w+|salta(?:te)?|pas(?:a|e) por alto|(?:haz|haga|hagan|hacer) caso omiso (?:de|a))\s+(?:(?:todas?|todos?|las?|los|el|tus?|sus?|de|del|estas?|esas?|anteriores|previas|cualquier|antiguas)\s+){0,5}(?:\w+\s+)?(?:instruccion(?:es)?|indicaciones|reglas|ordenes|directrices|directivas|prompts?|normas|restricciones|pautas)\b"),
            ("not_follow", 0.75, rf"\b(?:no|nunca|deja de|dejen de) (?:(?:sigas?|sigan|obedezcas?|cumplas?|apliques?|respetes?|hagas caso (?:de|a)|seguir|obedecer|cumplir|tengas en cuenta))\s+{_GAP}(?:instruccion(?:es)?|indicaciones|reglas|ordenes|directrices|directivas|prompts?|normas)\b"),
            ("leak", 0.6, rf"\b(?:revel\w+|muestr\w+|mostrar|repit\w+|imprim\w+|escrib\w+|dime|da(?:me)?|divulg\w+)\b{_FAR}(?:prompt|mensaje|instrucciones)\s+(?:del?\s+)?(?:sistema|inicial\w*|ocult\w+|secret\w+|intern\w+|original\w*)"),
            ("quiet", 0.5, r"\b(?:no|nunca|sin)\s+(?:se lo |le |lo |selo )?(?:digas?|diga|decir\w*|cuentes?|menciones?|mencionar\w*|informes?|informar\w*|reveles?|avis\w+|muestres?)[^.\n]{0,30}?(?:usuario|nadie)|oculta\w* [^.\n]{0,30}(?:al usuario)"),
            ("send", 0.45, rf"\b(?:env[ií]\w*|envie|manda\w*|reenv[ií]\w*|transmit\w+|sube|publica\w*)\b{_FAR}(?:contenido|mensajes?|archivos?|ficheros?|datos|contrasenas?|claves?|historial|todos?|todas)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:ahora eres|eres ahora|a partir de ahora eres|actua como|finge (?:ser|que))\b[^.\n]{0,60}?(?:\bia\b|sin|ningun|modo|libre)"),
            ("secret", 0.35, r"\b(?:revel\w+|muestr\w+|envi\w+|dime|dame)\b[^.\n]{0,40}?(?:contrasenas?|credenciales|claves? (?:api|secret|privad)\w*)"),
        ),
    ),
    "it": (
        (r"\b(?:dimentic|ignor)\w*\s+(?:tutto |quello|cio|quanto)|\b(?:ignor|dimentic|trascur|tralasci|scart|disattend|annull|scavalc|aggir|elimin|cancell|conto d)\w*\s+(?:\w+\s+)*(?:istruzion[ei]|indicazioni|regole|direttive|ordini|prompt|linee guida|norme|restrizioni)"
        r"|\b(?:non|smetti di|smettete di) (?:segui|obbedi|rispetta|applica|osserva)"
        r"|(?:prompt|messaggio|istruzioni)\s+(?:di\s+|del\s+)?(?:sistema|inizial|nascost|segret|intern|original)|\b(?:ora sei|adesso sei|sei ora|d'ora in poi sei|fingi di essere|agisci come|comportati come)"
        r"|\b(?:non|senza|mai)\s+(?:dir|dite|parlarne|menziona|informa|rivela|avvis|mostra)[^.\n]*(?:utente|nessuno)|nascond\w+ [^.\n]*utente"
        rf"|\b(?:invi|inoltr|mand|trasmett|spedi|carica|pubblic)\w*[^.!?;\n]*(?:contenuto|messaggi|file|dati|password|chiav|cronologia|tutt)[^\n]*{_NEAR}"
        r"|\b(?:rivel\w+|mostr\w+|invi\w+|dimmi|dammi)\b[^.\n]*(?:password|credenziali|chiav\w+ (?:api|segret|privat))"),
        (
            ("after", 0.5, r"\b(?:dimentic(?:a|ate|are|hi)|ignor(?:a|ate|i))\s+(?:tutto )?(?:quello|cio|quanto)\b[^.\n]{0,20}?(?:(?:ti|vi) (?:e stato|hanno|ha|era stato)|precede|\bsopra\b)"),
            ("override", 0.85, r"\b(?:ignor(?:a|i|ate|are|ino)|dimentic(?:a|ate|are|hi|ati)(?: di)?|trascur(?:a|ate|are|i)|tralasci(?:a|ate|are)|scart(?:a|ate|are)|disattend(?:i|ete|ere)|annull(?:a|are)|scavalc(?:a|are)|aggir(?:a|are)|elimin(?:a|are)|cancell(?:a|are)|non (?:tenere|tieni|tenete) conto d\w*)\s+(?:(?:tutt[ei]|le|gli|i|il|la|tue|tuoi|vostre|precedenti|queste|ogni|qualsiasi|di|delle|altre)\s+){0,5}(?:\w+\s+)?(?:istruzion[ei]|indicazioni|regole|direttive|ordini|prompt|linee guida|norme|restrizioni)\b"),
            ("not_follow", 0.75, rf"\b(?:non|smetti di|smettete di) (?:segui(?:re|te)?|obbedi(?:re|te|sci)|rispetta(?:re|te)|applica(?:re|te)|osserva(?:re|te))\s+(?:piu\s+)?{_GAP}(?:istruzion[ei]|indicazioni|regole|direttive|ordini|prompt|linee guida)\b"),
            ("leak", 0.6, rf"\b(?:rivel\w+|mostr\w+|ripet\w+|stamp\w+|scriv\w+|dimmi|divulg\w+)\b{_FAR}(?:prompt|messaggio|istruzioni)\s+(?:di\s+|del\s+)?(?:sistema|inizial\w+|nascost\w+|segret\w+|intern\w+|original\w+)"),
            ("quiet", 0.5, r"\b(?:non|senza|mai)\s+(?:dir(?:lo|e)|dite|parlarne|menziona\w+|informa\w+|rivela\w+|avvis\w+|mostra\w+)[^.\n]{0,30}?(?:utente|nessuno)|nascond\w+ [^.\n]{0,30}all'utente"),
            ("send", 0.45, rf"\b(?:invi\w+|inoltr\w+|mand\w+|trasmett\w+|spedi\w+|carica\w*|pubblic\w+)\b{_FAR}(?:contenuto|messaggi\w*|file|dati|password|chiav\w+|cronologia|tutt\w)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:ora sei|adesso sei|sei ora|d'ora in poi sei|fingi di essere|agisci come|comportati come)\b[^.\n]{0,60}?(?:\bia\b|senza|nessun|modalita)"),
            ("secret", 0.35, r"\b(?:rivel\w+|mostr\w+|invi\w+|dimmi|dammi)\b[^.\n]{0,40}?(?:(?:l[ae]|dell[ae]|tu[ae]|su[ae]|mi[ae]|vostr[ae]|ogni|tutte)\spassword|credenziali|chiav\w+ (?:api|segret|privat)\w*)"),
        ),
    ),
    "pt": (
        (r"\b(?:esque|ignor)\w*\s+(?:de )?(?:tudo|o que)|\b(?:ignor|esquec|desconsider|descart|desprez|anul|contorn|desobedec|apag|pul(?:e|ar)\b)\w*\s+(?:\w+\s+)*(?:instruco|instrucao|regras|ordens|diretrizes|diretivas|orientacoes|prompt|comandos|restricoes|normas)"
        r"|\b(?:nao|nunca|pare de|deixe de) (?:sig|seguir|obedec|cumpra|aplique|respeite)"
        r"|(?:prompt|mensagem|instrucoes)\s+(?:d[eo]\s+)?(?:sistema|inicia|ocult|secret|intern|origina)|\b(?:agora voce e|voce agora e|a partir de agora voce|finja (?:ser|que)|aja como|atue como)"
        r"|\b(?:nao|nunca|sem)\s+(?:o )?(?:cont|dig|dizer|mencion|inform|revel|avis|mostr)[^.\n]*(?:usuari|utilizador|ninguem)|(?:esconda|oculte)\w* [^.\n]*(?:usuari|utilizador)"
        rf"|\b(?:re)?(?:envi|encaminh|mand|transmit|carregu|publiqu)\w+[^.!?;\n]*(?:conteudo|mensagens|mensagem|arquivo|ficheiro|dados|senha|chave|historico|todo|todas)[^\n]*{_NEAR}"
        r"|\b(?:revel|mostr|envi|diga)\w*[^.\n]*(?:senha|credenciais|chaves? (?:api|secret|privad))"),
        (
            ("after", 0.5, r"\b(?:esque(?:ca|cam|cer)|ignor(?:e|em|a))\s+(?:de )?(?:tudo )?(?:o que|tudo)\b[^.\n]{0,24}?(?:(?:te|lhe|vos) (?:foi|disseram|ensinaram|pediram)|foi dito|disseram|aprendeu|acima|anterior)"),
            ("override", 0.85, r"\b(?:ignor(?:e|a|em|ar)|esque(?:ca|cam|cer|ce)(?: (?:de|d[ao]s))?|desconsider(?:e|a|em|ar)|descart(?:e|a|em|ar)|desprez(?:e|a|ar)|anul(?:e|a|ar)|despreze|contorn(?:e|ar)|desobedec\w+|apag(?:ue|ar)|pul(?:e|ar))\s+(?:(?:todas?|todos?|as?|os?|suas?|tuas?|seus|de|das|dos|essas|estas|anteriores|previas|quaisquer|qualquer)\s+){0,5}(?:\w+\s+)?(?:instruco(?:es)|instrucao|regras|ordens|diretrizes|diretivas|orientacoes|prompts?|comandos|restricoes|normas)\b"),
            ("not_follow", 0.75, rf"\b(?:nao|nunca|pare de|deixe de) (?:siga|sigam|sigas|seguir|obedec\w+|cumpra\w*|aplique\w*|respeite\w*)\s+(?:mais\s+)?{_GAP}(?:instrucoes|instrucao|regras|ordens|diretrizes|diretivas|orientacoes|prompts?)\b"),
            ("leak", 0.6, rf"\b(?:revel\w+|mostr\w+|repit\w+|repet\w+|imprim\w+|escrev\w+|diga|divulgu\w+|exib\w+)\b{_FAR}(?:prompt|mensagem|instrucoes)\s+(?:d[eo]\s+)?(?:sistema|inicia\w+|ocult\w+|secret\w+|intern\w+|origina\w+)"),
            ("quiet", 0.5, r"\b(?:nao|nunca|sem)\s+(?:o )?(?:cont\w+|dig\w+|dizer|mencion\w+|inform\w+|revel\w+|avis\w+|mostr\w+)[^.\n]{0,30}?(?:usuari|utilizador|ninguem)|(?:esconda|oculte)\w* [^.\n]{0,30}(?:do|ao) (?:usuari|utilizador)"),
            ("send", 0.45, rf"\b(?:envi\w+|encaminh\w+|mand\w+|transmit\w+|carregu\w+|publiqu\w+|reenvi\w+)\b{_FAR}(?:conteudo|mensagens|mensagem|arquivos?|ficheiros?|dados|senhas?|chaves?|historico|todos?|todas)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:agora voce e|voce agora e|a partir de agora voce|finja (?:ser|que)|aja como|atue como)\b[^.\n]{0,60}?(?:\bia\b|sem|nenhum|modo)"),
            ("secret", 0.35, r"\b(?:revel\w+|mostr\w+|envi\w+|diga)\b[^.\n]{0,40}?(?:senhas?|credenciais|chaves? (?:api|secret|privad)\w*)"),
        ),
    ),
    "nl": (
        "",
        (
            ("after", 0.5, r"\b(?:vergeet|negeer)\s+(?:alles )?wat\b[^.\n]{0,24}?(?:je|jou|u)\b[^.\n]{0,16}?(?:verteld|gezegd|geleerd|opgedragen|staat)\b"),
            ("override", 0.85, rf"\b(?:negeer|negeren|vergeet|vergeten|omzeil|verwerp|overschrijf|schrap|wis|annuleer|laat)\s+{_GAP}(?:instructies?|aanwijzing(?:en)?|regels|opdrachten|richtlijnen|voorschriften|bevelen|\w*prompts?|beperkingen)\b|\b(?:sla)\s+{_GAP}(?:instructies?|aanwijzingen|regels|opdrachten|richtlijnen|prompts?)\s+over\b"),
            ("not_follow", 0.75, rf"\b(?:volg|gehoorzaam|houd je|hou je|trek je|let)\s+{_GAP}(?:instructies?|aanwijzingen|regels|opdrachten|richtlijnen|prompts?|bevelen)\s+{_GAP}(?:niet|niets|nooit)\b"),
            ("leak", 0.6, rf"\b(?:toon|laat|geef|onthul|herhaal|print|schrijf|vertel)\b{_FAR}(?:systeem-?\s?prompt|systeembericht|(?:verborgen|geheime|oorspronkelijke|interne)\s+(?:instructies|aanwijzingen|prompt))"),
            ("quiet", 0.5, r"\b(?:vertel|zeg|meld|noem|onthul|laat|informeer)\b[^.\n]{0,30}?(?:niet|niets|nooit)\b[^.\n]{0,20}?gebruiker|\b(?:zonder|niet)\b[^.\n]{0,20}?gebruiker\w*[^.\n]{0,12}(?:te vertellen|te informeren|weten|merken|zeggen)|gebruiker\b[^.\n]{0,20}\b(?:niets?|nooit)\b"),
            ("send", 0.45, rf"\b(?:stuur|verstuur|zend|upload|mail|plaats|verzend)\b{_FAR}(?:inhoud|berichten|bestand\w*|gegevens|wachtwoord\w*|sleutels?|geschiedenis|alle)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:je bent nu|vanaf nu ben je|doe alsof|gedraag je als)\b[^.\n]{0,60}?(?:\bai\b|zonder|geen|modus)"),
            ("secret", 0.35, r"\b(?:geef|toon|onthul|stuur)\b[^.\n]{0,40}?(?:wachtwoord\w*|inloggegevens|api-?sleutels?)"),
        ),
    ),
    "pl": (
        (r"\b(?:z?ignoruj|zapomnij|pomin|odrzuc|z?lekcewaz|obejdz|uniewaznij|anuluj|usun|nadpisz)|\bnie (?:stosuj|przestrzegaj|sluchaj|wykonuj|kieruj|trzymaj|respektuj)"
        r"|systemow\w+\s+prompt|prompt\w*\s+systemow|(?:ukryt|tajn|poczatkow)\w+\s+instrukcj|uzytkownik|\b(?:wysl|przeslij|przekaz|opublikuj|udostepnij)|\b(?:jestes teraz|teraz jestes|od teraz jestes|udawaj,? ze|zachowuj sie jak)"),
        (
            ("override", 0.85, rf"\b(?:z?ignoruj\w*|zapomnij\w*(?: o)?|pomin\w*|odrzuc\w*|z?lekcewaz\w*|obejdz|uniewaznij|anuluj|usun|nadpisz)\s+{_GAP}(?:instrukcj\w+|zasad\w*|polecen\w*|wytyczn\w+|regul\w*|prompt\w*|rozkaz\w*|wskazow\w+|ogranicze\w+|dyrektyw\w*)"),
            ("not_follow", 0.75, rf"\bnie (?:stosuj\w*|przestrzegaj\w*|sluchaj\w*|wykonuj\w*|kieruj\w*|trzymaj\w*|respektuj\w*)\s+{_GAP}(?:instrukcj\w+|zasad\w*|polecen\w*|wytyczn\w+|regul\w*|prompt\w*|rozkaz\w*)"),
            ("leak", 0.6, rf"\b(?:ujawnij|pokaz|wyswietl|powtorz|podaj|wypisz|zdradz|wydrukuj)\b{_FAR}(?:prompt\w*\s+systemow\w+|systemow\w+\s+prompt\w*|(?:ukryt|tajn|poczatkow)\w+\s+instrukcj\w+)"),
            ("quiet", 0.5, r"\bnie (?:mow\w*|informuj\w*|wspominaj\w*|zdradzaj\w*|ujawniaj\w*|powiadamiaj\w*)[^.\n]{0,30}?uzytkownik\w*|\bbez (?:wiedzy|informowania) uzytkownik\w*"),
            ("send", 0.45, rf"\b(?:wysl\w+|przeslij|przekaz\w*|wyslij|opublikuj|udostepnij)\b{_FAR}(?:zawartosc|tresc|wiadomosci|plik\w*|dane|hasl\w+|klucz\w*|histori\w+|wszystk\w+)\b[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"\b(?:jestes teraz|teraz jestes|od teraz jestes|udawaj,? ze|zachowuj sie jak)\b[^.\n]{0,60}?(?:\bai\b|\bsi\b|bez|zadnych|tryb)"),
        ),
    ),
    "tr": (
        "",
        (
            ("after", 0.5, r"(?:daha once|simdiye kadar|onceden|yukarida)[^.!?\n]{0,30}?(?:her seyi|tum|butun|soylenen\w*|ogrendi\w*)[^.!?\n]{0,12}?(?:unut|yok say|gormezden)"),
            ("override", 0.85, rf"(?:talimat\w*|kural\w*|yonerge\w*|komut\w*|emir\w*|emr\w+|prompt\w*|ilke\w*|yonlendirme\w*|istem\w*|kisitlama\w*)\s+{_GAP}(?:yok say\w*|unut\w*|gormezden gel\w*|dikkate alma\w*|uyma\w*|goz ardi et\w*|takip etme\w*|gecersiz (?:say|kil)\w*|iptal et\w*|itaat etme\w*|birak\w*|atla)"),
            ("leak", 0.6, r"sistem (?:istem|prompt|mesaj|talimat)\w*[^.\n]{0,30}?(?:goster|yaz|ac[iı]kla|paylas|soyle|tekrarla|ver|yazdir|ifsa)\w*"),  # noqa: RUF001 - letters of these languages
            ("quiet", 0.5, r"kullanici\w*[^.\n]{0,30}?(?:soyleme|bahsetme|haber verme|bildirme|gosterme|aciklama)\w*|kullanici\w* (?:haber vermeden|sormadan)"),
            ("send", 0.45, rf"(?:icerig\w*|mesaj\w*|dosya\w*|veri\w*|sifre\w*|parola\w*|anahtar\w*|gecmis\w*)[^\n]{{0,30}}?{_DEST}[^\n]{{0,30}}?(?:gonder|ilet|yukle|yolla|aktar)\w*"),
            ("persona", 0.6, r"(?:artik sen|sen artik|bundan sonra sen|simdi sen)[^.\n]{0,60}?(?:yapay zeka|sinirsiz|kisitlama|kural)"),
        ),
    ),
    "nordic": (
        "",
        (("override", 0.8, rf"\b(?:ignorera?|glem|glom(?: bort)?|bortse fra?n?|strunta i|se bort fra|overse|folj inte|folg ikke|folj ej)\s+{_GAP}(?:instruktion\w*|instruks\w*|anvisning\w*|regler\w*|reglerna|ordrer?|retningslin\w+|riktlinjer\w*|kommando\w*|prompt\w*)"),),
    ),
    "cs_ro_hu_id_vi": (
        r"\b(?:ignoruj\w*|zapomen\w*|nerespektuj\w*|ignora\w*|uita\w*|nu urma\w*|hagyd|felejtsd|abaikan|lupakan|bo qua|quen)\s",
        (
            ("override", 0.8, rf"\b(?:(?:ignoruj\w*|zapomen\w*(?: na)?|nerespektuj\w*)\s+{_GAP}(?:pokyn\w*|instrukc\w*|pravid\w+|prikaz\w*)|(?:ignora\w*|uita\w*|nu urma\w*)\s+{_GAP}(?:instructiunil\w+|regulil\w+|comenzil\w+)|(?:hagyd|felejtsd)\s+{_GAP}(?:utasitas\w*|szabaly\w*)|(?:abaikan|lupakan)\s+{_GAP}(?:instruksi|perintah|aturan|arahan)|(?:bo qua|quen)\s+{_GAP}(?:huong dan|chi dan|lenh|quy tac|chi thi))"),
        ),
    ),
}  # fmt: skip

_SCRIPTS: dict[str, tuple[str, tuple[tuple[str, float, str], ...]]] = {
    "ru": (
        "",
        (
            ("after", 0.5, r"(?:забуд[\pL]+|игнорир[\pL]+)\s+(?:обо?\s+)?(?:вс[её]м?|то),?\s+(?:о\s+)?что\s+[^.!?\n]{0,24}?(?:говорили|сказали|велели|написано|учили)"),  # noqa: RUF001 - letters of these languages
            ("override", 0.85, rf"(?:(?:про)?игнорир\w*[\pL]*|забуд[\pL]+|не обращай[\pL]* внимани[\pL]+ на|пренебре[\pL]+|отмени[\pL]*|обойди[\pL]*|отбрось[\pL]*|сбрось[\pL]*|удали[\pL]*|ігноруй[\pL]*|забудь[\pL]*)\s+{_GAP}(?:инструкц|указани|команд|правил|сообщени|распоряжени|директив|промпт|приказ|ограничени|інструкц|вказівк)"),
            ("not_follow", 0.75, rf"не\s+(?:след[\pL]+|выполня[\pL]+|соблюда[\pL]+|слуша[\pL]+|подчиня[\pL]+|придержив[\pL]+|учитыва[\pL]+)\s+{_GAP}(?:инструкц|указани|команд|правил|распоряжени|директив|промпт|приказ)"),
            ("leak", 0.6, rf"(?:покажи|раскрой|выведи|повтори|напиши|сообщи|напечатай|назови)[\pL]*\s+{_GAP}(?:системн[\pL]+\s+(?:промпт|сообщени|инструкц|подсказк)|(?:скрыт|секретн|начальн|исходн)[\pL]+\s+(?:инструкц|промпт))"),
            ("quiet", 0.5, rf"не\s+(?:говор|сообща|рассказыва|упомина|показыва|раскрыва)[\pL]+\s+{_GAP}(?:об этом\s+)?пользовател|(?:без ведома|незаметно для|скрыто от)\s+пользовател|пользовател[\pL]+ не (?:должен|должны) (?:узнать|заметить|знать)"),  # noqa: RUF001 - letters of these languages
            ("send", 0.45, rf"(?:отправ|перешл|пошл|переслат|загруз|выложи|передай)[\pL]*\s+[^.!?\n]{{0,60}}?(?:содержим|сообщени|файл|данн|парол|ключ|истори|все|всю)[\pL]*[^\n]{{0,40}}?{_DEST}"),
            ("persona", 0.6, r"(?:теперь ты|ты теперь|отныне ты|притворись|представь, что ты|веди себя как)[^.\n]{0,60}?(?:без|нет|ии|режим|не имеешь)"),
        ),
    ),
    "zh": (
        "",
        (
            ("after", 0.5, r"(?:忘记|忘掉|忘記|忽略|无视|無視)[^。!?\n]{0,6}?(?:之前|以前|前面|上面|以上|此前)[^。!?\n]{0,10}?(?:一切|所有|全部|内容|內容|说过|說過|告诉|告訴)|只(?:听从|服从|遵循|執行|执行)[^。!?\n]{0,8}?(?:本|这|此|該|该|我)"),
            ("override", 0.85, r"(?:忽略|忽视|忽視|无视|無視|忘记|忘記|忘掉|不要理会|不要理會|不要遵守|不要遵循|不要遵从|不遵守|停止遵守|别管|別管|不用管|不再遵守|绕过|繞過|抛弃|丢弃|放弃|推翻|覆盖|取消)[^。!?!?\n]{0,20}?(?:指令|指示|提示|规则|規則|命令|说明|設定|设定|要求|约束|限制|准则|系统信息|訓練|训练|对话)"),
            ("leak", 0.6, r"(?:输出|輸出|显示|顯示|透露|告诉我|告訴我|打印|重复|重複|泄露|列出|写出|公开|给我)[^。!?\n]{0,20}?(?:系统提示|系統提示|提示词|提示詞|系统消息|初始指令|隐藏指令|系统指令|内部指令)"),
            ("quiet", 0.5, r"(?:不要|别|別|勿|不得|不能|无需|無需)(?:告诉|告訴|通知|提醒|提及|让|讓|透露给|向)[^。!?\n]{0,8}?(?:用户|用戶|使用者|任何人)|(?:对|對|向)(?:用户|用戶|使用者)(?:保密|隐瞒|隱瞞)"),
            ("send", 0.45, rf"(?:发送|發送|转发|轉發|上传|上傳|发到|寄|传送|提交)[^。\n]{{0,30}}?{_DEST}|(?:内容|消息|文件|数据|密码|密钥|记录)[^。\n]{{0,10}}(?:发送|转发|上传|发给|传给|寄给)"),
            ("persona", 0.6, r"(?:你现在是|你現在是|从现在开始你|從現在開始你|扮演|假装|假裝|你将扮演)[^。!?\n]{0,30}?(?:没有|沒有|不受|无限制|任何限制|开发者模式|無限制)|(?:开发者|越狱|上帝)模式"),
        ),
    ),
    "ja": (
        "",
        (
            ("after", 0.5, r"(?:これまで|今まで|以前|前|先ほど)[^。!?\n]{0,12}?(?:すべて|全て|全部|こと|会話)[^。!?\n]{0,6}?(?:忘れ|無視)"),
            ("override", 0.85, r"(?:指示|命令|ルール|プロンプト|指令|規則|設定|制約|制限|ガイドライン|指針|方針|内容|インストラクション)[^。!?\n]{0,16}?(?:無視|忘れ|従わ|破棄|無効|取り消|キャンセル|守ら|上書き|捨て|気にせ)"),
            ("leak", 0.6, r"(?:システムプロンプト|システムメッセージ|初期(?:の)?指示|隠された(?:指示|プロンプト)|内部(?:の)?指示)[^。!?\n]{0,20}?(?:表示|出力|見せ|教え|公開|開示|明か|書)"),
            ("quiet", 0.5, r"(?:ユーザー|ユーザ|利用者|使用者)(?:に|へ|には)[^。!?\n]{0,16}?(?:言わない|言うな|知らせない|知らせず|伝えない|伝えず|教えない|話さない|気づかれ|秘密|見せない|通知しない)"),
            ("send", 0.45, rf"(?:内容|メッセージ|ファイル|データ|パスワード|鍵|履歴)[^。\n]{{0,12}}?{_DEST}[^。\n]{{0,12}}?(?:送信|転送|送|アップロード|投稿)"),
            ("persona", 0.6, r"(?:あなたは(?:今|これ)から|今からあなたは|これからあなたは|なりきって|演じて)[^。!?\n]{0,30}?(?:制限|制約|ない|なし|モード|AI)"),
        ),
    ),
    "ko": (
        "",
        (
            ("after", 0.5, r"(?:지금까지|이전에|앞에서|위에서|전에)[^.!?\n]{0,16}?(?:모두|모든|전부|들은|말한)[^.!?\n]{0,10}?(?:잊|무시)"),
            ("override", 0.85, r"(?:지시|명령|규칙|지침|프롬프트|설정|안내|제약|제한|가이드라인|정책|내용)[^.!?\n]{0,16}?(?:무시|잊|따르지|버리|취소|무효|지키지|우회|어기)"),
            ("leak", 0.6, r"(?:시스템 ?(?:프롬프트|메시지|지시)|초기 ?(?:지시|지침|프롬프트)|숨겨진 ?(?:지시|지침|프롬프트))[^.!?\n]{0,20}?(?:출력|보여|공개|알려|표시|말해|적어|반복|누설)"),
            ("quiet", 0.5, r"(?:사용자|유저|누구)(?:에게|한테)?[^.!?\n]{0,16}?(?:알리지|말하지|언급하지|보여주지|공개하지|모르게|비밀)"),
            ("send", 0.45, rf"(?:내용|메시지|파일|데이터|비밀번호|키|기록)[^\n]{{0,12}}?{_DEST}[^\n]{{0,12}}?(?:보내|전달|전송|업로드|게시)"),
            ("persona", 0.6, r"(?:이제 ?(?:너는|당신은)|지금부터 ?(?:너는|당신은)|너는 이제|당신은 이제)[^.!?\n]{0,30}?(?:제한|없는|모드|AI|규칙)"),
        ),
    ),
    "ar": (
        "",
        (
            ("after", 0.5, r"(?:انس|إنس|تجاهل)[\pL\pM]*\s+(?:كل\s+)?(?:ما|شيء)\s+[^.\n]{0,16}?(?:قيل|قالوا|تعلمت|سبق|أخبروك|أعلاه|من قبل)"),
            ("override", 0.85, rf"(?:تجاهل[\pL]*|انس[\pL]*|إنس[\pL]*|تخط[\pL]*|أهمل[\pL]*|ألغ[\pL]*|لا تتبع[\pL]*|لا تلتزم ب?[\pL]*|لا تطع|توقف عن اتباع|لا تنفذ)\s*{_GAP}(?:ال)?(?:تعليمات|قواعد|إرشادات|أوامر|توجيهات|تعليماتك|قواعدك|موجه|القيود|تعاليم|توجيهاتك|إرشاداتك)"),
            ("leak", 0.6, rf"(?:اعرض|أظهر|اكشف|اطبع|كرر|أخبرني|اكتب)\s+{_GAP}(?:موجه النظام|رسالة النظام|تعليمات النظام|تعليماتك|التعليمات (?:المخفية|الأولية|السرية)|موجهك)"),
            ("quiet", 0.5, r"(?:لا|دون أن|بدون)\s*(?:أن\s+)?(?:تخبر|تقل|تذكر|تعلم|إخبار|تكشف|تبلغ|إعلام)[\pL]*\s+[^.\n]{0,16}?(?:المستخدم|أحد|للمستخدم)"),
            ("send", 0.45, rf"(?:أرسل|حول|ارفع|انشر|مرر|أعد توجيه)\s+[^.\n]{{0,40}}?(?:محتوى|رسائل|الرسائل|ملف|بيانات|كلمة|مفتاح|سجل|كل|جميع)[^\n]{{0,30}}?{_DEST}"),
            ("persona", 0.6, r"(?:أنت الآن|من الآن فصاعدا|تظاهر|تصرف ك)[^.\n]{0,60}?(?:بدون|بلا|دون|لا قيود|قيود|ذكاء)"),
        ),
    ),
    "hi": (
        "",
        (
            ("after", 0.5, r"(?:पहले|अब तक|पूर्व|ऊपर)[^।.!?\n]{0,24}?(?:सब|सभी|कुछ|जो)[^।.!?\n]{0,20}?(?:भूल|अनदेख)"),
            ("override", 0.85, r"(?:निर्देश|नियम|आदेश|दिशानिर्देश|हिदायत|प्रॉम्प्ट|अनुदेश|प्रतिबंध)[^।.!?\n]{0,24}?(?:अनदेख|भूल|पालन न|पालन मत|नज़रअंदाज़|नजरअंदाज|उपेक्षा|रद्द|मत मान|न मान|छोड़)"),
            ("leak", 0.6, r"(?:सिस्टम ?(?:प्रॉम्प्ट|संदेश|निर्देश)|छिपे हुए निर्देश|प्रारंभिक निर्देश)[^।.!?\n]{0,24}?(?:दिखा|बता|प्रकट|लिख|दोहरा|प्रिंट)"),
            ("quiet", 0.5, r"(?:उपयोगकर्ता|यूज़र|यूजर|किसी)[^।.!?\n]{0,16}?(?:मत बता|न बता|नहीं बता|मत कह|सूचित न|पता न)"),
            ("send", 0.45, rf"(?:सामग्री|संदेश|फ़ाइल|फाइल|डेटा|पासवर्ड|कुंजी|इतिहास)[^\n]{{0,16}}?{_DEST}[^\n]{{0,16}}?(?:भेज|अपलोड|अग्रेषित|पोस्ट)"),
            ("persona", 0.6, r"(?:अब आप|अब तुम|अब से आप|अब से तुम)[^।.\n]{0,60}?(?:बिना|कोई नियम|प्रतिबंध|मोड)"),
        ),
    ),
    "he_fa_el_th_uk": (
        "",
        (
            ("override", 0.8, rf"(?:(?:ה|ת)תעלם|שכח)[\pL]*\s+{_GAP}[\pL]*(?:הוראות|הנחיות|כללים|פקודות)|(?:دستور|قوانین|راهنما|فرمان)[\pL]*[^.\n]{{0,20}}?(?:نادیده|فراموش)|(?:αγνο|ξεχασ)[\pL]*\s+{_GAP}(?:οδηγ|κανον|εντολ)|(?:เพิกเฉย|ละเว้น|ลืม|ไม่ต้องทำตาม)[^\n]{{0,24}}?(?:คำสั่ง|คำแนะนำ|กฎ)|ігнор[\pL]*\s+{_GAP}(?:інструкц|вказівк|правил|команд)"),  # noqa: RUF001 - letters of these languages
        ),
    ),
}  # fmt: skip


# A tool that must be served first, and a secret file to be read: what a poisoned description asks for.
_THE_TOOL = (
    r"(?:\b(?:bevor|ehe)\s[^.\n]{0,24}?(?:werkzeug|tool|funktion)\w*|\bavant d(?:e |')(?:utiliser|appeler|employer)[^.\n]{0,16}?(?:outil|fonction)|\bantes de (?:usar|utilizar|llamar|chamar|invocar)[^.\n]{0,16}?(?:herramienta|ferramenta|funcion|funcao)"
    r"|\bprima di (?:usare|utilizzare|chiamare)[^.\n]{0,16}?(?:strumento|funzione)|\bvoordat? (?:je|u)\s[^.\n]{0,16}?(?:tool|gereedschap|functie|hulpmiddel)|\b(?:zanim uzyjesz|przed uzyciem)[^.\n]{0,16}?(?:narzedzi|funkcj)"
    r"|(?:перед использованием|прежде чем использовать|перед вызовом)[^.\n]{0,16}?(?:инструмент|функци)|(?:使用|调用|調用)(?:此|这个|该|這個|本)(?:工具|函数|函數)(?:之?前|以前)|この(?:ツール|関数)を(?:使う|使用する|呼び出す)前|이 (?:도구|함수)를? (?:사용|호출)하기 전"
    r"|قبل (?:استخدام|استدعاء) هذه (?:الأداة|الدالة)|इस (?:टूल|उपकरण)[^।\n]{0,12}?(?:उपयोग|इस्तेमाल) (?:करने )?से पहले|bu (?:araci|fonksiyonu) (?:kullanmadan|cagirmadan) once)"
)
_READ = r"(?:\b(?:lies|lese|offne|ubergib|kopier\w*|lis|lisez|ouvr\w+|copi\w+|lee|lea|abre|abra|leer|leggi|apri|leia|lees|open|przeczytaj|otworz|oku|ac)\b|прочитай|открой|скопируй|读取|讀取|打开|打開|読み|読ん|읽|열어|اقرأ|افتح|पढ़)"
# No rules at all, as a game; and a new task in the familiar form of address.
_NO_RULES = (
    r"(?:\b(?:als|wenn|dass|ob)\b[^.\n]{0,30}?\b(?:keine(?:rlei)?|nie)\s+(?:\w+\s+)?(?:regeln|anweisungen|vorgaben|grenzen|beschrankungen)\b|\b(?:regles|consignes|limites|restrictions) n(?:'|e )(?:exist|avai|ont jamais)\w*|\bn(?:'|e )(?:avais|avait|as|aviez|avez) (?:pas|plus|aucune?) (?:de |d')?(?:regles?|limites?|consignes?|restrictions?)"
    r"|\b(?:como si|finge que|imagina que|haz de cuenta que|finja que|faca de conta que)\b[^.\n]{0,12}?\b(?:no|nao)\s(?:tuvieras|hubiera|tienes|existieran|hay|ha|tem|houvesse|tivesse|existissem)\s(?:ningun\w*\s)?(?:reglas|limites|restricciones|normas|regras|restricoes)\b|\b(?:finta di|come se|fingi di)\s[^.\n]{0,16}?\bnon\s(?:avere|avessi|ci fossero|esistessero)\s(?:regole|limiti|restrizioni)"
    r"|\b(?:alsof|doen of)\b[^.\n]{0,20}?\bgeen (?:regels|beperkingen|grenzen|instructies)\b|\bnie (?:masz|ma|istnieja)\s(?:juz |zadnych )*(?:zasad|regul|ograniczen)\b|(?:нет|не существует)\s(?:больше |никаких )*(?:правил|ограничений|запретов)|(?:假装|假裝|假设|想象|好像)[^。\n]{0,6}?(?:没有|沒有|不存在)[^。\n]{0,4}?(?:规则|規則|限制|约束)"
    r"|(?:ルール|規則|制限|制約)(?:が|は|の)?(?:ない|無い|存在しない)(?:ふり|かのよう|世界|ものとして)|(?:규칙|제한|제약)이 ?(?:없는|없다는) ?(?:척|것처럼|듯)|(?:ليس لديك|لا توجد|بدون)\s(?:أي\s)?(?:قواعد|قيود)\s[^.\n]{0,6}?|कोई (?:नियम|प्रतिबंध|सीमा) नहीं|(?:kuralin|kural|sinir|kisitlaman?)\s?(?:yokmus|olmadigini))"
)
_NEW_TASK = (
    r"(?:\b(?:ab (?:hier|jetzt|sofort) gelten|deine (?:neue|eigentliche|wahre|einzige) (?:aufgabe|mission|rolle)|neue (?:befehle|anweisungen|instruktionen)\s?:)|\b(?:ta|votre) (?:nouvelle|seule|vraie|veritable) (?:mission|tache|consigne)\b|\btu (?:nueva|unica|verdadera) (?:tarea|mision|instruccion)\b|\bil tuo (?:nuovo|unico|vero) (?:compito|incarico)\b"
    r"|\b(?:sua|tua) (?:nova|unica|verdadeira) (?:tarefa|missao)\b|\bje (?:nieuwe|enige|echte) (?:taak|opdracht)\b|\btwoje (?:nowe|jedyne|prawdziwe) zadanie\b|(?:твоя|твоё|твое) (?:новая|новое|единственная|настоящая) (?:задача|задание|цель)|你(?:的)?(?:新|真正|唯一)(?:的)?任务|(?:新しい|本当の|本来の)(?:任務|タスク|指示)(?:は|:)|(?:너의|당신의) (?:새로운|진짜) (?:임무|작업)"
    r"|مهمتك (?:الجديدة|الوحيدة|الحقيقية)|(?:तुम्हारा|आपका) (?:नया|असली) (?:काम|कार्य)|yeni gorevin)"
)
_TO_THE_AI = (
    r"(?:\b(?:hinweis|nachricht|anweisung|instruktion|instructions?|instruccion(?:es)?|istruzion[ei]|instruc(?:ao|oes)|instructie|instrukcja|note?|message|nota|mensaje|messaggio|mensagem|bericht|opmerking|uwaga|wiadomosc|not)\b[^.:\n]{0,20}?\b(?:an|fur|pour|destine a|para|per|aan|voor|dla|do|icin)\b[^.:\n]{0,12}?\b(?:ki(?:-\w+)?|ia|ai|si|sztucznej|assistente?|asistente|assistenten|asystenta|assistant|modell|modele|modelo|modello|model)\b|\b(?:alle )?(?:ki|ai)-?(?:assistent|agent|modell|system)\w* (?:mussen|sollen|haben zu|mussten)\b|\bmussen (?:alle )?(?:ki|ai)-?(?:assistent|agent|modell|system)\w*"
    r"|(?:примечание|сообщение|инструкция|внимание)[^.:\n]{0,12}?(?:для )?(?:ии|нейросети|ассистент)[\pL]*|(?:给|致|对)\s?(?:ai|人工智能|助手|模型)[^。\n]{0,8}?(?:说明|指示|指令|消息|:)|(?:ai|アシスタント)[^。\n]{0,6}?(?:へ|宛て?)[:の]|(?:ai|인공지능)[^.\n]{0,6}?에게|(?:ملاحظة|رسالة|تعليمات) (?:لل|إلى ال)(?:مساعد|ذكاء|نموذج)|yapay zeka (?:icin|asistani)|(?:एआई|ai|सहायक) के लिए)"
)
ANY_LANGUAGE = (
    rule("no_rules_intl", 0.55, "", _NO_RULES),
    rule("unasked_intl", 0.3, "", r"\b(?:ohne (?:zu fragen|nachfrage|ruckfrage|bestatigung|den nutzer)|sans (?:demander|confirmation|prevenir|avertir)|sin (?:preguntar|confirmar|confirmacion|avisar)|senza (?:chiedere|conferma|avvisare)|sem (?:perguntar|confirmar|confirmacao|avisar)|zonder (?:te vragen|bevestiging)|bez (?:pytania|potwierdzenia)|sormadan|onay almadan)\b|не спрашивай|без (?:спроса|подтверждения|ведома)|(?:不要|不用|无需|別)(?:询问|詢問|确认|確認)|(?:確認せず|無断で|聞かずに)|(?:묻지 말|확인 없이)|(?:دون|بدون) (?:سؤال|أن تسأل|تأكيد)|बिना पूछे"),
    rule("new_task_intl", 0.4, "", _NEW_TASK),
    rule("to_the_ai_intl", 0.35, "", _TO_THE_AI),
    rule("tool_first_intl", 0.4, "", _THE_TOOL, source=MCP),
    rule("secret_file_intl", 0.35, FILES, rf"{_READ}[^\n]{{0,40}}?{FILE}|{FILE}[^\n]{{0,30}}?{_READ}", source=MCP),
)  # fmt: skip


def _rules() -> tuple[Detector, ...]:
    made = []
    for table in (_LATIN, _SCRIPTS):
        for language, (candidate, entries) in table.items():
            first = candidate or "|".join(looser(exact) for _, _, exact in entries)
            made += [
                rule(f"{what}_{language}", weight, f"(?:{first})", exact, check=unless_past)
                for what, weight, exact in entries
            ]
    return tuple(made)


OTHER_LANGUAGES = _rules() + ANY_LANGUAGE
