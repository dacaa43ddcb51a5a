//! Surveys: check, create, list, read, change, delete.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::auth::{Allowed, SurveysRead, SurveysWrite};
use super::extract::{IfMatch, JsonBody, SurveyAt, UrlQuery, etag};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::survey_fields::{
    SurveyBody, SurveyCheck, SurveyFields, SurveyItem, SurveyPatch, SurveyShape, SurveyToCheck,
};
use crate::campaign::CampaignId;
use crate::store::blocks::{BlockQuery, BlockSort, SurveyEdit};
use crate::store::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::survey::{SurveyId, taken_keys};

/// Which sounds or surveys.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListBlocks {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    pub(super) page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    pub(super) limit: Option<u32>,
    /// Only those with this in their name, whatever the case.
    name: Option<String>,
    /// What they are sorted by; if not said: their names.
    #[param(inline)]
    sort_by: Option<SortBlocks>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What sounds and surveys are sorted by.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortBlocks {
    /// Their names.
    Name,
    /// When they were added.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

impl From<ListBlocks> for BlockQuery {
    fn from(asked: ListBlocks) -> Self {
        let sort = match asked.sort_by {
            Some(SortBlocks::Name) | None => BlockSort::Name,
            Some(SortBlocks::CreatedAt) => BlockSort::CreatedAt,
            Some(SortBlocks::UpdatedAt) => BlockSort::UpdatedAt,
        };
        Self { name: asked.name, sort, descending: asked.sort_order == Some(SortOrder::Desc) }
    }
}

/// All surveys
#[utoipa::path(get, path = "/api/surveys", tag = "surveys", params(ListBlocks),
    responses((status = 200, description = "A page of surveys", body = Paged<SurveyItem>)))]
pub(super) async fn list(
    _: Allowed<SurveysRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListBlocks>,
) -> Answer<Json<Paged<SurveyItem>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    Ok(Json(wanted.of(api.store.survey_page(&asked.into(), wanted.page()).await?, SurveyItem::from)))
}

/// Keep a survey
///
/// The body says the same as a survey file. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/surveys", tag = "surveys", request_body = SurveyFields,
    responses(
        (status = 201, description = "The survey", body = SurveyBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another survey has that name", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    _: Allowed<SurveysWrite>,
    State(api): State<Api>,
    JsonBody(fields): JsonBody<SurveyFields>,
) -> Answer<Response> {
    let (survey, now) = (fields.survey(), api.now());
    let stored = StoredSurvey { id: SurveyId::new(), name: fields.name, survey, created_at: now, updated_at: now };
    if !api.store.add_survey(&stored).await? {
        return Err(name_taken(&stored.name));
    }
    let (mut headers, body) = shown(&api, stored.id).await?;
    if let Ok(place) = HeaderValue::from_str(&format!("/api/surveys/{}", stored.id)) {
        headers.insert(header::LOCATION, place);
    }
    Ok((StatusCode::CREATED, headers, body).into_response())
}

/// Whose keys are taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckSurvey {
    /// Also look for keys that this campaign takes.
    campaign_id: Option<Uuid>,
}

/// Check a survey
///
/// Says everything that is wrong with it, and keeps nothing.
#[utoipa::path(post, path = "/api/surveys/check", tag = "surveys", params(CheckSurvey), request_body = SurveyFields,
    responses((status = 200, description = "What is wrong with it", body = SurveyCheck)))]
pub(super) async fn check(
    _: Allowed<SurveysWrite>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<CheckSurvey>,
    JsonBody(SurveyToCheck(body)): JsonBody<SurveyToCheck>,
) -> Answer<Json<SurveyCheck>> {
    let taken = match asked.campaign_id {
        Some(id) => {
            let campaign = api.store.campaign(CampaignId(id)).await?;
            let campaign = campaign.ok_or_else(|| Problem::field("campaign_id", "there is no such campaign"))?;
            Some(taken_keys(&campaign.settings))
        }
        None => None,
    };
    Ok(Json(match SurveyFields::examine(body, taken.as_deref().unwrap_or_default()) {
        Ok(fields) => {
            // A campaign was named: what it takes is an error, what others may take is not looked at.
            let clashes = if taken.is_some() { Vec::new() } else { fields.survey().clashes() };
            let warnings = clashes.into_iter().map(Fault::from).collect();
            SurveyCheck { valid: true, errors: Vec::new(), warnings }
        }
        Err(errors) => SurveyCheck { valid: false, errors, warnings: Vec::new() },
    }))
}

