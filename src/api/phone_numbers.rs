//! Our own numbers, used as caller IDs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, PhoneNumbersRead, PhoneNumbersWrite};
use super::campaign_fields::out_of_time;
use super::extract::{JsonBody, JsonRequest, NumberAt, UrlQuery};
use super::page::{Paged, Wanted};
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::{Api, read};
use crate::caller_id::Limits;
use crate::control::{NumberEdited, edit_number};
use crate::number::PhoneNumber;
use crate::store::{NumberDay, OwnNumber};

/// The reason of a rest that somebody asked for.
const BY_HAND: &str = "asked for";

/// One of our numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnPhoneNumber {
    /// Its id: the number itself. What campaigns name in `phone_number_id` and
    /// `number_pool`.
    id: PhoneNumber,
    /// The number.
    phone_number: PhoneNumber,
    /// What the operator calls it.
    #[schema(example = "Main line")]
    label: Option<String>,
    /// Whether it may be used as a caller ID.
    active: bool,
    /// Whether it is used.
    status: NumberStatus,
    /// Calls started from it within 24 hours, by full hours, at most; none: no
    /// such limit.
    daily_cap: Option<u32>,
    /// Seconds between the starts of two calls from it; none: no such limit.
    cool_down_seconds: Option<u32>,
    /// Calls in progress from it at once, at most; none: no such limit.
    max_concurrent: Option<u32>,
    /// Until when it rests, or rested last.
    resting_until: Option<Timestamp>,
    /// Why it rests, or did last.
    #[schema(example = "answered: 8.1 % of its calls, 31.4 % of the others of its pool")]
    rest_reason: Option<String>,
    /// Its calls of the last 24 hours.
    last_24_hours: NumberFigures,
    /// When the last of them was started.
    last_used_at: Option<Timestamp>,
}

/// Whether a number is used as a caller ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NumberStatus {
    /// It is.
    Active,
    /// Not for a while: its calls went far worse than those of its pool, or
    /// somebody said so.
    Resting,
    /// Not at all.
    Inactive,
}

/// How calls from a number went, by full hours.
#[derive(Debug, Serialize, ToSchema)]
struct NumberFigures {
    /// Calls started.
    calls: u64,
    /// Of the ended ones, those that say something of the number: not taken
    /// back, not stopped by congestion, no wrong number called.
    judged: u64,
    /// Of those, answered by a person or a machine.
    answered: u64,
    /// Their share, 0 to 1; none without judged calls.
    answer_rate: Option<f64>,
    /// Of the answered, over within six seconds.
    short: u64,
    /// Of the judged, refused by the callee (Q.850 21, SIP 603 and 607).
    rejected: u64,
    /// Of the judged, blocked as unwanted (SIP 607 and 608).
    flagged: u64,
}

impl OwnPhoneNumber {
    fn of(own: OwnNumber, day: NumberDay, now: Timestamp) -> Self {
        let NumberDay { figures, last_at } = day;
        let status = if !own.active {
            NumberStatus::Inactive
        } else if own.resting_until.is_some_and(|until| until > now) {
            NumberStatus::Resting
        } else {
            NumberStatus::Active
        };
        Self {
            id: own.number,
            phone_number: own.number,
            label: own.label,
            active: own.active,
            status,
            daily_cap: own.limits.daily_cap,
            cool_down_seconds: own.limits.cool_down_seconds,
            max_concurrent: own.limits.max_concurrent,
            resting_until: own.resting_until,
            rest_reason: own.rest_reason,
            last_24_hours: NumberFigures {
                calls: figures.calls,
                judged: figures.judged,
                answered: figures.answered,
                answer_rate: figures.share(figures.answered),
                short: figures.short,
                rejected: figures.rejected,
                flagged: figures.flagged,
            },
            last_used_at: last_at,
        }
    }
}

/// A number with its last day.
async fn with_its_figures(api: &Api, own: OwnNumber) -> Answer<OwnPhoneNumber> {
    let now = api.now();
    let days = api.store.days_of_numbers(&[own.number], now).await?;
    let day = days.get(&own.number).copied().unwrap_or_default();
    Ok(OwnPhoneNumber::of(own, day, now))
}

