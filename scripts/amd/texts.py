"""What the corpus of scripts/amd-corpus says, and who says it.

A text is one string, or a tuple of sentences said with pauses between them. For the languages
named `recorded` a sentence is the name of one of Asterisk's recorded prompts; some of them stand
in for a greeting of the same length, since only the sound matters here.
"""

# speaker -> [(voice, language)]; one person in two engines stays one person.
SPEAKERS = {
    "kal": [("flite/kal", "en"), ("festival/kal_diphone", "en")],
    "slt": [("flite/slt", "en"), ("festival/cmu_us_slt_arctic_hts", "en")],
    "ked": [("festival/ked_diphone", "en")],
    "awb": [("flite/awb", "en")],
    "rms": [("flite/rms", "en")],
    "lp": [("festival/lp_diphone", "it")],
    "pc": [("festival/pc_diphone", "it")],
    "Allison": [("recorded/asterisk-core-sounds-en-wav", "recorded"), ("recorded/asterisk-core-sounds-es-wav", "recorded")],
    "June": [("recorded/asterisk-core-sounds-fr-wav", "recorded")],
    "Carlo": [("recorded/asterisk-core-sounds-it-wav", "recorded")],
    "IvrvoiceRU": [("recorded/asterisk-core-sounds-ru-wav", "recorded")],
    "es-co": [("recorded/asterisk-prompt-es-co", "recorded")],
    "Armelle": [("recorded/asterisk-prompt-fr-armelle", "recorded")],
    "Menardi": [("recorded/asterisk-prompt-it-menardi-wav", "recorded")],
}
# People who recorded single words for a children's game; a text for them is how many words a sentence has.
for language in ("ca", "el", "fr", "ru"):
    SPEAKERS[f"ktuberling-{language}"] = [(f"words/{language}", "words")]
