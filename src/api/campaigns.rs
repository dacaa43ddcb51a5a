//! Campaigns: create, list, read, change, delete.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, CampaignsRead, CampaignsWrite};
use super::campaign_fields::{CampaignBody, CampaignFields, CampaignPatch};
use super::extract::{CampaignAt, IfMatch, JsonBody, UrlQuery, etag};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Kind, Problem, ProblemBody};
use super::{Api, agents, contact_groups};
use crate::campaign::{Action, CampaignId, CampaignStatus};
use crate::store::Changed;
use crate::store::listing::{CampaignEdit, CampaignQuery, CampaignSort, Draft, Edited, Listed, Versioned};

/// Which campaigns.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListCampaigns {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<CampaignStatus>,
    /// Only those with this in their name, whatever the case.
    name: Option<String>,
    /// What they are sorted by; if not said: when they were created, the
    /// newest first.
    #[param(inline)]
    sort_by: Option<SortCampaigns>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What campaigns are sorted by.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortCampaigns {
    /// When they were created.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// Their names.
    Name,
    /// Their states.
    Status,
}

/// All campaigns
///
/// A page at a time, each with its caller ID and its settings.
#[utoipa::path(get, path = "/api/campaigns", tag = "campaigns", params(ListCampaigns),
    responses((status = 200, description = "A page of campaigns", body = Paged<CampaignBody>)))]
pub(super) async fn list(
    _: Allowed<CampaignsRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListCampaigns>,
) -> Answer<Json<Paged<CampaignBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    // Without any wish the newest come first.
    let order = asked.sort_order.unwrap_or(if asked.sort_by.is_none() { SortOrder::Desc } else { SortOrder::Asc });
    let query = CampaignQuery {
        statuses: asked.status.into_iter().collect(),
        name: asked.name,
        sort: match asked.sort_by {
            Some(SortCampaigns::CreatedAt) | None => CampaignSort::CreatedAt,
            Some(SortCampaigns::UpdatedAt) => CampaignSort::UpdatedAt,
            Some(SortCampaigns::Name) => CampaignSort::Name,
            Some(SortCampaigns::Status) => CampaignSort::Status,
        },
        descending: order == SortOrder::Desc,
    };
    let listed = api.store.campaign_page(&query, wanted.page()).await?;
    let mut items = Vec::with_capacity(listed.items.len());
    for versioned in listed.items {
        items.push(body(&api, versioned).await?);
    }
    Ok(Json(wanted.of(Listed { items, total: listed.total }, |item| item)))
}

/// Create a campaign
///
/// It is a draft: nobody is called before it is launched. Add contacts next,
/// then launch it. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/campaigns", tag = "campaigns", request_body = CampaignFields,
    responses((status = 201, description = "The draft", body = CampaignBody,
        headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version")))))]
pub(super) async fn create(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    JsonBody(fields): JsonBody<CampaignFields>,
) -> Answer<Response> {
    contact_groups::check(&api, "contact_group_ids", &fields.settings.contact_group_ids).await?;
    agents::must_be_there(&api, fields.settings.agent_id).await?;
    let draft = Draft {
        id: CampaignId::new(),
        name: fields.name,
        settings: fields.settings,
        scheduled_at: fields.scheduled_at,
    };
    api.store.add_draft(&draft, api.now()).await?;
    created(&api, draft.id).await
}

/// One campaign
#[utoipa::path(get, path = "/api/campaigns/{id}", tag = "campaigns",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses((status = 200, description = "The campaign", body = CampaignBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(
    _: Allowed<CampaignsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Response> {
    Ok(shown(&api, id).await?.into_response())
}

/// Change a campaign
///
/// Only a draft or a paused campaign. What is left out stays as it is; `null`
/// brings a default back; objects such as `retry_on` are merged (RFC 7396).
/// With `If-Match` the change is made only if nobody else made one since that
/// version was read.
#[utoipa::path(patch, path = "/api/campaigns/{id}", tag = "campaigns", request_body = CampaignPatch,
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The campaign as it is now", body = CampaignBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "Its state does not allow it: pause or duplicate it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    IfMatch(version): IfMatch,
    JsonBody(patch): JsonBody<CampaignPatch>,
) -> Answer<Response> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let before = api.store.versioned_campaign(id).await?.ok_or_else(|| no_campaign(id))?;
        if version.is_some_and(|version| version != before.updated_at) {
            return Err(stale());
        }
        let status = before.campaign.status;
        if !status.allows(Action::Edit) {
            return Err(not_now(status));
        }
        let fields = CampaignPatch::apply(patch.clone(), &before).map_err(Problem::fields)?;
        if fields.settings.contact_group_ids != before.campaign.settings.contact_group_ids {
            contact_groups::check(&api, "contact_group_ids", &fields.settings.contact_group_ids).await?;
        }
        agents::must_be_there(&api, fields.settings.agent_id).await?;
        let edit = CampaignEdit {
            name: fields.name,
            settings: fields.settings,
            scheduled_at: fields.scheduled_at,
            if_version: Some(before.updated_at),
        };
        match api.store.edit_campaign(id, &edit, api.now()).await? {
            Edited::Yes => {
                api.changed();
                return Ok(shown(&api, id).await?.into_response());
            }
            Edited::Conflict(status) => return Err(not_now(status)),
            Edited::Stale if version.is_some() => return Err(stale()),
            Edited::Stale => {}
            Edited::NotFound => return Err(no_campaign(id)),
        }
    }
    Err(stale())
}

