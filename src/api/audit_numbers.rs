//! What is known of a number: why it was called, or not.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{Allowed, AuditRead};
use super::extract::{NumberAt, UrlQuery};
use super::problem::{Answer, Problem};
use crate::audit_export::{self, NumberHistory};
use crate::number::PhoneNumber;

/// How it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuditFormat {
    /// One object.
    #[default]
    Json,
    /// A row for each contact, decision and call.
    Csv,
}

/// How it is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ShowAudit {
    /// `json`, and if not said; or `csv`.
    #[param(inline)]
    format: Option<AuditFormat>,
}

/// Everything that is known of a number
///
/// Its consent, what was decided about calling it and why, the calls that were
/// made, its opt-out: what to show to somebody who asks why they were called.
/// Calls of deleted campaigns are included.
#[utoipa::path(get, path = "/api/audit/numbers/{number}", tag = "audit",
    params(("number" = PhoneNumber, Path, description = "The number, E.164"), ShowAudit),
    responses((status = 200, description = "What is known", content(
        (NumberHistory<'static> = "application/json"), (String = "text/csv")))))]
pub(super) async fn show(
    _: Allowed<AuditRead>,
    State(api): State<Api>,
    NumberAt(number): NumberAt,
    UrlQuery(wanted): UrlQuery<ShowAudit>,
) -> Answer<Response> {
    let audit = api.store.audit_number(number).await?;
    match wanted.format.unwrap_or_default() {
        AuditFormat::Json => Ok(Json(NumberHistory::from(&audit)).into_response()),
        AuditFormat::Csv => {
            let mut text = Vec::new();
            audit_export::csv(&audit, &mut text).map_err(Problem::internal)?;
            let name = format!("attachment; filename=\"audit-{}.csv\"", number.digits());
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            Ok((headers, text).into_response())
        }
    }
}
