//! Whole campaigns on a real FreeSWITCH, named by the environment: the same list
//! of scenarios as on a real Asterisk. See docs/testing.md.

use canvass::call::Outcome;
use canvass::campaign::TargetStatus;
use canvass::dialer::SwitchSetup;
use canvass::switch::Switch;
use canvass::switch::freeswitch::FreeSwitch;

#[path = "support/freeswitch.rs"]
mod freeswitch;
#[path = "support/need.rs"]
mod need;
#[path = "support/real_campaign.rs"]
mod real_campaign;
#[path = "support/world.rs"]
mod world;

use freeswitch::{Callee, Real};
use real_campaign::want;
use world::World;

fn connect(real: &Real, node: &str) -> SwitchSetup {
    let (switch, events) = FreeSwitch::start(real.options(node));
    let trunks = [("carrier", real.trunk()), ("gone", "sofia/gateway/nobody/{number}".to_owned())];
    let trunks: Vec<_> = trunks.iter().map(|(name, endpoint)| (*name, endpoint.as_str())).collect();
    real_campaign::setup(Switch::FreeSwitch(switch), events, &trunks)
}

#[tokio::test]
async fn a_campaign_over_every_kind_of_callee() {
    let Some(real) = Real::named("a_campaign_over_every_kind_of_callee") else { return };
    let sip = |status| real.is_sip().then_some(status);
    let table = [
        want(Callee::Answers, TargetStatus::Completed, Outcome::Answered, Some(16), None),
        want(Callee::HangsUp, TargetStatus::Completed, Outcome::Answered, None, None),
        want(Callee::HangsUpWithCause, TargetStatus::Completed, Outcome::Answered, Some(16), None),
        want(Callee::Busy, TargetStatus::Busy, Outcome::Busy, Some(17), sip(486)),
        // Our own ring time-out: 487 is the answer to FreeSWITCH's CANCEL.
        want(Callee::NeverAnswers, TargetStatus::NoAnswer, Outcome::NoAnswer, Some(19), sip(487)),
        want(Callee::Unavailable, TargetStatus::NoAnswer, Outcome::NoAnswer, None, sip(480)),
        want(Callee::Declines, TargetStatus::Failed, Outcome::Rejected, Some(21), sip(603)),
        want(Callee::Blocked, TargetStatus::Failed, Outcome::Rejected, Some(21), sip(608)),
        want(Callee::NotFound, TargetStatus::Failed, Outcome::InvalidNumber, Some(1), sip(404)),
    ];
    let world = World::new().await;
    let setup = connect(&real, "every-kind");
    real_campaign::over_every_kind_of_callee(&world, setup, &table, |callee, n| callee.number(n)).await;
}

/// The trunk gives 503, or is not there at all: congestion, no attempt is used.
#[tokio::test]
async fn a_trunk_without_room_uses_no_attempt() {
    let Some(real) = Real::named("a_trunk_without_room_uses_no_attempt") else { return };
    let numbers: Vec<_> = (0..3).map(|n| Callee::Congestion.number(n)).collect();
    for (trunk, sip) in [("carrier", real.is_sip().then_some(503)), ("gone", None)] {
        real_campaign::without_room(&World::new().await, connect(&real, "no-room"), trunk, &numbers, sip).await;
    }
}

#[tokio::test]
async fn retries_go_to_those_who_were_busy() {
    let Some(real) = Real::named("retries_go_to_those_who_were_busy") else { return };
    let numbers = [Callee::Busy, Callee::NeverAnswers, Callee::Answers].map(|callee| callee.number(7));
    real_campaign::retries(&World::new().await, connect(&real, "retries"), numbers).await;
}
