//! Sound: what is uploaded becomes what a switch plays.

pub mod convert;
