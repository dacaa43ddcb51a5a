//! The do-not-call list by the thousand: import, export, check.

use std::collections::HashMap;
use std::io::{Seek, SeekFrom};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, DncRead, DncWrite};
use super::campaign_upload::{RejectedRow, bad_list, not_imported, received, rejected_rows};
use super::dnc::{DncCheck, DncEntry, too_long};
use super::extract::{JsonBody, JsonRequest, UrlQuery};
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::{Api, read};
use crate::contact::{ImportSummary, ListError, ListReader, Unwanted, import_do_not_call};
use crate::number::{NumberRules, PhoneNumber};
use crate::report;
use crate::store::Store;

/// Numbers checked in one request, at most.
const MOST: usize = 1_000;
/// Longest source of an entry, in characters.
const SOURCE: usize = 32;
/// Entries read from the database at a time.
const STEP: u32 = 2_000;

/// What is written beside numbers that do not say it themselves.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportDnc {
    /// Why they are not to be called; the list's column `reason` wins. Up to
    /// 500 characters.
    #[param(max_length = 500)]
    reason: Option<String>,
    /// Where they come from, as `federal`: 1 to 32 letters, digits, - or _;
    /// `import` if not said. The list's column `source` wins.
    #[param(max_length = 32, example = "federal")]
    source: Option<String>,
}

/// A list of numbers, as a form of a browser sends it.
#[derive(ToSchema)]
#[allow(dead_code)] // for the description: it is read piece by piece
pub(super) struct DncForm {
    /// One or several files: CSV whose header names the column of numbers, or a
    /// number a line.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<u8>,
}

/// What came of an import.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct DncImported {
    /// New entries, of all files.
    #[schema(example = 99_000)]
    accepted: u64,
    /// Numbers that were on the list already, or stood twice: they keep their
    /// entries.
    #[schema(example = 1_000)]
    duplicates: u64,
    /// Rows that hold no number.
    #[schema(example = 3)]
    rejected: u64,
    /// File by file.
    files: Vec<DncFile>,
}

/// What came of one file of numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncFile {
    /// Its name.
    #[schema(example = "federal.csv")]
    file: String,
    /// New entries.
    #[schema(example = 99_000)]
    accepted: u64,
    /// Numbers that were on the list already, or stood twice.
    #[schema(example = 1_000)]
    duplicates: u64,
    /// Rows that hold no number.
    #[schema(example = 3)]
    rejected: u64,
    /// The first hundred of those.
    rejected_rows: Vec<RejectedRow>,
    /// What was odd about the file.
    warnings: Vec<String>,
}

impl DncImported {
    fn note(&mut self, file: String, summary: ImportSummary) {
        self.accepted += summary.accepted;
        self.duplicates += summary.duplicates;
        self.rejected += summary.rejected;
        self.files.push(DncFile {
            file,
            accepted: summary.accepted,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            rejected_rows: rejected_rows(summary.first_rejected),
            warnings: summary.warnings.iter().map(ToString::to_string).collect(),
        });
    }
}

/// Numbers to look for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CheckMany {
    /// They, written in any way: 1 to 1,000.
    #[schema(required = true, min_items = 1, max_items = 1000)]
    phone_numbers: Vec<String>,
}

impl JsonRequest for CheckMany {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        match request.phone_numbers.len() {
            0 => Err(vec![Fault::new("phone_numbers", "is empty: send at least one")]),
            many if many > MOST => Err(vec![Fault::new("phone_numbers", format!("has {many}, may have {MOST}"))]),
            _ => Ok(request),
        }
    }
}

/// Which numbers are on the list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncChecked {
    /// For each number of the request, in its order.
    items: Vec<DncCheck>,
    /// How many of them are on the list.
    #[schema(example = 1)]
    listed: u64,
}

