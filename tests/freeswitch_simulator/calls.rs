//! What becomes of calls.

use canvass::switch::simulator::Record;
use canvass::switch::simulator::freeswitch::Options;

use crate::client::*;

const ENDS: &str = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PARK BACKGROUND_JOB CHANNEL_HANGUP_COMPLETE DTMF";

#[tokio::test]
async fn each_fate_has_its_cause_and_status() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, ENDS).await;
    for (number, cause, q850, sip, rings) in [
        ("2", "USER_BUSY", "17", Some("486"), true),
        ("3", "NO_ANSWER", "19", None, true),
        ("4", "CALL_REJECTED", "21", Some("603"), true),
        ("5", "UNALLOCATED_NUMBER", "1", Some("404"), false),
        ("6", "NORMAL_TEMPORARY_FAILURE", "41", Some("503"), false),
    ] {
        let uuid = format!("call-{number}");
        client.ask(&originate(&uuid, number)).await;
        let (mut end, mut job, mut progress) = (None, None, false);
        while end.is_none() || job.is_none() {
            let event = client.event().await;
            match event.name() {
                "CHANNEL_HANGUP_COMPLETE" => end = Some(event),
                "BACKGROUND_JOB" => job = Some(event),
                "CHANNEL_PROGRESS" => progress = true,
                name => assert_eq!(name, "CHANNEL_CREATE"),
            }
        }
        let (end, job) = (end.expect("an end"), job.expect("a job"));
        assert_eq!((end.get("Hangup-Cause"), end.get("variable_hangup_cause_q850")), (Some(cause), Some(q850)));
        assert_eq!(end.get("variable_sip_term_status"), sip, "{number}");
        assert_eq!(end.get("variable_sip_invite_failure_status"), sip, "{number}");
        assert_eq!(job.body, format!("-ERR {cause}\n"));
        assert_eq!((job.get("Job-UUID"), progress), (Some(format!("job-{uuid}").as_str()), rings), "{number}");
        let record = Record::End { call: uuid.clone(), answered: false, cause: q850.parse().expect("a number") };
        assert_eq!(simulator.journal().end(&uuid), Some(record));
    }
    assert_eq!(simulator.journal().originates(), 5);
    assert_eq!(simulator.journal().caller_ids()["15550001111"], 5);
}

#[tokio::test]
async fn a_person_presses_a_key_and_hangs_up() {
    let mut mix = mix();
    mix.keys.insert('7', 1.0);
    (mix.key_ms, mix.talk_ms) = ((1_000, 1_000), (4_000, 4_000));
    let simulator = start(mix).await;
    let mut client = Client::listening(&simulator, ENDS).await;
    client.ask(&originate("u", "+15550000001")).await;
    let events = client.until("CHANNEL_HANGUP_COMPLETE").await;
    let names: Vec<_> = events.iter().map(Event::name).collect();
    assert_eq!(
        names,
        ["CHANNEL_CREATE", "CHANNEL_PROGRESS", "BACKGROUND_JOB", "CHANNEL_PARK", "DTMF", "CHANNEL_HANGUP_COMPLETE"]
    );
    assert_eq!((events[2].body.as_str(), events[4].get("DTMF-Digit")), ("+OK u\n", Some("7")));
    assert_eq!(events[4].get("Unique-ID"), Some("u"));
    assert_eq!(events[5].get("Hangup-Cause"), Some("NORMAL_CLEARING"));
    assert_eq!(events[5].get("variable_sip_hangup_disposition"), Some("recv_bye"));
    assert_eq!(simulator.journal().by_number()["+15550000001"], 1);
    let end = Record::End { call: "u".into(), answered: true, cause: 16 };
    assert_eq!(simulator.journal().end("u"), Some(end));
}

#[tokio::test]
async fn a_used_id_gets_a_fresh_one() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "BACKGROUND_JOB").await;
    client.ask(&originate("u", "1")).await;
    assert_eq!(client.event().await.body, "+OK u\n");
    client.ask(&originate("u", "1")).await;
    let second = client.event().await.body;
    let fresh = second.strip_prefix("+OK ").expect("accepted").trim_end().to_owned();
    assert_ne!(fresh, "u");
    assert_eq!(client.api(&format!("uuid_exists {fresh}")).await, "true");
    assert_eq!(client.api(&format!("uuid_getvar {fresh} origination_uuid")).await, "u");
    assert_eq!((simulator.calls_in_progress(), simulator.journal().by_call()["u"]), (2, 2));
}

