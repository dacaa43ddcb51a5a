//! The do-not-call list.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, DncRead, DncWrite};
use super::extract::{JsonBody, JsonRequest, NumberAt, UrlQuery};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Problem};
use super::{Api, read};
use crate::number::PhoneNumber;
use crate::store::DoNotCall;

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
    /// `asc`: by number; `desc`, and if not said: the newest entries first.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// An entry of the do-not-call list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncEntry {
    /// The number that is never called.
    phone_number: PhoneNumber,
    /// Why.
    #[schema(example = "asked not to be called again")]
    reason: Option<String>,
    /// Where the entry came from: `manual`, `api`, `import`, …
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
        if request.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON) {
            faults.push(Fault::new("reason", format!("may have {REASON} characters")));
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
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
}

/// The do-not-call list
#[utoipa::path(get, path = "/api/dnc", tag = "do not call", params(ListDnc),
    responses((status = 200, description = "A page of it", body = Paged<DncEntry>)))]
pub(super) async fn list(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListDnc>,
) -> Answer<Json<Paged<DncEntry>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let newest = asked.sort_order != Some(SortOrder::Asc);
    Ok(Json(wanted.of(api.store.do_not_call_list(wanted.page(), newest).await?, DncEntry::from)))
}

/// Never call a number again
///
/// In no campaign, running ones included, from the next call on. A number that
/// is there already keeps its entry. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/dnc", tag = "do not call", request_body = AddDnc,
    responses((status = 201, description = "Its entry", body = DncEntry)))]
pub(super) async fn add(
    _: Allowed<DncWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<AddDnc>,
) -> Answer<(StatusCode, Json<DncEntry>)> {
    let number = parse(&api, request.phone_number.as_deref())?;
    let entry = DoNotCall { number, reason: request.reason, source: "api".into(), added_at: api.now() };
    api.store.add_do_not_call(&entry).await?;
    let kept = api.store.do_not_call(number).await?.unwrap_or(entry);
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
    let entry = api.store.do_not_call(phone_number).await?.map(DncEntry::from);
    Ok(Json(DncCheck { phone_number, listed: entry.is_some(), entry }))
}

/// One entry of the do-not-call list
#[utoipa::path(get, path = "/api/dnc/{number}", tag = "do not call",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "Its entry", body = DncEntry)))]
pub(super) async fn show(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
) -> Answer<Json<DncEntry>> {
    let entry = api.store.do_not_call(number).await?;
    entry.map(|entry| Json(entry.into())).ok_or_else(|| not_listed(number))
}

/// Take a number off the do-not-call list
#[utoipa::path(delete, path = "/api/dnc/{number}", tag = "do not call",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 204, description = "It is off the list")))]
pub(super) async fn remove(
    _: Allowed<DncWrite>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
) -> Answer<StatusCode> {
    if api.store.remove_do_not_call(number).await? { Ok(StatusCode::NO_CONTENT) } else { Err(not_listed(number)) }
}

fn not_listed(number: PhoneNumber) -> Problem {
    Problem::not_found(format_args!("entry for {number}"))
}

fn parse(api: &Api, written: Option<&str>) -> Answer<PhoneNumber> {
    let written = written.ok_or_else(|| Problem::field("phone_number", "is missing"))?;
    PhoneNumber::parse(written, api.rules()).map_err(|error| Problem::field("phone_number", error.to_string()))
}