/// Import a do-not-call list
///
/// One or several files as the form field `file`, names ending in `.csv` or
/// `.txt`, 64 MB together if not configured otherwise: CSV whose header names
/// the column of numbers, or a number a line. The columns `reason`, `source` and
/// `added_at`, which an export has, are kept. Nothing is ever taken off, and
/// numbers that are on the list keep their entries. In steps: what is done
/// counts at once for running campaigns, and doing it again does no harm.
#[utoipa::path(post, path = "/api/dnc/import", tag = "do not call", params(ImportDnc),
    request_body(content = DncForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What came of it", body = DncImported),
        (status = 422, description = "A file is not a list of numbers", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn import(
    _: Allowed<DncWrite>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ImportDnc>,
    request: Request,
) -> Answer<Json<DncImported>> {
    let mut faults: Vec<_> = too_long(asked.reason.as_deref()).into_iter().collect();
    if asked.source.as_deref().is_some_and(|source| !is_source(source)) {
        faults.push(Fault::new("source", format!("must be 1 to {SOURCE} letters, digits, - or _")));
    }
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    let unwanted = Unwanted { reason: asked.reason, source: asked.source.unwrap_or_else(|| "import".to_owned()) };
    let lists = received(request, api.limits.dnc_import_bytes, &[".csv", ".txt"]).await?;
    let mut imported = DncImported::default();
    for (name, file) in lists {
        let rules = api.rules();
        let reader = spawn_blocking(move || open(file, rules)).await.map_err(Problem::internal)?;
        let reader = reader.map_err(|error| bad_list(&name, &error))?;
        let came = import_do_not_call(reader, &api.store, unwanted.clone(), None, &api.clock).await;
        imported.note(name.clone(), came.map_err(|error| not_imported(&name, error))?);
    }
    Ok(Json(imported))
}

/// A list with a header, or else numbers alone.
fn open(mut file: std::fs::File, rules: NumberRules) -> Result<ListReader<std::fs::File>, ListError> {
    match ListReader::new(file.try_clone().map_err(ListError::Io)?, rules) {
        Err(ListError::NoHeader { .. }) => {
            file.seek(SeekFrom::Start(0)).map_err(ListError::Io)?;
            ListReader::of_numbers(file, rules)
        }
        list => list,
    }
}

fn is_source(text: &str) -> bool {
    (1..=SOURCE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The whole do-not-call list
///
/// As CSV, by number; it can be imported as it is. Cells a spreadsheet would
/// run as formulas are defused by an apostrophe.
#[utoipa::path(get, path = "/api/dnc/export", tag = "do not call",
    responses((status = 200, description = "The list", body = String, content_type = "text/csv")))]
pub(super) async fn export(_: Allowed<DncRead>, State(api): State<Api>) -> Answer<Response> {
    let steps = Steps { store: api.store.clone(), at: At::Header };
    let body = Body::from_stream(stream::try_unfold(steps, |steps| Box::pin(steps.next())));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"do-not-call.csv\""),
    ];
    Ok((headers, body).into_response())
}

/// An export on its way: a step of it in memory, however long it is.
struct Steps {
    store: Store,
    at: At,
}

enum At {
    Header,
    After(Option<PhoneNumber>),
    End,
}

impl Steps {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, axum::BoxError> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        match self.at {
            At::Header => {
                csv.write_record(report::DO_NOT_CALL_HEADER)?;
                self.at = At::After(None);
            }
            At::End => return Ok(None),
            At::After(after) => {
                let entries = self.store.do_not_call_page(after, STEP).await.inspect_err(|error| {
                    // The status is long gone: the client sees a broken stream.
                    tracing::warn!(%error, "an export was broken off");
                })?;
                let Some(last) = entries.last() else { return Ok(None) };
                let whole = u32::try_from(entries.len()).is_ok_and(|count| count == STEP);
                self.at = if whole { At::After(Some(last.number)) } else { At::End };
                for entry in &entries {
                    csv.write_record(report::do_not_call_record(entry))?;
                }
            }
        }
        let bytes = csv.into_inner().map_err(|error| error.into_error())?;
        Ok(Some((bytes.into(), self)))
    }
}

/// Which of many numbers are on the do-not-call list
///
/// Up to 1,000 at once. A wrong number is named by its place.
#[utoipa::path(post, path = "/api/dnc/check", tag = "do not call", request_body = CheckMany,
    responses((status = 200, description = "Which of them are", body = DncChecked)))]
pub(super) async fn check_many(
    _: Allowed<DncRead>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<CheckMany>,
) -> Answer<Json<DncChecked>> {
    let mut faults = Vec::new();
    let mut numbers = Vec::with_capacity(request.phone_numbers.len());
    for (at, written) in request.phone_numbers.iter().enumerate() {
        match PhoneNumber::parse(written, api.rules()) {
            Ok(number) => numbers.push(number),
            Err(error) => faults.push(Fault::new(format!("phone_numbers[{at}]"), error.to_string())),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    let entries = api.store.do_not_call_among(&numbers).await?;
    let entries: HashMap<_, _> = entries.into_iter().map(|entry| (entry.number, entry)).collect();
    let entry = |number| entries.get(&number).cloned().map(DncEntry::from);
    let items: Vec<_> = numbers.into_iter().map(|number| DncCheck::new(number, entry(number))).collect();
    let listed = items.iter().filter(|item| item.listed()).count() as u64;
    Ok(Json(DncChecked { items, listed }))
}

#[cfg(test)]
mod tests {
    use super::is_source;

    #[test]
    fn a_source_is_one_word() {
        for good in ["federal", "scrub-2026_03", "x"] {
            assert!(is_source(good), "{good}");
        }
        for bad in ["", "a b", "=x", "ü", &"x".repeat(33)] {
            assert!(!is_source(bad), "{bad}");
        }
    }
}
