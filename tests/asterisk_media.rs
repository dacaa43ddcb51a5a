//! Sounds of the media library, spoken texts and plain files, played by a real
//! Asterisk to SIPp: by path and by signed URL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use canvass::audio::convert::Limits;
use canvass::call::{CallId, Outcome};
use canvass::campaign::{CampaignStatus, Settings};
use canvass::clock::Clock;
use canvass::media::{
    Delivery, Library, Player, Publisher, Resolved, SoundFile, SoundOptions, Sounds, SpeechOptions, relative_path,
};
use canvass::store::Media;
use canvass::switch::{CallEvent, CallEvents, LinkEvent, Originate, Switch, asterisk as pbx};

#[path = "support/ari.rs"]
mod ari;
#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;
#[path = "support/real_campaign.rs"]
mod real_campaign;
#[path = "support/world.rs"]
mod world;

use ari::Ari;
use asterisk::{AsteriskLab, Callee, SIPP_TRUNK};
use world::{World, number, stop};

/// One of each way into the library.
const FILES: [&str; 6] =
    ["speech.mp3", "speech.ogg", "speech.flac", "speech-24bit.wav", "speech-float.wav", "speech-stereo.wav"];

async fn add(world: &World, file: &str) -> Media {
    let limits = Limits { max_seconds: 600, max_bytes: 20 << 20 };
    let library = Library::new(world.store.clone(), world.folder.path().to_owned(), limits);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(file);
    library.add_file(&path, Some(file.trim_end_matches(".wav")), world.clock.now()).await.expect("added").media
}

/// The file that a switch is told to play.
fn file(world: &World, media: &Media) -> PathBuf {
    world.media().local(&relative_path(&media.sha256))
}

/// Plays a sound to a channel; the state in which it ended.
async fn play(ari: &Ari, channel: &str, wav: &Path, before: usize) -> String {
    // Asterisk is told the path without extension.
    let media = format!("sound:{}", wav.with_extension("").display());
    let (status, body) = ari.post(&format!("/channels/{channel}/play"), &[("media", media.as_str())]).await;
    assert_eq!(status, 201, "{body}");
    let events = ari.wait_for(channel, "PlaybackFinished", before + 1).await;
    events[before]["playback"]["state"].as_str().expect("a state").to_owned()
}

#[tokio::test]
async fn every_kind_of_upload_plays_to_its_end_at_8_and_16_khz() {
    let test = "every_kind_of_upload_plays_to_its_end_at_8_and_16_khz";
    let Some(lab) = AsteriskLab::start(test).await else { return };
    let world = World::new().await;
    let ari = Ari::connect(&lab).await;
    ari.originate("listener", &Callee::Answers.endpoint(1), 20).await;
    ari.wait("listener", "StasisStart").await;
    let mut played = 0;
    for name in FILES {
        let media = add(&world, name).await;
        let wav = file(&world, &media);
        assert_eq!(play(&ari, "listener", &wav, played).await, "done", "{name}: {}", lab.log());
        // Only the 16 kHz file is left: Asterisk finds it by its extension.
        std::fs::remove_file(&wav).expect("removed");
        assert_eq!(play(&ari, "listener", &wav, played + 1).await, "done", "{name} at 16 kHz: {}", lab.log());
        std::fs::remove_file(wav.with_extension("wav16")).expect("removed");
        assert_eq!(play(&ari, "listener", &wav, played + 2).await, "failed", "{name}: nothing is left");
        played += 3;
    }
    ari.hang_up("listener").await;
}

#[tokio::test]
async fn a_campaign_plays_a_sound_of_the_library() {
    let Some(lab) = AsteriskLab::start("a_campaign_plays_a_sound_of_the_library").await else { return };
    let world = World::new().await;
    for name in ["speech.mp3", "speech.ogg"] {
        add(&world, name).await;
        let (switch, events) = pbx::Asterisk::start(pbx::Options {
            url: lab.ari_url.clone(),
            user: lab.user.clone(),
            password: lab.password.clone().into(),
            node: "test".into(),
            ..Default::default()
        });
        let setup = real_campaign::setup(Switch::Asterisk(switch), events, &[("carrier", SIPP_TRUNK)]);
        let settings = Settings { max_concurrent: 5, prompts: vec![name.into()], ..Settings::default() };
        let id = world.campaign(settings, (0..5).map(|n| number(&Callee::Answers.number(n)))).await;
        let engine = world.engine(vec![setup]).await;
        assert_eq!(world.settled(id).await, CampaignStatus::Completed, "{}", lab.log());
        stop(engine).await;
        let calls = world.calls(id).await;
        assert_eq!(calls.len(), 5);
        for call in calls {
            assert_eq!(call.outcome, Some(Outcome::Answered), "{call:?}");
            // A failed playback is told there.
            assert_eq!(call.facts.detail, None, "{call:?}");
        }
    }
}

/// An answered call of a real Asterisk.
struct Listener {
    switch: Switch,
    call: CallId,
    events: CallEvents,
}

