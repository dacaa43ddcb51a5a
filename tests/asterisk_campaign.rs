//! A whole campaign on a real Asterisk, with SIPp as the callees: every target
//! ends with the status the table says, every call row has its cause, its SIP
//! status and its times in order, and the caller IDs take turns.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{Cause, Outcome, SipStatus};
use canvass::campaign::{CampaignStatus, RetryOn, Settings, TargetStatus};
use canvass::dialer::{Stats, SwitchLimits, SwitchSetup};
use canvass::number::PhoneNumber;
use canvass::switch::{Switch, asterisk as ari};

#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;
#[path = "support/world.rs"]
mod world;

use asterisk::{AsteriskLab, Callee, LOOP_TRUNK, SIPP_TRUNK};
use world::{World, number, pool, stop};

fn connect(lab: &AsteriskLab) -> SwitchSetup {
    let (switch, events) = ari::Asterisk::start(ari::Options {
        url: lab.ari_url.clone(),
        user: lab.user.clone(),
        password: lab.password.clone().into(),
        node: "test".into(),
    });
    let trunk = |template: &str| template.parse().expect("a template");
    let limits = SwitchLimits {
        name: "real".into(),
        max_channels: 50,
        max_calls_per_second: 40.0,
        trunks: BTreeMap::from([
            ("carrier".to_owned(), trunk(SIPP_TRUNK)),
            ("loop".to_owned(), trunk(LOOP_TRUNK)),
            ("gone".to_owned(), trunk("PJSIP/{number}@nobody")),
        ]),
        default_trunk: "carrier".into(),
    };
    SwitchSetup { limits, switch: Switch::Asterisk(switch), events }
}

/// What must be in the database after a call to this callee.
struct Want {
    callee: Callee,
    status: TargetStatus,
    outcome: Outcome,
    cause: Option<u16>,
    sip: Option<u16>,
}

const fn want(callee: Callee, status: TargetStatus, outcome: Outcome, cause: Option<u16>, sip: Option<u16>) -> Want {
    Want { callee, status, outcome, cause, sip }
}

