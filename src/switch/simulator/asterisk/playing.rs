//! What plays on a simulated call: sounds one after the other.

use std::time::Duration;

use tokio::time::Instant;

use super::life::Line;
use super::wire::{Event, Playback};
use crate::switch::simulator::Record;

/// A playback that was asked for.
pub(super) struct Queued {
    id: String,
    media: Vec<String>,
}

/// What plays now.
pub(super) struct Playing {
    at: usize,
    pub(super) until: Instant,
    /// Whether the beep of the machine that hears it was over when it began;
    /// none for a person.
    after_beep: Option<bool>,
}

impl Line {
    pub(super) async fn play(&mut self, id: String, media: Vec<String>) {
        self.queue.push_back(Queued { id, media });
        self.play_next().await;
    }

    /// Plays what waits. A recording holds it back.
    pub(super) async fn play_next(&mut self) {
        if self.playing.is_none() && self.recording.is_none() {
            self.start(0, "PlaybackStarted").await;
        }
    }

    /// Plays the first of the queue from its `at`-th sound; what cannot be
    /// played is skipped, unless it is the last: then all "failed".
    async fn start(&mut self, mut at: usize, mut event: &str) {
        loop {
            let Some(queued) = self.queue.front() else {
                self.playing = None;
                return;
            };
            if event == "PlaybackContinuing" {
                self.send_playback(queued, at.saturating_sub(1), "continuing");
            }
            self.send_playback(queued, at, "playing");
            let uri = queued.media.get(at).map_or("", String::as_str);
            if let Some(length) = self.world.sounds().length(uri).await {
                let until = Instant::now() + self.world.callees().mix().scaled(length);
                self.playing = Some(Playing { at, until, after_beep: self.is_after_beep() });
                // It is listened to first.
                self.key = self.key.filter(|_| !self.presses_after_prompts());
                return;
            }
            if at + 1 < queued.media.len() {
                (at, event) = (at + 1, "PlaybackContinuing");
            } else {
                self.finish_first("failed");
                (at, event) = (0, "PlaybackStarted");
            }
        }
    }

    pub(super) async fn next_sound(&mut self) {
        let Some(playing) = self.playing.take() else { return };
        let at = playing.at;
        self.heard(&playing, true);
        if self.queue.front().is_some_and(|queued| at + 1 < queued.media.len()) {
            self.start(at + 1, "PlaybackContinuing").await;
        } else {
            self.finish_first("done");
            self.start(0, "PlaybackStarted").await;
        }
    }

    pub(super) async fn stop_playback(&mut self, id: &str) {
        if self.queue.front().is_some_and(|queued| queued.id == id) {
            if let Some(playing) = self.playing.take() {
                self.heard(&playing, false);
            }
            self.finish_first("done");
            self.start(0, "PlaybackStarted").await;
        } else if let Some(at) = self.queue.iter().position(|queued| queued.id == id)
            && let Some(queued) = self.queue.remove(at)
        {
            self.world.end_playback(id);
            self.send_playback(&queued, 0, "done");
        }
    }

    fn finish_first(&mut self, state: &'static str) {
        if let Some(queued) = self.queue.pop_front() {
            self.world.end_playback(&queued.id);
            self.send_playback(&queued, queued.media.len().saturating_sub(1), state);
        }
    }

    pub(super) fn cut_playbacks(&mut self) {
        if let Some(playing) = self.playing.take() {
            self.heard(&playing, false);
        }
        while !self.queue.is_empty() {
            self.finish_first("failed");
        }
    }

    fn send_playback(&self, queued: &Queued, at: usize, state: &'static str) {
        let target_uri = format!("channel:{}", self.call.id());
        let uri = |at: usize| queued.media.get(at).map(String::as_str);
        let playback = Playback {
            id: &queued.id,
            media_uri: uri(at).unwrap_or_default(),
            next_media_uri: uri(at + 1).filter(|_| state == "playing" || state == "continuing"),
            target_uri: &target_uri,
            language: "en",
            state,
        };
        self.send(&match state {
            "playing" => Event::PlaybackStarted { playback },
            "continuing" => Event::PlaybackContinuing { playback },
            _ => Event::PlaybackFinished { playback },
        });
    }

    /// A sound has ended, by itself or not: a machine has kept it, a person may
    /// press a key.
    fn heard(&mut self, playing: &Playing, complete: bool) {
        let media = self.queue.front().and_then(|queued| queued.media.get(playing.at));
        let file = media.map_or("", |uri| uri.strip_prefix("sound:").unwrap_or(uri)).to_owned();
        if let Some(after_beep) = playing.after_beep {
            let call = self.call.id().to_owned();
            self.world.journal().note(Record::Message { call, file, after_beep, complete });
        }
        let nth = self.prompts;
        self.prompts += 1;
        let key = self.call.answered().and_then(|(_, answer)| answer.key_after_prompt(nth));
        if let Some((after, key)) = key {
            self.key = Some((Instant::now() + after, key));
        }
    }

    /// Whether keys are pressed after sounds, not after the answer.
    fn presses_after_prompts(&self) -> bool {
        self.call.answered().is_some_and(|(_, answer)| answer.key.is_none())
    }

    fn is_after_beep(&self) -> Option<bool> {
        let (since_answer, answer) = self.call.answered()?;
        let ends: Duration = answer.speech().beep_ends()?;
        Some(since_answer >= self.world.callees().mix().scaled(ends))
    }
}
