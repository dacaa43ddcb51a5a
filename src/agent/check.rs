//! What an agent may be told.

use std::collections::{BTreeMap, HashSet};

use axum::http::{HeaderName, HeaderValue};
use reqwest::Url;

use super::{AgentFields, MASK};

/// Longest prompt, in characters.
pub const MAX_PROMPT: usize = 50_000;
const MAX_MESSAGE: usize = 5_000;
const MAX_URL: usize = 2_000;
const MAX_FALLBACK: usize = 2_000;
const MAX_CALLS: u32 = 10_000;
const MAX_VARIABLES: usize = 100;
const MAX_VARIABLE_NAME: usize = 64;
const MAX_VARIABLE: usize = 2_000;
const MAX_HEADERS: usize = 20;
const MAX_HEADER: usize = 4_096;

/// Headers that make the connection what it is: they are ours.
const OURS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
];

/// Everything that is wrong with an agent, but for its name: the field, and what
/// is wrong. No value of a header is ever in there.
pub fn check(fields: &AgentFields) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if let Err(message) = check_url(&fields.url) {
        wrong.push(("url".to_owned(), message));
    }
    wrong.extend(check_headers(fields.headers.expose()));
    let texts = [
        ("prompt", &fields.prompt, MAX_PROMPT),
        ("first_message", &fields.first_message, MAX_MESSAGE),
        ("fallback_prompt", &fields.fallback_prompt, MAX_FALLBACK),
    ];
    for (field, text, most) in texts {
        let length = text.as_ref().map_or(0, |text| text.chars().count());
        if length > most {
            wrong.push((field.to_owned(), format!("has {length} characters, may have {most}")));
        }
    }
    if fields.max_concurrent_calls > MAX_CALLS {
        let message = format!("is {}, must be from 0 to {MAX_CALLS}", fields.max_concurrent_calls);
        wrong.push(("max_concurrent_calls".to_owned(), message));
    }
    wrong.extend(check_variables(&fields.variables));
    wrong
}

fn check_url(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_URL {
        return Err(format!("may have {MAX_URL} characters"));
    }
    let url = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err("must begin with ws:// or wss://".into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or password, which everybody would be shown: use headers".into());
    }
    if url.fragment().is_some() {
        return Err("has a fragment (#…), which is never sent".into());
    }
    Ok(())
}

/// Everything that is wrong with headers, as they were written.
pub fn check_headers(headers: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    let mut fault = |name: &str, message: &str| wrong.push((format!("headers.{name}"), message.to_owned()));
    let mut seen = HashSet::new();
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        if !seen.insert(lower.clone()) {
            fault(name, "stands twice: case means nothing");
        } else if HeaderName::from_bytes(name.as_bytes()).is_err() {
            fault(name, "is no name of a header");
        } else if OURS.contains(&lower.as_str()) {
            fault(name, "belongs to the connection itself");
        }
        if value == MASK {
            fault(name, "is what secrets are shown as: send the value itself");
        } else if value.len() > MAX_HEADER {
            fault(name, "may have 4096 bytes");
        } else if HeaderValue::from_str(value).is_err() || value.trim() != value {
            fault(name, "must be visible ASCII on one line, without spaces around it");
        }
    }
    if headers.len() > MAX_HEADERS {
        wrong.push(("headers".to_owned(), format!("has {} entries, may have {MAX_HEADERS}", headers.len())));
    }
    wrong
}

fn check_variables(variables: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if variables.len() > MAX_VARIABLES {
        wrong.push(("variables".to_owned(), format!("has {} entries, may have {MAX_VARIABLES}", variables.len())));
    }
    for (name, value) in variables.iter().take(MAX_VARIABLES) {
        let length = name.chars().count();
        if !(1..=MAX_VARIABLE_NAME).contains(&length) || name.chars().any(char::is_control) {
            let message = format!("a name has 1 to {MAX_VARIABLE_NAME} characters, none of them control characters");
            wrong.push((format!("variables.{name}"), message));
        } else if value.chars().count() > MAX_VARIABLE {
            wrong.push((format!("variables.{name}"), format!("may have {MAX_VARIABLE} characters")));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Protocol, Secrets};

    fn fields(url: &str) -> AgentFields {
        AgentFields {
            name: "Sarah".into(),
            url: url.into(),
            protocol: Protocol::Twilio,
            headers: Secrets::default(),
            prompt: None,
            first_message: None,
            variables: BTreeMap::new(),
            max_concurrent_calls: 0,
            fallback_prompt: None,
        }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_url_is_that_of_a_websocket_and_shows_no_password() {
        for good in ["wss://agent.example/stream", "ws://127.0.0.1:9000", "wss://[2001:db8::1]:443/a?b=c"] {
            assert_eq!(check(&fields(good)), [], "{good}");
        }
        for bad in
            ["", "agent.example", "https://agent.example", "wss://", "wss://u:p@agent.example", "wss://a.example/#x"]
        {
            assert_eq!(check(&fields(bad))[0].0, "url", "{bad}");
        }
    }

    #[test]
    fn headers_that_break_the_connection_are_refused_and_values_never_quoted() {
        let headers = map(&[
            ("Authorization", "Bearer hush"),
            ("authorization", "other-hush"),
            ("Host", "evil"),
            ("bad name", "x"),
            ("x-line", "a\r\nb-hush"),
            ("x-mask", MASK),
        ]);
        let wrong = check_headers(&headers);
        let names: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        let expected =
            ["headers.Host", "headers.authorization", "headers.bad name", "headers.x-line", "headers.x-mask"];
        assert_eq!(names, expected);
        assert!(!format!("{wrong:?}").contains("hush"));
        assert_eq!(check_headers(&map(&[("Authorization", "Bearer hush")])), []);
    }

    #[test]
    fn limits_are_named() {
        let long = AgentFields {
            prompt: Some("x".repeat(MAX_PROMPT + 1)),
            first_message: Some("x".repeat(MAX_MESSAGE + 1)),
            max_concurrent_calls: MAX_CALLS + 1,
            variables: map(&[("", "x"), ("city", &"x".repeat(MAX_VARIABLE + 1))]),
            ..fields("wss://agent.example")
        };
        let names: Vec<_> = check(&long).into_iter().map(|(field, _)| field).collect();
        assert_eq!(names, ["prompt", "first_message", "max_concurrent_calls", "variables.", "variables.city"]);
    }
}
