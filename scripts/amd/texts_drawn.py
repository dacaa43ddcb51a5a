"""More of what the parts of the corpus that may be tuned on say, and who says it: sentences with places to
fill, and greetings of machines put together from an opening, perhaps a reason, and a request."""

# speaker -> [(voice, language)]
SPEAKERS = {"pico-us": [("pico/en-US", "en")], "pico-fr": [("pico/fr-FR", "fr")], "pico-it": [("pico/it-IT", "it")],
            "bdl": [("rhvoice/bdl", "en")], "anna": [("rhvoice/anna", "ru")], "elena": [("rhvoice/elena", "ru")],
            "magda": [("rhvoice/magda", "pl")], "leticia": [("rhvoice/Leticia-F123", "pt")]}
for voices, language in ((("us1", "us3"), "en"), (("de1", "de2", "de3", "de4", "de5"), "de"), (("fr1", "fr2", "fr4", "fr5"), "fr"),
                         (("es1", "es2", "es3", "es4"), "es"), (("it1", "it2"), "it"), (("br1", "br2", "br3"), "pt"), (("nl1", "nl2"), "nl"),
                         (("sw1",), "sv"), (("cz1",), "cs"), (("pl1",), "pl"), (("tr1",), "tr")):
    for voice in voices:
        SPEAKERS[f"mbrola-{voice}"] = [(f"mbrola/{voice}", language)]
# More people who recorded single words, letters and names of things for children's games.
for language in ("fi", "ga", "nds", "pt"):
    SPEAKERS[f"ktuberling-{language}"] = [(f"words/{language}", "words")]
for language in ("es", "fr", "ca", "be", "da", "el", "ru", "en"):
    SPEAKERS[f"tuxpaint-{language}"] = [(f"words/tuxpaint-{language}", "words")]
for language in ("en", "en_GB", "es", "fr", "de", "da", "ru", "uk", "lt", "nds", "pt_BR"):
    SPEAKERS[f"klettres-{language}"] = [(f"words/klettres-{language}", "words")]
