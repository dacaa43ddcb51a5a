//! What is done with answered calls, by the adapter, on the simulated
//! FreeSWITCH: recording, transfers, listening, beeps. The first part runs on a
//! real one, too (`freeswitch_real_calls.rs`).

use std::net::UdpSocket;
use std::time::Duration;

use canvass::audio::amd::{Answer, Detector, Params};
use canvass::switch::freeswitch::{AudioPorts, Options};
use canvass::switch::simulator::freeswitch::{self as simulator, FreeSwitchSimulator};
use canvass::switch::simulator::{CalleeMix, Fate, KeysAfter, Messages};
use canvass::switch::{CallEvent, CommandError};
use tokio::time::sleep;

#[path = "support/conversations.rs"]
mod conversations;
#[path = "support/freeswitch.rs"]
mod freeswitch;
#[path = "support/need.rs"]
mod need;

use conversations::World;
use freeswitch::{Callee, soon};

/// Called parties by the table of `support/asterisk/callee.rs`, ten times as
/// fast as people. Those who press a key all press the same.
fn mix() -> CalleeMix {
    let by_ending = [
        ("00", Fate::Answer),
        ("01", Fate::Busy),
        ("02", Fate::NoAnswer),
        ("03", Fate::Reject),
        ("15", Fate::Answer),
        ("31", Fate::Voicemail),
    ];
    CalleeMix {
        speed: 10.0,
        ring_ms: (300, 300),
        talk_ms: (3_600_000, 3_600_000),
        endings: by_ending.into_iter().map(|(ending, fate)| (ending.to_owned(), fate)).collect(),
        ..CalleeMix::default()
    }
}

/// A port range of one test's own: the tests run beside each other.
fn ports(test: u16) -> AudioPorts {
    let first = 42_000 + test * 20;
    AudioPorts(first, first + 19)
}

async fn world(test: u16, options: simulator::Options) -> (FreeSwitchSimulator, World) {
    let simulator = FreeSwitchSimulator::start("127.0.0.1:0", options).await.expect("a simulator");
    let options = Options {
        address: simulator.address().to_string(),
        password: "ClueCon".to_owned().into(),
        node: format!("calls-{test}"),
    };
    let trunk = "sofia/gateway/carrier/{number}".parse().expect("a trunk");
    let prompt = concat!(env!("CARGO_MANIFEST_DIR"), "/media/demo-prompt.wav").to_owned();
    let world = World::new(options, ports(test), trunk, prompt).await;
    (simulator, world)
}

fn with(mix: CalleeMix) -> simulator::Options {
    simulator::Options { mix, gateways: Some(vec!["carrier".to_owned()]), ..simulator::Options::default() }
}

/// The scenarios of both kinds of FreeSWITCH.
macro_rules! on_the_simulator {
    ($($test:literal $name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let (_simulator, world) = world($test, with(mix())).await;
            conversations::$name(&world).await;
        }
    )* };
}

on_the_simulator! {
    1 a_call_is_recorded_while_a_prompt_plays
    2 what_a_callee_says_ends_by_silence
    3 what_a_callee_says_ends_by_its_longest_time
    4 what_a_callee_says_is_stopped_by_us_and_told_once
    5 a_hang_up_ends_every_recording
    6 a_folder_that_cannot_be_written_is_told_and_the_call_goes_on
    7 nothing_is_done_with_a_call_that_is_over
    8 a_transfer_connects_both_until_the_other_hangs_up
    9 a_transfer_that_fails_leaves_the_callee_there
    10 a_callee_who_hangs_up_takes_the_other_party_along
    11 another_party_is_no_call_of_ours
    12 a_callee_is_listened_to_again_and_again
    13 listening_ends_with_a_playback_and_with_the_call
    14 after_a_transfer_the_callee_is_listened_to
}

#[tokio::test]
async fn a_key_ends_what_a_callee_says() {
    let keys = [('5', 1.0)].into();
    let (simulator, world) = world(15, with(CalleeMix { keys, key_ms: (8_000, 8_000), ..mix() })).await;
    conversations::a_key_ends_what_a_callee_says(&world, Callee::Presses(5)).await;
    assert_eq!(simulator.journal().keys(), [('5', 1)].into());
}

#[tokio::test]
async fn no_port_for_audio_is_told_and_the_call_goes_on() {
    let (_simulator, world) = world(16, with(mix())).await;
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    conversations::no_port_for_audio_is_told_and_the_call_goes_on(&world, AudioPorts(port, port)).await;
}

/// A taken port costs a try, not the call.
#[tokio::test]
async fn another_port_is_tried() {
    let (_simulator, world) = world(17, with(mix())).await;
    let AudioPorts(first, last) = ports(17);
    let _taken: Vec<_> =
        (first..=last).step_by(2).filter_map(|port| UdpSocket::bind(("127.0.0.1", port)).ok()).collect();
    for _ in 0..2 {
        let line = world.answered(Callee::Answers).await;
        let mut listening = soon(world.switch.listen(line.id)).await.expect("sound");
        assert!(soon(listening.recv()).await.is_some());
        world.over(line).await;
    }
}

/// Who answered, by our own detector, on what comes over the wire.
#[tokio::test]
async fn our_detector_tells_people_from_machines() {
    let (_simulator, world) = world(18, with(mix())).await;
    for (number, want) in [(Callee::Answers.number(1), Answer::Human), ("+15550000131".to_owned(), Answer::Machine)] {
        let order = freeswitch::order(&world.trunk, &number);
        let mut events = soon(world.switch.originate(&order)).await.expect("taken");
        while soon(events.recv()).await.expect("events") != CallEvent::Answered {}
        let mut listening = soon(world.switch.listen(order.call)).await.expect("sound");
        let mut detector = Detector::new(Params::default()).expect("sound settings");
        let verdict = soon(async {
            loop {
                let frame = listening.recv().await.expect("a frame");
                if let Some(verdict) = detector.push(&frame) {
                    return verdict.answer;
                }
            }
        })
        .await;
        assert_eq!(verdict, want, "{number}");
        assert_eq!(soon(world.switch.hang_up(order.call)).await, Ok(()));
    }
}

