//! Answering-machine detection: has a person answered, or a machine?
//!
//! A person says a little and waits; a machine talks on, or beeps. So the
//! decision is by silence before speech, length of the greeting, and the
//! silence after it. How long a silence must be depends on what came before:
//! after "Hello?" half a second tells, after two seconds of talk it may be the
//! pause between two sentences. Parameters are named as in Asterisk's `app_amd`.

mod detector;
mod manner;
mod model;
mod params;
mod trees;
mod verdict;

pub use detector::Detector;
pub use manner::Look;
pub use params::{Params, ParamsError};
pub use verdict::{Answer, Reason, Verdict};