/// Which of our numbers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNumbers {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
}

/// A number to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AddPhoneNumber {
    /// The number, written in any way.
    #[schema(required = true, value_type = String, example = "+15550100001")]
    phone_number: Option<String>,
    /// What the operator calls it; up to 200 characters.
    #[schema(example = "Main line")]
    label: Option<String>,
    /// Whether it may be used as a caller ID; yes if not said.
    active: bool,
    /// Calls started from it within 24 hours, by full hours, at most: 1 to
    /// 1,000,000; left out: no such limit.
    daily_cap: Option<u32>,
    /// Seconds between the starts of two calls from it: 1 to 86,400; left out: no such limit.
    cool_down_seconds: Option<u32>,
    /// Calls in progress from it at once, at most: 1 to 10,000; left out: no such limit.
    max_concurrent: Option<u32>,
}

impl Default for AddPhoneNumber {
    fn default() -> Self {
        Self {
            phone_number: None,
            label: None,
            active: true,
            daily_cap: None,
            cool_down_seconds: None,
            max_concurrent: None,
        }
    }
}

impl JsonRequest for AddPhoneNumber {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.phone_number.is_none() {
            faults.push(Fault::new("phone_number", "is missing"));
        }
        faults.extend(too_long(request.label.as_deref()));
        faults.extend(wrong_limits(&request.limits()));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

impl AddPhoneNumber {
    fn limits(&self) -> Limits {
        Limits {
            daily_cap: self.daily_cap,
            cool_down_seconds: self.cool_down_seconds,
            max_concurrent: self.max_concurrent,
        }
    }
}

/// What becomes of a number; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EditPhoneNumber {
    /// What the operator calls it; empty: nothing.
    #[schema(example = "Main line")]
    label: Option<String>,
    /// Whether it may be used as a caller ID. Running campaigns use a number
    /// that is switched off no more.
    active: Option<bool>,
    /// Calls started from it within 24 hours, by full hours, at most: 1 to
    /// 1,000,000; `null`: no such limit.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>)]
    daily_cap: Option<Option<u32>>,
    /// Seconds between the starts of two calls from it: 1 to 86,400; `null`: no such limit.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>)]
    cool_down_seconds: Option<Option<u32>>,
    /// Calls in progress from it at once, at most: 1 to 10,000; `null`: no such limit.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>)]
    max_concurrent: Option<Option<u32>>,
    /// Rest until then: calls do not show it meanwhile, and its figures are
    /// judged anew afterwards. `null`: it is used again at once.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<Timestamp>)]
    resting_until: Option<Option<Timestamp>>,
}

impl JsonRequest for EditPhoneNumber {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults: Vec<_> = too_long(request.label.as_deref()).into_iter().collect();
        faults.extend(wrong_limits(&request.over(Limits::default())));
        faults.extend(request.resting_until.flatten().and_then(|at| out_of_time("resting_until", at)));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

impl EditPhoneNumber {
    /// These limits with what is said.
    fn over(&self, limits: Limits) -> Limits {
        Limits {
            daily_cap: self.daily_cap.unwrap_or(limits.daily_cap),
            cool_down_seconds: self.cool_down_seconds.unwrap_or(limits.cool_down_seconds),
            max_concurrent: self.max_concurrent.unwrap_or(limits.max_concurrent),
        }
    }
}

fn wrong_limits(limits: &Limits) -> Vec<Fault> {
    limits.check().into_iter().map(|wrong| Fault::new(wrong.field, wrong.message)).collect()
}

fn too_long(label: Option<&str>) -> Option<Fault> {
    let most = OwnNumber::LONGEST_LABEL;
    let long = label.is_some_and(|label| label.chars().count() > most);
    long.then(|| Fault::new("label", format!("may have {most} characters")))
}

/// Our numbers
///
/// A page at a time, by number, each with its calls of the last 24 hours.
#[utoipa::path(get, path = "/api/phone-numbers", tag = "phone numbers", params(ListNumbers),
    responses((status = 200, description = "A page of our numbers", body = Paged<OwnPhoneNumber>)))]
