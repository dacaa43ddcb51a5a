//! Everything we ever write to the event socket, built in one place.
//!
//! FreeSWITCH reads `,` `{` `'` `\` `:_:` and even `${…}` inside originate
//! strings, and an empty line ends a command (tried on 1.10.12). So a text goes
//! in only if all of it is of the safe alphabet; anything else is refused,
//! never quoted.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::call::CallId;
use crate::switch::Originate;

/// The events the adapter needs, and no more: a client that is slow to read
/// loses events.
const EVENTS: &str = "CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_HANGUP_COMPLETE \
                      CHANNEL_EXECUTE_COMPLETE DTMF BACKGROUND_JOB";

/// The channel variable that marks our channels; its value is the node's name.
pub(super) const MARK: &str = "canvass_node";

/// No text longer than this goes into a command.
const MAX_WORD: usize = 1024;

/// A parked channel outlives `max_call` by this, should `sched_hangup` fail.
const PARK_MARGIN: Duration = Duration::from_secs(30);

/// A text that does not go into a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnsafeText {
    /// Nothing there.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// No real one is that long.
    #[error("{0} is longer than {MAX_WORD} characters")]
    TooLong(&'static str),
    /// A character that could mean something else to FreeSWITCH.
    #[error("{0} has {1:?}; allowed are letters, digits and + - _ . @ / : =")]
    Character(&'static str, char),
    /// Harmless characters that mean something together.
    #[error("{0} has \"{1}\", which FreeSWITCH reads as a separator")]
    Separator(&'static str, &'static str),
}

/// One command, complete with the empty line that ends it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Command(String);

impl Command {
    /// Logs in.
    pub(super) fn auth(password: &SecretString) -> Result<Self, UnsafeText> {
        let password = password.expose_secret();
        match password.chars().find(|c| c.is_control()) {
            Some(bad) => Err(UnsafeText::Character("the password", bad)),
            None => Ok(Self::line(format_args!("auth {password}"))),
        }
    }

    /// Subscribes to [`EVENTS`].
    pub(super) fn subscribe() -> Self {
        Self::line(format_args!("event plain {EVENTS}"))
    }

    /// Places a call and parks it. The job's id is the call's.
    ///
    /// - `origination_uuid`: the channel's id is the call's.
    /// - `ignore_early_media`: a network announcement is no answer.
    /// - `execute_on_answer`, `park_timeout`: the channel ends though we died.
    /// - `send_silence_when_idle`: carriers hang up on calls without RTP.
    /// - `rtp_timer_name`: without a timer a prompt never ends while the callee
    ///   sends no RTP, and not every SIP profile sets one.
    pub(super) fn originate(call: &Originate, node: &str) -> Result<Self, UnsafeText> {
        let Originate { call: id, endpoint, number: _, caller_id, ring_timeout, max_call } = call;
        let endpoint = word("the trunk's endpoint", endpoint)?;
        let node = word("the node's name", node)?;
        let caller_id = caller_id.to_string();
        let caller_id = word("the caller ID", &caller_id)?;
        let (ring, limit, park) = (seconds(*ring_timeout), seconds(*max_call), seconds(*max_call + PARK_MARGIN));
        Ok(Self::line(format_args!(
            "bgapi originate {{origination_uuid={id},origination_caller_id_number={caller_id},\
             originate_timeout={ring},ignore_early_media=true,park_timeout={park},\
             execute_on_answer='sched_hangup +{limit} ALLOTTED_TIMEOUT',send_silence_when_idle=-1,\
             rtp_timer_name=soft,{MARK}={node}}}{endpoint} &park()\nJob-UUID: {id}"
        )))
    }

    /// Plays a file; `playback` comes back as `Application-UUID`.
    pub(super) fn play(call: CallId, playback: Uuid, file: &str) -> Result<Self, UnsafeText> {
        let file = path(file)?;
        Ok(Self::line(format_args!(
            "sendmsg {call}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: {file}\n\
             Event-UUID: {playback}"
        )))
    }

    /// Stops all that plays on a channel.
    pub(super) fn stop_playback(call: CallId) -> Self {
        Self::line(format_args!("api uuid_break {call} all"))
    }

    /// Hangs a channel up.
    pub(super) fn kill(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_kill {channel}"))
    }

    /// Asks for all that is known of a channel.
    pub(super) fn dump(call: CallId) -> Self {
        Self::line(format_args!("api uuid_dump {call}"))
    }

    /// Asks whose a channel is.
    pub(super) fn mark_of(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_getvar {channel} {MARK}"))
    }

    /// Asks for the list of channels.
    pub(super) fn channels() -> Self {
        Self::line(format_args!("api show channels as json"))
    }

    /// Asks for product and version.
    pub(super) fn version() -> Self {
        Self::line(format_args!("api version"))
    }

    /// Something cheap that is answered.
    pub(super) fn ping() -> Self {
        Self::line(format_args!("api uptime"))
    }

    /// The bytes to write.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn line(text: fmt::Arguments<'_>) -> Self {
        Self(format!("{text}\n\n"))
    }
}

impl fmt::Debug for Command {
    /// Never shows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0.starts_with("auth ") { "auth ***" } else { self.0.trim_end() };
        f.debug_tuple("Command").field(&shown).finish()
    }
}

/// Lets a text of the safe alphabet through.
fn word<'a>(what: &'static str, text: &'a str) -> Result<&'a str, UnsafeText> {
    if text.is_empty() {
        return Err(UnsafeText::Empty(what));
    }
    if text.len() > MAX_WORD {
        return Err(UnsafeText::TooLong(what));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-_.@/:=".contains(c);
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        return Err(UnsafeText::Character(what, bad));
    }
    if text.contains(":_:") {
        return Err(UnsafeText::Separator(what, ":_:"));
    }
    Ok(text)
}

/// Lets a file's name through: safe words with single spaces between them.
/// `playback` takes all of its argument as one name, but for `@@` and a number.
fn path(text: &str) -> Result<&str, UnsafeText> {
    const WHAT: &str = "the file's name";
    if text.len() > MAX_WORD {
        return Err(UnsafeText::TooLong(WHAT));
    }
    if text.contains("@@") {
        return Err(UnsafeText::Separator(WHAT, "@@"));
    }
    for part in text.split(' ') {
        word(WHAT, part)?;
    }
    Ok(text)
}

/// Whole seconds, rounded up, at least one: FreeSWITCH reads 0 as "never".
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::PhoneNumber;
    use crate::switch::simulator::freeswitch::parse_originate;
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
    }
}
