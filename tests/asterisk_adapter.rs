//! The Asterisk adapter against the simulated Asterisk: every fate of a call.

use std::time::Duration;

use canvass::audio::amd::{Answer, Detector, Params};
use canvass::call::{CallId, Cause, End, Outcome, SipStatus, classify};
use canvass::switch::asterisk::Asterisk;
use canvass::switch::simulator::asterisk::{AsteriskSimulator, Options};
use canvass::switch::simulator::{CalleeMix, Fate, KeysAfter, Messages, Record};
use canvass::switch::{
    CallEvent, CallEvents, CommandError, HungUp, LinkEvents, Originate, OriginateError, Presence, Transfer,
    TransferEvent,
};

#[path = "support/adapter.rs"]
mod adapter;
#[path = "support/callees.rs"]
mod callees;

use adapter::{connect, next, options, order};

/// Callees who react fast; the last digit of a number tells what they do.
fn mix() -> CalleeMix {
    let mut endings = callees::by_last_digit();
    endings.insert("7".into(), Fate::Voicemail);
    CalleeMix { ring_ms: (20, 20), talk_ms: (60_000, 60_000), endings, ..CalleeMix::default() }
}

struct Rig {
    simulator: AsteriskSimulator,
    asterisk: Asterisk,
    link: LinkEvents,
}

impl Rig {
    async fn start(mix: CalleeMix) -> Self {
        let simulated = Options { mix, unknown_endpoints: vec!["@nowhere".into()], ..Default::default() };
        let simulator = AsteriskSimulator::start("127.0.0.1:0", simulated).await.expect("starts");
        let (asterisk, link) = connect(options(simulator.address(), "simulated")).await;
        Self { simulator, asterisk, link }
    }

    async fn call(&self, last_digit: char) -> (CallId, CallEvents) {
        let call = originate(last_digit);
        let events = self.asterisk.originate(&call).await.expect("placed");
        (call.call, events)
    }

    async fn answered(&self) -> (CallId, CallEvents) {
        let (call, mut events) = self.call('1').await;
        assert_eq!(next(&mut events).await, CallEvent::Ringing);
        assert_eq!(next(&mut events).await, CallEvent::Answered);
        (call, events)
    }
}

/// A call that rings for a second at most.
fn originate(last_digit: char) -> Originate {
    Originate { ring_timeout: Duration::from_secs(1), ..order(last_digit) }
}

async fn end(events: &mut CallEvents) -> (bool, HungUp) {
    let mut rang = false;
    loop {
        match next(events).await {
            CallEvent::Ringing => rang = true,
            CallEvent::HungUp(end) => return (rang, end),
            CallEvent::Answered
            | CallEvent::Dtmf { .. }
            | CallEvent::PlaybackFinished { .. }
            | CallEvent::RecordingFinished { .. }
            | CallEvent::Detected { .. }
            | CallEvent::Transfer(_) => {}
        }
    }
}

#[tokio::test]
async fn every_fate_before_answer() {
    let rig = Rig::start(mix()).await;
    for (digit, rang, cause, sip, outcome) in [
        ('2', true, 17, Some(486), Outcome::Busy),
        ('3', true, 19, None, Outcome::NoAnswer),
        ('4', true, 21, Some(603), Outcome::Rejected),
        ('5', false, 1, Some(404), Outcome::InvalidNumber),
        ('6', false, 34, Some(503), Outcome::Congestion),
    ] {
        let (call, mut events) = rig.call(digit).await;
        let (did_ring, ended) = end(&mut events).await;
        let want = HungUp {
            cause: Some(Cause(cause)),
            sip: sip.map(SipStatus),
            ring_timeout: digit == '3',
            ..HungUp::default()
        };
        assert_eq!((did_ring, &ended), (rang, &want), "number ending in {digit}");
        let (cause, sip, ring_timeout) = (ended.cause, ended.sip, ended.ring_timeout);
        assert_eq!(classify(End { rang, cause, sip, ring_timeout, ..End::default() }), outcome);
        assert_eq!(rig.asterisk.presence(call).await, Ok(Presence::Gone));
    }
    assert_eq!(rig.simulator.journal().originates(), 5);
    assert_eq!(rig.simulator.calls_in_progress(), 0);
}

#[tokio::test]
async fn an_answered_call_is_played_to_and_hung_up() {
    let rig = Rig::start(mix()).await;
    let (call, mut events) = rig.answered().await;
    assert_eq!(rig.asterisk.presence(call).await, Ok(Presence::Up));
    assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]));
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    rig.asterisk.hang_up(call).await.expect("hangs up");
    let (_, ended) = end(&mut events).await;
    assert_eq!(ended, HungUp { cause: Some(Cause(16)), answered: true, ..HungUp::default() });
    assert_eq!(rig.asterisk.hang_up(call).await, Err(CommandError::NoSuchChannel));
    assert_eq!(rig.asterisk.stop_playback(call).await, Err(CommandError::NoSuchChannel));
    assert_eq!(rig.asterisk.play(call, "beep").await, Err(CommandError::NoSuchChannel));
    let noted = rig.simulator.journal().end(&call.to_string());
    assert_eq!(noted, Some(Record::End { call: call.to_string(), answered: true, cause: 16 }));
}