#[tokio::test]
async fn a_call_outlives_nothing_it_was_given_a_limit_by() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_HANGUP_COMPLETE").await;
    for (variables, cause) in [
        ("park_timeout=3", "NORMAL_CLEARING"),
        ("park_timeout=3:USER_BUSY", "USER_BUSY"),
        ("execute_on_answer='sched_hangup +3 ALLOTTED_TIMEOUT'", "ALLOTTED_TIMEOUT"),
    ] {
        client.ask(&format!("bgapi originate {{{variables}}}sofia/gateway/carrier/1 &park()")).await;
        let end = client.event().await;
        assert_eq!(end.get("Hangup-Cause"), Some(cause), "{variables}");
        assert_ne!(end.get("Caller-Channel-Answered-Time"), Some("0"));
    }
}

#[tokio::test]
async fn calls_are_killed_at_any_time_and_only_once() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, ENDS).await;
    client.ask(&originate("ringing", "3")).await;
    client.wait_for("CHANNEL_PROGRESS").await;
    assert_eq!(client.api("uuid_kill ringing ORIGINATOR_CANCEL").await, "+OK\n");
    let end = client.wait_for("CHANNEL_HANGUP_COMPLETE").await;
    assert_eq!(
        (end.get("Hangup-Cause"), end.get("variable_hangup_cause_q850")),
        (Some("ORIGINATOR_CANCEL"), Some("31"))
    );
    assert_eq!(client.wait_for("BACKGROUND_JOB").await.body, "-ERR ORIGINATOR_CANCEL\n");

    client.ask(&originate("up", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    let hang_up = "sendmsg up\ncall-command: hangup\nhangup-cause: NORMAL_UNSPECIFIED";
    assert!(client.ask(hang_up).await.head.ends_with("Reply-Text: +OK"));
    let end = client.wait_for("CHANNEL_HANGUP_COMPLETE").await;
    assert_eq!(end.get("Hangup-Cause"), Some("NORMAL_UNSPECIFIED"));
    while simulator.calls_in_progress() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.api("uuid_kill up").await, "-ERR No such channel!\n");
}

#[tokio::test]
async fn a_call_may_be_ended_later_and_all_at_once() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK CHANNEL_HANGUP_COMPLETE").await;
    client.ask(&originate("a", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    assert_eq!(client.api("sched_hangup +2 a USER_BUSY").await, "+OK\n");
    assert_eq!(client.wait_for("CHANNEL_HANGUP_COMPLETE").await.get("Hangup-Cause"), Some("USER_BUSY"));
    assert_eq!(client.api("sched_hangup +2 gone").await, "-ERR No such channel!\n");
    client.ask(&originate("b", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    assert_eq!(client.api("hupall NORMAL_CLEARING").await, "+OK hangup all channels with cause NORMAL_CLEARING\n");
    assert_eq!(client.wait_for("CHANNEL_HANGUP_COMPLETE").await.get("Hangup-Cause"), Some("NORMAL_CLEARING"));
}

#[tokio::test]
async fn wrong_strings_and_full_switches_place_no_call() {
    let simulator = start_with(Options { mix: mix(), max_sessions: 1, ..Options::default() }).await;
    let mut client = Client::listening(&simulator, "BACKGROUND_JOB CHANNEL_PARK").await;
    client.ask("bgapi originate {a=it's}sofia/gateway/carrier/1 &park()").await;
    assert!(client.event().await.body.starts_with("-USAGE: <call url>"));
    client.ask("bgapi originate error/USER_BUSY &park()").await;
    assert_eq!(client.event().await.body, "-ERR USER_BUSY\n");
    assert_eq!(simulator.journal().originates(), 0);
    client.ask(&originate("a", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    client.ask(&originate("b", "1")).await;
    assert_eq!(client.wait_for("BACKGROUND_JOB").await.body, "-ERR DESTINATION_OUT_OF_ORDER\n");
    assert_eq!(simulator.journal().originates(), 1);
}

#[tokio::test]
async fn originate_by_api_holds_its_connection_until_it_is_decided() {
    let simulator = start(mix()).await;
    let mut client = Client::connect(&simulator).await;
    client.ask("auth ClueCon").await;
    client.send("api originate {origination_uuid=u}loopback/1 &park()\n\napi uuid_exists u\n\n").await;
    assert_eq!(client.frame().await.expect("a result").body, "+OK u\n");
    assert_eq!(client.frame().await.expect("an answer").body, "true");
    assert_eq!(client.api("originate loopback/2 &park()").await, "-ERR USER_BUSY\n");
    assert_eq!(client.api("originate x").await.get(..7), Some("-USAGE:"));
}

#[tokio::test]
async fn a_call_with_another_application_ends_with_it() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP_COMPLETE").await;
    client.ask("bgapi originate loopback/1 &playback(silence_stream://200)").await;
    assert_eq!(client.event().await.get("Application"), Some("playback"));
    assert_eq!(client.event().await.get("Hangup-Cause"), Some("NORMAL_CLEARING"));
    client.ask("bgapi originate loopback/1 1000").await;
    assert_eq!(client.event().await.get("Hangup-Cause"), Some("NO_ROUTE_DESTINATION"));
}
