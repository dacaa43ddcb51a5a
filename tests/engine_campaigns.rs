//! Campaigns from launch to their last call, on both simulated switches.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::Outcome;
use canvass::caller_id::{Limits, hour_of};
use canvass::campaign::{CampaignStatus, RetryOn, Settings, TargetStatus};
use canvass::compliance::Organization;
use canvass::control;
use canvass::store::{DoNotCall, OwnNumber, Tally};
use canvass::switch::simulator::{CalleeMix, Fate};
use rstest::rstest;

#[path = "support/world.rs"]
mod world;

use world::{Kind, Simulator, World, contact, everyone, pool, quick, stop};

fn wide(max_concurrent: u32) -> Settings {
    Settings { max_concurrent, ..Settings::default() }
}

/// The table of outcomes, and what becomes of a contact after each, through the whole machine.
#[rstest]
#[case::answer(Fate::Answer, Outcome::Answered, TargetStatus::Completed)]
#[case::busy(Fate::Busy, Outcome::Busy, TargetStatus::Busy)]
#[case::no_answer(Fate::NoAnswer, Outcome::NoAnswer, TargetStatus::NoAnswer)]
#[case::reject(Fate::Reject, Outcome::Rejected, TargetStatus::Failed)]
#[case::invalid(Fate::Invalid, Outcome::InvalidNumber, TargetStatus::Failed)]
#[tokio::test]
async fn every_fate_ends_as_the_table_says(
    #[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind,
    #[case] fate: Fate,
    #[case] outcome: Outcome,
    #[case] status: TargetStatus,
) {
    let world = World::new().await;
    let simulator = Simulator::start(kind, everyone(fate)).await;
    let id = world.campaign(wide(10), (0..20).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally, Tally { targets: vec![(status, 20)], outcomes: vec![(outcome, 20)] });
    for call in world.calls(id).await {
        let facts = &call.facts;
        assert!(facts.cause.is_some(), "{call:?}");
        assert_eq!(facts.answered_at.is_some(), outcome == Outcome::Answered, "{call:?}");
        let times = [Some(call.created_at), facts.ringing_at, facts.answered_at, facts.ended_at];
        assert!(times.iter().flatten().is_sorted(), "times in order: {call:?}");
    }
    assert_eq!(simulator.journal().originates(), 20);
}

#[rstest]
#[tokio::test]
async fn a_mixed_list_adds_up(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    world.prompt("hello.wav", Duration::from_secs(5));
    let simulator = Simulator::start(kind, quick()).await;
    let settings = Settings {
        prompts: vec!["hello.wav".into()],
        retry_attempts: 1,
        retry_delay_minutes: 0,
        number_pool: pool(4),
        ..wide(40)
    };
    let id = world.campaign(settings, (0..300).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;

    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.total(), 300);
    let calls = world.calls(id).await;
    assert_eq!(calls.len() as u64, tally.calls());
    assert_eq!(simulator.journal().originates(), tally.calls());
    assert!(simulator.journal().by_call().values().all(|times| *times == 1));
    let mut attempts: HashMap<_, u32> = HashMap::new();
    for call in &calls {
        *attempts.entry(call.number).or_default() += 1;
    }
    for (number, placed) in simulator.journal().by_number() {
        assert_eq!(attempts.get(&world::number(&number)), Some(&placed), "{number}");
        assert!(placed <= 2, "{number} was called {placed} times");
    }
    // Round robin: each caller ID carries its share.
    let shown = simulator.journal().caller_ids();
    let (least, most) = (shown.values().min().copied(), shown.values().max().copied());
    assert_eq!(shown.len(), 4);
    assert!(most.unwrap_or(0) - least.unwrap_or(0) <= 4, "{shown:?}");
}