#[tokio::test]
async fn a_file_plays_by_its_path_with_or_without_extension() {
    let rig = Rig::start(mix()).await;
    let (call, mut events) = rig.answered().await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hello.wav");
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
    bytes.extend(800_u32.to_le_bytes());
    bytes.extend([0; 800]);
    std::fs::write(&path, bytes).expect("written");
    for file in [path.clone(), path.with_extension("")] {
        rig.asterisk.play(call, &file.display().to_string()).await.expect("plays");
        assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None }, "{}", file.display());
    }
    rig.asterisk.play(call, "/nonexistent/file.wav").await.expect("taken all the same");
    assert!(matches!(next(&mut events).await, CallEvent::PlaybackFinished { failure: Some(_) }));
}

#[tokio::test]
async fn a_playback_is_stopped() {
    let rig = Rig::start(mix()).await;
    let (call, mut events) = rig.answered().await;
    assert!(matches!(rig.asterisk.stop_playback(call).await, Err(CommandError::Refused(_))), "nothing plays");
    rig.asterisk.play(call, "http://127.0.0.1/long").await.expect("plays");
    rig.asterisk.stop_playback(call).await.expect("stops");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    // A callee who hangs up while something plays has not made it fail.
    rig.asterisk.play(call, "http://127.0.0.1/long").await.expect("plays");
    rig.asterisk.hang_up(call).await.expect("hangs up");
    assert!(matches!(next(&mut events).await, CallEvent::HungUp(HungUp { answered: true, .. })));
}

#[tokio::test]
async fn nothing_can_be_played_while_it_rings() {
    let rig = Rig::start(mix()).await;
    let (call, mut events) = rig.call('3').await;
    assert_eq!(next(&mut events).await, CallEvent::Ringing);
    assert_eq!(rig.asterisk.presence(call).await, Ok(Presence::Dialing));
    assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]), "ringing calls are live");
    assert!(matches!(rig.asterisk.play(call, "beep").await, Err(CommandError::Refused(_))));
    rig.asterisk.hang_up(call).await.expect("hangs up");
    let want = HungUp { cause: Some(Cause(16)), ..HungUp::default() };
    assert_eq!(next(&mut events).await, CallEvent::HungUp(want));
}

#[tokio::test]
async fn keys_arrive_and_the_callee_may_hang_up() {
    let mix = CalleeMix { keys: [('#', 1.0)].into(), key_ms: (20, 20), talk_ms: (80, 80), ..mix() };
    let rig = Rig::start(mix).await;
    let (_, mut events) = rig.answered().await;
    assert_eq!(next(&mut events).await, CallEvent::Dtmf { digit: '#' });
    let want = HungUp { cause: Some(Cause(16)), answered: true, ..HungUp::default() };
    assert_eq!(next(&mut events).await, CallEvent::HungUp(want));
}

#[tokio::test]
async fn a_trunk_that_is_down_is_congestion() {
    let rig = Rig::start(mix()).await;
    let call = Originate { endpoint: "PJSIP/+15551230001@nowhere".into(), ..originate('1') };
    let Err(OriginateError::Refused { cause, detail }) = rig.asterisk.originate(&call).await else {
        panic!("refused");
    };
    assert_eq!(classify(End { cause, ..End::default() }), Outcome::Congestion);
    assert!(detail.contains("Allocation failed"), "{detail}");
    assert_eq!(rig.simulator.journal().originates(), 0);
}

#[tokio::test]
async fn one_id_is_never_dialed_twice() {
    let rig = Rig::start(mix()).await;
    let call = originate('3');
    let _first = rig.asterisk.originate(&call).await.expect("placed");
    let mut second = rig.asterisk.originate(&call).await.expect("it exists");
    assert_eq!(rig.simulator.journal().by_call()[&call.call.to_string()], 1);
    rig.asterisk.hang_up(call.call).await.expect("hangs up");
    let (_, ended) = end(&mut second).await;
    assert!(!ended.answered);
}

