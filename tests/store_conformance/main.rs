//! What a store must do, told once and run on every engine.

#![allow(clippy::unwrap_used)]

mod bench;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/postgres.rs"]
mod postgres_server;

mod answers;
mod book;
mod call_results;
mod campaigns;
mod claims;
mod compliance;
mod concurrency;
mod dnc_replaced;
mod dnc_sources;
mod do_not_call;
mod groups;
mod ledger;
mod lock;
mod media;
mod number_use;
mod numbers;
mod people;
mod recordings;
mod reports;
mod resources;
mod schema;
mod surveys;
mod targets;
mod telling;
mod upkeep;
mod uploads;
