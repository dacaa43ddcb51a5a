"""What the `test` part of the corpus says, and who says it: nothing of it, and nobody, is in the parts that
are tuned on, except the words a telephone is answered with. Places are filled as in texts_drawn.py."""

# speaker -> [(voice, language)]
SPEAKERS = {"lyubov": [("rhvoice/lyubov", "en")], "mbrola-fr6": [("mbrola/fr6", "fr")],
            "richard-gb": [("recorded/richard-gb", "recorded")]}
for voice in ("arina", "artemiy", "mikhail", "pavel", "tatiana", "victoria", "vitaliy", "yuriy"):
    SPEAKERS[voice] = [(f"rhvoice/{voice}", "ru")]
for voice in ("anatol", "marianna", "natalia", "volodymyr"):
    SPEAKERS[voice] = [(f"rhvoice/{voice}", "uk")]
# People of games: Dutch actors, and who speaks for hedgehogs in English.
for who in ("m", "v", "0", "1", "3", "4"):
    SPEAKERS[f"fillets-nl-{who}"] = [(f"lines/fillets-nl-{who}", "lines")]
for voice in ("British", "Classic", "Default", "HillBilly", "Mobster", "Pirate", "Russian", "Surfer"):
    SPEAKERS[f"hedgewars-{voice}"] = [(f"words/hedgewars-{voice}", "words")]
NEW = ("Andy", "AnxiousAndy", "Gene2", "RicishayMax", "RicishayMax2", "RicishayMax3", "caleb", "edward2", "grandpa", "iven2", "iven3", "iven4",
       "kaukovalta", "klatt6", "michel", "pedro", "robert", "steph3", "Storm", "announcer", "Tweaky")
for accent in ("en-us", "en-gb", "en-gb-x-rp", "en-029", "en-us-nyc"):
    for variant in NEW:
        SPEAKERS[f"{accent}+{variant}"] = [(f"espeak/{accent}+{variant}", "en")]
for language in ("es", "fr-fr", "de", "it", "pt-br", "nl", "uk", "da", "nb", "el", "hr", "sk"):
    for variant in ("AnxiousAndy", "Gene2", "caleb", "iven3", "michel", "steph3", "robert"):
        SPEAKERS[f"{language}+{variant}"] = [(f"espeak/{language}+{variant}", language.split("-")[0])]

FILL = {
    "name": {"en": "Harriet Stanley Bridget Leonard Tracy Desmond Joyce Clifford Yvonne Marcus".split(), "de": "Ingrid Bernd Renate Holger".split(), "es": "Álvaro Inés Gonzalo Lorena".split(),
             "fr": "Benoît Odile Rémi Margaux".split(), "it": "Stefano Ilaria Nicola Marta".split(), "pt": "Vítor Helena Duarte Cecília".split(), "nl": "Maarten Ellen Ruud Tineke".split()},
    "last": {"en": "Whitaker Osborne Lambert Pruitt Gallagher Sinclair Vaughn Hobbs Lindsey Merritt".split(), "de": "Brandt Seidel Winter Pohl".split(), "es": "Ibáñez Cordero Salas Fuentes".split(),
             "fr": "Perrin Renaud Colin Barbier".split(), "it": "Fontana Serra Galli Testa".split(), "pt": "Moreira Cardoso Pinto Barros".split(), "nl": "Hoekstra|Van Leeuwen|Schouten|Postma".split("|")},
    "firm": {"en": "Granite State Roofing|Willow Creek Dentistry|Harrison Tax Service|Blue Ridge Heating|Capital Tire|The Corner Florist|Northwind Software|Saint Mary's Hospital".split("|"),
             "de": "Optik Seidel|Gasthof zur Post|Möbel Brandt".split("|"), "es": "Óptica Salas|Transportes Fuentes|Panadería Inés".split("|"), "fr": "Librairie Colin|Auto-école Perrin|Mairie de Dijon".split("|"),
             "it": "Ottica Serra|Autonoleggio Testa".split("|"), "pt": "Livraria Barros|Transportes Moreira".split("|"), "nl": "Slagerij Postma|Makelaardij Schouten".split("|")},
}