pub(super) async fn list(
    _: Allowed<PhoneNumbersRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListNumbers>,
) -> Answer<Json<Paged<OwnPhoneNumber>>> {
    let (now, wanted) = (api.now(), Wanted::new(asked.page, asked.limit)?);
    let listed = api.store.number_page(wanted.page()).await?;
    let numbers: Vec<_> = listed.items.iter().map(|own| own.number).collect();
    let days = api.store.days_of_numbers(&numbers, now).await?;
    let body = |own: OwnNumber| {
        let day = days.get(&own.number).copied().unwrap_or_default();
        OwnPhoneNumber::of(own, day, now)
    };
    Ok(Json(wanted.of(listed, body)))
}

/// Add a number of ours
///
/// Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/phone-numbers", tag = "phone numbers", request_body = AddPhoneNumber,
    responses(
        (status = 201, description = "The number", body = OwnPhoneNumber),
        (status = 409, description = "It is ours already", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    _: Allowed<PhoneNumbersWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<AddPhoneNumber>,
) -> Answer<(StatusCode, Json<OwnPhoneNumber>)> {
    let limits = request.limits();
    let written = request.phone_number.unwrap_or_default();
    let number =
        PhoneNumber::parse(&written, api.rules()).map_err(|error| Problem::field("phone_number", error.to_string()))?;
    let label = request.label.filter(|label| !label.is_empty());
    let own = OwnNumber { label, active: request.active, limits, ..OwnNumber::new(number) };
    if !api.store.add_number(&own, api.now()).await? {
        return Err(Problem::conflict(format!("{number} is ours already"), ["edit", "delete"]));
    }
    api.changed();
    Ok((StatusCode::CREATED, Json(with_its_figures(&api, own).await?)))
}

/// One of our numbers
#[utoipa::path(get, path = "/api/phone-numbers/{number}", tag = "phone numbers",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "The number", body = OwnPhoneNumber)))]
pub(super) async fn show(
    _: Allowed<PhoneNumbersRead>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
) -> Answer<Json<OwnPhoneNumber>> {
    let own = known(&api, number).await?;
    Ok(Json(with_its_figures(&api, own).await?))
}

/// Name or limit a number, let it rest, switch it on or off
#[utoipa::path(patch, path = "/api/phone-numbers/{number}", tag = "phone numbers", request_body = EditPhoneNumber,
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "The number as it is now", body = OwnPhoneNumber)))]
pub(super) async fn edit(
    _: Allowed<PhoneNumbersWrite>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
    JsonBody(request): JsonBody<EditPhoneNumber>,
) -> Answer<Json<OwnPhoneNumber>> {
    let edited = edit_number(&api.store, number, |before| {
        let label = match &request.label {
            Some(label) => Some(label.clone()).filter(|label| !label.is_empty()),
            None => before.label.clone(),
        };
        let active = request.active.unwrap_or(before.active);
        OwnNumber { label, active, limits: request.over(before.limits), ..before }
    });
    match edited.await? {
        NumberEdited::Yes => {}
        NumberEdited::NotOurs => return Err(not_ours(number)),
        NumberEdited::Restless => {
            return Err(Problem::conflict(format!("{number} is being changed by others"), ["edit"]));
        }
    }
    if let Some(until) = request.resting_until {
        api.store.rest_number(number, until.unwrap_or(api.now()), BY_HAND).await?;
    }
    api.changed();
    let own = known(&api, number).await?;
    Ok(Json(with_its_figures(&api, own).await?))
}

/// Forget a number of ours
///
/// Campaigns that name it skip it from now on; calls made from it stay on record.
#[utoipa::path(delete, path = "/api/phone-numbers/{number}", tag = "phone numbers",
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 204, description = "It is forgotten")))]
pub(super) async fn remove(
    _: Allowed<PhoneNumbersWrite>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
) -> Answer<StatusCode> {
    if !api.store.remove_number(number).await? {
        return Err(not_ours(number));
    }
    api.changed();
    Ok(StatusCode::NO_CONTENT)
}

async fn known(api: &Api, number: PhoneNumber) -> Answer<OwnNumber> {
    api.store.number(number).await?.ok_or_else(|| not_ours(number))
}

fn not_ours(number: PhoneNumber) -> Problem {
    Problem::not_found(format_args!("number {number} of ours"))
}
