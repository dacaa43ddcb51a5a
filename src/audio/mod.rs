//! Sound. What is uploaded becomes what a switch plays ([`convert`]); what is
//! heard on a call tells who or what has answered: pure, frame by frame, time
//! counted in samples.
//!
//! | module | holds |
//! |---|---|
//! | [`convert`] | an uploaded file as a prompt at 8 and 16 kHz |
//! | [`frame`] | 20 ms of telephone audio, and cutting a stream into them |
//! | [`mel`] | loudness by band, as the ear divides them |
//! | [`pitch`] | how high a voice is |
//! | [`spectrum`] | the strength of each 50 Hz of the telephone band |
//! | [`tones`] | pure tones in time; fax, special information tones, busy, ringback |
//! | [`beep`] | the beep after which a machine records |
//! | [`voice`] | is this frame speech: adaptive noise floor, energy contour |
//! | [`amd`] | person or machine: the verdict |

pub mod amd;
pub mod beep;
pub mod convert;
pub mod frame;
pub mod mel;
pub mod pitch;
pub mod spectrum;
pub mod tones;
pub mod voice;

#[cfg(test)]
pub(crate) mod synth;
