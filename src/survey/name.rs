//! What a survey is called.

use uuid::Uuid;

/// A survey's id: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SurveyId(pub Uuid);

impl SurveyId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for SurveyId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for SurveyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The longest name, in characters.
const LONGEST: usize = 100;

/// Says what is wrong with a survey's name, if anything is. A name is never
/// mistaken for an id.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() || name.trim() != name || name.chars().count() > LONGEST {
        return Err(format!("must have 1 to {LONGEST} characters, no spaces around them"));
    }
    if name.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    if name.parse::<Uuid>().is_ok() {
        return Err("looks like an id".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_an_id() {
        for good in ["spring", "Spring survey (2)", "日本語", "a/b"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", " ", " a", "a ", "a\nb", "a\0", &long, &SurveyId::new().to_string()] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
