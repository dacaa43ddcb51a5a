//! The HTTP API as its users meet it, with an engine and a simulated switch
//! behind it.

#[path = "../support/api.rs"]
mod api;
#[path = "../support/exposition.rs"]
mod exposition;
#[path = "../support/need.rs"]
mod need;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/processes.rs"]
mod processes;
#[path = "../support/world.rs"]
mod world;

mod agents;
mod audit;
mod audit_numbers;
mod book;
mod calls;
mod campaigns;
mod connections;
mod contacts;
mod daemon;
mod dnc_sources;
mod events;
mod guide;
mod hang_up;
mod keys;
mod lists;
mod media;
mod metrics;
mod people;
mod requests;
mod results;
mod settings;
mod sources;
mod surveys;
mod switches;
mod webhooks;