#[tokio::test]
async fn a_thousand_calls_at_a_time_all_end_once() {
    let rig = Rig::start(CalleeMix { talk_ms: (1, 200), ring_ms: (1, 200), ..CalleeMix::default() }).await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..1_000_u64 {
        let asterisk = rig.asterisk.clone();
        tasks.spawn(async move {
            let number = format!("+1555{:07}", 2_000_000 + index);
            let call = Originate { endpoint: format!("PJSIP/{number}@carrier"), ..originate('1') };
            let mut events = asterisk.originate(&call).await.expect("placed");
            let (_, ended) = end(&mut events).await;
            (call.call.to_string(), ended)
        });
    }
    let mut answered = 0;
    while let Some(result) = tasks.join_next().await {
        let (call, ended) = result.expect("no panic");
        let Some(Record::End { answered: noted, cause, .. }) = rig.simulator.journal().end(&call) else {
            panic!("the simulator knows its end");
        };
        assert_eq!((ended.answered, ended.cause), (noted, Some(Cause(cause))));
        answered += u32::from(noted);
    }
    assert!(answered > 0);
    assert_eq!(rig.simulator.journal().originates(), 1_000);
    assert!(rig.simulator.journal().by_call().values().all(|count| *count == 1));
    assert_eq!(rig.simulator.calls_in_progress(), 0);
}

#[tokio::test]
async fn the_version_is_told_and_close_ends_the_link() {
    let mut rig = Rig::start(mix()).await;
    assert_eq!(rig.asterisk.version().await.as_deref(), Ok("Asterisk 22.10.1 (simulated)"));
    rig.asterisk.close().await;
    assert!(!rig.asterisk.is_up());
    assert_eq!(rig.link.recv().await, None);
    assert!(matches!(rig.asterisk.originate(&originate('1')).await, Err(OriginateError::NotSent(_))));
    rig.simulator.stop().await;
}

/// Callees ten times as fast; the last digit tells a person from a machine.
async fn fast(change: impl FnOnce(&mut CalleeMix)) -> Rig {
    let mut fast = CalleeMix { speed: 10.0, talk_ms: (600_000, 600_000), ..mix() };
    change(&mut fast);
    Rig::start(fast).await
}

#[tokio::test]
async fn people_and_machines_are_heard_at_any_speed() {
    let rig = fast(|_| {}).await;
    for (digit, want) in [('1', Answer::Human), ('7', Answer::Machine)] {
        let (call, mut events) = rig.call(digit).await;
        while next(&mut events).await != CallEvent::Answered {}
        let mut listening = rig.asterisk.listen(call).await.expect("listens");
        let mut detector = Detector::new(Params::default()).expect("good settings");
        let verdict = async {
            loop {
                if let Some(verdict) = detector.push(&listening.recv().await.expect("sound")) {
                    return verdict;
                }
            }
        };
        let verdict = tokio::time::timeout(adapter::WAIT, verdict).await.expect("in time");
        assert_eq!(verdict.answer, want, "{verdict:?}");
        rig.asterisk.hang_up(call).await.expect("hangs up");
    }
}

#[tokio::test]
async fn a_message_left_after_the_beep_is_noted_as_whole() {
    let rig = fast(|_| {}).await;
    let (call, mut events) = rig.call('7').await;
    while next(&mut events).await != CallEvent::Answered {}
    // Over the greeting: that is noted too.
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    // AMD() waits for the machine's silence.
    rig.asterisk.detect(call).await.expect("detects");
    assert!(matches!(next(&mut events).await, CallEvent::Detected { answer: Answer::Machine, .. }));
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    rig.asterisk.play(call, "http://127.0.0.1/long").await.expect("plays");
    rig.asterisk.hang_up(call).await.expect("hangs up");
    end(&mut events).await;
    assert_eq!(rig.simulator.journal().messages(), Messages { whole: 1, early: 1, cut: 1 });
}

#[tokio::test]
async fn a_key_is_pressed_after_each_sound() {
    let rig = fast(|mix| {
        mix.keys = [('4', 1.0)].into();
        mix.keys_after = KeysAfter::Prompt;
        mix.key_ms = (500, 500);
    })
    .await;
    let (call, mut events) = rig.answered().await;
    for _ in 0..2 {
        // The second is listened to before a key is pressed.
        rig.asterisk.play(call, "beep").await.expect("plays");
        assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
        rig.asterisk.play(call, "beep").await.expect("plays");
        assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
        assert_eq!(next(&mut events).await, CallEvent::Dtmf { digit: '4' });
    }
    assert_eq!(rig.simulator.journal().keys().get(&'4'), Some(&2));
}

#[tokio::test]
async fn a_transfer_is_noted_as_what_it_is() {
    let rig = Rig::start(mix()).await;
    let (call, mut events) = rig.answered().await;
    let transfer = Transfer {
        leg: CallId::new(),
        endpoint: "PJSIP/+15551239991@carrier".into(),
        caller_id: "+15557654321".parse().expect("a number"),
        ring_timeout: Duration::from_secs(5),
        max: Duration::from_secs(60),
    };
    rig.asterisk.transfer(call, &transfer).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    assert_eq!((rig.simulator.journal().originates(), rig.simulator.journal().bridges()), (1, 1));
    rig.asterisk.hang_up(call).await.expect("hangs up");
    end(&mut events).await;
}
