//! Our own numbers as a list.

use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::Api;
use super::auth::{Allowed, PhoneNumbersWrite};
use super::campaign_upload::{RejectedRow, UploadForm, bad_list, received, rejected_rows};
use super::problem::{Answer, Kind, Problem, ProblemBody};
use crate::contact::ListReader;
use crate::control::{NumbersError, import_numbers};

/// What came of a list of our numbers.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct NumbersImported {
    /// Rows with anything in them.
    rows: u64,
    /// Numbers that are new.
    added: u64,
    /// Numbers that were ours already: they took over what their rows say.
    changed: u64,
    /// Rows that are no number of ours, or say something that cannot be.
    rejected: u64,
    /// The first hundred of those.
    rejected_rows: Vec<RejectedRow>,
}

/// Take over a list of our numbers
///
/// CSV with a column `phone_number` and, as far as there are such, `label`,
/// `active` (yes or no), `daily_cap`, `cool_down_seconds`, `max_concurrent`; up to
/// 10,000 rows. An empty cell says nothing. A row with a wrong value changes
/// nothing. Importing a list again does no harm.
#[utoipa::path(post, path = "/api/phone-numbers/import", tag = "phone numbers",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What came of it", body = NumbersImported),
        (status = 422, description = "A file is no list of numbers", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn import(
    _: Allowed<PhoneNumbersWrite>,
    State(api): State<Api>,
    request: Request,
) -> Answer<Json<NumbersImported>> {
    let mut all = NumbersImported::default();
    for (name, file) in received(request, api.limits.upload_bytes, &[".csv"]).await? {
        let rules = api.rules();
        let list = spawn_blocking(move || ListReader::new(file, rules)).await.map_err(Problem::internal)?;
        let list = list.map_err(|error| bad_list(&name, &error))?;
        let summary = import_numbers(list, &api.store, api.now()).await.map_err(|error| match error {
            NumbersError::List(error) => bad_list(&name, &error),
            error @ NumbersError::TooLong => Problem::new(Kind::BadList, format!("{name}: {error}")),
            NumbersError::Store(error) => error.into(),
            NumbersError::Interrupted => Problem::internal("reading a list was interrupted"),
        })?;
        all.rows += summary.rows;
        all.added += summary.accepted;
        all.changed += summary.duplicates;
        all.rejected += summary.rejected;
        all.rejected_rows.extend(rejected_rows(summary.first_rejected));
    }
    api.changed();
    Ok(Json(all))
}
