use super::super::tests::{all, calls, event, job, of};
use super::*;
use crate::call::Cause;

/// A call that is up, and somebody being rung for it.
fn ringing() -> (Calls, CallId, CallId) {
    let (mut calls, call, leg) = (calls(), CallId::new(), CallId::new());
    calls.attach(call);
    calls.on_event(&of(call, "CHANNEL_PARK", "Answer-State: answered"), Instant::now());
    assert_eq!(calls.start_transfer(call, leg), Ok(()));
    (calls, call, leg)
}

fn connected() -> (Calls, CallId, CallId) {
    let (mut calls, call, leg) = ringing();
    let now = Instant::now();
    assert_eq!(calls.on_event(&of(leg, "CHANNEL_PROGRESS", ""), now), []);
    assert_eq!(calls.on_event(&job(leg, &format!("+OK {leg}")), now), []);
    let answered = of(leg, "CHANNEL_PARK", "Answer-State: answered");
    assert_eq!(calls.on_event(&answered, now), [Effect::Bridge(call, leg)]);
    assert_eq!(calls.on_event(&answered, now), [], "once");
    let bridged = of(call, "CHANNEL_BRIDGE", &format!("Bridge-A-Unique-ID: {call}\nBridge-B-Unique-ID: {leg}"));
    assert_eq!(calls.on_event(&bridged, now), told(call, TransferEvent::Connected));
    (calls, call, leg)
}

fn told(call: CallId, event: TransferEvent) -> Vec<Effect> {
    vec![Effect::Deliver(call, CallEvent::Transfer(event))]
}

fn hung_up(channel: CallId, cause: &str) -> Event {
    of(channel, "CHANNEL_HANGUP_COMPLETE", &format!("Hangup-Cause: {cause}"))
}

fn failed(effects: &[Effect], call: CallId) -> Option<HungUp> {
    match effects {
        [Effect::Deliver(of, CallEvent::Transfer(TransferEvent::Failed(end)))] if *of == call => Some(end.clone()),
        _ => None,
    }
}

#[test]
fn it_ends_when_the_other_is_gone_and_the_callee_is_back_in_either_order() {
    let now = Instant::now();
    for park_first in [true, false] {
        let (mut calls, call, leg) = connected();
        let park = of(call, "CHANNEL_PARK", "Answer-State: answered");
        let mut events = [park, hung_up(leg, "NORMAL_CLEARING")];
        if !park_first {
            events.reverse();
        }
        assert_eq!(calls.on_event(&events[0], now), []);
        assert_eq!(calls.on_event(&events[1], now), told(call, TransferEvent::Ended));
        assert_eq!(calls.start_transfer(call, CallId::new()), Ok(()), "free for another");
    }
}

#[test]
fn a_callee_who_never_comes_back_is_not_waited_for_for_ever() {
    let (mut calls, call, leg) = connected();
    let now = Instant::now();
    assert_eq!(calls.on_event(&hung_up(leg, "NORMAL_CLEARING"), now), []);
    assert_eq!(calls.on_tick(now, all), []);
    let effects = calls.on_tick(now + PARK_GRACE, all);
    assert_eq!(effects, [vec![Effect::Gap], told(call, TransferEvent::Ended)].concat());
}

#[test]
fn a_refusal_is_told_once_whether_job_or_channel_is_first() {
    let now = Instant::now();
    for job_first in [true, false] {
        let (mut calls, call, leg) = ringing();
        calls.on_event(&of(leg, "CHANNEL_PROGRESS", ""), now);
        let mut events = [job(leg, "-ERR USER_BUSY"), hung_up(leg, "USER_BUSY")];
        if !job_first {
            events.reverse();
        }
        let effects: Vec<_> = events.iter().flat_map(|event| calls.on_event(event, now)).collect();
        assert_eq!(failed(&effects, call).and_then(|end| end.cause), Some(Cause(17)));
        assert_eq!(calls.on_tick(now + END_GRACE, all), []);
    }
}

