//! A campaign's life: launch, pause, resume, cancel, and copies of it.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Allowed, CampaignsWrite};
use super::campaign_fields::{CampaignBody, checked_name, out_of_time};
use super::campaigns::{body, created, known};
use super::extract::{CampaignAt, JsonBody, JsonRequest};
use super::problem::{Answer, Fault, ProblemBody};
use super::{Api, KnownSwitch, read};
use crate::campaign::{CampaignId, Settings, TargetStatus};
use crate::control::{self, ControlError};
use crate::store::Campaign;

/// How to launch. All of it may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LaunchRequest {
    /// Start then instead of now: with an offset, as
    /// `2026-03-01T09:00:00-05:00`. Left out: when the campaign itself says, if
    /// it does. `null`: now.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<Timestamp>)]
    scheduled_at: Option<Option<Timestamp>>,
    /// Calls in progress at once from now on: 1 to 10,000.
    #[schema(minimum = 1, maximum = 10000, example = 5)]
    max_concurrent: Option<u32>,
}

impl JsonRequest for LaunchRequest {
    const MAY_BE_EMPTY: bool = true;

    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if let Some(most) = request.max_concurrent.filter(|most| !(1..=10_000).contains(most)) {
            faults.push(Fault::new("max_concurrent", format!("is {most}, must be from 1 to 10000")));
        }
        faults.extend(request.scheduled_at.flatten().and_then(|at| out_of_time("scheduled_at", at)));
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// A campaign that was launched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Launched {
    /// The campaign, running or scheduled.
    campaign: CampaignBody,
    /// What is doubtful about it. It runs all the same.
    warnings: Vec<String>,
}

/// What the copy is called.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DuplicateRequest {
    /// The copy's name; the old one and "(copy)" if not said.
    #[schema(example = "Q1 Sales Outreach, second round")]
    name: Option<String>,
}

impl JsonRequest for DuplicateRequest {
    const MAY_BE_EMPTY: bool = true;

    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        Ok(Self { name: optional_name(request.name)? })
    }
}

/// Who is to be called again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RedialRequest {
    /// The new campaign's name; the old one and "(redial)" if not said.
    #[schema(example = "June Outreach, redial")]
    name: Option<String>,
    /// Contacts in one of these states; `no_answer`, `busy` and `voicemail` if
    /// not said. Possible are also `pending`, `failed` and `skipped`.
    #[schema(example = json!(["no_answer", "busy", "voicemail"]))]
    redial_statuses: Vec<TargetStatus>,
}

impl Default for RedialRequest {
    fn default() -> Self {
        use TargetStatus as S;
        Self { name: None, redial_statuses: vec![S::NoAnswer, S::Busy, S::Voicemail] }
    }
}

impl JsonRequest for RedialRequest {
    const MAY_BE_EMPTY: bool = true;

    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let Self { name, redial_statuses } = read::json(body)?;
        let mut faults = Vec::new();
        if redial_statuses.is_empty() {
            faults.push(Fault::new("redial_statuses", "is empty: nobody would be called"));
        }
        for (at, status) in redial_statuses.iter().enumerate() {
            match status {
                TargetStatus::Pending
                | TargetStatus::NoAnswer
                | TargetStatus::Busy
                | TargetStatus::Voicemail
                | TargetStatus::Failed
                | TargetStatus::Skipped => {}
                TargetStatus::Calling | TargetStatus::Connected | TargetStatus::Completed | TargetStatus::DoNotCall => {
                    faults.push(Fault::new(format!("redial_statuses[{at}]"), format!("is {status}: nobody to redial")));
                }
            }
        }
        let name = optional_name(name).unwrap_or_else(|fault| {
            faults.extend(fault);
            None
        });
        if faults.is_empty() { Ok(Self { name, redial_statuses }) } else { Err(faults) }
    }
}

fn optional_name(name: Option<String>) -> Result<Option<String>, Vec<Fault>> {
    name.map(|name| checked_name(Some(&name)).map_err(|message| vec![Fault::new("name", message)])).transpose()
}

/// Launch a campaign
///
/// A draft starts, a paused one goes on. First everything is checked: contacts,
/// an active caller ID, a switch with the campaign's trunk, the prompts. With a
/// `scheduled_at` in the future it is scheduled instead.
#[utoipa::path(post, path = "/api/campaigns/{id}/launch", tag = "campaign life", request_body(content = Option<LaunchRequest>),
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "It runs, or is scheduled", body = Launched),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It may not start; `reasons` says everything that forbids it. Or a field is wrong", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn launch(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    JsonBody(request): JsonBody<LaunchRequest>,
) -> Answer<Json<Launched>> {
    launched(&api, id, &request).await
}

/// Launch a campaign, by its other name
///
/// The same as `launch`.
#[utoipa::path(post, path = "/api/campaigns/{id}/start", tag = "campaign life", request_body(content = Option<LaunchRequest>),
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "It runs, or is scheduled", body = Launched),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It may not start; `reasons` says everything that forbids it. Or a field is wrong", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn start(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    JsonBody(request): JsonBody<LaunchRequest>,
) -> Answer<Json<Launched>> {
    launched(&api, id, &request).await
}

