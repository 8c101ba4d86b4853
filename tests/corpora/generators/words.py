"""Harmless words in many languages, and what people call the things that identify them."""

from __future__ import annotations

import random
from typing import Final

# What a value is called, by language; English stands in where a language has no word here.
CUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "SSN": {"en": ("SSN", "Social Security Number", "social security no.", "Soc. Sec. #")},
    "ITIN": {"en": ("ITIN", "Individual Taxpayer Identification Number", "taxpayer ID (ITIN)")},
    "EIN": {"en": ("EIN", "Employer Identification Number", "federal tax ID", "FEIN")},
    "CARD": {
        "en": ("card number", "credit card", "card", "Visa", "PAN", "debit card no."),
        "de": ("Kreditkarte", "Kartennummer"),
        "fr": ("carte bancaire", "num\xe9ro de carte"),
        "es": ("tarjeta", "tarjeta de cr\xe9dito"),
        "it": ("carta di credito",),
        "pt": ("cart\xe3o de cr\xe9dito",),
        "nl": ("creditcard",),
        "pl": ("karta kredytowa",),
        "ru": ("\u043d\u043e\u043c\u0435\u0440 \u043a\u0430\u0440\u0442\u044b",),
        "zh": ("\u4fe1\u7528\u5361\u53f7",),
        "ja": ("\u30ab\u30fc\u30c9\u756a\u53f7",),
        "ko": ("\uce74\ub4dc\ubc88\ud638",),
        "tr": ("kart numaras\u0131",),
    },
    "IBAN": {
        "en": ("IBAN", "account", "bank account"),
        "de": ("IBAN", "Kontoverbindung"),
        "fr": ("IBAN", "compte"),
        "es": ("IBAN", "cuenta"),
        "it": ("IBAN", "conto"),
        "nl": ("IBAN", "rekening"),
    },
    "BIC": {
        "en": ("BIC", "SWIFT code", "SWIFT/BIC", "SWIFT"),
        "de": ("BIC",),
        "fr": ("code BIC",),
        "es": ("c\xf3digo SWIFT",),
        "it": ("codice BIC",),
    },
    "EMAIL": {
        "en": ("e-mail", "email address", "contact", "mail"),
        "de": ("E-Mail", "Mailadresse"),
        "fr": ("courriel", "adresse e-mail"),
        "es": ("correo electr\xf3nico", "correo"),
        "it": ("indirizzo e-mail",),
        "pt": ("e-mail", "correio eletr\xf3nico"),
        "nl": ("e-mailadres",),
        "pl": ("adres e-mail",),
        "ru": ("\u043f\u043e\u0447\u0442\u0430", "\u044d\u043b. \u0430\u0434\u0440\u0435\u0441"),
        "zh": ("\u90ae\u7bb1", "\u7535\u5b50\u90ae\u4ef6"),
        "ja": ("\u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9",),
        "ko": ("\uc774\uba54\uc77c",),
        "tr": ("e-posta",),
    },
    "PHONE": {
        "en": ("phone", "telephone", "mobile", "cell", "call me at", "tel.", "fax", "WhatsApp"),
        "de": ("Telefon", "Handy", "Mobil", "Tel.", "R\xfcckruf unter"),
        "fr": ("t\xe9l\xe9phone", "portable", "t\xe9l."),
        "es": ("tel\xe9fono", "m\xf3vil", "celular"),
        "it": ("telefono", "cellulare"),
        "pt": ("telefone", "celular", "telem\xf3vel"),
        "nl": ("telefoonnummer", "mobiel"),
        "pl": ("telefon", "kom\xf3rka"),
        "ru": ("\u0442\u0435\u043b\u0435\u0444\u043e\u043d", "\u0442\u0435\u043b."),
        "zh": ("\u7535\u8bdd", "\u624b\u673a\u53f7", "\u624b\u673a"),
        "ja": ("\u96fb\u8a71\u756a\u53f7", "\u643a\u5e2f"),
        "ko": ("\uc804\ud654\ubc88\ud638", "\ud734\ub300\ud3f0"),
        "tr": ("telefon", "cep telefonu"),
    },
    "IP_ADDRESS": {
        "en": ("client IP", "IP address", "remote address", "login from", "peer"),
        "de": ("IP-Adresse",),
        "fr": ("adresse IP",),
        "es": ("direcci\xf3n IP",),
    },
    "MAC_ADDRESS": {"en": ("MAC", "MAC address", "device", "hwaddr"), "de": ("MAC-Adresse",)},
    "DATE_OF_BIRTH": {
        "en": ("date of birth", "DOB", "born on", "birthday", "birth date", "D.O.B."),
        "de": ("Geburtsdatum", "geboren am", "geb. am"),
        "fr": ("date de naissance", "n\xe9 le", "n\xe9e le"),
        "es": ("fecha de nacimiento", "nacido el"),
        "it": ("data di nascita", "nato il", "nata il"),
        "pt": ("data de nascimento", "nascido em"),
        "nl": ("geboortedatum", "geboren op"),
        "pl": ("data urodzenia",),
        "ru": ("\u0434\u0430\u0442\u0430 \u0440\u043e\u0436\u0434\u0435\u043d\u0438\u044f",),
        "zh": ("\u51fa\u751f\u65e5\u671f", "\u751f\u65e5"),
        "ja": ("\u751f\u5e74\u6708\u65e5",),
        "ko": ("\uc0dd\ub144\uc6d4\uc77c",),
        "tr": ("do\u011fum tarihi",),
    },
    "PASSPORT": {
        "en": ("passport", "passport number", "passport no.", "Passport #"),
        "de": ("Reisepass", "Reisepassnummer", "Passnummer"),
        "fr": ("passeport", "num\xe9ro de passeport"),
        "es": ("pasaporte", "n\xfamero de pasaporte"),
        "it": ("passaporto",),
        "pt": ("passaporte",),
        "nl": ("paspoortnummer",),
        "zh": ("\u62a4\u7167\u53f7",),
        "ru": ("\u0437\u0430\u0433\u0440\u0430\u043d\u043f\u0430\u0441\u043f\u043e\u0440\u0442",),
        "ja": ("\u65c5\u5238\u756a\u53f7",),
    },
    "MRZ": {"en": ("MRZ", "machine readable zone", "passport scan", "OCR")},
    "DRIVING_LICENCE": {
        "en": ("driver's license", "driving licence", "drivers license number", "DL#", "license no."),
        "de": ("F\xfchrerschein", "F\xfchrerscheinnummer"),
        "fr": ("permis de conduire",),
        "es": ("licencia de conducir",),
        "it": ("patente di guida",),
    },
    "CN_RESIDENT_ID": {
        "en": ("resident ID", "Chinese ID card"),
        "zh": ("\u8eab\u4efd\u8bc1\u53f7", "\u8eab\u4efd\u8bc1\u53f7\u7801"),
    },
    "DE_TAX_ID": {
        "en": ("German tax ID",),
        "de": ("Steuer-ID", "Steueridentifikationsnummer", "IdNr.", "Steuer-IdNr."),
    },
    "JP_MY_NUMBER": {"en": ("My Number",), "ja": ("\u30de\u30a4\u30ca\u30f3\u30d0\u30fc", "\u500b\u4eba\u756a\u53f7")},
    "IN_AADHAAR": {"en": ("Aadhaar", "Aadhaar number", "UIDAI no.", "aadhar card")},
    "IN_PAN": {"en": ("PAN", "PAN card", "Permanent Account Number", "income tax PAN")},
    "UK_NINO": {"en": ("NI number", "National Insurance number", "NINO", "NI no.")},
    "UK_NHS": {"en": ("NHS number", "NHS no.", "NHS")},
    "FR_NIR": {
        "en": ("French social security number",),
        "fr": ("num\xe9ro de s\xe9curit\xe9 sociale", "NIR", "n\xb0 s\xe9cu", "num\xe9ro INSEE"),
    },
    "IT_FISCAL_CODE": {"en": ("codice fiscale",), "it": ("codice fiscale", "C.F.", "cod. fiscale")},
    "BR_CPF": {"en": ("CPF",), "pt": ("CPF", "CPF n\xba", "cadastro de pessoa f\xedsica")},
    "CA_SIN": {"en": ("SIN", "Social Insurance Number", "social insurance no.")},
    "RU_INN": {"en": ("INN",), "ru": ("\u0418\u041d\u041d",)},
    "RU_SNILS": {"en": ("SNILS",), "ru": ("\u0421\u041d\u0418\u041b\u0421",)},
    "KR_RRN": {"en": ("resident registration number", "RRN"), "ko": ("\uc8fc\ubbfc\ub4f1\ub85d\ubc88\ud638",)},
    "ES_DNI": {"en": ("DNI", "NIE"), "es": ("DNI", "NIF", "documento de identidad")},
    "MX_CURP": {"en": ("CURP",), "es": ("CURP",)},
    "AU_TFN": {"en": ("TFN", "tax file number")},
    "MEDICAL_RECORD": {
        "en": ("MRN", "medical record number", "medical record no.", "patient MRN", "hospital number"),
        "de": ("Patientennummer",),
    },
    "CRYPTO_ADDRESS": {"en": ("wallet", "BTC address", "ETH", "send to", "payout address", "deposit address")},
}

