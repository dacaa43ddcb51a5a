//! Asterisk's own detection of answering machines.

use canvass::audio::amd::Answer;
use canvass::call::CallId;
use canvass::switch::{CallEvent, CommandError, Presence};

use crate::adapter::next;
use crate::on_both;
use crate::rig::{Party, Rig};

on_both!(
    a_person_and_a_machine_are_told_apart,
    a_callee_who_hangs_up_meanwhile_just_ends,
    the_daemon_may_hang_up_meanwhile
);

async fn a_person_and_a_machine_are_told_apart(rig: Rig) {
    for (party, want) in [(Party::Person, Answer::Human), (Party::Voicemail, Answer::Machine)] {
        let (call, mut events) = rig.answered(rig.endpoint(party)).await;
        rig.asterisk.detect(call).await.expect("detects");
        // The call has not ended, whatever it looks like.
        assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]));
        assert_eq!(rig.asterisk.presence(call).await, Ok(Presence::Up));
        let told = tokio::time::timeout(std::time::Duration::from_secs(40), events.recv()).await.expect("in time");
        let Some(CallEvent::Detected { answer, reason }) = told else { panic!("{party:?}: {told:?}") };
        assert_eq!(answer, want, "{party:?}: {reason}");
        assert!(!reason.is_empty());
        // The channel takes commands, and keys are heard as before.
        rig.asterisk.play(call, "beep").await.expect("plays");
        assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
        rig.hang_up(call, &mut events).await;
    }
    assert_eq!(rig.asterisk.detect(CallId::new()).await, Err(CommandError::NoSuchChannel));
}

async fn a_callee_who_hangs_up_meanwhile_just_ends(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    rig.asterisk.detect(call).await.expect("detects");
    let mut told = next(&mut events).await;
    if matches!(told, CallEvent::Detected { .. }) {
        // It was over before the callee was.
        told = next(&mut events).await;
    }
    assert!(crate::is_answered_end(&told), "{told:?}");
    rig.nothing_left(call).await;
}

async fn the_daemon_may_hang_up_meanwhile(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Voicemail)).await;
    rig.asterisk.detect(call).await.expect("detects");
    rig.hang_up(call, &mut events).await;
}

/// A context that is not there: the call goes on.
#[tokio::test]
async fn a_missing_context_is_named_before_the_call_is_lost() {
    let test = "a_missing_context_is_named_before_the_call_is_lost";
    let Some(rig) = Rig::real_with(test, |options| options.amd_context = "no-such".into()).await else { return };
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let Err(CommandError::Refused(reason)) = rig.asterisk.detect(call).await else { panic!("refused") };
    assert!(reason.contains("no-such") && reason.contains("canvass.conf"), "{reason}");
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    rig.hang_up(call, &mut events).await;
}
