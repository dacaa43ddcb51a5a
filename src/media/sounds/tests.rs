use std::fs;
use std::path::Path;

use super::*;
use crate::campaign::Settings;
use crate::contact::NewContact;
use crate::media::tests::wav;
use crate::media::{Library, MediaError, Publisher};
use crate::number::PhoneNumber;
use crate::store::Location;
use tempfile::TempDir;

/// A media folder with `there.wav`, and a program that speaks for a second.
struct Rig {
    folder: TempDir,
    store: Store,
    sounds: Sounds,
}

impl Rig {
    async fn new() -> Self {
        Self::with("cp ${0%/*}/there.wav \"$1\"", false).await
    }

    async fn with(script: &str, http: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        fs::write(here.join("there.wav"), wav(Duration::from_secs(1))).expect("written");
        fs::write(here.join("say.sh"), format!("echo ran >> $0.runs\n{script}\n")).expect("written");
        let store = Store::open(&Location::Sqlite(here.join("db"))).await.expect("a database");
        store.migrate().await.expect("migrated");
        let script = here.join("say.sh").display().to_string();
        let command = ["/bin/sh", &script, "{file}", "{text}"].map(ToOwned::to_owned).into();
        let folder_options = MediaFolder { local: here.to_owned(), on_switch: "/mnt/prompts".into() };
        let valid = Duration::from_secs(86_400);
        let publisher = || Publisher::new("http://10.0.0.5:8089", valid, here).expect("a key");
        let sounds = Sounds::new(SoundOptions {
            delivery: if http { Delivery::Http(publisher()) } else { Delivery::Path },
            speech: SpeechOptions { command, ..SpeechOptions::default() },
            ..SoundOptions::in_folder(folder_options)
        });
        Self { folder, store, sounds }
    }

    fn library(&self) -> Library {
        let limits = Limits { max_seconds: 60, max_bytes: 1 << 20 };
        Library::new(self.store.clone(), self.folder.path().to_owned(), limits)
    }

    async fn look_up(&self, entries: &[&str]) -> Found {
        let entries = entries.iter().map(|entry| ("prompts", *entry));
        self.sounds.look_up(&self.store, entries).await.expect("looked up")
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.folder.path().join("say.sh.runs")).unwrap_or_default().lines().count()
    }

    fn here(&self) -> &Path {
        self.folder.path()
    }
}

fn now() -> Timestamp {
    "2026-03-01T09:00:00Z".parse().expect("an instant")
}

const SECOND: Option<Duration> = Some(Duration::from_secs(1));

fn ready(path: &str) -> Resolved {
    Resolved::Ready(SoundFile { path: path.to_owned(), length: SECOND })
}

#[tokio::test]
async fn every_kind_of_entry_is_found() {
    let rig = Rig::new().await;
    let bytes = wav(Duration::from_secs(1));
    let media = rig.library().add_bytes(bytes, "greeting.wav", None, now()).await.expect("added").media;
    let absolute = rig.here().join("there.wav").display().to_string();
    let id = media.id.to_string();
    let entries = ["there.wav", &absolute, "greeting", &id, "say:Hello.", "say:Hello {{name|friend}}.", "greeting"];
    let found = rig.look_up(&entries).await;
    assert_eq!(found.missing, Vec::<String>::new());
    assert_eq!(found.sounds.len(), 6);
    assert_eq!(found.sounds["there.wav"], ready("there.wav"));
    assert_eq!(found.sounds[&absolute], ready(&absolute));
    assert_eq!(found.sounds["greeting"], ready(&relative_path(&media.sha256)));
    assert_eq!(found.sounds[&id], found.sounds["greeting"]);
    assert_eq!(found.sounds["say:Hello {{name|friend}}."], Resolved::PerContact("Hello {{name|friend}}.".to_owned()));
    let spoken = rig.sounds.speak("Hello.").await.expect("spoken");
    assert_eq!(found.sounds["say:Hello."], Resolved::Ready(spoken));
    assert_eq!(rig.runs(), 2, "once the text, once to try the one with a placeholder");
    assert_eq!(rig.look_up(&entries).await, found);
    assert_eq!(rig.runs(), 2);
}

