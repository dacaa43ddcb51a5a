//! What is tidied up while the daemon runs: copies and deletions of campaigns
//! that were broken off, recordings whose calls are gone, answers to requests
//! that nobody sends again, decisions that were kept long enough.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::news::News;
use super::recordings::remove;
use super::retention::Retention;
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::store::listing::{ANSWERS_KEPT, REQUEST_ABANDONED};
use crate::store::{Changed, Store, StoreError};

/// How often it is looked for what there is to do.
const INTERVAL: Duration = Duration::from_secs(60);
/// Every so many looks, for recordings and decisions kept long enough too.
const SELDOM: u32 = 60;
/// No copy and no deletion takes so long.
const BROKEN_OFF: SignedDuration = SignedDuration::from_hours(1);
/// A recording may still be fetched from its switch for so long.
const MAY_COME: SignedDuration = SignedDuration::from_hours(25);
/// A file that cannot be deleted is tried again after so long.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Files deleted in one go.
const PAGE: u32 = 500;
/// Looks after what others left.
pub(super) struct Upkeep {
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// Where recordings are, as we see it.
    pub(super) folder: PathBuf,
    /// How long they are kept; none: for ever.
    pub(super) keep: watch::Receiver<Option<Duration>>,
    /// The rules in force: they say how long decisions are kept.
    pub(super) organization: watch::Receiver<Arc<Organization>>,
    /// Closed when the engine is gone.
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl Upkeep {
    /// Runs until the engine is gone.
    pub(super) async fn run(self) {
        let mut looks = 0;
        loop {
            let now = self.clock.now();
            self.look(now).await;
            let keep = *self.keep.borrow();
            if let Some(keep) = keep.filter(|_| looks % SELDOM == 0) {
                Retention { store: self.store.clone(), folder: self.folder.clone(), keep }.look(now).await;
            }
            if looks % SELDOM == 0 {
                self.decisions(now).await;
            }
            looks = looks.wrapping_add(1);
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.news.closed() => return,
            }
        }
    }

    /// Does what there is to do; what fails is tried again.
    async fn look(&self, now: Timestamp) {
        if let Err(error) = self.unfinished(now).await {
            tracing::warn!(%error, "could not remove campaigns that were copied or deleted in part");
        }
        if let Err(error) = self.recordings(now).await {
            tracing::warn!(%error, "could not look for recordings whose calls are gone");
        }
        let before = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
        if let Err(error) = self.store.forget_idempotent(before(REQUEST_ABANDONED), before(ANSWERS_KEPT)).await {
            tracing::warn!(%error, "could not forget old answers to requests");
        }
    }

    async fn decisions(&self, now: Timestamp) {
        let Some(since) = self.organization.borrow().decisions_kept_since(now) else { return };
        match self.store.forget_decisions(since).await {
            Ok(0) => {}
            Ok(decisions) => tracing::info!(decisions, before = %since, "decisions were kept long enough: removed"),
            Err(error) => tracing::warn!(%error, "could not remove decisions kept long enough"),
        }
    }

    async fn unfinished(&self, now: Timestamp) -> Result<(), StoreError> {
        let Ok(before) = now.checked_sub(BROKEN_OFF) else { return Ok(()) };
        for campaign in self.store.unfinished_campaigns(before).await? {
            match self.store.delete_campaign(campaign, now).await? {
                Changed::Yes => tracing::info!(%campaign, "was copied or deleted in part: removed"),
                Changed::Conflict(_) | Changed::NotFound => {}
            }
        }
        Ok(())
    }

    async fn recordings(&self, now: Timestamp) -> Result<(), StoreError> {
        let at = |from: Timestamp, span| from.checked_add(span).unwrap_or(Timestamp::MAX);
        loop {
            let names = self.store.recordings_to_delete(now, PAGE).await?;
            let (mut gone, mut later) = (Vec::new(), Vec::new());
            let mut refused = None;
            let looked_at = names.len();
            for (name, added) in names {
                let last = at(added, MAY_COME);
                match remove(&self.folder, &name).await {
                    Ok(true) => gone.push(name),
                    // It may come yet.
                    Ok(false) if now < last => later.push((name, last)),
                    Ok(false) => gone.push(name),
                    Err(error) => {
                        refused = Some(error);
                        later.push((name, at(now, AGAIN)));
                    }
                }
            }
            if let Some(error) = refused {
                tracing::warn!(%error, "recordings of deleted campaigns cannot be deleted: tried again in an hour");
            }
            self.store.recordings_deleted(&gone, &later).await?;
            if looked_at < PAGE as usize {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;
    use crate::campaign::{CampaignId, Settings};
    use crate::store::Location;
    use crate::store::listing::Draft;

    #[tokio::test]
    async fn half_a_copy_is_removed_after_a_while() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&Location::Sqlite(folder.path().join("canvass.db"))).await.expect("a store");
        store.migrate().await.expect("a schema");
        let (news, _inbox) = mpsc::unbounded_channel();
        let upkeep = Upkeep {
            store: store.clone(),
            clock: Clock::system(),
            folder: folder.path().to_owned(),
            keep: watch::channel(None).1,
            organization: watch::channel(Arc::default()).1,
            news,
        };
        let id = CampaignId::new();
        let draft = Draft { id, name: "half".into(), settings: Settings::default(), scheduled_at: None };
        let begun: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        store.begin_copy(&draft, begun).await.expect("begun");
        upkeep.look(begun + SignedDuration::from_mins(59)).await;
        assert!(store.campaign(id).await.expect("read").is_some(), "somebody may be at work on it");
        upkeep.look(begun + SignedDuration::from_mins(61)).await;
        assert_eq!(store.campaign(id).await.expect("read"), None);
        assert!(!store.finish_copy(id, begun).await.expect("asked"));
    }

    #[tokio::test]
    async fn files_of_deleted_calls_go_and_those_that_may_come_are_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("canvass.db");
        let store = Store::open(&Location::Sqlite(file.clone())).await.expect("a store");
        store.migrate().await.expect("a schema");
        let url = format!("sqlite://{}", file.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("a connection");
        let noted = "INSERT INTO recordings_to_delete (name, added_at, due_at)
            VALUES ('here', 0, 0), ('coming', 0, 0), ('../canvass', 0, 0), ('stuck', 0, 0)";
        sqlx::raw_sql(noted).execute(&mut connection).await.expect("rows");
        connection.close().await.expect("closed");
        std::fs::create_dir(folder.path().join("stuck.wav")).expect("a folder");
        let there = |name: &str| folder.path().join(format!("{name}.wav")).exists();
        std::fs::write(folder.path().join("here.wav"), b"sound").expect("a file");
        let (news, _inbox) = mpsc::unbounded_channel();
        let upkeep = Upkeep {
            store: store.clone(),
            clock: Clock::system(),
            folder: folder.path().to_owned(),
            keep: watch::channel(None).1,
            organization: watch::channel(Arc::default()).1,
            news,
        };
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let due = async |hours| {
            let names = store.recordings_to_delete(at(hours), 10).await.expect("read");
            names.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        upkeep.look(at(0)).await;
        assert!(!there("here") && due(0).await.is_empty());
        assert_eq!(due(2).await, ["stuck"]);
        // It was fetched only now.
        std::fs::write(folder.path().join("coming.wav"), b"sound").expect("a file");
        std::fs::remove_dir(folder.path().join("stuck.wav")).expect("removed");
        upkeep.look(at(26)).await;
        assert!(!there("coming") && file.exists());
        assert_eq!(due(1_000).await, [""; 0]);
    }
}
