//! What some tests need besides cargo, and how they say that it was missing.
//!
//! A test that cannot run returns early, but never silently: a line goes to
//! standard output and to the file named by `CANVASS_TEST_LOG`, which
//! `scripts/test` sums up at the end of the run.

#![allow(dead_code)] // not every test binary needs everything
#![allow(clippy::print_stdout)] // where a test speaks

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;

/// Something outside the crate that a test runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A PostgreSQL server.
    Postgres,
    /// A real Asterisk.
    Asterisk,
    /// SIPp, which plays the called parties.
    Sipp,
    /// A real FreeSWITCH.
    FreeSwitch,
    /// A Docker engine.
    Docker,
}

impl Need {
    /// Whether a continuous-integration run must have it.
    fn is_required(self) -> bool {
        match self {
            Self::Postgres | Self::Asterisk | Self::Sipp => true,
            Self::FreeSwitch | Self::Docker => false,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Asterisk => "asterisk",
            Self::Sipp => "sipp",
            Self::FreeSwitch => "freeswitch",
            Self::Docker => "docker",
        })
    }
}

/// Records that `test` ran against the real thing.
pub(crate) fn ran(need: Need, test: &str) {
    record(&format!("RAN ({need}): {test}"));
}

/// Records that `test` could not run. The caller returns right after.
///
/// # Panics
///
/// Under `CI=true`, where what is required must be there.
pub(crate) fn skip(need: Need, test: &str) {
    record(&format!("SKIPPED ({need}): {test}"));
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!(ci && need.is_required()), "{test} needs {need}, which a CI run must have");
}

fn record(line: &str) {
    println!("{line}");
    let Some(path) = std::env::var_os("CANVASS_TEST_LOG") else { return };
    // One write in append mode: lines of tests that run at the same time stay whole.
    let written = OpenOptions::new().create(true).append(true).open(&path);
    let written = written.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    if let Err(error) = written {
        println!("cannot write to {}: {error}", path.display());
    }
}
