//! The JSON of channels, playbacks and events, field by field as a real
//! Asterisk 22.10 sends it (without `channelvars`, which ari.conf must ask for).

use serde::Serialize;

/// A channel.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Channel<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) state: &'static str,
    pub(super) protocol_id: &'a str,
    pub(super) caller: Party<'a>,
    pub(super) connected: Party<'a>,
    pub(super) accountcode: &'a str,
    pub(super) dialplan: Dialplan<'a>,
    pub(super) creationtime: &'a str,
    pub(super) language: &'static str,
}

/// A caller ID.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Party<'a> {
    pub(super) name: &'a str,
    pub(super) number: &'a str,
}

/// Where a channel is in the dialplan.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Dialplan<'a> {
    pub(super) context: &'static str,
    pub(super) exten: &'static str,
    pub(super) priority: u32,
    pub(super) app_name: &'static str,
    pub(super) app_data: &'a str,
}

/// A playback.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Playback<'a> {
    pub(super) id: &'a str,
    pub(super) media_uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_media_uri: Option<&'a str>,
    pub(super) target_uri: &'a str,
    pub(super) language: &'static str,
    pub(super) state: &'static str,
}

/// A recording.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Recording<'a> {
    pub(super) name: &'a str,
    pub(super) format: &'static str,
    pub(super) state: &'static str,
    pub(super) target_uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<u64>,
}

/// What differs between events.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum Event<'a> {
    Dial {
        dialstatus: &'static str,
        forward: &'static str,
        dialstring: &'a str,
        peer: Channel<'a>,
    },
    ChannelStateChange {
        channel: Channel<'a>,
    },
    StasisStart {
        args: Vec<&'a str>,
        channel: Channel<'a>,
    },
    StasisEnd {
        channel: Channel<'a>,
    },
    ChannelDtmfReceived {
        digit: &'a str,
        duration_ms: u32,
        channel: Channel<'a>,
    },
    ChannelHangupRequest {
        cause: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        tech_cause: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        soft: Option<bool>,
        channel: Channel<'a>,
    },
    ChannelDestroyed {
        cause: u16,
        cause_txt: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        tech_cause: Option<u16>,
        channel: Channel<'a>,
    },
    PlaybackStarted {
        playback: Playback<'a>,
    },
    PlaybackContinuing {
        playback: Playback<'a>,
    },
    PlaybackFinished {
        playback: Playback<'a>,
    },
    RecordingStarted {
        recording: Recording<'a>,
    },
    RecordingFinished {
        recording: Recording<'a>,
    },
    ApplicationReplaced,
}

/// An event as it goes out.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    timestamp: String,
    asterisk_id: &'static str,
    application: &'a str,
}

/// The text of an event for an application.
pub(super) fn text(event: &Event<'_>, application: &str) -> String {
    let envelope = Envelope { event, timestamp: timestamp(), asterisk_id: "00:00:5e:00:53:01", application };
    // Nothing in it can fail to be written.
    serde_json::to_string(&envelope).unwrap_or_default()
}

/// The time now as Asterisk writes it.
pub(super) fn timestamp() -> String {
    crate::clock::Clock::system().now().strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// Asterisk's words for a cause.
pub(super) fn cause_text(cause: u16) -> &'static str {
    match cause {
        1 => "Unallocated (unassigned) number",
        16 => "Normal Clearing",
        17 => "User busy",
        19 => "User alerting, no answer",
        21 => "Call Rejected",
        34 => "Circuit/channel congestion",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_type_and_its_application() {
        let text = text(&Event::ApplicationReplaced, "canvass-a");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["type"], "ApplicationReplaced");
        assert_eq!(value["application"], "canvass-a");
        let time = value["timestamp"].as_str().expect("a time");
        assert_eq!((time.len(), &time[10..11], &time[23..]), (28, "T", "+0000"), "{time}");
    }
}
