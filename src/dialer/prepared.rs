//! A running campaign with all its calls need at hand: its settings, its
//! survey, and where its sounds are.

use std::sync::Arc;

use jiff::Timestamp;

use crate::call::{CompileError, Script, Sound, compile};
use crate::campaign::Settings;
use crate::compliance::{Organization, Rules};
use crate::contact::ContactFields;
use crate::media::{Found, Player, Sounds, SpeechError};
use crate::number::PhoneNumber;
use crate::store::{Store, StoreError, TargetId};
use crate::survey::{Survey, taken_keys};

/// A campaign that can be dialed now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prepared {
    pub(super) settings: Settings,
    /// What decides whom it may call, and when.
    pub(super) rules: Arc<Rules>,
    pub(super) survey: Option<Survey>,
    /// What each entry that names a sound stands for.
    pub(super) found: Found,
}

/// Why a campaign cannot be dialed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unready {
    /// Pause it with this reason.
    #[error("{0}")]
    Pause(String),
    /// Ask again later.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a call cannot be placed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unplayable {
    /// No other call could be either: pause the campaign.
    #[error("{0}")]
    Campaign(String),
    /// This contact's call cannot be, others can.
    #[error("{0}")]
    Contact(String),
    /// Ask again later.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a call goes, as far as its script depends on it.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The product that plays its sounds.
    pub(super) player: Player,
    /// Whom the transfer key rings, and what they see.
    pub(super) transfer: Option<(String, PhoneNumber)>,
}

impl Prepared {
    /// Looks up everything a campaign names.
    pub(super) async fn new(
        settings: Settings,
        organization: &Arc<Organization>,
        sounds: &Sounds,
        store: &Store,
    ) -> Result<Self, Unready> {
        let survey = match &settings.survey {
            None => None,
            Some(reference) => match store.survey(reference).await? {
                Some(stored) => Some(stored.survey),
                None => return Err(Unready::Pause(format!("there is no survey \"{reference}\""))),
            },
        };
        // They may have been changed since the launch.
        let mut faults: Vec<String> =
            settings.check().err().unwrap_or_default().iter().map(ToString::to_string).collect();
        if let Some(survey) = &survey {
            let problems = survey.check(&taken_keys(&settings));
            faults.extend(problems.iter().map(|problem| format!("survey: {problem}")));
        }
        if !faults.is_empty() {
            return Err(Unready::Pause(faults.join("; ")));
        }
        let entries = settings.sounds().chain(survey.iter().flat_map(Survey::sounds));
        let found = sounds.look_up(store, entries.map(|(setting, entry)| (setting, entry.as_str()))).await?;
        if !found.missing.is_empty() {
            return Err(Unready::Pause(format!("a prompt is missing: {}", found.missing.join("; "))));
        }
        let rules = Arc::new(Rules::new(organization.clone(), &settings));
        Ok(Self { settings, rules, survey, found })
    }

    /// What one call does after its answer. Files are looked at once more, and
    /// texts are spoken for this contact.
    pub(super) async fn script(
        &self,
        target: TargetId,
        way: &Way,
        sounds: &Sounds,
        store: &Store,
        now: Timestamp,
    ) -> Result<Script, Unplayable> {
        let contact = match self.found.is_for_everyone() {
            true => ContactFields::default(),
            false => store.contact_of(target).await?.unwrap_or_default(),
        };
        let missing = sounds.missing(self.found.files()).await;
        if !missing.is_empty() {
            return Err(Unplayable::Campaign(format!("a prompt is missing: {}", missing.join("; "))));
        }
        let files = sounds.of_call(&self.found, &contact, way.player, now).await.map_err(|error| {
            let told = format!("a text cannot be spoken: {error}");
            match error {
                SpeechError::NoProgram { .. } | SpeechError::Folder { .. } => Unplayable::Campaign(told),
                // What this contact's list says may be the reason.
                SpeechError::NoText
                | SpeechError::TooLong { .. }
                | SpeechError::Failed { .. }
                | SpeechError::TimedOut { .. }
                | SpeechError::NoSound { .. }
                | SpeechError::BadSound { .. }
                | SpeechError::Broken(_) => Unplayable::Contact(told),
            }
        })?;
        let play = |entry: &str| -> Option<Sound> { files.get(entry).cloned() };
        let waits = match way.player {
            Player::Asterisk => true,
            Player::FreeSwitch => false,
        };
        compile(&self.settings, self.survey.as_ref(), play, way.transfer.clone(), waits)
            .map_err(|error: CompileError| Unplayable::Campaign(error.to_string()))
    }
}