/// The journal tells a message that a machine kept from one it did not.
#[tokio::test]
async fn a_message_after_the_beep_is_whole_and_one_before_is_not() {
    let (simulator, world) = world(19, with(mix())).await;
    let order = freeswitch::order(&world.trunk, "+15550000131");
    let mut events = soon(world.switch.originate(&order)).await.expect("taken");
    while soon(events.recv()).await.expect("events") != CallEvent::Answered {}
    let played = CallEvent::PlaybackFinished { failure: None };
    soon(world.switch.play(order.call, "silence_stream://500")).await.expect("played");
    assert_eq!(soon(events.recv()).await.expect("events"), played);

    let mut listening = soon(world.switch.listen(order.call)).await.expect("sound");
    let mut detector = Detector::new(Params::default()).expect("sound settings");
    soon(async {
        while detector.beep().is_none() {
            detector.push(&listening.recv().await.expect("a frame"));
        }
    })
    .await;
    soon(world.switch.stop_listening(order.call)).await.expect("stopped");
    soon(world.switch.play(order.call, "silence_stream://3000")).await.expect("played");
    assert_eq!(soon(events.recv()).await.expect("events"), played);
    soon(world.switch.play(order.call, "silence_stream://60000")).await.expect("played");
    sleep(Duration::from_millis(50)).await;
    soon(world.switch.hang_up(order.call)).await.expect("hung up");
    while !matches!(soon(events.recv()).await.expect("events"), CallEvent::HungUp(_)) {}
    assert_eq!(simulator.journal().messages(), Messages { whole: 1, early: 1, cut: 1 });
}

#[tokio::test]
async fn a_person_presses_a_key_after_each_prompt_but_not_into_the_next() {
    let keys = [('1', 1.0)].into();
    let mix = CalleeMix { keys, keys_after: KeysAfter::Prompt, key_ms: (2_000, 2_000), ..mix() };
    let (simulator, world) = world(20, with(mix)).await;
    let mut line = world.answered(Callee::Answers).await;
    let (played, pressed) = (CallEvent::PlaybackFinished { failure: None }, CallEvent::Dtmf { digit: '1' });
    for _ in 0..2 {
        // The second begins before the key after the first is pressed.
        for _ in 0..2 {
            soon(world.switch.play(line.id, "silence_stream://3000")).await.expect("played");
            assert_eq!(line.next().await, played);
        }
        assert_eq!(line.next().await, pressed);
    }
    world.over(line).await;
    assert_eq!(simulator.journal().keys(), [('1', 2)].into());
}

#[tokio::test]
async fn a_beep_is_told_once_and_without_its_module_nobody_listens() {
    let (_simulator, stock) = world(21, with(mix())).await;
    let line = stock.answered(Callee::Answers).await;
    let refused = soon(stock.switch.detect(line.id)).await;
    assert_eq!(refused, Err(CommandError::Refused("mod_avmd is not loaded".into())));
    stock.over(line).await;

    let (_simulator, world) = world(22, simulator::Options { avmd: true, ..with(mix()) }).await;
    let order = freeswitch::order(&world.trunk, "+15550000131");
    let mut events = soon(world.switch.originate(&order)).await.expect("taken");
    while soon(events.recv()).await.expect("events") != CallEvent::Answered {}
    assert_eq!(soon(world.switch.detect(order.call)).await, Ok(()));
    let detected = CallEvent::Detected { answer: Answer::Machine, reason: "beep".into() };
    assert_eq!(soon(events.recv()).await.expect("events"), detected);
    soon(world.switch.hang_up(order.call)).await.expect("hung up");
    assert!(matches!(soon(events.recv()).await.expect("events"), CallEvent::HungUp(_)));
}

/// A connection that breaks while somebody rings ends the attempt; a
/// conversation goes on.
#[tokio::test]
async fn a_break_ends_what_rings_and_not_a_conversation() {
    use canvass::switch::TransferEvent::{Connected, Ended, Failed};
    let (simulator, mut world) = world(23, with(mix())).await;
    let (mut rings, mut talks) = (world.answered(Callee::Answers).await, world.answered(Callee::Answers).await);
    let (ringing, talking) = (world.transfer(Callee::NeverAnswers), world.transfer(Callee::Answers));
    soon(world.switch.transfer(rings.id, &ringing)).await.expect("rung");
    soon(world.switch.transfer(talks.id, &talking)).await.expect("rung");
    assert_eq!(talks.next().await, CallEvent::Transfer(Connected));
    simulator.drop_connections();
    let CallEvent::Transfer(Failed(end)) = rings.next().await else { panic!("it is given up") };
    assert!(end.detail.is_some_and(|words| words.contains("broke")));
    soon(async { while world.links.recv().await != Some(canvass::switch::LinkEvent::Up { epoch: 2 }) {} }).await;
    soon(async { while world.switch.presence(ringing.leg).await != Ok(canvass::switch::Presence::Gone) {} }).await;
    soon(world.switch.hang_up(talking.leg)).await.expect("hung up");
    assert_eq!(talks.next().await, CallEvent::Transfer(Ended));
    world.over(rings).await;
    world.over(talks).await;
    assert_eq!(simulator.journal().bridges(), 1);
}
