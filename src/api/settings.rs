//! What holds for the whole installation.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;

use super::auth::{Allowed, SettingsRead, SettingsWrite};
use super::extract::{IfMatch, JsonBody, JsonRequest, etag};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::{Api, read};
use crate::dialer::Limits;
use crate::number::{NumberCheck, Region};
use crate::settings::{Configured, General, Name, Overrides, Source, Turn};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    /// Nobody said anything.
    Default,
    /// The configuration file, or a variable of the environment.
    File,
    /// It was changed here.
    Database,
}

/// A setting that is a text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TextSetting {
    /// What is in force.
    #[schema(example = "US")]
    value: String,
    /// Where that comes from.
    source: From,
    /// What `null` would bring back: what the configuration says, or the
    /// default.
    #[schema(example = "US")]
    otherwise: String,
}

/// A setting that is a number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberSetting {
    /// What is in force.
    #[schema(example = 20)]
    value: u32,
    /// Where that comes from.
    source: From,
    /// What `null` would bring back: what the configuration says, or the
    /// default.
    #[schema(example = 10)]
    otherwise: u32,
}

/// What holds for the whole installation. Everything else is in the
/// configuration file alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(super) struct SettingsBody {
    /// What the organization is called.
    organization_name: TextSetting,
    /// Country (ISO 3166) of numbers written without a country code.
    region: TextSetting,
    /// How strictly numbers are checked: `valid` or `possible`.
    number_check: TextSetting,
    /// Calls in progress at once over all campaigns, at most.
    outbound_rate_limit: NumberSetting,
    /// Days a recording is kept; 0: for ever.
    recording_keep_days: NumberSetting,
    /// Seconds running calls may go on when the daemon is to end.
    drain_seconds: NumberSetting,
    /// When they were last changed here; the version. 1970 if they never were.
    updated_at: Timestamp,
}

impl SettingsBody {
    fn new(configured: &Configured, overrides: &Overrides, updated_at: Timestamp) -> Self {
        let (general, base) = (overrides.over(&configured.general), configured.general.clone());
        let source = |name| match configured.source(name, overrides) {
            Source::Default => From::Default,
            Source::File => From::File,
            Source::Database => From::Database,
        };
        let text = |name, value: String, otherwise: String| TextSetting { value, source: source(name), otherwise };
        let number = |name, value, otherwise| NumberSetting { value, source: source(name), otherwise };
        Self {
            organization_name: text(Name::OrganizationName, general.organization_name, base.organization_name),
            region: text(Name::Region, general.region.to_string(), base.region.to_string()),
            number_check: text(Name::NumberCheck, check(general.number_check), check(base.number_check)),
            outbound_rate_limit: number(Name::OutboundRateLimit, general.outbound_rate_limit, base.outbound_rate_limit),
            recording_keep_days: number(Name::RecordingKeepDays, general.recording_keep_days, base.recording_keep_days),
            drain_seconds: number(Name::DrainSeconds, general.drain_seconds, base.drain_seconds),
            updated_at,
        }
    }
}

/// Changes of settings, as a JSON merge patch (RFC 7396): what is left out
/// stays, `null` brings back what the configuration says.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SettingsPatch {
    /// What the organization is called; up to 200 characters.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>, max_length = 200, example = "Example Surveys")]
    organization_name: Option<Option<String>>,
    /// Country (ISO 3166) of numbers written without a country code.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>, example = "US")]
    region: Option<Option<Region>>,
    /// How strictly numbers are checked: `valid`, or `possible` for
    /// laboratories.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<String>, example = "valid")]
    number_check: Option<Option<NumberCheck>>,
    /// Calls in progress at once over all campaigns: 1 to 100,000.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100_000, example = 10)]
    outbound_rate_limit: Option<Option<u32>>,
    /// Days a recording is kept, 0 to 3,650; 0: for ever. Looked at once an
    /// hour: what is older then is deleted.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>, maximum = 3_650, example = 90)]
    recording_keep_days: Option<Option<u32>>,
    /// Seconds running calls may go on when the daemon is to end: 0 to 86,400.
    #[serde(deserialize_with = "read::said")]
    #[schema(value_type = Option<u32>, maximum = 86_400, example = 30)]
    drain_seconds: Option<Option<u32>>,
}

impl JsonRequest for SettingsPatch {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        read::json(body)
    }
}

