//! What happens after answer, compiled from a campaign's settings and its
//! survey: plain data, with every sound already a file the switch knows.

use std::time::Duration;

use crate::audio::amd::Params;
use crate::number::PhoneNumber;

/// The whole plan of a call after its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Who listens for a machine, if anyone.
    pub detection: Detection,
    /// Whether "unsure" goes the machine's way; else the person's.
    pub unsure_is_machine: bool,
    /// What a person hears and is asked, from the first step on. Empty: the
    /// call is hung up on answer.
    pub steps: Vec<Step>,
    /// What a machine hears after its beep; empty: it is hung up on.
    pub message: Vec<Sound>,
    /// How long the beep is waited for, from the verdict; then the message is
    /// left without one.
    pub beep_wait: Duration,
    /// The key that puts the number on the do-not-call list, at any time.
    pub opt_out: Option<OptOutKey>,
    /// The key that connects the callee with somebody, at any time.
    pub transfer: Option<TransferKey>,
    /// Whether the call is recorded, from its answer to its end.
    pub record: bool,
    /// Whether the steps are a survey's, which may be completed or not.
    pub is_survey: bool,
}

/// A file to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// As the switch knows it: a path or a URL.
    pub file: String,
    /// How long it plays, where that is known.
    pub length: Option<Duration>,
}

/// Who listens for answering machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Detection {
    /// Nobody: whoever answers is a person.
    #[default]
    Off,
    /// Our own detector, on the call's audio.
    Builtin(Params),
    /// The switch's own: Asterisk's `AMD()`, FreeSWITCH's `avmd`.
    Switch {
        /// Whether the call waits for its answer. Asterisk takes no other
        /// command until then. FreeSWITCH only tells of a beep, at any time,
        /// beside whatever plays.
        waits: bool,
        /// Without its answer by then: unsure. Means nothing where nobody
        /// waits.
        max: Duration,
    },
}

/// A step's place in [`Script::steps`].
pub type StepIndex = usize;

/// One step of what a person hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sounds, one after the other.
    Play {
        /// What to play.
        sounds: Vec<Sound>,
        /// Whether a key stops them all and goes on with `next`. It is no
        /// answer to what comes next: that was not heard yet.
        barge_in: bool,
        /// What follows.
        next: StepIndex,
    },
    /// A question answered by key.
    Ask(Ask),
    /// A question answered by speaking.
    Speak(Speak),
    /// The survey counts as complete from here on.
    Complete {
        /// What follows.
        next: StepIndex,
    },
    /// The call is hung up.
    HangUp,
}

/// A question answered by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The question's id in the survey.
    pub question: String,
    /// What is asked. A key stops it and counts.
    pub prompt: Vec<Sound>,
    /// The keys that are answers.
    pub choices: Vec<Choice>,
    /// How long to wait for a key once the prompt is over.
    pub timeout: Duration,
    /// How often the question is asked again after a wrong key or none.
    pub retries: u8,
    /// What is played after a wrong key, before the question is asked again.
    pub invalid: Vec<Sound>,
    /// What follows when all tries are used up.
    pub no_answer: StepIndex,
}

/// A key and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The key: `0`–`9`, `*`, `#`.
    pub digit: char,
    /// What it stands for.
    pub label: String,
    /// What follows.
    pub next: StepIndex,
}

/// A question answered by speaking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speak {
    /// The question's id in the survey.
    pub question: String,
    /// What is asked.
    pub prompt: Vec<Sound>,
    /// How long may be spoken.
    pub max: Duration,
    /// So long a silence ends the answer. A key ends it too.
    pub silence: Duration,
    /// What follows an answer.
    pub next: StepIndex,
    /// What follows if it could not be recorded.
    pub no_answer: StepIndex,
}

/// The opt-out key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutKey {
    /// The key.
    pub digit: char,
    /// What confirms it, before the call is hung up.
    pub confirm: Vec<Sound>,
}

/// The transfer key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferKey {
    /// The key.
    pub digit: char,
    /// Whom to ring, as an endpoint of the switch that carries the call.
    pub endpoint: String,
    /// What they see: our number or the callee's.
    pub caller_id: PhoneNumber,
    /// How long they may ring.
    pub ring_timeout: Duration,
    /// How long both may talk.
    pub max: Duration,
    /// What the callee hears before.
    pub before: Vec<Sound>,
    /// What the callee hears if nobody could be reached; then the call is hung
    /// up.
    pub failed: Vec<Sound>,
}