SHORT = {
    "en": ["Hello, {name} {last}.", "Hello, this is him.", "You're through to {name}.", "Yes, who's that?", "{last}, good evening.", "Is it you, {name}?", "Hi hi.", "Yes, I'm listening.", "Hey, yeah?", "Hello, may I help you?", "Oh, hey there.", "A good day to you.", "Hello dear.", "Yes indeed?", "Er, hello?", "Who am I speaking to?",
           "Hello, who do you want?", "Speak up please.", "{name}, yes?", "Hello, over here.", "Yeah, hello, {name}.", "Hello, hi, yes."],
    "de": ["{name}, hallo?", "Ja, guten Abend.", "Wer spricht?", "{last} am Apparat.", "Na, hallo?"], "es": ["Sí, ¿diga?", "{last}, buenas.", "¿Con quién hablo?", "Hola, ¿sí?"], "fr": ["Oui, qui est là ?", "{name}, oui ?", "Allô, c'est {name}.", "Bonsoir, oui ?"],
    "it": ["Sì, {last}.", "Buonasera.", "Chi parla, prego?", "Pronto, buongiorno."], "pt": ["Sim, estou.", "Quem é que fala?", "{name}, alô.", "Diga lá."], "nl": ["{name} hier.", "Zegt u het maar.", "Goedenavond.", "Jawel, {last}."],
    "ru": ["Да, алло, кто это?", "Добрый день вам.", "Иванов.", "Слушаю, говорите.", "Ну, алло?", "Да-да.", "Это Марина."], "uk": ["Алло, хто це?", "Слухаю вас.", "Так, слухаю.", "Добрий день.", "Шевченко.", "Хто дзвонить?", "Це Оксана."],
    "da": ["Det er Mette.", "Hallo, hvem er det?", "Ja, goddag.", "Jensen."], "nb": ["Hei, det er Kari.", "Hallo, hvem er det?", "Ja, hei.", "Hansen."], "el": ["Εμπρός, ποιος είναι;", "Λέγετε.", "Ναι, παρακαλώ;", "Παπαδόπουλος."],
    "hr": ["Tko je?", "Da, izvolite?", "Horvat.", "Dobar dan."], "sk": ["Kto volá?", "Áno, počúvam.", "Horváth.", "Dobrý deň."],
    "recorded": [f"voicemail/48000/vm-{name}" for name in "goodbye greeting message saved urgent deleted messages main_menu not_available message_from emailed followed_by".split()]
    + [f"ivr/48000/ivr-{name}" for name in "hello im_sorry thank_you operator sales customer_service please technical_support take_a_message".split()] + ["directory/48000/dir-first_name", "conference/48000/conf-goodbye", "misc/48000/transfer2"],
    "words": [(1,), (1,), (1, 1)], "lines": [(1,)],
}
LONG = {
    "en": ["Hello, {name} {last}, whom do I have the pleasure of speaking with?", "Yes, good morning, I was just about to leave.", "Hello, this is the {last} house, {name} is speaking.", "Hi, I'm in the car, but go ahead, I can hear you.", "Oh, hello, I thought you were my sister.", "Hello there, you've caught me at a bad moment.", "Yes, this is {name}, I've been expecting your call.",
           "Who is it, and what do you want?", "Hello, please don't hang up, I'm just closing the door."],
    "de": ["Ja, {last}, einen Moment, ich mache das Radio leiser.", "Hallo, ja, am Apparat, worum geht es denn?", "Guten Abend, wer ist denn da am anderen Ende?"], "es": ["Sí, buenas noches, ¿qué se le ofrece?", "Hola, le escucho, soy {name} {last}."], "fr": ["Oui bonsoir, {name} à l'écoute.", "Allô, attendez, je baisse la télé."],
    "it": ["Buonasera, qui casa {last}, chi desidera?", "Sì, pronto, la ascolto, dica pure."], "pt": ["Sim, boa noite, fala {name} {last}.", "Alô, um instantinho só, já lhe atendo."], "nl": ["Goedemiddag, u spreekt met mevrouw {last}.", "Ja, met {name}, waar belt u voor?"],
    "ru": ["Алло, добрый вечер, с кем я говорю?", "Да, это я, а кто спрашивает?", "Здравствуйте, Иванова у телефона."], "uk": ["Алло, доброго вечора, хто це говорить?", "Так, це я, слухаю вас уважно.", "Добрий день, Оксана біля телефону."], "da": ["Goddag, det er Mette Jensen, hvem taler jeg med?"],
    "nb": ["God kveld, du snakker med Kari Hansen."], "el": ["Παρακαλώ, ποιος είναι στο τηλέφωνο;"], "hr": ["Halo, ovdje Ivan Horvat, tko zove?"], "sk": ["Dobrý večer, tu Peter, kto je tam?"],
    "recorded": [f"ivr/48000/ivr-{name}" for name in "say_name hold_connect_call spell_name that_was_an_invalid_entry connect_to_caller speak_to_a_customer_service_representative".split()] + ["misc/48000/transfer1", "misc/48000/provide_reference_number", "voicemail/48000/vm-that_was_an_invalid_ext", "directory/48000/dir-enter_person"],
    "words": [(2,), (1, 1), (2, 1)], "lines": [(1,)],
}
BUSINESS = {
    "en": ["{firm}, you've reached {name}, what can we do for you?", "Good morning and thank you for calling {firm}, {name} speaking.", "{firm}, {name} on the phones today, how can I be of service?", "Emergency room, nurse {last}.", "Hi, {firm}, is this about an appointment?", "Human resources, good afternoon, {name} {last}.", "{firm}, hello, can I put you on hold?", "Yes, {firm}, what would you like to order?",
           "You're speaking with {name} at {firm}, good day to you."],
    "de": ["{firm}, {name} {last} am Apparat, was darf ich für Sie tun?", "Schönen guten Tag, {firm}, bitte schön?"], "es": ["{firm}, muy buenas, ¿qué desea?", "Le habla {name}, de {firm}, ¿cómo está?"], "fr": ["{firm}, {name}, je vous renseigne ?", "{firm}, service des ventes, bonjour."],
    "it": ["{firm}, sono {name}, desidera?"], "pt": ["{firm}, {name} ao telefone, em que posso ser útil?"], "nl": ["{firm}, met {name}, zegt u het maar."], "ru": ["Аптека, здравствуйте, чем могу помочь?", "Гостиница Заря, Марина, добрый день.", "Такси, слушаю, куда едем?"], "uk": ["Аптека, добрий день, чим можу допомогти?", "Готель Львів, Оксана, слухаю вас."],
    "da": ["Apoteket, goddag, hvad kan jeg hjælpe med?"], "nb": ["Bakeriet, god dag, hva kan jeg hjelpe deg med?"], "el": ["Φαρμακείο, καλημέρα σας, τι θα θέλατε;"], "hr": ["Ljekarna Centar, dobar dan, izvolite."], "sk": ["Kaviareň Slávia, dobrý deň, čo si želáte?"],
    "words": [(2, 1), (3,), (2, 2)], "lines": [(1,), (1, 1)],
}
OPENING = {
    "en": ["Greetings, this is the phone of {name} {last}.", "You have dialed {name} at {firm}.", "It's {name}'s voicemail, not {name}.", "Hello, {name} can't answer.", "Hey there, sorry, I can't get to the phone.", "The {last}s aren't in.", "You are connected to the message service of {name} {last}.", "Good evening, our home phone is unattended.", "This call has been redirected to a mailbox.", "Subscriber {digit} {digit} {digit} {digit} cannot be reached.",
           "Oh, hi, you've got my machine.", "Howdy, {last} here, well, almost.", "Number {digit} {digit} {digit}, {digit} {digit} {digit}, is not answering."],
    "de": ["Guten Tag, Sie haben {name} {last} leider verpasst.", "Anrufbeantworter {last}.", "Hallo, das ist die Voicebox von {name}."], "es": ["Hola, esto es un contestador.", "Ahora mismo {name} no se encuentra."], "fr": ["Bonjour, {name} est injoignable.", "Ici la boîte vocale de {firm}."], "it": ["Ciao, risponde la segreteria di {name}.", "Siamo la famiglia {last}, ma non ci siamo."],
    "pt": ["Olá, fala o gravador de {name}.", "De momento {name} não está."], "nl": ["Hoi, {name} kan niet opnemen.", "Dit is de mailbox van {last}."], "ru": ["Здравствуйте, вы позвонили в компанию Заря.", "К сожалению, Марины сейчас нет.", "Говорит автоответчик Павла.", "Привет, я не могу подойти к телефону."],
    "uk": ["Вітаю, ви зателефонували Оксані.", "Абонент зараз недоступний.", "Це голосова пошта родини Шевченків.", "Привіт, мене немає вдома."], "da": ["Hej, du har ringet til Mette.", "Det er familien Jensens telefonsvarer."], "nb": ["Hei, dette er svareren til Kari.", "Du har kommet til familien Hansen."], "el": ["Γεια σας, καλέσατε τον Νίκο.", "Ο συνδρομητής δεν απαντά."],
    "hr": ["Bok, ovdje govorna pošta Ivana.", "Dobili ste obitelj Horvat."], "sk": ["Dobrý deň, tu odkazovač Petra.", "Volaný účastník nedvíha."],
}
REASON = {"en": ["I'm off fishing.", "The office reopens on Thursday.", "I have stepped away for lunch.", "We're with the kids right now."], "de": ["Ich bin unterwegs."], "es": ["Hemos salido."], "fr": ["Je travaille en ce moment."], "ru": ["Мы перезвоним позже."], "uk": ["Ми зараз на роботі."]}
REQUEST = {"en": ["Tell me who you are, and why you called.", "I'd love to hear from you, so talk after the chime.", "Your message will be answered within the day.", "Do leave your particulars."], "de": ["Nach dem Piep dürfen Sie reden."], "es": ["Diga lo que quiera tras el pitido."], "fr": ["À vous, après le bip."], "it": ["Dopo il bip tocca a voi."], "pt": ["Após o apito, diga quem é."], "nl": ["Na de toon mag u praten."],
           "ru": ["Оставьте ваше имя после звукового сигнала.", "Перезвоните завтра."], "uk": ["Залиште повідомлення після сигналу.", "Зателефонуйте пізніше."], "da": ["Læg en besked efter tonen."], "nb": ["Legg igjen en beskjed etter tonen."], "el": ["Αφήστε μήνυμα μετά τον ήχο."], "hr": ["Ostavite poruku nakon tona."], "sk": ["Nechajte odkaz po zaznení tónu."]}
