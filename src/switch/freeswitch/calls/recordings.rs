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
