//! A live call is hung up by request, whatever it does at that moment, on both
//! simulated switches.

use std::time::Duration;

use canvass::call::{CallId, Outcome, TransferState};
use canvass::campaign::{CampaignId, Settings, TargetStatus, TransferCallerId, TransferSetting, TransferTo};
use canvass::dialer::{Engine, HangUp, Options};
use canvass::media::{SoundOptions, Sounds, SpeechOptions};
use canvass::store::{CallRow, Claim, LedgerBatch, PlannedCall};
use canvass::switch::simulator::{CalleeMix, Fate};
use rstest::rstest;
use serde_json::json;

use crate::api::{Home, on_both_engines};
use crate::world::{Kind, Simulator, World, connect_to, contact, everyone, number, pool, stop};

on_both_engines!(the_api_hangs_up_and_says_what_is_over);

fn settings() -> Settings {
    Settings { ring_seconds: 60, max_call_seconds: 600, ..Settings::default() }
}

/// Waits until the campaign's only call is as wanted.
async fn until(world: &World, id: CampaignId, what: &str, wanted: impl Fn(&CallRow) -> bool) -> CallRow {
    let look = async {
        loop {
            if let Some(row) = world.calls(id).await.pop().filter(&wanted) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), look).await.unwrap_or_else(|_| panic!("the call never {what}"))
}

async fn hang_up(engine: &Engine, call: CallId) -> HangUp {
    engine.handle().hang_up(call).await.expect("an engine")
}

/// Hangs up, twice; gives the call as it ended, once it is forgotten.
async fn ended(world: &World, engine: &Engine, id: CampaignId, call: CallId) -> CallRow {
    assert_eq!(hang_up(engine, call).await, HangUp::Asked);
    // A second time does no harm.
    hang_up(engine, call).await;
    let row = until(world, id, "ended", |row| row.outcome.is_some()).await;
    assert_eq!(hang_up(engine, call).await, HangUp::NotInProgress);
    row
}

#[rstest]
#[tokio::test]
async fn a_call_that_rings_is_taken_back(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let simulator = Simulator::start(kind, CalleeMix { speed: 1.0, ..everyone(Fate::NoAnswer) }).await;
    let id = world.campaign(Settings { retry_delay_minutes: 0, ..settings() }, [contact(0)]).await;
    let engine = world.engine(vec![simulator.connect("one", 10, 0.0)]).await;
    let call = until(&world, id, "was there", |_| true).await.call;
    while simulator.calls_in_progress() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Somebody has to hear it ring first.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let row = ended(&world, &engine, id, call).await;
    assert_eq!(row.outcome, Some(Outcome::Cancelled), "{row:?}");
    assert!(row.facts.placed_at.is_some() && row.facts.answered_at.is_none(), "{row:?}");
    assert_eq!(row.facts.trunk.as_deref(), Some("carrier"));
    assert!(row.facts.detail.is_some_and(|words| words.contains("hung up by request")));
    // No attempt was used, and nobody is rung again at once.
    let (status, attempts, due) = world.store.target_by_number(id, contact(0)).await.expect("read").expect("there");
    assert_eq!((status, attempts), (TargetStatus::Pending, 0));
    let wait = due.expect("due").duration_since(world.clock.now()).as_secs();
    assert!((50..=60).contains(&wait), "{wait}");
    stop(engine).await;
    assert_eq!((simulator.journal().originates(), simulator.calls_in_progress()), (1, 0));
}

