//! Events beside those of the real one: same order, same headers.

use std::collections::BTreeSet;

use crate::client::*;

const WATCHED: &str = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK \
                       CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB DTMF";

/// The events of one channel and of the jobs about it, in order.
fn of_channel(events: &[Event], uuid: &str) -> Vec<Event> {
    let about = |event: &&Event| {
        event.get("Unique-ID") == Some(uuid)
            || event.get("Job-Command-Arg").is_some_and(|argument| argument.contains(uuid))
            || event.get("API-Command-Argument").is_some_and(|argument| argument.contains(uuid))
    };
    events.iter().filter(about).cloned().collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::name).collect()
}

fn recorded_events(name: &str) -> Vec<Event> {
    recorded(name).iter().filter_map(Frame::event).collect()
}

#[tokio::test]
async fn an_answered_call_that_is_killed_looks_as_recorded() {
    let recording = recorded_events("sip-answered");
    let recorded_uuid = recording[0].get("Unique-ID").expect("an id");
    let expected = of_channel(&recording, recorded_uuid);

    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, WATCHED).await;
    let uuid = "fd5d61ae-3f0b-4995-b247-a8cf6a1a134c";
    client.ask(&originate(uuid, "15550000001")).await;
    let mut events = client.until("CHANNEL_PARK").await;
    client.ask(&format!("bgapi uuid_kill {uuid}")).await;
    events.extend(client.until("CHANNEL_HANGUP_COMPLETE").await);

    assert_eq!(names(&events), names(&expected));
    for (event, expected) in events.iter().zip(&expected) {
        let headers = |event: &Event| {
            let own = ["variable_rate_test", "variable_canvass_node"];
            let names = event.headers.iter().map(|(name, _)| name.clone());
            names.filter(|name| !own.contains(&name.as_str())).collect::<BTreeSet<_>>()
        };
        assert_eq!(headers(event), headers(expected), "{}", event.name());
        for name in [
            "Channel-State",
            "Channel-Call-State",
            "Channel-State-Number",
            "Channel-Name",
            "Answer-State",
            "Hangup-Cause",
            "Event-Calling-Function",
            "Channel-HIT-Dialplan",
            "Caller-Caller-ID-Number",
            "Caller-Destination-Number",
            "variable_hangup_cause_q850",
            "variable_sip_hangup_disposition",
            "variable_rtp_use_codec_name",
            "variable_origination_caller_id_number",
            "Job-Command",
        ] {
            assert_eq!(event.get(name), expected.get(name), "{name} of {}", event.name());
        }
    }
    let node = events.iter().filter(|event| !event.is("BACKGROUND_JOB")).map(|e| e.get("variable_canvass_node"));
    assert!(node.into_iter().all(|node| node == Some("n1")));
}

#[tokio::test]
async fn event_numbers_rise() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, WATCHED).await;
    client.ask(&originate("u-1", "2")).await;
    client.ask(&originate("u-2", "2")).await;
    let mut events = client.until("CHANNEL_HANGUP_COMPLETE").await;
    events.extend(client.until("CHANNEL_HANGUP_COMPLETE").await);
    let numbers: Vec<u64> =
        events.iter().map(|event| event.get("Event-Sequence").expect("a number").parse().expect("a number")).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

/// What a SIP channel tells; loopback channels of the recording have more.
const COMMON: &[&str] = &[
    "CHANNEL_OUTGOING",
    "CHANNEL_STATE",
    "CHANNEL_CREATE",
    "CHANNEL_ORIGINATE",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "CHANNEL_UNPARK",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "DTMF",
    "BACKGROUND_JOB",
];

fn common(events: &[Event]) -> Vec<String> {
    let describe = |event: &Event| match event.name() {
        "CHANNEL_STATE" => event.get("Channel-State").expect("a state").to_owned(),
        "BACKGROUND_JOB" => format!("job {}", event.body.split([' ', '\n']).next().expect("a word")),
        name => name.to_owned(),
    };
    events.iter().filter(|event| COMMON.contains(&event.name())).map(describe).collect()
}

