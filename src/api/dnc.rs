//! The do-not-call list.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, DncRead, DncWrite};
use super::campaign_fields::out_of_time;
use super::extract::{JsonBody, JsonRequest, NumberAt, UrlQuery};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Problem};
use super::{Api, read};
use crate::number::PhoneNumber;
use crate::store::DoNotCall;
use crate::store::dnc::{self, DncNumber};
use crate::store::listing::{DncQuery, DncRemoval, DncSort, DncWithdrawal};

/// Longest reason, in characters.
const REASON: usize = 500;

/// Which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListDnc {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only entries from there: `manual`, `api`, `import`, `key`, … Only what
    /// named a number first is its entry.
    #[param(example = "import")]
    source: Option<String>,
    /// Only entries with exactly this reason.
    reason: Option<String>,
    /// Only entries made at this instant or later: with an offset.
    from: Option<Timestamp>,
    /// Only entries made before this instant.
    to: Option<Timestamp>,
    /// What they are sorted by; if not said: when they were made, the newest
    /// first. By `phone_number` only the whole list.
    #[param(inline)]
    sort_by: Option<SortDnc>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What the do-not-call list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortDnc {
    /// When entries were made.
    AddedAt,
    /// Their numbers.
    PhoneNumber,
}

impl ListDnc {
    fn query(self) -> Answer<DncQuery> {
        let times = [("from", self.from), ("to", self.to)];
        let mut faults: Vec<_> = times.into_iter().filter_map(|(field, at)| out_of_time(field, at?)).collect();
        let filtered = self.source.is_some() || self.reason.is_some() || self.from.is_some() || self.to.is_some();
        if filtered && self.sort_by == Some(SortDnc::PhoneNumber) {
            faults.push(Fault::new("sort_by", "must be added_at where a filter is named"));
        }
        if !faults.is_empty() {
            return Err(Problem::fields(faults));
        }
        let newest = self.sort_by.is_none() && self.sort_order.is_none();
        Ok(DncQuery {
            source: self.source,
            reason: self.reason,
            from: self.from,
            until: self.to,
            sort: match self.sort_by {
                Some(SortDnc::AddedAt) | None => DncSort::AddedAt,
                Some(SortDnc::PhoneNumber) => DncSort::Number,
            },
            descending: newest || self.sort_order == Some(SortOrder::Desc),
        })
    }
}

/// An entry of the do-not-call list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncEntry {
    /// The number that is never called.
    phone_number: PhoneNumber,
    /// Why.
    #[schema(example = "asked not to be called again")]
    reason: Option<String>,
    /// Where the entry came from, first of all: `manual`, `api`, `import`, …
    #[schema(example = "api")]
    source: String,
    /// Since when.
    added_at: Timestamp,
}

impl From<DoNotCall> for DncEntry {
    fn from(entry: DoNotCall) -> Self {
        Self { phone_number: entry.number, reason: entry.reason, source: entry.source, added_at: entry.added_at }
    }
}

/// What else names a number that has an entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncSource {
    /// Where it came from: never twice of one number.
    #[schema(example = "federal")]
    source: String,
    /// Why.
    reason: Option<String>,
    /// Since when.
    added_at: Timestamp,
}

impl From<DoNotCall> for DncSource {
    fn from(entry: DoNotCall) -> Self {
        Self { source: entry.source, reason: entry.reason, added_at: entry.added_at }
    }
}

/// An entry of the do-not-call list, and what else names its number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncShown {
    /// The number that is never called.
    phone_number: PhoneNumber,
    /// Why.
    #[schema(example = "asked not to be called again")]
    reason: Option<String>,
    /// Where the entry came from, first of all: `manual`, `api`, `import`, …
    #[schema(example = "api")]
    source: String,
    /// Since when.
    added_at: Timestamp,
    /// What else names the number, the oldest first.
    also: Vec<DncSource>,
}

