//! What is being recorded of a call.

use std::time::Duration;

use tokio::time::Instant;

use super::{Calls, Effect, Event, Track, id_of};
use crate::call::CallId;
use crate::switch::CallEvent;

/// A recording that was stopped is believed to have ended after so long, though
/// nothing was heard of it.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// A recording from its command to the news of its end.
#[derive(Debug)]
pub(super) struct Recorded {
    name: String,
    /// As the switch was told.
    file: String,
    /// A key of the callee ends it.
    until_key: bool,
    /// Since when it is to stop.
    stopping: Option<Instant>,
}

impl Calls {
    /// A recording is about to be started; `false` if the call is over.
    pub(in super::super) fn start_recording(&mut self, call: CallId, name: &str, file: &str, until_key: bool) -> bool {
        let recorded = Recorded { name: name.to_owned(), file: file.to_owned(), until_key, stopping: None };
        self.tracks.get_mut(&call).map(|track| track.recordings.push(recorded)).is_some()
    }

    /// A recording was refused.
    pub(in super::super) fn cancel_recording(&mut self, call: CallId, name: &str) {
        if let Some(track) = self.tracks.get_mut(&call) {
            track.recordings.retain(|known| known.name != name);
        }
    }

    /// A recording is about to be stopped; `false` if its end was told.
    pub(in super::super) fn stop_recording(&mut self, call: CallId, name: &str, now: Instant) -> bool {
        let track = self.tracks.get_mut(&call);
        let recorded = track.and_then(|track| track.recordings.iter_mut().find(|known| known.name == name));
        recorded.map(|known| known.stopping.get_or_insert(now)).is_some()
    }

    pub(super) fn on_recorded(&mut self, event: &Event) -> Vec<Effect> {
        let track = id_of(event, "Unique-ID").and_then(|call| Some((call, self.tracks.get_mut(&call)?)));
        let (Some((call, track)), Some(file)) = (track, event.get("Record-File-Path")) else { return Vec::new() };
        let Some(place) = track.recordings.iter().position(|known| known.file == file) else { return Vec::new() };
        let Recorded { name, .. } = track.recordings.swap_remove(place);
        let cause = event.get("Record-Completion-Cause").unwrap_or_default();
        let failure = match &*cause {
            "uri-failure" => Some("the file could not be written: is the disk full?".to_owned()),
            "empty-file" => Some("nothing was recorded".to_owned()),
            // "success-silence", "success-maxtime", "no-input-timeout"
            _ => None,
        };
        vec![Effect::Deliver(call, CallEvent::RecordingFinished { name, failure })]
    }

    /// A key ends what the callee is asked to say.
    pub(super) fn end_speech_by_key(&mut self, event: &Event) -> Vec<Effect> {
        let track = id_of(event, "Unique-ID").and_then(|call| Some((call, self.tracks.get_mut(&call)?)));
        let Some((call, track)) = track else { return Vec::new() };
        let by_key = track.recordings.iter_mut().filter(|known| known.until_key && known.stopping.is_none());
        by_key
            .map(|known| {
                known.stopping = Some(Instant::now());
                Effect::StopRecording(call, known.file.clone())
            })
            .collect()
    }
}

impl Track {
    /// Recordings whose end must have been missed.
    pub(super) fn overdue_recordings(&mut self, now: Instant) -> impl Iterator<Item = CallEvent> {
        self.recordings
            .extract_if(.., move |known| known.stopping.is_some_and(|since| now >= since + STOP_GRACE))
            .map(|known| CallEvent::RecordingFinished { name: known.name, failure: None })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{all, calls, of};
    use super::*;

    const FILE: &str = "/var/rec/a b.wav";

    fn recording(until_key: bool) -> (Calls, CallId) {
        let (mut calls, call) = (calls(), CallId::new());
        calls.attach(call);
        assert!(calls.start_recording(call, "a", FILE, until_key));
        (calls, call)
    }

    fn stop(call: CallId, file: &str, cause: &str) -> Event {
        of(call, "RECORD_STOP", &format!("Record-File-Path: {file}\nRecord-Completion-Cause: {cause}"))
    }

    fn finished(call: CallId, failure: Option<&str>) -> Vec<Effect> {
        let failure = failure.map(str::to_owned);
        vec![Effect::Deliver(call, CallEvent::RecordingFinished { name: "a".into(), failure })]
    }

    #[test]
    fn an_end_is_told_once_by_name_and_others_are_not_ours() {
        let (mut calls, call) = recording(false);
        let now = Instant::now();
        assert_eq!(calls.on_event(&stop(call, "/var/rec/other.wav", "success-maxtime"), now), []);
        let ours = stop(call, "/var/rec/a%20b.wav", "success-silence");
        assert_eq!(calls.on_event(&ours, now), finished(call, None));
        assert_eq!(calls.on_event(&ours, now), []);
        assert!(!calls.stop_recording(call, "a", now));
    }

    #[test]
    fn a_full_disk_and_an_empty_file_are_failures() {
        for (cause, words) in [
            ("uri-failure", Some("the file could not be written: is the disk full?")),
            ("empty-file", Some("nothing was recorded")),
            ("no-input-timeout", None),
            ("", None),
        ] {
            let (mut calls, call) = recording(false);
            let ended = stop(call, "/var/rec/a%20b.wav", cause);
            assert_eq!(calls.on_event(&ended, Instant::now()), finished(call, words), "{cause}");
        }
    }

    #[test]
    fn a_key_stops_what_waits_for_one() {
        let key = |call| of(call, "DTMF", "DTMF-Digit: 5");
        let now = Instant::now();
        let (mut calls, call) = recording(true);
        let pressed = Effect::Deliver(call, CallEvent::Dtmf { digit: '5' });
        let effects = calls.on_event(&key(call), now);
        assert_eq!(effects, [pressed.clone(), Effect::StopRecording(call, FILE.into())]);
        assert_eq!(calls.on_event(&key(call), now), [pressed], "once");
        let (mut calls, call) = recording(false);
        assert_eq!(calls.on_event(&key(call), now).len(), 1, "a call is recorded on");
    }

    #[test]
    fn an_end_that_was_missed_is_believed_after_a_while() {
        let (mut calls, call) = recording(false);
        let now = Instant::now();
        assert_eq!(calls.on_tick(now + STOP_GRACE * 9, all), []);
        assert!(calls.stop_recording(call, "a", now));
        assert_eq!(calls.on_tick(now + STOP_GRACE, all), finished(call, None));
        assert_eq!(calls.on_event(&stop(call, "/var/rec/a%20b.wav", ""), now), [], "told already");
    }
}