MACHINE = {
    "recorded": [tuple(line.split()) for line in (
        "voicemail/48000/vm-person voicemail/48000/vm-not_available voicemail/48000/vm-record_message", "voicemail/48000/vm-mailbox_full voicemail/48000/vm-goodbye", "ivr/48000/ivr-im_sorry voicemail/48000/vm-record_name1",
        "voicemail/48000/vm-hello voicemail/48000/vm-enter_id voicemail/48000/vm-enter_pass", "ivr/48000/ivr-thank_you voicemail/48000/vm-record_greeting", "voicemail/48000/vm-you_have digits/48000/7 voicemail/48000/vm-new voicemail/48000/vm-messages voicemail/48000/vm-listen_new", "voicemail/48000/vm-too-small voicemail/48000/vm-record_message")],
    "words": [(3, 4, 3), (4, 3), (2, 4, 4), (3, 3, 2)], "lines": [(1, 1), (1, 1, 1), (2, 1)],
}
SHORT_MACHINE = {
    "en": ["After the chime, {name} will listen.", "{name}, not here, message please.", "No one is in, so speak now.", "Sorry, {name} is out, leave word.", "{digit} {digit} {digit} {digit}, message after the tone."],
    "de": ["{name}, Nachricht nach dem Piep."], "es": ["Tras el tono, hable."], "fr": ["{name} est sorti, parlez."], "it": ["{name} non c'è, lascia detto."], "pt": ["{name} saiu, deixe mensagem."], "nl": ["{name} is weg, spreek in."], "ru": ["Меня нет, говорите после гудка.", "Оставьте Павлу сообщение."], "uk": ["Говоріть після гудка.", "Мене немає, залиште слово."],
    "da": ["Tal efter tonen."], "nb": ["Snakk etter pipet."], "el": ["Μιλήστε μετά το σήμα."], "hr": ["Govorite nakon tona."], "sk": ["Hovorte po tóne."],
    "recorded": ["voicemail/48000/vm-record_name2", "ivr/48000/ivr-send_to_voicemail", "misc/48000/if_you_would_like_to", ("voicemail/48000/vm-person", "voicemail/48000/vm-not_available")], "words": [(2, 1), (2, 2), (3,)], "lines": [(1,)],
}
BUSINESS_MACHINE = {
    "en": [("{firm} thanks you for your call.", "To book a visit, press {digit}."), ("Hello from {firm}.", "Nobody is at the counter."), ("You're caller number {digit}.", "An associate will be right with you."), ("{firm}, this is our night line.", "Come back to us tomorrow."), ("A very good morning.", "{firm} has moved to a new address."), ("The extension you want is engaged.", "Hold, or dial zero."), ("Someone will pick up soon.", "Meanwhile, visit our web site.")],
    "de": [("{firm} hat heute Ruhetag.", "Morgen sind wir wieder da."), ("Für Deutsch drücken Sie die eins.",)], "es": [("{firm}, nuestro horario ha terminado.", "Llame mañana.")], "fr": [("{firm}, votre temps d'attente est estimé à {digit} minutes.",)], "it": [("{firm}, gli operatori sono occupati.", "Attenda in linea.")], "pt": [("{firm}, aguarde na linha.", "A sua chamada será atendida.")], "nl": [("{firm}, er zijn nog {digit} wachtenden voor u.",)],
    "ru": [("Вы позвонили в банк.", "Все операторы заняты."), ("Для связи с отделом продаж нажмите два.", "Или дождитесь ответа.")], "uk": [("Вітаємо у банку.", "Усі оператори зайняті."), ("Наш робочий день закінчився.", "Телефонуйте завтра.")], "da": [("Velkommen til banken.", "Tast et for kundeservice.")], "nb": [("Velkommen til banken.", "Tast en for norsk.")], "el": [("Καλώς ήρθατε στην τράπεζα.", "Πατήστε ένα.")], "hr": [("Dobrodošli u banku.", "Pritisnite jedan.")], "sk": [("Vitajte v banke.", "Stlačte jednotku.")],
    "recorded": [("ivr/48000/ivr-sample_submenu",), ("ivr/48000/ivr-welcome_to_freeswitch", "ivr/48000/ivr-enter_ext"), ("ivr/48000/ivr-hold_connect_call", "ivr/48000/ivr-to_repeat_these_options"), ("ivr/48000/ivr-this_ivr_will_let_you_test_features",), ("conference/48000/conf-welcome", "conference/48000/conf-pin", "conference/48000/conf-alone")], "words": [(3, 4), (4, 3, 3)], "lines": [(1, 1), (1, 1, 1)],
}
CARRIER = {
    "en": [("There is no such number on this network.", "Ask directory enquiries."), ("The phone you are trying to reach does not take calls.", "Bye."), ("This line is temporarily disconnected.", "We apologise."), ("Your operator could not put you through.", "Redial in a while."), ("The area code you used is wrong.", "Consult your directory, and redial.")],
    "de": [("Diese Nummer gibt es nicht mehr.", "Wählen Sie die Auskunft.")], "es": [("No se ha podido establecer la comunicación.", "Pruebe luego.")], "fr": [("Ce numéro n'est plus en service.", "Renseignez-vous.")], "it": [("L'utente non è al momento collegato.",)], "pt": [("Esta linha foi desligada.", "Pedimos desculpa.")], "nl": [("Deze verbinding is niet mogelijk.", "Probeer het straks.")],
    "ru": [("Соединение с абонентом невозможно.", "Проверьте номер."), ("Линия перегружена.", "Позвоните через несколько минут.")], "uk": [("Такого номера не існує.", "Перевірте номер."), ("Зв'язок з абонентом відсутній.",)], "da": [("Nummeret er ikke i brug.", "Prøv igen senere.")], "nb": [("Nummeret er ikke i bruk.", "Prøv igjen senere.")], "el": [("Ο αριθμός που καλέσατε δεν υπάρχει.",)], "hr": [("Birani broj se ne koristi.", "Provjerite broj.")], "sk": [("Volané číslo nie je pridelené.",)],
    "recorded": [("ivr/48000/ivr-you_have_dialed_an_invalid_extension", "ivr/48000/ivr-please_try_again"), ("misc/48000/error", "misc/48000/misc-your_call_has_been_terminated"), ("ivr/48000/ivr-pin_or_extension_is-invalid", "ivr/48000/ivr-please_reenter_your_pin"), ("conference/48000/conf-bad-pin", "ivr/48000/ivr-you_may_exit_by_hanging_up")], "words": [(4, 3), (5, 3), (3, 3)], "lines": [(1, 1)],
}
FIRST = {"en": ["Oh, hey.", "Hi, you.", "A good evening.", "Well hi.", "Hello, hello there."], "de": ["Guten Abend.", "Hallo zusammen."], "es": ["Buenas noches."], "fr": ["Coucou."], "it": ["Buonasera."], "pt": ["Boa noite."], "nl": ["Goeiedag."], "ru": ["Здрасте.", "Приветик."], "uk": ["Вітаю.", "Добрий вечір."], "da": ["Goddag."], "nb": ["God dag."], "el": ["Γεια σας."], "hr": ["Bok."], "sk": ["Čau."],
         "recorded": ["ivr/48000/ivr-hello", "voicemail/48000/vm-greeting"], "words": [(1,)], "lines": [(1,)]}
USUAL = {"uk": ["Алло?", "Так?", "Алло?", "Алло."], "da": ["Hallo?", "Ja?", "Hallo?", "Hej."], "nb": ["Hallo?", "Ja?", "Hallo?", "Hei."], "el": ["Εμπρός;", "Ναι;", "Παρακαλώ;", "Εμπρός."], "hr": ["Halo?", "Da?", "Molim?", "Halo."], "sk": ["Prosím?", "Haló?", "Áno?", "Prosím."]}
