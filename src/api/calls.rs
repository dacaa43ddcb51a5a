//! Calls of all campaigns, and single ones.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::{Allowed, CallsRead, CallsWrite};
use super::call_body::{CallBody, ListedCall};
use super::campaign_runs::filters;
use super::extract::{CallAt, IfMatch, JsonBody, JsonRequest, UrlQuery, etag};
use super::page::Wanted;
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::{Api, read};
use crate::call::{CallId, DISPOSITION, NOTES, one_line, too_long};
use crate::campaign::CampaignId;
use crate::dialer::HangUp;
use crate::store::{CallDetail, CallEdit, CallEdited, CallSearch, TargetId};

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListCalls {
    /// Calls in the answer, at most: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those that come after this call in the list: `next` of the answer
    /// before.
    before: Option<Uuid>,
    /// Only those of this campaign.
    campaign_id: Option<CampaignId>,
    /// Which calls, as with a campaign's `runs`: a JSON object, URL-encoded,
    /// with any of `outcome` (a list), `in_progress`, `phone_number`,
    /// `caller_id`, `contact_id`, `from` and `until` (instants with an offset).
    #[param(example = "{\"phone_number\":\"+15552000001\"}")]
    filters: Option<String>,
}

/// Some calls of all campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Calls {
    /// They, the newest first.
    items: Vec<ListedCall>,
    /// What to send as `before` for those that follow; none: there are none.
    next: Option<Uuid>,
}

/// What becomes of what is said about a call; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EditCall {
    /// What came of it, in a word or two; up to 100 characters. `null`: nothing.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>, example = "callback requested")]
    disposition: Option<Option<String>>,
    /// Notes; up to 10,000 characters. `null`: none.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>, example = "Asked for Ms. Lee.")]
    notes: Option<Option<String>>,
}

impl JsonRequest for EditCall {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        for field in [&mut request.disposition, &mut request.notes] {
            *field = field.take().map(|said| said.filter(|text| !text.trim().is_empty()));
        }
        let disposition = request.disposition.as_ref().and_then(Option::as_deref);
        let notes = request.notes.as_ref().and_then(Option::as_deref);
        let wrong = [
            disposition.and_then(|text| too_long("disposition", text, DISPOSITION)),
            disposition.and_then(|text| one_line("disposition", text)),
            notes.and_then(|text| too_long("notes", text, NOTES)),
        ];
        let faults: Vec<_> = wrong.into_iter().flatten().map(|(field, message)| Fault::new(field, message)).collect();
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// A call that is being hung up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HangingUp {
    /// The call.
    id: Uuid,
    /// `hanging_up`: its end comes in a moment.
    #[schema(example = "hanging_up")]
    status: &'static str,
}

/// Calls of all campaigns
///
/// The newest first, those in progress included. Instead of pages each answer
/// says in `next` how to go on: that costs the same however far one goes, and
/// calls placed meanwhile shift nothing.
#[utoipa::path(get, path = "/api/calls", tag = "calls", params(ListCalls),
    responses((status = 200, description = "Some calls", body = Calls)))]
pub(super) async fn list(
    _: Allowed<CallsRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListCalls>,
) -> Answer<Json<Calls>> {
    let limit = Wanted::new(None, asked.limit)?.page().limit;
    let filters = filters(asked.filters.as_deref())?;
    let before = asked.before.map(CallId);
    if let Some(before) = before
        && api.store.call_detail(before).await?.is_none()
    {
        return Err(Problem::field("before", "is no call: send next as it was given"));
    }
    let search = CallSearch {
        campaign: asked.campaign_id,
        outcomes: filters.outcome,
        in_progress: filters.in_progress,
        number: filters.phone_number,
        caller_id: filters.caller_id,
        target: filters.contact_id.map(TargetId),
        from: filters.from,
        until: filters.until,
        before,
    };
    // One more says whether others follow.
    let mut found = api.store.search_calls(&search, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let next = found.last().filter(|_| more).map(|last| last.row.call.0);
    Ok(Json(Calls { items: found.into_iter().map(ListedCall::from).collect(), next }))
}

/// One call
///
/// Everything known of it: times, codes, answers, what was detected, its
/// recording, what an agent reported, what people noted, and a timeline.
#[utoipa::path(get, path = "/api/calls/{id}", tag = "calls",
    params(("id" = Uuid, Path, description = "The call's id")),
    responses((status = 200, description = "The call", body = CallBody,
        headers(("ETag" = String, description = "Version of disposition and notes, for If-Match")))))]
