//! The real program in processes of its own: a simulated switch that outlives
//! daemons, and daemons that are killed.

#![allow(dead_code)] // not every test binary uses all of it

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use canvass::switch::simulator::Record;

/// A process that is killed when dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts `canvass` with these arguments; its log goes to a file.
    pub(crate) fn start(arguments: &[&str], log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log file");
        let child = Command::new(env!("CARGO_BIN_EXE_canvass"))
            .args(arguments)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("canvass starts");
        Self(child)
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let out = self.0.stdout.as_mut().expect("piped");
        BufReader::with_capacity(1, out).read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends a signal: `-HUP`, `-TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// SIGTERM; gives whether it ended well within the time.
    pub(crate) fn terminate(&mut self, patience: Duration) -> Option<bool> {
        self.signal("-TERM");
        self.wait(patience)
    }

    /// Waits for its end; gives whether it was a success, none if it goes on.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<bool> {
        let until = std::time::Instant::now() + patience;
        while std::time::Instant::now() < until {
            if let Some(status) = self.0.try_wait().expect("a status") {
                return Some(status.success());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("a status").is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A simulated switch in a process of its own.
pub(crate) struct SimulatorProcess {
    pub(crate) process: Process,
    /// What it printed as its address.
    pub(crate) address: String,
    pub(crate) journal: PathBuf,
}

impl SimulatorProcess {
    /// `kind` is `freeswitch` or `asterisk`; `listen` may have port 0.
    pub(crate) fn start(kind: &str, listen: &str, folder: &Path, mix: &str) -> Self {
        let (journal, mix_file) = (folder.join("journal.jsonl"), folder.join("mix.toml"));
        std::fs::write(&mix_file, mix).expect("written");
        let (journal_text, mix_text) = (journal.display().to_string(), mix_file.display().to_string());
        let arguments = ["simulate", kind, "--listen", listen, "--mix", &mix_text, "--journal", &journal_text];
        let mut process = Process::start(&arguments, &folder.join("simulator.log"));
        let line = process.line();
        let address = line.split_whitespace().nth(2).unwrap_or_else(|| panic!("an address in {line:?}")).to_owned();
        Self { process, address, journal }
    }

    /// Everything it was asked and did.
    pub(crate) fn records(&self) -> Vec<Record> {
        let text = std::fs::read_to_string(&self.journal).unwrap_or_default();
        // The last line may be in the middle of being written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
    }
}

/// Writes a configuration file.
pub(crate) fn configuration(folder: &Path, database: &str, kind: &str, address: &str) -> PathBuf {
    let (user, password, trunk) = match kind {
        "freeswitch" => ("", "ClueCon", "sofia/gateway/carrier/{number}"),
        _ => ("user = \"canvass\"", "simulated", "PJSIP/{number}@carrier"),
    };
    let text = format!(
        r#"
        [database]
        url = "{database}"
        [organization]
        outbound_rate_limit = 500
        [compliance]
        legal_hours = "off"
        [media]
        folder = "{folder}"
        [api]
        uploads_folder = "{folder}/uploads"
        listen = "127.0.0.1:0"
        [log]
        level = "info,sqlx=warn"
        [switches.main]
        kind = "{kind}"
        address = "{address}"
        {user}
        password = "{password}"
        max_channels = 200
        max_calls_per_second = 400
        [switches.main.trunks]
        carrier = "{trunk}"
        "#,
        folder = folder.display(),
    );
    let path = folder.join("canvass.toml");
    std::fs::write(&path, text).expect("written");
    path
}
