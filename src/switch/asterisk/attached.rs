//! What exists on Asterisk for the sake of one call, as far as we made it or
//! found it. No I/O.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::event::{Event, Kind};
use super::part::{Part, Role};
use super::track::{Meaning, Track};
use crate::switch::HungUp;

/// Everything attached to one call.
#[derive(Debug, Default)]
pub(super) struct Attached {
    recordings: Vec<Recorded>,
    ear: Option<Ear>,
    leg: Option<Leg>,
    /// Who waits for a part to be in our application.
    waiting: Vec<(Part, oneshot::Sender<()>)>,
}

/// A recording that has not ended.
#[derive(Debug)]
struct Recorded {
    name: String,
    /// What is recorded, if not the call's own channel.
    recorder: Option<Part>,
    /// Its end may have been missed.
    doubtful: bool,
}

/// Somebody listens.
#[derive(Debug)]
struct Ear {
    part: Part,
    stop: CancellationToken,
}

/// The other party of a transfer.
#[derive(Debug)]
struct Leg {
    part: Part,
    track: Track,
    phase: Phase,
    /// Asterisk has taken it.
    placed: bool,
    /// Its answer or its end may have been missed.
    doubtful: bool,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The other party is called.
    Ringing,
    /// It has answered and is about to be bridged.
    Connecting,
    /// Both are in one bridge.
    Connected,
}

/// What an event of a part means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Nothing,
    /// Nobody has a use for the part.
    Useless,
    /// The other party has answered.
    Answered,
    /// The other party is gone.
    LegEnded(Phase, HungUp),
}

impl Attached {
    /// Waits for a part of this id to be in our application.
    pub(super) fn wait_for(&mut self, part: Part) -> oneshot::Receiver<()> {
        let (sender, started) = oneshot::channel();
        self.waiting.push((part, sender));
        started
    }

    /// Nobody waits for these any longer.
    pub(super) fn wait_no_more(&mut self, tag: uuid::Uuid) {
        self.waiting.retain(|(part, _)| part.tag != tag);
    }

    /// A recording is about to begin; `false` if one of this name has.
    pub(super) fn records(&mut self, name: &str, recorder: Option<Part>) -> bool {
        let is_new = !self.recordings.iter().any(|recorded| recorded.name == name);
        if is_new {
            self.recordings.push(Recorded { name: name.to_owned(), recorder, doubtful: false });
        }
        is_new
    }

    /// Whether the call's own channel is being recorded.
    pub(super) fn takes_speech(&self) -> bool {
        self.recordings.iter().any(|recorded| recorded.recorder.is_none())
    }

    /// What is recorded under this name: none if nothing is, else the part, if
    /// it is one.
    pub(super) fn recorder(&self, name: &str) -> Option<Option<Part>> {
        self.recordings.iter().find(|recorded| recorded.name == name).map(|recorded| recorded.recorder)
    }

    /// A recording ended: as [`Self::recorder`], the first time.
    pub(super) fn recorded(&mut self, name: &str) -> Option<Option<Part>> {
        let at = self.recordings.iter().position(|recorded| recorded.name == name)?;
        Some(self.recordings.swap_remove(at).recorder)
    }

    /// Recordings whose end may have been missed.
    pub(super) fn doubtful_recordings(&self) -> impl Iterator<Item = String> {
        self.recordings.iter().filter(|recorded| recorded.doubtful).map(|recorded| recorded.name.clone())
    }

    /// Somebody begins to listen; `false` if somebody does.
    pub(super) fn hears(&mut self, part: Part, stop: CancellationToken) -> bool {
        let is_free = self.ear.is_none();
        if is_free {
            self.ear = Some(Ear { part, stop });
        }
        is_free
    }

    /// Ends listening: with this ear, or whichever there is.
    pub(super) fn take_ear(&mut self, part: Option<Part>) -> Option<Part> {
        let ear = self.ear.take_if(|ear| part.is_none_or(|part| ear.part == part))?;
        ear.stop.cancel();
        self.wait_no_more(ear.part.tag);
        Some(ear.part)
    }

    /// Somebody else is about to be called; `false` if somebody is.
    pub(super) fn calls(&mut self, part: Part, ring_timeout: Duration) -> bool {
        let is_free = self.leg.is_none();
        if is_free {
            let track = Track::placed(ring_timeout, Instant::now());
            self.leg = Some(Leg { part, track, phase: Phase::Ringing, placed: false, doubtful: false });
        }
        is_free
    }