#[tokio::test]
async fn limits_hold_at_every_moment() {
    let world = World::new().await;
    let mix = CalleeMix { ring_ms: (1_000, 5_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(Kind::FreeSwitch, mix).await;
    let one = world.campaign(wide(4), (0..60).map(contact)).await;
    let two = world.campaign(wide(50), (100..160).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 7, 0.0)]).await;
    let mut most = 0;
    while world.store.tally(one).await.expect("a tally").target(TargetStatus::Pending) > 0 {
        most = most.max(simulator.calls_in_progress());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for id in [one, two] {
        assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    }
    stop(engine).await;
    assert!((5..=7).contains(&most), "seven channels, {most} used");
}

#[tokio::test]
async fn attempts_are_spaced_and_run_out() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let retries = Settings { retry_attempts: 2, retry_delay_minutes: 0, ..wide(5) };
    let id = world.campaign(retries.clone(), (0..5).map(contact)).await;
    let never = Settings { retry_on: RetryOn { busy: false, ..RetryOn::default() }, ..retries };
    let other = world.campaign(never, (10..15).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    assert_eq!(world.settled(other).await, CampaignStatus::Completed);
    stop(engine).await;
    assert_eq!(world.store.tally(id).await.expect("a tally").outcome(Outcome::Busy), 15);
    assert_eq!(world.store.tally(other).await.expect("a tally").outcome(Outcome::Busy), 5);
    let attempts: Vec<_> = world.calls(id).await.iter().map(|call| call.attempt).collect();
    for attempt in 1..=3 {
        assert_eq!(attempts.iter().filter(|a| **a == attempt).count(), 5);
    }
}

#[tokio::test]
async fn a_target_waits_for_its_retry() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Busy)).await;
    let id = world.campaign(Settings { retry_attempts: 1, ..wide(5) }, (0..3).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    while world.store.tally(id).await.expect("a tally").outcome(Outcome::Busy) < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stop(engine).await;
    assert_eq!(simulator.journal().originates(), 3, "the second attempt is due in an hour");
    let campaign = world.store.campaign(id).await.expect("read").expect("there");
    assert_eq!(campaign.status, CampaignStatus::Running);
    assert!(world.store.remaining(id).await.expect("read").next_due.is_some());
}

#[tokio::test]
async fn congestion_uses_no_attempt_and_slows_the_trunk() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Congestion)).await;
    let id = world.campaign(wide(50), (0..200).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 200.0)]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    control::pause(&world.store, id, world.clock.now()).await.expect("paused");
    stop(engine).await;
    let placed = simulator.journal().originates();
    // The breaker trips after five in a row; what was under way then still ends.
    assert!((5..=60).contains(&placed), "{placed} calls went into a dead trunk");
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.target(TargetStatus::Pending), 200);
    assert_eq!(tally.outcome(Outcome::Congestion), placed);
    let (_, attempts, due) =
        world.store.target_by_number(id, world.calls(id).await[0].number).await.expect("read").expect("there");
    assert_eq!(attempts, 0);
    assert!(due.is_some());
}

#[tokio::test]
async fn pause_stops_new_calls_and_resume_goes_on() {
    let world = World::new().await;
    let mix = CalleeMix { ring_ms: (5_000, 5_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(Kind::FreeSwitch, mix).await;
    let id = world.campaign(wide(5), (0..60).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    while simulator.journal().originates() < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    control::pause(&world.store, id, world.clock.now()).await.expect("paused");
    let at_pause = simulator.journal().originates();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let after = simulator.journal().originates();
    // A claim that was committed before the pause may still go out.
    assert!(after - at_pause <= 5, "{} calls after the pause", after - at_pause);
    assert_eq!(simulator.calls_in_progress(), 0, "calls in progress came to their end");
    control::resume(&world.store, id, &Arc::new(Organization::laboratory()), world.clock.now()).await.expect("resumed");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    assert!(simulator.journal().by_number().values().all(|times| *times == 1), "nobody was dialed twice");
}

#[tokio::test]
async fn a_number_put_on_the_do_not_call_list_is_not_called() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    for n in [3, 7] {
        let entry = DoNotCall { number: contact(n), reason: None, source: "test".into(), added_at: world.clock.now() };
        world.store.add_do_not_call(&entry).await.expect("added");
    }
    let id = world.campaign(wide(3), (0..10).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let called = simulator.journal().by_number();
    assert_eq!(called.len(), 8);
    assert!(!called.contains_key(&contact(3).to_string()) && !called.contains_key(&contact(7).to_string()));
    assert_eq!(world.store.tally(id).await.expect("a tally").target(TargetStatus::DoNotCall), 2);
}

#[tokio::test]
async fn a_hopeless_campaign_is_paused_with_the_reason() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Invalid)).await;
    let id = world.campaign(wide(2), (0..500).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    let campaign = world.store.campaign(id).await.expect("read").expect("there");
    assert!(campaign.reason.is_some_and(|reason| reason.contains("in a row failed")));
    stop(engine).await;
    assert!(simulator.journal().originates() < 50);
}

#[tokio::test]
async fn what_cannot_be_dialed_is_paused_with_the_reason() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let id = world.campaign(Settings { trunk: Some("gone".into()), ..wide(2) }, (0..5).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Paused);
    let campaign = world.store.campaign(id).await.expect("read").expect("there");
    assert!(campaign.reason.is_some_and(|reason| reason.contains("trunk gone")));
    stop(engine).await;
    assert_eq!(simulator.journal().originates(), 0);
}

