"""The part of the corpus that was `test` until its figures were known: tuned on since, as texts_drawn.py."""

# speaker -> [(voice, language)]
SPEAKERS = {"pico-gb": [("pico/en-GB", "en")], "pico-de": [("pico/de-DE", "de")], "pico-es": [("pico/es-ES", "es")],
            "alan": [("rhvoice/alan", "en")], "clb": [("rhvoice/clb", "en")], "evgeniy": [("rhvoice/evgeniy-eng", "en")],
            "aleksandr": [("rhvoice/aleksandr", "ru")], "irina": [("rhvoice/irina", "ru")], "natan": [("rhvoice/natan", "pl")],
            "nsk": [("festival/hindi_NSK_diphone", "hi")],
            "vikdon-uk": [("recorded/vikdon-uk", "recorded")], "salli": [("recorded/polly-en", "recorded")]}
for voices, language in ((("en1", "us2"), "en"), (("de6", "de7", "de8"), "de"), (("ca1", "ca2", "fr3"), "fr"), (("mx1", "mx2", "vz1"), "es"), (("it3", "it4"), "it"),
                         (("br4", "pt1"), "pt"), (("nl3",), "nl"), (("sw2",), "sv"), (("cz2",), "cs"), (("tr2",), "tr"), (("ro1",), "ro"), (("hu1",), "hu")):
    for voice in voices:
        SPEAKERS[f"mbrola-{voice}"] = [(f"mbrola/{voice}", language)]
# People who recorded words, names of things and syllables for children's games.
for language in ("it", "nl", "ro", "sv", "nn", "sr"):
    SPEAKERS[f"ktuberling-{language}"] = [(f"words/{language}", "words")]
for language in ("bg", "ro"):
    SPEAKERS[f"tuxpaint-{language}"] = [(f"words/tuxpaint-{language}", "words")]
for language in ("cs", "hu", "he", "nb", "tn", "nl", "it", "ml"):
    SPEAKERS[f"klettres-{language}"] = [(f"words/klettres-{language}", "words")]