impl Listener {
    async fn new(lab: &AsteriskLab) -> Self {
        let (switch, mut link) = pbx::Asterisk::start(pbx::Options {
            url: lab.ari_url.clone(),
            user: lab.user.clone(),
            password: lab.password.clone().into(),
            node: "test".into(),
            ..Default::default()
        });
        let up = tokio::time::timeout(PATIENCE, link.recv()).await.expect("in time");
        assert_eq!(up, Some(LinkEvent::Up { epoch: 1 }));
        let order = Originate {
            call: CallId::new(),
            endpoint: Callee::Answers.endpoint(1),
            number: number(&Callee::Answers.number(1)),
            caller_id: number("+15550000001"),
            ring_timeout: Duration::from_secs(30),
            max_call: Duration::from_secs(120),
        };
        let events = switch.originate(&order).await.expect("placed");
        let mut listener = Self { switch: Switch::Asterisk(switch), call: order.call, events };
        while listener.next().await != CallEvent::Answered {}
        listener
    }

    async fn next(&mut self) -> CallEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("in time").expect("an event")
    }

    /// Plays a file; why it could not.
    async fn hear(&mut self, file: &str) -> Option<String> {
        self.switch.play(self.call, file).await.expect("taken");
        match self.next().await {
            CallEvent::PlaybackFinished { failure } => failure,
            other => panic!("the end of {file}, but {other:?}"),
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A program that speaks: the usual one, or one that always says the same.
fn speech() -> SpeechOptions {
    let usual = SpeechOptions::default();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audio/speech-24bit.wav");
    let same = ["cp", fixture, "{file}"].map(ToOwned::to_owned).into();
    let installed = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(&usual.command[0]).is_file());
    if installed { usual } else { SpeechOptions { command: same, ..usual } }
}

fn sounds(world: &World, delivery: Delivery) -> Sounds {
    Sounds::new(SoundOptions { delivery, speech: speech(), ..SoundOptions::in_folder(world.media()) })
}

/// A sound of the library, a plain file with an odd name, a text.
const ENTRIES: [&str; 3] = ["speech.mp3", "Hello again, é.wav", "say:Hello. This is a test."];

/// What Asterisk is told to play for each.
async fn told(world: &World, sounds: &Sounds) -> Vec<String> {
    let entries = ENTRIES.map(|entry| ("prompts", entry));
    let found = sounds.look_up(&world.store, entries).await.expect("looked up");
    let file = |entry| match found.sounds.get(entry) {
        Some(Resolved::Ready(file)) => sounds.sound(file, Player::Asterisk, Clock::system().now()).file,
        other => panic!("{entry}: {other:?}, missing: {:?}", found.missing),
    };
    ENTRIES.map(file).into()
}

async fn with_entries() -> World {
    let world = World::new().await;
    add(&world, "speech.mp3").await;
    world.prompt(ENTRIES[1], Duration::from_secs(1));
    world
}

#[tokio::test]
async fn every_kind_of_entry_is_delivered_by_path() {
    let Some(lab) = AsteriskLab::start("every_kind_of_entry_is_delivered_by_path").await else { return };
    let world = with_entries().await;
    let mut listener = Listener::new(&lab).await;
    for file in told(&world, &sounds(&world, Delivery::Path)).await {
        assert!(file.starts_with('/'), "{file}");
        assert_eq!(listener.hear(&file).await, None, "{file}: {}", lab.log());
    }
}

#[tokio::test]
async fn every_kind_of_entry_is_delivered_by_signed_url() {
    let Some(lab) = AsteriskLab::start("every_kind_of_entry_is_delivered_by_signed_url").await else { return };
    let world = with_entries().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let valid = Duration::from_secs(86_400);
    let publisher = Publisher::new(&format!("http://{free}"), valid, world.folder.path()).expect("a key");
    let sounds = sounds(&world, Delivery::Http(publisher));
    let files = told(&world, &sounds).await;
    let mut listener = Listener::new(&lab).await;
    assert!(listener.hear(&files[0]).await.is_some(), "nobody listens yet");

    let server = sounds.serve(free, world.clock).await.expect("listens");
    for file in &files {
        assert!(file.starts_with("http://"), "{file}");
        assert_eq!(listener.hear(file).await, None, "{file}: {}", lab.log());
    }
    let forged = files[0].replace("/media/1", "/media/2");
    assert!(listener.hear(&forged).await.is_some(), "a forged URL");
    let old = sounds.sound(&SoundFile { path: ENTRIES[1].into(), length: None }, Player::Asterisk, long_ago());
    assert!(listener.hear(&old.file).await.is_some(), "an expired URL");

    // Asterisk keeps what it fetched: it does not ask again.
    drop(server);
    assert_eq!(listener.hear(&files[0]).await, None, "{}", lab.log());
    listener.switch.hang_up(listener.call).await.expect("hung up");
}

fn long_ago() -> jiff::Timestamp {
    "2020-01-01T00:00:00Z".parse().expect("an instant")
}
