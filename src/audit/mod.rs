//! Who did what: what is noted of requests and commands that change something.
//!
//! A record is written after the change and before its answer is sent: what is
//! answered is on record. A change whose record cannot be written is answered
//! with an error that says so, and the record is in the log instead. Only a
//! process that is killed in the moment between both leaves a change without a
//! record.

mod action;
mod mask;

pub(crate) use action::Deed;
pub(crate) use mask::masked;
