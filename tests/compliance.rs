//! Calls only when the law and the operator allow them: a week of a national
//! campaign, checked by a table of its own; hours, opt-outs and the engine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{CallFacts, CallId, Outcome};
use canvass::campaign::{CallingHours, CampaignId, CampaignStatus, FrequencyCap, Settings, TargetStatus, after_call};
use canvass::clock::Clock;
use canvass::compliance::{Budget, Countries, Organization, Rule, Rules, Tariff};
use canvass::contact::NewContact;
use canvass::control;
use canvass::dialer::{Engine, Limits, Options};
use canvass::number::PhoneNumber;
use canvass::store::{Claim, DoNotCall, LedgerBatch, PlannedCall, Settlement, StatusChange, Store};
use canvass::switch::simulator::Fate;
use jiff::{SignedDuration, Timestamp};

#[path = "support/world.rs"]
mod world;

use world::{Kind, Simulator, World, contact, everyone, number, stop};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Hours from UTC in winter, and whether the clock goes forward in summer.
type Clocks = &'static [(i64, bool)];

/// Area codes and the clocks of the places they cover. Written by hand for this
/// test, apart from the product's tables.
const AREAS: [(u32, Clocks); 40] = [
    (212, &[(-5, true)]),
    (617, &[(-5, true)]),
    (305, &[(-5, true)]),
    (404, &[(-5, true)]),
    (412, &[(-5, true)]),
    (312, &[(-6, true)]),
    (713, &[(-6, true)]),
    (504, &[(-6, true)]),
    (612, &[(-6, true)]),
    (901, &[(-6, true)]),
    (303, &[(-7, true)]),
    (801, &[(-7, true)]),
    (505, &[(-7, true)]),
    (406, &[(-7, true)]),
    (602, &[(-7, false)]),
    (480, &[(-7, false)]),
    (213, &[(-8, true)]),
    (206, &[(-8, true)]),
    (503, &[(-8, true)]),
    (702, &[(-8, true)]),
    (907, &[(-9, true), (-10, true)]),
    (808, &[(-10, false)]),
    (787, &[(-4, false)]),
    (340, &[(-4, false)]),
    (671, &[(10, false)]),
    (684, &[(-11, false)]),
    (208, &[(-7, true), (-8, true)]),
    (541, &[(-8, true), (-7, true)]),
    (423, &[(-5, true), (-6, true)]),
    (850, &[(-5, true), (-6, true)]),
    (270, &[(-5, true), (-6, true)]),
    (574, &[(-5, true), (-6, true)]),
    (812, &[(-5, true), (-6, true)]),
    (906, &[(-5, true), (-6, true)]),
    (605, &[(-6, true), (-7, true)]),
    (701, &[(-6, true), (-7, true)]),
    (308, &[(-6, true), (-7, true)]),
    (620, &[(-6, true), (-7, true)]),
    (915, &[(-7, true)]),
    (928, &[(-7, true), (-7, false)]),
];

/// Seconds since midnight on a clock of 2026: forward on 8 March, 2 a.m., back on
/// 1 November, 2 a.m.
fn wall((hours, summer): (i64, bool), at: Timestamp) -> i64 {
    let forward: Timestamp = "2026-03-08T02:00:00Z".parse().expect("an instant");
    let back: Timestamp = "2026-11-01T01:00:00Z".parse().expect("an instant");
    let standard = at.as_second() + hours * 3_600;
    let is_summer = summer && standard >= forward.as_second() && standard < back.as_second();
    (standard + if is_summer { 3_600 } else { 0 }).rem_euclid(86_400)
}

fn is_legal(clock: (i64, bool), at: Timestamp) -> bool {
    (8 * 3_600..21 * 3_600).contains(&wall(clock, at))
}

const CONTACTS: u32 = 50_000;

