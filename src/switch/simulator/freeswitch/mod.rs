//! A fake FreeSWITCH: the event socket over TCP.

mod expand;
mod originate;
mod separate;

pub use originate::{OriginateFault, ParsedOriginate, parse_originate};
