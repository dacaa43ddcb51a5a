use super::*;

use std::collections::HashSet;

use crate::call::{Cause, SipStatus};
use crate::switch::freeswitch::codec::Decoder;
use crate::switch::freeswitch::command::MARK;

const SIP: &[u8] = include_bytes!("../../../../tests/fixtures/freeswitch/freeswitch-1.10.12-sip-answered.bin");
const LOOPBACK: &[u8] =
    include_bytes!("../../../../tests/fixtures/freeswitch/freeswitch-1.10.12-loopback-all-events.bin");

/// Ids of recorded calls: callee and what became of it.
const ANSWERED: &str = "f80cc105-b3dd-45df-80a5-63603e2070b7";
const BUSY: &str = "bca9a74e-7843-4d6b-9d72-283c221b29e9";
const RANG_OUT: &str = "381024b3-84f1-4167-8190-62f070990300";
const REJECTED: &str = "0dc736e0-d799-4669-ae06-33e110ac6cbc";
const MACHINE: &str = "10071309-3bbe-4ca5-a5d5-6357c5f57e11";
const DEAD_GATEWAY: &str = "e3ac189c-ecbb-43a8-a907-5052754a44f4";
const NO_GATEWAY: &str = "a26ce617-1a4f-4518-a39b-a929878cbe19";

/// The recorded client chose other ids for its jobs; we use the calls' own.
const JOBS: [(&str, &str); 7] = [
    ("53d6bf95-d24c-4317-b28d-65092bf40592", ANSWERED),
    ("67c95c1e-7a4d-4b14-9d55-af849f69423a", BUSY),
    ("f3fccc48-9edf-4d86-b90e-6d30dfa79cab", RANG_OUT),
    ("7a368ac7-1244-44f6-8ee7-f5057b68b13a", REJECTED),
    ("4ec7b2ed-a169-4f99-8ef6-a56f9a8495f7", MACHINE),
    ("69bb8cbf-ef8f-4d71-96b7-42b69ba6db8b", DEAD_GATEWAY),
    ("5bb2b9e7-c887-4430-897b-8967c5d38751", NO_GATEWAY),
];

fn id(text: &str) -> CallId {
    text.parse().expect("an id")
}

fn recorded(bytes: &[u8]) -> Vec<Event> {
    let mut text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    for (job, call) in JOBS {
        text = text.replace(job, call);
    }
    let mut decoder = Decoder::new();
    decoder.buffer().extend_from_slice(text.as_bytes());
    let mut events = Vec::new();
    while let Some(frame) = decoder.next_frame().expect("recorded bytes") {
        events.extend(frame.into_event());
    }
    events
}

pub(super) fn event(name: &str, lines: &str) -> Event {
    Event::new(format!("Event-Name: {name}\n{lines}\n\n").into())
}

pub(super) fn of(call: CallId, name: &str, lines: &str) -> Event {
    event(name, &format!("Unique-ID: {call}\n{lines}"))
}

pub(super) fn job(call: CallId, output: &str) -> Event {
    let length = output.len() + 1;
    event("BACKGROUND_JOB", &format!("Job-UUID: {call}\nContent-Length: {length}\n\n{output}"))
}

pub(super) fn calls() -> Calls {
    Calls::new("node-1".into())
}

pub(super) fn all(_: CallId) -> bool {
    true
}

/// What one call is told when all of a recording is played to it.
fn story(calls: &mut Calls, events: &[Event], call: CallId, now: Instant) -> Vec<CallEvent> {
    let effects = events.iter().flat_map(|event| calls.on_event(event, now));
    effects
        .filter_map(|effect| match effect {
            Effect::Deliver(told, event) => (told == call).then_some(event),
            Effect::Orphan(_)
            | Effect::Kill(_)
            | Effect::Break(_)
            | Effect::StopRecording(..)
            | Effect::Bridge(..)
            | Effect::Gap => None,
        })
        .collect()
}

