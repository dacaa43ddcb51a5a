//! `dialplan/asterisk/canvass.conf` on the real Asterisk: it loads without a
//! complaint, tells people from machines, connects with the house, and takes
//! callers off the list, whatever they write as their number.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::time::sleep;

#[path = "support/ari.rs"]
mod ari;
#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;

use ari::Ari;
use asterisk::AsteriskLab;

const FILE: &str = include_str!("../dialplan/asterisk/canvass.conf");

/// Longer than any of these calls takes.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn it_loads_without_a_complaint_and_has_all_it_uses() {
    let Some(lab) = AsteriskLab::start("it_loads_without_a_complaint_and_has_all_it_uses").await else { return };
    assert!(lab.console("dialplan reload").contains("Dialplan reloaded"));
    let log = lab.whole_log();
    let is_complaint = |line: &&str| line.contains("WARNING[") || line.contains("ERROR[");
    // The SIP library has one about itself.
    let complaints: Vec<_> = log.lines().filter(is_complaint).filter(|line| !line.contains("pjproject:")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");

    for context in ["canvass-amd", "canvass-transfer", "canvass-queue", "canvass-inbound"] {
        let shown = lab.console(&format!("dialplan show {context}"));
        assert!(shown.contains(&format!("[ Context '{context}'")), "{context}: {shown}");
    }
    // Asterisk finds a missing application or function only in a call.
    let code = || FILE.lines().filter(|line| !line.trim_start().starts_with(';'));
    let applications = code().filter_map(|line| {
        let call = line.strip_prefix("exten => ").map(|rest| rest.splitn(3, ',').nth(2));
        let call = call.unwrap_or_else(|| line.trim_start().strip_prefix("same => n").map(after_label));
        call.and_then(|call| call.split('(').next())
    });
    let mut seen = 0;
    for name in applications {
        let shown = lab.console(&format!("core show application {name}"));
        assert!(shown.contains("Synopsis"), "{name}: {shown}");
        seen += 1;
    }
    assert!(seen > 40, "{seen} applications found in the file");
    for name in functions(&code().collect::<String>()) {
        let shown = lab.console(&format!("core show function {name}"));
        assert!(shown.contains("Synopsis"), "{name}: {shown}");
    }
    let modules = FILE.split("standard Asterisk:").nth(1).and_then(|rest| rest.split('.').next());
    let modules = modules.expect("the list of modules").replace(['\n', ';', ' '], "");
    for module in modules.split(',') {
        let shown = lab.console(&format!("module show like {module}.so"));
        assert!(shown.contains("1 modules loaded"), "{module}: {shown}");
    }
}

/// What follows the label of a priority, if it has one.
fn after_label(rest: &str) -> &str {
    rest.split_once(',').map_or(rest, |(_, call)| call)
}

/// Names before a parenthesis within `${…}`.
fn functions(code: &str) -> Vec<&str> {
    let pieces = code.split("${").skip(1);
    let names = pieces.filter_map(|piece| piece.find(['(', '}', ':']).map(|end| piece.split_at(end)));
    names.filter(|(_, rest)| rest.starts_with('(')).map(|(name, _)| name).collect()
}

/// Waits until this is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

// --- who answered? ---------------------------------------------------------

/// Places a call and hands it to `canvass-amd` when it is answered.
async fn detect(ari: &Ari, channel: &str, number: &str, wait: &str) {
    ari.originate(channel, &format!("PJSIP/{number}@loop"), 20).await;
    ari.wait(channel, "StasisStart").await;
    for (name, value) in [("CANVASS_APP", "lab"), ("CANVASS_AMD_WAIT", wait)] {
        let query = [("variable", name), ("value", value)];
        assert_eq!(ari.post(&format!("/channels/{channel}/variable"), &query).await.0, 204);
    }
    let to = [("context", "canvass-amd"), ("extension", "s"), ("priority", "1")];
    assert_eq!(ari.post(&format!("/channels/{channel}/continue"), &to).await.0, 204);
}

