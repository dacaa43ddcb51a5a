//! A laboratory: one real Asterisk of its own for a test, on loopback, with
//! SIPp at the other end of its trunk.
//!
//! The programs come from `asterisk/install.sh` (`scripts/test` calls it), the
//! configuration from `asterisk/conf`, the called parties from
//! `asterisk/sipp/callee.xml`. Trunks, as endpoint templates:
//!
//! - `PJSIP/{number}@carrier`: SIPp; what happens is up to [`Callee`];
//! - `PJSIP/{number}@loop`: this Asterisk is the far end too, and can speak, press
//!   keys and echo: see `[far-end]` in `conf/extensions.conf`;
//! - `PJSIP/{number}@deadcarrier`: nobody listens there;
//! - `PJSIP/{number}@downcarrier`: the same, and Asterisk knows.

#![allow(dead_code)] // not every test binary uses all of it
#![allow(clippy::print_stdout)] // where a test speaks

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::need::{self, Need};

#[path = "asterisk/callee.rs"]
mod callee;
#[path = "asterisk/caller.rs"]
mod caller;
#[path = "asterisk/ports.rs"]
mod ports;
#[path = "asterisk/process.rs"]
mod process;
#[path = "udp.rs"]
mod udp;

#[allow(unused_imports)] // not every test binary uses all of it
pub(crate) use callee::Callee;
#[allow(unused_imports)]
pub(crate) use caller::Caller;
use ports::PortBlock;
use process::Process;

/// The trunk to SIPp.
pub(crate) const SIPP_TRUNK: &str = "PJSIP/{number}@carrier";
/// The trunk back into the same Asterisk.
pub(crate) const LOOP_TRUNK: &str = "PJSIP/{number}@loop";

/// How long a program may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running Asterisk and SIPp. Both end when it is dropped.
pub(crate) struct AsteriskLab {
    /// Base of the REST interface: `http://127.0.0.1:{port}/ari`.
    pub(crate) ari_url: String,
    /// User of the REST interface.
    pub(crate) user: String,
    /// Its password.
    pub(crate) password: String,
    asterisk: Option<Process>,
    sipp: Option<Process>,
    installed: PathBuf,
    ports: PortBlock,
    // Last, so that it goes when nobody writes there any more.
    run: TempDir,
}

