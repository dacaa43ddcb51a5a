//! The program that speaks: found, run without a shell, watched, ended.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::blocking;
use super::error::SpeechError;
use crate::audio::convert::ConvertError;

/// How often the size of what is written is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// So much of what the program says is told.
const WORDS: u64 = 300;
/// What it says may be this long on disk.
const MOST_SAID: u64 = 1 << 20;

/// The program that speaks, and its arguments.
#[derive(Clone, Debug)]
pub(super) struct SpeechCommand {
    words: Vec<String>,
    time_limit: Duration,
}

/// The files of one run.
struct Work {
    text: PathBuf,
    sound: PathBuf,
    said: PathBuf,
}

impl SpeechCommand {
    pub(super) fn new(words: Vec<String>, time_limit: Duration) -> Self {
        Self { words, time_limit }
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) fn bad_sound(&self, source: ConvertError) -> SpeechError {
        SpeechError::BadSound { program: self.program().to_owned(), source }
    }

    fn failed(&self, detail: impl ToString) -> SpeechError {
        SpeechError::Failed { program: self.program().to_owned(), detail: detail.to_string() }
    }

    /// Where the program is: where its path says, or in a folder of `PATH`.
    /// Blocks.
    pub(super) fn find(&self) -> Result<PathBuf, SpeechError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = find(self.program(), std::env::split_paths(&path));
        found.ok_or_else(|| SpeechError::NoProgram { program: self.program().to_owned() })
    }

    /// What it makes of a text. It may write so many bytes, in `folder`, which
    /// is its own. Dropped, it is killed.
    pub(super) async fn run(&self, text: &str, folder: &Path, most: u64) -> Result<Vec<u8>, SpeechError> {
        let this = self.clone();
        let program = blocking(move || this.find()).await??;
        let work = Work::in_folder(folder);
        let mut command = self.command(&program, &work, text).await.map_err(|error| self.failed(error))?;
        let status = match timeout(self.time_limit, self.watch(&mut command, &work, most)).await {
            Ok(ended) => ended?,
            // Dropped with the future, and killed with it.
            Err(_) => {
                let seconds = self.time_limit.as_secs();
                return Err(SpeechError::TimedOut { program: self.program().to_owned(), seconds });
            }
        };
        let this = self.clone();
        blocking(move || this.result(status, &work, most)).await?
    }

    /// The command to run, with its files in place.
    async fn command(&self, program: &Path, work: &Work, text: &str) -> io::Result<Command> {
        tokio::fs::write(&work.text, text).await?;
        let said = tokio::fs::File::create(&work.said).await?.into_std().await;
        let mut command = Command::new(program);
        command.kill_on_drop(true).stdout(Stdio::null()).stderr(said);
        let arguments = self.words.get(1..).unwrap_or_default();
        if arguments.iter().any(|argument| argument.contains("{text}")) {
            command.stdin(Stdio::null());
        } else {
            command.stdin(tokio::fs::File::open(&work.text).await?.into_std().await);
        }
        for argument in arguments {
            let argument = argument.replace("{file}", &work.sound.to_string_lossy());
            command.arg(argument.replace("{text}", &work.text.to_string_lossy()));
        }
        // Passwords may stand there.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CANVASS")) {
            command.env_remove(name);
        }
        Ok(command)
    }

    /// Waits for its end, and does not let it fill the disk meanwhile.
    async fn watch(&self, command: &mut Command, work: &Work, most: u64) -> Result<ExitStatus, SpeechError> {
        let mut child = command.spawn().map_err(|error| self.failed(error))?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = child.wait() => return ended.map_err(|error| self.failed(error)),
                _ = look.tick() => {}
            }
            let too_large = if size(&work.sound).await > most {
                self.bad_sound(ConvertError::TooLarge { max_bytes: most })
            } else if size(&work.said).await > MOST_SAID {
                self.failed("it has too much to say")
            } else {
                continue;
            };
            // It has ended by itself, or is ended now.
            let _ = child.kill().await;
            return Err(too_large);
        }
    }

    /// What it wrote, if all is well. Blocks.
    fn result(&self, status: ExitStatus, work: &Work, most: u64) -> Result<Vec<u8>, SpeechError> {
        if !status.success() {
            let said = end_of(&work.said).unwrap_or_default();
            return Err(self.failed(format!("{status}{}{said}", if said.is_empty() { "" } else { ": " })));
        }
        let no_sound = || SpeechError::NoSound { program: self.program().to_owned() };
        let file = match std::fs::File::open(&work.sound) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_sound()),
            Err(error) => return Err(self.failed(error)),
        };
        let mut sound = Vec::new();
        // One more than allowed: then it is refused as too large.
        file.take(most.saturating_add(1)).read_to_end(&mut sound).map_err(|error| self.failed(error))?;
        if sound.is_empty() { Err(no_sound()) } else { Ok(sound) }
    }
}

impl Work {
    fn in_folder(folder: &Path) -> Self {
        Self { text: folder.join("text.txt"), sound: folder.join("sound.wav"), said: folder.join("said") }
    }
}

async fn size(path: &Path) -> u64 {
    tokio::fs::metadata(path).await.map_or(0, |file| file.len())
}

/// The last words of a file, in one line.
fn end_of(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(WORDS)))?;
    let mut end = Vec::new();
    file.take(WORDS).read_to_end(&mut end)?;
    Ok(crate::contact::speakable(&String::from_utf8_lossy(&end), usize::MAX))
}

fn find(program: &str, mut folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let runs = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| runs(path));
    }
    folders.find_map(|folder| Some(folder.join(program)).filter(|path| runs(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_where_its_path_says_or_in_a_folder_of_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = || [PathBuf::from("/nowhere"), folder.path().to_owned()].into_iter();
        let file = folder.path().join("say");
        std::fs::write(&file, "").expect("written");
        assert_eq!(find("say", folders()), None, "no program yet");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("set");
        assert_eq!(find("say", folders()), Some(file.clone()));
        assert_eq!(find(&file.to_string_lossy(), folders()), Some(file));
        assert_eq!((find("gone", folders()), find("./say", folders()), find("", folders())), (None, None, None));
    }
}