    /// Asterisk has taken the call to the other party; `false` if it is over.
    pub(super) fn leg_placed(&mut self, part: Part) -> bool {
        let leg = self.leg.as_mut().filter(|leg| leg.part == part);
        leg.map(|leg| leg.placed = true).is_some()
    }

    /// The other party is in one bridge with the callee; `false` if it is gone.
    pub(super) fn leg_connected(&mut self, part: Part) -> bool {
        match self.leg.as_mut().filter(|leg| leg.part == part) {
            Some(leg) => {
                leg.phase = Phase::Connected;
                true
            }
            None => false,
        }
    }

    /// Forgets the other party, if it is this one.
    pub(super) fn take_leg(&mut self, part: Part) -> bool {
        self.leg.take_if(|leg| leg.part == part).is_some()
    }

    /// Whether somebody else is, or may be, on the line.
    pub(super) fn is_transferred(&self) -> bool {
        self.leg.is_some()
    }

    /// The other party, if its answer or its end may have been missed.
    pub(super) fn doubtful_leg(&self) -> Option<(Part, Phase)> {
        self.leg.as_ref().filter(|leg| leg.placed && leg.doubtful).map(|leg| (leg.part, leg.phase))
    }

    /// Whether it was made by us, and is of use.
    pub(super) fn knows(&self, part: Part) -> bool {
        match part.role {
            Role::Recorder => self.recordings.iter().any(|recorded| recorded.recorder == Some(part)),
            Role::Ear | Role::Audio => self.ear.as_ref().is_some_and(|ear| ear.part.tag == part.tag),
            Role::Leg => self.leg.as_ref().is_some_and(|leg| leg.part == part),
        }
    }

    /// Events may have been missed.
    pub(super) fn missed_events(&mut self) {
        if let Some(leg) = &mut self.leg {
            leg.doubtful = true;
            leg.track.missed_events();
        }
        for recorded in &mut self.recordings {
            recorded.doubtful = true;
        }
    }

    /// An event of a part.
    pub(super) fn on_event(&mut self, part: Part, event: &Event<'_>) -> Turn {
        match &event.kind {
            Kind::StasisStart => {
                if let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == part) {
                    // Nobody there any more: what it belongs to is forgotten too.
                    let _ = self.waiting.swap_remove(at).1.send(());
                }
                match &self.leg {
                    Some(leg) if leg.part == part => self.on_leg_event(event),
                    Some(_) | None if self.knows(part) => Turn::Nothing,
                    Some(_) | None => Turn::Useless,
                }
            }
            Kind::Destroyed { .. } => {
                // Whoever waits for it waits in vain.
                self.waiting.retain(|(waiting, _)| *waiting != part);
                if matches!(part.role, Role::Ear | Role::Audio) {
                    if let Some(ear) = self.ear.as_ref().filter(|ear| ear.part.tag == part.tag) {
                        ear.stop.cancel();
                    }
                    return Turn::Nothing;
                }
                self.on_leg_event(event)
            }
            _ => self.on_leg_event(event),
        }
    }

    fn on_leg_event(&mut self, event: &Event<'_>) -> Turn {
        let Some(leg) = self.leg.as_mut().filter(|leg| event.part == Some(leg.part)) else { return Turn::Nothing };
        match leg.track.on_event(event, Instant::now()) {
            Meaning::End(end) => {
                let phase = leg.phase;
                self.leg = None;
                Turn::LegEnded(phase, end)
            }
            Meaning::TellIdle(crate::switch::CallEvent::Answered) => self.leg_answered(),
            Meaning::TellIdle(_) | Meaning::Tell(_) | Meaning::Nothing => Turn::Nothing,
        }
    }

    /// The other party is known to have answered.
    pub(super) fn leg_answered(&mut self) -> Turn {
        match &mut self.leg {
            Some(leg) if leg.phase == Phase::Ringing => {
                leg.phase = Phase::Connecting;
                leg.doubtful = false;
                Turn::Answered
            }
            Some(_) | None => Turn::Nothing,
        }
    }

    /// The call is over: the names of its recordings, which end with it, and
    /// the parts that do not.
    pub(super) fn end(self) -> (Vec<String>, Vec<Part>) {
        // Recorders end with what they hear.
        let mut parts: Vec<Part> = self.leg.map(|leg| leg.part).into_iter().collect();
        if let Some(ear) = self.ear {
            ear.stop.cancel();
            parts.push(ear.part);
        }
        (self.recordings.into_iter().map(|recorded| recorded.name).collect(), parts)
    }
}
