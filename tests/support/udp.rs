//! Who listens on this machine.

use std::fs;

/// Whether somebody has this UDP port, as Linux tells it. Trying to have it would
/// keep it, for that moment, from whoever is to have it.
pub(crate) fn is_taken(port: u16) -> bool {
    let sockets = fs::read_to_string("/proc/net/udp").expect("the sockets of the machine");
    let local = format!(":{port:04X}");
    sockets.lines().filter_map(|line| line.split_whitespace().nth(1)).any(|address| address.ends_with(&local))
}
