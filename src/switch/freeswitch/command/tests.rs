use super::*;
use crate::number::PhoneNumber;
use crate::switch::simulator::freeswitch::parse_originate;
use crate::switch::{Originate, Take, Transfer};
use proptest::prelude::*;

fn call(endpoint: &str) -> Originate {
    Originate {
        call: "01900000-0000-7000-8000-000000000001".parse().expect("an id"),
        endpoint: endpoint.to_owned(),
        number: PhoneNumber::from_e164("+15551234567").expect("a number"),
        caller_id: PhoneNumber::from_e164("+15550001111").expect("a number"),
        ring_timeout: Duration::from_millis(29_500),
        max_call: Duration::from_secs(300),
    }
}

fn text(command: &Command) -> &str {
    std::str::from_utf8(command.as_bytes()).expect("UTF-8")
}

const ORIGINATE: &str = "bgapi originate {origination_uuid=01900000-0000-7000-8000-000000000001,\
    origination_caller_id_number=+15550001111,originate_timeout=30,ignore_early_media=true,park_timeout=330,\
    execute_on_answer='sched_hangup +300 ALLOTTED_TIMEOUT',send_silence_when_idle=-1,rtp_timer_name=soft,canvass_node=node-1}";

#[test]
fn an_originate_as_freeswitch_reads_it() {
    let command = Command::originate(&call("sofia/gateway/carrier/+15551234567"), "node-1").expect("safe");
    let want = format!(
        "{ORIGINATE}sofia/gateway/carrier/+15551234567 &park()\n\
         Job-UUID: 01900000-0000-7000-8000-000000000001\n\n"
    );
    assert_eq!(text(&command), want);
}

#[test]
fn times_are_never_zero() {
    let mut never = call("loopback/1");
    (never.ring_timeout, never.max_call) = (Duration::ZERO, Duration::ZERO);
    let command = Command::originate(&never, "n").expect("safe");
    assert!(text(&command).contains("originate_timeout=1,"));
    assert!(text(&command).contains("'sched_hangup +1 ALLOTTED_TIMEOUT'"));
}

#[test]
fn what_freeswitch_reads_otherwise_is_refused() {
    let long = "x".repeat(10_240);
    let hostile = [
        "",
        "a,b",
        "a b",
        "'",
        "a{b",
        "a}b",
        "a:_:b",
        "${uuid}",
        "a\\",
        "a\"b",
        "a|b",
        "a\nb",
        "a\rb",
        "a\n\napi shutdown",
        "a\0",
        "[x]a",
        "<x>",
        "&park",
        "ü",
        "٣",
        &long,
    ];
    for bad in hostile {
        assert!(Command::originate(&call(bad), "n").is_err(), "endpoint {bad:?}");
        assert!(Command::originate(&call("loopback/1"), bad).is_err(), "node {bad:?}");
    }
    for bad in hostile.into_iter().filter(|bad| !["a b", "a:_:b"].contains(bad)) {
        assert!(Command::play(CallId::new(), Uuid::nil(), bad).is_err(), "file {bad:?}");
    }
    for bad in [" a", "a ", "a  b", "a@@80"] {
        assert!(Command::play(CallId::new(), Uuid::nil(), bad).is_err(), "file {bad:?}");
    }
}

#[test]
fn a_file_may_have_spaces() {
    let file = "/var/lib/canvass/media/Hello again.wav";
    let command = Command::play(CallId::new(), Uuid::nil(), file).expect("safe");
    assert!(text(&command).contains(&format!("\nexecute-app-arg: {file}\n")));
}

#[test]
fn a_password_is_one_line_and_never_shown() {
    let command = Command::auth(&"ClueCon 1,{}'".into()).expect("one line");
    assert_eq!(text(&command), "auth ClueCon 1,{}'\n\n");
    assert!(!format!("{command:?}").contains("ClueCon"));
    let refused = Command::auth(&"Clue\n\napi shutdown".into()).expect_err("two lines");
    assert!(!refused.to_string().contains("Clue"));
}

