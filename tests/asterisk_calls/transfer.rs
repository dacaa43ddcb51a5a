//! Transfers: connected, failed, ended by either side.

use std::time::Duration;

use canvass::call::{CallId, Cause};
use canvass::switch::{CallEvent, CallEvents, CommandError, HungUp, Recording, Take, TransferEvent};

use crate::adapter::next;
use crate::on_both;
use crate::rig::{Party, Rig};
use crate::sound::heard;

on_both!(
    both_are_connected_and_the_callee_stays_when_the_other_hangs_up,
    a_busy_party_is_told_and_the_call_goes_on,
    a_party_who_never_answers_is_told_and_the_call_goes_on,
    a_callee_who_hangs_up_ends_the_conversation,
    a_callee_who_hangs_up_ends_the_ringing,
    the_daemon_may_hang_up_at_any_time,
    only_one_at_a_time,
);

fn told(event: TransferEvent) -> CallEvent {
    CallEvent::Transfer(event)
}

/// Playback works: the channel takes commands.
async fn takes_commands(rig: &Rig, call: CallId, events: &mut CallEvents) {
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(events).await, CallEvent::PlaybackFinished { failure: None });
}

async fn both_are_connected_and_the_callee_stays_when_the_other_hangs_up(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::HangsUp))).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]), "the other party is no call");
    assert_eq!(next(&mut events).await, told(TransferEvent::Ended));
    takes_commands(&rig, call, &mut events).await;
    rig.no_bridges().await;
    rig.hang_up(call, &mut events).await;
}

async fn a_busy_party_is_told_and_the_call_goes_on(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Busy))).await.expect("calls");
    let CallEvent::Transfer(TransferEvent::Failed(end)) = next(&mut events).await else { panic!("fails") };
    assert_eq!((end.cause, end.answered, end.ring_timeout), (Some(Cause(17)), false, false));
    takes_commands(&rig, call, &mut events).await;
    // And again, with somebody else.
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    rig.hang_up(call, &mut events).await;
}

async fn a_party_who_never_answers_is_told_and_the_call_goes_on(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let mut transfer = rig.transfer(rig.endpoint(Party::NeverAnswers));
    transfer.ring_timeout = Duration::from_secs(2);
    rig.asterisk.transfer(call, &transfer).await.expect("calls");
    let CallEvent::Transfer(TransferEvent::Failed(end)) = next(&mut events).await else { panic!("fails") };
    assert!(end.ring_timeout && !end.answered, "{end:?}");
    takes_commands(&rig, call, &mut events).await;
    rig.hang_up(call, &mut events).await;
}

async fn a_callee_who_hangs_up_ends_the_conversation(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    rig.ends(call, &mut events).await;
}

async fn a_callee_who_hangs_up_ends_the_ringing(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::NeverAnswers))).await.expect("calls");
    let CallEvent::HungUp(HungUp { answered: true, .. }) = next(&mut events).await else { panic!("ends") };
    rig.nothing_left(call).await;
}

async fn the_daemon_may_hang_up_at_any_time(rig: Rig) {
    // Before, about when and after the other party answers.
    for wait in [0, 200, 310, 400, 800] {
        let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
        rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
        tokio::time::sleep(Duration::from_millis(wait)).await;
        rig.hang_up(call, &mut events).await;
    }
    // Even before it is known that the other party is being called.
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let transfer = rig.transfer(rig.endpoint(Party::Person));
    let (_, hung_up) = tokio::join!(rig.asterisk.transfer(call, &transfer), rig.asterisk.hang_up(call));
    hung_up.expect("hangs up");
    rig.ends(call, &mut events).await;
}

async fn only_one_at_a_time(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let never = rig.transfer(rig.endpoint(Party::NeverAnswers));
    rig.asterisk.transfer(call, &never).await.expect("calls");
    assert!(matches!(rig.asterisk.transfer(call, &never).await, Err(CommandError::Refused(_))));
    let nobody = rig.asterisk.transfer(CallId::new(), &never).await;
    assert_eq!(nobody, Err(CommandError::NoSuchChannel));
    rig.hang_up(call, &mut events).await;
}

/// An endpoint that Asterisk does not know.
#[tokio::test]
async fn a_party_that_cannot_be_called_is_refused_and_the_call_goes_on() {
    let Some(rig) = Rig::real("a_party_that_cannot_be_called_is_refused_and_the_call_goes_on").await else { return };
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    for endpoint in ["PJSIP/1@nowhere", "Nonsense/1", "Local/x@nowhere"] {
        let refused = rig.asterisk.transfer(call, &rig.transfer(endpoint.into())).await;
        match refused {
            Err(CommandError::Refused(_)) => {}
            // A context that is missing is found out later.
            Ok(()) => {
                let failed = next(&mut events).await;
                assert!(matches!(failed, CallEvent::Transfer(TransferEvent::Failed(_))), "{endpoint}: {failed:?}");
            }
            Err(other) => panic!("{endpoint}: {other:?}"),
        }
        takes_commands(&rig, call, &mut events).await;
    }
    rig.hang_up(call, &mut events).await;
}

/// Each hears the other: who listens hangs up when somebody speaks. And a
/// recording of the call holds what both say.
#[tokio::test]
async fn each_hears_the_other_and_the_recording_hears_both() {
    let Some(rig) = Rig::real("each_hears_the_other_and_the_recording_hears_both").await else { return };
    let (speaks_later, listens) = ("PJSIP/+15551120001@loop", "PJSIP/+15551110001@loop");
    let silent = "PJSIP/+15551000001@loop";

    let (call, mut events) = rig.answered(speaks_later.into()).await;
    rig.asterisk.transfer(call, &rig.transfer(listens.into())).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    assert_eq!(next(&mut events).await, told(TransferEvent::Ended), "the other heard the callee");
    rig.hang_up(call, &mut events).await;

    let (call, mut events) = rig.answered(listens.into()).await;
    rig.asterisk.transfer(call, &rig.transfer(speaks_later.into())).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    rig.ends(call, &mut events).await;

    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(silent.into()).await;
    let whole = Recording { name: format!("{call}-whole"), folder: String::new(), take: Take::Call };
    rig.asterisk.record(call, &whole).await.expect("records");
    // Long enough for silence to be sent to the callee before.
    tokio::time::sleep(Duration::from_millis(700)).await;
    rig.asterisk.transfer(call, &rig.transfer(speaks_later.into())).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    tokio::time::sleep(Duration::from_secs(4)).await;
    rig.hang_up(call, &mut events).await;
    rig.asterisk.fetch_recording(&whole.name, folder.path()).await.expect("fetched");
    let heard = heard(&folder.path().join(format!("{}.wav", whole.name)));
    assert!(heard.ms > 4_000 && heard.other_ms > 1_500, "{heard:?}");
}

/// An extension of the house, through the dialplan that operators include.
#[tokio::test]
async fn an_extension_of_the_house_is_connected() {
    let Some(rig) = Rig::real("an_extension_of_the_house_is_connected").await else { return };
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer("Local/1001@canvass-transfer".into())).await.expect("calls");
    assert_eq!(next(&mut events).await, told(TransferEvent::Connected));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(events.try_recv(), None, "they go on talking");
    rig.hang_up(call, &mut events).await;
    for _ in 0..100 {
        if rig.ids("/channels").await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("left: {:?}", rig.ids("/channels").await);
}
