//! What an adapter remembers of one call between its events. No I/O.
//!
//! Asterisk tells how a call ended only in part: a ring time-out and a
//! carrier's refusal carry the same cause, and cause 0 can be a normal end, a
//! time-out or a failure of Asterisk itself. What came before tells them apart.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::Instant;

use super::event::{ChannelState, Event, Kind};
use crate::audio::amd::Answer;
use crate::call::{Cause, SipStatus};
use crate::switch::{CallEvent, HungUp};

/// "Requested circuit or channel not available" (Q.850): our own side has no
/// room, which is congestion and no fault of the number's.
pub(super) const NO_CHANNEL: Cause = Cause(44);

/// A time-out may strike this much early by our clock.
const SLACK: Duration = Duration::from_millis(500);

/// What is remembered of one call.
#[derive(Debug)]
pub(super) struct Track {
    since: Instant,
    /// How long it may ring; not known of a call placed before a restart.
    ring_timeout: Option<Duration>,
    /// Every event since the call was placed was seen.
    whole: bool,
    /// Any event was seen: Asterisk has taken the call.
    seen: bool,
    dialed: bool,
    rang: bool,
    up: bool,
    answered: bool,
    /// The far end refused, or somebody asked for the end.
    ending: bool,
    /// Id of the playback asked for last, until it ends.
    playback: Option<String>,
    /// Asterisk finds out who answered: the channel is in the dialplan.
    detecting: bool,
}

/// What an event means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing to tell.
    Nothing,
    /// To be told.
    Tell(CallEvent),
    /// To be told; and the channel now sends no audio by itself.
    TellIdle(CallEvent),
    /// To be told, and the call to be forgotten.
    End(HungUp),
}

impl Track {
    /// A call about to be placed.
    pub(super) fn placed(ring_timeout: Duration, now: Instant) -> Self {
        Self { ring_timeout: Some(ring_timeout), whole: true, ..Self::found(now) }
    }

    /// A call that exists already; what happened before is not known.
    pub(super) fn found(now: Instant) -> Self {
        Self {
            since: now,
            ring_timeout: None,
            whole: false,
            seen: false,
            dialed: false,
            rang: false,
            up: false,
            answered: false,
            ending: false,
            playback: None,
            detecting: false,
        }
    }

    /// Events may have been missed.
    pub(super) fn missed_events(&mut self) {
        self.whole = false;
    }

    /// Whether any event was seen.
    pub(super) fn is_seen(&self) -> bool {
        self.seen
    }

    /// Whether the channel can send audio but nothing plays.
    pub(super) fn is_idle(&self) -> bool {
        self.answered && !self.ending && self.playback.is_none() && !self.detecting
    }

    /// It is sent to the dialplan, or was not after all.
    pub(super) fn detects(&mut self, detecting: bool) {
        self.detecting = detecting;
    }

    /// A playback was asked for.
    pub(super) fn plays(&mut self, id: String) {
        self.playback = Some(id);
    }

    /// The playback asked for last, if it has not ended.
    pub(super) fn playback(&self) -> Option<&str> {
        self.playback.as_deref()
    }

    /// A playback ended, or was refused.
    pub(super) fn played(&mut self, id: &str) {
        if self.playback.as_deref() == Some(id) {
            self.playback = None;
        }
    }

    /// Takes in the next event.
    pub(super) fn on_event(&mut self, event: &Event<'_>, now: Instant) -> Meaning {
        self.seen = true;
        self.up |= event.state == ChannelState::Up;
        match &event.kind {
            Kind::DialBegan => {
                self.dialed = true;
                self.ringing(event.state)
            }
            Kind::DialRinging => {
                self.dialed = true;
                self.ringing(ChannelState::Ringing)
            }
            Kind::DialAnswered => {
                self.up = true;
                Meaning::Nothing
            }
            Kind::DialFailed | Kind::HangupRequest => {
                self.ending = true;
                Meaning::Nothing
            }
            Kind::StasisStart => {
                self.up = true;
                self.detecting = false;
                // A second one: back from somewhere in the dialplan.
                if std::mem::replace(&mut self.answered, true) {
                    return Meaning::Nothing;
                }
                Meaning::TellIdle(CallEvent::Answered)
            }
            Kind::Detected { status, cause } => {
                (self.up, self.answered, self.detecting) = (true, true, false);
                match detected(status) {
                    Some(answer) => Meaning::TellIdle(CallEvent::Detected { answer, reason: reason(status, cause) }),
                    None => Meaning::Nothing,
                }
            }
            Kind::Dtmf(digit) => Meaning::Tell(CallEvent::Dtmf { digit: *digit }),
            Kind::PlaybackFinished { id, failed } => {
                self.played(id);
                // A callee who hangs up makes what plays "fail": the end follows.
                if *failed && self.ending {
                    return Meaning::Nothing;
                }
                let failure = failed.then(|| UNPLAYABLE.to_owned());
                Meaning::TellIdle(CallEvent::PlaybackFinished { failure })
            }
            Kind::Destroyed { cause, sip } => Meaning::End(self.end(*cause, *sip, event.state, now)),
            // `Calls` has seen to it.
            Kind::RecordingFinished { .. } | Kind::ApplicationReplaced => Meaning::Nothing,
            Kind::Other => self.ringing(event.state),
        }
    }

