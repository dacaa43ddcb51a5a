//! A week of a national campaign, in virtual time: the engine with its poller,
//! ledger, gate and database, and a FreeSWITCH behind a socket. Whoever sees the
//! calls there holds each against the law, the campaign's hours and limits, by a
//! table and a calendar that share nothing with the product's.
#![cfg(target_os = "linux")] // see `still`

#[path = "../support/world.rs"]
mod world;

mod broken;
mod gate;
mod opt_outs;
mod places;
mod scene;
mod still;
mod week;
mod witness;
