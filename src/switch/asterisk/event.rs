//! ARI events: JSON text in, the few things needed of it out. No I/O.
//!
//! Versions of Asterisk differ in what an event carries, so nothing but its
//! being a JSON object is taken for granted: a field of an unexpected shape
//! counts as missing, and the event still reaches its call.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::part::Part;
use crate::call::CallId;

/// What we need of one event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// The call it is about, if its channel's id is one of ours.
    pub(super) call: Option<CallId>,
    /// Or what it is about that exists for the sake of a call.
    pub(super) part: Option<Part>,
    /// The state of the channel at that moment.
    pub(super) state: ChannelState,
    /// What happened.
    pub(super) kind: Kind<'a>,
}

/// The states of a channel that mean something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelState {
    Ringing,
    Up,
    Other,
}

/// What happened, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The call is on its way.
    DialBegan,
    /// The callee's phone rings, or early media plays.
    DialRinging,
    /// The callee picked up.
    DialAnswered,
    /// The far end refused, or the attempt was given up.
    DialFailed,
    /// The channel is in our application: commands work from here on.
    StasisStart,
    /// The same, back from `AMD()` in the dialplan.
    Detected { status: Cow<'a, str>, cause: Cow<'a, str> },
    /// Somebody wants the channel to end: the far end, we, or an operator.
    HangupRequest,
    /// The channel is gone.
    Destroyed { cause: Option<u16>, sip: Option<u16> },
    /// The callee pressed a key.
    Dtmf(char),
    /// A playback ended.
    PlaybackFinished { id: Cow<'a, str>, failed: bool },
    /// A recording ended, or could not be made.
    RecordingFinished { name: Cow<'a, str>, failure: Option<Cow<'a, str>> },
    /// Another connection took our application over.
    ApplicationReplaced,
    /// Anything else; the channel's state may still tell something.
    Other,
}

/// Text that is no JSON object.
#[derive(Debug, thiserror::Error)]
#[error("unreadable event: {0}")]
pub(super) struct Unreadable(#[from] serde_json::Error);

impl<'a> Event<'a> {
    /// Reads the text of one event.
    pub(super) fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let raw: Raw<'a> = serde_json::from_str(text)?;
        // `Dial` names its channel `peer`, playbacks and recordings name a
        // `target_uri`.
        let id = raw.channel.id.text().or_else(|| raw.peer.id.text()).or_else(|| {
            let uri = raw.playback.target_uri.text().or_else(|| raw.recording.target_uri.text())?;
            uri.strip_prefix("channel:")
        });
        let state = raw.channel.state.text().or_else(|| raw.peer.state.text());
        Ok(Self {
            call: id.and_then(call_id),
            part: id.and_then(Part::parse),
            state: match state {
                Some("Ringing") => ChannelState::Ringing,
                Some("Up") => ChannelState::Up,
                Some(_) | None => ChannelState::Other,
            },
            kind: raw.into_kind(),
        })
    }
}

/// A channel's id as a call of ours: a UUIDv7 written the one way we write it.
/// Channels of others have ids such as `1795247083.1`.
pub(super) fn call_id(text: &str) -> Option<CallId> {
    // `parse` also takes braces and upper case, which would be other channels.
    let call: CallId = text.parse().ok()?;
    (call.0.get_version_num() == 7 && call.to_string() == text).then_some(call)
}

/// The fields read of any event.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Raw<'a> {
    #[serde(rename = "type", default)]
    kind: Scalar<'a>,
    #[serde(default)]
    channel: Object<'a>,
    #[serde(default)]
    peer: Object<'a>,
    #[serde(default)]
    playback: Object<'a>,
    #[serde(default)]
    dialstatus: Scalar<'a>,
    #[serde(default)]
    cause: Scalar<'a>,
    #[serde(default)]
    tech_cause: Scalar<'a>,
    #[serde(default)]
    digit: Scalar<'a>,
    #[serde(default)]
    recording: Object<'a>,
    #[serde(default)]
    args: Args<'a>,
}

