//! `dialplan/freeswitch/canvass.xml`: what it lets near a shell, read; and on a
//! real FreeSWITCH of its own, where the environment names the program.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::time::sleep;

#[path = "support/asterisk/caller.rs"]
mod caller;
#[path = "support/need.rs"]
mod need;
#[path = "support/udp.rs"]
mod udp;

use caller::Caller;
use need::Need;

const FILE: &str = include_str!("../dialplan/freeswitch/canvass.xml");
const LAB: &str = include_str!("fixtures/freeswitch/dialplan-lab.xml");

/// Longer than any of these calls takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// The file without comments, a line a tag.
fn tags() -> Vec<String> {
    let mut text = FILE.to_owned();
    while let Some(start) = text.find("<!--") {
        let end = text[start..].find("-->").expect("a comment ends") + start;
        assert!(!text[start + 4..end].contains("--"), "XML forbids -- in a comment: {}", &text[start..end]);
        text.replace_range(start..end + 3, "");
    }
    text.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_tag_is_closed_by_its_own() {
    let mut open: Vec<String> = Vec::new();
    for tag in tags().iter().filter(|tag| !tag.starts_with('?')) {
        let name = |tag: &str| tag.split_whitespace().next().unwrap_or_default().to_owned();
        match tag.strip_prefix('/') {
            Some(end) => assert_eq!(open.pop().as_deref(), Some(end.trim())),
            None if tag.ends_with('/') => {}
            None => open.push(name(tag)),
        }
        assert!(tag.matches('"').count() % 2 == 0, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Only what the condition just above took from the caller ID, digits, may stand
/// in a command, and nothing that FreeSWITCH would look up in the call.
#[test]
fn only_digits_stand_in_a_command() {
    let tags = tags();
    let mut commands = 0;
    for (n, command) in tags.iter().enumerate().filter(|(_, tag)| tag.contains("system")) {
        let condition = &tags[n - 1];
        assert!(
            condition.contains("expression=\"^\\+([0-9]{7,15})$\"")
                || condition.contains("expression=\"^([0-9]{7,15})$\""),
            "{condition}"
        );
        let data = command.split("${system(").nth(1).expect("the system API, whose output is looked at");
        assert_eq!(data.replace("$${", "").matches("${").count(), 0, "{command}");
        assert!(data.contains("$1") && !data.contains("$2") && !data.contains("$0"), "{command}");
        assert!(data.ends_with("&gt;/dev/null &amp;&amp; printf stored)}\"/"), "{command}");
        commands += 1;
    }
    assert_eq!(commands, 2);
}

/// A FreeSWITCH with nothing but this dialplan, whose opt-outs go to a script.
struct Lab {
    home: TempDir,
    sip: u16,
    switch: Child,
    calls: AtomicU32,
}

impl Lab {
    /// `None`, and a line in the test log, where no program is named.
    async fn start(test: &str, script: &str) -> Option<Self> {
        let variable = |name| std::env::var_os(name).filter(|text| !text.is_empty());
        let Some(program) = variable("CANVASS_TEST_FREESWITCH_PROGRAM") else {
            need::skip(Need::FreeSwitch, test);
            return None;
        };
        let home = tempfile::tempdir().expect("a folder");
        let free =
            || UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let (sip, rtp) = (free(), free().min(65_000));
        let values = [("@SIP_PORT@", sip), ("@RTP_START@", rtp), ("@RTP_END@", rtp + 500)];
        let text = values.iter().fold(LAB.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()));
        fs::write(home.path().join("freeswitch.xml"), text).expect("written");
        let command = home.path().join("canvass.sh");
        fs::write(&command, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).expect("made executable");
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("dialplan/sounds/canvass").display().to_string();
        let usual = "canvass --config /etc/canvass/canvass.toml";
        assert!(FILE.contains(usual) && FILE.contains("$${sounds_dir}/canvass"), "the lines operators edit");
        let text = FILE.replace(usual, &command.display().to_string()).replace("$${sounds_dir}/canvass", &sounds);
        fs::write(home.path().join("canvass.xml"), text).expect("written");

        let mut switch = Command::new(program);
        switch.args(["-nonat", "-nonatmap", "-nort", "-nf", "-nc"]).stdin(Stdio::null());
        for option in ["-conf", "-log", "-db", "-run"] {
            switch.arg(option).arg(home.path());
        }
        if let Some(modules) = variable("CANVASS_TEST_FREESWITCH_MODULES") {
            switch.arg("-mod").arg(modules);
        }
        let output = fs::File::create(home.path().join("output.log")).expect("made");
        let errors = output.try_clone().expect("cloned");
        let switch = switch.stdout(output).stderr(errors).spawn().expect("FreeSWITCH starts");
        let lab = Self { home, sip, switch, calls: AtomicU32::new(1) };
        until("FreeSWITCH takes calls", || udp::is_taken(sip)).await;
        until("FreeSWITCH has started", || lab.log().contains("FreeSWITCH Started")).await;
        need::ran(Need::FreeSwitch, test);
        Some(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn log(&self) -> String {
        let bytes = fs::read(self.path("freeswitch.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Calls with this From header, presses these keys when asked to, stays to
    /// the end; the prompts that were heard after the offer.
    async fn keys(&self, from: &str, keys: &[char]) -> Vec<String> {
        let number = format!("+1555110{:04}", self.calls.fetch_add(1, Ordering::Relaxed));
        let mut caller = Caller::call(self.sip, from, &number).await;
        until("the offer is made", || self.executed(&number, "play_and_get_digits(").len() == 1).await;
        for key in keys {
            caller.press(*key).await;
        }
        caller.wait_for_hang_up().await;
        self.executed(&number, "playback(")
    }

    async fn opt_out(&self, from: &str) -> Vec<String> {
        self.keys(from, &['9']).await
    }

    /// The files of these applications, run for who called this number.
    fn executed(&self, number: &str, application: &str) -> Vec<String> {
        let log = self.log();
        let first = format!("->{number} in context lab");
        let Some(call) = log.lines().find(|line| line.contains(&first)).and_then(|line| line.get(..36)) else {
            return Vec::new();
        };
        let run = log.lines().filter(|line| line.starts_with(call) && line.contains(" EXECUTE "));
        let files = run.filter_map(|line| line.split_once(application)).map(|(_, rest)| rest.trim_end_matches(')'));
        files.map(|file| Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.switch.kill();
        let _ = self.switch.wait();
    }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn callers_opt_out_and_hear_what_is_so() {
    // It fails for one caller, and is killed for another.
    let script = "printf '%s\\n' \"$*\" >> \"$0.ran\"\ncase \"$*\" in *5001) exit 1 ;; *5002) kill -9 $$ ;; esac";
    let Some(lab) = Lab::start("callers_opt_out_and_hear_what_is_so", script).await else { return };
    let cases: [(&str, &[char], &str); 8] = [
        ("<sip:+12127365000@lab.invalid>", &['9'], "opted-out"),
        ("<sip:2127365003@lab.invalid>", &['9'], "opted-out"),
        ("<sip:+12127365001@lab.invalid>", &['9'], "opt-out-failed"),
        ("<sip:+12127365002@lab.invalid>", &['9'], "opt-out-failed"),
        ("\"Anonymous\" <sip:anonymous@anonymous.invalid>", &['9'], "no-number"),
        ("<sip:123456@lab.invalid>", &['9'], "no-number"),
        ("<sip:+12127365004@lab.invalid>", &['1', '#', '0'], ""),
        ("<sip:+12127365005@lab.invalid>", &[], ""),
    ];
    let heard = join_all(cases.iter().map(|(from, keys, _)| lab.keys(from, keys))).await;
    for ((from, keys, want), heard) in cases.iter().zip(heard) {
        let want: Vec<_> = [*want, "goodbye"].into_iter().filter(|prompt| !prompt.is_empty()).collect();
        assert_eq!(heard, want, "{from} {keys:?}");
    }
    let ran = fs::read_to_string(lab.path("canvass.sh.ran")).expect("the command was run");
    let mut ran: Vec<_> = ran.lines().filter_map(|line| line.strip_prefix("dnc add --source inbound ")).collect();
    ran.sort_unstable();
    assert_eq!(ran, ["+12127365000", "+12127365001", "+12127365002", "2127365003"]);
}

#[tokio::test]
async fn no_caller_reaches_a_shell() {
    let Some(lab) = Lab::start("no_caller_reaches_a_shell", "printf '%s\\n' \"$*\" >> \"$0.ran\"").await else {
        return;
    };
    let pwned = lab.path("pwned");
    let touch = format!("touch%20{}", pwned.display());
    let hostile = [
        format!(";{touch};"),
        format!("%3B{touch}%3B"),
        format!("+12127365000%20%7C%7C%20{touch}"),
        format!("+12127365000%26{touch}%26"),
        format!("$({touch})"),
        format!("%60{touch}%60"),
        format!("%22%3B{touch}%3B%22"),
        format!("%24%7Bsystem({touch})%7D"),
        format!("+12127365000%24%7Bsystem({touch})%7D"),
        format!("12127365000)%3A2%3A3%7D,{touch}"),
        "%24%24%7Bcanvass_command%7D".to_owned(),
        "--config=/nonexistent".to_owned(),
        "9".repeat(500),
    ];
    let hostile = hostile.map(|user| format!("\"x\" <sip:{user}@lab.invalid>"));
    let heard = join_all(hostile.iter().map(|from| lab.opt_out(from))).await;
    for (from, heard) in hostile.iter().zip(heard) {
        assert_eq!(heard, ["no-number", "goodbye"], "{from}");
    }
    assert!(!lab.path("canvass.sh.ran").exists(), "none of them reached the command");
    // A name is never looked at, and no more of a number than its digits.
    let name = format!("\"$(touch {0}) `touch {0}`; ${{system(touch {0})}}\"", pwned.display());
    for from in [format!("{name} <sip:+12127365000@lab.invalid>"), format!("<sip:+12127365000;{touch}@lab.invalid>")] {
        assert_eq!(lab.opt_out(&from).await, ["opted-out", "goodbye"], "{from}");
    }
    let ran = fs::read_to_string(lab.path("canvass.sh.ran")).expect("the command was run");
    assert!(ran.lines().all(|line| line == "dnc add --source inbound +12127365000"), "{ran}");
    assert!(!pwned.exists());
}

#[tokio::test]
async fn an_extension_is_offered_what_telephones_speak() {
    let Some(lab) = Lab::start("an_extension_is_offered_what_telephones_speak", "exit 1").await else { return };
    // Answered by the extension, or there would be no call.
    let mut caller = Caller::call(lab.sip, "<sip:+12127365000@lab.invalid>", "+155500021001").await;
    caller.wait_for_hang_up().await;
    assert!(lab.log().contains("user/1001@127.0.0.1"), "{}", lab.log());
}
