//! The event socket is cut, or the daemon dies, while somebody else is on the
//! line.

use std::time::Duration;

use canvass::switch::{CallEvent, LinkEvent, TransferEvent};

use crate::adapter::{heard, next};
use crate::cable::Cable;
use crate::on_both;
use crate::rig::{Party, Rig};

on_both!(
    a_conversation_outlives_a_cut,
    an_end_that_was_missed_is_found,
    a_call_that_ended_unseen_leaves_nobody_waiting,
    who_comes_after_a_dead_daemon_leaves_what_lives,
    who_comes_after_a_dead_daemon_clears_up,
);

async fn cut(rig: &mut Rig, cable: &Cable) {
    cable.plug(false);
    while !matches!(heard(&mut rig.link).await, LinkEvent::Down { .. }) {}
}

async fn mend(rig: &mut Rig, cable: &Cable) {
    cable.plug(true);
    while !matches!(heard(&mut rig.link).await, LinkEvent::Up { .. }) {}
}

async fn a_conversation_outlives_a_cut(mut rig: Rig) {
    let cable = rig.by_cable().await;
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    cut(&mut rig, &cable).await;
    mend(&mut rig, &cable).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(events.try_recv(), None, "they go on talking");
    assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]));
    assert_eq!(rig.ids("/bridges").await.len(), 1);
    rig.hang_up(call, &mut events).await;
}

async fn an_end_that_was_missed_is_found(mut rig: Rig) {
    let cable = rig.by_cable().await;
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::HangsUp))).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    cut(&mut rig, &cable).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    mend(&mut rig, &cable).await;
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Ended));
    rig.asterisk.play(call, "beep").await.expect("plays");
    assert_eq!(next(&mut events).await, CallEvent::PlaybackFinished { failure: None });
    rig.hang_up(call, &mut events).await;
}

async fn a_call_that_ended_unseen_leaves_nobody_waiting(mut rig: Rig) {
    let cable = rig.by_cable().await;
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    cut(&mut rig, &cable).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!rig.ids("/channels").await.is_empty(), "the other party waits");
    mend(&mut rig, &cable).await;
    rig.nothing_left(call).await;
}

async fn who_comes_after_a_dead_daemon_leaves_what_lives(mut rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::Person)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    rig.restart().await;
    let mut events = rig.asterisk.attach(call);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rig.ids("/bridges").await.len(), 1, "they go on talking");
    assert_eq!(rig.asterisk.live_calls().await, Ok(vec![call]));
    rig.hang_up(call, &mut events).await;
}

async fn who_comes_after_a_dead_daemon_clears_up(mut rig: Rig) {
    let (call, mut events) = rig.answered(rig.endpoint(Party::HangsUp)).await;
    rig.asterisk.transfer(call, &rig.transfer(rig.endpoint(Party::Person))).await.expect("calls");
    assert_eq!(next(&mut events).await, CallEvent::Transfer(TransferEvent::Connected));
    rig.asterisk.close().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(rig.ids("/bridges").await.len(), 1, "nobody was there to clear up");
    rig.restart().await;
    rig.nothing_left(call).await;
}
