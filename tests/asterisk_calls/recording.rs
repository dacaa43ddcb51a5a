//! Recording, of whole calls and of what is said.

use std::path::Path;
use std::time::Duration;

use canvass::call::CallId;
use canvass::switch::{CallEvent, CallEvents, CommandError, Recording, Take};

use crate::adapter::next;
use crate::rig::{Party, Rig};
use crate::sound::{Heard, heard, tone};
use crate::{SOON, on_both};

on_both!(
    a_whole_call_is_recorded_while_sounds_play,
    a_recording_ends_with_its_call,
    what_is_said_is_recorded_until_a_silence,
    a_key_ends_what_is_said_and_is_told,
    the_longest_time_ends_what_is_said,
    what_is_said_can_be_stopped,
    both_kinds_at_once,
    a_name_is_used_once,
);

fn take(name: &str, take: Take) -> Recording {
    Recording { name: format!("{name}-{}", CallId::new()), folder: String::new(), take }
}

fn speech(max: u64, silence: u64) -> Take {
    Take::Speech { max: Duration::from_secs(max), silence: Duration::from_secs(silence) }
}

fn finished(recording: &Recording) -> CallEvent {
    CallEvent::RecordingFinished { name: recording.name.clone(), failure: None }
}

/// Fetches it, once it is there.
async fn fetch(rig: &Rig, recording: &Recording, folder: &Path) -> Heard {
    let fetched = async {
        while rig.asterisk.fetch_recording(&recording.name, folder).await == Err(CommandError::NoSuchChannel) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, fetched).await.expect("there soon");
    let file = folder.join(format!("{}.wav", recording.name));
    let heard = heard(&file);
    // Asterisk's copy is gone, and nothing is half done here.
    assert_eq!(rig.ask(&format!("/recordings/stored/{}", recording.name)).await.0, 404);
    assert_eq!(rig.asterisk.fetch_recording(&recording.name, folder).await, Ok(()), "nothing more to do");
    let parts = std::fs::read_dir(folder).expect("the folder").filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(parts.count(), 0);
    heard
}

async fn play_tone(rig: &Rig, call: CallId, events: &mut CallEvents, folder: &Path) {
    rig.asterisk.play(call, &tone(folder).display().to_string()).await.expect("plays");
    assert_eq!(next(events).await, CallEvent::PlaybackFinished { failure: None });
}

async fn a_whole_call_is_recorded_while_sounds_play(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let whole = take("whole", Take::Call);
    rig.asterisk.record(call, &whole).await.expect("records");
    // The callee's word first.
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    play_tone(&rig, call, &mut events, folder.path()).await;
    assert_eq!(rig.asterisk.fetch_recording(&whole.name, folder.path()).await, Err(CommandError::NoSuchChannel));
    rig.asterisk.stop_recording(call, &whole).await.expect("stops");
    assert_eq!(next(&mut events).await, finished(&whole));
    assert!(matches!(rig.asterisk.stop_recording(call, &whole).await, Err(CommandError::Refused(_))));
    let heard = fetch(&rig, &whole, folder.path()).await;
    if rig.is_real() {
        assert!(heard.ms > 2_500 && heard.tone_ms > 800 && heard.other_ms > 200, "{heard:?}");
    }
    // Nothing but the call itself is left.
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    rig.hang_up(call, &mut events).await;
}

async fn a_recording_ends_with_its_call(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let whole = take("whole", Take::Call);
    rig.asterisk.record(call, &whole).await.expect("records");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    rig.asterisk.hang_up(call).await.expect("hangs up");
    assert_eq!(next(&mut events).await, finished(&whole));
    rig.ends(call, &mut events).await;
    let heard = fetch(&rig, &whole, folder.path()).await;
    if rig.is_real() {
        assert!(heard.ms > 1_000 && heard.other_ms > 200, "{heard:?}");
    }
}

async fn what_is_said_is_recorded_until_a_silence(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let said = take("said", speech(20, 2));
    rig.asterisk.record(call, &said).await.expect("records");
    assert_eq!(next(&mut events).await, finished(&said));
    play_tone(&rig, call, &mut events, folder.path()).await;
    let heard = fetch(&rig, &said, folder.path()).await;
    assert!((1_000..6_000).contains(&heard.ms) && heard.other_ms > 200 && heard.tone_ms == 0, "{heard:?}");
    rig.hang_up(call, &mut events).await;
}

