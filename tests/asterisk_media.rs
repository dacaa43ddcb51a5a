//! Sounds of the media library, played by a real Asterisk to SIPp.

use std::path::{Path, PathBuf};

use canvass::audio::convert::Limits;
use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings};
use canvass::media::{Library, relative_path};
use canvass::store::Media;
use canvass::switch::{Switch, asterisk as pbx};

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
