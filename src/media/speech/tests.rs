use std::fs;
use std::path::Path;

use super::*;
use crate::media::tests::wav;
use tempfile::TempDir;

/// Longer than anything here takes, so that a hang fails instead of staying.
const WAIT: Duration = Duration::from_secs(20);

/// A speaker whose command is a script: `$1` is the file to write, `$2` the
/// text's file, `$HERE` this folder; `$HERE/sound.wav` plays for a second.
struct Rig {
    folder: TempDir,
    speaker: Speaker,
}

const COPY: &str = "cp $HERE/sound.wav \"$1\"";

impl Rig {
    fn new(script: &str) -> Self {
        Self::with(script, |_| {})
    }

    fn with(script: &str, change: impl FnOnce(&mut SpeechOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        fs::write(here.join("sound.wav"), wav(Duration::from_secs(1))).expect("written");
        let script = format!("HERE={}\necho ran >> $HERE/runs\n{script}\n", here.display());
        fs::write(here.join("say.sh"), script).expect("written");
        let script = here.join("say.sh").display().to_string();
        let command = ["/bin/sh", &script, "{file}", "{text}"].map(ToOwned::to_owned).into();
        let mut options = SpeechOptions { command, time_limit: WAIT, cache_bytes: 1 << 20 };
        change(&mut options);
        let limits = Limits { max_seconds: 60, max_bytes: 100_000 };
        let speaker = Speaker::new(options, here.to_owned(), limits);
        Self { folder, speaker }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// How often the command was run.
    fn runs(&self) -> usize {
        self.read("runs").lines().count()
    }

    async fn speak(&self, text: &str) -> Result<String, SpeechError> {
        tokio::time::timeout(WAIT, self.speaker.speak(text)).await.expect("in time")
    }

    /// Waits until the command has written this file.
    async fn until_there(&self, name: &str) -> String {
        let wait = async {
            while !self.read(name).ends_with('\n') {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(WAIT, wait).await.expect("the command runs");
        self.read(name).trim().to_owned()
    }
}

/// Waits until a process is gone.
async fn until_gone(process: &str) {
    let folder = Path::new("/proc").join(process);
    let wait = async {
        while folder.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(WAIT, wait).await.expect("the command is killed");
}

#[tokio::test]
async fn a_text_is_spoken_once_and_kept() {
    let rig = Rig::new(&format!("cat \"$2\" > $HERE/text; {COPY}"));
    let text = "Hello \u{7} $(touch x) `id` 'Ann'\n--help \"日本\"";
    let file = rig.speak(text).await.expect("spoken");
    assert_eq!(rig.read("text"), "Hello $(touch x) `id` 'Ann' --help \"日本\"", "no shell, no control characters");
    let narrow = rig.path(&file);
    let lengths = [&narrow, &narrow.with_extension("wav16")].map(|path| fs::metadata(path).expect("there").len());
    assert_eq!(lengths, [44 + 16_000, 44 + 32_000]);
    assert!(file.starts_with("speech/") && file.ends_with(".wav"), "{file}");
    assert_eq!(rig.speak(text).await, Ok(file.clone()));
    assert_ne!(rig.speak("Hello").await.expect("spoken"), file);
    assert_eq!(rig.runs(), 2);
    fs::remove_file(&narrow).expect("removed");
    assert_eq!(rig.speak(text).await, Ok(file));
    assert!(narrow.is_file() && rig.runs() == 3);
}

#[tokio::test]
async fn another_command_says_it_differently() {
    let rig = Rig::new(COPY);
    let other = Rig::with(COPY, |options| options.command.push("--slowly".into()));
    assert_ne!(rig.speak("Hello").await.expect("spoken"), other.speak("Hello").await.expect("spoken"));
}

#[tokio::test]
async fn without_a_file_the_text_is_on_standard_input() {
    let rig = Rig::with(&format!("cat > $HERE/text; {COPY}"), |options| {
        options.command.pop();
    });
    rig.speak("Hello Ann").await.expect("spoken");
    assert_eq!(rig.read("text"), "Hello Ann");
    // One that does not read it is as good.
    let deaf = Rig::with(COPY, |options| drop(options.command.pop()));
    deaf.speak(&"Hello ".repeat(400)).await.expect("spoken");
}

#[tokio::test]
async fn callers_at_once_share_one_rendering() {
    let rig = Rig::new(&format!("sleep 0.2; {COPY}"));
    let spoken = futures_util::future::join_all((0..20).map(|_| rig.speak("Hello"))).await;
    let first = spoken[0].clone().expect("spoken");
    assert!(spoken.iter().all(|file| file.as_ref() == Ok(&first)), "{spoken:?}");
    assert_eq!(rig.runs(), 1);
}

#[tokio::test]
async fn few_commands_run_at_once() {
    let rig = Rig::new(&format!("echo + >> $HERE/trace; sleep 0.05; {COPY}; echo - >> $HERE/trace"));
    let texts: Vec<_> = (0..8).map(|n| format!("Hello {n}")).collect();
    let spoken = futures_util::future::join_all(texts.iter().map(|text| rig.speak(text))).await;
    assert!(spoken.iter().all(Result::is_ok), "{spoken:?}");
    let (mut now, mut most) = (0, 0);
    for line in rig.read("trace").lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!((now, most, rig.runs()), (0, AT_ONCE as i32, 8));
}

#[tokio::test]
async fn who_waits_longer_gets_it_when_the_first_gives_up() {
    let rig = Rig::new(&format!("echo $$ > $HERE/id; while [ ! -e $HERE/go ]; do sleep 0.02; done; {COPY}"));
    let [first, second] = [(); 2].map(|()| {
        let speaker = rig.speaker.clone();
        tokio::spawn(async move { speaker.speak("Hello").await })
    });
    rig.until_there("id").await;
    first.abort();
    assert!(first.await.expect_err("given up").is_cancelled());
    fs::write(rig.path("go"), "").expect("written");
    tokio::time::timeout(WAIT, second).await.expect("in time").expect("no panic").expect("spoken");
    assert_eq!(rig.runs(), 1);
}

#[tokio::test]
async fn a_command_nobody_waits_for_is_killed() {
    let rig = Rig::new("echo $$ > $HERE/id; exec sleep 600");
    let speaker = rig.speaker.clone();
    let caller = tokio::spawn(async move { speaker.speak("Hello").await });
    let process = rig.until_there("id").await;
    caller.abort();
    until_gone(&process).await;
}

#[tokio::test]
async fn a_command_that_hangs_is_killed() {
    let rig = Rig::with("echo $$ > $HERE/id; exec sleep 600", |options| options.time_limit = Duration::from_secs(1));
    let error = rig.speak("Hello").await.expect_err("refused");
    assert!(matches!(error, SpeechError::TimedOut { seconds: 1, .. }), "{error:?}");
    until_gone(&rig.until_there("id").await).await;
}

#[tokio::test]
async fn every_fault_has_its_reason_and_leaves_nothing_behind() {
    for (script, want) in [
        (
            "echo loading >&2; printf 'no voice\\033[1m \"xx\"' >&2; exit 3",
            "exit status: 3: loading no voice[1m \"xx\"",
        ),
        ("kill -9 $$", "signal: 9"),
        ("echo garbage > \"$1\"", "not an audio file"),
        ("head -c 300 $HERE/sound.wav > \"$1\"", "cut short"),
        ("true", "wrote no sound"),
        (": > \"$1\"", "wrote no sound"),
        ("mkdir \"$1\"", "failed to speak"),
        ("exec cat /dev/zero > \"$1\"", "media.max_mib"),
        ("exec cat /dev/zero >&2", "too much to say"),
    ] {
        let rig = Rig::new(script);
        let error = rig.speak("Hello").await.expect_err(script).to_string();
        assert!(error.contains("/bin/sh") && error.contains(want), "{script}: {error}");
        assert!(!rig.path(FOLDER).exists(), "{script}: nothing is kept");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let rig = Rig::with("", |options| options.command[0] = "no-such-speaker".into());
    let want = SpeechError::NoProgram { program: "no-such-speaker".into() };
    assert_eq!(rig.speak("Hello").await, Err(want.clone()));
    assert_eq!(rig.speaker.program().await, Err(want));
    let there = Rig::new("");
    assert_eq!(there.speaker.program().await, Ok("/bin/sh".into()));
}

#[tokio::test]
async fn what_cannot_be_spoken_runs_nothing() {
    let rig = Rig::new(COPY);
    for nothing in ["", " \n", "\u{7}\0"] {
        assert_eq!(rig.speak(nothing).await, Err(SpeechError::NoText), "{nothing:?}");
    }
    let long = rig.speak(&"Hello, Ann. ".repeat(900)).await;
    assert_eq!(long, Err(SpeechError::TooLong { characters: 10_799, most: LONGEST }));
    assert_eq!(rig.runs(), 0);
}

#[tokio::test]
async fn a_folder_that_takes_nothing_is_told_and_tried_again() {
    let rig = Rig::new(COPY);
    fs::write(rig.path(FOLDER), "in the way").expect("written");
    let error = rig.speak("Hello").await.expect_err("refused");
    assert!(matches!(&error, SpeechError::Folder { path, .. } if *path == rig.path(FOLDER)), "{error:?}");
    fs::remove_file(rig.path(FOLDER)).expect("removed");
    rig.speak("Hello").await.expect("a fault is not remembered");
}

#[test]
fn a_command_must_name_a_program_and_the_file() {
    let check = |words: &[&str]| check_command(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(check_command(&SpeechOptions::default().command), Ok(()));
    assert_eq!(check(&["piper", "--model", "x.onnx", "--output_file={file}"]), Ok(()));
    for bad in [&[][..], &[""], &["", "{file}"], &["{file}"], &["espeak-ng", "-f", "{text}"]] {
        assert!(check(bad).is_err(), "{bad:?}");
    }
}
