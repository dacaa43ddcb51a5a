//! The program as a user runs it: every command, its words and exit status,
//! against a simulated switch in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

#[path = "support/processes.rs"]
mod processes;

use processes::{Process, SimulatorProcess, configuration};
use tempfile::TempDir;

const MIX: &str = "seed = 3\nspeed = 20.0\nring_ms = [500, 3000]\ntalk_ms = [1000, 5000]\n[shares]\nanswer = 0.7\nbusy = 0.3\nvoicemail = 0\nno_answer = 0\nreject = 0\ninvalid = 0\ncongestion = 0\n";

const CAMPAIGN: &str = "name = \"Spring\"\nnumber_pool = [\"+15550100001\", \"+15550100002\"]\nmax_concurrent = 5\n";

const LIST: &str = "Phone Number,Name,City\n+15551234567,John Doe,Springfield\n(555) 555-0100,Bob,Shelbyville\n\
    555 123 4567,John again,Springfield\n12345,Too Short,Nowhere\n,Nobody,Nowhere\n5559876543,\"Jane, \"\"JJ\"\" Smith\",X\n";

struct Installation {
    folder: TempDir,
    config: PathBuf,
    simulator: SimulatorProcess,
}

impl Installation {
    fn new(mix: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let simulator = SimulatorProcess::start("freeswitch", "127.0.0.1:0", folder.path(), mix);
        let database = format!("sqlite:{}", folder.path().join("canvass.db").display());
        let config = configuration(folder.path(), &database, "freeswitch", &simulator.address);
        let installation = Self { folder, config, simulator };
        installation.write("spring.toml", CAMPAIGN);
        installation.write("list.csv", LIST);
        installation
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    /// A daemon that dials a campaign with so many contacts.
    fn dialing(&self, contacts: u32) -> Process {
        let numbers: String = (0..contacts).map(|n| format!("+15552{n:06}\n")).collect();
        self.write("list.csv", &format!("phone\n{numbers}"));
        assert!(self.canvass(&["campaign", "create", "spring.toml", "--contacts", "list.csv"]).well);
        let daemon = self.serve();
        assert!(self.canvass(&["campaign", "launch", "Spring"]).well);
        daemon
    }

    /// Waits until the switch was asked and did this much.
    fn until_records(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(30);
        while self.simulator.records().len() < count {
            assert!(Instant::now() < until, "the daemon dials: {}", self.read("daemon.log"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("read")
    }

    fn canvass(&self, arguments: &[&str]) -> Said {
        canvass(self.folder.path(), Some(&self.config), arguments)
    }

    fn serve(&self) -> Process {
        let config = self.config.display().to_string();
        Process::start(&["--config", &config, "serve"], &self.path("daemon.log"))
    }
}

/// What a command answered.
struct Said {
    well: bool,
    out: String,
    err: String,
}

fn canvass(folder: &Path, config: Option<&Path>, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
    command.current_dir(folder).env_remove("RUST_LOG").env_remove("CANVASS_CONFIG");
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let Output { status, stdout, stderr } = command.args(arguments).output().expect("canvass runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { well: status.success(), out: text(stdout), err: text(stderr) }
}

#[test]
fn a_campaign_run_in_the_foreground() {
    let home = Installation::new(MIX);
    let said = home.canvass(&["run", "spring.toml", "list.csv", "--rejected", "rejected.csv", "--report", "out.csv"]);
    assert!(said.well, "{}\n{}", said.out, said.err);
    assert!(said.err.contains("3 contacts added, 1 duplicates skipped, 2 rows rejected"), "{}", said.err);
    assert!(said.out.contains("completed"), "{}", said.out);

    let report = home.read("out.csv");
    let mut rows = report.lines();
    assert!(rows.next().is_some_and(|header| header.starts_with("call_id,phone_number,name,attempt,caller_id")));
    assert_eq!(rows.count(), 3, "{report}");
    assert!(report.contains("\"Jane, \"\"JJ\"\" Smith\""), "{report}");

    let rejected = home.read("rejected.csv");
    for part in ["12345", "too short", "missing", "John again"] {
        assert!(rejected.contains(part), "{part} in {rejected}");
    }

    // The same command again calls nobody a second time.
    let again = home.canvass(&["run", "spring.toml", "list.csv"]);
    assert!(!again.well && again.err.contains("--again"), "{}", again.err);
    let placed = home.simulator.records().len();
    let again = home.canvass(&["run", "spring.toml", "list.csv", "--again"]);
    assert!(again.well, "{}", again.err);
    assert!(home.simulator.records().len() > placed);
}

#[test]
fn a_campaign_dialed_by_the_daemon() {
    let home = Installation::new(MIX);
    let created = home.canvass(&["campaign", "create", "spring.toml"]);
    assert!(created.well && created.out.contains("draft"), "{}", created.err);
    let empty = home.canvass(&["campaign", "launch", "Spring"]);
    assert!(!empty.well && empty.err.contains("no contacts"), "{}", empty.err);
    let imported = home.canvass(&["import", "Spring", "list.csv"]);
    assert!(imported.well && imported.err.contains("3 contacts added"), "{}", imported.err);

    let mut daemon = home.serve();
    let launched = home.canvass(&["campaign", "launch", "Spring", "--max-concurrent", "2"]);
    assert!(launched.well, "{}", launched.err);
    let running = home.canvass(&["import", "Spring", "list.csv"]);
    assert!(!running.well && running.err.contains("cannot edit"), "{}", running.err);

    let watched = home.canvass(&["campaign", "watch", "Spring"]);
    assert!(watched.well, "{}\n{}", watched.out, watched.err);
    assert!(watched.out.contains("all contacts"), "{}", watched.out);
    let shown = home.canvass(&["campaign", "show", "Spring"]);
    assert!(shown.out.contains("completed") && shown.out.contains("\"max_concurrent\": 2"), "{}", shown.out);
    let listed = home.canvass(&["campaign", "list"]);
    assert!(listed.out.contains("Spring"), "{}", listed.out);
    let report = home.canvass(&["campaign", "report", "Spring"]);
    assert_eq!(report.out.lines().count(), 4, "{}", report.out);
    let edited = home.canvass(&["campaign", "pause", "Spring"]);
    assert!(!edited.well && edited.err.contains("cannot pause a campaign that is completed"), "{}", edited.err);
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
}

#[test]
fn pause_resume_and_cancel() {
    let home = Installation::new("speed = 1.0\nring_ms = [300, 900]\n[endings]\n\"\" = \"busy\"\n");
    let mut daemon = home.dialing(300);
    home.until_records(20);
    assert!(home.canvass(&["campaign", "pause", "Spring"]).well);
    std::thread::sleep(Duration::from_millis(2_500));
    let quiet = home.simulator.records().len();
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(home.simulator.records().len(), quiet, "paused is paused");
    assert!(home.canvass(&["campaign", "resume", "Spring"]).well);
    home.until_records(quiet + 10);
    assert!(home.canvass(&["campaign", "cancel", "Spring"]).well);
    let resumed = home.canvass(&["campaign", "resume", "Spring"]);
    assert!(!resumed.well && resumed.err.contains("cancelled"), "{}", resumed.err);
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
}

#[test]
fn a_stopped_daemon_brings_its_calls_to_an_end() {
    let home = Installation::new("speed = 1.0\nring_ms = [1500, 2500]\n[endings]\n\"\" = \"busy\"\n");
    let mut daemon = home.dialing(50);
    home.until_records(5);
    assert_eq!(daemon.terminate(Duration::from_secs(40)), Some(true), "{}", home.read("daemon.log"));
    // What was placed has its end, in the database as on the switch.
    let report = home.canvass(&["campaign", "report", "Spring"]).out;
    let busy = report.lines().filter(|line| line.contains(",busy,")).count();
    let placed =
        home.simulator.records().iter().filter(|record| format!("{record:?}").starts_with("Originate")).count();
    assert_eq!((busy, placed), (placed, busy), "{report}");
    assert!(placed >= 5);
}

#[test]
fn limits_change_when_the_configuration_is_read_again() {
    let home = Installation::new("speed = 1.0\nring_ms = [60000, 60000]\n[endings]\n\"\" = \"busy\"\n");
    let text = home.read("canvass.toml");
    home.write("canvass.toml", &text.replace("outbound_rate_limit = 500", "outbound_rate_limit = 2"));
    let daemon = home.dialing(50);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(home.simulator.records().len(), 2);
    home.write("canvass.toml", "[nonsense]\n");
    daemon.signal("-HUP");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(home.simulator.records().len(), 2, "what cannot be read changes nothing");
    home.write("canvass.toml", &text);
    daemon.signal("-HUP");
    home.until_records(5);
}

#[test]
fn a_second_daemon_on_the_same_database_is_refused() {
    let home = Installation::new(MIX);
    assert!(home.canvass(&["migrate"]).well);
    let _daemon = home.serve();
    std::thread::sleep(Duration::from_millis(1_500));
    let mut second =
        Process::start(&["--config", &home.config.display().to_string(), "serve"], &home.path("second.log"));
    assert_eq!(second.wait(Duration::from_secs(20)), Some(false));
    let log = home.read("second.log");
    assert!(log.contains("another canvass daemon"), "{log}");
}

#[test]
fn a_run_beside_a_daemon_is_refused_before_anybody_is_called() {
    let home = Installation::new(MIX);
    assert!(home.canvass(&["migrate"]).well);
    let _daemon = home.serve();
    std::thread::sleep(Duration::from_millis(1_500));
    let run = home.canvass(&["run", "spring.toml", "list.csv"]);
    assert!(!run.well && run.err.contains("another canvass daemon"), "{}", run.err);
    // Longer than the daemon takes to pick up a campaign that runs.
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(home.simulator.records().len(), 0);
    assert!(home.canvass(&["campaign", "show", "Spring"]).out.contains("draft"));
}

#[test]
fn doctor_says_what_is_wrong_and_how_to_mend_it() {
    let mut home = Installation::new(MIX);
    let well = home.canvass(&["doctor"]);
    assert!(well.well, "{}", well.out);
    assert!(well.out.contains("FreeSWITCH") && well.out.contains("carrier"), "{}", well.out);
    let text = home.read("canvass.toml").replace("ClueCon", "wrong");
    home.write("canvass.toml", &text);
    let refused = home.canvass(&["doctor"]);
    assert!(!refused.well && refused.out.contains("BAD   switch main"), "{}", refused.out);
    assert!(refused.out.contains("password") && !refused.out.contains("wrong\""), "{}", refused.out);
    home.simulator.process.kill();
    let gone = home.canvass(&["doctor"]);
    assert!(!gone.well && gone.out.contains("mend:"), "{}", gone.out);
}

#[test]
fn numbers_and_the_do_not_call_list() {
    let home = Installation::new(MIX);
    assert!(home.canvass(&["number", "add", "+15550100001"]).well);
    assert!(home.canvass(&["number", "disable", "+15550100001"]).well);
    assert!(home.canvass(&["number", "list"]).out.contains("inactive"));
    assert!(home.canvass(&["number", "limit", "+15550100001", "--daily-cap", "150"]).well);
    assert!(home.canvass(&["number", "list"]).out.contains("0 of 150"));
    home.write("dids.csv", "phone_number,label,max_concurrent\n+15550100001,Main,2\n+15550100002,,0\n");
    let imported = home.canvass(&["number", "import", "dids.csv"]);
    assert!(!imported.well && imported.err.contains("line 3: max_concurrent: is 0"), "{}", imported.err);
    assert!(home.canvass(&["number", "rest", "+15550100001", "--hours", "1"]).well);
    let listed = home.canvass(&["number", "list"]).out;
    assert!(listed.contains("Main") && listed.contains("0 of 150"), "{listed}");
    assert!(!home.canvass(&["number", "disable", "+15550109999"]).well);
    assert!(!home.canvass(&["number", "add", "12"]).well);
    let off = "name = \"Off\"\nnumber_pool = [\"+15550100001\"]\n";
    home.write("off.toml", off);
    assert!(home.canvass(&["campaign", "create", "off.toml", "--contacts", "list.csv"]).well);
    let refused = home.canvass(&["campaign", "launch", "Off"]);
    assert!(!refused.well && refused.err.contains("no active caller ID"), "{}", refused.err);

    assert!(!home.canvass(&["dnc", "check", "(555) 123-4567"]).well);
    assert!(home.canvass(&["dnc", "add", "(555) 123-4567", "--reason", "asked"]).well);
    let check = home.canvass(&["dnc", "check", "+15551234567"]);
    assert!(check.well && check.out.contains("asked"), "{}", check.out);
    let run = home.canvass(&["run", "spring.toml", "list.csv"]);
    assert!(run.well && run.out.contains("do_not_call"), "{}", run.out);
    let called: Vec<_> = home.simulator.records();
    assert!(!called.iter().any(|record| format!("{record:?}").contains("+15551234567")));
    assert!(home.canvass(&["dnc", "remove", "+15551234567"]).well);
}

#[test]
fn a_test_call_and_one_that_is_forced() {
    let home = Installation::new(MIX);
    assert!(home.canvass(&["migrate"]).well);
    assert!(home.canvass(&["number", "add", "+15550100001"]).well);
    let call = |more: &[&str]| {
        let usual: &[&str] = &["test-call", "+15551234567", "--switch", "main"];
        home.canvass(&[usual, more].concat())
    };
    let other = home.canvass(&["test-call", "+15551234567", "--switch", "other"]);
    assert!(!other.well && other.err.contains("there is no switch other; there is main"), "{}", other.err);
    let placed = call(&[]);
    assert!(placed.well, "{}", placed.err);
    assert!(home.canvass(&["dnc", "add", "+15551234567"]).well);
    let refused = call(&[]);
    assert!(!refused.well && refused.err.contains("do_not_call"), "{}", refused.err);
    assert!(refused.err.contains("--force --reason"), "{}", refused.err);
    assert!(!call(&["--force"]).well, "it needs a reason");
    assert!(!call(&["--force", "--reason", " "]).well, "and one that says something");
    let forced = call(&["--force", "--reason", "he asked for it"]);
    assert!(forced.well && forced.err.contains("Forced against do_not_call"), "{}", forced.err);

    let mut daemon = home.serve();
    let id = forced.out.split([' ', ':']).nth(2).expect("an id");
    assert!(home.canvass(&["campaign", "watch", id]).well);
    let known = home.canvass(&["number", "show", "+15551234567", "--format", "json"]).out;
    for said in ["he asked for it", "\"do_not_call\"", "cli:"] {
        assert!(known.contains(said), "{said}: {known}");
    }
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
}

#[test]
fn wrong_input_is_told_by_name() {
    let home = Installation::new(MIX);
    let error = |arguments: &[&str]| {
        let said = home.canvass(arguments);
        assert!(!said.well, "{arguments:?}");
        said.err
    };
    home.write("typo.toml", "name = \"x\"\nmax_concurent = 3\n");
    assert!(error(&["campaign", "create", "typo.toml"]).contains("did you mean `max_concurrent`"));
    assert!(error(&["campaign", "create", "gone.toml"]).contains("gone.toml"));
    assert!(error(&["campaign", "show", "nobody"]).contains("there is no campaign \"nobody\""));
    assert!(home.canvass(&["campaign", "create", "spring.toml"]).well);
    home.write("none.csv", "name,city\nAnn,X\n");
    assert!(error(&["import", "Spring", "none.csv"]).contains("phone_number"));
    home.write("empty.csv", "");
    assert!(error(&["import", "Spring", "empty.csv"]).contains("empty"));
    std::fs::write(home.path("binary.csv"), [0u8, 1, 2, 3, 255]).expect("written");
    assert!(error(&["import", "Spring", "binary.csv"]).contains("not a CSV file"));
    assert!(error(&["simulate", "freeswitch", "--mix", "typo.toml"]).contains("typo.toml"));
}

#[test]
fn the_configuration_is_shown_without_its_secrets() {
    let home = Installation::new(MIX);
    let said = home.canvass(&["config"]);
    assert!(said.well && said.out.contains("\"max_channels\": 200"), "{}", said.out);
    assert!(!said.out.contains("ClueCon"), "{}", said.out);
    let folder = tempfile::tempdir().expect("a folder");
    let bare = canvass(folder.path(), None, &["config"]);
    assert!(bare.well && bare.out.contains("sqlite:canvass.db"), "{}", bare.err);
    let nothing = canvass(folder.path(), None, &["serve"]);
    assert!(!nothing.well && nothing.err.contains("no switch is configured"), "{}", nothing.err);
}

#[test]
fn sounds_go_into_the_library_and_into_a_campaign() {
    let home = Installation::new(MIX);
    let fixture = |name: &str| format!("{}/tests/fixtures/audio/{name}", env!("CARGO_MANIFEST_DIR"));
    let error = |arguments: &[&str]| {
        let said = home.canvass(arguments);
        assert!(!said.well, "{arguments:?}: {}", said.out);
        said.err
    };
    let added = home.canvass(&["media", "add", &fixture("speech.mp3"), "--name", "greeting"]);
    assert!(added.well && added.out.contains("\"greeting\" is in the library: 0.7 s"), "{}{}", added.out, added.err);
    assert!(home.canvass(&["media", "add", &fixture("speech.ogg")]).well);
    assert!(error(&["media", "add", &fixture("speech.ogg")]).contains("another name"));
    assert!(error(&["media", "add", "list.csv"]).contains("list.csv: not an audio file"));
    assert!(error(&["media", "add", "gone.wav"]).contains("gone.wav"));
    assert!(error(&["media", "show", "nothing"]).contains("no sound \"nothing\""));
    let list = home.canvass(&["media", "list"]).out;
    assert!(list.contains("greeting") && list.contains("speech.mp3") && list.contains("speech.ogg"), "{list}");
    let shown = home.canvass(&["media", "show", "greeting"]).out;
    assert!(shown.contains("Length            0.7 s") && !shown.contains("MISSING"), "{shown}");

    home.write("said.toml", &format!("{CAMPAIGN}prompts = [\"greting\"]\n"));
    assert!(home.canvass(&["campaign", "create", "said.toml", "--contacts", "list.csv"]).well);
    assert!(error(&["campaign", "launch", "Spring"]).contains("\"greting\" is not in the media library"));
    home.write("said.toml", &format!("{CAMPAIGN}prompts = [\"greeting\"]\n"));
    let run = home.canvass(&["run", "said.toml", "list.csv"]);
    assert!(run.well && run.out.contains("completed"), "{}{}", run.out, run.err);
    assert!(!home.read("report.csv").contains("playback failed"));

    home.write("next.toml", &format!("{}prompts = [\"greeting\"]\n", CAMPAIGN.replace("Spring", "Summer")));
    assert!(home.canvass(&["campaign", "create", "next.toml"]).well);
    assert!(error(&["media", "remove", "greeting"]).contains("campaign \"Summer\""));
    assert!(home.canvass(&["campaign", "cancel", "Summer"]).well);
    let removed = home.canvass(&["media", "remove", "greeting"]);
    assert!(removed.well && removed.out.contains("no longer"), "{}", removed.err);
    assert!(error(&["media", "remove", "greeting"]).contains("no sound"));
}
