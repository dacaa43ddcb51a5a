//! The fake FreeSWITCH, as a client on the wire sees it, beside recordings of
//! a real one.

mod audio;
mod bridges;
#[path = "../support/callees.rs"]
mod callees;
mod calls;
mod client;
mod events;
mod faults;
mod playback;
mod replies;
mod reports;