#[tokio::test]
async fn a_campaign_over_every_kind_of_callee() {
    let name = "a_campaign_over_every_kind_of_callee";
    let Some(lab) = AsteriskLab::start(name).await else { return };
    let table = [
        want(Callee::Answers, TargetStatus::Completed, Outcome::Answered, Some(16), None),
        want(Callee::HangsUp, TargetStatus::Completed, Outcome::Answered, None, None),
        want(Callee::HangsUpWithCause, TargetStatus::Completed, Outcome::Answered, None, None),
        want(Callee::Busy, TargetStatus::Busy, Outcome::Busy, Some(17), Some(486)),
        // Our own ring time-out: no SIP response of the callee ended it.
        want(Callee::NeverAnswers, TargetStatus::NoAnswer, Outcome::NoAnswer, Some(19), None),
        want(Callee::Unavailable, TargetStatus::NoAnswer, Outcome::NoAnswer, Some(19), Some(480)),
        want(Callee::Declines, TargetStatus::Failed, Outcome::Rejected, Some(21), Some(603)),
        want(Callee::Blocked, TargetStatus::Failed, Outcome::Rejected, Some(127), Some(608)),
        want(Callee::NotFound, TargetStatus::Failed, Outcome::InvalidNumber, Some(1), Some(404)),
    ];
    let world = World::new().await;
    world.prompt("hello.wav", Duration::from_secs(2));
    let settings = Settings {
        number_pool: pool(3),
        max_concurrent: 30,
        ring_seconds: 5,
        prompts: vec!["hello.wav".into()],
        ..Settings::default()
    };
    const EACH: u32 = 4;
    let numbers: Vec<PhoneNumber> =
        (0..EACH).flat_map(|n| table.iter().map(move |want| number(&want.callee.number(n)))).collect();
    let id = world.campaign(settings, numbers).await;
    let engine = world.engine(vec![connect(&lab)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed, "{}", lab.log());
    stop(engine).await;

    let calls = world.calls(id).await;
    assert_eq!(calls.len(), table.len() * EACH as usize);
    let mut shown: HashMap<PhoneNumber, usize> = HashMap::new();
    for want in &table {
        for n in 0..EACH {
            let called = number(&want.callee.number(n));
            let call = calls.iter().find(|call| call.number == called).expect("a call");
            let facts = &call.facts;
            let what = format!("{:?}: {call:?}", want.callee);
            assert_eq!((call.outcome, call.target_status), (Some(want.outcome), want.status), "{what}");
            if want.cause.is_some() {
                assert_eq!(facts.cause, want.cause.map(Cause), "{what}");
            }
            assert!(facts.cause.is_some(), "{what}");
            assert_eq!(facts.sip, want.sip.map(SipStatus), "{what}");
            let answered = want.outcome == Outcome::Answered;
            assert_eq!(facts.answered_at.is_some(), answered, "{what}");
            let times = [Some(call.created_at), facts.ringing_at, facts.answered_at, facts.ended_at];
            assert!(times.iter().flatten().is_sorted(), "{what}");
        }
    }
    for call in &calls {
        *shown.entry(call.caller_id).or_default() += 1;
    }
    assert_eq!(shown.values().copied().collect::<Vec<_>>(), [calls.len() / 3; 3], "caller IDs take turns: {shown:?}");
}

/// The trunk gives 503, or is not there at all: congestion, no attempt is used.
#[tokio::test]
async fn a_trunk_without_room_uses_no_attempt() {
    let name = "a_trunk_without_room_uses_no_attempt";
    let Some(lab) = AsteriskLab::start(name).await else { return };
    for (trunk, sip) in [("carrier", Some(SipStatus(503))), ("gone", None)] {
        let world = World::new().await;
        let settings = Settings { max_concurrent: 3, trunk: Some(trunk.into()), ..Settings::default() };
        let numbers: Vec<_> = (0..3).map(|n| number(&Callee::Congestion.number(n))).collect();
        let id = world.campaign(settings, numbers).await;
        let engine = world.engine(vec![connect(&lab)]).await;
        let seen = async {
            while world.store.tally(id).await.expect("a tally").outcome(Outcome::Congestion) < 3 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen).await.expect("congestion");
        canvass::control::pause(&world.store, id, world.clock.now()).await.expect("paused");
        stop(engine).await;
        for call in world.calls(id).await {
            assert_eq!((call.outcome, call.facts.sip), (Some(Outcome::Congestion), sip), "{trunk}: {call:?}");
            let target = world.store.target_by_number(id, call.number).await.expect("read").expect("there");
            assert_eq!((target.0, target.1), (TargetStatus::Pending, 0), "{trunk}");
            assert!(target.2.is_some(), "{trunk}: due again");
        }
    }
}

/// Busy callees are tried again, and only they.
#[tokio::test]
async fn retries_go_to_those_who_were_busy() {
    let name = "retries_go_to_those_who_were_busy";
    let Some(lab) = AsteriskLab::start(name).await else { return };
    let world = World::new().await;
    let retry_on = RetryOn { no_answer: false, ..RetryOn::default() };
    let settings = Settings {
        max_concurrent: 10,
        ring_seconds: 5,
        retry_attempts: 2,
        retry_delay_minutes: 0,
        retry_on,
        ..Settings::default()
    };
    let numbers = [Callee::Busy, Callee::NeverAnswers, Callee::Answers].map(|callee| number(&callee.number(7)));
    let id = world.campaign(settings, numbers).await;
    let stats = Arc::new(Stats::default());
    let options = canvass::dialer::Options { stats: stats.clone(), ..world.options(vec![connect(&lab)]) };
    let engine = canvass::dialer::Engine::start(options).await.expect("an engine");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed, "{}", lab.log());
    stop(engine).await;
    let tally = world.store.tally(id).await.expect("a tally");
    let counts = [Outcome::Busy, Outcome::NoAnswer, Outcome::Answered].map(|outcome| tally.outcome(outcome));
    assert_eq!(counts, [3, 1, 1]);
    assert_eq!((stats.started(), stats.in_progress()), (5, 0));
}

/// Asterisk is killed in the middle of a campaign and comes back.
#[tokio::test]
async fn asterisk_dies_and_comes_back() {
    let name = "asterisk_dies_and_comes_back";
    let Some(mut lab) = AsteriskLab::start(name).await else { return };
    let world = World::new().await;
    world.prompt("hello.wav", Duration::from_secs(4));
    let settings = Settings { max_concurrent: 10, prompts: vec!["hello.wav".into()], ..Settings::default() };
    let id = world.campaign(settings, (0..40).map(|n| number(&Callee::Answers.number(n)))).await;
    let engine = world.engine(vec![connect(&lab)]).await;
    while world.store.tally(id).await.expect("a tally").outcome(Outcome::Answered) < 5 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lab.kill_asterisk();
    tokio::time::sleep(Duration::from_secs(2)).await;
    lab.start_asterisk().await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed, "{}", lab.log());
    stop(engine).await;
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!(tally.total(), 40);
    let calls = world.calls(id).await;
    let mut placed: HashMap<PhoneNumber, u32> = HashMap::new();
    for call in &calls {
        let outcome = call.outcome.expect("settled");
        assert!(
            matches!(outcome, Outcome::Answered | Outcome::Lost | Outcome::Cancelled | Outcome::Congestion),
            "{call:?}"
        );
        if !matches!(outcome, Outcome::Cancelled | Outcome::Congestion) {
            *placed.entry(call.number).or_default() += 1;
        }
    }
    assert!(placed.values().all(|times| *times == 1), "nobody was called twice: {placed:?}");
    assert_eq!(placed.len(), 40);
}
