//! Playing files, one over the other if need be.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::super::encode::line;
use super::super::event::EventKind;
use super::schedule::Due;
use super::{App, Channel, State};
use crate::switch::simulator::play_length;

/// How long a file takes that is somewhere this simulator does not look.
const ELSEWHERE: Duration = Duration::from_secs(3);

/// A file that plays, or waits for one that was started over it.
#[derive(Debug)]
pub(super) struct Play {
    app: App,
    /// What is left of it, from when it last went on.
    left: Duration,
    since: Instant,
    whole: Duration,
    /// It began when the beep of a machine was over; none if a person listens.
    after_beep: Option<bool>,
}

impl Channel {
    pub(super) fn start_play(&self, state: &mut State, app: App) {
        let Some(length) = length(&app.argument) else {
            state.variables.set("current_application_response", "FILE NOT FOUND");
            self.complete(state, "playback", &app.argument, "FILE NOT FOUND", &app.id);
            return;
        };
        let now = Instant::now();
        if let Some(below) = state.plays.last_mut() {
            below.left = below.left.saturating_sub(now - below.since);
        }
        state.schedule.cancel(&Due::PlayEnd);
        state.schedule.cancel_all(|due| matches!(due, Due::PromptKey(_)));
        state.audio_lost |= state.unicast.take().is_some();
        self.core.hub.publish(EventKind::PlaybackStart, |out| {
            state.full_lines(out);
            file_lines(out, &app.argument);
        });
        let left = self.core.scaled(length);
        state.schedule.add(now + left, Due::PlayEnd);
        let after_beep = state.is_after_beep(self.core.simulated(state.answered));
        state.plays.push(Play { app, left, since: now, whole: length, after_beep });
    }

    /// The innermost file is through; the one below goes on.
    pub(super) fn play_ends(&self, state: &mut State) {
        self.stop_innermost(state, "done");
        self.go_on(state);
    }

    /// Stops the innermost file, or all.
    pub(super) fn break_plays(&self, state: &mut State, all: bool) {
        state.schedule.cancel(&Due::PlayEnd);
        while self.stop_innermost(state, "break") && all {}
        self.go_on(state);
    }

    /// Stops all that plays or rests, and nothing goes on.
    pub(super) fn abandon(&self, state: &mut State, status: &str) {
        state.schedule.cancel(&Due::PlayEnd);
        state.schedule.cancel(&Due::Rested);
        while self.stop_innermost(state, status) {}
        if let Some(app) = state.rest.take() {
            self.complete(state, &app.name, &app.argument, "_none_", &app.id);
        }
    }

    fn go_on(&self, state: &mut State) {
        let now = Instant::now();
        if let Some(below) = state.plays.last_mut() {
            below.since = now;
            let at = now + below.left;
            state.schedule.add(at, Due::PlayEnd);
        } else {
            self.next_app(state);
        }
    }

    fn stop_innermost(&self, state: &mut State, status: &str) -> bool {
        let Some(play) = state.plays.pop() else { return false };
        self.heard(state, &play.app.argument, play.after_beep, status == "done");
        let ms = play.whole.as_millis();
        for (name, value) in [
            ("playback_last_offset_pos", (ms * 8).to_string()),
            ("playback_seconds", (ms / 1_000).to_string()),
            ("playback_ms", ms.to_string()),
            ("playback_samples", (ms * 8).to_string()),
        ] {
            state.variables.set(name, &value);
        }
        self.core.hub.publish(EventKind::PlaybackStop, |out| {
            state.full_lines(out);
            file_lines(out, &play.app.argument);
            line(out, "Playback-Status", status);
        });
        state.variables.set("current_application_response", "FILE PLAYED");
        self.complete(state, "playback", &play.app.argument, "FILE PLAYED", &play.app.id);
        true
    }
}

fn file_lines(out: &mut Vec<u8>, path: &str) {
    if let Some((kind, _)) = path.split_once("://") {
        line(out, "Playback-File-Type", kind);
    }
    line(out, "Playback-File-Path", path);
}

/// How long a file plays, unscaled; none if there is no such file, or no
/// module of a stock FreeSWITCH could open it.
fn length(path: &str) -> Option<Duration> {
    match path.strip_prefix("file_string://") {
        Some(list) => list.split('!').map(length_of_one).sum(),
        None => length_of_one(path),
    }
}

fn length_of_one(path: &str) -> Option<Duration> {
    match path.split_once("://") {
        None => play_length(Path::new(path)),
        Some(("silence_stream", ms)) => {
            let ms = ms.split(',').next()?.parse::<u32>().ok()?;
            Some(Duration::from_millis(ms.into()))
        }
        Some(("tone_stream" | "http_cache" | "https_cache" | "shout", _)) => Some(ELSEWHERE),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_by_kind_of_file() {
        assert_eq!(length("silence_stream://1500,1400"), Some(Duration::from_millis(1_500)));
        assert_eq!(length("http_cache://http://h/a.wav"), Some(ELSEWHERE));
        assert_eq!(length("file_string://silence_stream://100!silence_stream://200"), Some(Duration::from_millis(300)));
        assert_eq!((length("/nonexistent.wav"), length("http://h/a.wav"), length("")), (None, None, None));
    }
}
