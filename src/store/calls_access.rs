//! What is asked about single calls, and noted about them.

use jiff::Timestamp;

use super::call_results::{CallDetail, CallEdit, CallEdited, CallSearch, CampaignCall, Completed};
use super::{Store, StoreError};
use crate::call::{CallId, Completion};

impl Store {
    /// One call, with everything known of it.
    pub async fn call_detail(&self, call: CallId) -> Result<Option<CallDetail>, StoreError> {
        on_engine!(self, db => db.call_detail(call).await)
    }

    /// Up to `limit` calls of all campaigns that fit, the newest first. Costs
    /// as much as the calls it has to look at: few, unless hardly any fits.
    pub async fn search_calls(&self, search: &CallSearch, limit: u32) -> Result<Vec<CampaignCall>, StoreError> {
        on_engine!(self, db => db.search_calls(search, limit).await)
    }

    /// Changes disposition and notes of a call. Never its outcome.
    pub async fn edit_call(&self, call: CallId, edit: &CallEdit, now: Timestamp) -> Result<CallEdited, StoreError> {
        on_engine!(self, db => db.edit_call(call, edit, now).await)
    }

    /// Keeps what an agent reports of a call. What it says replaces what was
    /// said before, field by field; what it leaves out stays. If it opts the
    /// callee out, their number is on the do-not-call list in the same
    /// transaction.
    pub async fn complete_call(
        &self,
        call: CallId,
        completion: &Completion,
        now: Timestamp,
    ) -> Result<Completed, StoreError> {
        on_engine!(self, db => db.complete_call(call, completion, now).await)
    }
}
