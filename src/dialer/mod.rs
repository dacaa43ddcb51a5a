//! The dialing engine: the shell around the pure parts. It claims targets,
//! paces, chooses switches and caller IDs, runs calls, settles, recovers.
//!
//! | file | one idea |
//! |---|---|
//! | `engine/` | the loop that owns all state, and how it reacts to each kind of news |
//! | `plan` | one round of planning: who may start how many calls, where |
//! | `roster` | running campaigns and whose turn it is |
//! | `fleet` | switches, their load and speed |
//! | `pace`, `congestion` | spacing of starts; trunk control |
//! | `pool`, `caller_ids`, `shown` | which caller ID a call shows; how much each is used; what the database says of them |
//! | `health` | which of them rest |
//! | `daily` | what may be called and spent in a day |
//! | `handle` | what the API asks of it |
//! | `stats`, `ledger_stats`, `measured` | counters; what is measured of its state |
//! | `runner` | one call's task |
//! | `recovery` | calls found open after a restart |
//! | `ledger` | the one writer of claims and ends |
//! | `poller` | which campaigns should run |
//! | `upkeep`, `retention` | what was broken off, and recordings nobody needs |
//!
//! **At most once.** A call's row is committed before the switch is told, and
//! its id is the channel's id. After a crash a row without an end is looked
//! for on the switch and settled; it is never dialed again as the same call.

mod caller_ids;
mod congestion;
mod context;
mod daily;
mod engine;
mod fleet;
mod handle;
mod health;
mod ledger;
mod ledger_stats;
mod measured;
mod news;
mod pace;
mod plan;
mod poller;
mod pool;
mod prepared;
mod recordings;
mod recovery;
mod retention;
mod roster;
mod runner;
mod shown;
mod spool;
mod stats;
mod upkeep;

pub use crate::media::MediaFolder;
pub use engine::{Engine, EngineError, Limits, Options, SwitchSetup};
pub use fleet::SwitchLimits;
pub use handle::{EngineGone, Handle, HangUp, LinkFault, SwitchState, TrunkFlow, TrunkState};
pub use ledger_stats::LedgerStats;
pub use measured::{BudgetUse, EngineMeasured, SwitchMeasured, TrunkCalls};
pub use stats::Stats;