#[test]
fn a_job_without_a_channel_is_all_there_is() {
    let now = Instant::now();
    let (mut calls, call, leg) = ringing();
    let effects = calls.on_event(&job(leg, "-ERR INVALID_GATEWAY"), now);
    assert_eq!(failed(&effects, call).and_then(|end| end.cause), Some(Cause(608)));

    let (mut calls, call, leg) = ringing();
    assert_eq!(calls.on_event(&job(leg, "-ERR DESTINATION_OUT_OF_ORDER"), now), []);
    let effects = calls.on_tick(now + END_GRACE, all);
    assert_eq!(failed(&effects, call).and_then(|end| end.cause), Some(Cause(42)), "the switch is full");
}

#[test]
fn an_id_in_use_is_no_other_party() {
    let (mut calls, call, leg) = ringing();
    let other = CallId::new();
    let effects = calls.on_event(&job(leg, &format!("+OK {other}")), Instant::now());
    assert_eq!(effects[0], Effect::Kill(other.0));
    assert!(failed(&effects[1..], call).is_some());
}

#[test]
fn the_other_goes_with_the_callee_at_every_moment() {
    let now = Instant::now();
    let end = |call| hung_up(call, "NORMAL_CLEARING");
    // Before its channel is there: again when it shows up.
    let (mut calls, call, leg) = ringing();
    assert_eq!(calls.on_event(&end(call), now)[0], Effect::Kill(leg.0));
    assert_eq!(calls.on_event(&of(leg, "CHANNEL_PROGRESS", ""), now), [Effect::Kill(leg.0)]);
    assert_eq!(calls.on_event(&of(leg, "CHANNEL_PARK", ""), now), [Effect::Kill(leg.0)], "it is never bridged");
    assert_eq!(calls.on_event(&end(leg), now), []);
    assert!(!calls.is_leg(leg));

    let (mut calls, call, leg) = connected();
    let effects = calls.on_event(&end(call), now);
    assert!(matches!(&effects[..], [Effect::Kill(id), Effect::Deliver(_, CallEvent::HungUp(_))] if *id == leg.0));
    assert_eq!(calls.on_event(&end(leg), now), []);

    // The other first, as FreeSWITCH ends a bridge: no way back is waited for.
    let (mut calls, call, leg) = connected();
    assert_eq!(calls.on_event(&end(leg), now), []);
    let effects = calls.on_event(&end(call), now);
    assert!(matches!(effects.last(), Some(Effect::Deliver(_, CallEvent::HungUp(_)))));
    assert_eq!(calls.on_tick(now + PARK_GRACE, all), []);

    // Nobody listens to the call any more.
    let (mut calls, _, leg) = connected();
    assert_eq!(calls.on_tick(now, |_| false), [Effect::Kill(leg.0)]);
}

#[test]
fn a_break_gives_up_what_rings_and_keeps_who_talks() {
    let (mut calls, call, leg) = ringing();
    let effects = calls.on_connected();
    assert_eq!(effects[0], Effect::Kill(leg.0));
    assert!(failed(&effects[1..], call).is_some());
    assert_eq!(calls.on_event(&hung_up(leg, "NORMAL_CLEARING"), Instant::now()), []);

    let (mut calls, call, leg) = connected();
    assert_eq!(calls.on_connected(), []);
    assert_eq!(calls.connected_legs(), [leg]);
    assert_eq!(calls.on_leg_vanished(leg), told(call, TransferEvent::Ended));
    assert_eq!(calls.on_leg_vanished(leg), []);
}

#[test]
fn the_mark_of_another_partys_channel_tells_whose_it_is() {
    let (mut calls, call, _) = connected();
    let stray = CallId::new();
    let parked = |node: &str, call: CallId| {
        event(
            "CHANNEL_PARK",
            &format!("Unique-ID: {stray}\nvariable_origination_uuid: {stray}\nvariable_canvass_leg: {node}/{call}"),
        )
    };
    let now = Instant::now();
    assert_eq!(calls.on_event(&parked("node-1", CallId::new()), now), [Effect::Kill(stray.0)]);
    assert_eq!(calls.on_event(&parked("node-1", call), now), [], "its call lives");
    assert_eq!(calls.on_event(&parked("node-2", CallId::new()), now), [], "another node's");
    for odd in ["", "/", "node-1", "node-1/x", "_undef_", "-ERR No such channel!"] {
        assert_eq!(calls.call_of_leg_mark(odd), None, "{odd:?}");
    }
}
