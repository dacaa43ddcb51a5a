//! Our own numbers, used as caller IDs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Allowed, PhoneNumbersRead, PhoneNumbersWrite};
use super::extract::{JsonBody, JsonRequest, NumberAt};
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::{Api, read};
use crate::number::PhoneNumber;
use crate::store::OwnNumber;

/// Longest label, in characters.
const LABEL: usize = 200;

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
}

impl From<OwnNumber> for OwnPhoneNumber {
    fn from(own: OwnNumber) -> Self {
        Self { id: own.number, phone_number: own.number, label: own.label, active: own.active }
    }
}

/// All our numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnPhoneNumbers {
    /// They, by number.
    items: Vec<OwnPhoneNumber>,
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
}

impl Default for AddPhoneNumber {
    fn default() -> Self {
        Self { phone_number: None, label: None, active: true }
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
        if faults.is_empty() { Ok(request) } else { Err(faults) }
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
}

impl JsonRequest for EditPhoneNumber {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        match too_long(request.label.as_deref()) {
            Some(fault) => Err(vec![fault]),
            None => Ok(request),
        }
    }
}

fn too_long(label: Option<&str>) -> Option<Fault> {
    let long = label.is_some_and(|label| label.chars().count() > LABEL);
    long.then(|| Fault::new("label", format!("may have {LABEL} characters")))
}

/// Our numbers
#[utoipa::path(get, path = "/api/phone-numbers", tag = "phone numbers",
    responses((status = 200, description = "All of them", body = OwnPhoneNumbers)))]
pub(super) async fn list(_: Allowed<PhoneNumbersRead>, State(api): State<Api>) -> Answer<Json<OwnPhoneNumbers>> {
    let items = api.store.numbers().await?.into_iter().map(OwnPhoneNumber::from).collect();
    Ok(Json(OwnPhoneNumbers { items }))
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
    let written = request.phone_number.unwrap_or_default();
    let number =
        PhoneNumber::parse(&written, api.rules()).map_err(|error| Problem::field("phone_number", error.to_string()))?;
    let own = OwnNumber { number, label: request.label.filter(|label| !label.is_empty()), active: request.active };
    if !api.store.add_number(&own, api.now()).await? {
        return Err(Problem::conflict(format!("{number} is ours already"), ["edit", "delete"]));
    }
    api.changed();
    Ok((StatusCode::CREATED, Json(own.into())))
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
    Ok(Json(known(&api, number).await?.into()))
}

/// Name a number, or switch it on or off
#[utoipa::path(patch, path = "/api/phone-numbers/{number}", tag = "phone numbers", request_body = EditPhoneNumber,
    params(("number" = String, Path, description = "The number, written in any way")),
    responses((status = 200, description = "The number as it is now", body = OwnPhoneNumber)))]
pub(super) async fn edit(
    _: Allowed<PhoneNumbersWrite>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
    JsonBody(request): JsonBody<EditPhoneNumber>,
) -> Answer<Json<OwnPhoneNumber>> {
    let mut own = known(&api, number).await?;
    if let Some(label) = request.label {
        own.label = Some(label).filter(|label| !label.is_empty());
    }
    own.active = request.active.unwrap_or(own.active);
    if !api.store.set_number(&own).await? {
        return Err(not_ours(number));
    }
    api.changed();
    Ok(Json(own.into()))
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
    let own = api.store.numbers().await?.into_iter().find(|own| own.number == number);
    own.ok_or_else(|| not_ours(number))
}

fn not_ours(number: PhoneNumber) -> Problem {
    Problem::not_found(format_args!("number {number} of ours"))
}