pub(super) async fn show(
    _: Allowed<CallsRead>,
    State(api): State<Api>,
    CallAt(id): CallAt,
) -> Answer<(HeaderMap, Json<CallBody>)> {
    shown(&api, id).await
}

/// Note something about a call
///
/// Its disposition, its notes, or both; what is left out stays, `null` takes
/// away. The outcome never changes. What a person says here no agent's
/// completion replaces. With `If-Match` the change is made only if nobody made
/// one since that version was read.
#[utoipa::path(patch, path = "/api/calls/{id}", tag = "calls", request_body = EditCall,
    params(("id" = Uuid, Path, description = "The call's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The call as it is now", body = CallBody,
            headers(("ETag" = String, description = "Version of disposition and notes"))),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<CallsWrite>,
    State(api): State<Api>,
    CallAt(id): CallAt,
    IfMatch(version): IfMatch,
    JsonBody(request): JsonBody<EditCall>,
) -> Answer<(HeaderMap, Json<CallBody>)> {
    let edit = CallEdit { disposition: request.disposition, notes: request.notes, if_version: version };
    match api.store.edit_call(id, &edit, api.now()).await? {
        CallEdited::Yes => shown(&api, id).await,
        CallEdited::Stale => Err(Problem::new(Kind::Stale, "the call was changed since that version: read it again")),
        CallEdited::NotFound => Err(no_call(id)),
    }
}

/// Hang a call up
///
/// Whatever it does: one that waits to be placed is not placed, one that rings
/// is taken back (`cancelled`: no attempt is used, and the contact is called
/// again after the campaign's retry delay, a minute at least), one that was
/// answered ends as what it was, also while it is transferred. To ask again
/// while it ends does no harm.
#[utoipa::path(post, path = "/api/calls/{id}/hangup", tag = "calls",
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 202, description = "It is being hung up", body = HangingUp),
        (status = 409, description = "It is over already", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn hang_up(
    _: Allowed<CallsWrite>,
    State(api): State<Api>,
    CallAt(id): CallAt,
) -> Answer<(StatusCode, Json<HangingUp>)> {
    let row = known(&api, id).await?.call.row;
    if let Some(outcome) = row.outcome {
        return Err(Problem::new(Kind::Conflict, format!("the call is over already: {outcome}")));
    }
    let away = || Problem::wait(Kind::Unavailable, "nothing dials here now", std::time::Duration::from_secs(5));
    let engine = api.engine.as_ref().ok_or_else(away)?;
    match engine.hang_up(id).await.map_err(|_| away())? {
        HangUp::Asked => Ok((StatusCode::ACCEPTED, Json(HangingUp { id: id.0, status: "hanging_up" }))),
        HangUp::NotInProgress => Err(Problem::new(Kind::Conflict, "the call is over: its end is being written")),
    }
}

fn no_call(id: CallId) -> Problem {
    Problem::not_found(format_args!("call {id}"))
}

/// A call that must be there.
pub(super) async fn known(api: &Api, id: CallId) -> Answer<CallDetail> {
    api.store.call_detail(id).await?.ok_or_else(|| no_call(id))
}

/// A call with its version.
pub(super) async fn shown(api: &Api, id: CallId) -> Answer<(HeaderMap, Json<CallBody>)> {
    let detail = known(api, id).await?;
    let headers = HeaderMap::from_iter([(header::ETAG, etag(detail.version))]);
    Ok((headers, Json(CallBody::new(detail, &api.recordings).await)))
}
