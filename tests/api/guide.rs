//! The example of docs/api.md, as it stands there, typed into a shell.

use std::path::Path;
use std::process::Command;

use crate::daemon::address;
use crate::processes::{Process, SimulatorProcess, configuration};

/// Callees who let it ring: the campaign is still running when it is paused.
const RING: &str = "seed = 3\nring_ms = [50000, 50000]\ntalk_ms = [1000, 1000]\n[endings]\n\"\" = \"no_answer\"\n";

/// The indented blocks of a section, one after the other.
fn shell(text: &str, section: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != section).skip(1);
    let section = lines.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| line.strip_prefix("    ")).fold(String::new(), |all, line| all + line + "\n")
}

fn program(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("made a program");
}

#[test]
fn the_example_of_the_guide_runs_as_it_is_written() {
    let curl = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !curl {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "curl is needed");
        eprintln!("NOT RUN: there is no curl");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = SimulatorProcess::start("freeswitch", "127.0.0.1:0", folder.path(), RING);
    let database = format!("sqlite:{}", folder.path().join("canvass.db").display());
    let config = configuration(folder.path(), &database, "freeswitch", &simulator.address);
    let log = folder.path().join("daemon.log");
    let _daemon = Process::start(&["--config", &config.display().to_string(), "serve"], &log);
    let base = address(&log);

    let guide = std::fs::read_to_string(format!("{}/docs/api.md", env!("CARGO_MANIFEST_DIR"))).expect("the guide");
    let example = shell(&guide, "## A campaign from end to end");
    for step in ["key create", "upload-csv", "launch", "stats", "pause", "resume", "runs", "report"] {
        assert!(example.contains(step), "{step}");
    }
    let standing = "http://127.0.0.1:8080";
    assert!(example.contains(standing), "where the daemon is");
    // What is not a success is a failure here; the rest is as written.
    let programs = folder.path().join("bin");
    std::fs::create_dir(&programs).expect("a folder");
    let canvass = format!("exec '{}' --config '{}' \"$@\"", env!("CARGO_BIN_EXE_canvass"), config.display());
    program(&programs, "canvass", &format!("#!/bin/sh\nunset RUST_LOG\n{canvass}\n"));
    let path = std::env::var("PATH").expect("a PATH");
    let real = "curl --no-progress-meter --fail-with-body --max-time 60 --noproxy '*'";
    program(&programs, "curl", &format!("#!/bin/sh\nPATH='{path}'\nexec {real} \"$@\"\n"));
    let script = format!("set -euxo pipefail\n{}", example.replace(standing, &base));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .expect("bash runs");
    let (out, beside) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // Nothing of it is to be shown but at a failure: it holds a key.
    assert!(output.status.success(), "{out}\n{beside}");
    assert!(out.contains("\"accepted\":2") && out.contains("\"status\":\"paused\""), "{out}");
    let report = std::fs::read_to_string(folder.path().join("report.csv")).expect("the report");
    assert!(report.lines().count() >= 2, "{report}");
}
