//! `canvass dnc` as people and dialplans use it: what its exit status says, and
//! whole lists in and out.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a configuration and, once it is migrated, a database.
struct Home {
    folder: TempDir,
}

/// What a command answered.
struct Said {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Home {
    fn empty() -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a folder") };
        let database = home.path("canvass.db").display().to_string();
        home.write("canvass.toml", &format!("[database]\nurl = \"sqlite:{database}\"\n"));
        home
    }

    fn new() -> Self {
        let home = Self::empty();
        assert_eq!(home.canvass(&["migrate"]).status, Some(0));
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("read")
    }

    fn canvass(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
        command.current_dir(self.folder.path()).env_remove("RUST_LOG").env_remove("CANVASS_CONFIG");
        let Output { status, stdout, stderr } = command.args(arguments).output().expect("canvass runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { status: status.code(), out: text(stdout), err: text(stderr) }
    }

    fn is_listed(&self, number: &str) -> bool {
        let said = self.canvass(&["dnc", "check", number]);
        assert!(matches!(said.status, Some(0 | 1)), "{}", said.err);
        said.status == Some(0)
    }
}

#[test]
fn the_exit_status_says_what_is_so() {
    let home = Home::new();
    let status = |arguments: &[&str]| home.canvass(arguments).status;
    assert_eq!(status(&["dnc", "check", "+12127365000"]), Some(1), "not on the list");
    for _ in 0..2 {
        assert_eq!(status(&["dnc", "add", "--source", "inbound", "2127365000"]), Some(0), "stored, or stored before");
    }
    let check = home.canvass(&["dnc", "check", "+12127365000"]);
    assert!(check.status == Some(0) && check.out.contains("(inbound: no reason given)"), "{}", check.out);
    for _ in 0..2 {
        assert_eq!(status(&["dnc", "remove", "+12127365000"]), Some(0), "gone, or never there");
    }
    assert!(!home.is_listed("+12127365000"));

    for bad in ["", "12", "1-800-FLOWERS", "anonymous", "+999 12345678", "2127365000; touch x", "$(id)"] {
        let said = home.canvass(&["dnc", "add", bad]);
        assert_eq!(said.status, Some(1), "{bad:?}");
        assert!(said.err.starts_with("canvass: ") && said.err.lines().count() == 1, "{}", said.err);
    }
    assert_eq!(status(&["dnc", "check", "12"]), Some(2), "nobody knows");
    assert_eq!(status(&["dnc", "add", "--source", "a b", "2127365000"]), Some(2));
    assert_eq!(status(&["dnc", "add", "--region", "XX", "2127365000"]), Some(2));
    assert_eq!(home.canvass(&["dnc", "list"]).out.lines().count(), 1, "nothing but the header");
}

/// FreeSWITCH leaves the programs it starts a stack of 240 KiB.
#[cfg(target_os = "linux")]
#[test]
fn the_stack_a_switch_leaves_is_enough() {
    let home = Home::new();
    let mut shell = Command::new("/bin/sh");
    shell.current_dir(home.folder.path()).env_remove("RUST_LOG").env_remove("CANVASS_CONFIG");
    let script = format!("ulimit -S -s 240 && exec {} dnc add 2127365000", env!("CARGO_BIN_EXE_canvass"));
    let output = shell.args(["-c", &script]).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(home.is_listed("+12127365000"));
}

#[test]
fn a_national_number_is_read_in_its_country() {
    let home = Home::new();
    assert_eq!(home.canvass(&["dnc", "add", "--region", "GB", "02079460958"]).status, Some(0));
    assert!(home.is_listed("+442079460958"));
    // The same digits elsewhere are another number, or none.
    assert_eq!(home.canvass(&["dnc", "add", "02079460958"]).status, Some(1));
    assert_eq!(home.canvass(&["dnc", "check", "--region", "gb", "020 7946 0958"]).status, Some(0));
}

#[test]
fn no_database_is_made_by_a_slip() {
    let home = Home::empty();
    for arguments in
        [&["dnc", "add", "2127365000"][..], &["dnc", "import", "list.txt"], &["dnc", "remove", "2127365000"]]
    {
        home.write("list.txt", "2127365000\n");
        let said = home.canvass(arguments);
        assert_eq!(said.status, Some(1), "{arguments:?}");
        let database = home.path("canvass.db");
        assert!(said.err.contains(&database.display().to_string()) && said.err.contains("--config"), "{}", said.err);
        assert!(!database.exists(), "{arguments:?}");
    }
    assert_eq!(home.canvass(&["dnc", "check", "2127365000"]).status, Some(2));
}

#[test]
fn a_database_that_takes_nothing_is_an_error() {
    // Not a broken copy of a good one: its write-ahead log would mend it.
    let home = Home::empty();
    std::fs::write(home.path("canvass.db"), "this is no database, however long one looks at it").expect("written");
    let said = home.canvass(&["dnc", "add", "2127365000"]);
    assert_eq!(said.status, Some(1), "{}", said.out);
    assert!(said.out.is_empty(), "{}", said.out);
}

#[test]
fn a_list_of_numbers_is_imported_and_its_bad_rows_are_told() {
    let home = Home::new();
    home.write("numbers.txt", "\u{FEFF}212-736-5000\n+442079460958\n\n12\nhello\n2127365000\r\n");
    let said = home.canvass(&["dnc", "import", "numbers.txt", "--reason", "state list", "--rejected", "bad.csv"]);
    assert_eq!(said.status, Some(1), "not every row is stored");
    assert!(said.err.contains("2 numbers added, 1 were there already, 2 rows rejected"), "{}", said.err);
    assert!(said.err.contains("line 4: phone number: too short"), "{}", said.err);
    let rejected = home.read("bad.csv");
    assert_eq!(rejected.lines().count(), 3, "{rejected}");
    assert!(rejected.contains("5,phone number: not a phone number,hello"), "{rejected}");
    assert!(home.canvass(&["dnc", "check", "+442079460958"]).out.contains("(import: state list)"));

    home.write("numbers.txt", "2127365000\n+442079460958\n");
    let again = home.canvass(&["dnc", "import", "numbers.txt"]);
    assert_eq!(again.status, Some(0), "{}", again.err);
    assert!(again.err.contains("0 numbers added, 2 were there already, 0 rows rejected"), "{}", again.err);
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let home = Home::new();
    let reasons = ["=HYPERLINK(\"x\")", "by letter; \"never, ever\"\nagain", "'quoted'"];
    for (n, reason) in reasons.iter().enumerate() {
        let number = format!("+1212736500{n}");
        assert_eq!(home.canvass(&["dnc", "add", &number, "--reason", reason, "--source", "agent"]).status, Some(0));
    }
    assert_eq!(home.canvass(&["dnc", "add", "+442079460958"]).status, Some(0));
    let list = home.canvass(&["dnc", "list"]).out;
    assert!(list.starts_with("phone_number,reason,source,added_at\n+12127365000,\"'=HYPERLINK"), "{list}");

    let other = Home::new();
    let file = home.path("list.csv").display().to_string();
    assert_eq!(home.canvass(&["dnc", "export", &file]).status, Some(0));
    assert_eq!(home.read("list.csv"), list);
    let said = other.canvass(&["dnc", "import", &file]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert_eq!(other.canvass(&["dnc", "list"]).out, list);
}

#[test]
fn a_long_list_goes_in_and_comes_out_whole() {
    const NUMBERS: u64 = 25_000;
    let home = Home::new();
    let numbers: String = (0..NUMBERS).map(|n| format!("+1212{}\n", 2_000_000 + n)).collect();
    home.write("long.csv", &format!("Name;Phone\n;{}", numbers.replace("\n+", "\n;+")));
    let said = home.canvass(&["dnc", "import", "long.csv"]);
    assert!(said.err.contains(&format!("{NUMBERS} numbers added")), "{}", said.err);
    let list = home.canvass(&["dnc", "export"]).out;
    let listed: Vec<_> = list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(listed.iter().copied().eq(numbers.lines()), "{} numbers listed", listed.len());
}

/// Numbers, a line each.
fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(|n| format!("+1212{}\n", 2_000_000 + n)).collect()
}

#[test]
fn a_list_from_outside_replaces_what_its_source_said() {
    let home = Home::new();
    let replace = |text: &str, more: &[&str]| {
        home.write("federal.txt", text);
        home.canvass(&[&["dnc", "import", "federal.txt", "--replace-source", "federal"], more].concat())
    };
    let first = replace(&lines(0..10), &[]);
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert!(first.err.contains("10 numbers added") && first.err.contains("named 0 numbers before"), "{}", first.err);
    // Somebody on it asks not to be called, too.
    assert_eq!(home.canvass(&["dnc", "add", "+12122000009", "--reason", "by letter"]).status, Some(0));
    let check = home.canvass(&["dnc", "check", "+12122000009"]).out;
    assert!(check.contains("(federal: no reason given)") && check.contains("  also since "), "{check}");
    assert!(check.contains("(manual: by letter)"), "{check}");

    let second = replace(&lines((0..8).chain([20])), &["--reason", "March"]);
    assert_eq!(second.status, Some(0), "{}", second.err);
    let said = "federal: named 10 numbers before, 2 of them no longer.\n  2 were taken off; 1 of them stay on the list";
    assert!(
        second.err.contains("1 numbers added, 8 were there already") && second.err.contains(said),
        "{}",
        second.err
    );
    assert!(!home.is_listed("+12122000008") && home.is_listed("+12122000020"));
    let check = home.canvass(&["dnc", "check", "+12122000009"]).out;
    assert!(check.contains("(manual: by letter)") && !check.contains("federal"), "{check}");

    // Too many would be gone: what is new is listed, and nothing else changes.
    let short = replace(&lines([0, 21]), &[]);
    assert_eq!(short.status, Some(1), "{}", short.err);
    let said = "none was taken off: 8 of 9 numbers would be taken off, more than 20 %";
    assert!(short.err.contains(said) && short.err.contains("--shrink"), "{}", short.err);
    assert!(home.is_listed("+12122000007") && home.is_listed("+12122000021"));
    let bad = replace(&format!("{}12\n", lines(0..2)), &["--shrink", "100"]);
    assert_eq!(bad.status, Some(1), "{}", bad.err);
    assert!(bad.err.contains("none was taken off: 1 rows hold no number"), "{}", bad.err);
    assert!(home.is_listed("+12122000007"));
    let other = replace("phone_number,source\n+12122000000,state\n", &["--shrink", "100"]);
    assert!(other.status == Some(1) && other.err.contains("+12122000000 of \"state\""), "{}", other.err);
    let wanted = replace(&lines([0, 21]), &["--shrink", "80"]);
    assert_eq!(wanted.status, Some(0), "{}", wanted.err);
    assert!(wanted.err.contains("8 were taken off."), "{}", wanted.err);
    assert_eq!(home.canvass(&["dnc", "list"]).out.lines().count(), 1 + 4, "one of them by two sources");
}

#[test]
fn what_people_and_calls_said_is_not_replaced() {
    let home = Home::new();
    home.write("list.txt", &lines(0..3));
    for source in ["manual", "api", "key", "agent", "inbound", "import", "Manual", "by letter", ""] {
        let said = home.canvass(&["dnc", "import", "list.txt", "--replace-source", source]);
        assert_eq!(said.status, Some(2), "{source:?}");
        assert!(said.err.contains("--replace-source"), "{}", said.err);
    }
    for wrong in [
        &["--replace-source", "federal", "--source", "federal"][..],
        &["--shrink", "30"],
        &["--replace-source", "federal", "--shrink", "101"],
    ] {
        let said = home.canvass(&[&["dnc", "import", "list.txt"], wrong].concat());
        assert_eq!(said.status, Some(2), "{wrong:?}: {}", said.err);
    }
    assert_eq!(home.canvass(&["dnc", "list"]).out.lines().count(), 1);
}

#[test]
fn every_source_is_exported_and_imported_elsewhere() {
    let home = Home::new();
    home.write("federal.txt", &lines(0..3));
    assert_eq!(home.canvass(&["dnc", "import", "federal.txt", "--replace-source", "federal"]).status, Some(0));
    for source in ["inbound", "state"] {
        let reason = format!("of {source}");
        let add = ["dnc", "add", "+12122000001", "--source", source, "--reason", &reason];
        assert_eq!(home.canvass(&add).status, Some(0));
    }
    let file = home.path("list.csv").display().to_string();
    let said = home.canvass(&["dnc", "export", &file]);
    assert!(said.err.contains("3 numbers"), "{}", said.err);
    let list = home.read("list.csv");
    let sources: Vec<_> = list.lines().filter(|line| line.starts_with("+12122000001")).collect();
    assert_eq!(sources.len(), 3, "{list}");
    let other = Home::new();
    assert_eq!(other.canvass(&["dnc", "import", &file]).status, Some(0));
    assert_eq!(other.canvass(&["dnc", "list"]).out, list);
    // There, too, an opt-out outlives the list.
    other.write("next.txt", &lines([0]));
    let next = other.canvass(&["dnc", "import", "next.txt", "--replace-source", "federal", "--shrink", "70"]);
    assert_eq!(next.status, Some(0), "{}", next.err);
    assert!(other.is_listed("+12122000001") && !other.is_listed("+12122000002"));
}

#[test]
fn what_is_no_list_changes_nothing() {
    let home = Home::new();
    home.write("names.csv", "name,city\nAnn,X\n");
    std::fs::write(home.path("binary.csv"), [0_u8, 1, 2, 3, 255]).expect("written");
    home.write("empty.csv", "");
    for (file, why) in [
        ("names.csv", "phone_number"),
        ("binary.csv", "not a CSV file"),
        ("empty.csv", "empty"),
        ("gone.csv", "gone.csv"),
    ] {
        let said = home.canvass(&["dnc", "import", file]);
        assert!(said.status == Some(1) && said.err.contains(why), "{file}: {}", said.err);
    }
    assert_eq!(home.canvass(&["dnc", "list"]).out.lines().count(), 1);
}
