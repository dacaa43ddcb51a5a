//! The campaigns that are run against real switches, the same on both: every
//! target ends with the status the table says, every call row has its cause,
//! its SIP status and its times in order, and the caller IDs take turns.

#![allow(dead_code)] // not every test binary uses all of it

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{Cause, Outcome, SipStatus};
use canvass::campaign::{CampaignStatus, RetryOn, Settings, TargetStatus};
use canvass::control;
use canvass::dialer::{Engine, Options, Stats, SwitchLimits, SwitchSetup};
use canvass::number::PhoneNumber;
use canvass::store::CallRow;
use canvass::switch::{LinkEvents, Switch};

use super::world::{World, number, pool, stop};

/// What must be in the database after a call to a callee.
pub(crate) struct Want<C> {
    pub(crate) callee: C,
    pub(crate) status: TargetStatus,
    pub(crate) outcome: Outcome,
    /// None: whatever the switch says, but something.
    pub(crate) cause: Option<u16>,
    pub(crate) sip: Option<u16>,
}

/// A row of the table.
pub(crate) fn want<C>(
    callee: C,
    status: TargetStatus,
    outcome: Outcome,
    cause: Option<u16>,
    sip: Option<u16>,
) -> Want<C> {
    Want { callee, status, outcome, cause, sip }
}

/// A switch with these trunks; the first is the default.
pub(crate) fn setup(switch: Switch, events: LinkEvents, trunks: &[(&str, &str)]) -> SwitchSetup {
    let template = |text: &str| text.parse().expect("a template");
    let limits = SwitchLimits {
        name: "real".into(),
        max_channels: 50,
        max_calls_per_second: 40.0,
        trunks: trunks
            .iter()
            .map(|(name, endpoint)| ((*name).to_owned(), template(endpoint)))
            .collect::<BTreeMap<_, _>>(),
        default_trunk: trunks[0].0.into(),
        parties: canvass::switch::Parties::asterisk(),
    };
    SwitchSetup { limits, switch, events }
}

/// One campaign over every kind of callee, four of each.
pub(crate) async fn over_every_kind_of_callee<C: std::fmt::Debug>(
    world: &World,
    setup: SwitchSetup,
    table: &[Want<C>],
    number_of: impl Fn(&C, u32) -> String,
) {
    const EACH: u32 = 4;
    world.prompt("hello.wav", Duration::from_secs(2));
    let settings = Settings {
        number_pool: pool(3),
        max_concurrent: 30,
        ring_seconds: 5,
        prompts: vec!["hello.wav".into()],
        ..Settings::default()
    };
    let numbers: Vec<PhoneNumber> = (0..EACH)
        .flat_map(|n| table.iter().map(move |want| (n, want)))
        .map(|(n, want)| number(&number_of(&want.callee, n)))
        .collect();
    let id = world.campaign(settings, numbers).await;
    let engine = world.engine(vec![setup]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;

    let calls = world.calls(id).await;
    assert_eq!(calls.len(), table.len() * EACH as usize);
    for want in table {
        for n in 0..EACH {
            let called = number(&number_of(&want.callee, n));
            let call = calls.iter().find(|call| call.number == called).expect("a call");
            check(want, call);
        }
    }
    let mut shown: HashMap<PhoneNumber, usize> = HashMap::new();
    for call in &calls {
        *shown.entry(call.caller_id).or_default() += 1;
    }
    assert_eq!(shown.values().copied().collect::<Vec<_>>(), [calls.len() / 3; 3], "caller IDs take turns: {shown:?}");
}

fn check<C: std::fmt::Debug>(want: &Want<C>, call: &CallRow) {
    let facts = &call.facts;
    let what = format!("{:?}: {call:?}", want.callee);
    assert_eq!((call.outcome, call.target_status), (Some(want.outcome), want.status), "{what}");
    assert!(facts.cause.is_some(), "{what}");
    if want.cause.is_some() {
        assert_eq!(facts.cause, want.cause.map(Cause), "{what}");
    }
    assert_eq!(facts.sip, want.sip.map(SipStatus), "{what}");
    assert_eq!(facts.answered_at.is_some(), want.outcome == Outcome::Answered, "{what}");
    let times = [Some(call.created_at), facts.ringing_at, facts.answered_at, facts.ended_at];
    assert!(times.iter().flatten().is_sorted(), "{what}");
}

/// A trunk that refuses every call for want of room: no attempt is used.
pub(crate) async fn without_room(world: &World, setup: SwitchSetup, trunk: &str, numbers: &[String], sip: Option<u16>) {
    let settings = Settings { max_concurrent: 3, trunk: Some(trunk.into()), ..Settings::default() };
    let id = world.campaign(settings, numbers.iter().map(|text| number(text))).await;
    let engine = world.engine(vec![setup]).await;
    let seen = async {
        while world.store.tally(id).await.expect("a tally").outcome(Outcome::Congestion) < numbers.len() as u64 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.expect("congestion");
    control::pause(&world.store, id, world.clock.now()).await.expect("paused");
    stop(engine).await;
    for call in world.calls(id).await {
        assert_eq!(
            (call.outcome, call.facts.sip),
            (Some(Outcome::Congestion), sip.map(SipStatus)),
            "{trunk}: {call:?}"
        );
        let target = world.store.target_by_number(id, call.number).await.expect("read").expect("there");
        assert_eq!((target.0, target.1), (TargetStatus::Pending, 0), "{trunk}");
        assert!(target.2.is_some(), "{trunk}: due again");
    }
}

/// Busy callees are tried again, and only they: `[busy, never answers, answers]`.
pub(crate) async fn retries(world: &World, setup: SwitchSetup, numbers: [String; 3]) {
    let settings = Settings {
        max_concurrent: 10,
        ring_seconds: 5,
        retry_attempts: 2,
        retry_delay_minutes: 0,
        retry_on: RetryOn { no_answer: false, ..RetryOn::default() },
        ..Settings::default()
    };
    let id = world.campaign(settings, numbers.map(|text| number(&text))).await;
    let stats = Arc::new(Stats::default());
    let engine =
        Engine::start(Options { stats: stats.clone(), ..world.options(vec![setup]) }).await.expect("an engine");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let tally = world.store.tally(id).await.expect("a tally");
    let counts = [Outcome::Busy, Outcome::NoAnswer, Outcome::Answered].map(|outcome| tally.outcome(outcome));
    assert_eq!(counts, [3, 1, 1]);
    assert_eq!((stats.started(), stats.in_progress()), (5, 0));
}