async fn a_key_ends_what_is_said_and_is_told(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::PressesFive)).await;
    let said = take("said", speech(20, 15));
    rig.asterisk.record(call, &said).await.expect("records");
    assert_eq!(next(&mut events).await, CallEvent::Dtmf { digit: '5' });
    assert_eq!(next(&mut events).await, finished(&said));
    fetch(&rig, &said, folder.path()).await;
    rig.hang_up(call, &mut events).await;
}

async fn the_longest_time_ends_what_is_said(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let said = take("said", speech(1, 10));
    rig.asterisk.record(call, &said).await.expect("records");
    assert_eq!(next(&mut events).await, finished(&said));
    let heard = fetch(&rig, &said, folder.path()).await;
    assert!(heard.ms < 2_000, "{heard:?}");
    rig.hang_up(call, &mut events).await;
}

async fn what_is_said_can_be_stopped(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let said = take("said", speech(20, 15));
    rig.asterisk.record(call, &said).await.expect("records");
    rig.asterisk.stop_recording(call, &said).await.expect("stops");
    assert_eq!(next(&mut events).await, finished(&said));
    play_tone(&rig, call, &mut events, folder.path()).await;
    rig.hang_up(call, &mut events).await;
}

async fn both_kinds_at_once(rig: Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let (whole, said) = (take("whole", Take::Call), take("said", speech(1, 10)));
    rig.asterisk.record(call, &whole).await.expect("records");
    rig.asterisk.record(call, &said).await.expect("records");
    assert!(matches!(rig.asterisk.record(call, &take("x", speech(1, 1))).await, Err(CommandError::Refused(_))));
    assert_eq!(next(&mut events).await, finished(&said));
    play_tone(&rig, call, &mut events, folder.path()).await;
    rig.asterisk.hang_up(call).await.expect("hangs up");
    assert_eq!(next(&mut events).await, finished(&whole));
    rig.ends(call, &mut events).await;
    let (whole, said) = (fetch(&rig, &whole, folder.path()).await, fetch(&rig, &said, folder.path()).await);
    if rig.is_real() {
        assert!(whole.tone_ms > 800 && said.tone_ms == 0, "{whole:?} {said:?}");
    }
}

async fn a_name_is_used_once(rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let (other, mut other_events) = rig.answered(rig.endpoint(Party::Person)).await;
    let name = take("same", Take::Call);
    rig.asterisk.record(call, &name).await.expect("records");
    for recording in [name.clone(), Recording { take: speech(1, 1), ..name.clone() }] {
        assert!(matches!(rig.asterisk.record(other, &recording).await, Err(CommandError::Refused(_))));
    }
    let gone = rig.asterisk.record(CallId::new(), &take("x", Take::Call)).await;
    assert_eq!(gone, Err(CommandError::NoSuchChannel));
    for bad in ["", "../etc", "a b"] {
        let bad = Recording { name: bad.into(), ..name.clone() };
        assert!(matches!(rig.asterisk.record(call, &bad).await, Err(CommandError::Refused(_))), "{bad:?}");
        let folder = std::env::temp_dir();
        assert!(matches!(rig.asterisk.fetch_recording(&bad.name, &folder).await, Err(CommandError::Refused(_))));
    }
    rig.hang_up(call, &mut events).await;
    rig.hang_up(other, &mut other_events).await;
}

/// A folder that takes nothing: the reason is told, and Asterisk keeps its copy.
#[tokio::test]
async fn a_recording_that_cannot_be_stored_stays_with_asterisk() {
    let Some(rig) = Rig::real("a_recording_that_cannot_be_stored_stays_with_asterisk").await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    let said = take("said", speech(1, 10));
    rig.asterisk.record(call, &said).await.expect("records");
    assert_eq!(next(&mut events).await, finished(&said));
    // A file that is always full, where the recording is to be written.
    let part = folder.path().join(format!(".{}.wav.part", said.name));
    std::os::unix::fs::symlink("/dev/full", &part).expect("a link");
    let Err(CommandError::Refused(reason)) = rig.asterisk.fetch_recording(&said.name, folder.path()).await else {
        panic!("refused")
    };
    assert!(reason.contains("space"), "{reason}");
    let nowhere = folder.path().join("missing");
    assert!(matches!(rig.asterisk.fetch_recording(&said.name, &nowhere).await, Err(CommandError::Refused(_))));
    let heard = fetch(&rig, &said, folder.path()).await;
    assert!(heard.ms > 0, "{heard:?}");
    rig.hang_up(call, &mut events).await;
}