for accent in ("en-us", "en-gb", "en-us-nyc", "en-gb-x-rp"):
    for variant in ("Alicia", "Diogo", "Gene", "Henrique", "Lee", "Mike", "adam", "aunty", "boris", "john", "klatt", "klatt3", "pablo", "shelby"):
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es", "fr-fr", "de", "it", "pt-br", "ru", "pl", "nl", "cs", "sv", "fi", "tr"):
    for variant in ("Gene", "Alicia", "klatt2", "sandro", "m8"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

FILL = {
    "name": {"en": "Tom Sarah Mike Jennifer Karen Steve Lisa Brian Emma Chris Angela Kevin Laura Daniel Megan Paul Rachel Scott Amanda Eric".split(),
             "de": "Anna Jens Thomas Sabine Michael Petra Stefan Julia Martin Claudia".split(),
             "es": "Carlos Ana José Carmen Luis Pilar Miguel Rosa Antonio Elena".split(),
             "fr": "Paul Marie Jean Claire Luc Isabelle Michel Nathalie Julien Camille".split(),
             "it": "Marco Giulia Luca Chiara Paolo Francesca Andrea Silvia Matteo Laura".split(),
             "pt": "Ana João Bruno Carla Pedro Fernanda Paulo Lúcia Rafael Beatriz".split(),
             "nl": "Jan Anneke Piet Marieke Kees Sanne Wim Linda Bas Femke".split()},
    "last": {"en": "Miller Johnson Wilson Brooks Cooper Davis Taylor Moore Clark Lewis Young Hall Wright Baker Nelson Carter Mitchell Turner".split(),
             "de": "Schneider Weber Hoffmann Becker Schulz Wagner Koch Richter Klein Wolf".split(),
             "es": "García López Pérez Sánchez Martín Gómez Ruiz Torres Navarro Molina".split(),
             "fr": "Martin Bernard Dubois Durand Moreau Laurent Simon Lefèvre Roux Fournier".split(),
             "it": "Rossi Ferrari Bianchi Romano Colombo Ricci Marino Greco Conti Costa".split(),
             "pt": "Silva Santos Oliveira Souza Pereira Costa Almeida Ribeiro Lima Gomes".split(),
             "nl": "De Vries|Jansen|Bakker|Visser|Smit|Meijer|Mulder|Bos|Peters|Hendriks".split("|")},
    "firm": {"en": "Harbor Dental|Acme Hardware|Lakeside Clinic|Summit Electric|Riverside Motors|City Library|Green Valley Insurance|First National Bank|Oakwood Medical|Sunrise Realty|Metro Plumbing|Bright Travel|Pinewood School|Union Pharmacy|Northside Auto".split("|"),
             "de": "Autohaus Becker|Praxis Doktor Braun|Stadtwerke|Bäckerei Wolf|Hotel Adler|Firma Richter|Apotheke am Markt|Kanzlei Klein".split("|"),
             "es": "Hotel Central|Clínica San José|Ferretería García|Banco del Norte|Taller Gómez|Farmacia Sol".split("|"),
             "fr": "Garage Lambert|Cabinet Morel|Société Dupont|Hôtel du Port|Pharmacie Centrale|Banque du Nord".split("|"),
             "it": "Hotel Roma|Studio Bianchi|Farmacia Centrale|Officina Costa|Banca del Sud".split("|"),
             "pt": "Hotel Central|Clínica São José|Oficina Silva|Banco do Sul|Farmácia Popular".split("|"),
             "nl": "Hotel Zeezicht|Garage Bakker|Apotheek Centrum|Tandarts Visser|Gemeente Utrecht".split("|")},
    "digit": {"en": "one two three four five six seven eight nine zero".split(), "de": "eins zwei drei vier fünf sechs sieben acht neun null".split(),
              "es": "uno dos tres cuatro cinco seis siete ocho nueve cero".split(), "fr": "un deux trois quatre cinq six sept huit neuf zéro".split(),
              "it": "uno due tre quattro cinque sei sette otto nove zero".split(), "pt": "um dois três quatro cinco seis sete oito nove zero".split(),
              "nl": "een twee drie vier vijf zes zeven acht negen nul".split()},
}

SHORT = {
    "en": ["{name}.", "{last}.", "{name} {last}.", "{name} here.", "This is {name}.", "Hello, {name} here.", "{name} speaking.", "Yes, {name}.", "Hello, {last}.",
           "Hey, {name}?", "Yes, who is this?", "Hi, who's calling?", "Okay, yes?", "Good evening.", "Morning.", "Um, hello?", "Yeah, hi.", "Hello, hi.", "Hi, yes?",
           "Who's there?", "What?", "Yes, this is she.", "Yup.", "Hello, can you hear me?", "Sorry, hello?", "One second.", "Wait, hello?", "Oh, hi.", "Mom?", "Sweetie?"],
    "de": ["{last}.", "{name} {last}.", "{last}, hallo?", "Ja, {last}.", "Hallo, {name} hier.", "{last}, guten Tag.", "Bei {last}.", "Familie {last}.", "Ja?", "Wer ist dran?", "Moin.", "Grüß Gott."],
    "es": ["¿Sí?", "{name}.", "Hola, ¿quién es?", "¿Aló?", "Dígame.", "Soy {name}.", "A ver, ¿quién?", "¿Qué tal?", "Buenas tardes.", "Casa {last}."],
    "fr": ["{name} {last}.", "Oui, j'écoute.", "Allô, oui ?", "{last} à l'appareil.", "C'est qui ?", "Allô, {name} ?", "Bonsoir.", "Ouais ?"],
    "it": ["{name}.", "Casa {last}.", "Chi è?", "Sono {name}.", "Pronto, {last}.", "Dica.", "Ciao.", "Pronto, sì?"],
    "pt": ["{name}.", "Alô, quem é?", "Diga.", "Aqui é {name}.", "Oi, alô?", "Estou?", "Boa tarde.", "Opa."],
    "nl": ["Met {name}.", "{last}.", "Met {name} {last}.", "Ja, met wie?", "Goedemorgen.", "Hoi.", "Met {last}."],
    "ru": ["Слушаю вас.", "Алло, кто это?", "Да, слушаю.", "Привет.", "Алло, алло?"], "pl": ["Halo, kto tam?", "No, słucham.", "Kowalski.", "Cześć."],
    "cs": ["Haló, kdo volá?", "Svoboda.", "Slyším.", "Ahoj."], "sv": ["Andersson.", "Hallå, vem är det?", "Ja, det är Anna.", "Hejsan."],
    "fi": ["Korhonen.", "Haloo, kuka siellä?", "Moi.", "Juu, puhelimessa."], "tr": ["Alo?", "Efendim?", "Alo, buyurun.", "Kim o?", "Evet?", "Mehmet."],
    "words": [(1,), (2,), (1,), (1, 1)],
}
LONG = {
    "en": ["Hello, {name} {last} speaking.", "Hi, this is {name}, who's calling?", "Good morning, this is {name} {last}.", "Hello? Who is this, please?",
           "Yes, hello, {name} here, how are you?", "Hi, {name} speaking, what can I do for you?", "Hello, the {last} residence.", "Hey, sorry, I was outside, who is it?",
           "Hello? I can't hear you very well.", "Good evening, {last} family, {name} speaking.", "Yeah hi, can I call you back in a minute?", "Hello, yes, I am listening, go ahead."],
    "de": ["Ja, hallo, {name} {last} hier.", "Guten Tag, {name} {last} am Telefon.", "{last}, wer spricht denn da?", "Hallo? Hallo, wer ist denn da?", "Guten Abend, bei Familie {last}."],
    "es": ["Hola, buenas, ¿con quién hablo?", "Sí, habla {name}, ¿quién llama?", "Casa de la familia {last}, ¿diga?", "Hola, soy {name}, dime."],
    "fr": ["Allô, oui, bonjour, c'est {name}.", "Bonjour, {name} {last} à l'appareil.", "Allô ? Oui, c'est pour quoi ?", "Oui, allô, qui est-ce, s'il vous plaît ?"],
    "it": ["Pronto, sì, sono {name}, chi parla?", "Buongiorno, casa {last}, con chi parlo?", "Sì, pronto, mi dica pure."],
    "pt": ["Alô, bom dia, quem está falando?", "Oi, aqui é {name}, pode falar.", "Alô? Quem gostaria de falar?"],
    "nl": ["Goedemiddag, met {name} {last}.", "Hallo, u spreekt met {name}, wie is daar?", "Ja hallo, met {last}, zegt u het maar."],
    "tr": ["Alo, buyurun, kiminle görüşüyorum?", "Efendim, ben Ayşe, kim arıyor?"], "sv": ["Hej, det är Karin, vem är det som ringer?"], "pl": ["Tak, dzień dobry, z kim rozmawiam?"],
    "words": [(2,), (2, 1), (3,)],
}
BUSINESS = {
    "en": ["{firm}, this is {name}, how can I help you?", "Good morning, {firm}, {name} speaking.", "Thanks for calling {firm}, my name is {name}.", "{firm}, how may I direct your call?",
           "Hello, {firm}, {name} here, what can I do for you?", "Good afternoon, thank you for calling {firm}, this is {name}.", "Accounting, {name} {last}.", "{firm}, please hold for one moment.",
           "Service desk, you are speaking with {name}, how may I help?"],
    "de": ["{firm}, guten Tag, {name} {last}.", "{firm}, mein Name ist {last}, was kann ich für Sie tun?", "Guten Morgen, {firm}, Sie sprechen mit {name} {last}.", "Buchhaltung, {last}, guten Tag."],
    "es": ["{firm}, buenos días, le atiende {name}.", "Gracias por llamar a {firm}, ¿en qué le ayudo?", "{firm}, habla {name}, dígame."],
    "fr": ["{firm}, bonjour, {name} à votre service.", "{firm}, {name}, que puis-je faire pour vous ?", "Bonjour, {firm}, je vous écoute."],
    "it": ["{firm}, buongiorno, sono {name}.", "{firm}, buonasera, come posso aiutarla?"], "pt": ["{firm}, bom dia, {name} falando.", "{firm}, em que posso ajudar?"],
    "nl": ["{firm}, goedemorgen, met {name}.", "Goedemiddag, {firm}, waarmee kan ik u helpen?"],
    "words": [(3,), (4,), (2, 2)],
}
# How a voicemail greeting begins, why nobody is there, what to do.
OPENING = {
    "en": ["Hi, you've reached {name}.", "Hello, you have reached the voicemail of {name} {last}.", "You've reached {name} {last}.", "Hi, this is {name}.", "Hey, this is {name}.", "Hello, this is {name} {last}.",
           "You have reached the voice mailbox of {name} {last}.", "You've reached {digit} {digit} {digit}, {digit} {digit} {digit} {digit}.", "Hey, it's {name}, sorry I missed your call.", "Hi, you have reached the {last} family.",
           "This is {name}'s voicemail.", "Thank you for calling.", "You have reached the desk of {name} {last}.", "Hi, thanks for calling {name}.", "Sorry, {name} is not available.", "The person at extension {digit} {digit} {digit} is unavailable.",
           "Your call has been forwarded to voicemail.", "The person you're trying to reach is not available.", "The Google subscriber you have called is not available.", "{name} {last}.", "Hello, you've called {name}.", "Please leave your message for {digit} {digit} {digit}, {digit} {digit} {digit}.",
           "We're sorry, no one is available to take your call.", "Good day, you have reached {name} {last} at {firm}.", "Hi.", "Hello.", "Hello, I'm unable to answer.", "I'm sorry, but {name} {last} is not available.", "What's up, it's {name}."],
    "de": ["Hallo, hier ist die Mailbox von {name} {last}.", "Guten Tag, Sie haben den Anschluss von Familie {last} erreicht.", "Hallo, hier ist {name}.", "Dies ist die Mailbox der Rufnummer {digit} {digit} {digit} {digit}.",
           "Hier ist der automatische Anrufbeantworter von {name} {last}.", "Der Teilnehmer ist zurzeit nicht erreichbar.", "Hallo, leider bin ich gerade nicht erreichbar.", "{last}, guten Tag.", "The person you have called is temporarily not available."],
    "es": ["Hola, soy {name}.", "Este es el contestador de {name} {last}.", "Ha llamado al {digit} {digit} {digit} {digit}.", "Bienvenido al buzón de voz.", "En este momento {name} no está disponible.", "Le atiende el contestador automático.", "Hola, te has comunicado con {name} {last}."],
    "fr": ["Bonjour, vous êtes sur le répondeur de {name} {last}.", "Bonjour, c'est {name}.", "Vous êtes bien chez la famille {last}.", "Bienvenue sur la messagerie vocale du {digit} {digit} {digit} {digit}.", "Salut, c'est {name}, je ne suis pas là."],
    "it": ["Ciao, sono {name}.", "Segreteria telefonica della famiglia {last}.", "Salve, avete chiamato {name} {last}.", "Il numero chiamato non è raggiungibile.", "Questa è la segreteria di {name}."],
    "pt": ["Olá, você ligou para {name} {last}.", "Esta é a caixa postal de {name}.", "Oi, aqui é {name}.", "O número chamado está ocupado ou fora de área."],
    "nl": ["Hallo, dit is de voicemail van {name} {last}.", "Hoi, met {name}.", "U bent verbonden met de voicemail van {digit} {digit} {digit} {digit}.", "U bent verbonden met {name} {last}."],
    "tr": ["Merhaba, ben Mehmet.", "Aradığınız kişiye şu anda ulaşılamıyor."], "sv": ["Hej, det här är telefonsvararen hos Erik.", "Du har kommit till familjen Berg."],
    "pl": ["Cześć, tu Marek.", "Dodzwoniłeś się do poczty głosowej Anny.", "Abonent nie może odebrać telefonu."], "cs": ["Dobrý den, tady záznamník rodiny Dvořákovy.", "Ahoj, tady Petr."],
    "fi": ["Hei, täällä Liisan vastaaja.", "Soitit numeroon nolla neljä nolla viisi."], "ru": ["Привет, это Дима.", "Вас приветствует автоответчик.", "Вы позвонили Анне Петровой."],
}
REASON = {
    "en": ["I can't come to the phone right now.", "I'm not available to take your call.", "I'm away from my desk or on another line.", "We can't take your call at the moment.", "I'm on vacation until next week.", "I can't answer the phone right now.", "I'm probably driving.", "We're either out or busy."],
    "de": ["Ich bin gerade nicht zu erreichen.", "Wir sind im Moment leider nicht da.", "Ich rufe so bald wie möglich zurück."], "es": ["Ahora no puedo contestar.", "No estoy disponible."],
    "fr": ["Je suis absent pour le moment.", "Je ne peux pas vous répondre."], "it": ["Al momento non posso rispondere.", "Sono fuori casa."], "pt": ["Agora não posso falar.", "Estou ocupado."], "nl": ["Ik ben er even niet.", "Ik kan de telefoon nu niet opnemen."],
    "tr": ["Şu anda telefona cevap veremiyorum."], "sv": ["Vi kan inte svara i telefon nu."], "pl": ["Nie mogę teraz rozmawiać."], "cs": ["Teď nemohu mluvit."], "fi": ["En voi nyt vastata."], "ru": ["Я сейчас занят."],
}
REQUEST = {
    "en": ["Please leave a message after the beep.", "Leave your name and number and I'll call you back.", "Please leave a message.", "At the tone, please record your message.", "Leave me a message.", "Please leave your name, your number, and the reason for your call.",
           "To leave a message, press one or wait for the tone.", "Record your message after the tone, and press pound when you are done.", "Send me a text instead.", "Please try again later."],
    "de": ["Bitte hinterlassen Sie eine Nachricht.", "Bitte sprechen Sie nach dem Ton.", "Sprecht mir einfach auf die Mailbox."], "es": ["Deje su mensaje después del tono, por favor.", "Deja tu nombre y te llamo."],
    "fr": ["Laissez-moi un message.", "Merci de laisser votre nom et votre numéro."], "it": ["Lasciate un messaggio dopo il bip.", "Richiamerò appena possibile."], "pt": ["Deixe sua mensagem depois do sinal.", "Ligue mais tarde."],
    "nl": ["Spreek uw boodschap in na de toon.", "Laat een berichtje achter."], "tr": ["Lütfen sinyal sesinden sonra mesaj bırakın."], "sv": ["Lämna namn och nummer efter pipet."], "pl": ["Zostaw wiadomość po sygnale."],
    "cs": ["Zanechte vzkaz po pípnutí."], "fi": ["Jätä viesti piippauksen jälkeen."], "ru": ["Оставьте сообщение после сигнала."],
}
SHORT_MACHINE = {
    "en": ["It's {name}, leave a message.", "You've reached {name}, leave one.", "This is {name}, you know what to do.", "{name} {last}, please leave a message.", "Hi, {name} here, leave me a message.", "Please leave a message after the beep.", "We're out, leave a message.",
           "No one is here, try again later.", "Leave your name and number.", "Hey, it's {name}, text me."],
    "de": ["Hier ist {name}, bitte nach dem Ton sprechen.", "{name} {last}, bitte sprechen Sie nach dem Ton.", "Bin nicht da, schreibt mir."], "es": ["Soy {name}, deja un mensaje.", "No estoy, deja tu recado."],
    "fr": ["C'est {name}, laissez un message.", "Parlez après le bip."], "it": ["Sono {name}, lascia un messaggio."], "pt": ["Aqui é {name}, deixe um recado."], "nl": ["Dit is {name}, spreek wat in."],
    "words": [(3,), (2, 2)],
}
BUSINESS_MACHINE = {
    "en": [("Thank you for calling {firm}.", "Our offices are closed at this time."), ("Welcome to {firm}.", "Please listen carefully, as our menu has changed."), ("Hello, and welcome to {firm}.", "For sales, press one."),
           ("You have reached {firm}.", "All representatives are assisting other callers."), ("Thank you for holding.", "Your call will be answered shortly."), ("Hi, thanks for calling {firm}.", "To hear our hours, press two."),
           ("This call may be monitored or recorded.", "Please hold for the next agent."), ("{firm}.", "We are closed today.", "Please call back during business hours."), ("You are caller number {digit}.", "Please stay on the line."),
           ("Hello, you've reached {firm}.", "If this is an emergency, please hang up and dial nine one one."), ("Please enter your account number.", "Then press pound."), ("Good morning, and thank you for calling {firm}.", "Para español, oprima dos.")],
    "de": [("Willkommen bei {firm}.", "Unsere Leitungen sind zurzeit belegt."), ("Guten Tag und willkommen bei {firm}.", "Für den Verkauf drücken Sie die eins."), ("Der nächste freie Mitarbeiter ist für Sie da.", "Bitte haben Sie etwas Geduld."), ("Sie haben {firm} erreicht.", "Wir sind ab acht Uhr wieder da.")],
    "es": [("Gracias por llamar a {firm}.", "Nuestro horario es de nueve a cinco."), ("Bienvenido a {firm}.", "Para ventas, marque el uno."), ("Todos nuestros agentes están ocupados.", "Permanezca en la línea.")],
    "fr": [("Bienvenue chez {firm}.", "Pour le service client, tapez un."), ("{firm}, bonjour.", "Nos bureaux sont fermés."), ("Merci de patienter.", "Un conseiller va vous répondre.")],
    "it": [("Benvenuti in {firm}.", "I nostri uffici sono chiusi."), ("Attendere in linea, prego.", "Tutti gli operatori sono occupati.")], "pt": [("Bem-vindo ao {firm}.", "Para vendas, digite um."), ("Aguarde na linha.", "Sua ligação é muito importante.")],
    "nl": [("Welkom bij {firm}.", "Al onze medewerkers zijn in gesprek."), ("U belt buiten kantooruren.", "Probeer het later nog eens.")],
    "words": [(3, 5), (5, 3), (4, 4)],
}
CARRIER = {
    "en": [("The number you have reached has been disconnected.", "No further information is available."), ("The wireless customer you called is not available.", "Please try again later."), ("Your call cannot be completed at this time.", "Please try again."),
           ("We're sorry, you have reached a number that is no longer in service.",), ("The party you are calling has restrictions on this line.", "Announcement {digit}."), ("This number does not accept calls.", "Goodbye."), ("You must first dial a one when calling this number.", "Please hang up and dial again.")],
    "de": [("Die von Ihnen gewählte Rufnummer ist nicht erreichbar.",), ("Dieser Anschluss ist gesperrt.", "Bitte versuchen Sie es später."), ("Der gewünschte Anschluss ist besetzt.", "Bitte legen Sie auf.")],
    "es": [("El número marcado no está en servicio.", "Verifique el número."), ("Todas las líneas están ocupadas.", "Llame más tarde.")], "fr": [("Le numéro que vous avez demandé n'est pas attribué.",), ("Par suite d'encombrement, votre appel ne peut aboutir.", "Veuillez rappeler ultérieurement.")],
    "it": [("Il numero selezionato è inesistente.", "Verificare e riprovare."), ("L'utente chiamato non è disponibile.",)], "pt": [("O número discado não existe.", "Verifique e disque novamente."), ("Este telefone encontra-se desligado.",)], "nl": [("Dit nummer is niet aangesloten.", "Controleer het nummer."),],
    "words": [(5,), (4, 4)],
}
FIRST = {"en": ["Hi.", "Hello.", "Hey.", "Hi everyone.", "Hello there.", "Good morning."], "de": ["Guten Tag.", "Hallo."], "es": ["Hola.", "Buenas tardes."], "fr": ["Bonjour.", "Allô."], "it": ["Pronto.", "Buongiorno."], "pt": ["Oi.", "Olá."], "nl": ["Hallo.", "Goedendag."],
         "pl": ["Dzień dobry.", "Halo."], "ru": ["Алло.", "Здравствуйте."], "cs": ["Dobrý den."], "sv": ["Hej."], "tr": ["Merhaba.", "Alo."], "words": [(1,), (1,)]}
USUAL = {"tr": ["Alo?", "Efendim?", "Alo?", "Evet?"]}
