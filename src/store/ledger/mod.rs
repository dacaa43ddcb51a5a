//! What a ledger transaction changes, decided without I/O and so the same on
//! both engines: they only read the rows concerned and write what comes out.

mod claim;
mod near;
mod numbers;
mod settle;
mod tally;

pub(super) use claim::{Due, History, Known, Noted, Taking, Turn, again};
pub(super) use numbers::NumberMoves;
pub(super) use settle::{CallChange, Changes, Standing, calls_named, settle};
pub(super) use tally::{TallyKind, TallyMoves};
