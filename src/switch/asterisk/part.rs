//! Channels and bridges that exist for the sake of a call. Their ids begin
//! with the call's and go on, so that none is ever taken for a call, and each
//! can be told from those of other calls after a restart.

use std::fmt;

use uuid::Uuid;

use super::event::call_id;
use crate::call::CallId;

/// What a channel does for its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Hears both sides and is recorded.
    Recorder,
    /// Hears the callee …
    Ear,
    /// … and what brings it to us, in one bridge with the ear.
    Audio,
    /// The other party of a transfer, later in one bridge with the callee.
    Leg,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) call: CallId,
    pub(super) role: Role,
    /// Tells it from others of its kind. An ear and its audio share one.
    pub(super) tag: Uuid,
}

impl Role {
    const ALL: [Self; 4] = [Self::Recorder, Self::Ear, Self::Audio, Self::Leg];

    fn word(self) -> &'static str {
        match self {
            Self::Recorder => "recorder",
            Self::Ear => "ear",
            Self::Audio => "audio",
            Self::Leg => "leg",
        }
    }
}

/// Length of a UUID as text.
const UUID: usize = 36;

impl Part {
    /// The part with this id; none if it is something else's.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let (call, rest) = id.split_at_checked(UUID)?;
        let (word, tag) = rest.strip_prefix('-')?.split_once('-')?;
        let role = Role::ALL.into_iter().find(|role| role.word() == word)?;
        let part = Self { call: call_id(call)?, role, tag: tag.parse().ok()? };
        // `parse` takes UUIDs written otherwise, too.
        (part.to_string() == id).then_some(part)
    }

    /// The same, as something else of its kind.
    pub(super) fn with(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// What is to be deleted to be rid of it: paths below ARI's base URL.
    pub(super) fn paths(self) -> Vec<String> {
        let (ear, audio) = (self.with(Role::Ear), self.with(Role::Audio));
        match self.role {
            Role::Recorder => vec![format!("channels/{self}")],
            Role::Ear | Role::Audio => {
                vec![format!("channels/{audio}"), format!("channels/{ear}"), format!("bridges/{ear}")]
            }
            Role::Leg => vec![format!("channels/{self}"), format!("bridges/{self}")],
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.call, self.role.word(), self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(role: Role) -> Part {
        Part { call: CallId::new(), role, tag: Uuid::new_v4() }
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_are_no_calls() {
        for role in Role::ALL {
            let part = part(role);
            let id = part.to_string();
            assert_eq!(Part::parse(&id), Some(part));
            assert_eq!(call_id(&id), None);
            // The longest id that every version of Asterisk takes.
            assert!(id.len() <= 149, "{id}");
        }
    }

    #[test]
    fn what_is_not_ours_is_no_part() {
        let id = part(Role::Leg).to_string();
        for other in [
            "",
            "1795247083.1",
            &CallId::new().to_string(),
            &format!("{id};2"),
            &format!("{id}0"),
            &id.to_uppercase(),
            &id.replace("-leg-", "-arm-"),
            &id[..id.len() - 1],
            "é937a3e-5f00-7000-8000-000000000001-leg-x",
        ] {
            assert_eq!(Part::parse(other), None, "{other}");
        }
    }

    #[test]
    fn an_ear_goes_with_its_audio_and_its_bridge() {
        let ear = part(Role::Ear);
        assert_eq!(ear.paths(), ear.with(Role::Audio).paths());
        assert_eq!(ear.paths().len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn no_id_panics(id in ".{0,100}") {
            let _ = Part::parse(&id);
        }
    }
}
