//! The daemon as an operator runs it: keys from the command line, the API of
//! `canvass serve`, its end.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::processes::{Process, SimulatorProcess, configuration};

const MIX: &str = "seed = 3\nspeed = 20.0\n";

/// What a command printed, and what it said beside.
fn canvass(config: &str, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
    let output = command.env_remove("RUST_LOG").args(["--config", config]).args(arguments).output();
    let output = output.expect("canvass runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Waits for the address in the daemon's log.
pub(crate) fn address(log: &Path) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        if let Some((_, rest)) = text.split_once("the HTTP API is at ")
            && let Some((address, _)) = rest.split_once("/api")
        {
            return address.to_owned();
        }
        assert!(Instant::now() < until, "the API is offered: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_the_api_and_the_end_of_a_daemon() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = SimulatorProcess::start("freeswitch", "127.0.0.1:0", folder.path(), MIX);
    let database = format!("sqlite:{}", folder.path().join("canvass.db").display());
    let config = configuration(folder.path(), &database, "freeswitch", &simulator.address).display().to_string();
    let log = folder.path().join("daemon.log");
    let mut daemon = Process::start(&["--config", &config, "serve"], &log);
    let base = address(&log);
    let said = std::fs::read_to_string(&log).expect("read");
    assert!(
        said.contains("canvass key create") && said.contains("canvass user create") && !said.contains("cv_"),
        "{said}"
    );

    let (well, key, beside) = canvass(&config, &["key", "create", "laptop", "--role", "operator"]);
    assert!(well, "{beside}");
    let key = key.trim();
    assert!(key.starts_with("cv_") && key.len() == 67 && !beside.contains(key), "{beside}");
    let (well, _, beside) = canvass(&config, &["key", "create", "x", "--role", "viewer", "--scope", "campaigns:write"]);
    assert!(!well && beside.contains("no viewer may campaigns:write"), "{beside}");

    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let create = || {
        let request = client.post(format!("{base}/api/campaigns")).bearer_auth(key);
        request.json(&json!({"name": "Spring"})).send()
    };
    let made: Value = create().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(made["status"], "draft");
    let (_, table, _) = canvass(&config, &["campaign", "list"]);
    assert!(table.contains("Spring"), "{table}");
    let (_, table, _) = canvass(&config, &["key", "list"]);
    assert!(table.contains(&key[..11]) && !table.contains(key) && table.contains("operator"), "{table}");

    let (well, password, beside) = canvass(&config, &["user", "create", "anna", "--role", "admin"]);
    let password = password.trim();
    assert!(well && password.len() == 23 && !beside.contains(password), "{beside}");
    assert!(!canvass(&config, &["user", "create", "ANNA"]).0, "the login is taken");
    let (well, _, beside) = canvass(&config, &["user", "disable", "anna"]);
    assert!(!well && beside.contains("only administrator"), "{beside}");
    let login = client.post(format!("{base}/api/login")).json(&json!({"login": "Anna", "password": password}));
    let entered: Value = login.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(entered["user"]["must_change_password"], true, "{entered}");
    let (_, again, _) = canvass(&config, &["user", "reset", "anna"]);
    assert_ne!(again.trim(), password);
    let (_, table, _) = canvass(&config, &["user", "list"]);
    assert!(table.contains("must change the password") && !table.contains(password), "{table}");

    assert!(!canvass(&config, &["key", "revoke", "nobody"]).0);
    assert!(canvass(&config, &["key", "revoke", "laptop"]).0);
    // Another process revoked it: the daemon learns that within two seconds.
    let until = Instant::now() + Duration::from_secs(60);
    while create().await.expect("an answer").status().as_u16() != 401 {
        assert!(Instant::now() < until, "the key is revoked");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
    assert!(client.get(format!("{base}/healthz")).send().await.is_err(), "nobody listens any more");
    let said = std::fs::read_to_string(&log).expect("read");
    assert!(!said.contains(key) && !said.contains(password) && !said.contains("cs_"), "no secret in a log");

    let quiet = folder.path().join("quiet.log");
    let mut daemon = Process::start(&["--config", &config, "serve", "--no-api"], &quiet);
    let until = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(&quiet).unwrap_or_default().contains("canvass is ready") {
        assert!(Instant::now() < until, "the daemon is ready");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!std::fs::read_to_string(&quiet).expect("read").contains("HTTP API"));
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
}