async fn launched(api: &Api, id: CampaignId, request: &LaunchRequest) -> Answer<Json<Launched>> {
    let in_force = api.in_force();
    let launch = |campaign: &Campaign| control::Launch {
        scheduled_at: request.scheduled_at.unwrap_or(campaign.scheduled_at),
        max_concurrent: request.max_concurrent,
        usable_switches: Some(usable(&in_force.switches, &campaign.settings)),
        organization: Some(in_force.compliance.clone()),
    };
    let report = control::launch_as(&api.store, &api.sounds, id, launch, api.now()).await?;
    api.changed();
    let campaign = body(api, known(api, id).await?).await?;
    Ok(Json(Launched { campaign, warnings: report.warnings }))
}

/// Switches of the configuration that could carry a campaign's calls.
fn usable(switches: &[KnownSwitch], settings: &Settings) -> usize {
    let fits = |switch: &&KnownSwitch| {
        let named = settings.switch.as_ref().is_none_or(|name| *name == switch.name);
        named
            && match &settings.trunk {
                Some(trunk) => switch.trunks.contains(trunk),
                None => switch.default_trunk.is_some() || switch.trunks.len() == 1,
            }
    };
    switches.iter().filter(fits).count()
}

/// Pause a campaign
///
/// No new calls; calls in progress go on to their end.
#[utoipa::path(post, path = "/api/campaigns/{id}/pause", tag = "campaign life",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "It is paused", body = CampaignBody),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn pause(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Json<CampaignBody>> {
    changed(&api, id, control::pause(&api.store, id, api.now()).await).await
}

/// Resume a campaign
///
/// It goes on where it was; nobody is called twice. Refused, as a launch is, if
/// its hours never open for those who are left.
#[utoipa::path(post, path = "/api/campaigns/{id}/resume", tag = "campaign life",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "It runs", body = CampaignBody),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It may not go on; `reasons` says everything that forbids it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn resume(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Json<CampaignBody>> {
    changed(&api, id, control::resume(&api.store, id, &api.in_force().compliance, api.now()).await).await
}

/// Cancel a campaign
///
/// Stops it for good; calls in progress go on to their end.
#[utoipa::path(post, path = "/api/campaigns/{id}/cancel", tag = "campaign life",
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "It is cancelled", body = CampaignBody),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
) -> Answer<Json<CampaignBody>> {
    changed(&api, id, control::cancel(&api.store, id, api.now()).await).await
}

async fn changed(api: &Api, id: CampaignId, done: Result<(), ControlError>) -> Answer<Json<CampaignBody>> {
    done?;
    api.changed();
    Ok(Json(body(api, known(api, id).await?).await?))
}

/// Duplicate a campaign
///
/// A new draft with the same settings and contacts, all pending. Possible in
/// any state. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/campaigns/{id}/duplicate", tag = "campaign life", request_body(content = Option<DuplicateRequest>),
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses((status = 201, description = "The new draft", body = CampaignBody,
        headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version")))))]
pub(super) async fn duplicate(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    JsonBody(request): JsonBody<DuplicateRequest>,
) -> Answer<Response> {
    let copy = control::duplicate(&api.store, id, request.name, api.now()).await?;
    created(&api, copy.id).await
}

/// Redial
///
/// A new draft with those contacts who are in one of `redial_statuses`, were
/// never answered by a person, and whom this campaign will not call again.
/// Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/campaigns/{id}/redial", tag = "campaign life", request_body(content = Option<RedialRequest>),
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 201, description = "The new draft", body = CampaignBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "It is a draft, or nobody is left to redial", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn redial(
    _: Allowed<CampaignsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    JsonBody(request): JsonBody<RedialRequest>,
) -> Answer<Response> {
    let copy = control::redial(&api.store, id, request.name, request.redial_statuses, api.now()).await?;
    created(&api, copy.id).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_means_now_and_nothing_means_as_planned() {
        let read = |body| LaunchRequest::read(body).expect("read").scheduled_at;
        assert_eq!(read(json!({})), None);
        assert_eq!(read(json!({"scheduled_at": null})), Some(None));
        let at = read(json!({"scheduled_at": "2026-03-01T09:00:00-05:00"}));
        assert_eq!(at, Some(Some("2026-03-01T14:00:00Z".parse().expect("an instant"))));
        assert!(LaunchRequest::read(json!({"scheduled_at": "2026-03-01T09:00:00"})).is_err(), "no offset");
    }

    #[test]
    fn redial_is_for_those_not_reached() {
        assert_eq!(RedialRequest::read(json!({})).expect("read").redial_statuses.len(), 3);
        let wrong = RedialRequest::read(json!({"redial_statuses": ["busy", "completed"], "name": ""}));
        let fields: Vec<_> = wrong.expect_err("faults").into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["redial_statuses[1]", "name"]);
    }

    #[test]
    fn a_switch_with_the_trunk_is_usable() {
        let switch = |name: &str, trunks: &[&str]| KnownSwitch {
            name: name.into(),
            trunks: trunks.iter().map(|trunk| (*trunk).to_owned()).collect(),
            default_trunk: None,
        };
        let all = [switch("one", &["a"]), switch("two", &["a", "b"])];
        let wish = |switch: Option<&str>, trunk: Option<&str>| Settings {
            switch: switch.map(Into::into),
            trunk: trunk.map(Into::into),
            ..Settings::default()
        };
        assert_eq!(usable(&all, &wish(None, None)), 1, "the other has no default");
        assert_eq!(usable(&all, &wish(None, Some("a"))), 2);
        assert_eq!(usable(&all, &wish(Some("one"), Some("b"))), 0);
    }
}
