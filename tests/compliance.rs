//! Calls only when the law and the operator allow them: hours, opt-outs and the
//! engine, in real time. A week of a national campaign is in `simulated_week`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{CallId, Outcome};
use canvass::campaign::{CallingHours, CampaignStatus, Settings, TargetStatus};
use canvass::clock::Clock;
use canvass::compliance::{Budget, Organization, Rule, Rules, Tariff};
use canvass::control;
use canvass::dialer::{Engine, Limits, Options};
use canvass::store::{CallRow, Claim, DoNotCall, LedgerBatch, Location, PlannedCall, StatusChange, Store};
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

/// Nobody sleeps through the day and takes calls at night: within these hours no
/// call is ever legal.
const NIGHTS: &str = r#"{"slots": [{"day": "tuesday", "start": "22:00", "end": "06:00"}]}"#;

/// What is refused at launch is refused at resume; and where a campaign comes to
/// run all the same it is paused, and nobody is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_that_never_open_pause_a_campaign() {
    let world = world_at("2026-06-02T16:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let numbers: Vec<_> = (0..5).map(|n| number(&format!("+1212{}", 2_000_000 + n))).collect();
    let id = world.campaign(Settings::default(), numbers.clone()).await;
    control::pause(&world.store, id, world.clock.now()).await.expect("paused");
    let stored = world.store.campaign(id).await.expect("read").expect("there");
    let nights = Settings { calling_hours: hours(NIGHTS).calling_hours, ..stored.settings };
    world.store.set_settings(id, &nights, world.clock.now()).await.expect("set");
    let law = Arc::new(Organization::default());
    let refused = control::resume(&world.store, id, &law, world.clock.now()).await;
    let Err(control::ControlError::Refused(reasons)) = refused else { panic!("{refused:?}") };
    assert!(reasons[0].contains("never open"), "{reasons:?}");

    let change = StatusChange {
        to: CampaignStatus::Running,
        from: vec![CampaignStatus::Paused],
        reason: None,
        scheduled_at: None,
    };
    world.store.change_status(id, &change, world.clock.now()).await.expect("running");
    let engine = lawful(&world, &simulator, 100.0).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    let stored = world.store.campaign(id).await.expect("read").expect("there");
    assert!(stored.reason.as_deref().is_some_and(|reason| reason.contains("never open")), "{stored:?}");
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.target(TargetStatus::Pending), 5, "{tally:?}");
    stop(engine).await;
}

/// The same through a rule that is switched on while it runs: eight in the
/// evening is too late in Florida.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_leave_no_hour_pause_a_running_campaign() {
    let world = world_at("2026-06-02T16:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let engine = lawful(&world, &simulator, 100.0).await;
    let evenings = r#"{"slots": [{"day": "tuesday", "start": "20:00", "end": "21:00"}]}"#;
    let numbers = (0..5).map(|n| number(&format!("+1813{}", 2_000_000 + n)));
    let id = world.campaign(hours(evenings), numbers).await;
    let evening = at("2026-06-03T00:00:00Z");
    until("they wait", async || world.store.remaining(id).await.expect("read").next_due == Some(evening)).await;
    engine.set_limits(limits(Organization::default().with_states(["FL"])));
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.target(TargetStatus::Pending), 5, "{tally:?}");
    stop(engine).await;
}

/// What a configuration that is read again changes.
fn limits(organization: Organization) -> Limits {
    Limits {
        outbound_limit: 10_000,
        compliance: Some(Arc::new(organization)),
        drain: Duration::from_secs(20),
        keep_recordings: None,
        switches: Vec::new(),
    }
}

/// Whoever was put off is called as soon as the rules allow it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relaxed_rules_count_at_once() {
    const LIST: u32 = 2_500;
    let world = world_at("2026-06-02T04:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let engine = lawful(&world, &simulator, 0.0).await;
    let numbers = (0..LIST).map(|n| number(&format!("+1212{}", 2_000_000 + n)));
    let settings = Settings { retry_attempts: 0, max_concurrent: 100, ..Settings::default() };
    let id = world.campaign(settings, numbers).await;
    let morning = at("2026-06-02T12:00:00Z");
    until("they wait", async || world.store.remaining(id).await.expect("read").next_due == Some(morning)).await;
    let laboratory = Organization::laboratory();
    engine.set_limits(limits(laboratory.clone()));
    engine.set_limits(limits(Organization::default()));
    engine.set_limits(limits(laboratory));
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    assert_eq!(world.store.tally(id).await.expect("a tally").target(TargetStatus::Busy), u64::from(LIST));
    stop(engine).await;
}

