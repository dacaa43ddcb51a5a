//! A campaign's calls.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::{Allowed, CampaignsRead, ContactsRead};
use super::campaign_fields::out_of_time;
use super::campaigns::known_by;
use super::extract::{CampaignAt, UrlQuery};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Problem};
use super::{Api, read};
use crate::call::{Outcome, SurveyState, TransferState};
use crate::campaign::{CampaignId, TargetStatus};
use crate::number::PhoneNumber;
use crate::store::listing::{COUNTED, CallQuery, CallSort};
use crate::store::{CallRow, TargetId};

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListRuns {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Which calls: a JSON object, URL-encoded, with any of `outcome` (a list),
    /// `in_progress`, `phone_number`, `caller_id`, `contact_id`, `from` and
    /// `until` (instants with an offset).
    #[param(example = "{\"outcome\":[\"busy\",\"no_answer\"]}")]
    filters: Option<String>,
    /// What they are sorted by; if not said: when they were placed. By anything
    /// else up to 100,000 calls are sorted: of more, say with `filters` which.
    #[param(inline)]
    sort_by: Option<SortRuns>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What calls are sorted by.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortRuns {
    /// When they were placed.
    #[default]
    CreatedAt,
    /// When they ended; those in progress come last.
    EndedAt,
    /// How long they lasted; those not answered come last.
    Duration,
    /// How they ended.
    Outcome,
}

/// What `filters` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RunFilters {
    pub(super) outcome: Vec<Outcome>,
    pub(super) in_progress: Option<bool>,
    pub(super) phone_number: Option<PhoneNumber>,
    pub(super) caller_id: Option<PhoneNumber>,
    pub(super) contact_id: Option<i64>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

pub(super) fn filters(text: Option<&str>) -> Answer<RunFilters> {
    let Some(text) = text else { return Ok(RunFilters::default()) };
    let value =
        serde_json::from_str(text).map_err(|error| Problem::field("filters", format!("is not JSON: {error}")))?;
    let within = |fault: Fault| match fault.field.as_str() {
        "" => Fault::new("filters", fault.message),
        field => Fault::new(format!("filters.{field}"), fault.message),
    };
    let read: RunFilters =
        read::json(value).map_err(|faults| Problem::fields(faults.into_iter().map(within).collect()))?;
    let times = [("filters.from", read.from), ("filters.until", read.until)];
    let wrong: Vec<_> = times.into_iter().filter_map(|(field, at)| out_of_time(field, at?)).collect();
    if wrong.is_empty() { Ok(read) } else { Err(Problem::fields(wrong)) }
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Run {
    /// Its id; also that of its channel on the switch.
    id: Uuid,
    /// The contact in this campaign.
    #[schema(example = 4711)]
    contact_id: i64,
    /// Whom it called.
    phone_number: PhoneNumber,
    /// The contact's name.
    name: Option<String>,
    /// Which attempt to reach the contact, from 1.
    #[schema(example = 1)]
    attempt: u32,
    /// The number shown to the callee.
    caller_id: PhoneNumber,
    /// The switch that carried it, by its name in the configuration.
    #[schema(example = "main")]
    switch: String,
    /// How it ended; none: it goes on.
    outcome: Option<Outcome>,
    /// When it was placed.
    created_at: Timestamp,
    /// When the phone began to ring, if it did.
    ringing_at: Option<Timestamp>,
    /// When it was answered, if it was.
    answered_at: Option<Timestamp>,
    /// When it ended; none: it goes on.
    ended_at: Option<Timestamp>,
    /// Seconds from answer to end, if it was answered and is over.
    #[schema(example = 42.5)]
    duration_seconds: Option<f64>,
    /// The hang-up cause of the switch: Q.850 up to 127.
    #[schema(example = 16)]
    cause: Option<u16>,
    /// The SIP response that ended it, where there was one.
    #[schema(example = 486)]
    sip_status: Option<u16>,
    /// In words, where there is more to say than the cause does.
    detail: Option<String>,
    /// Who answered, as detected: `human`, `machine`, `unsure`, `fax` or
    /// `sit`; none: nobody looked, or the call was over first.
    #[schema(example = "human")]
    detected: Option<String>,
    /// Whether the message was left on a machine, to its end.
    message_left: bool,
    /// How far the survey got, `partial` or `complete`; none: nothing was asked.
    #[schema(example = "complete")]
    survey: Option<&'static str>,
    /// Whether the callee pressed the opt-out key.
    opted_out: bool,
    /// How the transfer went, `tried`, `connected` or `failed`, if the callee
    /// asked for one.
    #[schema(example = "connected")]
    transfer: Option<&'static str>,
    /// The name of its recording, if it was recorded.
    recording: Option<String>,
    /// What came of it, as a person or an agent says; free of the outcome.
    #[schema(example = "callback requested")]
    disposition: Option<String>,
    /// How the callee felt, as the agent reports.
    #[schema(example = "positive")]
    sentiment: Option<String>,
    /// Where the contact stands now.
    contact_status: TargetStatus,
}

impl From<CallRow> for Run {
    fn from(row: CallRow) -> Self {
        let facts = row.facts;
        Self {
            id: row.call.0,
            contact_id: row.target.0,
            phone_number: row.number,
            name: row.name,
            attempt: row.attempt,
            caller_id: row.caller_id,
            switch: row.switch,
            outcome: row.outcome,
            created_at: row.created_at,
            ringing_at: facts.ringing_at,
            answered_at: facts.answered_at,
            ended_at: facts.ended_at,
            duration_seconds: seconds(facts.answered_at, facts.ended_at),
            cause: facts.cause.map(|cause| cause.0),
            sip_status: facts.sip.map(|sip| sip.0),
            detail: facts.detail,
            detected: facts.talk.detected.map(|detected| detected.answer),
            message_left: facts.talk.message_left,
            survey: facts.talk.survey.map(SurveyState::as_str),
            opted_out: facts.talk.opted_out,
            transfer: facts.talk.transfer.map(TransferState::as_str),
            recording: facts.talk.recording,
            disposition: row.results.disposition,
            sentiment: row.results.sentiment,
            contact_status: row.target_status,
        }
    }
}

/// From one instant to another, to the millisecond.
pub(super) fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    let span = to?.duration_since(from?).as_secs_f64().max(0.0);
    Some((span * 1_000.0).round() / 1_000.0)
}

/// A campaign's calls
///
/// Every attempt to reach a contact, those in progress included. `total` is
/// exact without `filters` and with those of `outcome` and `in_progress`; with
/// others it stops at 100,000. Shows numbers and names: needs `contacts:read`
/// beside `campaigns:read`.
#[utoipa::path(get, path = "/api/campaigns/{id}/runs", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id"), ListRuns),
    responses((status = 200, description = "A page of calls", body = Paged<Run>)))]