fn replay(call: &str) -> Vec<CallEvent> {
    let call = id(call);
    let mut calls = calls();
    calls.originate(call);
    story(&mut calls, &recorded(LOOPBACK), call, Instant::now())
}

fn hung_up(cause: u16) -> HungUp {
    HungUp { cause: Some(Cause(cause)), ..HungUp::default() }
}

#[test]
fn the_mark_is_found_in_events() {
    assert_eq!(MARK_HEADER, format!("variable_{MARK}"));
}

#[test]
fn recorded_calls_that_were_answered() {
    let end = CallEvent::HungUp(HungUp { answered: true, ..hung_up(16) });
    assert_eq!(replay(ANSWERED), [CallEvent::Answered, CallEvent::Dtmf { digit: '2' }, end.clone()]);
    assert_eq!(replay(MACHINE), [CallEvent::Answered, end]);
}

#[test]
fn recorded_calls_that_failed() {
    assert_eq!(replay(BUSY), [CallEvent::HungUp(hung_up(17))]);
    assert_eq!(replay(REJECTED), [CallEvent::HungUp(hung_up(21))]);
    // Its job failed before its channel's end arrived.
    let rang_out = HungUp { ring_timeout: true, ..hung_up(19) };
    assert_eq!(replay(RANG_OUT), [CallEvent::Ringing, CallEvent::HungUp(rang_out)]);
    let unavailable = HungUp { sip: Some(SipStatus(503)), ..hung_up(41) };
    assert_eq!(replay(DEAD_GATEWAY), [CallEvent::HungUp(unavailable)]);
    // No channel at all: the job alone tells.
    let detail = Some("originate: -ERR INVALID_GATEWAY".to_owned());
    assert_eq!(replay(NO_GATEWAY), [CallEvent::HungUp(HungUp { detail, ..hung_up(608) })]);
}

#[test]
fn recorded_sip_calls() {
    let events = recorded(SIP);
    let ids: HashSet<_> = events.iter().filter_map(|event| id_of(event, "Unique-ID")).collect();
    assert_eq!(ids.len(), 6);
    for call in ids {
        let mut calls = calls();
        calls.originate(call);
        let end = CallEvent::HungUp(HungUp { answered: true, ..hung_up(16) });
        let told = story(&mut calls, &events, call, Instant::now());
        assert_eq!(told, [CallEvent::Ringing, CallEvent::Answered, end]);
        assert!(calls.tracks.is_empty());
    }
}

#[test]
fn others_calls_mean_nothing() {
    let mut calls = calls();
    for event in recorded(LOOPBACK).iter().chain(&recorded(SIP)) {
        assert_eq!(calls.on_event(event, Instant::now()), [], "{event:?}");
    }
}

#[test]
fn answered_is_told_once_when_ready_in_either_order() {
    let call = CallId::new();
    let answer = of(call, "CHANNEL_ANSWER", "Answer-State: answered");
    let early = of(call, "CHANNEL_PARK", "Answer-State: early");
    let park = of(call, "CHANNEL_PARK", "Answer-State: answered");
    let answered = CallEvent::Answered;
    let now = Instant::now();
    for (events, told) in [
        (vec![&answer, &park, &park, &answer], vec![answered.clone()]),
        (vec![&early, &answer], vec![answered.clone()]),
        (vec![&park], vec![answered]),
        (vec![&answer], vec![]),
        (vec![&early], vec![]),
    ] {
        let mut calls = calls();
        calls.attach(call);
        let events: Vec<_> = events.into_iter().cloned().collect();
        assert_eq!(story(&mut calls, &events, call, now), told);
    }
}

#[test]
fn an_end_between_answer_and_park_keeps_the_answer() {
    let call = CallId::new();
    let mut calls = calls();
    calls.originate(call);
    let events = [of(call, "CHANNEL_ANSWER", ""), of(call, "CHANNEL_HANGUP_COMPLETE", "Hangup-Cause: NORMAL_CLEARING")];
    let end = HungUp { answered: true, ..hung_up(16) };
    assert_eq!(story(&mut calls, &events, call, Instant::now()), [CallEvent::HungUp(end)]);
}

