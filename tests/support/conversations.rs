//! What can be done with a call once it is answered, step by step: the same on
//! the simulated FreeSWITCH and on a real one.

#![allow(dead_code)] // not every test binary uses all of it

use std::path::PathBuf;
use std::time::Duration;

use canvass::audio::frame::FRAME_SAMPLES;
use canvass::call::{CallId, Cause};
use canvass::switch::freeswitch::{AudioPorts, FreeSwitch, Options};
use canvass::switch::{
    CallEvent, CallEvents, CommandError, HungUp, LinkEvent, LinkEvents, Presence, Recording, Take, Transfer,
    TransferEvent, TrunkTemplate,
};
use tokio::time::sleep;

use super::freeswitch::{Callee, order, soon};

/// Two adapters of one switch, and its called parties.
pub(crate) struct World {
    pub(crate) switch: FreeSwitch,
    pub(crate) options: Options,
    pub(crate) trunk: TrunkTemplate,
    /// Where recordings go.
    pub(crate) folder: PathBuf,
    /// A sound of some seconds.
    pub(crate) prompt: String,
    pub(crate) links: LinkEvents,
}

/// An answered call.
pub(crate) struct Line {
    pub(crate) id: CallId,
    pub(crate) events: CallEvents,
}

impl World {
    pub(crate) async fn new(options: Options, ports: AudioPorts, trunk: TrunkTemplate, prompt: String) -> Self {
        let (switch, mut links) = FreeSwitch::start_with(options.clone(), ports);
        assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
        let folder = std::env::temp_dir().join(format!("canvass-test-{}", CallId::new()));
        Self { switch, options, trunk, folder, prompt, links }
    }

    pub(crate) async fn answered(&self, callee: Callee) -> Line {
        let order = order(&self.trunk, &callee.number(40));
        let mut line = Line { id: order.call, events: soon(self.switch.originate(&order)).await.expect("taken") };
        while line.next().await != CallEvent::Answered {}
        line
    }

    pub(crate) fn recording(&self, take: Take) -> Recording {
        let folder = self.folder.to_str().expect("a path").to_owned();
        Recording { name: format!("rec-{}", CallId::new()), folder, take }
    }

    pub(crate) fn transfer(&self, callee: Callee) -> Transfer {
        let order = order(&self.trunk, &callee.number(41));
        Transfer {
            leg: CallId::new(),
            endpoint: order.endpoint,
            caller_id: order.caller_id,
            ring_timeout: Duration::from_secs(20),
            max: Duration::from_secs(40),
        }
    }

    /// How long a recording is; fails if there is none.
    fn length(&self, recording: &Recording) -> Duration {
        let file = hound::WavReader::open(self.folder.join(format!("{}.wav", recording.name))).expect("a WAV file");
        Duration::from_secs_f64(f64::from(file.duration()) / f64::from(file.spec().sample_rate))
    }