for accent in ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-gb-x-gbclan"):
    for variant in ("m1", "m3", "m7", "f2", "f4"):
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es", "fr-fr", "de", "it", "pt-br", "ru", "pl"):
    for variant in ("m2", "m4", "f1", "f5"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

# A person, about a second.
SHORT = {
    "en": ["Hello?", "Hello.", "Hi.", "Yes?", "Yeah?", "Hello, hello?", "Yes, hello?", "Hi there.", "Hey.", "Good morning.",
           "Hello, who's this?", "Speaking.", "Peter Miller.", "Jones.", "Go ahead.", "This is Anna.", "Yep, hello?", "What's up?"],
    "es": ["¿Diga?", "¿Hola?", "¿Bueno?", "Sí, dígame."],
    "fr": ["Allô ?", "Oui, allô ?", "Oui ?", "Bonjour."],
    "de": ["Hallo?", "Müller.", "Ja, bitte?", "Schmidt, guten Tag."],
    "it": ["Pronto?", "Sì?", "Pronto, chi è?", "Buongiorno."],
    "pt": ["Alô?", "Oi.", "Pois não?", "Quem fala?"],
    "ru": ["Алло?", "Да?", "Слушаю.", "Да, алло."],
    "pl": ["Halo?", "Słucham?", "Tak?", "Dzień dobry."],
    "recorded": ["hello", "goodbye", "vm-goodbye", "im-sorry", "sorry", "auth-thankyou", "privacy-thankyou", "calling", "vm-message",
                 "number", "is-in-use", "vm-for", "vm-from", "vm-last"],
    "words": [(1,), (2,), (1,), (2,)],
}
# A person, one and a half to three and a half seconds.
LONG = {
    "en": ["Hello, this is Maria, who's calling please?", "Good morning, Peter Miller speaking.", "Hi, this is Dave, what can I do for you?",
           "Hello? Yes, this is she, who is this?", "The Johnson residence, Emily speaking.", "Hello, you're speaking with Robert.",
           "Good evening, this is Doctor Lee.", "Yes, hello, Tom here, I can barely hear you."],
    "es": ["Buenos días, habla María, ¿quién es?", "Hola, sí, soy yo, dígame usted."],
    "fr": ["Oui bonjour, ici Pierre Martin.", "Allô, bonjour, qui est à l'appareil ?"],
    "de": ["Guten Tag, hier spricht Anna Schneider.", "Hallo, Familie Weber, wer ist da bitte?"],
    "it": ["Pronto, buongiorno, con chi parlo?", "Sì, sono io, mi dica pure."],
    "pl": ["Dzień dobry, mówi Anna Kowalska.", "Halo, słucham, kto mówi?"],
    "recorded": ["one-moment-please", "queue-thankyou", "please-try-again", ("hello", "one-moment-please"), ("im-sorry", "please-try-again"),
                 "conf-onlyperson", "vm-nonumber", "agent-alreadyon"],
    "words": [(2, 1), (3,), (2,), (1, 2)],
}
# A person at work.
BUSINESS = {
    "en": ["Thank you for calling Harbor Dental, this is Kim, how can I help you?", "Acme Hardware, Susan speaking, how may I help?",
           "Good afternoon, Miller and Sons, how may I direct your call?", "Front desk, this is Carlos.",
           "City library, good morning, Janet speaking, what can I do for you?", "Bright Travel, you're speaking with Omar.",
           "Good morning, Lakeside Veterinary Clinic, can you hold please?", "Sales department, this is Nina, how are you today?"],
    "de": ["Autohaus Becker, guten Tag, mein Name ist Lehmann.", "Praxis Doktor Braun, was kann ich für Sie tun?"],
    "es": ["Gracias por llamar a Hotel Central, le atiende Laura.", "Ferretería García, buenos días, ¿en qué puedo ayudarle?"],
    "fr": ["Cabinet du docteur Morel, bonjour.", "Société Dupont, Claire à l'appareil, que puis-je pour vous ?"],
    "words": [(4,), (3, 2), (5,), (2, 3)],
}
# A voicemail greeting.
MACHINE = {
    "en": [("Hi, you've reached Tom.", "I can't come to the phone right now.", "Please leave your name and number after the beep, and I'll call you back."),
           ("Hello, you have reached the voicemail of Sarah Connor.", "Please leave a message after the tone."),
           ("You have reached the Wilson family.", "We are not at home right now.", "Leave a message and have a great day."),
           ("The person you are trying to reach is not available.", "At the tone, please record your message.", "When you have finished recording, you may hang up."),
           ("Hey, it's Mike, I'm not able to answer my phone at the moment.", "Leave me a message and I'll get back to you as soon as I can.", "Thanks."),
           ("Your call has been forwarded to an automated voice message system.", "Two zero two, five five five, zero one four three, is not available.", "Please leave a message."),
           ("This is the mailbox of Doctor Patel.", "If this is an emergency, hang up and dial nine one one.", "Otherwise leave a detailed message."),
           ("Hi, this is Jennifer with Sunrise Realty.", "I'm either on the other line or with a client.", "Please leave your name, number and a brief message."),
           ("Sorry we missed your call.", "We are out for the moment.", "Speak after the signal please."),
           ("Hello, this is Karen, I am away from my desk until Monday the fifth.", "For urgent matters, please call my colleague.", "Thank you and goodbye.")],
    "es": [("Hola, has llamado a Carlos.", "En este momento no puedo atenderte.", "Deja tu mensaje después de la señal."),
           ("El número que usted marcó no está disponible.", "Por favor deje su mensaje después del tono.")],
    "fr": [("Bonjour, vous êtes bien sur la messagerie de Paul.", "Je ne suis pas disponible.", "Laissez un message après le bip."),
           ("Votre correspondant n'est pas joignable pour le moment.", "Veuillez laisser un message après le signal sonore.")],
    "de": [("Hallo, hier ist der Anrufbeantworter von Familie Schulz.", "Wir sind leider nicht zu Hause.", "Bitte hinterlassen Sie eine Nachricht nach dem Ton."),
           ("Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar.", "Sie können nach dem Signal eine Nachricht hinterlassen.")],
    "it": [("Risponde la segreteria telefonica di Marco Rossi.", "In questo momento non sono in casa.", "Lasciate un messaggio dopo il segnale."),
           ("Il cliente da lei chiamato non è al momento raggiungibile.", "La preghiamo di lasciare un messaggio.")],
    "pt": [("Você ligou para Ana.", "Não posso atender agora.", "Deixe seu recado após o sinal."),
           ("Sua chamada está sendo encaminhada para a caixa postal.", "Grave seu recado após o sinal.")],
    "ru": [("Здравствуйте, вы позвонили Ивану.", "Сейчас я не могу ответить.", "Оставьте сообщение после сигнала."),
           ("Абонент не отвечает или временно недоступен.", "Пожалуйста, оставьте сообщение после сигнала.")],
    "pl": [("Dzień dobry, tu automatyczna sekretarka.", "Nie możemy teraz odebrać telefonu.", "Proszę zostawić wiadomość po sygnale."),
           ("Abonent jest chwilowo niedostępny.", "Prosimy zostawić wiadomość po usłyszeniu sygnału.")],
    "recorded": [("vm-theperson", "digits/4", "digits/2", "digits/7", "vm-isunavail", "vm-intro"), ("vm-rec-unv", "vm-intro"),
                 ("vm-intro", "vm-toreply"), ("vm-theperson", "digits/1", "digits/9", "digits/3", "vm-isonphone", "vm-intro"),
                 ("vm-tempgreeting", "vm-intro"), ("im-sorry", "vm-isunavail", "vm-intro")],
    "words": [(4, 5, 4), (3, 5, 5), (5, 4, 6), (2, 5, 5), (4, 6), (3, 3, 5)],
}
# A voicemail greeting hardly longer than a person's.
SHORT_MACHINE = {
    "en": ["Hi, it's Sam, leave a message.", "You know what to do after the beep.", "This is Joe's phone, leave me a message.",
           "Leave a message after the tone.", "Hey, can't talk now, text me.", "You've reached Lisa, please leave a message."],
    "de": ["Nachrichten bitte nach dem Ton.", "Hier ist Jens, sprecht mir was drauf."],
    "es": ["Soy Pedro, deja tu mensaje.", "Deje su mensaje después del tono."],
    "recorded": ["vm-intro", ("vm-isunavail", "vm-toreply"), "vm-theperson", ("vm-isonphone", "please-try-again")],
    "words": [(4,), (3,), (2, 2), (2, 1)],
}
# A company's machine: closed, or a menu.
BUSINESS_MACHINE = {
    "en": [("Thank you for calling Harbor Dental.", "Our office is currently closed.", "Our hours are Monday through Friday, nine to five."),
           ("Welcome to First National Bank.", "For English, press one.", "Para español, oprima el dos."),
           ("Thank you for calling Acme Hardware.", "If you know your party's extension, you may dial it at any time.", "For sales, press one."),
           ("Thanks for calling.", "All of our agents are busy helping other customers.", "Your call is important to us."),
           ("Hi, the person you are calling is using a screening service.", "Please state your name and why you are calling."),
           ("You have reached the law offices of Baker and Stone.", "This call may be recorded for quality purposes.", "Please listen to the following options.")],
    "de": [("Herzlich willkommen bei den Stadtwerken.", "Leider rufen Sie außerhalb unserer Geschäftszeiten an."),
           ("Guten Tag und vielen Dank für Ihren Anruf.", "Alle Mitarbeiter befinden sich zurzeit im Gespräch.")],
    "fr": [("Bonjour et bienvenue chez Dupont.", "Nos bureaux sont actuellement fermés.", "Merci de rappeler plus tard."),
           ("Tous nos conseillers sont en ligne.", "Veuillez patienter, nous allons prendre votre appel.")],
    "recorded": [("demo-congrats",), ("demo-instruct",), ("pls-hold-while-try", "to-call-this-number"), ("queue-youarenext", "queue-thankyou"),
                 ("tt-somethingwrong",), ("basic-pbx-ivr-main",)],
    "words": [(4, 5), (5, 4, 4), (3, 6), (6, 5)],
}
# The network says that it does not work.
CARRIER = {
    "en": [("The number you have dialed is not in service.", "Please check the number and dial again."),
           ("We're sorry, your call cannot be completed as dialed.", "Please hang up and try your call again."),
           ("The subscriber you have dialed is not available or has traveled outside the coverage area.", "Please try again later."),
           ("Welcome to Verizon Wireless.", "The wireless customer you are calling is not available.")],
    "es": [("El número que usted marcó no existe.", "Por favor verifíquelo y vuelva a llamar."),
           ("El teléfono al que llama está apagado o fuera de cobertura en este momento.",)],
    "de": [("Kein Anschluss unter dieser Nummer.", "Kein Anschluss unter dieser Nummer."), ("Die gewählte Rufnummer ist nicht vergeben.", "Bitte fragen Sie bei der Auskunft nach.")],
    "recorded": [("ss-noservice",), ("cannot-complete-as-dialed",), ("number-not-answering", "please-try-again"), ("feature-not-avail-line", "please-try-again"),
                 ("discon-or-out-of-service", "check-number-dial-again"), ("pbx-invalid", "please-try-again")],
    "words": [(5, 4), (6, 4), (4, 4), (7,)],
}
# What people say before a greeting of their own.
FIRST = {"en": ["Hi.", "Hello.", "Hey there.", "Hello, hello."], "es": ["Hola.", "Buenos días."], "fr": ["Bonjour.", "Salut."],
         "de": ["Hallo.", "Ja, hallo."], "it": ["Ciao.", "Salve."], "words": [(1,), (1,)], "recorded": ["hello", "im-sorry"]}

# The word a telephone is answered with in a language; half the short greetings are no more than that,
# and all parts of the corpus have them alike.
USUAL = {
    "en": ["Hello?", "Hello?", "Hello?", "Hello.", "Yes?", "Hi.", "Yeah?", "Hello?"],
    "es": ["¿Diga?", "¿Hola?", "¿Bueno?", "Hola."], "fr": ["Allô ?", "Oui ?", "Allô ?", "Allô."], "de": ["Hallo?", "Ja?", "Hallo?", "Hallo."],
    "it": ["Pronto?", "Sì?", "Pronto?", "Pronto."], "pt": ["Alô?", "Sim?", "Alô?", "Oi."], "ru": ["Алло?", "Да?", "Алло?", "Да."],
    "pl": ["Halo?", "Tak?", "Halo?", "Halo."], "nl": ["Hallo?", "Ja?", "Hallo?", "Hallo."], "cs": ["Prosím?", "Haló?", "Ano?", "Prosím."],
    "sv": ["Hallå?", "Ja?", "Hallå?", "Hej."], "fi": ["Haloo?", "Niin?", "Haloo?", "Hei."], "ca": ["Digui?", "Sí?", "Hola?", "Hola."],
}