/// The simulated switch reads originate strings as the real one does, traps
/// included: it must find our variables, our endpoint, and nothing else.
fn judge(line: &str, endpoint: &str, node: &str) -> Result<(), TestCaseError> {
    let Ok(read) = parse_originate(line) else { return Ok(()) }; // no call at all
    let mut variables = read.variables;
    variables.sort();
    let mut want = [
        ("origination_uuid", "01900000-0000-7000-8000-000000000001"),
        ("origination_caller_id_number", "+15550001111"),
        ("originate_timeout", "30"),
        ("ignore_early_media", "true"),
        ("park_timeout", "330"),
        ("execute_on_answer", "sched_hangup +300 ALLOTTED_TIMEOUT"),
        ("send_silence_when_idle", "-1"),
        ("rtp_timer_name", "soft"),
        ("canvass_node", node),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    want.sort();
    prop_assert_eq!(variables, want);
    prop_assert_eq!((read.endpoint.as_str(), read.further_endpoints.len()), (endpoint, 0));
    prop_assert_eq!(read.application.as_deref(), Some("park"));
    Ok(())
}

#[test]
fn the_judge_knows_a_trap_when_it_sees_one() {
    let trap = format!("{},x=1}}loopback/1 &park()", &ORIGINATE["bgapi originate ".len()..ORIGINATE.len() - 1]);
    assert!(judge(&trap, "loopback/1", "node-1").is_err());
    let plain = format!("{}loopback/1 &park()", &ORIGINATE["bgapi originate ".len()..]);
    assert!(judge(&plain, "loopback/1", "node-1").is_ok());
}

fn transfer(endpoint: &str) -> Transfer {
    Transfer {
        leg: "01900000-0000-7000-8000-000000000002".parse().expect("an id"),
        endpoint: endpoint.to_owned(),
        caller_id: PhoneNumber::from_e164("+15550001111").expect("a number"),
        ring_timeout: Duration::from_secs(20),
        max: Duration::from_secs(600),
    }
}

#[test]
fn another_party_is_placed_with_limits_and_a_mark_of_its_own() {
    let id = call("x").call;
    let command = Command::leg(id, &transfer("user/1000@pbx"), "node-1").expect("safe");
    let line = text(&command).split('\n').next().expect("a line");
    let read = parse_originate(&line["bgapi originate ".len()..]).expect("readable");
    assert_eq!((read.endpoint.as_str(), read.application.as_deref()), ("user/1000@pbx", Some("park")));
    for (name, value) in [
        ("origination_uuid", "01900000-0000-7000-8000-000000000002"),
        ("originate_timeout", "20"),
        ("park_timeout", "10"),
        ("execute_on_answer", "sched_hangup +600 ALLOTTED_TIMEOUT"),
        ("loopback_bowout", "false"),
        ("canvass_leg", "node-1/01900000-0000-7000-8000-000000000001"),
    ] {
        assert_eq!(read.variable(name), Some(value), "{name}");
    }
    assert_eq!(read.variable(MARK), None);
    assert_eq!(text(&Command::limit(id, &transfer("x"))), format!("api sched_hangup +650 {id} ALLOTTED_TIMEOUT\n\n"));
    let endless = Transfer { max: Duration::MAX, ..transfer("x") };
    assert!(text(&Command::limit(id, &endless)).starts_with("api sched_hangup +316224000 "));
}

#[test]
fn recordings_are_of_both_sides_or_of_the_callee_alone() {
    let id = call("x").call;
    let both = Command::record(id, "/rec/a b.wav", Take::Call).expect("safe");
    assert_eq!(text(&both), format!("api uuid_record {id} start '/rec/a b.wav'\n\n"));
    let take = Take::Speech { max: Duration::from_secs(30), silence: Duration::from_millis(1_500) };
    let speech = Command::record(id, "/rec/a.wav", take).expect("safe");
    assert_eq!(
        text(&speech),
        format!(
            "api uuid_record {id} start '/rec/a.wav' 30 {{RECORD_READ_ONLY=true,RECORD_INITIAL_TIMEOUT_MS=1500,\
             RECORD_FINAL_TIMEOUT_MS=1500}}\n\n"
        )
    );
}

/// Characters FreeSWITCH gives a meaning to, among harmless ones.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9+_.@/:=,{}|'\"\\\\$ \n\r\t\\[\\]<>&;~^-]{0,40}",
        any::<String>(),
        "[a-z/:_+-]{1,30}",
        "(\\$\\{[a-z]{1,8}\\}|\\\\n|\n\n|'|,|\\}){1,3}",
    ]
}

proptest! {
    #[test]
    fn an_originate_is_one_line_with_its_variables_unchanged(endpoint in hostile(), node in hostile()) {
        if let Ok(command) = Command::originate(&call(&endpoint), &node) {
            let lines: Vec<_> = text(&command).split('\n').collect();
            prop_assert_eq!(lines.len(), 4);
            prop_assert_eq!(&lines[1..], ["Job-UUID: 01900000-0000-7000-8000-000000000001", "", ""]);
            let head = ORIGINATE.replace("node-1", &node);
            let want = format!("{head}{endpoint} &park()");
            prop_assert_eq!(lines[0], want.as_str());
            let count = |c: char| lines[0].matches(c).count();
            prop_assert_eq!((count('{'), count('}'), count('\''), count('$'), count(',')), (1, 1, 2, 0, 8));
            prop_assert_eq!(count(' '), 5);
            judge(&lines[0]["bgapi originate ".len()..], &endpoint, &node)?;
        }
    }

    #[test]
    fn a_playback_has_its_five_lines(file in hostile()) {
        if let Ok(command) = Command::play(CallId::new(), Uuid::nil(), &file) {
            prop_assert_eq!(text(&command).split('\n').count(), 7);
            let special = text(&command).contains(['\r', '\0', '$', '{', '\'']);
            prop_assert!(!special);
        }
    }

    #[test]
    fn transfers_and_recordings_are_one_line_with_their_marks_alone(hostile in hostile()) {
        let id = call("x").call;
        for (endpoint, node) in [(hostile.as_str(), "n"), ("loopback/1", hostile.as_str())] {
            if let Ok(command) = Command::leg(id, &transfer(endpoint), node) {
                let lines: Vec<_> = text(&command).split('\n').collect();
                prop_assert_eq!(lines.len(), 4);
                let count = |c: char| lines[0].matches(c).count();
                prop_assert_eq!((count('{'), count('}'), count('\''), count('$'), count(',')), (1, 1, 2, 0, 9));
            }
        }
        for take in [Take::Call, Take::Speech { max: Duration::from_secs(1), silence: Duration::from_secs(1) }] {
            for command in [Command::record(id, &hostile, take), Command::stop_recording(id, &hostile)].into_iter().flatten() {
                prop_assert_eq!(text(&command).split('\n').count(), 3);
                prop_assert_eq!(text(&command).matches('\'').count(), 2);
                let special = text(&command).contains(['\r', '\0', '$']);
                prop_assert!(!special);
            }
        }
    }
}
