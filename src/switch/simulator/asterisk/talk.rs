//! An answered simulated call: what its callee does, and what requests do with
//! it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::call::{Command, Stage};
use super::life::{End, Line, until_or_never};
use super::recordings::until_silence;
use super::wire::{self, Event};
use crate::switch::simulator::{Answer, Record};

/// A recording of what the callee says.
pub(super) struct Recording {
    name: String,
    since: Instant,
    until: Instant,
    any_key_ends: bool,
}

/// `AMD()` is sure of a person after this much simulated time …
const KNOWS_PERSON: Duration = Duration::from_millis(2_300);
/// … and of a machine after this.
const KNOWS_MACHINE: Duration = Duration::from_millis(3_000);
/// `WaitForSilence` after the beep.
const SILENCE_AFTER_BEEP: Duration = Duration::from_millis(1_500);

/// A context that runs `AMD()`, and when it is done.
struct Detection {
    done: Instant,
    result: (&'static str, &'static str),
}

impl Line {
    pub(super) async fn answer(&mut self, answer: &Answer) -> End {
        let journal = self.world.journal();
        journal.note(Record::Answer { call: self.call.id().to_owned() });
        self.call.answer(answer);
        self.call.enter(Stage::Up);
        self.send(&Event::ChannelStateChange { channel: self.call.channel() });
        self.send_dial("ANSWER");
        if !self.world.is_heard(self.call.app()) {
            // Nobody drives it: Asterisk drops it.
            return End::after_answer(16);
        }
        self.call.enter(Stage::Stasis);
        let args = self.call.placed().app_args.as_deref().map_or_else(Vec::new, |args| args.split(',').collect());
        self.send(&Event::StasisStart { args, channel: self.call.channel() });
        let end = self.talk(answer).await;
        self.leave_stasis();
        end
    }

    /// What goes on in the application ends.
    fn leave_stasis(&mut self) {
        if !self.call.is_in_stasis() {
            return;
        }
        self.cut_playbacks();
        self.finish_recording();
        self.send(&Event::StasisEnd { channel: self.call.channel() });
        self.call.enter(Stage::Up);
    }

    async fn talk(&mut self, answer: &Answer) -> End {
        let answered = Instant::now();
        let hangs_up = answered + answer.talk;
        self.key = answer.key.map(|(after, key)| (answered + after, key));
        let mut cut_off = self.call.placed().absolute.and_then(|after| self.after(after));
        let mut detection: Option<Detection> = None;
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Hangup) => {
                        self.send_hangup_by_us();
                        return End::after_answer(16);
                    }
                    Some(Command::Play { id, media }) => self.play(id, media).await,
                    Some(Command::StopPlayback { id }) => self.stop_playback(&id).await,
                    Some(Command::Record { name, max, silence, any_key_ends }) => {
                        self.record(name, max, silence, any_key_ends);
                    }
                    Some(Command::StopRecording { name }) => self.stop_recording(&name).await,
                    Some(Command::Continue { context }) => {
                        self.leave_stasis();
                        if !self.world.has_context(&context) {
                            return End::after_answer(0);
                        }
                        detection = Some(self.detect(answer));
                    }
                    Some(Command::EndAfter(time)) => {
                        cut_off = Instant::now().checked_add(self.world.callees().mix().scaled(time));
                    }
                    None => {}
                },
                () = until_or_never(self.playing.as_ref().map(|playing| playing.until)) => self.next_sound().await,
                () = until_or_never(self.recording.as_ref().map(|recording| recording.until)) => {
                    self.finish_recording();
                    self.play_next().await;
                }
                () = until_or_never(self.key.map(|(at, _)| at)) => self.press().await,
                () = until_or_never(detection.as_ref().map(|detection| detection.done)) => {
                    let result = detection.take().map(|detection| detection.result);
                    if !result.is_some_and(|result| self.come_back(result)) {
                        return End::after_answer(16);
                    }
                }
                () = sleep_until(hangs_up) => {
                    let channel = self.call.channel();
                    self.send(&Event::ChannelHangupRequest { cause: 16, tech_cause: None, soft: None, channel });
                    return End::after_answer(16);
                }
                () = until_or_never(cut_off) => return End::after_answer(0),
            }
        }
    }

    async fn press(&mut self) {
        let Some((_, key)) = self.key.take() else { return };
        self.world.journal().note(Record::Key { call: self.call.id().to_owned(), key });
        let digit = key.to_string();
        let channel = self.call.channel();
        self.send(&Event::ChannelDtmfReceived { digit: &digit, duration_ms: 120, channel });
        if self.recording.as_ref().is_some_and(|recording| recording.any_key_ends) {
            self.finish_recording();
            self.play_next().await;
        }
    }

    fn record(&mut self, name: String, max: Option<Duration>, silence: Option<Duration>, any_key_ends: bool) {
        let Some(super::recordings::Recording::Live { speech, .. }) = self.world.recordings().get(&name) else {
            return;
        };
        let lasts = self.world.callees().mix().scaled(until_silence(*speech, max, silence));
        let since = Instant::now();
        self.send_recording(&name, "recording", None);
        self.recording = Some(Recording { name, since, until: since + lasts, any_key_ends });
    }

    async fn stop_recording(&mut self, name: &str) {
        if self.recording.as_ref().is_some_and(|recording| recording.name == name) {
            self.finish_recording();
            self.play_next().await;
        }
    }

    fn finish_recording(&mut self) {
        let Some(Recording { name, since, until, .. }) = self.recording.take() else { return };
        let length = until.min(Instant::now()).duration_since(since).mul_f64(self.world.callees().mix().speed);
        if self.world.recordings().finish(&name, length) {
            self.send_recording(&name, "done", Some(length.as_secs()));
        }
    }

    fn send_recording(&self, name: &str, state: &'static str, duration: Option<u64>) {
        let target_uri = format!("channel:{}", self.call.id());
        let recording = wire::Recording { name, format: "wav", state, target_uri: &target_uri, duration };
        self.send(&match duration {
            None => Event::RecordingStarted { recording },
            Some(_) => Event::RecordingFinished { recording },
        });
    }

    /// What `dialplan/asterisk` does: `AMD()`, and for a machine the wait for
    /// its silence if that is asked for.
    fn detect(&self, answer: &Answer) -> Detection {
        let mix = self.world.callees().mix();
        let result = if answer.machine { ("MACHINE", "MAXWORDS-4-3") } else { ("HUMAN", "HUMAN-808-800") };
        let mut lasts = mix.scaled(if answer.machine { KNOWS_MACHINE } else { KNOWS_PERSON });
        if self.call.variable("CANVASS_AMD_WAIT").as_deref() == Some("1")
            && let Some(beep_ends) = answer.speech().beep_ends()
            && let Some((since_answer, _)) = self.call.answered()
        {
            lasts = lasts.max(mix.scaled(beep_ends + SILENCE_AFTER_BEEP).saturating_sub(since_answer));
        }
        Detection { done: Instant::now() + lasts, result }
    }

    /// The dialplan calls `Stasis()` again; `false` if nobody is there.
    fn come_back(&mut self, (status, cause): (&'static str, &'static str)) -> bool {
        let app = self.call.variable("CANVASS_APP").unwrap_or_default();
        if app != self.call.app() || !self.world.is_heard(&app) {
            return false;
        }
        self.call.enter(Stage::Stasis);
        self.send(&Event::StasisStart { args: vec!["amd", status, cause], channel: self.call.channel() });
        true
    }
}