impl SettingsPatch {
    fn apply(self, to: Overrides) -> Overrides {
        Overrides {
            organization_name: self.organization_name.unwrap_or(to.organization_name),
            region: self.region.unwrap_or(to.region),
            number_check: self.number_check.unwrap_or(to.number_check),
            outbound_rate_limit: self.outbound_rate_limit.unwrap_or(to.outbound_rate_limit),
            recording_keep_days: self.recording_keep_days.unwrap_or(to.recording_keep_days),
            drain_seconds: self.drain_seconds.unwrap_or(to.drain_seconds),
        }
    }
}

fn check(check: NumberCheck) -> String {
    match check {
        NumberCheck::Valid => "valid",
        NumberCheck::Possible => "possible",
    }
    .to_owned()
}

/// Its name here.
fn field(name: Name) -> &'static str {
    match name {
        Name::OrganizationName => "organization_name",
        Name::Region => "region",
        Name::NumberCheck => "number_check",
        Name::OutboundRateLimit => "outbound_rate_limit",
        Name::RecordingKeepDays => "recording_keep_days",
        Name::DrainSeconds => "drain_seconds",
    }
}

/// The settings
///
/// Each with where its value comes from.
#[utoipa::path(get, path = "/api/settings", tag = "settings",
    responses((status = 200, description = "The settings", body = SettingsBody,
        headers(("ETag" = String, description = "Their version, for If-Match")))))]
pub(super) async fn show(_: Allowed<SettingsRead>, State(api): State<Api>) -> Answer<Response> {
    let turn = api.settings.turn().await;
    let (overrides, version) = api.store.overrides().await?;
    // After a change of which the database did not say whether it was made.
    adopt(&api, &turn, &overrides);
    Ok(shown(&api, &overrides, version))
}

/// Change settings
///
/// They are in force at once, without a restart, and after one: they win over
/// the configuration file. `null` gives a setting back to it. Calls in progress
/// are not touched.
#[utoipa::path(patch, path = "/api/settings", tag = "settings", request_body = SettingsPatch,
    params(("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The settings as they are now", body = SettingsBody,
            headers(("ETag" = String, description = "Their version"))),
        (status = 412, description = "Somebody else changed them first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    by: Allowed<SettingsWrite>,
    State(api): State<Api>,
    IfMatch(version): IfMatch,
    JsonBody(patch): JsonBody<SettingsPatch>,
) -> Answer<Response> {
    let actor = by.caller.actor();
    // It goes on to its end even if the client is gone: what is stored is in
    // force.
    let done = tokio::spawn(change(api.clone(), actor, version, patch)).await;
    let (overrides, version) = done.map_err(Problem::internal)??;
    Ok(shown(&api, &overrides, version))
}

async fn change(
    api: Api,
    by: String,
    if_version: Option<Timestamp>,
    patch: SettingsPatch,
) -> Answer<(Overrides, Timestamp)> {
    let turn = api.settings.turn().await;
    let (before, stored) = api.store.overrides().await?;
    if if_version.is_some_and(|version| version != stored) {
        return Err(stale());
    }
    let overrides = patch.apply(before);
    let general = overrides.over(&api.settings.configured().general);
    let faults: Vec<_> = general.check().into_iter().map(|(name, why)| Fault::new(field(name), why)).collect();
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    let version = api.store.set_overrides(&overrides, &by, stored, api.now()).await?.ok_or_else(stale)?;
    adopt(&api, &turn, &overrides);
    tracing::info!(%by, "the settings were changed");
    Ok((overrides, version))
}

/// Goes by what the database says, and has the engine do so.
fn adopt(api: &Api, turn: &Turn<'_>, overrides: &Overrides) {
    if turn.set(overrides)
        && let Some(engine) = &api.engine
    {
        engine.set_limits(limits(&api.settings.general()));
    }
}

/// What of them an engine goes by.
fn limits(general: &General) -> Limits {
    Limits {
        outbound_limit: general.outbound_rate_limit,
        drain: Duration::from_secs(general.drain_seconds.into()),
        keep_recordings: general.keep_recordings(),
        switches: Vec::new(),
        compliance: None,
    }
}

fn shown(api: &Api, overrides: &Overrides, version: Timestamp) -> Response {
    let headers = HeaderMap::from_iter([(header::ETAG, etag(version))]);
    (headers, Json(SettingsBody::new(&api.settings.configured(), overrides, version))).into_response()
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the settings were changed since that version: read them again")
}