# Sentences about a value: {cue} is what it is called, {v} the value.
SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "Please update the customer's record: {cue} {v}.",
        "I forgot to mention my {cue}: {v}",
        "Her {cue} is {v}, as she confirmed this morning.",
        "The form lists {cue}: {v}; the rest was empty.",
        "{cue}: {v}",
        "Could you check whether {cue} {v} is already in the system?",
        "We got {v} as {cue} from the applicant.",
        "Hi team,\n\nfor the ticket from yesterday: {cue} = {v}\n\nThanks, Sam",
    ),
    "de": (
        "Bitte aktualisieren Sie den Datensatz: {cue} {v}.",
        "Meine {cue} lautet {v}, vielen Dank.",
        "{cue}: {v}",
        "Im Formular steht {cue} {v}; der Rest fehlt noch.",
    ),
    "fr": (
        "Merci de mettre \xe0 jour le dossier : {cue} {v}.",
        "Voici mon {cue} : {v}",
        "{cue} : {v}",
        "Le client a indiqu\xe9 {cue} {v} dans le formulaire.",
    ),
    "es": (
        "Por favor, actualice el registro: {cue} {v}.",
        "Mi {cue} es {v}, gracias.",
        "{cue}: {v}",
        "El formulario indica {cue} {v} y nada m\xe1s.",
    ),
    "it": (
        "Si prega di aggiornare la scheda: {cue} {v}.",
        "{cue}: {v}",
        "Il cliente ha indicato {cue} {v} nel modulo.",
    ),
    "pt": ("Por favor atualize o cadastro: {cue} {v}.", "{cue}: {v}", "O cliente informou {cue} {v} no formul\xe1rio."),
    "nl": ("Werk het dossier bij: {cue} {v}.", "{cue}: {v}", "De klant gaf {cue} {v} op in het formulier."),
    "pl": ("Prosz\u0119 zaktualizowa\u0107 dane: {cue} {v}.", "{cue}: {v}"),
    "ru": (
        "\u041f\u043e\u0436\u0430\u043b\u0443\u0439\u0441\u0442\u0430, \u043e\u0431\u043d\u043e\u0432\u0438\u0442\u0435 \u0437\u0430\u043f\u0438\u0441\u044c: {cue} {v}.",
        "{cue}: {v}",
        "\u041a\u043b\u0438\u0435\u043d\u0442 \u0443\u043a\u0430\u0437\u0430\u043b {cue} {v} \u0432 \u0430\u043d\u043a\u0435\u0442\u0435.",
    ),
    "zh": (
        "\u8bf7\u66f4\u65b0\u5ba2\u6237\u8d44\u6599\uff1a{cue}{v}\u3002",
        "{cue}\uff1a{v}",
        "\u6211\u7684{cue}\u662f{v}\uff0c\u8c22\u8c22\u3002",
    ),
    "ja": (
        "\u304a\u5ba2\u69d8\u306e\u8a18\u9332\u3092\u66f4\u65b0\u3057\u3066\u304f\u3060\u3055\u3044\u3002{cue}\uff1a{v}",
        "{cue}\u306f {v} \u3067\u3059\u3002",
        "{cue}: {v}",
    ),
    "ko": (
        "\uace0\uac1d \uc815\ubcf4\ub97c \uc218\uc815\ud574 \uc8fc\uc138\uc694: {cue} {v}",
        "{cue}: {v}",
        "\uc81c {cue}\ub294 {v} \uc785\ub2c8\ub2e4.",
    ),
    "tr": ("L\xfctfen kayd\u0131 g\xfcncelleyin: {cue} {v}.", "{cue}: {v}"),
}
LANGUAGES: Final = tuple(SENTENCES)