/// The recorded fate of the call with this number, beside the simulated one.
async fn compare(recorded_channel: &str, number: &str, talk: u64) {
    let recording = recorded_events("loopback-all-events");
    let created = recording.iter().find(|e| e.is("CHANNEL_CREATE") && e.get("Channel-Name") == Some(recorded_channel));
    let expected = of_channel(&recording, created.and_then(|e| e.get("Unique-ID")).expect("the call"));

    let mut mix = mix();
    mix.talk_ms = (talk, talk);
    mix.keys.insert('2', 1.0);
    mix.key_ms = (1_000, 1_000);
    let options = canvass::switch::simulator::freeswitch::Options {
        mix,
        down_gateways: vec!["dead".into()],
        ..Default::default()
    };
    let simulator = start_with(options).await;
    let mut client = Client::listening(&simulator, "ALL").await;
    let command = if number.is_empty() {
        originate("u-1", "15551230001").replace("carrier", "dead")
    } else {
        originate("u-1", number)
    };
    client.ask(&command).await;
    let mut events = client.until("CHANNEL_DESTROY").await;
    events.push(client.event().await);
    let events = of_channel(&events, "u-1");
    assert_eq!(common(&events), common(&expected), "{recorded_channel}");
    let ended = |events: &[Event]| {
        let end = events.iter().find(|e| e.is("CHANNEL_HANGUP_COMPLETE")).expect("an end");
        ["Hangup-Cause", "variable_hangup_cause", "variable_hangup_cause_q850"].map(|n| end.get(n).map(str::to_owned))
    };
    assert_eq!(ended(&events), ended(&expected), "{recorded_channel}");
    let job = |events: &[Event]| events.iter().find(|e| e.is("BACKGROUND_JOB")).expect("a job").body.clone();
    let recorded_uuid = expected[0].get("Unique-ID").expect("an id");
    assert_eq!(job(&events).replace("u-1", ""), job(&expected).replace(recorded_uuid, ""), "{recorded_channel}");
}

#[tokio::test]
async fn every_recorded_fate_has_its_order_of_events() {
    compare("loopback/100000001-a", "1", 5_000).await;
    compare("loopback/100000002-a", "2", 5_000).await;
    compare("loopback/100000003-a", "3", 5_000).await;
    compare("loopback/100000004-a", "4", 5_000).await;
    compare("sofia/ext/15551230001", "", 5_000).await;
}

#[tokio::test]
async fn a_gateway_that_is_down_looks_as_recorded() {
    let recording = recorded_events("loopback-all-events");
    let expected = recording
        .iter()
        .find(|e| e.is("CHANNEL_HANGUP_COMPLETE") && e.get("variable_sip_gateway_name") == Some("dead"));
    let expected = expected.expect("recorded");
    let options = canvass::switch::simulator::freeswitch::Options {
        mix: mix(),
        gateways: Some(vec!["carrier".into()]),
        down_gateways: vec!["dead".into()],
        ..Default::default()
    };
    let simulator = start_with(options).await;
    let mut client = Client::listening(&simulator, "CHANNEL_HANGUP_COMPLETE").await;
    client.ask("bgapi originate {origination_uuid=u,originate_timeout=6}sofia/gateway/dead/15551230001 &park()").await;
    let event = client.event().await;
    for name in [
        "Hangup-Cause",
        "Caller-Caller-ID-Number",
        "Caller-Channel-Answered-Time",
        "variable_sip_gateway_name",
        "variable_sip_hangup_disposition",
        "variable_sip_invite_failure_status",
        "variable_sip_invite_failure_phrase",
        "variable_sip_term_status",
        "variable_sip_term_cause",
        "variable_proto_specific_hangup_cause",
        "variable_hangup_cause_q850",
    ] {
        assert_eq!(event.get(name), expected.get(name), "{name}");
    }
}

#[tokio::test]
async fn an_unknown_gateway_is_heard_of_only_as_recorded() {
    let recording = recorded_events("loopback-all-events");
    let expected = of_channel(&recording, "a26ce617-1a4f-4518-a39b-a929878cbe19");
    let options = canvass::switch::simulator::freeswitch::Options {
        mix: mix(),
        gateways: Some(vec!["carrier".into()]),
        ..Default::default()
    };
    let simulator = start_with(options).await;
    let mut client = Client::listening(&simulator, "ALL").await;
    let uuid = "a26ce617-1a4f-4518-a39b-a929878cbe19";
    client
        .ask(&format!(
            "bgapi originate {{origination_uuid={uuid},originate_timeout=6}}sofia/gateway/nope/15551230001 &park()"
        ))
        .await;
    let events = client.until("BACKGROUND_JOB").await;
    assert_eq!(names(&events), names(&expected));
    for (event, expected) in events.iter().zip(&expected) {
        let headers = |e: &Event| e.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(headers(event), headers(expected), "{}", event.name());
    }
    assert_eq!(events.last().expect("a job").body, "-ERR INVALID_GATEWAY\n");
    assert_eq!((simulator.journal().originates(), simulator.calls_in_progress()), (0, 0));
}

#[tokio::test]
async fn filters_and_own_events_narrow_the_stream() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_CREATE CHANNEL_HANGUP_COMPLETE").await;
    client.ask("filter Unique-ID u-2").await;
    client.ask(&originate("u-1", "2")).await;
    client.ask(&originate("u-2", "2")).await;
    for event in client.until("CHANNEL_HANGUP_COMPLETE").await {
        assert_eq!(event.get("Unique-ID"), Some("u-2"));
    }
}