#[rstest]
#[tokio::test]
async fn a_call_that_talks_was_answered(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    world.prompt("long.wav", Duration::from_secs(60));
    let mix = CalleeMix { speed: 1.0, ring_ms: (10, 20), talk_ms: (60_000, 60_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(kind, mix).await;
    let id = world.campaign(Settings { prompts: vec!["long.wav".into()], ..settings() }, [contact(0)]).await;
    let engine = world.engine(vec![simulator.connect("one", 10, 0.0)]).await;
    let call = until(&world, id, "was answered", |row| row.facts.answered_at.is_some()).await.call;
    let row = ended(&world, &engine, id, call).await;
    assert_eq!((row.outcome, row.target_status), (Some(Outcome::Answered), TargetStatus::Completed));
    stop(engine).await;
    assert_eq!(simulator.calls_in_progress(), 0);
}

/// While its transfer rings, and while both talk.
#[rstest]
#[tokio::test]
async fn a_call_that_is_transferred_ends_with_both_legs(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
    #[values(Fate::NoAnswer, Fate::Answer)] other: Fate,
) {
    let world = World::new().await;
    world.prompt("hello.wav", Duration::from_secs(60));
    let (callee, help) = ("+15552000001", "+15552000077");
    let mut mix = CalleeMix {
        speed: 1.0,
        ring_ms: (10, 20),
        talk_ms: (60_000, 60_000),
        keys: [('0', 1.0)].into(),
        key_ms: (300, 300),
        ..everyone(Fate::Answer)
    };
    mix.endings.insert("0077".into(), other);
    let simulator = Simulator::start(kind, mix).await;
    let transfer = TransferSetting {
        digit: '0',
        to: TransferTo::Number(number(help)),
        caller_id: TransferCallerId::Callee,
        ring_seconds: 60,
        max_seconds: 600,
        prompt: None,
        failed_prompt: None,
    };
    let told = Settings { prompts: vec!["hello.wav".into()], transfer: Some(transfer), ..settings() };
    let id = world.campaign(told, [number(callee)]).await;
    let engine = world.engine(vec![simulator.connect("one", 10, 0.0)]).await;
    let call = until(&world, id, "was answered", |row| row.facts.answered_at.is_some()).await.call;
    let both = async {
        while simulator.calls_in_progress() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("the other party is rung");
    // So that whoever answers has answered.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let row = ended(&world, &engine, id, call).await;
    let want = if other == Fate::Answer { TransferState::Connected } else { TransferState::Tried };
    assert_eq!((row.outcome, row.facts.talk.transfer), (Some(Outcome::Answered), Some(want)), "{row:?}");
    let talk = &row.facts.talk;
    assert!(talk.transfer_at.is_some(), "{row:?}");
    assert_eq!(talk.transferred_at.is_some(), other == Fate::Answer, "{row:?}");
    let gone = async {
        while simulator.calls_in_progress() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("both legs end");
    stop(engine).await;
}

/// Its text is still being spoken: it is never placed.
#[tokio::test]
async fn a_call_that_is_only_claimed_is_not_placed() {
    let world = World::new().await;
    world.prompt("sound.wav", Duration::from_secs(1));
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let folder = world.folder.path().display().to_string();
    // What is spoken to try the command out is done at once.
    let script = format!(
        "if grep -q 2000000 \"$1\"; then while ! [ -e {folder}/go ]; do sleep 0.05; done; fi; cp {folder}/sound.wav \"$0\""
    );
    let command = ["/bin/sh", "-c", &script, "{file}", "{text}"].map(ToOwned::to_owned).into();
    let speech = SpeechOptions { command, ..SpeechOptions::default() };
    let sounds = Sounds::new(SoundOptions { speech, ..SoundOptions::in_folder(world.media()) });
    let id = world.campaign(Settings { prompts: vec!["say:Hello {{phone}}".into()], ..settings() }, [contact(0)]).await;
    let options = Options { sounds, ..world.options(vec![simulator.connect("one", 10, 0.0)]) };
    let engine = Engine::start(options).await.expect("an engine");
    let call = until(&world, id, "was claimed", |_| true).await.call;
    assert_eq!(hang_up(&engine, call).await, HangUp::Asked);
    let row = until(&world, id, "ended", |row| row.outcome.is_some()).await;
    std::fs::write(world.folder.path().join("go"), "").expect("written");
    assert_eq!((row.outcome, row.facts.placed_at, row.facts.trunk), (Some(Outcome::Cancelled), None, None));
    stop(engine).await;
    assert_eq!(simulator.journal().originates(), 0);
    let (status, attempts, _) = world.store.target_by_number(id, contact(0)).await.expect("read").expect("there");
    assert_eq!((status, attempts), (TargetStatus::Pending, 0));
}

/// A daemon before left it open, and its switch is away: whoever asks is told
/// that it is being hung up, which it is as soon as the switch can be asked.
#[rstest]
#[tokio::test]
async fn a_call_from_before_the_start_is_ours_too(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let id = world.campaign(settings(), [contact(0)]).await;
    let call = CallId::new();
    let calls = vec![PlannedCall { call, caller_id: pool(1)[0], switch: "one".into() }];
    let claim = LedgerBatch {
        claims: vec![Claim {
            campaign: id,
            calls,
            nearby: Vec::new(),
            rules: std::sync::Arc::new(canvass::compliance::Rules::laboratory()),
        }],
        ..LedgerBatch::default()
    };
    world.store.commit(&claim, world.clock.now()).await.expect("claimed");
    // Nobody listens there.
    let address = match kind {
        Kind::FreeSwitch => "127.0.0.1:9",
        Kind::Asterisk => "http://127.0.0.1:9/ari",
    };
    let engine = world.engine(vec![connect_to(kind, address, "one", 10, 0.0)]).await;
    assert_eq!(hang_up(&engine, call).await, HangUp::Asked);
    assert_eq!(hang_up(&engine, call).await, HangUp::Asked);
    assert_eq!(hang_up(&engine, CallId::new()).await, HangUp::NotInProgress);
    // Nobody can know how it ended: that is not made up.
    assert_eq!(world.calls(id).await[0].outcome, None);
    stop(engine).await;
}

async fn the_api_hangs_up_and_says_what_is_over(home: &Home) {
    let id = home.draft("Hung up").await;
    home.fill(&id, 0, 1).await;
    let path = format!("/api/campaigns/{id}");
    home.act(&format!("{path}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let runs = home.get(&format!("{path}/runs")).await.expect(200);
    let call = runs["items"][0]["id"].as_str().expect("an id").to_owned();
    let over = home.act(&format!("/api/calls/{call}/hangup")).await.expect(409);
    assert!(over["detail"].as_str().is_some_and(|text| text.contains("over already")), "{over}");
    home.act("/api/calls/00000000-0000-0000-0000-000000000000/hangup").await.expect(404);
    home.act("/api/calls/none/hangup").await.expect(404);
    // In the database, and not with the engine: its end is on its way.
    let other = home.draft("Elsewhere").await;
    home.fill(&other, 10, 1).await;
    let campaign = other.parse().expect("an id");
    let now = home.world.clock.now();
    let change = canvass::store::StatusChange {
        to: canvass::campaign::CampaignStatus::Running,
        from: vec![canvass::campaign::CampaignStatus::Draft],
        reason: None,
        scheduled_at: None,
    };
    home.world.store.change_status(campaign, &change, now).await.expect("changed");
    let stray = CallId::new();
    let calls = vec![PlannedCall { call: stray, caller_id: pool(1)[0], switch: "main".into() }];
    let claim = LedgerBatch {
        claims: vec![Claim {
            campaign,
            calls,
            nearby: Vec::new(),
            rules: std::sync::Arc::new(canvass::compliance::Rules::laboratory()),
        }],
        ..LedgerBatch::default()
    };
    let claimed = home.world.store.commit(&claim, now).await.expect("committed");
    if !claimed[0].claimed.is_empty() {
        let answer = home.act(&format!("/api/calls/{stray}/hangup")).await.expect(409);
        assert!(answer["detail"].as_str().is_some_and(|text| text.contains("being written")), "{answer}");
    }
    // With a body, and with a key that may not.
    let viewer = home.key(canvass::access::Role::Viewer, &[]).await;
    let path = format!("/api/calls/{call}/hangup");
    crate::api::send(home.request_as(Some(&viewer), "POST", &path).json(&json!({}))).await.expect(403);
}
