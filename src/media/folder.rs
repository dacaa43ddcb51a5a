//! Where prompts lie, for us and for the switch.

use std::path::{Path, PathBuf};

use super::files::relative_path;
use super::reference::Reference;
use crate::store::{Store, StoreError};

/// A folder of prompts that the daemon and the switches both see, possibly
/// under different paths.
#[derive(Clone, Debug)]
pub struct MediaFolder {
    /// As we see it.
    pub local: PathBuf,
    /// As the switches see it.
    pub on_switch: String,
}

/// The prompts of a campaign, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    /// Their files, in order: relative to the media folder, or absolute. As
    /// many as there are prompts only if nothing is missing.
    pub paths: Vec<String>,
    /// What is not where it should be, in words.
    pub missing: Vec<String>,
}

impl MediaFolder {
    /// A folder that is at the same path for everyone.
    pub fn same(path: &Path) -> Self {
        Self { local: path.to_owned(), on_switch: path.to_string_lossy().into_owned() }
    }

    /// Where we find a prompt's file.
    pub fn local(&self, path: &str) -> PathBuf {
        self.local.join(path)
    }

    /// What to tell a switch to play.
    pub fn on_switch(&self, path: &str) -> String {
        if Path::new(path).is_absolute() {
            return path.to_owned();
        }
        format!("{}/{path}", self.on_switch.trim_end_matches('/'))
    }

    /// Looks up a campaign's prompts, in the library and in the folder.
    pub async fn look_up(&self, store: &Store, prompts: &[String]) -> Result<Prompts, StoreError> {
        let mut found = Prompts::default();
        for prompt in prompts {
            let (path, of) = match Reference::of(prompt) {
                Reference::File(path) => (path.to_owned(), String::new()),
                Reference::Text(text) => {
                    found.missing.push(format!("\"{text}\" is a text: only sounds are played here"));
                    continue;
                }
                Reference::Library(name) => match store.media(name).await? {
                    Some(media) => (relative_path(&media.sha256), format!(", the file of \"{name}\"")),
                    None => {
                        found.missing.push(format!("\"{name}\" is not in the media library"));
                        continue;
                    }
                },
            };
            let local = self.local(&path);
            if tokio::fs::metadata(&local).await.is_ok_and(|there| there.is_file()) {
                found.paths.push(path);
            } else {
                found.missing.push(format!("there is no file {}{of}", local.display()));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_prompts_lie_in_the_folder_absolute_ones_where_they_say() {
        let media = MediaFolder { local: "/srv/media".into(), on_switch: "/mnt/prompts/".into() };
        assert_eq!(media.local("a.wav"), Path::new("/srv/media/a.wav"));
        assert_eq!(media.on_switch("a.wav"), "/mnt/prompts/a.wav");
        assert_eq!(media.on_switch("/tmp/b.wav"), "/tmp/b.wav");
    }

    #[tokio::test]
    async fn what_is_missing_is_told_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&crate::store::Location::Sqlite(folder.path().join("db"))).await.expect("a database");
        store.migrate().await.expect("migrated");
        std::fs::write(folder.path().join("there.wav"), "").expect("written");
        let media = MediaFolder::same(folder.path());
        let prompts = ["there.wav", "gone.wav", "hello"].map(ToOwned::to_owned);
        let found = media.look_up(&store, &prompts).await.expect("looked up");
        assert_eq!(found.paths, ["there.wav"]);
        let gone = folder.path().join("gone.wav");
        assert_eq!(
            found.missing,
            [format!("there is no file {}", gone.display()), "\"hello\" is not in the media library".to_owned()]
        );
        assert_eq!(media.look_up(&store, &[]).await.expect("looked up"), Prompts::default());
    }
}
