//! A campaign's figures while it runs.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::auth::{Allowed, CampaignsRead};
use super::campaigns::known;
use super::extract::CampaignAt;
use super::problem::Answer;
use crate::call::Outcome;
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::control;
use crate::store::Tally;
use crate::store::listing::CallMetrics;

/// A campaign's figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// The campaign.
    campaign_id: CampaignId,
    /// Where it is in its life.
    campaign_status: CampaignStatus,
    /// Why it is there, where that needs a word.
    reason: Option<String>,
    /// It makes no call before this instant: its hours are over, or nobody is
    /// due.
    waiting_until: Option<Timestamp>,
    /// Its contacts by status.
    contacts: ContactStats,
    /// How far it is: contacts that were called or settled, in per cent.
    #[schema(example = 36, maximum = 100)]
    progress: u64,
    /// Its calls by outcome.
    outcomes: OutcomeStats,
    /// How long its calls lasted.
    call_metrics: CallStats,
}

/// Counts by status: a struct, so that each is described.
macro_rules! counts {
    ($(#[$about:meta])* $name:ident: $($(#[doc = $doc:literal])+ $field:ident = $of:expr;)+) => {
        $(#[$about])*
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct $name {
            $($(#[doc = $doc])+ $field: u64,)+
        }

        impl $name {
            pub(super) fn of(tally: &Tally) -> Self {
                Self { $($field: $of(tally),)+ }
            }
        }
    };
}

fn target(status: TargetStatus) -> impl Fn(&Tally) -> u64 {
    move |tally| tally.target(status)
}

fn outcome(outcome: Outcome) -> impl Fn(&Tally) -> u64 {
    move |tally| tally.outcome(outcome)
}

counts! {
    /// A campaign's contacts by status.
    ContactStats:
    /// All of them.
    total = Tally::total;
    /// Waiting for their first call.
    pending = target(TargetStatus::Pending);
    /// A call is being placed or rings.
    calling = target(TargetStatus::Calling);
    /// Their call was answered and goes on.
    connected = target(TargetStatus::Connected);
    /// A person was reached.
    completed = target(TargetStatus::Completed);
    /// A machine was reached.
    voicemail = target(TargetStatus::Voicemail);
    /// Rang, nobody answered.
    no_answer = target(TargetStatus::NoAnswer);
    /// Were busy.
    busy = target(TargetStatus::Busy);
    /// Could not be reached, for any other reason.
    failed = target(TargetStatus::Failed);
    /// Taken out by a person or a rule.
    skipped = target(TargetStatus::Skipped);
    /// On the do-not-call list.
    do_not_call = target(TargetStatus::DoNotCall);
}

counts! {
    /// A campaign's ended calls by outcome.
    OutcomeStats:
    /// A person answered.
    answered = outcome(Outcome::Answered);
    /// A machine answered.
    voicemail = outcome(Outcome::Voicemail);
    /// The line was busy.
    busy = outcome(Outcome::Busy);
    /// It rang out, or the phone could not be found.
    no_answer = outcome(Outcome::NoAnswer);
    /// The callee or their network refused the call.
    rejected = outcome(Outcome::Rejected);
    /// There is no such number.
    invalid_number = outcome(Outcome::InvalidNumber);
    /// The network or our trunk had no room.
    congestion = outcome(Outcome::Congestion);
    /// It failed before answer for any other reason.
    failed = outcome(Outcome::Failed);
    /// A rule forbade it; it was never dialed.
    blocked = outcome(Outcome::Blocked);
    /// We took it back before it was answered.
    cancelled = outcome(Outcome::Cancelled);
    /// Nobody can know what became of it.
    lost = outcome(Outcome::Lost);
}

/// How long calls lasted, from answer to end.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallStats {
    /// Seconds on average, rounded; none: no answered call is over.
    #[schema(example = 142)]
    avg_duration_seconds: Option<u64>,
    /// Seconds of the longest.
    #[schema(example = 298)]
    max_duration_seconds: Option<u64>,
    /// Seconds of the shortest.
    #[schema(example = 15)]
    min_duration_seconds: Option<u64>,
    /// Calls placed, those in progress included.
    #[schema(example = 65)]
    total_attempts: u64,
}

impl CallStats {
    fn of(metrics: CallMetrics, tally: &Tally) -> Self {
        let seconds = |exact: Option<f64>| exact.map(|seconds| seconds.round().max(0.0) as u64);
        Self {
            avg_duration_seconds: seconds(metrics.average),
            max_duration_seconds: seconds(metrics.longest),
            min_duration_seconds: seconds(metrics.shortest),
            total_attempts: tally.calls() + tally.in_call(),
        }
    }
}

/// Not called yet, or being called for the first time.
fn open(tally: &Tally) -> u64 {
    tally.target(TargetStatus::Pending) + tally.in_call()
}

fn percent(tally: &Tally) -> u64 {
    let total = tally.total();
    (total.saturating_sub(open(tally)) * 100).checked_div(total).unwrap_or(0)
}

/// A campaign's figures
///
/// Contacts by status, progress, calls by outcome and how long they lasted.
#[utoipa::path(get, path = "/api/campaigns/{id}/stats", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses((status = 200, description = "Its figures", body = Stats)))]
pub(super) async fn stats(
    _: Allowed<CampaignsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Json<Stats>> {
    let campaign = known(&api, id).await?.campaign;
    let tally = api.store.tally(id).await?;
    let metrics = api.store.call_metrics(id).await?;
    Ok(Json(Stats {
        campaign_id: id,
        campaign_status: campaign.status,
        waiting_until: control::waiting_until(&api.store, &api.in_force().compliance, &campaign, api.now()).await?,
        reason: campaign.reason,
        contacts: ContactStats::of(&tally),
        progress: percent(&tally),
        outcomes: OutcomeStats::of(&tally),
        call_metrics: CallStats::of(metrics, &tally),
    }))
}

/// How far a campaign is.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Progress {
    /// All its contacts.
    #[schema(example = 500)]
    total_contacts: u64,
    /// Contacts that were called at least once, those being called included.
    #[schema(example = 312)]
    dialled: u64,
    /// Contacts whose call was answered, by a person or a machine.
    #[schema(example = 245)]
    answered: u64,
    /// Contacts of whom a person was reached.
    #[schema(example = 238)]
    completed: u64,
    /// Contacts that could not be reached: no answer, busy and failed. Some may
    /// be called again.
    #[schema(example = 62)]
    failed: u64,
    /// Contacts that wait for their first call.
    #[schema(example = 188)]
    pending: u64,
    /// Contacts in a call.
    #[schema(example = 5)]
    in_progress: u64,
    /// Where the campaign is in its life.
    status: CampaignStatus,
    /// It makes no call before this instant: its hours are over, or nobody is
    /// due.
    waiting_until: Option<Timestamp>,
}

impl Progress {
    pub(super) fn of(tally: &Tally, status: CampaignStatus, waiting_until: Option<Timestamp>) -> Self {
        use TargetStatus as S;
        let count = |statuses: &[S]| statuses.iter().map(|status| tally.target(*status)).sum::<u64>();
        Self {
            total_contacts: tally.total(),
            dialled: tally.total().saturating_sub(count(&[S::Pending, S::Skipped, S::DoNotCall])),
            answered: count(&[S::Completed, S::Voicemail, S::Connected]),
            completed: count(&[S::Completed]),
            failed: count(&[S::NoAnswer, S::Busy, S::Failed]),
            pending: count(&[S::Pending]),
            in_progress: tally.in_call(),
            status,
            waiting_until,
        }
    }
}

/// How far a campaign is
///
/// Costs the same for ten contacts and for ten million: ask as often as you like.
#[utoipa::path(get, path = "/api/campaigns/{id}/progress", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses((status = 200, description = "How far it is", body = Progress)))]
pub(super) async fn progress(
    _: Allowed<CampaignsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Json<Progress>> {
    let campaign = known(&api, id).await?.campaign;
    let tally = api.store.tally(id).await?;
    let waiting_until = control::waiting_until(&api.store, &api.in_force().compliance, &campaign, api.now()).await?;
    Ok(Json(Progress::of(&tally, campaign.status, waiting_until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetStatus as S;

    fn tally() -> Tally {
        Tally {
            targets: vec![
                (S::Pending, 87),
                (S::Calling, 3),
                (S::Completed, 48),
                (S::Voicemail, 1),
                (S::NoAnswer, 4),
                (S::Failed, 7),
            ],
            outcomes: vec![(Outcome::Answered, 48), (Outcome::NoAnswer, 6)],
        }
    }

    #[test]
    fn the_guides_example() {
        let tally = tally();
        assert_eq!(percent(&tally), 40);
        assert_eq!(percent(&Tally::default()), 0);
        let stats = CallStats::of(CallMetrics { talked: 1, average: Some(14.6), ..CallMetrics::default() }, &tally);
        assert_eq!((stats.avg_duration_seconds, stats.max_duration_seconds), (Some(15), None));
        assert_eq!(stats.total_attempts, 57);
    }

    #[test]
    fn everybody_is_counted_somewhere() {
        let progress = Progress::of(&tally(), CampaignStatus::Running, None);
        assert_eq!((progress.total_contacts, progress.dialled, progress.pending), (150, 63, 87));
        assert_eq!((progress.answered, progress.completed, progress.failed, progress.in_progress), (49, 48, 11, 3));
        let contacts = ContactStats::of(&tally());
        assert_eq!((contacts.total, contacts.busy, contacts.failed), (150, 0, 7));
        assert_eq!(OutcomeStats::of(&tally()).no_answer, 6);
    }
}