impl From<DncNumber> for DncShown {
    fn from(number: DncNumber) -> Self {
        let (entry, also) = apart(number);
        let DncEntry { phone_number, reason, source, added_at } = entry;
        Self { phone_number, reason, source, added_at, also }
    }
}

fn apart(number: DncNumber) -> (DncEntry, Vec<DncSource>) {
    (number.entry.into(), number.also.into_iter().map(DncSource::from).collect())
}

/// A number never to be called again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AddDnc {
    /// The number, written in any way.
    #[schema(required = true, value_type = String, example = "(555) 555-0100")]
    phone_number: Option<String>,
    /// Why; up to 500 characters.
    #[schema(example = "asked not to be called again")]
    reason: Option<String>,
}

impl JsonRequest for AddDnc {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.phone_number.is_none() {
            faults.push(Fault::new("phone_number", "is missing"));
        }
        faults.extend(too_long(request.reason.as_deref()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

pub(super) fn too_long(reason: Option<&str>) -> Option<Fault> {
    let long = reason.is_some_and(|reason| reason.chars().count() > REASON);
    long.then(|| Fault::new("reason", format!("may have {REASON} characters")))
}

/// Which number.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckDnc {
    /// The number, written in any way (URL-encoded: a plus is `%2B`).
    #[param(required = true, value_type = String, example = "+15551234567")]
    phone_number: Option<String>,
}

/// Whether a number is on the list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncCheck {
    /// The number as it was understood.
    phone_number: PhoneNumber,
    /// Whether it is on the list.
    listed: bool,
    /// Its entry, if it is.
    entry: Option<DncEntry>,
    /// What else names it, the oldest first.
    also: Vec<DncSource>,
}

impl DncCheck {
    pub(super) fn new(phone_number: PhoneNumber, listed: Option<DncNumber>) -> Self {
        let (entry, also) = listed.map(apart).unzip();
        Self { phone_number, listed: entry.is_some(), entry, also: also.unwrap_or_default() }
    }

    pub(super) fn listed(&self) -> bool {
        self.listed
    }
}

/// The do-not-call list
///
/// The entry of each number: what named it first. What else names a number is
/// told where one number is shown.
#[utoipa::path(get, path = "/api/dnc", tag = "do not call", params(ListDnc),
    responses((status = 200, description = "A page of it", body = Paged<DncEntry>)))]
pub(super) async fn list(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListDnc>,
) -> Answer<Json<Paged<DncEntry>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    Ok(Json(wanted.of(api.store.do_not_call_list(&asked.query()?, wanted.page()).await?, DncEntry::from)))
}

/// Never call a number again
///
/// In no campaign, running ones included, from the next call on. A number that
/// is there already keeps its entry; what you say is kept beside it (`also`,
/// source `api`), once. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/dnc", tag = "do not call", request_body = AddDnc,
    responses((status = 201, description = "Its entry", body = DncShown)))]
pub(super) async fn add(
    _: Allowed<DncWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<AddDnc>,
) -> Answer<(StatusCode, Json<DncShown>)> {
    let number = parse(&api, request.phone_number.as_deref())?;
    let entry = DoNotCall { number, reason: request.reason, source: dnc::API.into(), added_at: api.now() };
    api.store.add_do_not_call(&entry).await?;
    let kept = api.store.do_not_call_number(number).await?;
    let kept = kept.unwrap_or(DncNumber { entry, also: Vec::new() });
    Ok((StatusCode::CREATED, Json(kept.into())))
}

/// Whether a number is on the do-not-call list
#[utoipa::path(get, path = "/api/dnc/check", tag = "do not call", params(CheckDnc),
    responses((status = 200, description = "Whether it is", body = DncCheck)))]
pub(super) async fn check(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<CheckDnc>,
) -> Answer<Json<DncCheck>> {
    let phone_number = parse(&api, asked.phone_number.as_deref())?;
    Ok(Json(DncCheck::new(phone_number, api.store.do_not_call_number(phone_number).await?)))
}

