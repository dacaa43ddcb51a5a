//! Every row of what was tried on FreeSWITCH 1.10.12: a value typed into the
//! braces, bare, quoted and with backslashes, and what `uuid_getvar` gave.

use proptest::prelude::*;

use super::*;

const UUID: &str = "7f4de7b2-90a1-4b8c-9f27-1d2c3b4a5e6f";

fn text(typed: &str) -> String {
    format!("{{origination_uuid={UUID},v={typed},after=1}}sofia/gateway/carrier/15550000001 &park()")
}

/// What became of the value; none if the command broke.
fn tried(typed: &str) -> Option<String> {
    let parsed = parse_originate(&text(typed)).ok()?;
    assert_eq!(parsed.endpoint, "sofia/gateway/carrier/15550000001");
    parsed.variable("v").map(str::to_owned)
}

fn quoted(value: &str) -> Option<String> {
    tried(&format!("'{value}'"))
}

fn escaped(value: &str) -> Option<String> {
    let escape = |c: char| if ",'\\".contains(c) { format!("\\{c}") } else { c.to_string() };
    tried(&value.chars().map(escape).collect::<String>())
}

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_comma_cuts_unless_escaped() {
    assert_eq!((tried("a,b"), quoted("a,b"), escaped("a,b")), (some("a"), some("a"), some("a,b")));
}

#[test]
fn a_blank_breaks_unless_quoted() {
    assert_eq!((tried("a b"), quoted("a b"), escaped("a b")), (None, some("a b"), None));
}

#[test]
fn a_quote_breaks_unless_escaped() {
    for value in ["a'b", "'"] {
        assert_eq!((tried(value), quoted(value), escaped(value)), (None, None, some(value)), "{value}");
    }
    assert_eq!(quoted(r"a\'b"), some("a'b"));
}

#[test]
fn lone_braces_and_the_enterprise_separator_break() {
    for value in ["a{b", "a}b", "a:_:b"] {
        assert_eq!((tried(value), quoted(value), escaped(value)), (None, None, None), "{value}");
    }
}

#[test]
fn references_are_expanded() {
    assert_eq!((tried("${uuid}"), quoted("${uuid}"), escaped("${uuid}")), (some(UUID), some(UUID), some(UUID)));
    assert_eq!(tried("${nobody}"), some(""));
}

#[test]
fn a_backslash_at_the_end_swallows_or_breaks() {
    for outcome in [tried("a\\"), escaped("a\\")] {
        assert_eq!(outcome, some("a,after=1"));
    }
    assert_eq!(quoted("a\\"), None);
    assert_eq!(parse_originate(&text("a\\")).map(|p| p.variable("after").is_some()), Ok(false));
}

#[test]
fn other_signs_go_through() {
    for value in ["\"", "a\"b", "|", ";", "=", "a=b", "~", "[x]", "<x>", "%41", "ü€", "+1-5_5.5@x/y"] {
        assert_eq!((tried(value), quoted(value), escaped(value)), (some(value), some(value), some(value)), "{value}");
    }
}

#[test]
fn a_whole_command() {
    let parsed = parse_originate(
        "{origination_uuid=u,originate_timeout=25}[leg=1,name='a,b']sofia/gateway/carrier/+15550000001 &park() XML default undef 1 9",
    )
    .expect("a command");
    assert_eq!(parsed.endpoint, "sofia/gateway/carrier/+15550000001");
    assert_eq!((parsed.application.as_deref(), parsed.argument.as_str()), (Some("park"), ""));
    assert_eq!((parsed.variable("leg"), parsed.ring_timeout), (Some("1"), Duration::from_secs(25)));
    assert!(parsed.further_endpoints.is_empty());
}

#[test]
fn more_than_one_endpoint_is_seen() {
    let parsed = parse_originate("loopback/1,[a=1]loopback/2|sofia/gateway/c/3 &park()").expect("a command");
    assert_eq!(parsed.endpoint, "loopback/1");
    assert_eq!(parsed.further_endpoints, ["loopback/2", "sofia/gateway/c/3"]);
    assert_eq!(parsed.variable("a"), None);
    let parsed = parse_originate("loopback/1:_:{a=1}loopback/2 &park()").expect("a command");
    assert_eq!(parsed.further_endpoints, ["{a=1}loopback/2"]);
}

#[test]
fn time_to_ring_without_a_variable() {
    let seconds = |text: &str| parse_originate(text).map(|p| p.ring_timeout.as_secs());
    assert_eq!(seconds("loopback/1 &park()"), Ok(60));
    assert_eq!(seconds("loopback/1 &park() XML default n 1 9"), Ok(9));
    assert_eq!(seconds("{originate_timeout=x}loopback/1 &park()"), Ok(60));
}

#[test]
fn extensions_and_applications() {
    let read = |word: &str| parse_originate(&format!("loopback/1 {word}")).map(|p| (p.application, p.argument));
    assert_eq!(read("&playback(/tmp/a.wav)"), Ok((some("playback"), "/tmp/a.wav".into())));
    assert_eq!(read("1000"), Ok((None, "1000".into())));
}

#[test]
fn faults_are_answered_as_the_real_one_does() {
    let reply = |text: &str| parse_originate(text).expect_err("refused").reply();
    assert!(reply("").starts_with("-USAGE: <call url>"));
    assert!(reply("loopback/1").starts_with("-USAGE: "));
    assert!(reply("a b c d e f g h").starts_with("-USAGE: "));
    assert_eq!(reply("{a=1 &park()"), "-ERR DESTINATION_OUT_OF_ORDER\n");
    assert_eq!(reply("{a=1} &park()"), "-ERR DESTINATION_OUT_OF_ORDER\n");
    assert_eq!(reply("nothing/1 &park()"), "-ERR CHAN_NOT_IMPLEMENTED\n");
}

proptest! {
    #[test]
    fn no_text_is_too_strange_to_be_read(text in ".{0,80}", value in "[\\\\'{}\\[\\]<>^|,:_$ =a&()é]{0,24}") {
        let _ = parse_originate(&text);
        let _ = parse_originate(&super::tests::text(&value));
    }

    #[test]
    fn the_safe_alphabet_survives(value in "[A-Za-z0-9+_.@/-]{1,40}") {
        prop_assert_eq!(tried(&value), Some(value));
    }
}
