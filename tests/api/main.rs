//! The HTTP API as its users meet it, with an engine and a simulated switch
//! behind it.

#[path = "../support/api.rs"]
mod api;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/world.rs"]
mod world;

mod audit;
mod campaigns;
mod contacts;
mod daemon;
mod keys;
mod lists;
mod requests;
