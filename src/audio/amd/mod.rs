//! Answering-machine detection: has a person answered, or a machine?
//!
//! A person says a little and waits; a machine talks on, or beeps. Length of
//! the greeting and silence decide as in Asterisk's `app_amd`, whose names the
//! parameters bear; how long a silence is needed depends on what was said and
//! how: `ear` hears it, `net` judges it.

mod detector;
mod ear;
mod greeting;
mod net;
mod params;
mod verdict;

pub use detector::Detector;
pub use ear::FEATURES;
pub use params::{Params, ParamsError};
pub use verdict::{Answer, Reason, Verdict};
