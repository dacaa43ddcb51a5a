//! What the detector says.

use std::fmt;

use crate::audio::tones::{Fax, Sit};

/// Who or what has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A person.
    Human,
    /// A machine: voicemail, menu, announcement, music, a busy tone.
    Machine,
    /// Not to be told.
    Unsure,
    /// A fax machine.
    Fax(Fax),
    /// Special information tones: the network could not complete the call.
    Sit(Sit),
}

/// What the answer was seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A short greeting, and silence after it.
    ShortGreeting,
    /// Speech went on too long.
    LongGreeting,
    /// It was said as recordings are.
    Recording,
    /// More words than a person greets with.
    ManyWords,
    /// A beep came after speech.
    Beep,
    /// Sound without the pauses of speech: music, or a recording.
    LongWord,
    /// A busy tone.
    BusyTone,
    /// The line rings on.
    Ringing,
    /// Nobody said anything.
    InitialSilence,
    /// The time for the analysis was over.
    TooLong,
    /// A tone of a fax machine.
    FaxTone,
    /// Three rising tones.
    InformationTones,
}

/// The detector's answer: what, why, and when it was sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who has answered.
    pub answer: Answer,
    /// Why.
    pub reason: Reason,
    /// When, in ms from the first frame.
    pub at_ms: u32,
}

impl Answer {
    /// One word, as reports and logs show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine => "machine",
            Self::Unsure => "unsure",
            Self::Fax(_) => "fax",
            Self::Sit(_) => "sit",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    /// In words with underscores, as reports and logs show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShortGreeting => "short_greeting",
            Self::LongGreeting => "long_greeting",
            Self::Recording => "recording",
            Self::ManyWords => "many_words",
            Self::Beep => "beep",
            Self::LongWord => "long_word",
            Self::BusyTone => "busy_tone",
            Self::Ringing => "ringing",
            Self::InitialSilence => "initial_silence",
            Self::TooLong => "too_long",
            Self::FaxTone => "fax_tone",
            Self::InformationTones => "information_tones",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
