//! Calls by scenario, in virtual time.

mod dialing;
mod everywhere;
mod keys;
mod machines;
mod speech;
mod story;
mod survey;
mod transfer;
mod walk;