impl<'a> Raw<'a> {
    fn into_kind(self) -> Kind<'a> {
        match self.kind.text().unwrap_or_default() {
            "Dial" => match self.dialstatus.text().unwrap_or_default() {
                "RINGING" | "PROGRESS" => Kind::DialRinging,
                "ANSWER" => Kind::DialAnswered,
                "BUSY" | "CONGESTION" | "NOANSWER" | "CANCEL" | "CHANUNAVAIL" => Kind::DialFailed,
                _ => Kind::DialBegan,
            },
            "StasisStart" => match self.args {
                Args([Scalar::Text(first), status, cause]) if first == BACK_FROM_AMD => {
                    Kind::Detected { status: status.into_text(), cause: cause.into_text() }
                }
                Args(_) => Kind::StasisStart,
            },
            "ChannelHangupRequest" => Kind::HangupRequest,
            "ChannelDestroyed" => Kind::Destroyed { cause: self.cause.number(), sip: self.tech_cause.number() },
            "ChannelDtmfReceived" => match self.digit.text().and_then(key) {
                Some(digit) => Kind::Dtmf(digit),
                None => Kind::Other,
            },
            "PlaybackFinished" => {
                // Only "failed" is a failure: other words may come.
                let failed = self.playback.state.text() == Some("failed");
                Kind::PlaybackFinished { id: self.playback.id.into_text(), failed }
            }
            kind @ ("RecordingFinished" | "RecordingFailed") => {
                let failed = kind == "RecordingFailed" || self.recording.state.text() == Some("failed");
                let failure = failed.then(|| self.recording.cause.into_text());
                Kind::RecordingFinished { name: self.recording.name.into_text(), failure }
            }
            "ApplicationReplaced" => Kind::ApplicationReplaced,
            _ => Kind::Other,
        }
    }
}

/// `0`–`9`, `*`, `#`, `A`–`D`.
fn key(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let (first, rest) = (chars.next()?.to_ascii_uppercase(), chars.next());
    (rest.is_none() && "0123456789*#ABCD".contains(first)).then_some(first)
}

/// A channel, a playback or a recording; empty if the field holds no object.
#[derive(Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), remote = "Self")]
struct Object<'a> {
    #[serde(default)]
    id: Scalar<'a>,
    #[serde(default)]
    state: Scalar<'a>,
    #[serde(default)]
    target_uri: Scalar<'a>,
    #[serde(default)]
    name: Scalar<'a>,
    #[serde(default)]
    cause: Scalar<'a>,
}

/// The first arguments of the dialplan's `Stasis()`; empty if the field holds
/// no list.
#[derive(Default)]
struct Args<'a>([Scalar<'a>; 3]);

/// The first argument of a channel that comes back from `AMD()`.
pub(super) const BACK_FROM_AMD: &str = "amd";

/// A text or a number; anything else counts as missing.
#[derive(Default)]
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    #[default]
    Missing,
}

