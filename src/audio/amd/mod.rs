//! Answering-machine detection: has a person answered, or a machine?
//!
//! A person says a little and waits; a machine talks on, or beeps. Length of
//! the greeting and silence decide as in Asterisk's `app_amd`, whose names the
//! parameters bear; in a pause, how long a silence is needed depends on how the
//! greeting was said: `manner` hears it, `model` judges it.

mod detector;
mod greeting;
mod manner;
mod model;
mod params;
mod trees;
mod verdict;

pub use detector::Detector;
pub use manner::Look;
pub use params::{Params, ParamsError};
pub use verdict::{Answer, Reason, Verdict};
