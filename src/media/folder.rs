//! Where prompts lie, for us and for the switch.

use std::path::{Path, PathBuf};

/// A folder of prompts that the daemon and the switches both see, possibly
/// under different paths.
#[derive(Clone, Debug)]
pub struct MediaFolder {
    /// As we see it.
    pub local: PathBuf,
    /// As the switches see it.
    pub on_switch: String,
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
}
