//! `canvass demo --json`: one object, and it adds up.

use std::process::Command;

use rstest::rstest;
use serde_json::Value;

fn sum(object: &Value) -> u64 {
    object.as_object().expect("an object").values().filter_map(Value::as_u64).sum()
}

#[rstest]
fn the_demo_adds_up(#[values("freeswitch", "asterisk")] switch: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_canvass"))
        .args(["demo", "--contacts", "120", "--seed", "4", "--switch", switch, "--json"])
        .env_remove("RUST_LOG")
        .output()
        .expect("the demo runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let summary: Value = serde_json::from_str(&text).expect("one JSON object");
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["contacts"], 120);
    assert_eq!(Some(sum(&summary["statuses"])), summary["contacts"].as_u64());
    assert_eq!(Some(sum(&summary["outcomes"])), summary["calls"].as_u64());
    assert!(summary["calls_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
    let database = std::path::Path::new(summary["database"].as_str().expect("a path"));
    assert!(!database.exists(), "without --keep nothing is left behind");
}

#[test]
fn a_kept_demo_leaves_its_database() {
    let output = Command::new(env!("CARGO_BIN_EXE_canvass"))
        .args(["demo", "--contacts", "5", "--keep", "--json"])
        .output()
        .expect("the demo runs");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let database = std::path::Path::new(summary["database"].as_str().expect("a path"));
    assert!(database.exists());
    std::fs::remove_dir_all(database.parent().expect("a folder")).expect("removed");
}