#[test]
fn ringing_is_told_once_and_not_after_the_answer() {
    let call = CallId::new();
    let events = ["CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA"].map(|name| of(call, name, ""));
    let mut ringing = calls();
    ringing.originate(call);
    assert_eq!(story(&mut ringing, &events, call, Instant::now()), [CallEvent::Ringing]);
    let mut answered = calls();
    answered.originate(call);
    answered.on_event(&of(call, "CHANNEL_ANSWER", ""), Instant::now());
    assert_eq!(story(&mut answered, &events, call, Instant::now()), []);
}

#[test]
fn a_failed_job_waits_for_its_channels_end_but_not_for_ever() {
    let (call, now) = (CallId::new(), Instant::now());
    let late = of(call, "CHANNEL_HANGUP_COMPLETE", "Hangup-Cause: USER_BUSY\nvariable_sip_term_status: 486");

    let mut calls = calls();
    calls.originate(call);
    assert_eq!(calls.on_event(&job(call, "-ERR USER_BUSY"), now), []);
    assert_eq!(calls.on_tick(now + END_GRACE / 2, all), []);
    let with_status = HungUp { sip: Some(SipStatus(486)), ..hung_up(17) };
    assert_eq!(calls.on_event(&late, now), [Effect::Deliver(call, CallEvent::HungUp(with_status))]);
    assert_eq!(calls.on_tick(now + END_GRACE, all), []);

    calls.originate(call);
    calls.on_event(&job(call, "-ERR USER_BUSY"), now);
    let alone = HungUp { detail: Some("originate: -ERR USER_BUSY".into()), ..hung_up(17) };
    assert_eq!(calls.on_tick(now + END_GRACE, all), [Effect::Deliver(call, CallEvent::HungUp(alone))]);
    assert_eq!(calls.on_event(&late, now), [], "never told twice");
}

#[test]
fn events_that_were_announced_and_never_came_are_a_gap() {
    let (call, now) = (CallId::new(), Instant::now());
    let mut calls = calls();
    calls.originate(call);
    calls.on_event(&of(call, "CHANNEL_PROGRESS", ""), now);
    calls.on_event(&job(call, "-ERR NO_ANSWER"), now);
    assert_eq!(calls.on_tick(now + END_GRACE, all).first(), Some(&Effect::Gap));

    calls.originate(call);
    calls.on_event(&job(call, &format!("+OK {call}")), now);
    assert_eq!(calls.on_tick(now + END_GRACE, all), []);
    let told = calls.on_tick(now + PARK_GRACE, all);
    assert_eq!(told, [Effect::Gap, Effect::Deliver(call, CallEvent::Answered)]);
    assert_eq!(calls.on_tick(now + 2 * PARK_GRACE, all), []);

    calls.originate(call);
    calls.on_event(&job(call, &format!("+OK {call}")), now);
    calls.on_event(&of(call, "CHANNEL_PARK", "Answer-State: answered"), now);
    assert_eq!(calls.on_tick(now + PARK_GRACE, all), []);
    assert_eq!(calls.on_event(&event("", ""), now), [Effect::Gap]);
}

#[test]
fn a_wrong_command_ends_at_once() {
    let call = CallId::new();
    let mut calls = calls();
    calls.originate(call);
    let told = calls.on_event(&job(call, "-USAGE: <call url> <exten>"), Instant::now());
    let end = HungUp { detail: Some("originate: -USAGE: <call url> <exten>".into()), ..HungUp::default() };
    assert_eq!(told, [Effect::Deliver(call, CallEvent::HungUp(end))]);
}

