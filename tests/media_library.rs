//! The media library in a campaign, on both simulated switches: a file goes
//! in, callees hear it, and nobody is called when it is not there.

use std::path::{Path, PathBuf};

use canvass::audio::convert::Limits;
use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings};
use canvass::control::{self, ControlError, Launch};
use canvass::dialer::{Engine, MediaFolder, Options};
use canvass::media::{Library, MediaError, relative_path};
use canvass::store::Media;
use canvass::switch::simulator::{CalleeMix, Fate};
use rstest::rstest;

#[path = "support/world.rs"]
mod world;

use world::{Kind, Simulator, World, contact, everyone, pool, stop};

const LIMITS: Limits = Limits { max_seconds: 600, max_bytes: 20 << 20 };

fn library(world: &World) -> Library {
    Library::new(world.store.clone(), world.folder.path().to_owned(), LIMITS)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(name)
}

async fn add(world: &World, file: &str) -> Media {
    library(world).add_file(&fixture(file), None, world.clock.now()).await.expect("added").media
}

fn playing(prompt: &str) -> Settings {
    Settings { max_concurrent: 10, prompts: vec![prompt.into()], ..Settings::default() }
}

#[rstest]
#[tokio::test]
async fn callees_hear_a_sound_by_its_name_or_id(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
    #[values(false, true)] by_id: bool,
) {
    let world = World::new().await;
    let media = add(&world, "speech.mp3").await;
    let mix = CalleeMix { speed: 1.0, ring_ms: (10, 20), talk_ms: (60_000, 60_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(kind, mix).await;
    let prompt = if by_id { media.id.to_string() } else { "speech".to_owned() };
    let id = world.campaign(playing(&prompt), (0..5).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    assert_eq!(world.store.tally(id).await.expect("a tally").outcome(Outcome::Answered), 5);
    for call in world.calls(id).await {
        assert_eq!(call.facts.detail, None, "{call:?}");
    }
}

/// What the scenario above would look like if the sound had not been played.
#[rstest]
#[tokio::test]
async fn a_switch_that_sees_another_folder_is_told_in_the_call(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    add(&world, "speech.mp3").await;
    let simulator = Simulator::start(kind, everyone(Fate::Answer)).await;
    let id = world.campaign(playing("speech"), [contact(1)]).await;
    let media = MediaFolder { on_switch: "/nowhere/at/all".into(), ..world.media() };
    let options = Options { sounds: media.into(), ..world.options(vec![simulator.connect("one", 100, 0.0)]) };
    let engine = Engine::start(options).await.expect("an engine");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let detail = world.calls(id).await.remove(0).facts.detail.expect("a detail");
    assert!(detail.contains("playback failed"), "{detail}");
}

#[tokio::test]
async fn a_campaign_without_its_sound_is_not_launched() {
    let world = World::new().await;
    let now = world.clock.now();
    let settings = Settings { number_pool: pool(1), ..playing("speech") };
    let id = control::create(&world.store, "Test", &settings, now).await.expect("created");
    world.store.add_targets(id, &[canvass::contact::NewContact::of(contact(1))], now).await.expect("added");
    let (folder, at_once) = (world.media().into(), Launch::default());
    let launch = || control::launch(&world.store, &folder, id, &at_once, now);
    let Err(ControlError::Refused(reasons)) = launch().await else { panic!("launched") };
    assert_eq!(reasons, ["a prompt is missing: \"speech\" is not in the media library (prompts)"]);

    let media = Library::new(world.store.clone(), world.media().local, LIMITS)
        .add_file(&fixture("speech.ogg"), None, now)
        .await
        .expect("added")
        .media;
    std::fs::remove_file(world.media().local(&relative_path(&media.sha256))).expect("removed");
    let Err(ControlError::Refused(reasons)) = launch().await else { panic!("launched") };
    assert!(reasons[0].contains("speech") && reasons[0].contains(&media.sha256), "{reasons:?}");
}

#[rstest]
#[tokio::test]
async fn a_sound_that_goes_away_pauses_the_campaign(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let media = add(&world, "speech.flac").await;
    let simulator = Simulator::start(kind, everyone(Fate::Answer)).await;
    let id = world.campaign(playing("speech"), (0..20).map(contact)).await;
    std::fs::remove_file(world.media().local(&relative_path(&media.sha256))).expect("removed");
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    stop(engine).await;
    let campaign = world.store.campaign(id).await.expect("read").expect("there");
    assert!(campaign.reason.is_some_and(|reason| reason.contains("speech")));
    assert_eq!(simulator.journal().originates(), 0, "nobody was called to hear nothing");
}

#[tokio::test]
async fn names_and_files_of_the_library() {
    let world = World::new().await;
    let (library, now) = (library(&world), world.clock.now());
    let media = add(&world, "speech.mp3").await;
    let narrow = world.media().local(&relative_path(&media.sha256));
    assert_eq!((media.original_name.as_str(), media.waveform.len()), ("speech.mp3", 200));
    let on_disk = [&narrow, &narrow.with_extension("wav16")].map(|path| std::fs::metadata(path).expect("there").len());
    assert_eq!(on_disk.iter().sum::<u64>(), media.bytes);

    let taken = library.add_file(&fixture("speech.ogg"), None, now).await;
    assert!(matches!(taken, Err(MediaError::NameTaken(name)) if name == "speech"));
    let bad = library.add_file(&fixture("speech.ogg"), Some("a/b"), now).await;
    assert!(matches!(bad, Err(MediaError::Name { .. })), "{bad:?}");
    let gone = library.add_file(&fixture("gone.ogg"), None, now).await;
    assert!(matches!(gone, Err(MediaError::Read { .. })), "{gone:?}");
    let text = library.add_file(&fixture("README.md"), None, now).await;
    assert!(matches!(text, Err(MediaError::Convert(_))), "{text:?}");
    assert_eq!(world.store.media_list().await.expect("a list").len(), 1);

    // The same content under a second name shares the files of the first.
    let bytes = std::fs::read(fixture("speech.mp3")).expect("read");
    let again = library.add_bytes(bytes, "upload.bin", Some("again"), now).await.expect("added").media;
    assert_eq!(again.sha256, media.sha256);
    assert_eq!(library.remove("speech").await.expect("removed"), media);
    assert!(narrow.is_file());
    library.remove(&again.id.to_string()).await.expect("removed");
    assert!(!narrow.exists() && !narrow.with_extension("wav16").exists());
    assert!(matches!(library.remove("again").await, Err(MediaError::NotFound(_))));
}

#[tokio::test]
async fn a_sound_that_is_played_is_not_removed() {
    let world = World::new().await;
    let media = add(&world, "speech.ogg").await;
    world.campaign(playing("speech"), [contact(1)]).await;
    let refused = library(&world).remove("speech").await.expect_err("in use");
    assert!(refused.to_string().contains("campaign \"Test\""), "{refused}");
    assert!(world.media().local(&relative_path(&media.sha256)).is_file());
}
