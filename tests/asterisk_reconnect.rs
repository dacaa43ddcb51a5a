//! The Asterisk adapter when the network, the password or another process
//! gets in its way.

use std::time::Duration;

use canvass::switch::asterisk::{Asterisk, Options};
use canvass::switch::simulator::CalleeMix;
use canvass::switch::simulator::asterisk::{AsteriskSimulator, Options as SimulatorOptions};
use canvass::switch::{CallEvent, HungUp, LinkEvent, LinkEvents, OriginateError, Presence};

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{connect, heard, next, order};

async fn simulator(mix: CalleeMix) -> AsteriskSimulator {
    let options = SimulatorOptions { mix, ..Default::default() };
    AsteriskSimulator::start("127.0.0.1:0", options).await.expect("starts")
}

fn answering() -> CalleeMix {
    let mut mix = CalleeMix { ring_ms: (20, 20), talk_ms: (60_000, 60_000), ..CalleeMix::default() };
    mix.endings.insert(String::new(), canvass::switch::simulator::Fate::Answer);
    mix
}

/// A slash at the end of the address does no harm.
fn options(address: impl std::fmt::Display, password: &str) -> Options {
    Options { url: format!("http://{address}/ari/"), ..adapter::options(&address, password) }
}

async fn connected(simulator: &AsteriskSimulator) -> (Asterisk, LinkEvents) {
    connect(options(simulator.address(), "simulated")).await
}

#[tokio::test]
async fn a_call_that_is_up_survives_the_loss_of_the_connection() {
    let simulator = simulator(answering()).await;
    let (asterisk, mut link) = connected(&simulator).await;
    let call = order('1');
    let mut events = asterisk.originate(&call).await.expect("placed");
    assert_eq!(next(&mut events).await, CallEvent::Ringing);
    assert_eq!(next(&mut events).await, CallEvent::Answered);

    simulator.drop_connections();
    assert!(matches!(heard(&mut link).await, LinkEvent::Down { .. }));
    assert_eq!(heard(&mut link).await, LinkEvent::Up { epoch: 2 });
    assert!(asterisk.is_up());
    assert_eq!(asterisk.live_calls().await, Ok(vec![call.call]));
    assert_eq!(asterisk.presence(call.call).await, Ok(Presence::Up));
    asterisk.hang_up(call.call).await.expect("hangs up");
    assert!(matches!(next(&mut events).await, CallEvent::HungUp(HungUp { answered: true, .. })));
}

#[tokio::test]
async fn a_call_answered_while_nobody_listens_is_gone() {
    let simulator = simulator(CalleeMix { ring_ms: (100, 100), ..answering() }).await;
    let (asterisk, mut link) = connected(&simulator).await;
    let call = order('1');
    let mut events = asterisk.originate(&call).await.expect("placed");
    assert_eq!(next(&mut events).await, CallEvent::Ringing);
    simulator.drop_connections();
    assert!(matches!(heard(&mut link).await, LinkEvent::Down { .. }));
    let refused = asterisk.originate(&order('1')).await;
    assert!(matches!(refused, Err(OriginateError::NotSent(_))), "not while nobody would hear the answer");
    assert_eq!(heard(&mut link).await, LinkEvent::Up { epoch: 2 });
    while simulator.calls_in_progress() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(asterisk.presence(call.call).await, Ok(Presence::Gone));
    assert_eq!(asterisk.live_calls().await, Ok(vec![]));
}

#[tokio::test]
async fn a_restarted_daemon_finds_and_ends_its_calls() {
    let simulator = simulator(answering()).await;
    let call = order('1');
    {
        let (asterisk, _link) = connected(&simulator).await;
        let mut events = asterisk.originate(&call).await.expect("placed");
        assert_eq!(next(&mut events).await, CallEvent::Ringing);
        assert_eq!(next(&mut events).await, CallEvent::Answered);
        asterisk.close().await;
    }
    let (asterisk, _link) = connected(&simulator).await;
    assert_eq!(asterisk.live_calls().await, Ok(vec![call.call]));
    let mut events = asterisk.attach(call.call);
    asterisk.hang_up(call.call).await.expect("hangs up");
    assert!(matches!(next(&mut events).await, CallEvent::HungUp(HungUp { answered: true, .. })));
}

#[tokio::test]
async fn an_answered_channel_that_nobody_waits_for_is_told() {
    let simulator = simulator(CalleeMix { ring_ms: (50, 50), ..answering() }).await;
    let (asterisk, mut link) = connected(&simulator).await;
    let call = order('1');
    drop(asterisk.originate(&call).await.expect("placed"));
    assert_eq!(heard(&mut link).await, LinkEvent::Orphan(call.call));
}

#[tokio::test]
async fn a_second_process_with_our_name_is_named_as_the_reason() {
    let simulator = simulator(answering()).await;
    let (first, mut link) = connected(&simulator).await;
    let (second, _second_link) = connected(&simulator).await;
    let LinkEvent::Down { reason } = heard(&mut link).await else { panic!("down") };
    assert!(reason.contains("another process") && reason.contains("canvass-test"), "{reason}");
    assert!(!first.is_up() && second.is_up());
}

#[tokio::test]
async fn a_wrong_password_is_told_without_being_shown() {
    let simulator = simulator(answering()).await;
    let (asterisk, mut link) = Asterisk::start(options(simulator.address(), "hunter2"));
    let LinkEvent::Down { reason } = heard(&mut link).await else { panic!("down") };
    assert!(reason.contains("password"), "{reason}");
    let shown = format!("{reason} {asterisk:?} {:?}", asterisk.version().await);
    assert!(!shown.contains("hunter2") && !shown.contains("Basic "), "{shown}");
}

#[tokio::test]
async fn it_waits_for_an_asterisk_that_starts_later() {
    let address = simulator(answering()).await.address();
    let (asterisk, mut link) = Asterisk::start(options(address, "simulated"));
    assert!(matches!(heard(&mut link).await, LinkEvent::Down { .. }));
    assert!(!asterisk.is_up());
    let later = SimulatorOptions { mix: answering(), ..Default::default() };
    let _simulator = AsteriskSimulator::start(address, later).await.expect("starts");
    assert_eq!(heard(&mut link).await, LinkEvent::Up { epoch: 1 });
}

#[tokio::test]
async fn options_that_cannot_be_are_told() {
    for url in ["", "127.0.0.1:8088/ari", "ftp://127.0.0.1/ari", "http://"] {
        let (asterisk, mut link) = Asterisk::start(Options { url: url.into(), ..options("x", "y") });
        assert!(matches!(heard(&mut link).await, LinkEvent::Down { .. }), "{url}");
        assert!(matches!(asterisk.originate(&order('1')).await, Err(OriginateError::NotSent(_))), "{url}");
        assert!(asterisk.live_calls().await.is_err(), "{url}");
        asterisk.close().await;
    }
}
