//! What is done with answered calls, on a real FreeSWITCH: the scenarios that
//! run on the simulated one too (`freeswitch_calls.rs`). Without one, each of
//! these says that it was skipped.
//!
//! `CANVASS_TEST_FREESWITCH_SPEAKER`, where set, is the endpoint of a called
//! party who beeps a while after answering; see docs/testing.md.

use std::net::UdpSocket;

use canvass::audio::amd::Answer;
use canvass::call::CallId;
use canvass::switch::freeswitch::AudioPorts;
use canvass::switch::{CallEvent, CommandError, Originate};

#[path = "support/conversations.rs"]
mod conversations;
#[path = "support/freeswitch.rs"]
mod freeswitch;
#[path = "support/need.rs"]
mod need;

use conversations::World;
use freeswitch::{Callee, Real, order, soon};
use need::Need;

/// A port range of one test's own: the tests run beside each other.
fn ports(test: u16) -> AudioPorts {
    let first = 42_000 + test * 20;
    AudioPorts(first, first + 19)
}

async fn world(test: u16, name: &str) -> Option<World> {
    let real = Real::named(name)?;
    let trunk = real.trunk().parse().expect("a trunk");
    Some(World::new(real.options(&format!("calls-{test}-{}", CallId::new())), ports(test), trunk, real.prompt()).await)
}

macro_rules! on_a_real_one {
    ($($test:literal $name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let Some(world) = world($test, stringify!($name)).await else { return };
            conversations::$name(&world).await;
        }
    )* };
}

on_a_real_one! {
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
    let Some(world) = world(15, "a_key_ends_what_a_callee_says").await else { return };
    conversations::a_key_ends_what_a_callee_says(&world, Callee::Presses(5)).await;
}

#[tokio::test]
async fn no_port_for_audio_is_told_and_the_call_goes_on() {
    let Some(world) = world(16, "no_port_for_audio_is_told_and_the_call_goes_on").await else { return };
    // Ours is the machine of the switch only if it is named as such.
    if !world.options.address.starts_with("127.") {
        return need::skip(Need::FreeSwitch, "no_port_for_audio_is_told_and_the_call_goes_on");
    }
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    conversations::no_port_for_audio_is_told_and_the_call_goes_on(&world, AudioPorts(port, port)).await;
}

/// mod_avmd, where it is loaded, hears the beep; else it is said that it is not.
#[tokio::test]
async fn a_beep_is_told_once() {
    let Some(world) = world(17, "a_beep_is_told_once").await else { return };
    let speaker = std::env::var("CANVASS_TEST_FREESWITCH_SPEAKER").unwrap_or_default();
    let mut call = order(&world.trunk, &Callee::Answers.number(44));
    if !speaker.is_empty() {
        call = Originate { endpoint: speaker.clone(), ..call };
    }
    let mut events = soon(world.switch.originate(&call)).await.expect("taken");
    while soon(events.recv()).await.expect("events") != CallEvent::Answered {}
    match soon(world.switch.detect(call.call)).await {
        Err(error) => assert_eq!(error, CommandError::Refused("mod_avmd is not loaded".into())),
        Ok(()) if speaker.is_empty() => {}
        Ok(()) => {
            let detected = CallEvent::Detected { answer: Answer::Machine, reason: "beep".into() };
            assert_eq!(soon(events.recv()).await.expect("events"), detected);
        }
    }
    soon(world.switch.hang_up(call.call)).await.expect("hung up");
    assert!(matches!(soon(events.recv()).await.expect("events"), CallEvent::HungUp(_)));
}