for accent in ("en-us", "en-gb", "en-029", "en-gb-scotland"):
    for variant in ("Denis", "Hugo", "Jacky", "Marco", "Mario", "Nguyen", "anika", "antonio", "belinda", "ed", "gustave", "iven", "klatt4", "miguel", "norbert", "quincy", "rob", "travis", "victor", "zac", "grandma", "m6"):
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es-419", "fr-ch", "de", "it", "pt", "ru", "pl", "nl", "cs", "sv", "tr", "ro", "hu"):
    for variant in ("Jacky", "anika", "Mario", "klatt5", "rob", "belinda"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

FILL = {
    "name": {"en": "Oliver Grace Henry Sophie Nathan Zoe Walter Priscilla Gavin Naomi".split(), "de": "Lukas Heike Uwe Monika Florian".split(), "es": "Javier Beatriz Raúl Teresa".split(),
             "fr": "Antoine Sylvie Thierry Léa".split(), "it": "Davide Federica Giorgio Alessia".split(), "pt": "Tiago Mariana Ricardo Sofia".split(), "nl": "Joost Saskia Hendrik Lotte".split()},
    "last": {"en": "Hughes Patterson Sullivan Bennett Reynolds Foster Graham Ellis Chapman Dixon".split(), "de": "Krüger Zimmermann Lange Schmitt Vogel".split(), "es": "Castro Ortega Delgado Vega".split(),
             "fr": "Girard Mercier Blanc Chevalier".split(), "it": "Gallo Mancini Lombardi Barbieri".split(), "pt": "Carvalho Teixeira Rocha Nunes".split(), "nl": "Van Dijk|Kok|Dekker|Brouwer".split("|")},
    "firm": {"en": "Maple Street Bakery|Coastal Windows|Redwood Credit Union|Hilltop Animal Hospital|Crown Cleaning|Eastgate Furniture|Beacon Law|Valley Orthopedics".split("|"),
             "de": "Zahnarztpraxis Vogel|Blumen Lange|Reisebüro Sonnenschein|Elektro Krüger".split("|"), "es": "Librería Castro|Seguros Atlántico|Restaurante La Plaza".split("|"),
             "fr": "Boulangerie Mercier|Assurances Girard|Clinique des Lilas".split("|"), "it": "Pizzeria Gallo|Assicurazioni Lombardi".split("|"), "pt": "Padaria Rocha|Seguros Atlântico".split("|"), "nl": "Fietsen Dekker|Bloemen Kok".split("|")},
}

SHORT = {
    "en": ["{last} residence.", "{name}?", "{last}, hi.", "Hello, you've got {name}.", "Yes, it's {name}.", "Yes, go ahead.", "Hello, who's speaking?", "Hey, it's me.", "Ah, hello.", "Uh huh?", "Talk to me.", "Is that you?",
           "I'm here.", "{name} is here.", "Evening.", "Yes, hi there.", "Howdy.", "Hello, anybody there?", "Yo.", "{name} {last}, hello."],
    "de": ["{last}, ja bitte?", "Hier {name}.", "Ja, wer ist da?", "Servus.", "Hallo, {last}.", "Ja, am Apparat."], "es": ["Sí, ¿quién habla?", "Bueno, sí.", "Aquí {name}.", "Hola, {name}."],
    "fr": ["Oui, c'est moi.", "Allô, j'écoute.", "{name}, bonjour.", "Oui, {last}."], "it": ["Pronto, chi parla?", "{last}.", "Eccomi.", "Sì, chi è?"], "pt": ["Fala.", "Sim, quem é?", "{name}, bom dia.", "Está lá?"],
    "nl": ["Hallo, met {name}.", "Ja, hallo met {last}.", "Met wie?", "Hallo daar."], "ru": ["Да, я слушаю.", "Кто говорит?", "Алло, говорите."], "pl": ["Tak, kto mówi?", "Wiśniewski.", "Halo, tak?"],
    "cs": ["Ano, slyším.", "Dvořák.", "Kdo volá?"], "sv": ["Ja, hej.", "Nilsson.", "Det är Eva."], "tr": ["Buyurun.", "Alo, kimsiniz?", "Ayşe."], "ro": ["Alo, da?", "Cine e?", "Popescu.", "Vă ascult."],
    "hu": ["Halló, tessék?", "Ki az?", "Nagy.", "Jó napot."], "hi": ["हाँ जी?", "कौन बोल रहा है?", "नमस्ते।", "बोलिए।"],
    "recorded": ["vm-incorrect", "vm-received", "vm-Old", "vm-nomore", "spy-agent", "spy-mobile", "conf-muted", "conf-errormenu", "vm-messages", "digits/11", "digits/17", "digits/today", "digits/h-7", "vm-press", "telephone-number", "do-not-disturb", "agent-loginok"],
    "words": [(1,), (2,), (1,)],
}
LONG = {
    "en": ["Hello, {last} household, {name} here.", "Hi, you're talking to {name}, how can I help?", "Hello, good morning, who have I got there?", "Yes, this is {name} {last}, and you are?", "Hi, hang on, let me turn this off.", "Hello? Hello, is somebody there?"],
    "de": ["Ja, hallo, wer ist denn am Telefon?", "Schönen guten Tag, {name} {last}.", "Hier bei {last}, hallo?"], "es": ["¿Hola? ¿Con quién tengo el gusto?", "Sí, al habla {name} {last}."], "fr": ["Bonjour, vous êtes chez {last}, j'écoute.", "Oui allô, à qui ai-je l'honneur ?"],
    "it": ["Sì, buonasera, chi parla, scusi?", "Pronto, qui {name} {last}."], "pt": ["Bom dia, daqui fala a {name}.", "Alô, sim, com quem eu falo?"], "nl": ["Met het huis van {last}, goedenavond.", "Ja goeiedag, met wie spreek ik?"],
    "ru": ["Здравствуйте, Ольга слушает, кто это?"], "pl": ["Słucham, Tomasz Wiśniewski przy telefonie."], "cs": ["Haló, u telefonu Petr Dvořák."], "sv": ["Hallå, det är Eva Nilsson som talar."], "tr": ["Alo, ben Ayşe, kiminle konuşuyorum?"],
    "ro": ["Alo, bună ziua, cine este la telefon?"], "hu": ["Halló, itt Nagy Péter beszél, ki az?"], "hi": ["नमस्ते, मैं राम बोल रहा हूँ, आप कौन?"],
    "recorded": ["vm-calldiffnum", "conf-getpin", "agent-pass", "vm-invalidpassword", "dir-nomatch", "vm-reachoper", "pls-try-call-later", "simul-call-limit-reached", "tt-monkeysintro", "vm-torerecord"],
    "words": [(3,), (2, 1), (1, 2)],
}
BUSINESS = {
    "en": ["{firm}, {name} speaking, what can I get you?", "Good day, you've called {firm}, my name is {name}.", "{firm}, good evening, how can we help?", "Purchasing, {name} {last} here.", "Hello and thanks for ringing {firm}, {name} speaking."],
    "de": ["{firm}, {last}, schönen guten Tag.", "{firm}, Sie sprechen mit {name}, wie kann ich helfen?"], "es": ["{firm}, buenas tardes, soy {name}.", "Le saluda {name} de {firm}, a la orden."], "fr": ["{firm}, {name} à l'appareil, bonjour.", "Accueil, bonjour, que désirez-vous ?"],
    "it": ["{firm}, buongiorno, mi dica."], "pt": ["{firm}, boa tarde, fala a {name}."], "nl": ["{firm}, u spreekt met {name}."], "ru": ["Ресторан Волга, добрый день, слушаю вас."], "pl": ["Księgarnia Atlas, dzień dobry, w czym pomóc?"],
    "ro": ["Florăria Trandafir, bună ziua, cu ce vă pot ajuta?"], "hu": ["Kovács pékség, jó napot kívánok, miben segíthetek?"], "words": [(4,), (3, 2), (5,)],
}
OPENING = {
    "en": ["Hi, {name} can't pick up at the moment.", "Welcome to the voicemail of {name} {last}.", "Hiya, it's {name}, you've just missed me.", "You've called {name} {last} of {firm}.", "Hello, this is the answering machine of the {last} family.", "The mobile customer you have dialled is unavailable.",
           "This is an automated voicemail service for {digit} {digit} {digit} {digit}.", "Hello caller, {name} is busy.", "Good afternoon, {name} {last} is out of the office.", "Well, hello there, this is {name}.", "The owner of this mailbox can't talk to you now.", "Hi, so I'm not picking up."],
    "de": ["Guten Tag, dies ist der Anrufbeantworter von {name} {last}.", "Hi, {name} ist gerade beschäftigt.", "Sie sind mit der Sprachbox von {last} verbunden."], "es": ["Buenas, has llamado a {name} {last}.", "Está llamando al buzón de {name}.", "El usuario no puede atender su llamada."],
    "fr": ["Bonjour, {name} {last} ne peut pas vous répondre.", "La personne que vous appelez est occupée.", "Coucou, c'est bien {name}."], "it": ["Buongiorno, avete raggiunto {name} {last}.", "La persona chiamata è occupata."], "pt": ["Bom dia, ligou para {name} {last}.", "O cliente não pode atender."],
    "nl": ["Goedendag, dit is het antwoordapparaat van {last}.", "Hoi, je belt met {name}."], "ru": ["Вы дозвонились до голосовой почты.", "Добрый день, Ольги нет на месте."], "pl": ["Tu automat telefoniczny rodziny Wiśniewskich."], "cs": ["Volaný účastník není dostupný.", "Tady hlasová schránka Petra."],
    "sv": ["Välkommen till Evas röstbrevlåda."], "tr": ["Selam, ben Ayşe, şu an müsait değilim."], "ro": ["Bună, ați sunat la familia Popescu.", "Abonatul nu poate fi contactat."], "hu": ["Üdvözlöm, ez Nagy Péter hangpostája.", "A hívott szám nem elérhető."], "hi": ["आप जिस व्यक्ति को फोन कर रहे हैं वह व्यस्त है।"],
}
REASON = {"en": ["I'm out and about.", "Nobody is free to speak with you.", "I must be busy, or asleep.", "I will be travelling all week."], "de": ["Ich kann gerade nicht ans Telefon gehen."], "es": ["Estoy fuera de la oficina."], "fr": ["Je suis en réunion."], "it": ["Sono in viaggio."], "pt": ["Estou em viagem."], "nl": ["Ik zit in een vergadering."]}
REQUEST = {"en": ["Say something nice after the tone.", "Kindly leave word and we shall return your call.", "Drop me an email, or speak now.", "Hang up, or hold to leave a recording."], "de": ["Eine kurze Nachricht genügt, danke."], "es": ["Díganos qué necesita al oír el tono."], "fr": ["Dites-moi tout après le signal."], "it": ["Dite pure dopo il segnale acustico."],
           "pt": ["Fale depois do toque, por favor."], "nl": ["Praat na de pieptoon."], "ru": ["Скажите всё после сигнала, спасибо."], "pl": ["Mów po usłyszeniu dźwięku."], "cs": ["Mluvte po zaznění signálu."], "sv": ["Prata efter signalen, tack."], "tr": ["Bip sesinden sonra konuşun."], "ro": ["Lăsați un mesaj după semnal."], "hu": ["A sípszó után hagyjon üzenetet."], "hi": ["कृपया संदेश छोड़ें।"]}
MACHINE = {
    "recorded": [("vm-incorrect-mailbox", "vm-newpassword", "vm-reachoper"), ("conf-getconfno", "conf-invalidpin"), ("vm-rec-temp", "vm-tohearenv"), ("vm-rec-busy", "vm-review"), ("vm-whichbox", "vm-nobox"), ("vm-tempgreeting2",), ("confbridge-pin", "confbridge-pin-bad"), ("vm-opts", "vm-helpexit")],
    "words": [(4, 5, 4), (5, 4), (3, 5, 5), (6, 4), (2, 5, 5)],
}
SHORT_MACHINE = {
    "en": ["Message for {name} after the beep.", "{name} is out, say something.", "Speak after the tone, please.", "Nobody home, you can leave word.", "Hello, {name}'s phone, go ahead after the beep."],
    "de": ["{name} ist nicht da, sprich drauf.", "Jetzt einfach losreden."], "es": ["No hay nadie, deje recado."], "fr": ["Un message pour {name}, après le bip."], "it": ["Parlate dopo il segnale."], "pt": ["Fale depois do bip."], "nl": ["Na de toon inspreken."], "ro": ["Lăsați un mesaj, vă rog."],
    "recorded": ["conf-waitforleader", "vm-rec-name", "vm-delete", "vm-prev"], "words": [(3,), (4,), (2, 2)],
}
BUSINESS_MACHINE = {
    "en": [("{firm} is now closed.", "We open again at half past eight."), ("Hi there, and thank you for choosing {firm}.", "Press one for opening times."), ("Hello.", "You are through to {firm}.", "All our staff are on other calls."), ("Your estimated waiting time is {digit} minutes.", "Thank you for your patience."),
           ("Before we connect you, tell us your name.", "Then wait for the tone."), ("For quality and training, calls are recorded.", "To continue, press any key.")],
    "de": [("{firm}, unsere Sprechstunde ist beendet.", "Bitte rufen Sie morgen wieder an."), ("Guten Tag.", "Sie werden gleich verbunden.")], "es": [("Usted se ha comunicado con {firm}.", "Espere un momento, por favor."),], "fr": [("{firm} vous souhaite la bienvenue.", "Appuyez sur une touche.")],
    "it": [("Grazie per aver chiamato {firm}.", "Digitare uno per le informazioni.")], "pt": [("Obrigado por ligar para {firm}.", "Estamos encerrados.")], "nl": [("Bedankt voor het bellen met {firm}.", "Een moment geduld.")], "ru": [("Спасибо за звонок.", "Ваш вызов очень важен для нас.")], "ro": [("Bine ați venit la bancă.", "Apăsați tasta unu.")],
    "recorded": [("queue-thereare", "digits/4", "queue-callswaiting"), ("queue-periodic-announce",), ("demo-nogo",), ("dir-welcome", "dir-usingkeypad"), ("demo-moreinfo",), ("vm-record-prepend",), ("demo-thanks",)], "words": [(4, 5), (5, 4, 4), (6, 5)],
}
CARRIER = {
    "en": [("It has not been possible to connect your call.", "Please try later."), ("The number you are calling is no longer assigned.", "Please consult the directory."), ("The cellular customer is out of range or has switched off.",), ("Calls to this destination are barred.", "You have not been charged.")],
    "de": [("Ihr Gespräch kann zurzeit nicht vermittelt werden.", "Bitte rufen Sie später an.")], "es": [("Lo sentimos, la línea está suspendida.", "Intente de nuevo más tarde.")], "fr": [("Votre correspondant a changé de numéro.", "Consultez l'annuaire.")], "it": [("La linea non è attiva.", "Si prega di riprovare.")], "pt": [("A chamada não pode ser completada.", "Tente mais tarde.")],
    "nl": [("De abonnee is op dit moment niet bereikbaar.",)], "pl": [("Wybrany numer nie istnieje.", "Sprawdź numer i zadzwoń ponownie.")], "ru": [("Набранный вами номер не существует.",)], "tr": [("Aradığınız numara kullanılmamaktadır.",)], "ro": [("Numărul apelat nu este alocat.", "Vă rugăm verificați numărul.")], "hu": [("A hívott szám jelenleg nem kapcsolható.",)],
    "recorded": [("pls-try-call-later", "info-about-last-call"), ("unidentified-no-callback",), ("privacy-unident",), ("simul-call-limit-reached", "pls-try-call-later"), ("vm-mismatch",), ("something-terribly-wrong", "vm-pls-try-again")], "words": [(5, 4), (6, 4), (4, 4)],
}
FIRST = {"en": ["Hello.", "Hiya.", "Well, hello.", "Good afternoon.", "Hi."], "de": ["Hallo.", "Moin."], "es": ["Hola.", "Muy buenas."], "fr": ["Bonsoir.", "Bonjour."], "it": ["Ciao."], "pt": ["Olá."], "nl": ["Dag."], "ru": ["Добрый день."], "ro": ["Bună ziua."], "words": [(1,)], "recorded": ["vm-received", "conf-muted"]}
USUAL = {"ro": ["Alo?", "Da?", "Alo?", "Alo."], "hu": ["Halló?", "Igen?", "Halló?", "Tessék?"], "hi": ["हैलो?", "हाँ?", "हैलो?", "हैलो।"]}