#[tokio::test]
async fn a_caller_id_is_used_no_more_than_it_may_be() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, quick()).await;
    let id = world.campaign(wide(20), (0..40).map(contact)).await;
    let now = world.clock.now();
    let limits = Limits { daily_cap: Some(6), max_concurrent: Some(2), ..Limits::default() };
    for number in pool(3) {
        let own = OwnNumber { limits, ..OwnNumber::new(number) };
        assert!(world.store.change_number(&OwnNumber::new(number), &own).await.expect("a store"), "{number}");
    }
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    for _ in 0..1_000 {
        if world.calls(id).await.iter().filter(|call| call.facts.ended_at.is_some()).count() == 18 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(simulator.journal().originates(), 18, "it waits");
    let status = world.store.campaign(id).await.expect("a store").expect("a campaign").status;
    assert_eq!(status, CampaignStatus::Running);
    // The operator gives one of them back.
    let first = pool(3)[0];
    assert!(
        world
            .store
            .change_number(&OwnNumber { limits, ..OwnNumber::new(first) }, &OwnNumber::new(first))
            .await
            .expect("a store")
    );
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let calls = world.calls(id).await;
    for number in &pool(3)[1..] {
        let mut own: Vec<_> = calls.iter().filter(|call| call.caller_id == *number).collect();
        assert_eq!(own.len(), 6, "{number}");
        own.sort_by_key(|call| call.created_at);
        for later in own.windows(3) {
            let (first, second) = (later[0].facts.ended_at, later[1].facts.ended_at);
            assert!(first.min(second) <= Some(later[2].created_at), "three at once: {later:?}");
        }
    }
    let hours = world.store.number_hours(hour_of(now) - 1).await.expect("a store");
    assert_eq!(hours.iter().map(|hour| hour.figures.calls).sum::<u64>(), 40);
}

#[tokio::test]
async fn a_small_campaign_is_not_starved_by_a_huge_one() {
    let world = World::new().await;
    let mix = CalleeMix { ring_ms: (2_000, 4_000), ..everyone(Fate::Answer) };
    let simulator = Simulator::start(Kind::FreeSwitch, mix).await;
    let huge = world.campaign(wide(1_000), (0..2_000).map(contact)).await;
    let small = world.campaign(wide(5), (5_000..5_020).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 20, 0.0)]).await;
    assert_eq!(world.settled(small).await, CampaignStatus::Completed);
    let left = world.store.tally(huge).await.expect("a tally").target(TargetStatus::Pending);
    control::cancel(&world.store, huge, world.clock.now()).await.expect("cancelled");
    stop(engine).await;
    assert!(left > 1_500, "the small one was done while {left} of the huge one waited");
}

#[tokio::test]
async fn two_switches_share_the_calls_and_one_that_is_away_gets_none() {
    let world = World::new().await;
    let one = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let two = Simulator::start(Kind::Asterisk, everyone(Fate::Answer)).await;
    let id = world.campaign(wide(20), (0..200).map(contact)).await;
    let mut gone = one.connect("gone", 100, 0.0);
    gone.switch.close().await;
    let (_, silent) = tokio::sync::mpsc::unbounded_channel();
    gone.events = silent;
    let switches = vec![gone, one.connect("one", 50, 0.0), two.connect("two", 50, 0.0)];
    let engine = world.engine(switches).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let by_switch = world.calls(id).await.into_iter().fold(BTreeMap::new(), |mut counts: BTreeMap<_, u32>, call| {
        *counts.entry(call.switch).or_default() += 1;
        counts
    });
    assert_eq!(by_switch.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert!(by_switch.values().all(|calls| *calls >= 40), "{by_switch:?}");
}

#[rstest]
#[tokio::test]
async fn a_broken_connection_loses_no_call(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let simulator = Simulator::start(kind, CalleeMix { speed: 20.0, ..quick() }).await;
    let id = world.campaign(wide(30), (0..300).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 0.0)]).await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        simulator.drop_connections();
    }
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let journal = simulator.journal();
    assert!(journal.by_call().values().all(|times| *times == 1));
    assert!(journal.by_number().values().all(|times| *times == 1));
    for call in world.calls(id).await {
        agrees(&call, journal);
    }
}

/// What the database says of a call does not contradict the switch.
fn agrees(call: &canvass::store::CallRow, journal: &canvass::switch::simulator::Journal) {
    use canvass::switch::simulator::Record;
    let outcome = call.outcome.expect("settled");
    match journal.end(&call.call.to_string()) {
        Some(Record::End { answered: true, .. }) => {
            assert!(matches!(outcome, Outcome::Answered | Outcome::Lost), "{call:?}");
        }
        Some(Record::End { answered: false, .. }) => assert_ne!(outcome, Outcome::Answered, "{call:?}"),
        other => assert!(matches!(outcome, Outcome::Cancelled | Outcome::Lost), "{other:?} {call:?}"),
    }
}
