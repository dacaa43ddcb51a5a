//! The do-not-call list by the thousand: import, export, check.

use std::collections::HashMap;
use std::io::{Seek, SeekFrom};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, DncRead, DncWrite};
use super::campaign_upload::{RejectedRow, bad_list, not_imported, received, rejected_rows};
use super::dnc::{DncCheck, too_long};
use super::dnc_replaced::{DncReplaced, Wanted};
use super::extract::{JsonBody, JsonRequest, UrlQuery};
use super::noting::AlsoNoted;
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::{Api, read};
use crate::contact::{ImportSummary, ListError, ListReader, Replacement, Unwanted, import_do_not_call};
use crate::number::{NumberRules, PhoneNumber};
use crate::report;
use crate::store::Store;
use crate::store::dnc::{self, DncNumber, NoListSource};

/// Numbers checked in one request, at most.
const MOST: usize = 1_000;
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
    /// Whether the files are all that `source` says from now on: numbers it
    /// named before, and they do not, are taken off. No, if not said.
    replace: Option<bool>,
    /// With `replace`: take nothing off if more than so many of a hundred
    /// numbers would go; 20 if not said.
    #[param(minimum = 0, maximum = 100, example = 20)]
    shrink: Option<u8>,
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
    /// entries, and a source that is new for one is kept beside.
    #[schema(example = 1_000)]
    duplicates: u64,
    /// Rows that hold no number.
    #[schema(example = 3)]
    rejected: u64,
    /// File by file.
    files: Vec<DncFile>,
    /// With `replace`: what was taken off.
    replaced: Option<DncReplaced>,
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
    /// As it is noted in the audit log.
    fn details(&self, source: &str) -> Value {
        let Self { accepted, duplicates, rejected, .. } = self;
        json!({ "source": source, "accepted": accepted, "duplicates": duplicates, "rejected": rejected })
    }

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
/// `added_at`, which an export has, are kept. Numbers that are on the list keep
/// their entries, and a source that is new for one is kept beside. In steps:
/// what is done counts at once for running campaigns, and doing it again does no
/// harm. Without `replace` nothing is ever taken off.
///
/// With `replace` the files, together, are the whole list of `source`, which is
/// the name of a list from outside and none of `manual`, `api`, `key`, `agent`,
/// `import`, `inbound`, `keypress`, `sms`. Numbers this source named before, and
/// the files do not, are taken off when all of them were read; one that
/// something else names, as an opt-out, stays on the list. Nothing is taken off
/// if a row holds no number or says another source in its column `source`, if
/// there is no number at all, if a file cannot be read to its end, or if more than
/// `shrink` of a hundred numbers would go: `replaced` says so. What was taken
/// off is kept for ever. Of two replacements of one source at once, only the one
/// that began last takes numbers off.
#[utoipa::path(post, path = "/api/dnc/import", tag = "do not call", params(ImportDnc),
    request_body(content = DncForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "What came of it", body = DncImported),
        (status = 422, description = "A file is not a list of numbers", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn import(
    allowed: Allowed<DncWrite>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ImportDnc>,
    request: Request,
) -> Answer<(Extension<AlsoNoted>, Json<DncImported>)> {
    let (replace, unwanted) = asked.read()?;
    let lists = received(request, api.limits.dnc_import_bytes, &[".csv", ".txt"]).await?;
    let mut imported = DncImported::default();
    let mut replacement = match &replace {
        None => None,
        Some(wanted) => {
            let (source, by) = (wanted.source.clone(), allowed.caller.actor());
            let begun = Replacement::begin(&api.store, &api.clock, source, unwanted.reason.clone(), by).await;
            Some(begun.map_err(|error| not_imported("", error))?)
        }
    };
    for (name, file) in lists {
        let rules = api.rules();
        let reader = spawn_blocking(move || open(file, rules)).await.map_err(Problem::internal)?;
        let reader = reader.map_err(|error| bad_list(&name, &error))?;
        let came = match &mut replacement {
            None => import_do_not_call(reader, &api.store, unwanted.clone(), None, &api.clock).await,
            Some(replacement) => replacement.import(reader, None).await,
        };
        imported.note(name.clone(), came.map_err(|error| not_imported(&name, error))?);
    }
    let mut details = imported.details(&unwanted.source);
    if let (Some(replacement), Some(wanted)) = (replacement, replace) {
        let replaced = replacement.finish(wanted.shrink).await?;
        details["replaced"] = replaced.details();
        imported.replaced = Some(replaced.into());
    }
    Ok((Extension(AlsoNoted("imported", details)), Json(imported)))
}

impl ImportDnc {
    /// What is to be replaced, if anything is, and what is written beside
    /// numbers.
    fn read(self) -> Answer<(Option<Wanted>, Unwanted)> {
        let mut faults: Vec<_> = too_long(self.reason.as_deref()).into_iter().collect();
        let replace = self.replace.unwrap_or(false);
        if !replace && self.source.as_deref().is_some_and(|source| !dnc::is_source(source)) {
            faults.push(Fault::new("source", NoListSource::NotAWord.to_string()));
        }
        let wanted = Wanted::of(self.source.as_deref(), replace, self.shrink);
        let wanted = wanted.unwrap_or_else(|more| {
            faults.extend(more);
            None
        });
        if !faults.is_empty() {
            return Err(Problem::fields(faults));
        }
        let source = self.source.unwrap_or_else(|| dnc::IMPORT.to_owned());
        Ok((wanted, Unwanted { reason: self.reason, source }))
    }
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

/// The whole do-not-call list
///
/// As CSV, by number, a line for each source of a number: the entry, then what
/// else names it. It can be imported as it is, and gives the same list then.
/// Cells a spreadsheet would run as formulas are defused by an apostrophe.
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
                let numbers = self.store.do_not_call_page(after, STEP).await.inspect_err(|error| {
                    // The status is long gone: the client sees a broken stream.
                    tracing::warn!(%error, "an export was broken off");
                })?;
                let Some(last) = numbers.last() else { return Ok(None) };
                let whole = u32::try_from(numbers.len()).is_ok_and(|count| count == STEP);
                self.at = if whole { At::After(Some(last.entry.number)) } else { At::End };
                for source in numbers.iter().flat_map(DncNumber::sources) {
                    csv.write_record(report::do_not_call_record(source))?;
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
    let listed = api.store.do_not_call_among(&numbers).await?;
    let listed: HashMap<_, _> = listed.into_iter().map(|listed| (listed.entry.number, listed)).collect();
    let check = |number| DncCheck::new(number, listed.get(&number).cloned());
    let items: Vec<_> = numbers.into_iter().map(check).collect();
    let listed = items.iter().filter(|item| item.listed()).count() as u64;
    Ok(Json(DncChecked { items, listed }))
}