# Clauses of everyday business without anything personal in them; two or three make a paragraph.
CLAUSES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "The quarterly report is ready for review.",
        "Delivery has moved to next week because of the holiday.",
        "The build failed twice and then passed without changes.",
        "Please ignore the previous error and retry.",
        "All invoices for March were booked.",
        "The passport renewal office opens at nine.",
        "Remember to rotate the logs before the upgrade.",
        "The new dashboard loads much faster now.",
        "Password resets take about five minutes.",
        "Nobody objected to the revised schedule.",
        "Our card game night is cancelled.",
        "The phone in the lobby is broken again.",
    ),
    "de": (
        "Der Quartalsbericht liegt zur Durchsicht bereit.",
        "Die Lieferung verschiebt sich auf n\xe4chste Woche.",
        "Bitte ignorieren Sie die vorige Fehlermeldung und versuchen Sie es erneut.",
        "Die Rechnungen f\xfcr M\xe4rz sind gebucht.",
        "Das Passwort kann im Portal ge\xe4ndert werden.",
        "Der Reisepass wird beim B\xfcrgeramt verl\xe4ngert.",
    ),
    "fr": (
        "Le rapport trimestriel est pr\xeat.",
        "La livraison est report\xe9e \xe0 la semaine prochaine.",
        "Veuillez ignorer le message pr\xe9c\xe9dent et r\xe9essayer.",
        "Les factures de mars sont comptabilis\xe9es.",
        "Le mot de passe se change dans le portail.",
        "La carte du restaurant a chang\xe9.",
    ),
    "es": (
        "El informe trimestral est\xe1 listo.",
        "La entrega se aplaza a la pr\xf3xima semana.",
        "Ignore el error anterior y vuelva a intentarlo.",
        "Las facturas de marzo est\xe1n registradas.",
        "La contrase\xf1a se cambia en el portal.",
    ),
    "it": (
        "Il rapporto trimestrale \xe8 pronto.",
        "La consegna \xe8 rinviata alla prossima settimana.",
        "Ignorare l'errore precedente e riprovare.",
        "Le fatture di marzo sono registrate.",
        "La password si cambia nel portale.",
    ),
    "pt": (
        "O relat\xf3rio trimestral est\xe1 pronto.",
        "A entrega foi adiada para a pr\xf3xima semana.",
        "Ignore o erro anterior e tente novamente.",
        "As faturas de mar\xe7o foram lan\xe7adas.",
    ),
    "nl": (
        "Het kwartaalrapport is klaar.",
        "De levering is verschoven naar volgende week.",
        "Negeer de vorige foutmelding en probeer het opnieuw.",
        "De facturen van maart zijn geboekt.",
    ),
    "pl": (
        "Raport kwartalny jest gotowy.",
        "Dostawa zosta\u0142a prze\u0142o\u017cona na przysz\u0142y tydzie\u0144.",
        "Prosz\u0119 zignorowa\u0107 poprzedni b\u0142\u0105d i spr\xf3bowa\u0107 ponownie.",
    ),
    "ru": (
        "\u041a\u0432\u0430\u0440\u0442\u0430\u043b\u044c\u043d\u044b\u0439 \u043e\u0442\u0447\u0451\u0442 \u0433\u043e\u0442\u043e\u0432.",
        "\u0414\u043e\u0441\u0442\u0430\u0432\u043a\u0430 \u043f\u0435\u0440\u0435\u043d\u0435\u0441\u0435\u043d\u0430 \u043d\u0430 \u0441\u043b\u0435\u0434\u0443\u044e\u0449\u0443\u044e \u043d\u0435\u0434\u0435\u043b\u044e.",
        "\u0418\u0433\u043d\u043e\u0440\u0438\u0440\u0443\u0439\u0442\u0435 \u043f\u0440\u0435\u0434\u044b\u0434\u0443\u0449\u0443\u044e \u043e\u0448\u0438\u0431\u043a\u0443 \u0438 \u043f\u043e\u0432\u0442\u043e\u0440\u0438\u0442\u0435 \u0437\u0430\u043f\u0440\u043e\u0441.",
    ),
    "zh": (
        "\u5b63\u5ea6\u62a5\u544a\u5df2\u7ecf\u51c6\u5907\u597d\u4e86\u3002",
        "\u4ea4\u8d27\u63a8\u8fdf\u5230\u4e0b\u5468\u3002",
        "\u8bf7\u5ffd\u7565\u4e0a\u4e00\u6761\u9519\u8bef\u4fe1\u606f\u5e76\u91cd\u8bd5\u3002",
        "\u4e09\u6708\u4efd\u7684\u53d1\u7968\u90fd\u5df2\u5165\u8d26\u3002",
    ),
    "ja": (
        "\u56db\u534a\u671f\u5831\u544a\u66f8\u306e\u6e96\u5099\u304c\u3067\u304d\u307e\u3057\u305f\u3002",
        "\u914d\u9001\u306f\u6765\u9031\u306b\u5ef6\u671f\u3055\u308c\u307e\u3057\u305f\u3002",
        "\u524d\u306e\u30a8\u30e9\u30fc\u306f\u7121\u8996\u3057\u3066\u518d\u8a66\u884c\u3057\u3066\u304f\u3060\u3055\u3044\u3002",
    ),
    "ko": (
        "\ubd84\uae30 \ubcf4\uace0\uc11c\uac00 \uc900\ube44\ub418\uc5c8\uc2b5\ub2c8\ub2e4.",
        "\ubc30\uc1a1\uc774 \ub2e4\uc74c \uc8fc\ub85c \uc5f0\uae30\ub418\uc5c8\uc2b5\ub2c8\ub2e4.",
        "\uc774\uc804 \uc624\ub958\ub294 \ubb34\uc2dc\ud558\uace0 \ub2e4\uc2dc \uc2dc\ub3c4\ud558\uc138\uc694.",
    ),
    "tr": (
        "\xdc\xe7 ayl\u0131k rapor haz\u0131r.",
        "Teslimat gelecek haftaya ertelendi.",
        "\xd6nceki hatay\u0131 yok say\u0131n ve tekrar deneyin.",
    ),
    "ar": (
        "\u0627\u0644\u062a\u0642\u0631\u064a\u0631 \u0627\u0644\u0641\u0635\u0644\u064a \u062c\u0627\u0647\u0632 \u0644\u0644\u0645\u0631\u0627\u062c\u0639\u0629.",
        "\u062a\u062c\u0627\u0647\u0644 \u0627\u0644\u062e\u0637\u0623 \u0627\u0644\u0633\u0627\u0628\u0642 \u0648\u062d\u0627\u0648\u0644 \u0645\u0631\u0629 \u0623\u062e\u0631\u0649.",
        "\u062a\u0645 \u062a\u0623\u062c\u064a\u0644 \u0627\u0644\u062a\u0633\u0644\u064a\u0645 \u0625\u0644\u0649 \u0627\u0644\u0623\u0633\u0628\u0648\u0639 \u0627\u0644\u0642\u0627\u062f\u0645.",
    ),
    "hi": (
        "\u0924\u093f\u092e\u093e\u0939\u0940 \u0930\u093f\u092a\u094b\u0930\u094d\u091f \u0924\u0948\u092f\u093e\u0930 \u0939\u0948\u0964",
        "\u092a\u093f\u091b\u0932\u0940 \u0924\u094d\u0930\u0941\u091f\u093f \u0915\u094b \u0905\u0928\u0926\u0947\u0916\u093e \u0915\u0930\u0947\u0902 \u0914\u0930 \u092a\u0941\u0928\u0903 \u092a\u094d\u0930\u092f\u093e\u0938 \u0915\u0930\u0947\u0902\u0964",
        "\u0921\u093f\u0932\u0940\u0935\u0930\u0940 \u0905\u0917\u0932\u0947 \u0938\u092a\u094d\u0924\u093e\u0939 \u0924\u0915 \u091f\u0932 \u0917\u0908 \u0939\u0948\u0964",
    ),
}


def cue(rng: random.Random, kind: str, language: str) -> str:
    """Return what ``kind`` is called in ``language``, or in English."""
    words = CUES[kind]
    return rng.choice(words.get(language, words["en"]))


def prose(rng: random.Random, language: str, clauses: int = 2) -> str:
    """Return a paragraph of everyday business."""
    known = CLAUSES[language]
    text = (" " if language not in {"zh", "ja"} else "").join(rng.sample(known, min(clauses, len(known))))
    return text + rng.choice(["", "", f" (#{rng.randint(2, 9999)})"])