/// One entry of the do-not-call list
#[utoipa::path(get, path = "/api/dnc/{number}", tag = "do not call",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "Its entry", body = DncShown)))]
pub(super) async fn show(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
) -> Answer<Json<DncShown>> {
    let listed = api.store.do_not_call_number(number).await?;
    listed.map(|listed| Json(listed.into())).ok_or_else(|| not_listed(number))
}

/// Why a number is taken off the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WithdrawDnc {
    /// Why; up to 500 characters. Kept for ever.
    #[param(max_length = 500, example = "asked in writing to be called again")]
    reason: Option<String>,
}

/// Take a number off the do-not-call list
///
/// Whatever names it: to let one source go only, replace what that source says.
/// What its entries said, who took it off, when and why is kept for ever.
#[utoipa::path(delete, path = "/api/dnc/{number}", tag = "do not call",
    params(("number" = String, Path, description = "The number, written in any way"), WithdrawDnc),
    responses((status = 204, description = "It is off the list")))]
pub(super) async fn remove(
    allowed: Allowed<DncWrite>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
    UrlQuery(asked): UrlQuery<WithdrawDnc>,
) -> Answer<StatusCode> {
    if let Some(fault) = too_long(asked.reason.as_deref()) {
        return Err(Problem::fields(vec![fault]));
    }
    let by = allowed.caller.actor();
    let withdrawal = DncWithdrawal { number, by, reason: asked.reason };
    if api.store.remove_do_not_call(&withdrawal, api.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_listed(number))
    }
}

/// An entry that was taken off the list. The number may be there still, if
/// something else names it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RemovedDnc {
    /// What the entry said, or what was said beside it.
    entry: DncEntry,
    /// When it was taken off.
    removed_at: Timestamp,
    /// By whom.
    #[schema(example = "cli")]
    removed_by: String,
    /// Why.
    removed_reason: Option<String>,
}

impl From<DncRemoval> for RemovedDnc {
    fn from(removal: DncRemoval) -> Self {
        Self {
            entry: removal.entry.into(),
            removed_at: removal.removed_at,
            removed_by: removal.removed_by,
            removed_reason: removal.removed_reason,
        }
    }
}

/// What is on record of a number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncHistory {
    /// The number as it was understood.
    phone_number: PhoneNumber,
    /// Whether it is on the list.
    listed: bool,
    /// Its entry, if it is.
    entry: Option<DncEntry>,
    /// What else names it, the oldest first.
    also: Vec<DncSource>,
    /// Its entries that were taken off, the latest first.
    removals: Vec<RemovedDnc>,
}

/// What is on record of a number
///
/// Its entry, if it is on the do-not-call list, and every entry it had that was
/// taken off: by whom, when and why.
#[utoipa::path(get, path = "/api/dnc/{number}/history", tag = "do not call",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "What is on record", body = DncHistory)))]
pub(super) async fn history(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    NumberAt(phone_number): NumberAt,
) -> Answer<Json<DncHistory>> {
    let DncCheck { listed, entry, also, .. } =
        DncCheck::new(phone_number, api.store.do_not_call_number(phone_number).await?);
    let removals = api.store.do_not_call_removals(phone_number).await?;
    let removals = removals.into_iter().map(RemovedDnc::from).collect();
    Ok(Json(DncHistory { phone_number, listed, entry, also, removals }))
}

fn not_listed(number: PhoneNumber) -> Problem {
    Problem::not_found(format_args!("entry for {number}"))
}

fn parse(api: &Api, written: Option<&str>) -> Answer<PhoneNumber> {
    let written = written.ok_or_else(|| Problem::field("phone_number", "is missing"))?;
    PhoneNumber::parse(written, api.rules()).map_err(|error| Problem::field("phone_number", error.to_string()))
}
