//! A running campaign with all its calls need at hand: its settings, its
//! survey, and where its sounds are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::call::{CompileError, Script, Sound, compile};
use crate::campaign::{Settings, no_agents_yet};
use crate::compliance::{Force, Organization, Rules};
use crate::contact::ContactFields;
use crate::media::{Found, Player, Sounds, SpeechError};
use crate::number::PhoneNumber;
use crate::store::{Store, StoreError, TargetId};
use crate::survey::{Survey, taken_keys};

/// How long a script serves other calls: far shorter than a signed URL works.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// Scripts kept at once: one for each caller ID shown to whom a key rings.
const KEPT: usize = 1_000;

/// A campaign that can be dialed now.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) settings: Settings,
    /// What decides whom it may call, and when.
    pub(super) rules: Arc<Rules>,
    pub(super) survey: Option<Survey>,
    /// What each entry that names a sound stands for.
    pub(super) found: Found,
    /// What calls do that are the same for everyone, and when it was compiled.
    scripts: Mutex<HashMap<Way, (Timestamp, Arc<Script>)>>,
}

impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        let Self { settings, rules, survey, found, scripts: _ } = self;
        *settings == other.settings && *rules == other.rules && *survey == other.survey && *found == other.found
    }
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        forced: Option<Force>,
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
        faults.extend(no_agents_yet(&settings));
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
        let rules = Arc::new(Rules::new(organization.clone(), &settings).with_force(forced));
        Ok(Self { settings, rules, survey, found, scripts: Mutex::default() })
    }

    /// What one call does after its answer. Its files are looked at first: a
    /// call without its sounds is not placed. Texts are spoken for this contact;
    /// what is the same for everyone is compiled once a second at most.
    pub(super) async fn script(
        &self,
        target: TargetId,
        way: &Way,
        sounds: &Sounds,
        store: &Store,
        now: Timestamp,
    ) -> Result<Arc<Script>, Unplayable> {
        let missing = sounds.missing(self.found.files()).await;
        if !missing.is_empty() {
            return Err(Unplayable::Campaign(format!("a prompt is missing: {}", missing.join("; "))));
        }
        if !self.found.is_for_everyone() {
            return self.compiled(target, way, sounds, store, now).await.map(Arc::new);
        }
        if let Some(script) = self.fresh(way, now) {
            return Ok(script);
        }
        let script = Arc::new(self.compiled(target, way, sounds, store, now).await?);
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        if scripts.len() >= KEPT {
            scripts.clear();
        }
        scripts.insert(way.clone(), (now, script.clone()));
        Ok(script)
    }

    fn fresh(&self, way: &Way, now: Timestamp) -> Option<Arc<Script>> {
        let scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, script) = scripts.get(way)?;
        let age = now.duration_since(*at);
        (SignedDuration::ZERO..FRESH).contains(&age).then(|| script.clone())
    }

    async fn compiled(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::MediaFolder;
    use crate::store::Location;

    #[tokio::test]
    async fn what_is_the_same_for_everyone_is_compiled_once_a_second() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&Location::Sqlite(folder.path().join("canvass.db"))).await.expect("a store");
        store.migrate().await.expect("a schema");
        let file = folder.path().join("hello.wav");
        std::fs::write(&file, b"sound").expect("a file");
        let sounds = Sounds::from(MediaFolder::same(folder.path()));
        let settings = Settings { prompts: vec!["hello.wav".into()], ..Settings::default() };
        let prepared = Prepared::new(settings, None, &Arc::new(Organization::laboratory()), &sounds, &store)
            .await
            .expect("prepared");
        let way = Way { player: Player::FreeSwitch, transfer: None };
        let script = async |way: &Way, now| prepared.script(TargetId(1), way, &sounds, &store, now).await;

        let now: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let first = script(&way, now).await.expect("a script");
        let soon = script(&way, now + SignedDuration::from_millis(999)).await.expect("a script");
        assert!(Arc::ptr_eq(&first, &soon));
        let elsewhere = Way { player: Player::Asterisk, ..way.clone() };
        assert!(!Arc::ptr_eq(&first, &script(&elsewhere, now).await.expect("a script")));
        let later = script(&way, now + FRESH).await.expect("a script");
        assert!(!Arc::ptr_eq(&first, &later));

        // Its files are looked at as often; a clock set back serves nothing old.
        std::fs::remove_file(&file).expect("removed");
        for at in [now, now + FRESH + FRESH] {
            assert!(matches!(script(&way, at).await, Err(Unplayable::Campaign(_))));
        }
    }
}
