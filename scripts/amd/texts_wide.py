"""Yet more of what the parts of the corpus that may be tuned on say, and who says it: what companies, carriers and people at
work say most of all, and voices of games. Places are filled as in texts_drawn.py."""

# speaker -> [(voice, language)]
SPEAKERS = {f"fillets-cs-{who}": [(f"lines/fillets-cs-{who}", "lines")] for who in ("m", "v", "hs", "c", "pap", "x")}
SPEAKERS |= {f"gods-{who}": [(f"lines/gods-{who}", "lines")] for who in ("b1", "b2")}
for voice in ("Default_es", "Default_pl", "Default_ru", "Default_uk", "Russian_pl"):
    SPEAKERS[f"hedgewars-{voice}"] = [(f"words/hedgewars-{voice}", "words")]
for accent in ("en-gb-x-rp", "en-gb-x-gbclan", "en-029"):
    for variant in ("Alex", "Michael", "Denis", "Hugo", "Mario", "Nguyen", "belinda", "gustave", "iven", "zac", "Gene", "Lee", "adam", "shelby", "steph", "marcelo"):
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es", "fr-fr", "de", "it", "pt-br", "ru", "pl", "nl", "cs", "sv", "fi", "tr", "ro", "hu"):
    for variant in ("Alex", "Michael", "Henrique", "adam", "quincy", "grandma"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

FILL = {}

SHORT = {
    "lines": [(1,)],
    "en": ["Hello, {name}.", "Yes, hello, this is {name}.", "{last} here.", "Hi, {name} {last}.", "Hello, who is it?", "Who's calling?", "Yes please?", "Hold on.", "Sorry, who?", "Yeah, what?", "Hi, it's {name}.",
           "Hello, what is it?", "Hey there, hello?", "Hello? Hello?", "Alright?", "Right, hello.", "Mm hm?", "Say that again?", "{name} at home.", "How are you?", "Good night.", "Oh, hello.", "I can hear you.", "Just a moment."],
    "de": ["Ja, hier {last}.", "{name} {last}, hallo.", "Tag.", "Moment bitte.", "Ja hallo, wer da?"], "es": ["Sí, soy {name}.", "¿Quién llama?", "{name} {last}.", "Un momento.", "Oigo."], "fr": ["Oui, {name}.", "Qui est à l'appareil ?", "Un instant.", "Allô, bonsoir."],
    "it": ["Sì, {name}.", "Un attimo.", "Pronto, {name} {last}.", "Chi è, scusi?"], "pt": ["Sim, {name}.", "Um momento.", "Alô, pois não?", "{last}."], "nl": ["Ja, {name}.", "Momentje.", "Hoi, met {name}.", "Wie is daar?"],
}
LONG = {
    "en": ["Hello, this is {name} {last}, can I ask who's calling?", "Yes hi, this is {name}, sorry, I was in the garden.", "Hello? Who is this? I don't know this number.", "Good morning, you've got {name}, how can I help you?", "Hi there, {name} isn't in, can I take a message?",
           "Hello, yes, I'm here, please go on.", "Hey, I'm at work, can you call me later?", "Hello, {last} home, {name} speaking, who's there?", "Hi {name}, is that you? I've been waiting.", "Yes, that's me, what is this about?", "Hello, could you speak up a little, please?",
           "{name} {last}, good evening, how are you?", "Yes, hello, who did you want to speak to?", "Hello, sorry, the line is very bad, who is it?"],
    "de": ["Hallo, {name} hier, wer ist denn da?", "Ja bitte, mit wem spreche ich?", "Guten Morgen, Sie sprechen mit {name} {last}.", "Hallo, ich kann Sie ganz schlecht hören."], "es": ["Buenas tardes, soy {name}, ¿quién habla?", "Hola, sí, dígame, ¿en qué puedo ayudarle?", "Perdone, no le oigo bien, ¿quién es?"],
    "fr": ["Allô, bonjour, je vous entends mal.", "Oui, c'est moi-même, c'est à quel sujet ?", "Bonsoir, {name} {last}, qui est-ce ?"], "it": ["Buongiorno, sono {name} {last}, mi dica.", "Pronto? Non la sento bene, chi è?"], "pt": ["Boa tarde, aqui é {name} {last}, quem fala?", "Sim, sou eu, do que se trata?"],
    "nl": ["Goedenavond, met {name}, wie spreek ik?", "Hallo, ik versta u heel slecht, wie bent u?"], "lines": [(1,)],
}
BUSINESS = {
    "en": ["{firm}, {name} speaking.", "{firm}, good morning.", "Good morning, thank you for calling {firm}, how may I help you?", "Hello, {firm}, {name} speaking, how can I help?", "Thank you for calling {firm}, this is {name} {last}, how may I help you today?", "{firm}, this is {name}.", "{firm}, what can I do for you?",
           "Good afternoon, {firm}, {name} here.", "Thank you for calling {firm}, {name} speaking, may I have your name please?", "Hi, {firm}, how can I help you?", "Reception, good morning, {name} speaking.", "Doctor {last}'s office, this is {name}.", "Good evening, {firm}, would you like to make a reservation?",
           "{firm} customer service, {name} speaking, how can I help?", "Parts department, {name}.", "Hello, thanks for calling, this is {name}, how are you doing today?", "{last} and {last}, attorneys, how may I help you?", "Help desk, {name} speaking, what seems to be the problem?", "{firm}, one moment please.", "Kitchen, {name} here."],
    "de": ["{firm}, {name} {last}, guten Morgen, was kann ich für Sie tun?", "{firm}, guten Tag.", "Guten Tag, hier ist {firm}, wie kann ich Ihnen helfen?", "Zentrale, {last}, guten Tag."], "es": ["{firm}, dígame.", "Buenas tardes, {firm}, ¿con quién desea hablar?", "Recepción, buenos días, habla {name}."],
    "fr": ["{firm}, bonjour.", "Bonjour, {firm}, {name} {last}, en quoi puis-je vous aider ?", "Accueil, {name}, bonjour."], "it": ["{firm}, buongiorno.", "{firm}, sono {name}, in cosa posso esserle utile?"], "pt": ["{firm}, boa tarde, com quem gostaria de falar?", "Recepção, {name}, bom dia."], "nl": ["{firm}, goedemorgen, u spreekt met {name}.", "Receptie, met {name}, goedemiddag."],
    "lines": [(1,), (1, 1)],
}
OPENING = {
    "en": ["Hi, it's {name}, please leave a message.", "Hello, you've reached {firm}.", "You have reached the voicemail box of {name}.", "Hi, this is {name} {last} with {firm}.", "{name} {last} is not available right now.", "The number you have reached is not available.", "You've reached the mobile of {name}.", "Hello.  This is {name}'s phone.", "Hey, what's up, you've reached {name}.",
           "Good morning, this is {name} {last} of {firm}.", "Your call cannot be taken right now.", "This mailbox belongs to {name} {last}.", "Hi, we're the {last}s, and we're not home.", "Hello, you have called {digit} {digit} {digit} {digit}.", "The person you called is on another line.", "We can't come to the phone.", "Hi, it's me.", "Yes, hello, this is the answering service of {name} {last}.", "Thanks for your call."],
    "de": ["Guten Tag, Sie sprechen mit dem Anrufbeantworter von {firm}.", "Hier ist die Mobilbox von {name}.", "{name} {last} ist zurzeit nicht erreichbar.", "Hallo, ihr habt die Nummer von {name} gewählt."], "es": ["Hola, este es el teléfono de {name}.", "{name} {last} no está disponible.", "Se ha comunicado con {firm}."], "fr": ["Vous êtes sur la messagerie de {name}.", "Bonjour, ici le répondeur de {firm}.", "{name} {last} est absent."],
    "it": ["Salve, questo è il telefono di {name}.", "Avete chiamato {firm}."], "pt": ["Você ligou para {firm}.", "Este é o telefone de {name}."], "nl": ["U luistert naar de voicemail van {firm}.", "{name} {last} is niet bereikbaar."],
}
REASON = {"en": ["I'm either away from my phone or on the other line.", "I'm sorry I missed you.", "I am currently out of the office.", "Nobody is here to answer.", "I'm in class or at work.", "I'm not able to talk at the moment.", "Your call is important to me."], "de": ["Momentan ist niemand da.", "Wir sind im Urlaub."], "es": ["No puedo ponerme ahora.", "Volveré pronto."], "fr": ["Je suis en vacances.", "Nous sommes absents."]}
REQUEST = {"en": ["I'll get back to you as soon as possible.", "Please call my assistant, or leave a message.", "Leave a brief message with your number.", "Wait for the beep.", "You can also reach me by email.", "Thanks, bye.", "Have a nice day.", "Please record your message now."], "de": ["Vielen Dank und auf Wiederhören.", "Versuchen Sie es später wieder."], "es": ["Gracias por su llamada.", "Llame más tarde."], "fr": ["Merci et à bientôt.", "Rappelez plus tard."]}
MACHINE = {"lines": [(1, 1), (1, 1, 1), (1, 1, 1), (2, 1)]}
SHORT_MACHINE = {
    "en": ["{name} here, leave a message.", "Hi, you've reached {name}, leave a message.", "It's {name}, you know what to do.", "{digit} {digit} {digit}, leave a message.", "Please leave a message for {name}.", "You've reached {name} {last}.", "Not available, please leave a message.", "I'm busy, call me later.", "Record your message.", "This is {name}, text me.", "Voice mail.", "Mailbox {digit} {digit} {digit}."],
    "de": ["Hier {name}, bitte nach dem Ton.", "{last}, bitte Nachricht hinterlassen.", "Bin nicht da."], "es": ["{name}, deja un mensaje.", "Buzón de {name}."], "fr": ["C'est {name}, laissez un message.", "Répondeur de {name}."], "it": ["Sono {name}, lascia un messaggio."], "pt": ["{name}, deixe recado."], "nl": ["Met {name}, spreek maar in."], "lines": [(1,)],
}
BUSINESS_MACHINE = {
    "en": [("Thank you for calling {firm}.", "Your call may be monitored or recorded."), ("Thank you for calling {firm}.", "If you know your party's extension, dial it now."), ("Thank you for calling {firm}, where we care about you.", "Press one for service."), ("{firm}.", "Our opening hours are nine to five."), ("Welcome to {firm}.", "Please listen carefully, as our menu has changed."),
           ("Hello, and welcome to {firm}.", "To speak to {name}, press {digit}."), ("You've reached {firm}.", "We are unable to take your call."), ("Hi, thanks for calling {firm}, how can I help you today?", "You can say things like, billing, or, appointments."), ("Good afternoon, {firm}.", "All our lines are busy."), ("Thanks for calling {firm}.", "Please stay on the line, your call will be answered shortly."),
           ("You have reached the office of Doctor {last}.", "If this is a medical emergency, please hang up."), ("Please hold.", "Your call will be answered in the order it was received."), ("{firm} is closed for the holiday.", "We will be back on Monday."), ("The party you are calling uses call screening.", "Please say your name.")],
    "de": [("Willkommen bei {firm}.", "Bitte wählen Sie eine Option."), ("{firm}, guten Tag.", "Alle Leitungen sind besetzt."), ("Vielen Dank für Ihren Anruf bei {firm}.", "Bitte bleiben Sie in der Leitung.")], "es": [("Bienvenido a {firm}.", "Marque uno para ventas."), ("Gracias por llamar a {firm}.", "Todos nuestros agentes están ocupados.")],
    "fr": [("Bienvenue chez {firm}.", "Tapez un pour les rendez-vous."), ("{firm}, bonjour.", "Nous sommes fermés.")], "it": [("Benvenuti, {firm}.", "Gli uffici sono chiusi.")], "pt": [("Bem-vindo, {firm}.", "Para português, marque um.")], "nl": [("Welkom bij {firm}.", "Wij zijn gesloten.")], "lines": [(1, 1), (1, 2)],
}
CARRIER = {
    "en": [("The number you have called is not available.", "Please try again later."), ("The person you are calling is not accepting calls at this time.",), ("The number you have dialed has been changed, disconnected, or is no longer in service.",), ("Your call could not be completed.", "Message {digit} {digit} {digit}."), ("The customer you have called has not set up a voicemail box.", "Goodbye."), ("The mailbox is full.", "Please try again later."),
           ("Sorry.", "The number you have dialed is incorrect."), ("Due to network difficulties, your call cannot be completed at this time.",), ("The caller you are trying to reach has calling restrictions.", "Please hang up.")],
    "de": [("Die Rufnummer hat sich geändert.", "Bitte wählen Sie neu."), ("Der Teilnehmer ist vorübergehend nicht erreichbar.",), ("The person you have called is not available.",)], "es": [("El número marcado no está en servicio.", "Verifique e intente otra vez."), ("El usuario está fuera del área de servicio.",)], "fr": [("Le numéro que vous avez composé n'est pas attribué.",), ("Toutes les lignes sont occupées.", "Veuillez rappeler.")],
    "it": [("Il numero selezionato è inesistente.",)], "pt": [("O número discado não existe.", "Verifique e tente novamente.")], "nl": [("Dit nummer is niet aangesloten.",)], "pl": [("Nie ma takiego numeru.",)], "ru": [("Аппарат абонента выключен или находится вне зоны действия сети.",)], "tr": [("Aradığınız kişiye ulaşılamıyor.", "Lütfen daha sonra tekrar arayın.")], "lines": [(1, 1), (2, 1)],
}
FIRST = {"en": ["Hey.", "Hi, hello.", "Hello there.", "Yes, hello.", "Good morning."], "de": ["Hi.", "Grüezi."], "es": ["Hola, buenas."], "fr": ["Allô.", "Bonjour à tous."], "it": ["Buongiorno."], "pt": ["Oi."], "nl": ["Hallo."], "pl": ["Dzień dobry."], "sv": ["Hej."], "lines": [(1,)]}
USUAL = {}
