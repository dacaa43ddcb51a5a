//! What is heard on a call: who or what has answered. Pure, frame by frame;
//! no I/O and no clock, time is counted in samples.
//!
//! | module | holds |
//! |---|---|
//! | [`frame`] | 20 ms of telephone audio, and cutting a stream into them |
//! | [`spectrum`] | the strength of each 50 Hz of the telephone band |
//! | [`tones`] | pure tones in time; fax, special information tones, busy, ringback |
//! | [`beep`] | the beep after which a machine records |
//! | [`voice`] | is this frame speech: adaptive noise floor, energy contour |
//! | [`amd`] | person or machine: the verdict |

pub mod amd;
pub mod beep;
pub mod frame;
pub mod spectrum;
pub mod tones;
pub mod voice;

#[cfg(test)]
pub(crate) mod synth;
