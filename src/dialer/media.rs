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

    /// Where we find a prompt.
    pub fn local(&self, prompt: &str) -> PathBuf {
        self.local.join(prompt)
    }

    /// What to tell a switch to play.
    pub fn on_switch(&self, prompt: &str) -> String {
        if Path::new(prompt).is_absolute() {
            return prompt.to_owned();
        }
        format!("{}/{prompt}", self.on_switch.trim_end_matches('/'))
    }

    /// The prompts that we do not find.
    pub fn missing(&self, prompts: &[String]) -> Vec<String> {
        let gone = prompts.iter().map(|prompt| self.local(prompt)).filter(|path| !path.is_file());
        gone.map(|path| path.display().to_string()).collect()
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
        assert_eq!(media.missing(&["a.wav".into()]), ["/srv/media/a.wav"]);
        assert!(media.missing(&[]).is_empty());
    }
}
