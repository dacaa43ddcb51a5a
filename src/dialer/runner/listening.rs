//! Who answered, by the sound, and whether anything was heard at all.

use super::live::{Live, answered};
use crate::audio::amd::{Detector, Verdict};
use crate::audio::frame::Frame;
use crate::call::{Action, Detection};
use crate::switch::Listening;

/// Whether anything was heard, either way.
#[derive(Debug, Default)]
pub(super) struct Sounded {
    /// Sounds that were played.
    played: u32,
    /// Why none of the others was.
    unplayed: Option<String>,
    /// Why nobody listened for a machine.
    deaf: Option<String>,
}

impl Sounded {
    pub(super) fn on_played(&mut self, failure: Option<&str>) {
        match failure {
            None => self.played += 1,
            Some(why) => self.unplayed = Some(why.to_owned()),
        }
    }

    /// Why the call was in vain, if it was.
    pub(super) fn mute(self) -> Option<String> {
        if let Some(why) = self.deaf {
            return Some(format!("nobody could listen for machines: {why}"));
        }
        self.unplayed.filter(|_| self.played == 0).map(|why| format!("no sound could be played: {why}"))
    }
}

/// Our detector at work.
pub(super) struct Ear {
    listening: Listening,
    /// Large, and most calls have none.
    detector: Box<Detector>,
    /// What it said, once it did.
    told: Option<Verdict>,
    /// The beep was told too.
    beeped: bool,
}

impl Live<'_> {
    /// Begins to find out who answered.
    pub(super) async fn detect(&mut self) -> Vec<Action> {
        let (call, switch) = (self.call, &self.line.switch);
        let why = match &self.script.detection {
            Detection::Off => return Vec::new(),
            Detection::Switch { .. } => match answered(switch.detect(call)).await {
                Ok(()) => return Vec::new(),
                Err(error) => error.to_string(),
            },
            Detection::Builtin(params) => {
                match (Detector::new(params.clone()).map(Box::new), Box::pin(answered(switch.listen(call))).await) {
                    (Ok(detector), Ok(listening)) => {
                        self.ear = Some(Ear { listening, detector, told: None, beeped: false });
                        return Vec::new();
                    }
                    (Err(error), _) => error.to_string(),
                    (Ok(_), Err(error)) => error.to_string(),
                }
            }
        };
        self.sounds.deaf = Some(why.clone());
        self.machine.on_deaf(self.clock.now(), &why)
    }

    pub(super) async fn stop_detecting(&mut self) {
        if self.ear.take().is_some() {
            // An error shows at the next command.
            let _ = answered(self.line.switch.stop_listening(self.call)).await;
        }
    }

    /// A frame has come, or the sound has ended.
    pub(super) fn hear(&mut self, frame: Option<Frame>) -> Vec<Action> {
        let now = self.clock.now();
        let Some(ear) = &mut self.ear else { return Vec::new() };
        let Some(frame) = frame else {
            self.ear = None;
            return self.machine.on_deaf(now, "the sound of the call ended");
        };
        let verdict = ear.detector.push(&frame).filter(|_| ear.told.is_none());
        if let Some(verdict) = verdict {
            ear.told = Some(verdict);
            return self.machine.on_verdict(now, verdict);
        }
        if ear.told.is_some() && ear.detector.records() && !std::mem::replace(&mut ear.beeped, true) {
            return self.machine.on_beep(now);
        }
        Vec::new()
    }
}

/// The next frame; never, if nobody listens.
pub(super) async fn frame(ear: &mut Option<Ear>) -> Option<Frame> {
    match ear {
        Some(ear) => ear.listening.recv().await,
        None => std::future::pending().await,
    }
}