    async fn becomes(&self, channel: CallId, want: Presence) {
        soon(async {
            while self.switch.presence(channel).await != Ok(want) {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// The call takes commands and the callee is there.
    async fn still_works(&self, line: &mut Line) {
        assert_eq!(soon(self.switch.play(line.id, &self.prompt)).await, Ok(()));
        assert_eq!(line.next().await, CallEvent::PlaybackFinished { failure: None });
    }

    pub(crate) async fn over(&self, mut line: Line) {
        assert_eq!(soon(self.switch.hang_up(line.id)).await, Ok(()));
        let end = line.end().await;
        assert!(end.answered, "{end:?}");
        assert_eq!(line.events.try_recv(), None, "nothing is told after the end");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Line {
    pub(crate) async fn next(&mut self) -> CallEvent {
        soon(self.events.recv()).await.expect("nobody else listens")
    }

    /// The end of a recording; keys may come before it.
    async fn recorded(&mut self) -> (String, Option<String>) {
        loop {
            match self.next().await {
                CallEvent::RecordingFinished { name, failure } => return (name, failure),
                CallEvent::Dtmf { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn end(&mut self) -> HungUp {
        loop {
            if let CallEvent::HungUp(end) = self.next().await {
                return end;
            }
        }
    }
}

fn speech(max: u64, silence: u64) -> Take {
    Take::Speech { max: Duration::from_secs(max), silence: Duration::from_secs(silence) }
}

pub(crate) async fn a_call_is_recorded_while_a_prompt_plays(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let recording = world.recording(Take::Call);
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    world.still_works(&mut line).await;
    assert_eq!(soon(world.switch.stop_recording(line.id, &recording)).await, Ok(()));
    assert_eq!(line.recorded().await, (recording.name.clone(), None));
    assert!(world.length(&recording) > Duration::from_millis(500), "{:?}", world.length(&recording));
    // It is over: there is nothing to stop.
    assert!(matches!(soon(world.switch.stop_recording(line.id, &recording)).await, Err(CommandError::Refused(_))));
    world.over(line).await;
}

pub(crate) async fn what_a_callee_says_ends_by_silence(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    for _ in 0..2 {
        let recording = world.recording(speech(20, 2));
        assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
        assert_eq!(line.recorded().await, (recording.name.clone(), None));
        let length = world.length(&recording);
        assert!((1..19).contains(&length.as_secs()), "{length:?}");
    }
    world.still_works(&mut line).await;
    world.over(line).await;
}

pub(crate) async fn what_a_callee_says_ends_by_its_longest_time(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let recording = world.recording(speech(2, 20));
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    assert_eq!(line.recorded().await, (recording.name.clone(), None));
    assert!(world.length(&recording) <= Duration::from_millis(2_500));
    world.over(line).await;
}

pub(crate) async fn what_a_callee_says_is_stopped_by_us_and_told_once(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let recording = world.recording(speech(20, 15));
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    sleep(Duration::from_millis(300)).await;
    for _ in 0..2 {
        // The second time it may be over already.
        let stopped = soon(world.switch.stop_recording(line.id, &recording)).await;
        assert!(matches!(stopped, Ok(()) | Err(CommandError::Refused(_))), "{stopped:?}");
    }
    assert_eq!(line.recorded().await.0, recording.name);
    world.still_works(&mut line).await;
    world.over(line).await;
}

/// `callee` presses a key a while after answering.
pub(crate) async fn a_key_ends_what_a_callee_says(world: &World, callee: Callee) {
    let mut line = world.answered(callee).await;
    let recording = world.recording(speech(30, 25));
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    assert!(matches!(line.next().await, CallEvent::Dtmf { .. }));
    assert_eq!(line.next().await, CallEvent::RecordingFinished { name: recording.name.clone(), failure: None });
    assert!(world.length(&recording) < Duration::from_secs(24));
    world.over(line).await;
}

pub(crate) async fn a_hang_up_ends_every_recording(world: &World) {
    for take in [Take::Call, speech(30, 25)] {
        let mut line = world.answered(Callee::Answers).await;
        let recording = world.recording(take);
        assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
        sleep(Duration::from_millis(700)).await;
        assert_eq!(soon(world.switch.hang_up(line.id)).await, Ok(()));
        assert_eq!(line.recorded().await, (recording.name.clone(), None), "{take:?}");
        assert!(line.end().await.answered);
        assert!(world.length(&recording) > Duration::ZERO);
    }
}

pub(crate) async fn a_folder_that_cannot_be_written_is_told_and_the_call_goes_on(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    for take in [Take::Call, speech(5, 2)] {
        let recording = Recording { folder: "/dev/null/recordings".into(), ..world.recording(take) };
        let refused = soon(world.switch.record(line.id, &recording)).await;
        assert!(matches!(&refused, Err(CommandError::Refused(words)) if words.contains("cannot write")), "{refused:?}");
    }
    for folder in ["/tmp/a'b", "/tmp/a\n\napi shutdown", "/tmp/${uuid}", "/tmp/a,b"] {
        let recording = Recording { folder: folder.into(), ..world.recording(Take::Call) };
        assert!(matches!(soon(world.switch.record(line.id, &recording)).await, Err(CommandError::Refused(_))));
    }
    world.still_works(&mut line).await;
    world.over(line).await;
}

pub(crate) async fn nothing_is_done_with_a_call_that_is_over(world: &World) {
    let line = world.answered(Callee::Answers).await;
    let (id, switch) = (line.id, &world.switch);
    world.over(line).await;
    let recording = world.recording(Take::Call);
    let gone = Err(CommandError::NoSuchChannel);
    assert_eq!(soon(switch.record(id, &recording)).await, gone);
    assert_eq!(soon(switch.stop_recording(id, &recording)).await, gone);
    assert_eq!(soon(switch.transfer(id, &world.transfer(Callee::Answers))).await, gone);
    assert_eq!(soon(switch.listen(id)).await.err(), gone.clone().err());
    assert_eq!(soon(switch.stop_listening(id)).await, gone);
}

pub(crate) async fn a_transfer_connects_both_until_the_other_hangs_up(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    // Twice: the callee's channel is as good as before.
    for _ in 0..2 {
        let transfer = world.transfer(Callee::Answers);
        assert_eq!(soon(world.switch.transfer(line.id, &transfer)).await, Ok(()));
        let again = soon(world.switch.transfer(line.id, &world.transfer(Callee::Answers))).await;
        assert!(matches!(again, Err(CommandError::Refused(_))), "{again:?}");
        assert_eq!(line.next().await, CallEvent::Transfer(TransferEvent::Connected));
        assert_eq!(soon(world.switch.presence(transfer.leg)).await, Ok(Presence::Up));
        assert_eq!(soon(world.switch.hang_up(transfer.leg)).await, Ok(()));
        assert_eq!(line.next().await, CallEvent::Transfer(TransferEvent::Ended));
        world.still_works(&mut line).await;
    }
    world.over(line).await;
}

pub(crate) async fn a_transfer_that_fails_leaves_the_callee_there(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let rings_out = Transfer { ring_timeout: Duration::from_secs(2), ..world.transfer(Callee::NeverAnswers) };
    let nowhere =
        Transfer { endpoint: "sofia/gateway/no-such-gateway/1".into(), ..world.transfer(Callee::NeverAnswers) };
    for (transfer, cause) in [
        (world.transfer(Callee::Busy), "USER_BUSY"),
        (world.transfer(Callee::Declines), "CALL_REJECTED"),
        (rings_out, "NO_ANSWER"),
        (nowhere, "INVALID_GATEWAY"),
    ] {
        assert_eq!(soon(world.switch.transfer(line.id, &transfer)).await, Ok(()));
        let CallEvent::Transfer(TransferEvent::Failed(end)) = line.next().await else { panic!("{cause}: it fails") };
        assert_eq!(end.cause.and_then(Cause::freeswitch_name), Some(cause), "{end:?}");
        assert_eq!(end.ring_timeout, cause == "NO_ANSWER", "{end:?}");
        world.becomes(transfer.leg, Presence::Gone).await;
    }
    let hostile = Transfer { endpoint: "loopback/1 &hangup()".into(), ..world.transfer(Callee::Answers) };
    assert!(matches!(soon(world.switch.transfer(line.id, &hostile)).await, Err(CommandError::Refused(_))));
    world.still_works(&mut line).await;
    world.over(line).await;
}

pub(crate) async fn a_callee_who_hangs_up_takes_the_other_party_along(world: &World) {
    // Before its channel is there, while it rings, and when both are connected.
    for (callee, wait) in [(Callee::NeverAnswers, 0), (Callee::NeverAnswers, 700), (Callee::Answers, 0)] {
        let mut line = world.answered(Callee::Answers).await;
        let transfer = world.transfer(callee);
        assert_eq!(soon(world.switch.transfer(line.id, &transfer)).await, Ok(()));
        if callee == Callee::Answers {
            assert_eq!(line.next().await, CallEvent::Transfer(TransferEvent::Connected));
        }
        sleep(Duration::from_millis(wait)).await;
        assert_eq!(soon(world.switch.hang_up(line.id)).await, Ok(()));
        let end = line.next().await;
        assert!(matches!(end, CallEvent::HungUp(_)), "{callee:?}: {end:?}");
        // Its originate may not have been begun yet.
        sleep(Duration::from_millis(400)).await;
        world.becomes(transfer.leg, Presence::Gone).await;
    }
}

/// Neither taken for a call, nor left behind when its call is gone.
pub(crate) async fn another_party_is_no_call_of_ours(world: &World) {
    let node = format!("legs-{}", CallId::new());
    let options = Options { node, ..world.options.clone() };
    let (before, _links) = FreeSwitch::start(options.clone());
    let (after, mut links) = FreeSwitch::start(options);
    soon(async {
        while !before.is_up() || !after.is_up() {
            sleep(Duration::from_millis(10)).await
        }
    })
    .await;
    let order = order(&world.trunk, &Callee::Answers.number(42));
    let mut line = Line { id: order.call, events: soon(before.originate(&order)).await.expect("taken") };
    while line.next().await != CallEvent::Answered {}
    let transfer = world.transfer(Callee::NeverAnswers);
    assert_eq!(soon(before.transfer(line.id, &transfer)).await, Ok(()));
    world.becomes(transfer.leg, Presence::Dialing).await;
    // FreeSWITCH writes its list with a delay.
    soon(async {
        while after.live_calls().await != Ok(vec![line.id]) {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert_eq!(soon(after.presence(transfer.leg)).await, Ok(Presence::Dialing), "its call lives, so it is left alone");

    // The daemon dies, its call ends, and the other party rings on.
    soon(before.close()).await;
    assert_eq!(soon(after.hang_up(line.id)).await, Ok(()));
    world.becomes(line.id, Presence::Gone).await;
    assert_eq!(soon(after.presence(transfer.leg)).await, Ok(Presence::Dialing));
    soon(async {
        while after.presence(transfer.leg).await != Ok(Presence::Gone) {
            assert_eq!(after.live_calls().await, Ok(vec![]));
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
    while let Ok(news) = links.try_recv() {
        assert_ne!(news, LinkEvent::Orphan(transfer.leg));
    }
}

pub(crate) async fn a_callee_is_listened_to_again_and_again(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let recording = world.recording(Take::Call);
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    for _ in 0..3 {
        let mut listening = soon(world.switch.listen(line.id)).await.expect("sound");
        for _ in 0..10 {
            let frame = soon(listening.recv()).await.expect("a frame");
            assert_eq!(frame.samples().len(), FRAME_SAMPLES);
        }
        assert_eq!(soon(world.switch.stop_listening(line.id)).await, Ok(()));
        soon(async { while listening.recv().await.is_some() {} }).await;
        world.still_works(&mut line).await;
    }
    // It was recorded all the time.
    assert_eq!(soon(world.switch.stop_recording(line.id, &recording)).await, Ok(()));
    assert_eq!(line.recorded().await, (recording.name.clone(), None));
    assert!(world.length(&recording) > Duration::from_secs(1));
    world.over(line).await;
}

pub(crate) async fn listening_ends_with_a_playback_and_with_the_call(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let mut listening = soon(world.switch.listen(line.id)).await.expect("sound");
    world.still_works(&mut line).await;
    soon(async { while listening.recv().await.is_some() {} }).await;

    let mut listening = soon(world.switch.listen(line.id)).await.expect("sound");
    assert_eq!(soon(world.switch.hang_up(line.id)).await, Ok(()));
    assert!(line.end().await.answered);
    soon(async { while listening.recv().await.is_some() {} }).await;
}

/// Every port of the range is taken on the switch's machine.
pub(crate) async fn no_port_for_audio_is_told_and_the_call_goes_on(world: &World, taken: AudioPorts) {
    let (switch, mut links) = FreeSwitch::start_with(world.options.clone(), taken);
    assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
    let order = order(&world.trunk, &Callee::Answers.number(43));
    let mut line = Line { id: order.call, events: soon(switch.originate(&order)).await.expect("taken") };
    while line.next().await != CallEvent::Answered {}
    let refused = soon(switch.listen(line.id)).await;
    assert!(matches!(&refused, Err(CommandError::Refused(words)) if words.contains("no audio")), "{refused:?}");
    assert_eq!(soon(switch.play(line.id, &world.prompt)).await, Ok(()));
    assert_eq!(line.next().await, CallEvent::PlaybackFinished { failure: None });
    assert_eq!(soon(switch.hang_up(line.id)).await, Ok(()));
    assert!(line.end().await.answered);
}

pub(crate) async fn after_a_transfer_the_callee_is_listened_to(world: &World) {
    let mut line = world.answered(Callee::Answers).await;
    let recording = world.recording(Take::Call);
    assert_eq!(soon(world.switch.record(line.id, &recording)).await, Ok(()));
    let mut before = soon(world.switch.listen(line.id)).await.expect("sound");
    let transfer = world.transfer(Callee::Answers);
    assert_eq!(soon(world.switch.transfer(line.id, &transfer)).await, Ok(()));
    assert_eq!(line.next().await, CallEvent::Transfer(TransferEvent::Connected));
    soon(async { while before.recv().await.is_some() {} }).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(soon(world.switch.hang_up(transfer.leg)).await, Ok(()));
    assert_eq!(line.next().await, CallEvent::Transfer(TransferEvent::Ended));
    let mut listening = soon(world.switch.listen(line.id)).await.expect("sound");
    assert!(soon(listening.recv()).await.is_some());
    drop(listening);
    world.still_works(&mut line).await;
    // The conversation is in the recording too.
    assert_eq!(soon(world.switch.stop_recording(line.id, &recording)).await, Ok(()));
    assert_eq!(line.recorded().await, (recording.name.clone(), None));
    assert!(world.length(&recording) > Duration::from_millis(1_500), "{:?}", world.length(&recording));
    world.over(line).await;
}