/// Delete a campaign
///
/// With its contacts' places in it, their calls, and the lists that were
/// uploaded. Only a draft, or a campaign
/// that is over and has no call in progress.
#[utoipa::path(delete, path = "/api/campaigns/{id}", tag = "campaigns",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Its state does not allow it: cancel it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<StatusCode> {
    match api.uploads.delete_campaign(&api.store, id, api.now()).await? {
        Changed::Yes => Ok(StatusCode::NO_CONTENT),
        Changed::Conflict(status) if status.allows(Action::Delete) => {
            Err(Problem::conflict("calls of it are still in progress", status.allowed_actions()))
        }
        Changed::Conflict(status) => {
            Err(Problem::conflict(format!("cannot delete a campaign that is {status}"), status.allowed_actions()))
        }
        Changed::NotFound => Err(no_campaign(id)),
    }
}

pub(super) fn no_campaign(id: CampaignId) -> Problem {
    Problem::not_found(format_args!("campaign {id}"))
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the campaign was changed since that version: read it again")
}

fn not_now(status: CampaignStatus) -> Problem {
    let advice = if status.is_final() { "duplicate it" } else { "pause it first" };
    Problem::conflict(format!("cannot edit a campaign that is {status}: {advice}"), status.allowed_actions())
}

/// A campaign that must be there.
pub(super) async fn known(api: &Api, id: CampaignId) -> Answer<Versioned> {
    api.store.versioned_campaign(id).await?.ok_or_else(|| no_campaign(id))
}

/// One of whose calls or contacts there are `rows` is there; else it must be.
pub(super) async fn known_by(api: &Api, id: CampaignId, rows: u64) -> Answer<()> {
    if rows == 0 {
        known(api, id).await?;
    }
    Ok(())
}

pub(super) async fn body(api: &Api, versioned: Versioned) -> Answer<CampaignBody> {
    let contacts = api.store.tally(versioned.campaign.id).await?.total();
    let agent = agents::name_of(api, versioned.campaign.settings.agent_id).await?;
    Ok(CampaignBody::new(versioned, contacts, agent))
}

/// A campaign with its version.
pub(super) async fn shown(api: &Api, id: CampaignId) -> Answer<(HeaderMap, Json<CampaignBody>)> {
    let versioned = known(api, id).await?;
    let headers = version_header(versioned.updated_at);
    Ok((headers, Json(body(api, versioned).await?)))
}

fn version_header(version: Timestamp) -> HeaderMap {
    HeaderMap::from_iter([(header::ETAG, etag(version))])
}

/// The answer to what made a campaign.
pub(super) async fn created(api: &Api, id: CampaignId) -> Answer<Response> {
    let (mut headers, body) = shown(api, id).await?;
    if let Ok(place) = HeaderValue::from_str(&format!("/api/campaigns/{id}")) {
        headers.insert(header::LOCATION, place);
    }
    Ok((StatusCode::CREATED, headers, body).into_response())
}