#[tokio::test]
async fn what_is_missing_is_told_with_its_setting() {
    let rig = Rig::with("echo no voice >&2; exit 1", false).await;
    let bytes = wav(Duration::from_secs(1));
    let media = rig.library().add_bytes(bytes, "gone", None, now()).await.expect("added").media;
    fs::remove_file(rig.here().join(relative_path(&media.sha256))).expect("removed");
    let entries = [
        ("prompts", "gone"),
        ("voicemail.prompt", "nobody"),
        ("opt_out_prompt", "nowhere.wav"),
        ("prompts", "say:Hello."),
        ("transfer.prompt", "say:Hello {{name|x}}"),
        ("prompts", "./"),
        ("prompts", "say: "),
        ("prompts", "there.wav"),
    ];
    let found = rig.sounds.look_up(&rig.store, entries).await.expect("looked up");
    assert_eq!(found.sounds, HashMap::from([("there.wav".to_owned(), ready("there.wav"))]));
    let told = |part: &str, setting: &str| {
        let is_it = |line: &&String| line.contains(part) && line.ends_with(&format!("({setting})"));
        assert_eq!(found.missing.iter().filter(is_it).count(), 1, "{part} in {:#?}", found.missing);
    };
    told("the file of \"gone\"", "prompts");
    told("\"nobody\" is not in the media library", "voicemail.prompt");
    told("nowhere.wav", "opt_out_prompt");
    told("\"say:Hello.\": \"/bin/sh\" failed to speak a text: exit status: 1: no voice", "prompts");
    told("\"say:Hello {{name|x}}\"", "transfer.prompt");
    told("/./ is no file", "prompts");
    told("there is nothing to say", "prompts");
    assert_eq!(found.missing.len(), 7);
}

#[tokio::test]
async fn a_text_must_have_something_to_say_to_everyone() {
    let rig = Rig::new().await;
    let found = rig.look_up(&["say:{{message}}", "say:{{message|Good day.}}"]).await;
    assert_eq!(found.sounds.keys().collect::<Vec<_>>(), ["say:{{message|Good day.}}"]);
    assert!(found.missing[0].contains("needs a default, as in {{name|friend}}"), "{:?}", found.missing);
}

#[tokio::test]
async fn each_contact_hears_their_own_text_and_the_same_sounds() {
    let rig = Rig::with("cat \"$2\" >> $0.texts; echo >> $0.texts; cp ${0%/*}/there.wav \"$1\"", false).await;
    let text = "say:Hello {{name|friend}}.";
    let found = rig.look_up(&["there.wav", text]).await;
    assert!(!found.is_for_everyone() && rig.look_up(&["there.wav", "say:Hello friend."]).await.is_for_everyone());
    let contact = |name: &str| {
        let mut contact = NewContact::of(PhoneNumber::from_e164("+15551234567").expect("a number"));
        contact.name = Some(name.to_owned());
        ContactFields::of(&contact)
    };
    let mut told = Vec::new();
    for fields in [contact("Ann"), contact("Bob"), contact("Ann"), contact("\u{7}")] {
        let sounds = rig.sounds.of_call(&found, &fields, Player::Asterisk, now()).await.expect("spoken");
        assert_eq!(sounds["there.wav"], Sound { file: "/mnt/prompts/there.wav".into(), length: SECOND });
        assert_eq!((sounds.len(), sounds[text].length), (2, SECOND));
        told.push(sounds[text].file.clone());
    }
    assert!(told[0] == told[2] && told[0] != told[1] && told[0].starts_with("/mnt/prompts/speech/"), "{told:?}");
    let texts = fs::read_to_string(rig.here().join("say.sh.texts")).expect("read");
    assert_eq!(texts, "Hello friend.\nHello Ann.\nHello Bob.\n", "each once");
    fs::write(rig.here().join("say.sh"), "exit 1").expect("written");
    let failed = rig.sounds.of_call(&found, &contact("Eve"), Player::Asterisk, now()).await;
    assert!(matches!(failed, Err(SpeechError::Failed { .. })), "{failed:?}");
}

