//! A fake FreeSWITCH and a fake Asterisk that speak the real wire protocols,
//! with simulated callees behind them.
//!
//! They serve the demo, rehearsals, the tests and the benchmarks. What they do
//! on the wire is what the real ones were seen to do; whom they "call" is
//! decided by a [`CalleeMix`], repeatable by its seed.

mod callee;
mod journal;
mod speech;
mod wav;

pub mod asterisk;
pub mod freeswitch;

pub use callee::{Answer, Callee, CalleeMix, Callees, Fate, KeysAfter, MixError, Shares, Then};
pub use journal::{Journal, Messages, Record};
pub use speech::Speech;
pub use wav::play_length;