/// A week with the change to daylight-saving time in it. Time is virtual: the
/// claims, the gate and the settlements are those of the daemon, on a real
/// database; calls take no time.
#[tokio::test]
async fn a_week_of_a_national_campaign() {
    let world = World::new().await;
    let store = &world.store;
    let (begin, end) = (at("2026-03-05T00:00:00Z"), at("2026-03-12T00:00:00Z"));
    let settings = Settings {
        frequency_caps: vec![FrequencyCap { attempts: 2, days: 1 }],
        retry_attempts: 2,
        retry_delay_minutes: 15,
        ..Settings::default()
    };
    let area = |n: u32| AREAS[n as usize % AREAS.len()];
    let phone = |n: u32| number(&format!("+1{}{}", area(n).0, 2_000_000 + n));
    // One in twenty took the number along to New York.
    let moved = |n: u32| n.is_multiple_of(20);
    let person = |n: u32| {
        let timezone = moved(n).then(|| "America/New_York".to_owned());
        NewContact { timezone, ..NewContact::of(phone(n)) }
    };
    let national = campaign(store, &settings, (0..CONTACTS).map(person), begin).await;
    let second = campaign(store, &settings, (0..CONTACTS).step_by(25).map(person), begin).await;
    let organization = Organization::default().with_countries(Countries::All);
    let rules = Arc::new(Rules::new(Arc::new(organization), &settings));

    let people: HashMap<PhoneNumber, u32> = (0..CONTACTS).map(|n| (phone(n), n)).collect();
    let mut calls: HashMap<PhoneNumber, Vec<Timestamp>> = HashMap::new();
    let mut by_area: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut made, mut violations) = (0, Vec::new());
    let mut random = fastrand::Rng::with_seed(7);
    let mut now = begin;
    while now < end {
        let mut busy = false;
        for id in [national, second] {
            let planned =
                |_| PlannedCall { call: CallId::new(), caller_id: number("+15550000001"), switch: "s".into() };
            let claim = Claim {
                campaign: id,
                calls: (0..250).map(planned).collect(),
                nearby: Vec::new(),
                rules: rules.clone(),
            };
            let batch = LedgerBatch { claims: vec![claim], ..LedgerBatch::default() };
            let result = store.commit(&batch, now).await.expect("a claim").remove(0);
            assert_eq!(result.blocked, [], "nobody here is forbidden for good");
            busy |= result.waiting > 0 || !result.claimed.is_empty();
            let mut settlements = Vec::new();
            for claimed in result.claimed {
                let n = people[&claimed.number];
                let (code, clocks) = area(n);
                let clocks = if moved(n) { &[(-5, true)] } else { clocks };
                made += 1;
                *by_area.entry(code).or_default() += 1;
                if !clocks.iter().all(|clock| is_legal(*clock, now)) {
                    violations.push(format!("{} at {now}", claimed.number));
                }
                let history = calls.entry(claimed.number).or_default();
                let day_before = now - SignedDuration::from_hours(24);
                if history.iter().filter(|before| **before > day_before).count() >= 2 {
                    violations.push(format!("{} a third time at {now}", claimed.number));
                }
                history.push(now);
                let outcome = if random.u8(0..100) < 60 { Outcome::Answered } else { Outcome::NoAnswer };
                let facts = CallFacts { ringing_at: Some(now), ended_at: Some(now), ..CallFacts::default() };
                let after = after_call(&settings, outcome, claimed.attempt, claimed.congestions, now);
                let call = claimed.planned.call;
                settlements.push(Settlement { call, campaign: id, target: claimed.target, outcome, facts, after });
            }
            let batch = LedgerBatch { settlements, ..LedgerBatch::default() };
            store.commit(&batch, now).await.expect("settlements");
        }
        now += if busy { SignedDuration::from_mins(5) } else { SignedDuration::from_mins(1) };
        if !busy {
            let due = [store.remaining(national).await, store.remaining(second).await];
            match due.into_iter().filter_map(|remaining| remaining.expect("read").next_due).min() {
                Some(due) => now = now.max(due),
                None => break,
            }
        }
    }
    assert_eq!(violations, [""; 0], "of {made} calls");
    assert!(made > 70_000, "{made}");
    assert_eq!(by_area.len(), AREAS.len());
    assert!(by_area.values().all(|calls| *calls > 1_000), "{by_area:?}");
    let reached = store.tally(national).await.expect("a tally").target(TargetStatus::Completed);
    assert!(reached > 40_000, "{reached}");
}

async fn campaign(
    store: &Store,
    settings: &Settings,
    people: impl Iterator<Item = NewContact>,
    now: Timestamp,
) -> CampaignId {
    let id = control::create(store, "National", settings, now).await.expect("created");
    let people: Vec<_> = people.collect();
    for slice in people.chunks(10_000) {
        store.add_targets(id, slice, now).await.expect("added");
    }
    let change = StatusChange {
        to: CampaignStatus::Running,
        from: vec![CampaignStatus::Draft],
        reason: None,
        scheduled_at: None,
    };
    store.change_status(id, &change, now).await.expect("running");
    id
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
/// call to them is claimed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opt_outs_while_the_list_is_dialed() {
    const LIST: u32 = 900;
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let engine = world.engine(vec![simulator.connect("main", 50, 200.0)]).await;
    let settings = Settings { max_concurrent: 30, ..Settings::default() };
    let id = world.campaign(settings, (0..LIST).map(contact)).await;
    let mut gone = Vec::new();
    // From both ends: some are being called at this moment.
    for n in (0..LIST / 6).flat_map(|n| [n * 3, LIST - 1 - n]) {
        let number = contact(n);
        let entry = DoNotCall { number, reason: None, source: "test".into(), added_at: world.clock.now() };
        world.store.add_do_not_call(&entry).await.expect("committed");
        let (status, attempts, _) = world.store.target_by_number(id, number).await.expect("read").expect("there");
        if attempts == 0 && matches!(status, TargetStatus::Pending | TargetStatus::DoNotCall) {
            gone.push(number);
        }
    }
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    assert!(gone.len() > 50, "{}", gone.len());
    let calls = world.calls(id).await;
    let called: Vec<_> = calls.iter().filter(|call| gone.contains(&call.number)).collect();
    assert!(called.is_empty(), "{called:?}");
    for number in gone {
        let (status, ..) = world.store.target_by_number(id, number).await.expect("read").expect("there");
        assert_eq!(status, TargetStatus::DoNotCall);
    }
    stop(engine).await;
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