    fn ringing(&mut self, state: ChannelState) -> Meaning {
        if state != ChannelState::Ringing || self.up || self.rang {
            return Meaning::Nothing;
        }
        self.rang = true;
        Meaning::Tell(CallEvent::Ringing)
    }

    fn end(&self, cause: Option<u16>, sip: Option<u16>, state: ChannelState, now: Instant) -> HungUp {
        let sip = sip.filter(|status| (300..=699).contains(status)).map(SipStatus);
        let ended = HungUp { cause: cause.map(Cause), sip, answered: self.up, ..HungUp::default() };
        if self.up || self.ending {
            return ended;
        }
        let meaningless = matches!(cause, None | Some(0));
        if self.whole && !self.dialed && !self.rang && meaningless {
            return HungUp { cause: Some(NO_CHANNEL), detail: Some(NOT_DIALED.to_owned()), ..ended };
        }
        if (meaningless || cause == Some(19)) && self.rang_out(state, now) {
            // The 480 beside it is Asterisk's own, not the far end's.
            return HungUp { sip: None, ring_timeout: true, ..ended };
        }
        ended
    }

    /// Nobody refused and nobody hung up. If all was seen, only the time-out
    /// is left; if not, time has to vouch for it.
    fn rang_out(&self, state: ChannelState, now: Instant) -> bool {
        if self.whole {
            return true;
        }
        match self.ring_timeout {
            Some(timeout) => now.duration_since(self.since) + SLACK >= timeout,
            None => self.rang || state == ChannelState::Ringing,
        }
    }
}

/// What `AMDSTATUS` means; none if the callee hung up: the end follows.
fn detected(status: &str) -> Option<Answer> {
    match status {
        "HUMAN" => Some(Answer::Human),
        "MACHINE" => Some(Answer::Machine),
        "HANGUP" => None,
        // NOTSURE, or nothing because `AMD()` failed.
        _ => Some(Answer::Unsure),
    }
}

/// `AMDCAUSE`, such as `HUMAN-800-800`. Without one the status has to do.
fn reason(status: &str, cause: &str) -> String {
    if cause.is_empty() { status.to_owned() } else { cause.to_owned() }
}

/// Why a playback fails that nobody stopped. Asterisk does not tell which.
const UNPLAYABLE: &str = "Asterisk could not play it: the file is missing, unreadable or of a format it does not know";

/// A call that ended before it was dialed.
const NOT_DIALED: &str = "Asterisk ended the call before dialing it: are its RTP ports used up?";