#[test]
fn a_channel_made_under_another_id_is_hung_up() {
    let (call, other) = (CallId::new(), Uuid::new_v4());
    let mut calls = calls();
    calls.originate(call);
    let effects = calls.on_event(&job(call, &format!("+OK {other}")), Instant::now());
    let [Effect::Kill(killed), Effect::Deliver(told, CallEvent::HungUp(end))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((*killed, *told, end.answered), (other, call, false));
    assert!(end.detail.as_ref().is_some_and(|detail| detail.contains(&other.to_string())));
    assert_eq!(calls.on_event(&of(call, "CHANNEL_HANGUP_COMPLETE", ""), Instant::now()), []);
}

#[test]
fn playbacks_end_with_their_own_event_only() {
    let (call, playback, now) = (CallId::new(), Uuid::now_v7(), Instant::now());
    let done = |application: &str, id: Uuid, rest: &str| {
        let lines = format!("Application: {application}\nApplication-UUID: {id}\nApplication-Response: {rest}");
        of(call, "CHANNEL_EXECUTE_COMPLETE", &lines)
    };
    let mut calls = calls();
    assert!(!calls.start_playback(call, playback), "no such call");
    calls.attach(call);
    let finished = |failure: Option<&str>| {
        [Effect::Deliver(call, CallEvent::PlaybackFinished { failure: failure.map(str::to_owned) })]
    };
    for (response, told) in [("FILE%20PLAYED", None), ("FILE%20NOT%20FOUND", Some("FILE NOT FOUND"))] {
        assert!(calls.start_playback(call, playback));
        assert_eq!(calls.on_event(&done("park", playback, response), now), []);
        assert_eq!(calls.on_event(&done("playback", Uuid::now_v7(), response), now), []);
        assert_eq!(calls.on_event(&done("playback", playback, response), now), finished(told));
        assert_eq!(calls.on_event(&done("playback", playback, response), now), []);
    }
    calls.start_playback(call, playback);
    let hung_up = done("playback", playback, "PLAYBACK%20ERROR\nAnswer-State: hangup");
    assert_eq!(calls.on_event(&hung_up, now), [], "the end follows");
    calls.start_playback(call, playback);
    calls.cancel_playback(call, playback);
    assert_eq!(calls.on_event(&done("playback", playback, "FILE%20PLAYED"), now), []);
}

#[test]
fn a_playback_stopped_before_it_began_ends_all_the_same() {
    let (call, now) = (CallId::new(), Instant::now());
    let mut calls = calls();
    calls.attach(call);
    calls.stop_playback(call, now);
    assert_eq!(calls.on_tick(now + STOP_GRACE, all), [], "nothing plays, nothing is to stop");
    calls.start_playback(call, Uuid::now_v7());
    calls.stop_playback(call, now);
    assert_eq!(calls.on_tick(now, all), []);
    let ended = calls.on_tick(now + STOP_GRACE, all);
    let [Effect::Break(broken), Effect::Deliver(told, CallEvent::PlaybackFinished { failure: Some(_) })] = &ended[..]
    else {
        panic!("a second break and an end: {ended:?}")
    };
    assert_eq!((*broken, *told), (call, call));
    assert_eq!(calls.on_tick(now + 2 * STOP_GRACE, all), []);
}

#[test]
fn a_switch_without_room_makes_no_channel() {
    let (call, now) = (CallId::new(), Instant::now());
    let mut calls = calls();
    calls.originate(call);
    assert_eq!(calls.on_event(&job(call, "-ERR DESTINATION_OUT_OF_ORDER"), now), []);
    let ended = calls.on_tick(now + END_GRACE, all);
    let [Effect::Deliver(_, CallEvent::HungUp(end))] = &ended[..] else { panic!("an end: {ended:?}") };
    assert_eq!(end.cause, Some(Cause(42)), "congestion, not a failure of the callee");
}

#[test]
fn keys() {
    let call = CallId::new();
    let mut calls = calls();
    calls.attach(call);
    for (sent, told) in
        [("5", Some('5')), ("%23", Some('#')), ("*", Some('*')), ("a", Some('A')), ("w", None), ("", None)]
    {
        let event = of(call, "DTMF", &format!("DTMF-Digit: {sent}"));
        let want: Vec<_> = told.map(|digit| Effect::Deliver(call, CallEvent::Dtmf { digit })).into_iter().collect();
        assert_eq!(calls.on_event(&event, Instant::now()), want, "{sent}");
    }
}

#[test]
fn marked_channels_nobody_waits_for_are_orphans() {
    let (call, other) = (CallId::new(), CallId::new());
    let orphan = |name: &str, node: &str, origination: CallId| {
        let lines = format!("variable_origination_uuid: {origination}\nvariable_canvass_node: {node}");
        calls().on_event(&of(call, name, &lines), Instant::now())
    };
    assert_eq!(orphan("CHANNEL_PARK", "node-1", call), [Effect::Orphan(call)]);
    assert_eq!(orphan("CHANNEL_ANSWER", "node-1", call), [Effect::Orphan(call)]);
    assert_eq!(orphan("CHANNEL_PARK", "node-2", call), [], "another node's");
    assert_eq!(orphan("CHANNEL_PARK", "node-1", other), [], "a loopback's other half");
    assert_eq!(orphan("CHANNEL_PROGRESS", "node-1", call), []);
    assert_eq!(orphan("CHANNEL_HANGUP_COMPLETE", "node-1", call), []);
}

#[test]
fn a_call_hung_up_before_its_channel_exists_dies_when_it_shows_up() {
    let (call, now) = (CallId::new(), Instant::now());
    let mut calls = calls();
    assert!(!calls.doom(call), "no such call");
    calls.originate(call);
    assert!(calls.doom(call));
    let shows_up = of(call, "CHANNEL_PROGRESS", "");
    assert_eq!(calls.on_event(&shows_up, now).first(), Some(&Effect::Kill(call.0)));
    assert_eq!(calls.on_event(&shows_up, now), [], "once");
    assert!(!calls.doom(call), "it exists");

    calls.originate(call);
    calls.on_connected();
    assert!(!calls.doom(call), "its job may have ended while nobody listened");
}

#[test]
fn calls_nobody_listens_to_are_forgotten() {
    let (kept, gone) = (CallId::new(), CallId::new());
    let mut calls = calls();
    calls.originate(kept);
    calls.attach(gone);
    calls.on_tick(Instant::now(), |call| call == kept);
    assert_eq!(calls.tracks.keys().copied().collect::<Vec<_>>(), [kept]);
    calls.forget(kept);
    assert!(calls.tracks.is_empty());
}

#[test]
fn a_beep_is_told_once_and_only_where_it_is_waited_for() {
    let mut calls = calls();
    let call = CallId::new();
    calls.attach(call);
    let custom = |subclass: &str| of(call, "CUSTOM", &format!("Event-Subclass: {subclass}"));
    let (beep, now) = (custom("avmd%3A%3Abeep"), Instant::now());
    assert_eq!(calls.on_event(&beep, now), []);
    assert!(calls.detect(call, true));
    assert_eq!(calls.on_event(&custom("avmd%3A%3Astart"), now), []);
    let detected = CallEvent::Detected { answer: Answer::Machine, reason: "beep".into() };
    assert_eq!(calls.on_event(&beep, now), [Effect::Deliver(call, detected)]);
    assert_eq!(calls.on_event(&beep, now), []);
    assert!(!calls.detect(CallId::new(), true));
}

#[test]
fn raw_audio_needs_a_channel_that_parked_since_it_was_asked_for() {
    let mut calls = calls();
    let call = CallId::new();
    assert!(calls.raw_audio(call).is_none());
    calls.attach(call);
    let (now, park) = (Instant::now(), of(call, "CHANNEL_PARK", "Channel-Read-Codec-Rate: 16000"));
    assert!(matches!(calls.raw_audio(call), Some((8_000, None))));
    calls.on_event(&park, now);
    assert!(matches!(calls.raw_audio(call), Some((16_000, None))));
    calls.spend_raw_audio(call);
    let Some((_, Some(mut parked))) = calls.raw_audio(call) else { panic!("it must park anew") };
    assert!(parked.try_recv().is_err());
    calls.on_event(&park, now);
    assert_eq!(parked.try_recv(), Ok(()));
    assert!(matches!(calls.raw_audio(call), Some((_, None))));
}