impl AsteriskLab {
    /// Starts both, and waits until Asterisk takes calls. `None`, and a line in
    /// the test log, where the programs are not installed.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let installed = installed();
        if ["asterisk", "sipp"].iter().any(|program| !installed.join("bin").join(program).exists()) {
            need::skip(Need::Asterisk, test);
            need::skip(Need::Sipp, test);
            return None;
        }
        let ports = PortBlock::claim().expect("a thousand free ports");
        // Not under target/: the path of a Unix socket has at most 107 characters.
        let parent = std::env::var_os("CANVASS_TEST_RUN").unwrap_or_else(|| "/tmp".into());
        let run = tempfile::Builder::new().prefix("a").tempdir_in(parent).expect("a folder to run in");
        let mut lab = Self {
            ari_url: format!("http://127.0.0.1:{}/ari", ports.http()),
            user: "canvass".to_owned(),
            password: "laboratory".to_owned(),
            asterisk: None,
            sipp: None,
            installed,
            ports,
            run,
        };
        lab.write_configuration();
        lab.start_sipp().await;
        lab.start_asterisk().await;
        need::ran(Need::Asterisk, test);
        need::ran(Need::Sipp, test);
        Some(lab)
    }

    /// Ends Asterisk as a power cut would.
    pub(crate) fn kill_asterisk(&mut self) {
        self.asterisk = None;
    }

    /// Starts Asterisk again, on the same ports.
    pub(crate) async fn start_asterisk(&mut self) {
        self.asterisk = None;
        let mut command = Command::new(self.installed.join("bin/asterisk"));
        command.arg("-f").arg("-C").arg(self.config_file());
        let mut asterisk = Process::spawn(&mut command, &self.path("log/stdout.log"));
        let deadline = Instant::now() + START;
        while !self.takes_calls() {
            assert!(asterisk.is_running(), "Asterisk ended while starting:\n{}", self.log());
            assert!(Instant::now() < deadline, "Asterisk does not start:\n{}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
        self.asterisk = Some(asterisk);
    }

    async fn start_sipp(&mut self) {
        let port = self.ports.callees();
        let mut command = Command::new(self.installed.join("bin/sipp"));
        command.arg("-sf").arg(data().join("sipp/callee.xml")).current_dir(self.run.path());
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-mi", "127.0.0.1", "-mp", &self.ports.callees_media().to_string()]);
        command.args(["-cp", &self.ports.callees_control().to_string(), "-nostdin", "-skip_rlimit"]);
        let output = self.path("log/sipp.log");
        let mut sipp = Process::spawn(&mut command, &output);
        let deadline = Instant::now() + START;
        while !udp::is_taken(port) {
            let said = || fs::read_to_string(&output).unwrap_or_default();
            assert!(sipp.is_running(), "SIPp ended while starting:\n{}", said());
            assert!(Instant::now() < deadline, "SIPp does not start:\n{}", said());
            sleep(Duration::from_millis(20)).await;
        }
        self.sipp = Some(sipp);
    }

    /// The name under which Asterisk plays this file: without its extension,
    /// which must be `.wav` for 8 kHz, 16-bit, mono.
    pub(crate) fn sound(wav: &Path) -> String {
        let wav = wav.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", wav.display()));
        format!("sound:{}", wav.with_extension("").display())
    }

    /// Somebody calls `number`, which comes to `[far-end]`, with this From header.
    pub(crate) async fn call_from(&self, from: &str, number: &str) -> Caller {
        Caller::call(self.ports.sip(), from, number).await
    }

    /// All that Asterisk logged so far.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(self.path("log/messages.log")).unwrap_or_default()
    }

    /// What Asterisk logged so far: its complaints, and the last lines of the rest.
    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(self.path("log/messages.log")).unwrap_or_default();
        let output = fs::read_to_string(self.path("log/stdout.log")).unwrap_or_default();
        let lines: Vec<&str> = output.lines().chain(log.lines()).collect();
        let last = lines.len().saturating_sub(40);
        let is_complaint = |line: &str| line.contains("ERROR[") || line.contains("WARNING[");
        let chosen = lines.iter().enumerate().filter(|(n, line)| *n >= last || is_complaint(line));
        chosen.map(|(_, line)| format!("{line}\n")).collect()
    }

    /// Process ids of Asterisk and SIPp, as far as they run.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.asterisk.iter().chain(&self.sipp).map(Process::id).collect()
    }

    /// What Asterisk answers to a command on its console.
    pub(crate) fn console(&self, command: &str) -> String {
        let output = self.remote(command).output().expect("the console can be started");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn takes_calls(&self) -> bool {
        self.remote("core waitfullybooted").output().is_ok_and(|output| output.status.success())
    }

    fn remote(&self, console: &str) -> Command {
        let mut command = Command::new(self.installed.join("bin/asterisk"));
        command.arg("-C").arg(self.config_file()).args(["-rx", console]);
        command
    }

    fn write_configuration(&self) {
        for folder in ["etc", "lib", "run", "log", "spool/recording", "spool/tmp", "spool/outgoing"] {
            fs::create_dir_all(self.path(folder)).expect("a folder in the run folder");
        }
        let (rtp, udptl) = (self.ports.rtp(), self.ports.udptl());
        let values = [
            ("@RUN@", self.run.path().display().to_string()),
            ("@LAB@", self.installed.display().to_string()),
            ("@ARI_USER@", self.user.clone()),
            ("@ARI_PASS@", self.password.clone()),
            ("@HTTP_PORT@", self.ports.http().to_string()),
            ("@SIP_PORT@", self.ports.sip().to_string()),
            ("@SIPP_PORT@", self.ports.callees().to_string()),
            ("@DEAD_PORT@", self.ports.dead().to_string()),
            ("@RTP_START@", rtp.0.to_string()),
            ("@RTP_END@", rtp.1.to_string()),
            ("@UDPTL_START@", udptl.0.to_string()),
            ("@UDPTL_END@", udptl.1.to_string()),
        ];
        for entry in fs::read_dir(data().join("conf")).expect("the configuration templates") {
            let template = entry.expect("a configuration template").path();
            let text = fs::read_to_string(&template).expect("a readable template");
            let text = values.iter().fold(text, |text, (name, value)| text.replace(name, value));
            let name = template.file_name().expect("a file name");
            fs::write(self.path("etc").join(name), text).expect("a writable run folder");
        }
        let dialplan = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialplan/asterisk/canvass.conf");
        fs::copy(dialplan, self.path("etc/canvass.conf")).expect("the dialplan of operators");
    }

    fn config_file(&self) -> PathBuf {
        self.path("etc/asterisk.conf")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.run.path().join(name)
    }
}

impl Drop for AsteriskLab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- Asterisk said:\n{}", self.log());
        }
    }
}

/// Where `install.sh` put the programs.
fn installed() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/lab/asterisk");
    let folder = std::env::var_os("CANVASS_TEST_ASTERISK").map_or_else(default, PathBuf::from);
    folder.canonicalize().unwrap_or(folder)
}

/// Configuration templates and scenarios.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/asterisk")
}
