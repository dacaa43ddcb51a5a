//! What a call's machine says is done on its switch.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::SECOND_LOOK;
use super::live::{Live, answered};
use crate::call::{Action, CallId, Given, Report};
use crate::live::Happened;
use crate::store::{CallAnswer, DoNotCall, dnc};
use crate::switch::{CallEvent, CommandError, HungUp, Recording, Take, Transfer, TransferEvent};

/// A channel that was hung up has ended by then, or its end was missed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

impl Live<'_> {
    /// Does what the machine says; gives the report once the call is settled.
    pub(super) async fn perform(&mut self, actions: Vec<Action>) -> Option<Report> {
        let mut todo: VecDeque<Action> = actions.into();
        while let Some(action) = todo.pop_front() {
            match action {
                Action::Settle(report) => {
                    if let Some(recording) = &report.facts.talk.recording {
                        self.context.recordings.fetch(&self.line.switch, recording.clone());
                    }
                    return Some(*report);
                }
                Action::NoteAnswer(at) => {
                    self.context.stats.on_answer();
                    self.context.ledger.answered(self.call, at);
                    self.tell(Happened::CallAnswered { call: self.call, contact: self.job.claimed.target });
                }
                Action::Play(file) => {
                    match answered(self.line.switch.play(self.call, &file)).await {
                        // No such channel: its end is on its way.
                        Ok(()) | Err(CommandError::NoSuchChannel) => {}
                        // Nobody heard it: what would follow must not be
                        // taken for an answer to it.
                        Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                            let failure = Some(error.to_string());
                            self.sounds.on_played(failure.as_deref());
                            let failed = CallEvent::PlaybackFinished { failure };
                            todo.extend(self.machine.on_event(self.clock.now(), failed));
                        }
                    }
                }
                Action::StopPlayback => {
                    if let Err(error) = answered(self.line.switch.stop_playback(self.call)).await {
                        // It ended by itself: that is told already, and waits
                        // behind the event this follows from.
                        tracing::debug!(call = %self.call, %error, "nothing to stop");
                    }
                }
                Action::Detect => todo.extend(self.detect().await),
                Action::StopDetecting => self.stop_detecting().await,
                Action::Record { name, take } => {
                    let recording = self.recording(name, take);
                    match answered(self.line.switch.record(self.call, &recording)).await {
                        Ok(()) | Err(CommandError::NoSuchChannel) => {}
                        Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                            let failure = Some(error.to_string());
                            let failed = CallEvent::RecordingFinished { name: recording.name, failure };
                            todo.extend(self.machine.on_event(self.clock.now(), failed));
                        }
                    }
                }
                Action::StopRecording { name, take } => {
                    let recording = self.recording(name, take);
                    if let Err(error) = answered(self.line.switch.stop_recording(self.call, &recording)).await {
                        // As with a playback.
                        tracing::debug!(call = %self.call, %error, "no recording to stop");
                    }
                }
                Action::Transfer => todo.extend(self.transfer().await),
                Action::Note(answer) => {
                    let (call, campaign, target) = (self.call, self.job.campaign, self.job.claimed.target);
                    if let Given::Speech { recording } = &answer.given {
                        self.context.recordings.fetch(&self.line.switch, recording.clone());
                    }
                    self.context.ledger.given(CallAnswer { call, campaign, target, answer });
                }
                Action::OptOut => {
                    let entry = DoNotCall {
                        number: self.job.claimed.number,
                        reason: Some(format!("pressed the opt-out key in call {}", self.call)),
                        source: dnc::KEY.into(),
                        added_at: self.context.clock.now(),
                    };
                    tracing::info!(call = %self.call, number = %entry.number, "opted out");
                    self.context.spool.note(&entry).await;
                    self.context.ledger.opt_out(entry);
                }
                Action::HangUp => match answered(self.line.switch.hang_up(self.call)).await {
                    // Its end should come now; if not, it is asked for.
                    Ok(()) => self.look_at = Some(Instant::now() + ENDS_WITHIN),
                    Err(error) => {
                        tracing::debug!(call = %self.call, %error, "could not hang up yet");
                        self.look_at = Some(Instant::now() + SECOND_LOOK);
                    }
                },
            }
        }
        None
    }

    async fn transfer(&mut self) -> Vec<Action> {
        let Some(key) = &self.script.transfer else { return Vec::new() };
        let transfer = Transfer {
            leg: CallId::new(),
            endpoint: key.endpoint.clone(),
            caller_id: key.caller_id,
            ring_timeout: key.ring_timeout,
            max: key.max,
        };
        match answered(self.line.switch.transfer(self.call, &transfer)).await {
            Ok(()) | Err(CommandError::NoSuchChannel) => Vec::new(),
            Err(error @ (CommandError::Refused(_) | CommandError::Disconnected(_))) => {
                let end = HungUp { detail: Some(error.to_string()), ..HungUp::default() };
                self.machine.on_event(self.clock.now(), CallEvent::Transfer(TransferEvent::Failed(end)))
            }
        }
    }

    fn recording(&self, name: String, take: Take) -> Recording {
        Recording { name, folder: self.context.recordings.folder_on_switch().to_owned(), take }
    }
}