/// At midnight, to a number that has opted out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_call_that_is_forced() {
    let world = world_at("2026-06-02T04:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let engine = lawful(&world, &simulator, 100.0).await;
    let (callee, shown) = (number("+12122000000"), number("+15550000001"));
    world.store.add_numbers(&[shown], world.clock.now()).await.expect("added");
    let entry = DoNotCall { number: callee, reason: None, source: "test".into(), added_at: world.clock.now() };
    world.store.add_do_not_call(&entry).await.expect("added");
    let law = Arc::new(Organization::default());
    let ask = async |number, forced| {
        let settings = Settings { number_pool: vec![shown], ..Settings::default() };
        let call = control::TestCall { name: "Test call".into(), number, settings, forced };
        control::test_call(&world.store, &world.media().into(), &law, call, world.clock.now()).await
    };
    let refused = ask(callee, None).await;
    let Err(control::ControlError::Forbidden(forbidden)) = refused else { panic!("{refused:?}") };
    assert_eq!(forbidden.rules, [Rule::DoNotCall, Rule::LegalHours]);
    assert_eq!(forbidden.until, None);
    let refused = ask(number("+12122000001"), None).await;
    let Err(control::ControlError::Forbidden(forbidden)) = refused else { panic!("{refused:?}") };
    assert_eq!(forbidden.until, Some(at("2026-06-02T12:00:00Z")), "nothing rings when somebody wakes up");

    let wish = || Some(control::Wish { by: "user:ann".into(), reason: "he asked for it".into() });
    let refused = ask(number("+19005550123"), wish()).await;
    assert!(matches!(refused, Err(control::ControlError::Forbidden(_))), "{refused:?}");
    assert_eq!(world.store.campaigns().await.expect("read"), [], "nothing is left of what was refused");

    let placed = ask(callee, wish()).await.expect("placed");
    assert_eq!(placed.overridden, [Rule::DoNotCall, Rule::LegalHours]);
    assert_eq!(world.settled(placed.campaign).await, CampaignStatus::Completed);
    let calls = world.calls(placed.campaign).await;
    assert_eq!((calls.len(), calls[0].outcome), (1, Some(Outcome::Answered)));
    stop(engine).await;
}

fn budgeted(budget: Budget) -> Organization {
    Organization::laboratory().with_budget(budget)
}

/// Calls of the day count that were made before there was a limit, and wherever
/// the day is said to begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_counted_whole_whenever_its_limit_is_set() {
    let world = world_at("2026-06-02T12:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let engine = world.engine(vec![simulator.connect("main", 100, 100.0)]).await;
    let once = Settings { retry_attempts: 0, max_concurrent: 2, ..Settings::default() };
    let first = world.campaign(once.clone(), (0..4).map(contact)).await;
    assert_eq!(world.settled(first).await, CampaignStatus::Completed);
    let used_up = async |id| {
        // Planning goes on at every look; a slow machine sees fewer of them.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        world.calls(id).await.len()
    };
    engine.set_limits(limits(budgeted(Budget { calls: Some(6), ..Budget::default() })));
    let second = world.campaign(once, (10..20).map(contact)).await;
    until("two more", async || world.calls(second).await.len() == 2).await;
    assert_eq!(used_up(second).await, 2);
    // Ten in the morning UTC is midnight there: all of them were made since.
    let zone = canvass::number::zones::zone("Pacific/Kiritimati").expect("a zone");
    engine.set_limits(limits(budgeted(Budget { calls: Some(6), zone: zone.clone(), ..Budget::default() })));
    assert_eq!(used_up(second).await, 2);
    engine.set_limits(limits(budgeted(Budget { calls: Some(9), zone, ..Budget::default() })));
    until("three more", async || world.calls(second).await.len() == 5).await;
    assert_eq!(used_up(second).await, 5);
    stop(engine).await;
}

/// A daemon died in the middle of a call: what it cost is known when the call is
/// settled, and counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_daemon_before_cost_money_too() {
    let world = world_at("2026-06-02T12:00:00Z").await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let once = Settings { retry_attempts: 0, ..Settings::default() };
    let before = world.campaign(once.clone(), [contact(1)]).await;
    let call = CallId::new();
    let planned = PlannedCall { call, caller_id: number("+15550000001"), switch: "main".into() };
    let rules = Arc::new(Rules::laboratory());
    let claim = Claim { campaign: before, calls: vec![planned], nearby: Vec::new(), rules };
    let now = world.clock.now();
    world.store.commit(&LedgerBatch { claims: vec![claim], ..LedgerBatch::default() }, now).await.expect("claimed");
    let answered = LedgerBatch { answered: vec![(call, now)], ..LedgerBatch::default() };
    world.store.commit(&answered, now).await.expect("answered");
    let after = world.campaign(once, [contact(2)]).await;

    let tariff = Tariff { otherwise: 1_000_000, ..Tariff::default() };
    let compliance = Arc::new(budgeted(Budget { spend: Some(1_000_000), tariff, ..Budget::default() }));
    let options = Options { compliance, ..world.options(vec![simulator.connect("main", 10, 100.0)]) };
    let engine = Engine::start(options).await.expect("an engine");
    until("it is settled", async || world.calls(before).await[0].outcome == Some(Outcome::Answered)).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(world.calls(after).await, [], "the day's money is spent");
    stop(engine).await;
}
