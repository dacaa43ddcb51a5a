use super::*;
use crate::switch::HungUp;
use crate::switch::asterisk::event::ChannelState;
use crate::switch::asterisk::part::Role;

const RING: Duration = Duration::from_secs(30);

fn event(call: CallId, kind: Kind<'_>) -> Event<'_> {
    Event { call: Some(call), part: None, state: ChannelState::Other, kind }
}

fn destroyed(call: CallId) -> Event<'static> {
    event(call, Kind::Destroyed { cause: Some(17), sip: None })
}

#[tokio::test]
async fn the_end_is_told_once_and_forgotten() {
    let calls = Calls::default();
    let call = CallId::new();
    let mut events = calls.place(call, RING);
    assert!(!calls.is_seen(call));
    calls.on_event(&event(call, Kind::DialBegan));
    assert!(calls.is_seen(call));
    calls.on_event(&event(call, Kind::HangupRequest));
    calls.on_event(&destroyed(call));
    calls.on_event(&destroyed(call));
    assert!(matches!(events.recv().await, Some(CallEvent::HungUp(HungUp { answered: false, .. }))));
    assert_eq!(events.try_recv(), None);
    assert!(calls.lock().is_empty() && calls.is_seen(call));
}

#[test]
fn an_answered_channel_nobody_waits_for_is_an_orphan() {
    let calls = Calls::default();
    let call = CallId::new();
    assert_eq!(calls.on_event(&destroyed(call)), Effect::None);
    assert_eq!(calls.on_event(&event(call, Kind::StasisStart)), Effect::Orphan(call));
    drop(calls.place(call, RING));
    assert_eq!(calls.on_event(&event(call, Kind::StasisStart)), Effect::Orphan(call), "given up by its task");
    let _events = calls.find(CallId::new());
    assert_eq!(calls.on_event(&Event { call: None, ..event(call, Kind::StasisStart) }), Effect::None);
}

#[test]
fn what_nobody_listens_to_is_swept() {
    let calls = Calls::default();
    let (kept, dropped) = (CallId::new(), CallId::new());
    let events = calls.place(kept, RING);
    drop(calls.place(dropped, RING));
    calls.sweep();
    assert_eq!(calls.lock().keys().collect::<Vec<_>>(), [&kept]);
    drop(events);
    calls.sweep();
    assert!(calls.lock().is_empty());
}

#[test]
fn a_listener_that_comes_later_keeps_what_is_known() {
    let calls = Calls::default();
    let call = CallId::new();
    let first = calls.place(call, RING);
    calls.on_event(&event(call, Kind::DialAnswered));
    let mut second = calls.find(call);
    drop(first);
    calls.on_event(&destroyed(call));
    assert!(matches!(second.try_recv(), Some(CallEvent::HungUp(HungUp { answered: true, .. }))));
}

