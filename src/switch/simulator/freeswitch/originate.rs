//! The argument of `originate`, read as the real one reads it.
//!
//! `{name=value,…}endpoint &application(argument) [dialplan] [context] [name] [number] [seconds]`
//!
//! This is also the judge of whoever builds such strings: what comes out here
//! is what FreeSWITCH 1.10.12 was seen to make of them (see the tests).

use std::time::Duration;

use super::expand::expand;
use super::separate::{closing, separate};

/// Names and values, in order.
type Variables = Vec<(String, String)>;

/// An originate command as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedOriginate {
    /// The variables of the channel, `${…}` expanded, each name once.
    pub variables: Vec<(String, String)>,
    /// What is dialed: `sofia/gateway/carrier/15551234567`.
    pub endpoint: String,
    /// What would be dialed besides or after it (`,` and `|`).
    pub further_endpoints: Vec<String>,
    /// The application that runs after answer: `park`. None if the call goes
    /// to an extension of the dialplan instead.
    pub application: Option<String>,
    /// Its argument, or the extension.
    pub argument: String,
    /// How long it may ring.
    pub ring_timeout: Duration,
}

/// Why an originate command does not place a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginateFault {
    /// Too few or too many words.
    #[error("wrong number of words")]
    Usage,
    /// Brackets that do not close, or no endpoint behind them.
    #[error("unreadable dial string")]
    DialString,
    /// The endpoint is of no kind that exists.
    #[error("no such kind of endpoint")]
    Endpoint,
}

impl OriginateFault {
    /// What FreeSWITCH answers.
    pub fn reply(self) -> &'static str {
        match self {
            Self::Usage => {
                "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n"
            }
            Self::DialString => "-ERR DESTINATION_OUT_OF_ORDER\n",
            Self::Endpoint => "-ERR CHAN_NOT_IMPLEMENTED\n",
        }
    }
}

impl ParsedOriginate {
    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Endpoint kinds of the modules a stock FreeSWITCH loads.
const KINDS: &[&str] = &["sofia", "loopback", "user", "group", "error", "null", "verto", "rtc", "pickup"];
/// Stands for a comma between local variables while endpoints are separated.
const VARIABLE_COMMA: char = '\u{2}';
/// Stands for a comma inside a local variable's quotes.
const QUOTED_COMMA: char = '\u{1}';
/// Open brackets without an end that are looked at before giving up: each
/// costs a look at all the rest.
const MOST_UNCLOSED: usize = 64;

/// Reads what follows `originate `.
pub fn parse_originate(text: &str) -> Result<ParsedOriginate, OriginateFault> {
    let words = separate(text, ' ', 10);
    if words.len() < 2 || words.len() > 7 {
        return Err(OriginateFault::Usage);
    }
    // Several calls in one command: cut before any bracket is looked at.
    let mut dial_strings = words[0].split(":_:");
    let dial_string = dial_strings.next().unwrap_or_default();
    let (mut given, rest) = brackets(dial_string.trim_start_matches(' '), '<', '>', ',')?;
    let (globals, rest) = brackets(rest, '{', '}', ',')?;
    given.extend(globals);

    let mut endpoints = Vec::new();
    for alternative in separate(rest.trim_start_matches(' '), '|', 128) {
        for leg in separate(&hide_commas(&alternative), ',', 128) {
            let leg = leg.replace(QUOTED_COMMA, ",");
            let (locals, endpoint) = brackets(leg.trim_start_matches(' '), '[', ']', VARIABLE_COMMA)?;
            if endpoints.is_empty() {
                given.extend(locals);
            }
            endpoints.push(endpoint.trim_start_matches(' ').to_owned());
        }
    }
    let mut endpoints = endpoints.into_iter();
    let endpoint = endpoints.next().filter(|endpoint| !endpoint.is_empty()).ok_or(OriginateFault::DialString)?;
    match endpoint.split_once('/') {
        Some((kind, _)) if !KINDS.contains(&kind) => return Err(OriginateFault::Endpoint),
        Some((_, address)) if !address.is_empty() => {}
        Some(_) | None => return Err(OriginateFault::DialString),
    }

    let variables = expanded(given);
    let (application, argument) = application(&words[1]);
    let timeout = variables.iter().find(|(name, _)| name == "originate_timeout").map(|(_, value)| value.as_str());
    let seconds = timeout.and_then(leading_number).or_else(|| words.get(6).and_then(|word| leading_number(word)));
    Ok(ParsedOriginate {
        variables,
        endpoint,
        further_endpoints: endpoints.chain(dial_strings.map(str::to_owned)).collect(),
        application,
        argument,
        ring_timeout: Duration::from_secs(seconds.unwrap_or(60)),
    })
}

/// Reads groups of variables in brackets, and what follows them.
fn brackets(text: &str, open: char, close: char, comma: char) -> Result<(Variables, &str), OriginateFault> {
    let mut variables = Vec::new();
    let mut rest = text;
    while rest.starts_with(open) {
        let end = closing(rest, open, close).ok_or(OriginateFault::DialString)?;
        for pair in separate(&rest[1..end], comma, 1024) {
            if let [name, value] = separate(&pair, '=', 2).as_slice() {
                variables.push((name.clone(), value.clone()));
            }
        }
        rest = &rest[end + 1..];
        let behind = rest.trim_start_matches(' ');
        if behind.starts_with(open) {
            rest = behind;
        }
    }
    Ok((variables, rest))
}

/// Commas inside `[…]` do not separate endpoints.
fn hide_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut end, mut unclosed) = (None, 0);
    let (mut quoted, mut other_delimiter, mut before) = (false, false, ' ');
    for (at, c) in text.char_indices() {
        if end.is_none() && c == '[' && unclosed < MOST_UNCLOSED {
            end = closing(&text[at..], '[', ']').map(|len| at + len);
            unclosed += usize::from(end.is_none());
            other_delimiter = text[at..].starts_with("[^^");
            quoted = false;
        }
        if c == '\'' {
            quoted = !quoted;
        }
        let inside = end.is_some_and(|end| at < end);
        out.push(match c {
            ',' if inside && before != '\\' && (quoted || other_delimiter) => QUOTED_COMMA,
            ',' if inside && before != '\\' => VARIABLE_COMMA,
            other => other,
        });
        if end == Some(at) {
            end = None;
        }
        before = c;
    }
    out
}

/// The later of two equal names counts; `${…}` sees the others.
fn expanded(given: Variables) -> Variables {
    let mut plain: Variables = Vec::with_capacity(given.len());
    for (name, value) in given {
        match plain.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => plain.push((name, value)),
        }
    }
    if !plain.iter().any(|(_, value)| value.contains("${")) {
        return plain;
    }
    let look_up = |name: &str| {
        let name = if name == "uuid" { "origination_uuid" } else { name };
        plain.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    plain.iter().map(|(name, value)| (name.clone(), expand(value, look_up))).collect()
}

/// `&park()` is an application, anything else an extension.
fn application(word: &str) -> (Option<String>, String) {
    match word.strip_prefix('&') {
        Some(call) if !call.is_empty() => {
            let call = call.split(')').next().unwrap_or_default();
            let (name, argument) = call.split_once('(').unwrap_or((call, ""));
            (Some(name.to_owned()), argument.to_owned())
        }
        Some(_) | None => (None, word.to_owned()),
    }
}

/// A positive number at the start of a text, as C's `atoi` finds it.
fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
#[path = "originate_tests.rs"]
mod tests;
