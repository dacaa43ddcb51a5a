//! Calls only when the law and the operator allow them: hours, opt-outs and the
//! engine, in real time. A week of a national campaign is in `simulated_week`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use canvass::campaign::{CallingHours, CampaignStatus, Settings, TargetStatus};
use canvass::clock::Clock;
use canvass::compliance::Organization;
use canvass::control;
use canvass::dialer::{Engine, Options};
use canvass::store::{CallRow, DoNotCall, Location, Store};
use canvass::switch::simulator::Fate;
use jiff::{SignedDuration, Timestamp};

#[path = "support/need.rs"]
mod need;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/world.rs"]
mod world;

use postgres::Database;
use world::{Kind, Simulator, World, contact, everyone, number, stop};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A world whose clock shows this time.
async fn world_at(text: &str) -> World {
    World { clock: Clock::starting_at(at(text)), ..World::new().await }
}

/// An engine for which the law holds.
async fn lawful(world: &World, simulator: &Simulator, rate: f64) -> Engine {
    let compliance = Arc::new(Organization::default());
    let options = Options { compliance, ..world.options(vec![simulator.connect("main", 100, rate)]) };
    Engine::start(options).await.expect("an engine")
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("{what}"));
}

fn hours(json: &str) -> Settings {
    let hours: CallingHours = serde_json::from_str(json).expect("hours");
    Settings { calling_hours: Some(hours), max_concurrent: 10, ..Settings::default() }
}

/// 2026-06-02 is a Tuesday. Three seconds to nine in New York.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_starts_when_its_hours_open() {
    let world = world_at("2026-06-02T12:59:57Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let slots = r#"{"timezone": "America/New_York", "slots": [{"day": "tuesday", "start": "09:00", "end": "17:00"}]}"#;
    let numbers = (0..5).map(|n| number(&format!("+1212{}", 2_000_000 + n)));
    let id = world.campaign(hours(slots), numbers).await;
    let stored = world.store.campaign(id).await.expect("read").expect("there");
    let law = Arc::new(Organization::default());
    let opening = at("2026-06-02T13:00:00Z");
    let waits = control::waiting_until(&world.store, &law, &stored, at("2026-06-02T12:59:58Z")).await.expect("read");
    assert_eq!(waits, Some(opening));
    let engine = lawful(&world, &simulator, 100.0).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    let calls = world.calls(id).await;
    assert_eq!(calls.len(), 5);
    assert!(calls.iter().all(|call| call.created_at >= opening), "{calls:?}");
    stop(engine).await;
}

/// Eight o'clock in New York, five in Los Angeles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_still_sleeps_is_called_later() {
    let world = world_at("2026-06-02T11:59:58Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let engine = lawful(&world, &simulator, 100.0).await;
    let (angeles, york) = (number("+12132000000"), number("+12122000000"));
    let id = world.campaign(Settings::default(), [angeles, york]).await;
    let status = async |number| world.store.target_by_number(id, number).await.expect("read").expect("there");
    until("New York is called", async || status(york).await.0 == TargetStatus::Busy).await;
    let morning = at("2026-06-02T15:00:00Z");
    assert_eq!(status(angeles).await, (TargetStatus::Pending, 0, Some(morning)));
    let calls = world.calls(id).await;
    assert_eq!(calls.iter().map(|call| call.number).collect::<Vec<_>>(), [york]);
    assert!(calls[0].created_at >= at("2026-06-02T12:00:00Z"), "{calls:?}");
    assert_eq!(world.store.campaign(id).await.expect("read").expect("there").status, CampaignStatus::Running);
    stop(engine).await;
}

/// Its hours end in the middle of the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_begins_after_its_hours() {
    let closing = at("2026-06-02T13:00:00Z");
    let mut world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    world.clock = Clock::starting_at(at("2026-06-02T12:59:50Z"));
    let engine = lawful(&world, &simulator, 100.0).await;
    let slots = r#"{"timezone": "America/New_York", "slots": [{"day": "tuesday", "start": "08:00", "end": "09:00"}]}"#;
    let settings = Settings { throttle_ms: 700, ..hours(slots) };
    let numbers = (0..30).map(|n| number(&format!("+1212{}", 2_000_000 + n)));
    let id = world.campaign(settings, numbers).await;
    until("the hours are over", async || world.clock.now() > closing + SignedDuration::from_secs(2)).await;
    let calls = world.calls(id).await;
    assert!((1..30).contains(&calls.len()), "{}", calls.len());
    assert!(calls.iter().all(|call| call.created_at < closing), "{calls:?}");
    let stored = world.store.campaign(id).await.expect("read").expect("there");
    let law = Arc::new(Organization::default());
    let waits = control::waiting_until(&world.store, &law, &stored, world.clock.now()).await.expect("read");
    assert_eq!(waits, Some(at("2026-06-09T12:00:00Z")), "a week later");
    stop(engine).await;
}

/// People opt out while the list is dialed: from the moment that is committed no
/// call to them is claimed. (What of calls that are claimed at that moment:
/// `simulated_week`.)
async fn opt_outs_while_the_list_is_dialed(world: World) {
    const LIST: u32 = 900;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let engine = world.engine(vec![simulator.connect("main", 50, 200.0)]).await;
    let settings = Settings { max_concurrent: 30, retry_attempts: 1, retry_delay_minutes: 0, ..Settings::default() };
    let id = world.campaign(settings, (0..LIST).map(contact)).await;
    let mut gone = HashMap::new();
    // From both ends, and a third who are called again: some are in a call, or
    // about to be, at this moment.
    for n in (0..LIST / 6).flat_map(|n| [n * 3, LIST - 1 - n, LIST / 2 + n]) {
        let number = contact(n);
        let entry = DoNotCall { number, reason: None, source: "test".into(), added_at: world.clock.now() };
        world.store.add_do_not_call(&entry).await.expect("committed");
        gone.entry(number).or_insert_with(|| world.clock.now());
    }
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    let calls = world.calls(id).await;
    let after = |call: &&CallRow| gone.get(&call.number).is_some_and(|committed| call.created_at > *committed);
    let late: Vec<_> = calls.iter().filter(after).collect();
    assert!(late.is_empty(), "{late:?}");
    let called: HashSet<_> = calls.iter().map(|call| call.number).collect();
    let spared: Vec<_> = gone.keys().filter(|number| !called.contains(*number)).collect();
    assert!(spared.len() > 50, "{}", spared.len());
    for number in spared {
        let (status, ..) = world.store.target_by_number(id, *number).await.expect("read").expect("there");
        assert_eq!(status, TargetStatus::DoNotCall);
    }
    // Whoever stayed was called twice.
    let stayed = (0..LIST).map(contact).filter(|number| !gone.contains_key(number));
    assert!(stayed.clone().count() > 300);
    for number in stayed {
        assert_eq!(calls.iter().filter(|call| call.number == number).count(), 2, "{number}");
    }
    stop(engine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opt_outs_on_sqlite() {
    Box::pin(opt_outs_while_the_list_is_dialed(World::new().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opt_outs_on_postgres() {
    let Some(database) = Database::create("compliance::opt_outs_on_postgres").await else { return };
    let store = Store::open(&Location::Postgres(database.url().to_owned().into())).await.expect("a database");
    store.migrate().await.expect("migrated");
    Box::pin(opt_outs_while_the_list_is_dialed(World::on(store))).await;
}
