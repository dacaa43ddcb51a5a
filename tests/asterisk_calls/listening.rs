//! Listening to the callee with our own detector.

use std::time::Duration;

use canvass::audio::amd::{Answer, Detector, Params, Reason, Verdict};
use canvass::audio::beep::Beep;
use canvass::call::CallId;
use canvass::switch::{CallEvent, CommandError, Listening};

use crate::adapter::{WAIT, next};
use crate::on_both;
use crate::rig::{Party, Rig};

on_both!(
    a_person_is_heard,
    a_machine_is_heard_to_its_beep,
    a_sound_plays_at_once_when_nobody_listens_any_more,
    listening_ends_with_the_call,
    whoever_stops_to_listen_leaves_nothing_behind,
);

/// Listens until there is a verdict.
async fn verdict(listening: &mut Listening, detector: &mut Detector) -> Verdict {
    let heard = async {
        loop {
            let frame = listening.recv().await.expect("sound");
            if let Some(verdict) = detector.push(&frame) {
                return verdict;
            }
        }
    };
    tokio::time::timeout(WAIT, heard).await.expect("in time")
}

fn detector() -> Detector {
    Detector::new(Params::default()).expect("good settings")
}

async fn a_person_is_heard(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let mut listening = rig.asterisk.listen(call).await.expect("listens");
    let verdict = verdict(&mut listening, &mut detector()).await;
    assert_eq!((verdict.answer, verdict.reason), (Answer::Human, Reason::ShortGreeting));
    rig.asterisk.stop_listening(call).await.expect("stops");
    rig.hang_up(call, &mut events).await;
}

async fn a_machine_is_heard_to_its_beep(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Voicemail)).await;
    let mut listening = rig.asterisk.listen(call).await.expect("listens");
    let mut detector = detector();
    let verdict = verdict(&mut listening, &mut detector).await;
    assert_eq!(verdict.answer, Answer::Machine, "{verdict:?}");
    // Far longer than a vowel at one pitch: the machine's own beep, after all it
    // has to say.
    let beep = async {
        loop {
            detector.push(&listening.recv().await.expect("sound"));
            if let Some(beep) = detector.beep().filter(|beep| beep.end_ms - beep.start_ms > 250) {
                return beep;
            }
        }
    };
    let Beep { start_ms, .. } = tokio::time::timeout(2 * WAIT, beep).await.expect("in time");
    assert!(start_ms > 3_500, "{start_ms}");
    rig.asterisk.stop_listening(call).await.expect("stops");
    rig.hang_up(call, &mut events).await;
}

async fn a_sound_plays_at_once_when_nobody_listens_any_more(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    for _ in 0..3 {
        let mut listening = rig.asterisk.listen(call).await.expect("listens");
        assert!(listening.recv().await.is_some());
        assert!(matches!(rig.asterisk.listen(call).await, Err(CommandError::Refused(_))), "somebody does");
        rig.asterisk.stop_listening(call).await.expect("stops");
        // What was heard before may still be read.
        tokio::time::timeout(WAIT, async { while listening.recv().await.is_some() {} }).await.expect("ends");
        rig.no_bridges().await;
        rig.asterisk.play(call, "beep").await.expect("plays");
        assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    }
    assert_eq!(rig.asterisk.stop_listening(call).await, Ok(()), "nobody does");
    rig.hang_up(call, &mut events).await;
    assert_eq!(rig.asterisk.stop_listening(call).await, Err(CommandError::NoSuchChannel));
    let gone = rig.asterisk.listen(CallId::new()).await.map(drop);
    assert_eq!(gone, Err(CommandError::NoSuchChannel));
}

async fn listening_ends_with_the_call(rig: Rig) {
    // By the callee, and by us at any moment.
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    let mut listening = rig.asterisk.listen(call).await.expect("listens");
    let ends = async { while listening.recv().await.is_some() {} };
    tokio::time::timeout(WAIT, ends).await.expect("ends");
    rig.ends(call, &mut events).await;
    // A real one has been seen to stop answering for a channel that was hung up
    // within some ms of its snoop joining a bridge; see docs/testing.md.
    let moments: &[u64] = if rig.is_real() { &[] } else { &[0, 1, 2, 4, 8] };
    for wait in moments.iter().copied() {
        let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
        let hangs_up = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            let mut hung_up = rig.asterisk.hang_up(call).await;
            // A busy Asterisk may not answer in time: as the dialer, once more.
            for _ in 0..3 {
                if !matches!(hung_up, Err(CommandError::Disconnected(_))) {
                    break;
                }
                hung_up = rig.asterisk.hang_up(call).await;
            }
            // The first may have done it after all.
            if matches!(hung_up, Err(CommandError::NoSuchChannel)) { Ok(()) } else { hung_up }
        };
        let (listening, hung_up) = tokio::join!(rig.asterisk.listen(call), hangs_up);
        hung_up.expect("hangs up");
        if let Ok(mut listening) = listening {
            let ends = async { while listening.recv().await.is_some() {} };
            tokio::time::timeout(WAIT, ends).await.expect("ends");
        }
        rig.ends(call, &mut events).await;
    }
}

async fn whoever_stops_to_listen_leaves_nothing_behind(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    drop(rig.asterisk.listen(call).await.expect("listens"));
    for _ in 0..100 {
        if rig.ids("/channels").await.iter().all(|id| !id.contains("-ear-")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.no_bridges().await;
    assert!(rig.asterisk.listen(call).await.is_ok(), "another may");
    rig.hang_up(call, &mut events).await;
}

/// Whether the callee's telephone sends silence or nothing at all: frames come
/// all the same, one for each 20 ms.
#[tokio::test]
async fn silence_counts_time_too() {
    let Some(rig) = Rig::real("silence_counts_time_too").await else { return };
    for endpoint in ["PJSIP/+15551000001@loop".to_owned(), rig.mute()] {
        let (call, mut events) = rig.answered(endpoint.clone()).await;
        let mut listening = rig.asterisk.listen(call).await.expect("listens");
        let verdict = verdict(&mut listening, &mut detector()).await;
        assert_eq!((verdict.answer, verdict.reason), (Answer::Unsure, Reason::InitialSilence), "{endpoint}");
        rig.hang_up(call, &mut events).await;
    }
}

/// Where Asterisk cannot reach us.
#[tokio::test]
async fn an_address_that_leads_nowhere_is_named() {
    let Some(rig) = Rig::real_with("an_address_that_leads_nowhere_is_named", |options| {
        options.audio.bind = Some(([127, 0, 0, 1], 0).into());
        options.audio.advertise = Some("127.0.0.1:9".into());
    })
    .await
    else {
        return;
    };
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let Err(CommandError::Refused(reason)) = rig.asterisk.listen(call).await.map(drop) else { panic!("refused") };
    assert!(reason.contains("127.0.0.1:9") && reason.contains("audio_advertise"), "{reason}");
    rig.no_bridges().await;
    rig.hang_up(call, &mut events).await;
}
