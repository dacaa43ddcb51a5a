//! `uuid_record`: a WAV file of what the callee said meanwhile.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::super::encode::line;
use super::super::event::EventKind;
use super::schedule::Due;
use super::{Channel, Phase, State};
use crate::audio::frame::{FRAME_MS, SAMPLE_RATE};
use crate::switch::simulator::Speech;

/// What FreeSWITCH takes for silence: a mean absolute sample below this.
const SILENCE: f32 = 200.0;

/// The longest recording that is written in full: an hour.
const MOST_FRAMES: u32 = 3_600_000 / FRAME_MS;

/// A recording under way.
#[derive(Debug)]
pub(super) struct Recording {
    path: String,
    /// What the callee says from its beginning on.
    speech: Speech,
    since: Instant,
}

impl Channel {
    /// Starts a recording; `false` if the channel has no audio or the file
    /// cannot be made. The words are a path, a limit in seconds, and variables.
    pub(in crate::switch::simulator::freeswitch) fn record(&self, words: &[String]) -> bool {
        let state = &mut *self.lock();
        let path = words.first().map_or("", String::as_str);
        if state.phase != Phase::Up || create(Path::new(path)).is_err() {
            return false;
        }
        if state.recordings.iter().any(|known| known.path == path) {
            return true;
        }
        let variables = words.get(2).map_or("", String::as_str).trim_matches(['{', '}']);
        let variable = |name: &str| variables.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let milliseconds = |name| variable(name).and_then(|text| text.parse().ok()).map(Duration::from_millis);
        let Some(speech) = self.speech_to_record(state, variable("RECORD_READ_ONLY") == Some("true")) else {
            return false;
        };
        let limit = words.get(1).and_then(|text| text.parse().ok()).filter(|limit| *limit > 0).map(Duration::from_secs);
        let silent = quiet_after(
            speech.clone(),
            milliseconds("RECORD_INITIAL_TIMEOUT_MS"),
            milliseconds("RECORD_FINAL_TIMEOUT_MS"),
        );
        let limit = limit.map(|limit| (limit, "success-maxtime"));
        let since = Instant::now();
        if let Some((after, cause)) = [limit, silent].into_iter().flatten().min_by_key(|(after, _)| *after) {
            state.schedule.add(since + self.core.scaled(after), Due::RecordEnd(path.to_owned(), cause));
        }
        state.recordings.push(Recording { path: path.to_owned(), speech, since });
        self.tell_recording(state, EventKind::RecordStart, path, None);
        self.wake.notify_one();
        true
    }

    /// Stops a recording, or `all`; `false` if there is nothing to stop.
    pub(in crate::switch::simulator::freeswitch) fn stop_recording(&self, path: &str) -> bool {
        let state = &mut *self.lock();
        if path == "all" {
            let any = !state.recordings.is_empty();
            self.end_all_recordings(state);
            return any;
        }
        self.end_recording(state, path, "success-maxtime")
    }

    /// A recording is over; `false` if there is none.
    pub(super) fn end_recording(&self, state: &mut State, path: &str, cause: &str) -> bool {
        let Some(place) = state.recordings.iter().position(|known| known.path == path) else { return false };
        let Recording { path, speech, since } = state.recordings.remove(place);
        state.schedule.cancel_all(|due| matches!(due, Due::RecordEnd(ending, _) if *ending == path));
        let frames = self.core.simulated(Some(since)).as_millis() / u128::from(FRAME_MS);
        let frames = u32::try_from(frames).unwrap_or(MOST_FRAMES).min(MOST_FRAMES);
        let cause = match frames {
            0 => {
                // As the real one does; that there is none is what was wanted.
                let _ = std::fs::remove_file(&path);
                "empty-file"
            }
            _ if save(Path::new(&path), speech, frames).is_err() => "uri-failure",
            _ => cause,
        };
        self.tell_recording(state, EventKind::RecordStop, &path, Some(cause));
        true
    }

    /// Every recording is over: the call is.
    pub(super) fn end_all_recordings(&self, state: &mut State) {
        while let Some(path) = state.recordings.first().map(|known| known.path.clone()) {
            self.end_recording(state, &path, "success-silence");
        }
    }

    /// A person who is asked to speak does; else it is what the callee says now.
    fn speech_to_record(&self, state: &mut State, reply: bool) -> Option<Speech> {
        let answer = state.answer()?;
        if reply && !answer.machine {
            let speech = answer.reply(state.replies);
            state.replies += 1;
            return Some(speech);
        }
        state.speech_from(self.core.simulated(state.answered))
    }

    fn tell_recording(&self, state: &State, kind: EventKind, path: &str, cause: Option<&str>) {
        self.core.hub.publish(kind, |out| {
            state.full_lines(out);
            line(out, "Record-File-Path", path);
            if let Some(cause) = cause {
                line(out, "Record-Completion-Cause", cause);
            }
        });
    }
}

/// When a silence ends a recording, and what is then said of it; none if no
/// silence does. Before the first word the first time-out counts.
fn quiet_after(
    mut speech: Speech,
    initial: Option<Duration>,
    last: Option<Duration>,
) -> Option<(Duration, &'static str)> {
    let frame = Duration::from_millis(FRAME_MS.into());
    let (mut spoken, mut quiet) = (false, Duration::ZERO);
    for n in 1..=MOST_FRAMES {
        if speech.frame().amplitude() >= SILENCE {
            (spoken, quiet) = (true, Duration::ZERO);
        } else {
            quiet += frame;
        }
        let (limit, cause) = if spoken { (last, "success-silence") } else { (initial, "no-input-timeout") };
        if quiet >= limit? {
            return Some((frame * n, cause));
        }
    }
    None
}

/// Makes the file and its folder.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create(path).map(|_| ())
}

fn save(path: &Path, mut speech: Speech, frames: u32) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for _ in 0..frames {
        for sample in speech.frame().samples() {
            file.write_sample(*sample)?;
        }
    }
    file.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_ends_a_recording_after_the_last_word_or_before_the_first() {
        let (short, long) = (Some(Duration::from_millis(100)), Some(Duration::from_secs(2)));
        assert_eq!(quiet_after(Speech::person(1), short, long), Some((Duration::from_millis(100), "no-input-timeout")));
        let (after, cause) = quiet_after(Speech::person(1), long, long).expect("an end");
        assert_eq!(cause, "success-silence");
        assert!((2_500..4_000).contains(&after.as_millis()), "{after:?}");
        assert_eq!(quiet_after(Speech::person(1), None, long), None);
    }

    #[test]
    fn what_is_saved_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/a.wav");
        create(&path).expect("made");
        save(&path, Speech::person(1), 50).expect("saved");
        let file = hound::WavReader::open(&path).expect("a WAV file");
        assert_eq!((file.spec().sample_rate, file.duration()), (8_000, 8_000));
        assert!(create(Path::new("/dev/null/a.wav")).is_err());
    }
}
