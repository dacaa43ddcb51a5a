//! Who was let in lately: for a moment they are not looked up again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::access::{ApiKeyId, Principal};
use crate::store::Store;

/// For so long what was read holds. What another process revokes or disables
/// opens nothing after that; what this one does, at once.
const FRESH: Duration = Duration::from_secs(2);

/// Callers remembered.
const MOST: usize = 4_096;

/// Uses of keys that wait to be noted.
const QUEUE: usize = 256;

/// Callers by the SHA-256 of what they present.
#[derive(Debug)]
pub(super) struct Known {
    entries: Mutex<HashMap<[u8; 32], Entry>>,
    /// Counts the changes after which nothing read before holds any more.
    generation: AtomicU64,
    uses: mpsc::Sender<(ApiKeyId, Timestamp)>,
}

#[derive(Debug)]
struct Entry {
    principal: Arc<Principal>,
    fresh_until: Instant,
    noted_at: Option<Timestamp>,
}

/// What is known of what somebody presents.
#[derive(Debug)]
pub(super) enum Found {
    /// Who they are, as read a moment ago.
    Fresh(Arc<Principal>),
    /// They were let in lately.
    Stale,
    /// Nothing.
    Nothing,
}

impl Known {
    /// Nobody yet; and a task that notes the use of keys in `store`, one by
    /// one, for as long as this lives.
    pub(super) fn start(store: Store) -> Self {
        let (uses, mut noted) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            while let Some((key, at)) = noted.recv().await {
                if let Err(error) = store.touch_api_key(key, at).await {
                    tracing::debug!(%error, "could not note the use of a key");
                }
            }
        });
        Self { entries: Mutex::default(), generation: AtomicU64::new(0), uses }
    }

    pub(super) fn find(&self, sha256: &[u8; 32], now: Instant) -> Found {
        match self.lock().get(sha256) {
            Some(entry) if now < entry.fresh_until => Found::Fresh(entry.principal.clone()),
            Some(_) => Found::Stale,
            None => Found::Nothing,
        }
    }

    /// To be asked before the database is.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers who was read, unless something changed since `generation`.
    pub(super) fn keep(&self, sha256: [u8; 32], principal: &Arc<Principal>, generation: u64, now: Instant) {
        let mut entries = self.lock();
        // Under the lock: `changed` counts under it too.
        let fresh_until = if self.generation() == generation { now + FRESH } else { now };
        if entries.len() >= MOST && !entries.contains_key(&sha256) {
            entries.retain(|_, entry| now < entry.fresh_until);
            if entries.len() >= MOST {
                entries.clear();
            }
        }
        let noted_at = entries.get(&sha256).and_then(|entry| entry.noted_at);
        entries.insert(sha256, Entry { principal: principal.clone(), fresh_until, noted_at });
    }

    /// They are let in no more.
    pub(super) fn forget(&self, sha256: &[u8; 32]) {
        self.lock().remove(sha256);
    }

    /// A key or a user was changed: everybody is looked up again.
    pub(super) fn changed(&self) {
        let now = Instant::now();
        let mut entries = self.lock();
        self.generation.fetch_add(1, Ordering::AcqRel);
        entries.values_mut().for_each(|entry| entry.fresh_until = now);
    }

    /// Has the use of a key noted, once a minute at most; nobody waits for that.
    pub(super) fn note_use(&self, sha256: &[u8; 32], principal: &Principal, now: Timestamp) {
        let Principal::Key(key) = principal else { return };
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(sha256) else { return };
        let last = entry.noted_at.max(key.last_used_at);
        if last.is_none_or(|last| now.duration_since(last) >= SignedDuration::from_mins(1)) {
            entry.noted_at = Some(now);
            // A full queue is no reason to wait: it is noted a minute later.
            let _ = self.uses.try_send((key.id, now));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{ApiKey, KeySecret, Role};

    fn known() -> (Known, mpsc::Receiver<(ApiKeyId, Timestamp)>) {
        let (uses, noted) = mpsc::channel(QUEUE);
        (Known { entries: Mutex::default(), generation: AtomicU64::new(0), uses }, noted)
    }

    fn key() -> ([u8; 32], Arc<Principal>) {
        let secret = KeySecret::generate().expect("a key");
        let key = ApiKey::new(&secret, "test".into(), Role::Viewer, Timestamp::UNIX_EPOCH);
        (secret.sha256(), Arc::new(Principal::Key(key)))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_holds_for_a_moment_or_until_a_change() {
        let (known, _noted) = known();
        let (sha256, principal) = key();
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Nothing));
        known.keep(sha256, &principal, known.generation(), Instant::now());
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Fresh(_)));
        tokio::time::advance(FRESH).await;
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Stale));
        let generation = known.generation();
        known.keep(sha256, &principal, generation, Instant::now());
        known.changed();
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Stale));
        known.keep(sha256, &principal, generation, Instant::now());
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Stale), "it was read before the change");
        known.forget(&sha256);
        assert!(matches!(known.find(&sha256, Instant::now()), Found::Nothing));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_a_use_is_noted_once_a_minute() {
        let (known, mut noted) = known();
        let (sha256, principal) = key();
        for n in 0..MOST as u64 + 10 {
            let mut other = [0; 32];
            other[..8].copy_from_slice(&n.to_le_bytes());
            known.keep(other, &principal, 0, Instant::now());
        }
        assert!(known.lock().len() <= MOST);
        known.keep(sha256, &principal, 0, Instant::now());
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        for seconds in [0, 1, 59, 60, 61] {
            known.note_use(&sha256, &principal, now + SignedDuration::from_secs(seconds));
            known.keep(sha256, &principal, 0, Instant::now());
        }
        assert_eq!(noted.try_recv().map(|(_, at)| at), Ok(now));
        assert_eq!(noted.try_recv().map(|(_, at)| at), Ok(now + SignedDuration::from_mins(1)));
        assert!(noted.try_recv().is_err());
    }
}