fn part_event(part: Part, kind: Kind<'_>) -> Event<'_> {
    Event { call: None, part: Some(part), state: ChannelState::Other, kind }
}

fn part(call: CallId, role: Role) -> Part {
    Part { call, role, tag: uuid::Uuid::new_v4() }
}

/// A call with somebody else on the line, this far.
fn transferred(calls: &Calls, call: CallId, phase: Phase) -> Part {
    let leg = part(call, Role::Leg);
    calls.with(call, |call| assert!(call.attached.calls(leg, RING) && call.attached.leg_placed(leg)));
    if phase != Phase::Ringing {
        assert_eq!(calls.on_event(&part_event(leg, Kind::StasisStart)), Effect::Connect(leg));
        assert_eq!(calls.on_event(&part_event(leg, Kind::StasisStart)), Effect::None, "once");
    }
    if phase == Phase::Connected {
        assert!(calls.tell_if(call, |call| call.attached.leg_connected(leg), CallEvent::Ringing));
    }
    leg
}

#[test]
fn the_end_of_the_other_party_means_what_came_before() {
    for (phase, ended) in [(Phase::Ringing, false), (Phase::Connecting, false), (Phase::Connected, true)] {
        let calls = Calls::default();
        let call = CallId::new();
        let _events = calls.place(call, RING);
        let leg = transferred(&calls, call, phase);
        let key = calls.on_event(&part_event(leg, Kind::Dtmf('1')));
        assert_eq!(key, Effect::None, "the other party's keys are not the callee's");
        match calls.on_event(&part_event(leg, Kind::Destroyed { cause: Some(17), sip: Some(486) })) {
            Effect::Release(released, TransferEvent::Ended) if ended => assert_eq!(released, leg),
            Effect::Release(released, TransferEvent::Failed(end)) if !ended => {
                assert_eq!((released, end.cause.map(|cause| cause.0)), (leg, Some(17)));
            }
            other => panic!("{phase:?}: {other:?}"),
        }
        // It is free for another.
        transferred(&calls, call, Phase::Ringing);
    }
}

#[test]
fn what_does_not_end_with_the_call_is_removed_and_recordings_are_told() {
    let calls = Calls::default();
    let call = CallId::new();
    let mut events = calls.place(call, RING);
    let leg = transferred(&calls, call, Phase::Connected);
    let (ear, recorder) = (part(call, Role::Ear), part(call, Role::Recorder));
    let stop = tokio_util::sync::CancellationToken::new();
    calls.with(call, |call| {
        assert!(call.attached.hears(ear, stop.clone()) && call.attached.records("whole", Some(recorder)));
    });
    while events.try_recv().is_some() {}
    assert_eq!(calls.on_event(&destroyed(call)), Effect::Remove(vec![leg, ear]));
    assert!(stop.is_cancelled());
    let told = CallEvent::RecordingFinished { name: "whole".into(), failure: None };
    assert_eq!(events.try_recv(), Some(told));
    assert!(matches!(events.try_recv(), Some(CallEvent::HungUp(_))));
    // What comes late finds nobody.
    let late = part_event(recorder, Kind::RecordingFinished { name: "whole".into(), failure: None });
    assert_eq!((calls.on_event(&late), events.try_recv()), (Effect::None, None));
}

#[test]
fn a_recording_is_told_once_and_why_it_failed() {
    let calls = Calls::default();
    let call = CallId::new();
    let mut events = calls.place(call, RING);
    calls.with(call, |call| {
        assert!(call.attached.records("said", None) && !call.attached.records("said", None));
        assert!(call.attached.takes_speech());
    });
    for kind in [
        Kind::RecordingFinished { name: "another".into(), failure: None },
        Kind::RecordingFinished { name: "said".into(), failure: Some("disk full".into()) },
        Kind::RecordingFinished { name: "said".into(), failure: None },
    ] {
        calls.on_event(&event(call, kind));
    }
    let Some(CallEvent::RecordingFinished { name, failure: Some(why) }) = events.try_recv() else { panic!("told") };
    assert!(name == "said" && why.contains("disk full"), "{name}: {why}");
    assert_eq!(events.try_recv(), None);
}

#[test]
fn parts_that_nobody_needs_are_removed() {
    let calls = Calls::default();
    let call = CallId::new();
    for role in [Role::Recorder, Role::Ear, Role::Audio, Role::Leg] {
        let of_no_call = part(call, role);
        let effect = calls.on_event(&part_event(of_no_call, Kind::StasisStart));
        assert_eq!(effect, Effect::Remove(vec![of_no_call]), "{role:?}");
    }
    let _events = calls.place(call, RING);
    let unknown = part(call, Role::Leg);
    assert_eq!(calls.on_event(&part_event(unknown, Kind::StasisStart)), Effect::Remove(vec![unknown]));
    assert_eq!(calls.on_event(&part_event(unknown, Kind::Destroyed { cause: None, sip: None })), Effect::None);
}

#[test]
fn what_a_process_before_us_made_goes_with_its_call() {
    let calls = Calls::default();
    let (attached, unknown) = (CallId::new(), CallId::new());
    for call in [attached, unknown] {
        let stray = part(call, Role::Leg);
        calls.adopt(stray);
        calls.adopt(stray);
        let _events = (call == attached).then(|| calls.find(call));
        assert_eq!(calls.on_event(&destroyed(call)), Effect::Remove(vec![stray]));
        assert_eq!(calls.on_event(&destroyed(call)), Effect::None, "once");
    }
    // Our own is known already.
    let call = CallId::new();
    let _events = calls.place(call, RING);
    let leg = transferred(&calls, call, Phase::Connected);
    calls.adopt(leg);
    assert_eq!(calls.on_event(&destroyed(call)), Effect::Remove(vec![leg]));
}

#[test]
fn after_a_gap_the_other_party_is_asked_about() {
    let calls = Calls::default();
    let call = CallId::new();
    let _events = calls.place(call, RING);
    let leg = transferred(&calls, call, Phase::Ringing);
    assert_eq!(calls.leg_found(leg, false), Effect::None, "nothing was missed");
    calls.missed_events();
    assert_eq!(calls.doubtful_legs(), [leg]);
    assert_eq!(calls.leg_found(leg, true), Effect::Connect(leg), "its answer was missed");
    calls.missed_events();
    assert_eq!(calls.leg_found(leg, true), Effect::None, "it is being connected");
    assert!(matches!(calls.leg_found(leg, false), Effect::Release(_, TransferEvent::Failed(_))));
    assert_eq!(calls.leg_found(leg, false), Effect::None, "once");
}

#[tokio::test]
async fn who_waits_for_a_part_hears_of_its_start_or_its_end() {
    let calls = Calls::default();
    let call = CallId::new();
    let _events = calls.place(call, RING);
    let ear = part(call, Role::Ear);
    let stop = tokio_util::sync::CancellationToken::new();
    let started = calls.with(call, |call| {
        assert!(call.attached.hears(ear, stop.clone()) && !call.attached.hears(ear, stop.clone()));
        [ear, ear.with(Role::Audio)].map(|part| call.attached.wait_for(part))
    });
    let [ear_started, audio_started] = started.expect("known");
    assert_eq!(calls.on_event(&part_event(ear, Kind::StasisStart)), Effect::None);
    let audio = ear.with(Role::Audio);
    calls.on_event(&part_event(audio, Kind::Destroyed { cause: Some(16), sip: None }));
    assert!(ear_started.await.is_ok() && audio_started.await.is_err());
    assert!(stop.is_cancelled(), "without its sound an ear is of no use");
}