/// How a file is named to Asterisk: paths go without `.wav`, because Asterisk
/// looks for the best format itself and finds nothing where one is named.
pub(super) fn media_uri(file: &str) -> String {
    let is_url = ["http://", "https://"].iter().any(|scheme| file.starts_with(scheme));
    let name = if is_url { Cow::Borrowed(file) } else { Cow::Borrowed(file.strip_suffix(".wav").unwrap_or(file)) };
    format!("sound:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallId;

    struct Story {
        track: Track,
        now: Instant,
    }

    impl Story {
        fn placed() -> Self {
            let now = Instant::now();
            Self { track: Track::placed(Duration::from_secs(30), now), now }
        }

        fn found() -> Self {
            let now = Instant::now();
            Self { track: Track::found(now), now }
        }

        fn event(&mut self, kind: Kind<'_>, state: ChannelState) -> Meaning {
            self.track.on_event(&Event { call: Some(CallId::new()), part: None, state, kind }, self.now)
        }

        fn destroyed(&mut self, cause: u16, sip: Option<u16>, state: ChannelState) -> HungUp {
            match self.event(Kind::Destroyed { cause: Some(cause), sip }, state) {
                Meaning::End(end) => end,
                other => panic!("ends, but {other:?}"),
            }
        }
    }

    use ChannelState::{Other, Ringing, Up};

    #[test]
    fn ringing_and_answer_are_told_once_in_any_order() {
        let mut story = Story::placed();
        assert_eq!(story.event(Kind::DialBegan, Other), Meaning::Nothing);
        assert_eq!(story.event(Kind::DialRinging, Other), Meaning::Tell(CallEvent::Ringing));
        assert_eq!(story.event(Kind::Other, Ringing), Meaning::Nothing);
        assert_eq!(story.event(Kind::Other, Up), Meaning::Nothing, "not ready for commands yet");
        assert_eq!(story.event(Kind::DialAnswered, Up), Meaning::Nothing);
        assert_eq!(story.event(Kind::StasisStart, Up), Meaning::TellIdle(CallEvent::Answered));
        assert_eq!(story.event(Kind::StasisStart, Up), Meaning::Nothing);
        assert_eq!(story.event(Kind::DialRinging, Ringing), Meaning::Nothing, "too late");
        assert!(story.destroyed(0, None, Up).answered);
    }

    #[test]
    fn a_time_out_is_told_from_a_refusal_with_the_same_cause() {
        let mut refused = Story::placed();
        refused.event(Kind::DialBegan, Other);
        refused.event(Kind::HangupRequest, Other);
        let end = refused.destroyed(19, Some(480), Other);
        assert_eq!((end.ring_timeout, end.sip), (false, Some(SipStatus(480))));

        for cause in [19, 0] {
            let mut rang_out = Story::placed();
            rang_out.event(Kind::DialBegan, Other);
            let end = rang_out.destroyed(cause, Some(480), Other);
            assert_eq!((end.ring_timeout, end.sip, end.answered), (true, None, false), "cause {cause}");
        }
    }

    #[test]
    fn a_call_that_was_never_dialed_is_our_own_congestion() {
        let end = Story::placed().destroyed(0, None, Other);
        assert_eq!((end.cause, end.ring_timeout), (Some(NO_CHANNEL), false));
        assert!(end.detail.is_some());
        let end = Story::found().destroyed(0, None, Other);
        assert_eq!((end.cause, end.detail), (Some(Cause(0)), None), "its beginning was not seen");
    }

    #[test]
    fn after_a_gap_time_vouches_for_a_time_out() {
        for (waited, ring_timeout) in [(10, false), (30, true)] {
            let mut story = Story::placed();
            story.event(Kind::DialRinging, Ringing);
            story.track.missed_events();
            story.now += Duration::from_secs(waited);
            assert_eq!(story.destroyed(19, Some(480), Ringing).ring_timeout, ring_timeout, "after {waited} s");
        }
        assert!(Story::found().destroyed(0, None, Ringing).ring_timeout);
        assert!(!Story::found().destroyed(0, None, Other).ring_timeout);
    }

    #[test]
    fn an_answer_seen_anywhere_counts() {
        assert!(Story::found().destroyed(0, None, Up).answered);
        let mut story = Story::placed();
        story.event(Kind::DialAnswered, Other);
        let end = story.destroyed(31, Some(480), Other);
        assert!(end.answered && !end.ring_timeout);
    }

    #[test]
    fn a_playback_cut_by_a_hang_up_has_not_failed() {
        let failed = || Kind::PlaybackFinished { id: "p".into(), failed: true };
        let mut story = Story::placed();
        story.event(Kind::StasisStart, Up);
        story.track.plays("p".into());
        assert!(!story.track.is_idle());
        let Meaning::TellIdle(CallEvent::PlaybackFinished { failure: Some(_) }) = story.event(failed(), Other) else {
            panic!("told");
        };
        assert!(story.track.is_idle());
        story.event(Kind::HangupRequest, Up);
        assert_eq!(story.event(failed(), Other), Meaning::Nothing);
        assert!(!story.track.is_idle());
    }

    #[test]
    fn the_dialplan_gives_a_call_back_with_who_answered() {
        for (status, cause, want) in [
            ("HUMAN", "HUMAN-800-800", Some((Answer::Human, "HUMAN-800-800"))),
            ("MACHINE", "MAXWORDS-4-3", Some((Answer::Machine, "MAXWORDS-4-3"))),
            ("NOTSURE", "TOOLONG-4900", Some((Answer::Unsure, "TOOLONG-4900"))),
            ("", "", Some((Answer::Unsure, ""))),
            ("HANGUP", "", None),
        ] {
            let mut story = Story::placed();
            story.event(Kind::StasisStart, Up);
            story.track.detects(true);
            assert!(!story.track.is_idle(), "commands are not taken");
            let back = story.event(Kind::Detected { status: status.into(), cause: cause.into() }, Up);
            let want = want.map_or(Meaning::Nothing, |(answer, reason)| {
                Meaning::TellIdle(CallEvent::Detected { answer, reason: reason.into() })
            });
            assert_eq!(back, want, "{status}");
            assert!(story.track.is_idle());
        }
    }

    #[test]
    fn only_sip_failures_are_sip_statuses() {
        for (sip, want) in [(486, Some(SipStatus(486))), (200, None), (0, None), (700, None)] {
            let mut story = Story::placed();
            story.event(Kind::HangupRequest, Other);
            assert_eq!(story.destroyed(17, Some(sip), Other).sip, want);
        }
    }

    #[test]
    fn media_goes_without_its_extension() {
        assert_eq!(media_uri("/var/lib/canvass/a.b.wav"), "sound:/var/lib/canvass/a.b");
        assert_eq!(media_uri("/var/lib/canvass/a"), "sound:/var/lib/canvass/a");
        assert_eq!(media_uri("http://10.0.0.1/media/x.wav?s=1"), "sound:http://10.0.0.1/media/x.wav?s=1");
        assert_eq!(media_uri("https://10.0.0.1/media/x.wav"), "sound:https://10.0.0.1/media/x.wav");
    }
}
