//! Why numbers were called, or not; what a day's calls cost; who waits because
//! of a rule.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dnc::DncNumber;
use super::{Store, StoreError, TargetId};
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, TargetStatus};
use crate::compliance::{Force, PastCall, Record, Rule, Verdict};
use crate::number::PhoneNumber;

/// Entries of one kind that are shown of a number, at most: the newest.
const MOST: u32 = 10_000;
/// Targets released in one transaction: the ledger waits no longer than that.
const STEP: u32 = 2_000;

/// Everything that is known of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberAudit {
    /// The number.
    pub number: PhoneNumber,
    /// What names it on the do-not-call list: its opt-out, if it did.
    pub do_not_call: Option<DncNumber>,
    /// Where it is in campaigns' lists, with what the list says of its consent.
    pub contacts: Vec<AuditContact>,
    /// What was decided, and the calls that were made: oldest first.
    pub decisions: Vec<AuditDecision>,
    /// There are more decisions or calls than are shown: these are the newest.
    pub truncated: bool,
}

/// A number in a campaign's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditContact {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// The campaign's name.
    pub campaign: String,
    /// The contact's name.
    pub name: Option<String>,
    /// The contact's own time zone.
    pub timezone: Option<String>,
    /// The contact's consent, as the list says it.
    pub consent: Option<String>,
    /// Since when it is in the list.
    pub added_at: Timestamp,
    /// Where it is in that campaign.
    #[schema(value_type = String)]
    pub status: TargetStatus,
    /// Its attempts there.
    pub attempts: u32,
}

/// A decision, with its call if one was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditDecision {
    /// When it was decided.
    pub at: Timestamp,
    /// The campaign; it may be deleted since.
    pub campaign_id: CampaignId,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule that forbade the call; of one that is allowed all the same: the
    /// first that was overridden.
    pub rule: Option<Rule>,
    /// What the decision was made of; none: the call is older than the record.
    pub facts: Option<Record>,
    /// The call that was made.
    pub call: Option<AuditCall>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditCall {
    /// The call.
    #[schema(value_type = Uuid)]
    pub call_id: CallId,
    /// The caller ID shown.
    pub caller_id: Option<PhoneNumber>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended; none: it goes on.
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Outcome>,
    /// The callee opted out in it.
    pub opted_out: bool,
}

/// A call as far as it costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidCall {
    /// The call.
    pub call: CallId,
    /// Whom it called.
    pub number: PhoneNumber,
    /// When it was claimed.
    pub placed_at: Timestamp,
    /// When it was answered and ended, if it was and has.
    pub talk: Option<(Timestamp, Timestamp)>,
}

/// Targets that wait no longer because of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// How many.
    pub targets: u64,
    /// The last of them: there may be more after it.
    pub last: TargetId,
}

/// A call that was removed with its campaign or its contact, as far as it cost
/// money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovedCall {
    /// The row that is left of it.
    pub row: i64,
    /// What it was.
    pub paid: PaidCall,
}

/// No call lasts longer.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24);

/// The smallest id a call may have that ended at this instant: ids begin
/// with the time. No call lasts a day, and clocks are exact to the hour.
pub(super) fn first_id(ended: Timestamp) -> Uuid {
    let earlier = ended.as_millisecond().saturating_sub(25 * 3_600_000);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(earlier).unwrap_or(0), &[0; 10]).into_uuid()
}

impl Store {
    /// Everything that is known of a number.
    pub async fn audit_number(&self, number: PhoneNumber) -> Result<NumberAudit, StoreError> {
        let do_not_call = self.do_not_call_number(number).await?;
        let (contacts, mut decisions, mut calls) = on_engine!(self, db => {
            let contacts = db.contacts_with(number).await?;
            (contacts, db.decisions_on(number, MOST).await?, db.decided_calls(number, MOST).await?)
        });
        let most = MOST as usize;
        let truncated = decisions.len() >= most || calls.len() >= most;
        decisions.append(&mut calls);
        // Of one instant, what was decided comes before the call.
        decisions.sort_by_key(|decision| (decision.at, decision.call.is_some()));
        Ok(NumberAudit { number, do_not_call, contacts, decisions, truncated })
    }

    /// Calls to a number since an instant, of every campaign.
    pub async fn past_calls(&self, number: PhoneNumber, since: Timestamp) -> Result<Vec<PastCall>, StoreError> {
        on_engine!(self, db => db.past_calls(number, since).await)
    }

    /// Notes which call of a draft is forced; `false`: it is no draft.
    pub async fn force_call(&self, campaign: CampaignId, force: &Force) -> Result<bool, StoreError> {
        on_engine!(self, db => db.force_call(campaign, force).await)
    }

    /// Some of a campaign who wait because a rule said so, those after `after`,
    /// are due again when they were before, so that the rules are asked anew.
    /// One transaction. None: nobody is left.
    pub async fn release_held(
        &self,
        campaign: CampaignId,
        after: Option<TargetId>,
    ) -> Result<Option<Released>, StoreError> {
        let targets = on_engine!(self, db => db.release_held(campaign, after, STEP).await)?;
        Ok(targets.iter().max().map(|last| Released { targets: targets.len() as u64, last: *last }))
    }

    /// Up to `limit` calls that were claimed or ended since an instant, after
    /// `after`, by id.
    pub async fn paid_calls(
        &self,
        since: Timestamp,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<PaidCall>, StoreError> {
        on_engine!(self, db => db.paid_calls(since, after, limit).await)
    }

    /// The same of calls that were removed since, after the row `after`. May give
    /// some that ended a little earlier.
    pub async fn removed_calls(
        &self,
        since: Timestamp,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<RemovedCall>, StoreError> {
        let placed = since.checked_sub(LONGEST_CALL).unwrap_or(Timestamp::MIN);
        on_engine!(self, db => db.removed_calls(placed, after.unwrap_or(i64::MIN), limit).await)
    }
}
