//! The adapter against a real FreeSWITCH, whichever the environment names (see
//! support/freeswitch.rs; what it must be set up with is in docs/testing.md).
//! Without one, each of these says that it was skipped.

use canvass::call::{CallId, Cause, Outcome, Report, SipStatus};
use canvass::switch::freeswitch::FreeSwitch;
use canvass::switch::{CallEvent, CommandError, HungUp, LinkEvent, OriginateError, Presence};
use std::time::Duration;
use tokio::time::sleep;

#[path = "support/freeswitch.rs"]
mod freeswitch;
#[path = "support/need.rs"]
mod need;

use freeswitch::{Call, Callee, Real, order, soon};

const NORMAL_CLEARING: Cause = Cause(16);
const ALLOTTED_TIMEOUT: Cause = Cause(602);

/// What was told of a call but for its end, which was last.
fn before_end(mut told: Vec<CallEvent>) -> (Vec<CallEvent>, HungUp) {
    match told.pop() {
        Some(CallEvent::HungUp(end)) => (told, end),
        other => panic!("the last event is {other:?}"),
    }
}

/// Asks until the channel is in that state.
async fn becomes(switch: &FreeSwitch, call: CallId, want: Presence) {
    soon(async {
        while switch.presence(call).await != Ok(want) {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn it_tells_its_version() {
    let Some(real) = Real::named("it_tells_its_version") else { return };
    let (switch, _links) = real.connect("version").await;
    let version = soon(switch.version()).await.expect("an answer");
    assert!(version.starts_with("FreeSWITCH Version 1."), "{version}");
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let Some(real) = Real::named("a_wrong_password_is_told") else { return };
    let mut options = real.options("wrong");
    options.password = "certainly not the password".to_owned().into();
    let (switch, mut links) = FreeSwitch::start(options);
    match soon(links.recv()).await {
        Some(LinkEvent::Down { reason }) => assert!(reason.starts_with("wrong password"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let refused = switch.originate(&real.order(Callee::Answers, 1)).await;
    assert!(matches!(refused, Err(OriginateError::NotSent(_))));
}

#[tokio::test]
async fn a_prompt_plays_to_its_end_and_we_hang_up() {
    let Some(real) = Real::named("a_prompt_plays_to_its_end_and_we_hang_up") else { return };
    let (switch, _links) = real.connect("prompt").await;
    let order = real.order(Callee::Answers, 2);
    let (told, report) = Call::place(&switch, &order, real.prompt()).await.end().await;
    let (told, end) = before_end(told);
    assert_eq!(told, [CallEvent::Ringing, CallEvent::Answered, CallEvent::PlaybackFinished { failure: None }]);
    assert_eq!(end, HungUp { cause: Some(NORMAL_CLEARING), answered: true, ..HungUp::default() });
    assert_eq!((report.outcome, report.facts.detail), (Outcome::Answered, None));
    becomes(&switch, order.call, Presence::Gone).await;
}

#[tokio::test]
async fn a_callee_hangs_up_while_the_prompt_plays() {
    let Some(real) = Real::named("a_callee_hangs_up_while_the_prompt_plays") else { return };
    let (switch, _links) = real.connect("callee-ends").await;
    for callee in [Callee::HangsUp, Callee::HangsUpWithCause] {
        let call = Call::place(&switch, &real.order(callee, 3), real.prompt()).await;
        let (told, report) = call.end().await;
        let (told, end) = before_end(told);
        assert_eq!(told[..2], [CallEvent::Ringing, CallEvent::Answered], "{callee:?}");
        assert_eq!(end, HungUp { cause: Some(NORMAL_CLEARING), answered: true, ..HungUp::default() }, "{callee:?}");
        // No playback failed: nothing is wrong with the file.
        assert_eq!((report.outcome, report.facts.detail), (Outcome::Answered, None), "{callee:?}");
    }
}

#[tokio::test]
async fn every_refusal_has_its_outcome() {
    let Some(real) = Real::named("every_refusal_has_its_outcome") else { return };
    let (switch, _links) = real.connect("refusals").await;
    let table = [
        (Callee::Busy, Outcome::Busy, 486),
        (Callee::Declines, Outcome::Rejected, 603),
        (Callee::NotFound, Outcome::InvalidNumber, 404),
        (Callee::Congestion, Outcome::Congestion, 503),
        (Callee::Unavailable, Outcome::NoAnswer, 480),
        (Callee::Blocked, Outcome::Rejected, 608),
    ];
    let mut calls = Vec::new();
    for (callee, outcome, status) in table {
        for index in [4, 5] {
            let call = Call::place(&switch, &real.order(callee, index), real.prompt()).await;
            calls.push((callee, outcome, status, call));
        }
    }
    for (callee, outcome, status, call) in calls {
        let (told, Report { outcome: came, facts }) = call.end().await;
        assert_eq!(came, outcome, "{callee:?}: {facts:?}");
        let (told, end) = before_end(told);
        assert!(!end.answered, "{callee:?}: {end:?}");
        assert!(!told.contains(&CallEvent::Answered), "{callee:?}: {told:?}");
        if real.is_sip() {
            assert_eq!((end.sip, end.ring_timeout), (Some(SipStatus(status)), false), "{callee:?}: {end:?}");
        }
    }
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let Some(real) = Real::named("nobody_answers_in_time") else { return };
    let (switch, _links) = real.connect("rings-out").await;
    let mut order = real.order(Callee::NeverAnswers, 6);
    order.ring_timeout = Duration::from_secs(2);
    let (told, report) = Call::place(&switch, &order, real.prompt()).await.end().await;
    let (told, end) = before_end(told);
    assert_eq!(told, [CallEvent::Ringing]);
    assert!(end.ring_timeout && !end.answered, "{end:?}");
    assert_eq!((report.outcome, report.facts.answered_at), (Outcome::NoAnswer, None));
}

#[tokio::test]
async fn we_hang_up_while_it_rings() {
    let Some(real) = Real::named("we_hang_up_while_it_rings") else { return };
    let (switch, _links) = real.connect("taken-back").await;
    let mut call = Call::place(&switch, &real.order(Callee::NeverAnswers, 7), real.prompt()).await;
    call.until(&CallEvent::Ringing).await;
    call.stop().await;
    let id = call.id;
    let (told, report) = call.end().await;
    let (told, end) = before_end(told);
    assert_eq!(told, [CallEvent::Ringing]);
    assert!(!end.answered && !end.ring_timeout, "{end:?}");
    assert_eq!(report.outcome, Outcome::Cancelled);
    becomes(&switch, id, Presence::Gone).await;
}

/// The channel may not be there yet when the command to end it is.
#[tokio::test]
async fn we_hang_up_at_once() {
    let Some(real) = Real::named("we_hang_up_at_once") else { return };
    let (switch, _links) = real.connect("at-once").await;
    for index in 10..20 {
        let mut call = Call::leave(&switch, &real.order(Callee::Answers, index)).await;
        call.stop().await;
        let id = call.id;
        let (told, report) = call.end().await;
        assert!(matches!(report.outcome, Outcome::Cancelled | Outcome::Answered), "{report:?}: {told:?}");
        becomes(&switch, id, Presence::Gone).await;
    }
}

#[tokio::test]
async fn a_gateway_that_does_not_exist_is_no_fault_of_the_number() {
    let Some(real) = Real::named("a_gateway_that_does_not_exist_is_no_fault_of_the_number") else { return };
    let (switch, _links) = real.connect("no-gateway").await;
    let trunk = "sofia/gateway/no-such-gateway/{number}".parse().expect("a trunk");
    let call = Call::place(&switch, &order(&trunk, "+15551230000"), real.prompt()).await;
    let (told, report) = call.end().await;
    let (told, end) = before_end(told);
    assert_eq!(told, []);
    assert_eq!(end.cause.and_then(Cause::freeswitch_name), Some("INVALID_GATEWAY"));
    assert_eq!(report.outcome, Outcome::Congestion);
}

#[tokio::test]
async fn a_carrier_that_is_down_is_no_fault_of_the_number() {
    let name = "a_carrier_that_is_down_is_no_fault_of_the_number";
    let Some((real, dead)) = Real::with_dead_trunk(name) else { return };
    let (switch, _links) = real.connect("dead").await;
    let call = Call::place(&switch, &order(&dead, "+15551230000"), real.prompt()).await;
    let (told, report) = call.end().await;
    let (told, end) = before_end(told);
    assert_eq!(told, []);
    assert_eq!(report.outcome, Outcome::Congestion, "{end:?}");
}

#[tokio::test]
async fn an_id_in_use_makes_no_second_call() {
    let Some(real) = Real::named("an_id_in_use_makes_no_second_call") else { return };
    let (first, _links) = real.connect("first").await;
    let (second, _more_links) = real.connect("second").await;
    let order = real.order(Callee::Answers, 21);
    let mut witness = Call::attach(&second, &order);
    let call = Call::answered(&first, &order).await;
    // The second, too, has nothing of the first call still to come.
    witness.until(&CallEvent::Answered).await;
    drop(witness);

    let again = Call::leave(&second, &order).await;
    let (told, report) = again.end().await;
    let (told, end) = before_end(told);
    assert!(!told.contains(&CallEvent::Answered) && !end.answered, "{told:?} {end:?}");
    assert_ne!(report.outcome, Outcome::Answered);
    if real.is_sip() {
        // mod_sofia refuses an id in use; it makes no channel.
        assert_eq!(end.cause.and_then(Cause::freeswitch_name), Some("SWITCH_CONGESTION"));
    } else {
        // mod_loopback makes a channel with an id of its own. It must go.
        let detail = end.detail.expect("words");
        let other = detail.split([' ', ';']).find_map(|word| word.parse::<CallId>().ok()).expect("the other's id");
        assert_ne!(other, order.call);
        becomes(&second, other, Presence::Gone).await;
    }

    assert_eq!(soon(first.presence(order.call)).await, Ok(Presence::Up), "the call in use is left alone");
    call.stop_answered().await;
}

#[tokio::test]
async fn every_key_a_callee_presses_arrives() {
    let Some(real) = Real::named("every_key_a_callee_presses_arrives") else { return };
    let (switch, _links) = real.connect("keys").await;
    let mut calls = Vec::new();
    for key in 0..10 {
        calls.push((key, Call::leave(&switch, &real.order(Callee::Presses(key), 22)).await));
    }
    for (key, mut call) in calls {
        let digit = char::from(b'0' + key);
        call.until(&CallEvent::Dtmf { digit }).await;
        call.stop().await;
        let (told, _) = before_end(call.end().await.0);
        assert_eq!(told, [CallEvent::Ringing, CallEvent::Answered, CallEvent::Dtmf { digit }], "once");
    }
}

#[tokio::test]
async fn presence_and_live_calls_tell_what_is_there() {
    let Some(real) = Real::named("presence_and_live_calls_tell_what_is_there") else { return };
    let node = format!("live-{}", CallId::new());
    let (switch, _links) = real.connect(&node).await;
    let (stranger, _more_links) = real.connect("stranger").await;
    assert_eq!(soon(switch.presence(CallId::new())).await, Ok(Presence::Gone));
    assert_eq!(soon(switch.live_calls()).await, Ok(vec![]));

    let mut ringing = Call::leave(&switch, &real.order(Callee::NeverAnswers, 23)).await;
    let mut up = Call::leave(&switch, &real.order(Callee::Answers, 24)).await;
    ringing.until(&CallEvent::Ringing).await;
    up.until(&CallEvent::Answered).await;
    assert_eq!(soon(switch.presence(ringing.id)).await, Ok(Presence::Dialing));
    assert_eq!(soon(switch.presence(up.id)).await, Ok(Presence::Up));
    assert_eq!(soon(stranger.presence(up.id)).await, Ok(Presence::Up));
    // FreeSWITCH writes its list with a delay.
    let mut want = [ringing.id, up.id];
    want.sort();
    soon(async {
        loop {
            let mut live = switch.live_calls().await.expect("a list");
            live.sort();
            if live == want {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert_eq!(soon(stranger.live_calls()).await, Ok(vec![]));

    let (first, second) = (ringing.id, up.id);
    for mut call in [ringing, up] {
        call.stop().await;
        call.end().await;
    }
    for id in [first, second] {
        becomes(&switch, id, Presence::Gone).await;
        assert_eq!(soon(switch.hang_up(id)).await, Err(CommandError::NoSuchChannel));
        assert_eq!(soon(switch.play(id, &real.prompt())).await, Err(CommandError::NoSuchChannel));
    }
    assert_eq!(soon(switch.live_calls()).await, Ok(vec![]));
}

#[tokio::test]
async fn a_playback_is_stopped_and_another_plays() {
    let Some(real) = Real::named("a_playback_is_stopped_and_another_plays") else { return };
    let (switch, _links) = real.connect("stops").await;
    let mut call = Call::answered(&switch, &real.order(Callee::Answers, 25)).await;
    for _ in 0..3 {
        assert_eq!(soon(switch.play(call.id, &real.prompt())).await, Ok(()));
        // Let it begin: nothing tells us when it has.
        sleep(Duration::from_millis(500)).await;
        assert_eq!(soon(switch.stop_playback(call.id)).await, Ok(()));
        assert_eq!(call.next().await, CallEvent::PlaybackFinished { failure: None });
    }
    // With nothing to stop nothing happens.
    assert_eq!(soon(switch.stop_playback(call.id)).await, Ok(()));
    assert_eq!(soon(switch.presence(call.id)).await, Ok(Presence::Up));
    call.stop_answered().await;
}

#[tokio::test]
async fn a_playback_is_stopped_before_it_began() {
    let Some(real) = Real::named("a_playback_is_stopped_before_it_began") else { return };
    let (switch, _links) = real.connect("stops-early").await;
    let mut call = Call::answered(&switch, &real.order(Callee::Answers, 29)).await;
    assert_eq!(soon(switch.play(call.id, &real.prompt())).await, Ok(()));
    assert_eq!(soon(switch.stop_playback(call.id)).await, Ok(()));
    assert!(matches!(call.next().await, CallEvent::PlaybackFinished { .. }));
    call.stop_answered().await;
}

#[tokio::test]
async fn a_missing_file_is_told_and_the_call_goes_on() {
    let Some(real) = Real::named("a_missing_file_is_told_and_the_call_goes_on") else { return };
    let (switch, _links) = real.connect("missing").await;
    let mut call = Call::answered(&switch, &real.order(Callee::Answers, 26)).await;
    for file in ["/nonexistent/prompt.wav", "/nonexistent/prompt.no-such-format", "prompt"] {
        assert_eq!(soon(switch.play(call.id, file)).await, Ok(()), "{file}");
        let CallEvent::PlaybackFinished { failure: Some(why) } = call.next().await else { panic!("{file} fails") };
        assert_eq!(why, "FILE NOT FOUND", "{file}");
    }
    assert_eq!(soon(switch.play(call.id, &real.prompt())).await, Ok(()));
    assert_eq!(call.next().await, CallEvent::PlaybackFinished { failure: None });
    call.stop_answered().await;
}

/// The switch ends it, with nobody connected who would.
#[tokio::test]
async fn a_call_does_not_outlive_us() {
    let Some(real) = Real::named("a_call_does_not_outlive_us") else { return };
    let (switch, _links) = real.connect("dies").await;
    let (heir, _more_links) = real.connect("heir").await;
    let mut order = real.order(Callee::Answers, 27);
    order.max_call = Duration::from_secs(3);
    let mut witness = Call::attach(&heir, &order);
    let call = Call::answered(&switch, &order).await;
    soon(switch.close()).await;
    drop((call, switch));

    witness.until(&CallEvent::Answered).await;
    let (_, end) = before_end(witness.end().await.0);
    assert_eq!(end, HungUp { cause: Some(ALLOTTED_TIMEOUT), answered: true, ..HungUp::default() });
}

#[tokio::test]
async fn a_call_from_before_a_restart_is_taken_over() {
    let Some(real) = Real::named("a_call_from_before_a_restart_is_taken_over") else { return };
    let node = format!("restart-{}", CallId::new());
    let (before, _links) = real.connect(&node).await;
    let order = real.order(Callee::Answers, 28);
    let call = Call::answered(&before, &order).await;
    soon(before.close()).await;
    drop((call, before));

    let (after, _more_links) = real.connect(&node).await;
    soon(async {
        while after.live_calls().await != Ok(vec![order.call]) {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let mut call = Call::attach(&after, &order);
    assert_eq!(soon(after.presence(order.call)).await, Ok(Presence::Up));
    assert_eq!(soon(after.play(order.call, &real.prompt())).await, Ok(()));
    assert_eq!(call.next().await, CallEvent::PlaybackFinished { failure: None });
    call.stop().await;
    let (told, end) = before_end(call.end().await.0);
    assert_eq!(told, [CallEvent::PlaybackFinished { failure: None }]);
    assert!(end.answered, "{end:?}");
}

/// One connection, many calls: no event goes to the wrong one, none is missed.
#[tokio::test]
async fn twenty_calls_at_once() {
    let Some(real) = Real::named("twenty_calls_at_once") else { return };
    let (switch, mut links) = real.connect("twenty").await;
    let mut calls = Vec::new();
    for index in 0..20 {
        calls.push(Call::place(&switch, &real.order(Callee::Answers, 100 + index), real.prompt()).await);
    }
    let calls: Vec<_> = calls.into_iter().map(|call| tokio::spawn(call.end())).collect();
    for call in calls {
        let (told, report) = soon(call).await.expect("no panic");
        let (told, _) = before_end(told);
        assert_eq!(told, [CallEvent::Ringing, CallEvent::Answered, CallEvent::PlaybackFinished { failure: None }]);
        assert_eq!(report.outcome, Outcome::Answered);
    }
    assert!(links.try_recv().is_err(), "the connection held, and no event was missed");
}
