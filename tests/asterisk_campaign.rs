//! Whole campaigns on a real Asterisk, with SIPp as the callees.

use std::collections::HashMap;
use std::time::Duration;

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings, TargetStatus};
use canvass::dialer::SwitchSetup;
use canvass::number::PhoneNumber;
use canvass::switch::{Switch, asterisk as ari};

#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;
#[path = "support/real_campaign.rs"]
mod real_campaign;
#[path = "support/world.rs"]
mod world;

use asterisk::{AsteriskLab, Callee, SIPP_TRUNK};
use real_campaign::want;
use world::{World, number, stop};

fn connect(lab: &AsteriskLab) -> SwitchSetup {
    let (switch, events) = ari::Asterisk::start(ari::Options {
        url: lab.ari_url.clone(),
        user: lab.user.clone(),
        password: lab.password.clone().into(),
        node: "test".into(),
        ..Default::default()
    });
    let trunks = [("carrier", SIPP_TRUNK), ("gone", "PJSIP/{number}@nobody")];
    real_campaign::setup(Switch::Asterisk(switch), events, &trunks)
}

#[tokio::test]
async fn a_campaign_over_every_kind_of_callee() {
    let Some(lab) = AsteriskLab::start("a_campaign_over_every_kind_of_callee").await else { return };
    let table = [
        want(Callee::Answers, TargetStatus::Completed, Outcome::Answered, Some(16), None),
        want(Callee::HangsUp, TargetStatus::Completed, Outcome::Answered, None, None),
        want(Callee::HangsUpWithCause, TargetStatus::Completed, Outcome::Answered, Some(16), None),
        want(Callee::Busy, TargetStatus::Busy, Outcome::Busy, Some(17), Some(486)),
        // Our own ring time-out: no SIP response of the callee ended it.
        want(Callee::NeverAnswers, TargetStatus::NoAnswer, Outcome::NoAnswer, Some(19), None),
        want(Callee::Unavailable, TargetStatus::NoAnswer, Outcome::NoAnswer, Some(19), Some(480)),
        want(Callee::Declines, TargetStatus::Failed, Outcome::Rejected, Some(21), Some(603)),
        want(Callee::Blocked, TargetStatus::Failed, Outcome::Rejected, Some(127), Some(608)),
        want(Callee::NotFound, TargetStatus::Failed, Outcome::InvalidNumber, Some(1), Some(404)),
    ];
    let world = World::new().await;
    real_campaign::over_every_kind_of_callee(&world, connect(&lab), &table, |callee, n| callee.number(n)).await;
}

/// The trunk gives 503, or is not there at all: congestion, no attempt is used.
#[tokio::test]
async fn a_trunk_without_room_uses_no_attempt() {
    let Some(lab) = AsteriskLab::start("a_trunk_without_room_uses_no_attempt").await else { return };
    let numbers: Vec<_> = (0..3).map(|n| Callee::Congestion.number(n)).collect();
    for (trunk, sip) in [("carrier", Some(503)), ("gone", None)] {
        real_campaign::without_room(&World::new().await, connect(&lab), trunk, &numbers, sip).await;
    }
}

#[tokio::test]
async fn retries_go_to_those_who_were_busy() {
    let Some(lab) = AsteriskLab::start("retries_go_to_those_who_were_busy").await else { return };
    let numbers = [Callee::Busy, Callee::NeverAnswers, Callee::Answers].map(|callee| callee.number(7));
    real_campaign::retries(&World::new().await, connect(&lab), numbers).await;
}

/// Asterisk is killed in the middle of a campaign and comes back.
#[tokio::test]
async fn asterisk_dies_and_comes_back() {
    let Some(mut lab) = AsteriskLab::start("asterisk_dies_and_comes_back").await else { return };
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