pub(super) async fn runs(
    _: Allowed<CampaignsRead>,
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<ListRuns>,
) -> Answer<Json<Paged<Run>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let filters = filters(asked.filters.as_deref())?;
    let query = CallQuery {
        outcomes: filters.outcome,
        in_progress: filters.in_progress,
        number: filters.phone_number,
        caller_id: filters.caller_id,
        target: filters.contact_id.map(TargetId),
        from: filters.from,
        until: filters.until,
        sort: match asked.sort_by.unwrap_or_default() {
            SortRuns::CreatedAt => CallSort::CreatedAt,
            SortRuns::EndedAt => CallSort::EndedAt,
            SortRuns::Duration => CallSort::Talk,
            SortRuns::Outcome => CallSort::Outcome,
        },
        descending: asked.sort_order.unwrap_or_default() == SortOrder::Desc,
    };
    match api.store.call_page(id, &query, wanted.page()).await? {
        Some(listed) => {
            known_by(&api, id, listed.total).await?;
            Ok(Json(wanted.of(listed, Run::from)))
        }
        None => {
            let message = format!("sorts up to {COUNTED} calls: narrow them with filters, or sort by created_at");
            Err(Problem::field("sort_by", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_json_and_every_fault_is_named() {
        assert!(filters(None).is_ok());
        let read = filters(Some(r#"{"outcome":["busy"],"phone_number":"+15551234567"}"#)).expect("read");
        assert_eq!(read.outcome, [Outcome::Busy]);
        assert!(filters(Some("{")).is_err());
        let problem = format!("{:?}", filters(Some(r#"{"outcom":1,"from":"today"}"#)).expect_err("faults"));
        assert!(problem.contains("filters.outcom") && problem.contains("filters.from"), "{problem}");
    }

    #[test]
    fn a_length_is_never_negative() {
        let at = |text: &str| Some(text.parse::<Timestamp>().expect("an instant"));
        let (early, late) = (at("2026-03-01T09:00:00Z"), at("2026-03-01T09:00:42.5004Z"));
        assert_eq!(seconds(early, late), Some(42.5));
        assert_eq!(seconds(late, early), Some(0.0));
        assert_eq!(seconds(early, None), None);
    }
}