/// One survey
#[utoipa::path(get, path = "/api/surveys/{id}", tag = "surveys",
    params(("id" = Uuid, Path, description = "The survey's id")),
    responses((status = 200, description = "The survey", body = SurveyBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(_: Allowed<SurveysRead>, State(api): State<Api>, SurveyAt(id): SurveyAt) -> Answer<Response> {
    Ok(shown(&api, id).await?.into_response())
}

/// Change a survey
///
/// What it asks, unless a campaign asks it that is scheduled, running or
/// paused; its name, unless a campaign that is not over, or has results, asks
/// it by that. What is left out stays; lists are replaced (RFC 7396). With
/// `If-Match` the change is made only if nobody else made one since that
/// version was read.
#[utoipa::path(patch, path = "/api/surveys/{id}", tag = "surveys", request_body = SurveyShape,
    params(("id" = Uuid, Path, description = "The survey's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The survey as it is now", body = SurveyBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "It is being asked, or the name is another's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<SurveysWrite>,
    State(api): State<Api>,
    SurveyAt(id): SurveyAt,
    IfMatch(version): IfMatch,
    JsonBody(patch): JsonBody<SurveyPatch>,
) -> Answer<Response> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let before = known(&api, id).await?;
        if version.is_some_and(|version| version != before.updated_at) {
            return Err(stale());
        }
        let fields = SurveyPatch::apply(patch.clone(), &before).map_err(Problem::fields)?;
        let survey = Some(fields.survey()).filter(|survey| *survey != before.survey);
        let edit = SurveyEdit { name: Some(fields.name.clone()), survey, if_version: Some(before.updated_at) };
        match api.store.edit_survey(&id.to_string(), &edit, api.now()).await? {
            SurveyUpdated::Yes => return Ok(shown(&api, id).await?.into_response()),
            SurveyUpdated::InUse(campaigns) => {
                return Err(conflict(&before.name, "is being asked by", &campaigns, "keep it under another name"));
            }
            SurveyUpdated::Named(campaigns) => {
                return Err(conflict(&before.name, "is named so by", &campaigns, "let them name it by its id"));
            }
            SurveyUpdated::NameTaken => return Err(name_taken(&fields.name)),
            SurveyUpdated::Stale if version.is_some() => return Err(stale()),
            SurveyUpdated::Stale => {}
            SurveyUpdated::NotFound => return Err(no_survey(id)),
        }
    }
    Err(stale())
}

/// Delete a survey
///
/// Unless a campaign asks it that is not over, or one that has calls: its
/// results need the survey.
#[utoipa::path(delete, path = "/api/surveys/{id}", tag = "surveys",
    params(("id" = Uuid, Path, description = "The survey's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Campaigns need it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete(
    _: Allowed<SurveysWrite>,
    State(api): State<Api>,
    SurveyAt(id): SurveyAt,
) -> Answer<StatusCode> {
    let stored = known(&api, id).await?;
    match api.store.remove_survey(&id.to_string()).await? {
        SurveyRemoved::Yes(_) => Ok(StatusCode::NO_CONTENT),
        SurveyRemoved::NotFound => Err(no_survey(id)),
        SurveyRemoved::InUse(campaigns) => {
            Err(conflict(&stored.name, "is asked by", &campaigns, "change or end them first"))
        }
        SurveyRemoved::HasResults(campaigns) => {
            Err(conflict(&stored.name, "is needed for the results of", &campaigns, "delete them first"))
        }
    }
}

async fn known(api: &Api, id: SurveyId) -> Answer<StoredSurvey> {
    api.store.survey(&id.to_string()).await?.ok_or_else(|| no_survey(id))
}

/// A survey with its version.
async fn shown(api: &Api, id: SurveyId) -> Answer<(HeaderMap, Json<SurveyBody>)> {
    let stored = known(api, id).await?;
    let uses = api.store.survey_uses(&stored).await?;
    let headers = HeaderMap::from_iter([(header::ETAG, etag(stored.updated_at))]);
    Ok((headers, Json(SurveyBody::new(stored, uses))))
}

fn no_survey(id: SurveyId) -> Problem {
    Problem::not_found(format_args!("survey {id}"))
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the survey was changed since that version: read it again")
}

fn name_taken(name: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("there is a survey called \"{name}\" already"))
}

fn conflict(name: &str, what: &str, campaigns: &[String], advice: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("\"{name}\" {what} {}: {advice}", quoted(campaigns)))
}

/// Campaigns by name, in a sentence.
fn quoted(campaigns: &[String]) -> String {
    campaigns.iter().map(|name| format!("campaign \"{name}\"")).collect::<Vec<_>>().join(", ")
}
