//! What is tidied up behind everybody: copies and deletions that were broken
//! off, recordings whose calls are gone, answers nobody asks for again.

use jiff::Timestamp;

use super::listing::Draft;
use super::{Store, StoreError};
use crate::campaign::CampaignId;

/// Rows changed in one transaction: the ledger waits no longer than that.
const STEP: u32 = 2_000;

impl Store {
    // --- copies and deletions --------------------------------------------

    /// Stores a campaign that is to be filled as a copy: `cancelled` and on no
    /// list, so that nobody sees or launches half of it, until
    /// [`Self::finish_copy`].
    pub async fn begin_copy(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        on_engine!(self, db => db.begin_copy(draft, now).await)
    }

    /// Makes of a copy the draft it is to be; `false`: it was deleted meanwhile.
    pub async fn finish_copy(&self, id: CampaignId, now: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, db => db.finish_copy(id, now).await)
    }

    /// Up to a hundred campaigns that were begun to be filled or to be deleted
    /// before an instant, and still are there: nobody works on them any more.
    pub async fn unfinished_campaigns(&self, before: Timestamp) -> Result<Vec<CampaignId>, StoreError> {
        on_engine!(self, db => db.unfinished_campaigns(before).await)
    }

    // --- recordings whose calls are gone ---------------------------------

    /// Up to `limit` recordings, by name, whose calls are gone and whose files
    /// are to be deleted at `now`; each with when its call was deleted.
    pub async fn recordings_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        on_engine!(self, db => db.recordings_to_delete(now, limit).await)
    }

    /// Forgets recordings that are gone, and has others tried again later.
    pub async fn recordings_deleted(&self, gone: &[String], later: &[(String, Timestamp)]) -> Result<(), StoreError> {
        on_engine!(self, db => db.recordings_deleted(gone, later).await)
    }

    // --- answers to requests that might have come again ------------------

    /// Forgets decisions from before an instant; gives how many. In several
    /// transactions. Those of the last year the database keeps in any case: then
    /// this is [`StoreError::Refused`].
    pub async fn forget_decisions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let step = on_engine!(self, db => db.forget_some_decisions(before, STEP).await)?;
            forgotten += step;
            if step < u64::from(STEP) {
                return Ok(forgotten);
            }
        }
    }

    /// Forgets requests that were begun before `abandoned_before` and never
    /// answered, and all that were begun before `forgotten_before`; gives how
    /// many. In several transactions.
    pub async fn forget_idempotent(
        &self,
        abandoned_before: Timestamp,
        forgotten_before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let step =
                on_engine!(self, db => db.forget_some_idempotent(abandoned_before, forgotten_before, STEP).await)?;
            forgotten += step;
            if step < u64::from(STEP) {
                return Ok(forgotten);
            }
        }
    }
}
