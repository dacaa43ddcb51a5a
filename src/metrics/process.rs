//! This process, as Linux sees it; elsewhere nothing is told of it. Names are
//! those every exporter uses.

use std::fmt;
use std::fs;

use super::family::Page;

/// What `/proc` counts processor time in (`USER_HZ`), a second: 100 on every
/// machine Linux runs on.
const TICKS: f64 = 100.0;

pub(super) fn write(page: &mut Page<'_>) -> fmt::Result {
    page.infos("canvass_build_info", "The program's version.")?.info(&[("version", env!("CARGO_PKG_VERSION"))])?;
    let stat = fs::read_to_string("/proc/self/stat").ok();
    let stat = stat.as_deref().and_then(Stat::of);
    page.counter(
        "process_cpu_seconds_total",
        "Processor time this process has used.",
        stat.map(|stat| stat.cpu_ticks as f64 / TICKS),
    )?;
    let booted = fs::read_to_string("/proc/stat").ok();
    let booted = booted.as_deref().and_then(|text| field(text, "btime"));
    page.gauge(
        "process_start_time_seconds",
        "When this process was started, in seconds since 1970.",
        stat.zip(booted).map(|(stat, booted)| booted as f64 + stat.started_ticks as f64 / TICKS),
    )?;
    let memory = fs::read_to_string("/proc/self/status").ok();
    page.gauge(
        "process_resident_memory_bytes",
        "Memory of this process that is in use.",
        memory.as_deref().and_then(|text| field(text, "VmRSS:")).map(|kib| kib.saturating_mul(1_024)),
    )?;
    let files = fs::read_dir("/proc/self/fd").ok().map(Iterator::count);
    page.gauge("process_open_fds", "Files and connections that are open.", files)?;
    let limits = fs::read_to_string("/proc/self/limits").ok();
    page.gauge(
        "process_max_fds",
        "Files and connections that may be open.",
        limits.as_deref().and_then(|text| field(text, "Max open files")),
    )
}

/// The number after the beginning of a line.
fn field(text: &str, beginning: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(beginning))?.split_whitespace().next()?.parse().ok()
}

/// Of `/proc/self/stat`, see proc_pid_stat(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    started_ticks: u64,
}

impl Stat {
    fn of(text: &str) -> Option<Self> {
        // The second field is the program's name and may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        // utime and stime are fields 14 and 15, starttime is 22; the rest
        // begins with field 3.
        let user: u64 = fields.nth(11)?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        let started_ticks = fields.nth(6)?.parse().ok()?;
        Some(Self { cpu_ticks: user.saturating_add(system), started_ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_program_may_hold_anything() {
        let text = "42 (a) b) 1 2) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 98765 1000000 500 18446744073709551615";
        assert_eq!(Stat::of(text), Some(Stat { cpu_ticks: 300, started_ticks: 98_765 }));
        assert_eq!(Stat::of("42 (a) S 1"), None);
    }

    #[test]
    fn fields_are_found_by_how_their_line_begins() {
        let text = "Limit  Soft  Hard\nMax open files            1024                 524288               files\n";
        assert_eq!(field(text, "Max open files"), Some(1_024));
        assert_eq!(field("Max open files unlimited unlimited files", "Max open files"), None);
    }
}