/// What it came back with.
async fn verdict(ari: &Ari, channel: &str) -> Vec<String> {
    let back = ari.wait_for(channel, "StasisStart", 2).await.remove(1);
    let words = back["args"].as_array().expect("arguments").iter();
    words.map(|word| word.as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn people_and_machines_come_back_with_a_verdict() {
    let Some(lab) = AsteriskLab::start("people_and_machines_come_back_with_a_verdict").await else { return };
    let ari = Ari::connect(&lab).await;
    detect(&ari, "person", "+15551010001", "0").await;
    detect(&ari, "machine", "+15551020001", "").await;
    let person = verdict(&ari, "person").await;
    assert!(person[..2] == ["amd", "HUMAN"] && person[2].starts_with("HUMAN-"), "{person:?}");
    let machine = verdict(&ari, "machine").await;
    assert_eq!(machine[..2], ["amd", "MACHINE"], "{machine:?}");
    let beep = |lab: &AsteriskLab| lab.whole_log().contains("Playing 'beep.");
    assert!(!beep(&lab), "the verdict came before the end of the greeting");

    detect(&ari, "message", "+15551020002", "1").await;
    let machine = verdict(&ari, "message").await;
    assert_eq!(machine[..2], ["amd", "MACHINE"], "{machine:?}");
    assert!(beep(&lab), "the greeting was waited for");
    for channel in ["person", "machine", "message"] {
        ari.hang_up(channel).await;
        assert!(ari.end(channel).await.answered);
    }
}

#[tokio::test]
async fn a_hang_up_during_detection_leaves_nothing_behind() {
    let Some(lab) = AsteriskLab::start("a_hang_up_during_detection_leaves_nothing_behind").await else { return };
    let ari = Ari::connect(&lab).await;
    // A callee who hangs up after a second, and calls taken back while AMD()
    // listens and while the end of a greeting is waited for.
    detect(&ari, "hangs-up", "+15551040010", "1").await;
    detect(&ari, "taken-back", "+15551000001", "1").await;
    detect(&ari, "taken-back-late", "+15551020001", "1").await;
    until("AMD listens", || lab.whole_log().matches("AMD(\"PJSIP").count() >= 3).await;
    ari.hang_up("taken-back").await;
    until("the greeting is waited for", || lab.whole_log().contains("WaitForSilence(\"PJSIP")).await;
    ari.hang_up("taken-back-late").await;
    for channel in ["hangs-up", "taken-back", "taken-back-late"] {
        assert!(ari.end(channel).await.answered, "{channel}");
        assert!(!ari.has(channel, "StasisStart", 2), "{channel} did not come back");
    }
    until_idle(&ari).await;
    let log = lab.whole_log();
    assert!(!log.contains("ERROR["), "{log}");
}

/// Waits until no channel is left.
async fn until_idle(ari: &Ari) {
    let end = Instant::now() + PATIENCE;
    loop {
        let (status, channels) = ari.get("/channels").await;
        assert_eq!(status, 200);
        if channels.as_array().is_some_and(Vec::is_empty) {
            return;
        }
        assert!(Instant::now() < end, "left behind: {channels:#}");
        sleep(Duration::from_millis(100)).await;
    }
}

// --- the house ---------------------------------------------------------------

#[tokio::test]
async fn extensions_ring_and_what_cannot_be_reached_says_so() {
    let Some(lab) = AsteriskLab::start("extensions_ring_and_what_cannot_be_reached_says_so").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("extension", "Local/1001@canvass-transfer", 20).await;
    ari.wait("extension", "StasisStart").await;
    ari.hang_up("extension").await;
    assert!(ari.end("extension").await.answered);

    for (channel, name) in [("nobody", "9999"), ("hyphen", "front-desk_2.b"), ("two", "1001&PJSIP/1001"), ("h", "+h,x")]
    {
        ari.originate(channel, &format!("Local/{name}@canvass-transfer"), 20).await;
        assert!(!ari.end(channel).await.answered, "{name}");
    }
    let log = lab.whole_log();
    for dialed in ["\"PJSIP/1001,30\"", "\"PJSIP/9999,30\"", "\"PJSIP/front-desk_2.b,30\""] {
        assert!(log.contains(dialed), "{dialed}: {log}");
    }
    until_idle(&ari).await;
}

#[tokio::test]
async fn a_queue_takes_callees_if_somebody_is_there() {
    let Some(lab) = AsteriskLab::start("a_queue_takes_callees_if_somebody_is_there").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("queue", "Local/sales@canvass-queue", 20).await;
    ari.wait("queue", "StasisStart").await;
    until("the member answers", || lab.whole_log().contains("answered Local/sales@canvass-queue")).await;
    ari.hang_up("queue").await;
    assert!(ari.end("queue").await.answered);
    for (channel, cause) in [("nobody", 20), ("unknown", 1)] {
        ari.originate(channel, &format!("Local/{channel}@canvass-queue"), 20).await;
        let end = ari.end(channel).await;
        assert_eq!((end.answered, end.cause), (false, cause), "{channel}");
    }
    until_idle(&ari).await;
}

// --- somebody calls back -----------------------------------------------------

/// An Asterisk whose inbound context has prompts and a command.
struct Inbound {
    lab: AsteriskLab,
    home: TempDir,
    calls: AtomicU32,
}

impl Inbound {
    /// `None`, and a line in the test log, where Asterisk is not installed.
    async fn start(test: &str) -> Option<Self> {
        let lab = AsteriskLab::start(test).await?;
        let inbound = Self { lab, home: tempfile::tempdir().expect("a folder"), calls: AtomicU32::new(1) };
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialplan/sounds/canvass");
        inbound.set("CANVASS_SOUNDS", &sounds.display().to_string());
        Some(inbound)
    }

    /// Says something in [globals].
    fn set(&self, name: &str, value: &str) {
        self.lab.console(&format!("dialplan set global {name} \"{value}\""));
        let shown = self.lab.console("dialplan show globals");
        assert!(shown.contains(&format!("{name}={value}")), "{shown}");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Has opt-outs go to a database of their own.
    fn with_database(&self) {
        let url = format!("sqlite:{}", self.path("canvass.db").display());
        let config = format!("[database]\nurl = \"{url}\"\n[organization]\nnumber_check = \"possible\"\n");
        fs::write(self.path("canvass.toml"), config).expect("written");
        assert!(self.canvass(&["migrate"]).0);
        let config = self.path("canvass.toml").display().to_string();
        self.set("CANVASS_COMMAND", &format!("{} --config {config}", env!("CARGO_BIN_EXE_canvass")));
    }

    /// Has opt-outs go to a shell script.
    fn with_script(&self, text: &str) {
        let script = self.path("canvass.sh");
        fs::write(&script, format!("#!/bin/sh\n{text}\n")).expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made executable");
        self.set("CANVASS_COMMAND", &script.display().to_string());
    }

    /// Runs our own command on the same database.
    fn canvass(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
        command.env_remove("RUST_LOG").arg("--config").arg(self.path("canvass.toml"));
        let output = command.args(arguments).output().expect("canvass runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Calls with this From header, presses 9 when asked to, stays to the end;
    /// what was heard, by the names of the prompts.
    async fn opt_out(&self, from: &str) -> Vec<String> {
        self.keys(from, &['9']).await
    }

    /// The same with these keys, one at each offer.
    async fn keys(&self, from: &str, keys: &[char]) -> Vec<String> {
        let number = self.fresh_number();
        let mut caller = self.lab.call_from(from, &number).await;
        for (n, key) in keys.iter().enumerate() {
            until("the offer is made", || self.offers(&number) > n).await;
            caller.press(*key).await;
        }
        caller.wait_for_hang_up().await;
        self.heard(&number)
    }

    /// One of our numbers that nobody called yet, so that calls can be told apart.
    fn fresh_number(&self) -> String {
        format!("+1555110{:04}", self.calls.fetch_add(1, Ordering::Relaxed))
    }

    fn offers(&self, number: &str) -> usize {
        self.heard(number).iter().filter(|name| *name == "who-called").count()
    }

    /// The prompts played so far to who called this number.
    fn heard(&self, number: &str) -> Vec<String> {
        let log = self.lab.whole_log();
        let first = format!("Executing [{number}@far-end:1]");
        let call = log.lines().find(|line| line.contains(&first)).and_then(call_id).unwrap_or("not yet");
        let played = log.lines().filter(|line| call_id(line) == Some(call));
        let names = played.filter_map(|line| line.split_once("Playing '")?.1.split('\'').next());
        names.map(|name| Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect()
    }
}

/// What Asterisk calls a call in its log: `C-0000002a`.
fn call_id(line: &str) -> Option<&str> {
    line.split_once("[C-")?.1.split(']').next()
}

/// What a caller heard who was asked once and then told this.
fn told(what: &str) -> Vec<String> {
    ["who-called", what, "goodbye"].map(ToOwned::to_owned).to_vec()
}

#[tokio::test]
async fn nine_puts_the_caller_on_the_list() {
    let Some(inbound) = Inbound::start("nine_puts_the_caller_on_the_list").await else { return };
    inbound.with_database();
    // Somebody, the same once more, and a number as the country of the
    // configuration writes it.
    let callers =
        ["\"Ann\" <sip:+12127365000@lab.invalid>", "<sip:+12127365000@lab.invalid>", "<sip:2127365001@lab.invalid>"];
    for heard in join_all(callers.map(|from| inbound.opt_out(from))).await {
        assert_eq!(heard, told("opted-out"));
    }
    let (listed, entry) = inbound.canvass(&["dnc", "check", "+12127365000"]);
    assert!(listed && entry.contains("(inbound:"), "{entry}");
    assert!(inbound.canvass(&["dnc", "check", "+12127365001"]).0);
    // As another country does.
    inbound.set("CANVASS_COUNTRY", "GB");
    assert_eq!(inbound.opt_out("<sip:02079460958@lab.invalid>").await, told("opted-out"));
    assert!(inbound.canvass(&["dnc", "check", "+442079460958"]).0);
    inbound.set("CANVASS_CALLER_ID", "e164");
    assert_eq!(inbound.opt_out("<sip:4930901820@lab.invalid>").await, told("opted-out"));
    assert!(inbound.canvass(&["dnc", "check", "+4930901820"]).0);
    // No number of any country: the command refuses, and the caller hears it.
    assert_eq!(inbound.opt_out("<sip:0000000@lab.invalid>").await, told("opt-out-failed"));
    let list = inbound.canvass(&["dnc", "list"]).1;
    assert_eq!(list.lines().count(), 5, "{list}");
}

#[tokio::test]
async fn other_keys_and_none_end_politely() {
    let Some(inbound) = Inbound::start("other_keys_and_none_end_politely").await else { return };
    inbound.with_script("touch \"$0.ran\"");
    let from = "<sip:+12127365000@lab.invalid>";
    let offer = ["who-called", "opt-out-offer"];
    let flood = async {
        let number = inbound.fresh_number();
        let mut caller = inbound.lab.call_from(from, &number).await;
        for _ in 0..200 {
            caller.press('5').await;
        }
        caller.wait_for_hang_up().await;
        inbound.heard(&number)
    };
    let hangs_up = async {
        let number = inbound.fresh_number();
        let caller = inbound.lab.call_from(from, &number).await;
        until("the offer is made", || inbound.offers(&number) > 0).await;
        caller.hang_up().await;
    };
    let (nothing, wrong, flood, ()) =
        tokio::join!(inbound.keys(from, &[]), inbound.keys(from, &['1', '#', '0']), flood, hangs_up);
    assert_eq!(nothing, [&offer[..], &offer, &offer, &["goodbye"]].concat());
    assert_eq!(wrong, ["who-called", "who-called", "who-called", "goodbye"]);
    assert_eq!(flood.last().map(String::as_str), Some("goodbye"), "{flood:?}");
    assert!((1..=3).contains(&flood.iter().filter(|name| *name == "who-called").count()), "{flood:?}");
    until_idle(&Ari::rest_only(&inbound.lab.ari_url, &inbound.lab.user, &inbound.lab.password)).await;
    assert!(!inbound.path("canvass.sh.ran").exists(), "nobody opted out");
}

#[tokio::test]
async fn no_number_no_confirmation() {
    let Some(inbound) = Inbound::start("no_number_no_confirmation").await else { return };
    inbound.with_script("touch \"$0.ran\"");
    let withheld = [
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
        "<sip:lab.invalid>",
        "<sip:123456@lab.invalid>",
        "<sip:1234567890123456@lab.invalid>",
        "<sip:ann@lab.invalid>",
        "<sip:+@lab.invalid>",
        "<sip:2127+365000@lab.invalid>",
        "<sip:++12127365000@lab.invalid>",
    ];
    let heard = join_all(withheld.map(|from| inbound.opt_out(from))).await;
    for (from, heard) in withheld.iter().zip(heard) {
        assert_eq!(heard, told("no-number"), "{from}");
    }
    assert!(!inbound.path("canvass.sh.ran").exists(), "the command was not asked");
}

#[tokio::test]
async fn what_is_not_stored_is_not_confirmed() {
    let Some(inbound) = Inbound::start("what_is_not_stored_is_not_confirmed").await else { return };
    // One command for all calls, which fails by the caller's last digits.
    let canvass = env!("CARGO_BIN_EXE_canvass");
    let nowhere = inbound.path("nowhere.toml");
    fs::write(&nowhere, "[database]\nurl = \"sqlite:nowhere.db\"\n").expect("written");
    let ways = [
        "exit 1".to_owned(),
        "exit 127".to_owned(),
        "exit 255".to_owned(),
        "kill -9 $$".to_owned(),
        "kill -15 $$".to_owned(),
        "exec /nonexistent/canvass \"$@\"".to_owned(),
        "exec /dev/null".to_owned(),
        format!("exec {canvass} --config /nonexistent.toml \"$@\""),
        format!("exec {canvass} --config {} \"$@\"", nowhere.display()),
    ];
    let cases: String = ways.iter().enumerate().map(|(n, way)| format!("*500{n}) {way} ;;\n")).collect();
    inbound.with_script(&format!("case \"$*\" in\n{cases}esac"));
    let callers: Vec<_> = (0..=ways.len()).map(|n| format!("<sip:+1212736500{n}@lab.invalid>")).collect();
    let heard = join_all(callers.iter().map(|from| inbound.opt_out(from))).await;
    for (way, heard) in ways.iter().zip(&heard) {
        assert_eq!(*heard, told("opt-out-failed"), "{way}");
    }
    assert_eq!(heard.last(), Some(&told("opted-out")), "the script as such runs");
    inbound.set("CANVASS_COMMAND", "/nonexistent/canvass");
    assert_eq!(inbound.opt_out(&callers[0]).await, told("opt-out-failed"));
    let log = inbound.lab.whole_log();
    let complaints = log.lines().filter(|line| line.contains("ERROR[") && line.contains("was not stored")).count();
    assert_eq!(complaints, ways.len() + 1, "the operator can mend each: {log}");
}

#[tokio::test]
async fn no_caller_reaches_a_shell() {
    let Some(inbound) = Inbound::start("no_caller_reaches_a_shell").await else { return };
    // Whatever reaches the command is written down, a word a line.
    inbound.with_script("printf '%s\\n' \"$@\" >> \"$0.ran\"");
    let pwned = inbound.path("pwned");
    let touch = format!("touch%20{}", pwned.display());
    let hostile = [
        format!(";{touch};"),
        format!("%3B{touch}%3B"),
        format!("+12127365000%20%7C%7C%20{touch}"),
        format!("+12127365000%26{touch}%26"),
        format!("$({touch})"),
        format!("%24({touch})12127365000"),
        format!("%60{touch}%60"),
        format!("12127365000%0A{touch}%0A"),
        format!("12127365000%0D%0A{touch}"),
        format!("%22%3B{touch}%3B%22"),
        format!("%27%3B{touch}%3B%27"),
        format!("%24%7BSHELL({touch})%7D"),
        format!("+12127365000%24%7BSHELL({touch})%7D"),
        format!("%24%5B1%2B1%5D12127365000%3B{touch}"),
        format!("12127365000)%3A2%3A3%7D,{touch}"),
        format!("%5C%22%5C)12127365000,%7C{touch}"),
        "--config=/nonexistent".to_owned(),
        "%22%20%3D%20%22%22%20%7C%20%221".to_owned(),
        "%EF%BC%91%EF%BC%92%EF%BC%91%EF%BC%92%EF%BC%97%EF%BC%93%EF%BC%96%EF%BC%95".to_owned(),
        "9".repeat(1_000),
    ];
    let hostile = hostile.map(|user| format!("\"x\" <sip:{user}@lab.invalid>"));
    let heard = join_all(hostile.iter().map(|from| inbound.opt_out(from))).await;
    for (from, heard) in hostile.iter().zip(heard) {
        assert_eq!(heard, told("no-number"), "{from}");
    }
    assert!(!pwned.exists(), "one was run");
    assert!(!inbound.path("canvass.sh.ran").exists(), "none of them reached the command");

    // Asterisk itself cuts a number at a semicolon or a NUL; a name is never
    // looked at.
    let name = format!("\"$(touch {0}) `touch {0}`; ' \\\" ${{SHELL(touch {0})}}\"", pwned.display());
    for (from, number) in [
        (format!("<sip:+12127365000%3B{touch}@lab.invalid>"), "+12127365000"),
        (format!("<sip:+12127365000;{touch}@lab.invalid>"), "+12127365000"),
        (format!("<sip:12127365000%00{touch}@lab.invalid>"), "12127365000"),
        (format!("{name} <sip:+12127365000@lab.invalid>"), "+12127365000"),
    ] {
        let ran = inbound.path("canvass.sh.ran");
        assert_eq!(inbound.opt_out(&from).await, told("opted-out"), "{from}");
        let arguments = fs::read_to_string(&ran).expect("the command was run");
        assert_eq!(arguments.lines().collect::<Vec<_>>(), ["dnc", "add", "--source", "inbound", number]);
        fs::remove_file(&ran).expect("removed");
        assert!(!pwned.exists(), "{from}");
    }
}

#[tokio::test]
async fn without_its_prompts_it_does_not_pretend() {
    let Some(lab) = AsteriskLab::start("without_its_prompts_it_does_not_pretend").await else { return };
    let mut caller = lab.call_from("<sip:+12127365000@lab.invalid>", "+15551100001").await;
    caller.wait_for_hang_up().await;
    let log = lab.whole_log();
    assert!(log.contains("no sound canvass/who-called or opt-out-offer"), "{log}");
    assert!(log.contains("Playing 'sorry.") && log.contains("Playing 'vm-goodbye."), "{log}");
}
