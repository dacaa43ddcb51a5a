"""The part of the corpus that was `test` until its errors had been looked at: tuned on since, as texts.py."""

# speaker -> [(voice, language)]
SPEAKERS = {
    "dita": [("festival/czech_dita", "cs")],
    "machac": [("festival/czech_machac", "cs")],
    "krb": [("festival/czech_krb", "cs")],
    "ph": [("festival/czech_ph", "cs")],
    "lj": [("festival/suo_fi_lj_diphone", "fi")],
    "mv": [("festival/hy_fi_mv_diphone", "fi")],
    "ona": [("festival/upc_ca_ona_hts", "ca")],
    "nsh": [("festival/msu_ru_nsh_clunits", "ru")],
    "beronet-de": [("recorded/beronet-de", "recorded")],
    "wehup-pt": [("recorded/wehup-pt", "recorded")],
}
# People who recorded single words for a children's game.
for language in ("da", "de", "en", "gl", "lt", "sl", "uk", "wa"):
    SPEAKERS[f"ktuberling-{language}"] = [(f"words/{language}", "words")]
for accent in ("en-us-nyc", "en-gb-x-gbcwmd", "en-us", "en-gb", "en-gb-scotland"):
    for variant in ("alex", "Andrea", "Annie", "benjamin", "david", "edward", "linda", "marcelo", "m5", "steph", "f3"):
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es-419", "fr-be", "de", "it", "pt", "ru", "pl", "nl", "cs", "sv"):
    for variant in ("michael", "max", "lee", "paul", "steph2", "f3"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

SHORT = {
    "en": ["Hey, hello?", "Who is it?", "Hello, yes?", "Good afternoon.", "Karen Brooks.", "Yes, speaking.", "This is he.", "Hiya.",
           "Robinson.", "Hang on.", "Uh, hello?", "Can I help you?", "It's Daniel.", "Well hello."],
    "es": ["¿Quién es?", "Mande.", "¿Sí, bueno?"],
    "fr": ["Qui est-ce ?", "Oui, bonjour.", "J'écoute."],
    "de": ["Wer ist da?", "Hoffmann.", "Ja, hallo?"],
    "it": ["Chi parla?", "Sì, pronto?", "Mi dica."],
    "pt": ["Quem é?", "Alô, sim?", "Bom dia."],
    "ru": ["Кто это?", "Говорите.", "Алло, да?"],
    "pl": ["Kto mówi?", "Tak, słucham?", "Nowak."],
    "nl": ["Met Jan.", "Ja, hallo?", "De Vries."],
    "cs": ["Kdo je tam?", "Ano, prosím?", "Novák."],
    "sv": ["Vem är det?", "Ja, hallå?", "Lindberg."],
    "fi": ["Kuka siellä?", "Virtanen.", "Niin, haloo?"],
    "ca": ["Qui és?", "Sí, digui?", "Bon dia."],
    "recorded": ["vm-sorry", "vm-no", "activated", "vm-Family", "vm-Friends", "vm-Work", "vm-saved", "vm-undeleted", "vm-deleted", "invalid", "afternoon"],
    "words": [(1,), (2,)],
}
LONG = {
    "en": ["Hi, Linda here, who am I talking to?", "Good afternoon, Frank Cooper on the line.", "Hello, you have got Susan, go ahead.",
           "Yes? Sorry, who did you say you are?", "Hello, the Parkers, this is Ben.", "Hello, it's grandma, is that you?"],
    "es": ["Hola, buenas tardes, ¿quién llama?", "Sí, soy Lucía, ¿de parte de quién?"],
    "fr": ["Allô oui, Sophie à l'appareil.", "Bonsoir, c'est de la part de qui ?"],
    "de": ["Ja, guten Abend, Hoffmann am Apparat.", "Hallo, wer spricht denn da bitte?"],
    "it": ["Pronto, sono Giulia, chi è che parla?", "Buonasera, casa Ferrari, mi dica."],
    "nl": ["Goedemorgen, u spreekt met Anneke.", "Hallo, met wie spreek ik?"],
    "cs": ["Dobrý den, tady Jana Nováková.", "Prosím, kdo volá?"],
    "fi": ["Hyvää päivää, Matti Virtanen puhelimessa.", "Haloo, kuka siellä soittaa?"],
    "ru": ["Добрый вечер, это Сергей, кто говорит?"],
    "ca": ["Bon dia, sóc la Marta, qui truca?"],
    "recorded": ["vm-isonphone", "vm-isunavail", "pbx-invalidpark", "privacy-thankyou", "vm-passchanged", "vm-msgsaved", "agent-loggedoff", "conf-onlyone", "vm-tooshort"],
    "words": [(2, 1), (3,), (2,)],
}
BUSINESS = {
    "en": ["Riverside Garage, Tony speaking, what can I do for you?", "Good morning, Doctor Allen's office, how can I help?",
           "Reception, Julia here.", "Thanks for calling Blue Moon Pizza, will this be pickup or delivery?",
           "Customer service, my name is Ahmed, how may I help you today?", "Northern Insurance, good afternoon, who would you like to speak to?"],
    "de": ["Bäckerei Wagner, schönen guten Morgen.", "Kundendienst, Sie sprechen mit Frau Keller."],
    "es": ["Clínica San José, habla Marta, ¿en qué le ayudo?", "Taller Gómez, buenas tardes."],
    "fr": ["Garage Lambert, bonjour, je vous écoute."],
    "nl": ["Fietsenwinkel Bakker, goedemiddag, waarmee kan ik u helpen?"],
    "cs": ["Hotel Praha, dobrý den, jak vám mohu pomoci?"],
    "fi": ["Kauppahuone Virtanen, hyvää päivää."],
    "words": [(4,), (3, 2)],
}
MACHINE = {
    "en": [("Hi there, this is Rachel.", "I missed your call.", "Tell me what you need and I will ring you back tonight."),
           ("Hello, this is the Thompson household.", "Nobody can take your call.", "Leave word after the beep."),
           ("You have reached five five five, zero one seven six.", "Record your message after the tone."),
           ("The mailbox belonging to Steven Clark is not able to answer.", "To leave a voice message, stay on the line.", "To page this person, press five."),
           ("Good day, you are through to George.", "I am driving at the moment.", "Send a text or leave a message."),
           ("The customer you are calling cannot take your call.", "Please leave a message after the signal, or try later."),
           ("Hi, it's Priya.", "I'm in a meeting or away from my phone.", "Leave your details and I'll get straight back to you."),
           ("Welcome to the voice mailbox of extension four zero two.", "Please speak after the tone.")],
    "es": [("Ha llamado a la familia Ortega.", "Ahora no estamos en casa.", "Grabe su mensaje al oír la señal."),
           ("Buzón de voz.", "La persona con la que desea hablar no contesta.", "Deje su recado.")],
    "fr": [("Vous avez joint le répondeur de Claire.", "Je vous rappelle dès que possible.", "Parlez après le bip sonore.")],
    "de": [("Guten Tag, Sie haben die Mailbox von Markus erreicht.", "Ich rufe gern zurück.", "Sprechen Sie nach dem Piepton."),
           ("Ihr Anruf wurde auf eine Sprachbox umgeleitet.", "Bitte sprechen Sie jetzt.")],
    "it": [("Ciao, sono Elena.", "Non posso rispondere adesso.", "Lasciami un messaggio e ti richiamo.")],
    "pt": [("Olá, aqui é o Bruno.", "Não estou disponível neste momento.", "Depois do bip, deixe a sua mensagem.")],
    "ru": [("Это автоответчик.", "Мы вернёмся через неделю.", "Говорите после гудка, пожалуйста.")],
    "pl": [("Tu poczta głosowa Piotra.", "Oddzwonię, gdy tylko będę mógł.", "Nagraj się po sygnale.")],
    "nl": [("Hallo, dit is de voicemail van Jan de Vries.", "Ik kan nu niet opnemen.", "Spreek een bericht in na de piep.")],
    "cs": [("Dobrý den, dovolali jste se do hlasové schránky.", "Nyní nejsem k dispozici.", "Zanechte prosím vzkaz po zaznění tónu.")],
    "sv": [("Hej, du har kommit till Karin.", "Jag kan inte svara just nu.", "Lämna ett meddelande efter tonen.")],
    "fi": [("Hei, tämä on Matin vastaaja.", "En pääse nyt puhelimeen.", "Jätä viesti äänimerkin jälkeen.")],
    "ca": [("Hola, has trucat a la Marta.", "Ara no puc atendre't.", "Deixa el teu missatge després del senyal.")],
    "recorded": [("vm-nobodyavail", "vm-leavemsg"), ("vm-theperson", "digits/5", "digits/8", "digits/3", "vm-isunavail", "vm-leavemsg"),
                 ("vm-theperson", "digits/6", "digits/1", "vm-isonphone", "vm-leavemsg"), ("vm-nobodyavail", "vm-intro", "vm-goodbye"),
                 ("vm-isunavail", "vm-leavemsg", "vm-then-pound")],
    "words": [(4, 5, 4), (3, 5, 5), (5, 4, 6), (2, 5, 5), (4, 6)],
}
SHORT_MACHINE = {
    "en": ["This is Nick, talk to me after the tone.", "Not here, leave a message.", "Wait for the beep and speak.", "Hi, you got Amy, leave a message."],
    "de": ["Sprechen Sie nach dem Signalton.", "Mailbox von Tina, bitte sprechen."],
    "es": ["Habla después de la señal."],
    "nl": ["Spreek in na de piep."],
    "cs": ["Nechte vzkaz po tónu."],
    "fi": ["Jätä viesti äänimerkin jälkeen."],
    "recorded": ["vm-leavemsg", "vm-isunavail", ("vm-isonphone", "vm-leavemsg"), "vm-intro"],
    "words": [(4,), (3,), (2, 2)],
}
BUSINESS_MACHINE = {
    "en": [("Welcome to Summit Electric.", "If you are calling about a power cut, press one.", "For billing, press two."),
           ("You have called Oakwood Medical Centre.", "The surgery is closed until eight tomorrow morning.", "If it is urgent, call the out of hours service."),
           ("Hello, and thank you for holding.", "You are number four in the queue."),
           ("This call is being screened.", "Say your name after the tone, and hold while we find the person."),
           ("Thank you for calling the Blue Moon Hotel.", "To make a reservation, say reservation.", "For anything else, stay on the line.")],
    "de": [("Willkommen bei der Sparkasse.", "Bitte nennen Sie Ihr Anliegen."), ("Sie rufen außerhalb der Sprechzeiten an.", "Im Notfall wählen Sie bitte die eins eins zwei.")],
    "fr": [("Votre appel va être pris en charge.", "Le temps d'attente est de cinq minutes.")],
    "nl": [("Welkom bij de gemeente.", "Voor een paspoort, toets één."),],
    "cs": [("Vítejte na lince banky.", "Pro informace stiskněte jedničku.")],
    "fi": [("Tervetuloa asiakaspalveluun.", "Kaikki linjat ovat juuri nyt varattuja.")],
    "recorded": [("queue-thankyou", "queue-youarenext"), ("demo-enterkeywords",), ("dir-intro",), ("dir-instr",), ("vm-options",), ("conf-usermenu",), ("tt-allbusy", "queue-thankyou")],
    "words": [(4, 5), (5, 4, 4)],
}
CARRIER = {
    "en": [("The mobile phone you have called is switched off.", "Please try again later."),
           ("Sorry, the number you dialled has not been recognised.", "Please check and try again."),
           ("All lines to the place you are calling are busy.", "Please hang up and call again in a few minutes."),
           ("At the customer's request, this number does not accept incoming calls.",)],
    "es": [("Este número ha sido dado de baja.", "Consulte la guía o llame a información.")],
    "de": [("Dieser Anschluss ist vorübergehend nicht erreichbar.", "Bitte versuchen Sie es später noch einmal.")],
    "cs": [("Volané číslo neexistuje.", "Zkontrolujte číslo a volejte znovu.")],
    "fi": [("Valitsemaanne numeroon ei juuri nyt saada yhteyttä.", "Yrittäkää myöhemmin uudelleen.")],
    "nl": [("Het nummer dat u heeft gekozen is niet in gebruik.",)],
    "recorded": [("ss-noservice",), ("pbx-invalid",), ("all-circuits-busy-now", "pbx-invalid"), ("tt-somethingwrong",), ("an-error-has-occured", "ss-noservice")],
    "words": [(5, 4), (6, 4)],
}
FIRST = {"en": ["Hi there.", "Hello.", "Good day.", "Hey."], "es": ["Buenas."], "de": ["Guten Tag."], "cs": ["Dobrý den."],
         "fi": ["Hei."], "nl": ["Hoi."], "words": [(1,)], "recorded": ["hello-world", "vm-sorry", "vm-Work"]}