#[tokio::test]
async fn by_path_both_switches_are_told_the_same() {
    let rig = Rig::new().await;
    for (path, want) in [("ab/x.wav", "/mnt/prompts/ab/x.wav"), ("/srv/x.wav", "/srv/x.wav")] {
        let file = SoundFile { path: path.to_owned(), length: SECOND };
        for player in [Player::FreeSwitch, Player::Asterisk] {
            let sound = rig.sounds.sound(&file, player, now());
            assert_eq!(sound, Sound { file: want.to_owned(), length: SECOND });
        }
    }
}

#[tokio::test]
async fn by_http_each_switch_is_told_in_its_words() {
    let rig = Rig::with("", true).await;
    let absolute = rig.here().join("there.wav").display().to_string();
    for path in ["there.wav", "./there.wav", &absolute] {
        let file = SoundFile { path: path.to_owned(), length: SECOND };
        let [asterisk, freeswitch] =
            [Player::Asterisk, Player::FreeSwitch].map(|player| rig.sounds.sound(&file, player, now()).file);
        assert_eq!(freeswitch, format!("http_cache://{asterisk}"));
        assert!(asterisk.starts_with("http://10.0.0.5:8089/media/1772"), "{asterisk}");
        assert!(asterisk.ends_with("/there.wav") && asterisk.matches("there").count() == 1, "{asterisk}");
    }
}

#[tokio::test]
async fn by_http_only_what_can_be_fetched_is_found() {
    let rig = Rig::with("", true).await;
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.wav");
    fs::write(&secret, wav(Duration::from_secs(1))).expect("written");
    fs::write(rig.here().join("a.mp3"), "x").expect("written");
    std::os::unix::fs::symlink(&secret, rig.here().join("link.wav")).expect("linked");
    let absolute = secret.display().to_string();
    let found = rig.look_up(&[&absolute, "./a.mp3", "link.wav", "there.wav"]).await;
    assert_eq!(found.sounds.keys().collect::<Vec<_>>(), ["there.wav"]);
    for part in ["is not in the media folder", "is no .wav file", "is a link to somewhere else"] {
        assert_eq!(found.missing.iter().filter(|line| line.contains(part)).count(), 1, "{:?}", found.missing);
    }
    // By path the same are the switch's business.
    let by_path = Sounds::new(SoundOptions::in_folder(MediaFolder::same(rig.here())));
    let entries = [absolute.as_str(), "./a.mp3", "link.wav"].map(|entry| ("prompts", entry));
    let found = by_path.look_up(&rig.store, entries).await.expect("looked up");
    assert_eq!((found.sounds.len(), found.missing.len()), (3, 0));
}

#[tokio::test]
async fn a_text_becomes_a_sound_of_the_library() {
    let rig = Rig::new().await;
    let add = async |text: &str, name: &str| rig.library().add_text(&rig.sounds, text, name, now()).await;
    let media = add("Hello {{name|there}}!", "hello").await.expect("added").media;
    assert_eq!((media.name.as_str(), media.original_name.as_str()), ("hello", "say:Hello there!"));
    assert_eq!(media.duration_ms, 1_000);
    assert_eq!(rig.look_up(&["hello"]).await.sounds["hello"], ready(&relative_path(&media.sha256)));
    assert!(matches!(add("Hello", "hello").await, Err(MediaError::NameTaken(_))));
    assert!(matches!(add("Hello", "say:x").await, Err(MediaError::Name { .. })));
    assert!(matches!(add("{{name}}", "empty").await, Err(MediaError::Speech(SpeechError::NoText))));
    assert_eq!(rig.runs(), 1);
}

#[tokio::test]
async fn it_is_asked_from_tasks_of_their_own() {
    let rig = Rig::new().await;
    let (sounds, store) = (rig.sounds.clone(), rig.store.clone());
    let settings = Settings { prompts: vec!["there.wav".into(), "say:{{x|y}}".into()], ..Settings::default() };
    let task = tokio::spawn(async move {
        let entries = settings.sounds().map(|(setting, entry)| (setting, entry.as_str()));
        let found = sounds.look_up(&store, entries).await.expect("looked up");
        sounds.of_call(&found, &ContactFields::default(), Player::Asterisk, now()).await.expect("spoken").len()
    });
    assert_eq!(task.await.expect("no panic"), 2);
}