impl<'a> Scalar<'a> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Missing => None,
        }
    }

    fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Number(_) | Self::Missing => Cow::Borrowed(""),
        }
    }

    fn number(&self) -> Option<u16> {
        match self {
            Self::Number(number) => u16::try_from(*number).ok(),
            Self::Text(text) => text.parse().ok(),
            Self::Missing => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(|any| match any {
            Any::Scalar(scalar) => scalar,
            Any::Object(_) | Any::List(_) => Self::Missing,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(|any| match any {
            Any::Object(object) => object,
            Any::Scalar(_) | Any::List(_) => Self::default(),
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Args<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(|any| match any {
            Any::List(list) => Self(list),
            Any::Scalar(_) | Any::Object(_) => Self::default(),
        })
    }
}

enum Any<'a> {
    Scalar(Scalar<'a>),
    Object(Object<'a>),
    List([Scalar<'a>; 3]),
}

/// Takes any JSON value without ever finding fault with its kind.
struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Number(number)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Missing))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Missing))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Missing))
    }

    fn visit_unit<E>(self) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Missing))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Any<'de>, A::Error> {
        let mut list = <[Scalar<'de>; 3]>::default();
        for item in &mut list {
            match seq.next_element()? {
                Some(next) => *item = next,
                None => return Ok(Any::List(list)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Any::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Any<'de>, A::Error> {
        Ok(Any::Object(Object::deserialize(MapAccessDeserializer::new(map))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01937a3e-5f00-7000-8000-000000000001";

    fn parse(text: &str) -> Event<'_> {
        Event::parse(text).expect("an event")
    }

    fn id() -> Option<CallId> {
        Some(ID.parse().expect("an id"))
    }

    #[test]
    fn the_channel_is_found_wherever_an_event_names_it() {
        let channel = format!(r#"{{"type":"StasisStart","channel":{{"id":"{ID}","state":"Up"}}}}"#);
        assert_eq!(parse(&channel), Event { call: id(), part: None, state: ChannelState::Up, kind: Kind::StasisStart });
        let peer = format!(r#"{{"type":"Dial","dialstatus":"RINGING","peer":{{"id":"{ID}","state":"Ringing"}}}}"#);
        assert_eq!(
            parse(&peer),
            Event { call: id(), part: None, state: ChannelState::Ringing, kind: Kind::DialRinging }
        );
        let playback = format!(
            r#"{{"type":"PlaybackFinished","playback":{{"id":"p","target_uri":"channel:{ID}","state":"failed"}}}}"#
        );
        let kind = Kind::PlaybackFinished { id: "p".into(), failed: true };
        assert_eq!(parse(&playback), Event { call: id(), part: None, state: ChannelState::Other, kind });
    }

    #[test]
    fn fields_of_another_shape_count_as_missing() {
        for (field, kind) in [
            (r#""cause":"17""#, Kind::Destroyed { cause: Some(17), sip: None }),
            (r#""cause":{"code":17},"tech_cause":486"#, Kind::Destroyed { cause: None, sip: Some(486) }),
            (r#""cause":-1,"tech_cause":1e99"#, Kind::Destroyed { cause: None, sip: None }),
            (r#""cause":70000,"tech_cause":[1,[2]]"#, Kind::Destroyed { cause: None, sip: None }),
            (r#""cause":null,"tech_cause":true"#, Kind::Destroyed { cause: None, sip: None }),
            (r#""peer":7,"playback":[],"new":{"in":"2030"}"#, Kind::Destroyed { cause: None, sip: None }),
        ] {
            let text = format!(r#"{{"type":"ChannelDestroyed","channel":{{"id":"{ID}"}},{field}}}"#);
            let event = parse(&text);
            assert_eq!((event.call, event.kind), (id(), kind), "{field}");
        }
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for text in [
            "{}",
            "[]",
            r#"{"type":7}"#,
            r#"{"type":"RESTResponse","channel":null}"#,
            r#"{"type":"ChannelDtmfReceived","digit":"12"}"#,
            r#"{"type":"ChannelDtmfReceived","digit":"é"}"#,
        ] {
            assert_eq!(
                parse(text),
                Event { call: None, part: None, state: ChannelState::Other, kind: Kind::Other },
                "{text}"
            );
        }
        for text in ["", "{", "null", "\"type\"", r#"{"type":"Dial""#] {
            assert!(Event::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn recordings_and_what_the_dialplan_says_are_read() {
        let finished = format!(
            r#"{{"type":"RecordingFinished","recording":{{"name":"r-1","state":"done","target_uri":"channel:{ID}"}}}}"#
        );
        let event = parse(&finished);
        assert_eq!((event.call, event.kind), (id(), Kind::RecordingFinished { name: "r-1".into(), failure: None }));
        let failed = r#"{"type":"RecordingFailed","recording":{"name":"r-1","state":"failed","cause":"no room"}}"#;
        let want = Kind::RecordingFinished { name: "r-1".into(), failure: Some("no room".into()) };
        assert_eq!(parse(failed).kind, want);
        for (args, want) in [
            (r#"["amd","HUMAN","HUMAN-808-800"]"#, ("HUMAN", "HUMAN-808-800")),
            (r#"["amd","MACHINE","MAXWORDS-4-3","SILENCE"]"#, ("MACHINE", "MAXWORDS-4-3")),
            (r#"["amd","NOTSURE"]"#, ("NOTSURE", "")),
            (r#"["amd",7,{"x":1}]"#, ("", "")),
        ] {
            let text = format!(r#"{{"type":"StasisStart","args":{args}}}"#);
            let (status, cause) = want;
            assert_eq!(parse(&text).kind, Kind::Detected { status: status.into(), cause: cause.into() }, "{args}");
        }
        for args in ["[]", r#"["job42"]"#, r#""amd""#, "null", r#"{"0":"amd"}"#, r#"[["amd"]]"#] {
            assert_eq!(parse(&format!(r#"{{"type":"StasisStart","args":{args}}}"#)).kind, Kind::StasisStart, "{args}");
        }
    }

    #[test]
    fn escapes_are_read() {
        let text = r#"{"type":"ChannelDtmf\u0052eceived","digit":"\u0023"}"#;
        assert_eq!(parse(text).kind, Kind::Dtmf('#'));
        assert_eq!(parse(r#"{"type":"ChannelDtmfReceived","digit":"a"}"#).kind, Kind::Dtmf('A'));
    }

    #[test]
    fn only_our_own_way_of_writing_an_id_is_a_call() {
        assert_eq!(call_id(ID), id());
        for other in [
            "1795247083.1",
            "lab-1795247083.1",
            "01937A3E-5F00-7000-8000-00000000000A",
            "01937a3e5f0070008000000000000001",
            "{01937a3e-5f00-7000-8000-000000000001}",
            "01937a3e-5f00-4000-8000-000000000001",
            "",
        ] {
            assert_eq!(call_id(other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = Event::parse(&text);
        }

        #[test]
        fn no_value_of_a_field_hides_the_call(value in proptest::sample::select(vec![
            "null", "1", "-1", "1.5", "true", "\"x\"", "[]", "[{\"a\":1}]", "{}", "{\"id\":1}",
        ]), field in proptest::sample::select(vec![
            "type", "dialstatus", "cause", "tech_cause", "digit", "args", "timestamp", "playback", "recording",
        ])) {
            let text = format!(r#"{{"channel":{{"id":"{ID}"}},"{field}":{value}}}"#);
            proptest::prop_assert_eq!(Event::parse(&text).expect("an event").call, id());
        }
    }
}
