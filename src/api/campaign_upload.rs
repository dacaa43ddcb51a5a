//! Contact lists as files.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use http_body_util::Limited;
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::auth::{Allowed, CampaignsRead, ContactsWrite};
use super::campaigns::known;
use super::extract::CampaignAt;
use super::problem::{Answer, Kind, Problem, ProblemBody};
use super::spool::{AROUND_FILES, broken, spool};
use crate::campaign::{Action, CampaignId, CampaignStatus};
use crate::contact::{ImportError, ImportSummary, ListError, ListReader, RejectedLine, TEMPLATE, import_list};
use crate::store::blocks::Upload;
use crate::uploads::UploadsError;

/// Files in one request, at most.
const FILES: usize = 20;

/// What came of one file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadedFile {
    /// Its name.
    #[schema(example = "contacts.csv")]
    file: String,
    /// Rows with anything in them: accepted, duplicates and rejected together.
    #[schema(example = 120)]
    rows: u64,
    /// New contacts.
    #[schema(example = 117)]
    accepted: u64,
    /// Numbers the campaign already had, or that came earlier.
    #[schema(example = 2)]
    duplicates: u64,
    /// Rows that are no contact.
    #[schema(example = 1)]
    rejected: u64,
    /// Numbers of the file that are on the do-not-call list: nobody there is
    /// called.
    #[schema(example = 0)]
    do_not_call: u64,
    /// The first hundred rows that were rejected.
    rejected_rows: Vec<RejectedRow>,
    /// What was odd about the file.
    warnings: Vec<String>,
    /// The id under which the file is kept.
    upload_id: Option<Uuid>,
}

/// A row that is no contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RejectedRow {
    /// The line of the file it begins on, from 1.
    #[schema(example = 17)]
    line: u64,
    /// Why.
    #[schema(example = "phone number: too short")]
    reason: String,
}

/// What came of an upload.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Uploaded {
    /// New contacts, of all files.
    #[schema(example = 117)]
    accepted: u64,
    /// Numbers that were there already, of all files.
    #[schema(example = 2)]
    duplicates: u64,
    /// Rows that are no contact, of all files.
    #[schema(example = 1)]
    rejected: u64,
    /// Numbers of all files that are on the do-not-call list: nobody there is
    /// called.
    #[schema(example = 0)]
    do_not_call: u64,
    /// File by file.
    files: Vec<UploadedFile>,
}

impl Uploaded {
    fn note(&mut self, file: String, summary: ImportSummary, kept: Result<Upload, UploadsError>) {
        let mut warnings: Vec<_> = summary.warnings.iter().map(ToString::to_string).collect();
        let upload_id = match kept {
            Ok(upload) => Some(upload.id.0),
            Err(error) => {
                // The contacts are there: that is what was asked for.
                tracing::error!(%error, "an uploaded list could not be kept");
                warnings.push("the file itself could not be kept; the server's log says more".into());
                None
            }
        };
        self.accepted += summary.accepted;
        self.duplicates += summary.duplicates;
        self.rejected += summary.rejected;
        self.do_not_call += summary.do_not_call;
        self.files.push(UploadedFile {
            file,
            rows: summary.rows,
            accepted: summary.accepted,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            do_not_call: summary.do_not_call,
            rejected_rows: rejected_rows(summary.first_rejected),
            warnings,
            upload_id,
        });
    }
}

pub(super) fn rejected_rows(lines: Vec<RejectedLine>) -> Vec<RejectedRow> {
    lines.into_iter().map(|row| RejectedRow { line: row.line, reason: row.reason }).collect()
}

/// A list, as a form of a browser sends it.
#[derive(ToSchema)]
#[allow(dead_code)] // for the description: it is read piece by piece
pub(super) struct UploadForm {
    /// One or several CSV files with a column `phone_number`.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<u8>,
}

/// Upload contacts
///
/// One or several CSV files as the form field `file`, 5 MB together if not
/// configured otherwise. Numbers are normalized to E.164; numbers the campaign
/// has are skipped; every column not known is kept as a variable. A file is
/// looked at only when it is here whole; uploading it again does no harm.
#[utoipa::path(post, path = "/api/campaigns/{id}/upload-csv", tag = "contacts",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 200, description = "What came of it", body = Uploaded),
        (status = 409, description = "The campaign is neither a draft nor paused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A file is not a list of contacts", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn upload(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    request: Request,
) -> Answer<Json<Uploaded>> {
    takes_contacts(known(&api, id).await?.campaign.status)?;
    let lists = received(request, api.limits.upload_bytes, &[".csv"]).await?;
    let mut uploaded = Uploaded::default();
    for (name, file) in lists {
        let again = file.try_clone().map_err(Problem::internal)?;
        let summary = import(&api, id, &name, file).await?;
        let kept = api.uploads.keep(&api.store, id, &name, again, &summary, api.now()).await;
        uploaded.note(name, summary, kept);
    }
    Ok(Json(uploaded))
}

/// The lists in a form, by name, whole and on disk. `limit`: bytes of all
/// together; `endings`: what their names may end in.
pub(super) async fn received(request: Request, limit: u64, endings: &[&str]) -> Answer<Vec<(String, std::fs::File)>> {
    // What is no file counts too: it is held while the next field is looked for.
    let whole = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(AROUND_FILES);
    let request = request.map(|body| Body::new(Limited::new(body, whole)));
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        let detail = "send the list as multipart/form-data: curl -F file=@contacts.csv";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    };
    let too_large = || Problem::new(Kind::TooLarge, format!("the files of an upload may have {limit} bytes together"));
    // All files are here before the first is imported.
    let mut spooled = Vec::new();
    let mut left = limit;
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if !["file", "files", "files[]", "file[]"].contains(&name.as_str()) {
            return Err(Problem::field(&name, "is unknown; the form field of a list is file"));
        }
        if spooled.len() == FILES {
            return Err(Problem::field("file", format!("at most {FILES} files at once")));
        }
        let file = field.file_name().unwrap_or_default().to_owned();
        if !endings.iter().any(|ending| file.to_ascii_lowercase().ends_with(ending)) {
            let endings = endings.join(" or ");
            return Err(Problem::field("file", format!("only files whose names end in {endings} are accepted")));
        }
        spooled.push((file, spool(field, &mut left, too_large).await?));
    }
    if spooled.is_empty() {
        return Err(Problem::field("file", "is missing: send at least one CSV file"));
    }
    Ok(spooled)
}

/// Contacts are added to a draft or to a paused campaign.
pub(super) fn takes_contacts(status: CampaignStatus) -> Answer<()> {
    if status.allows(Action::Edit) { Ok(()) } else { Err(not_now(status)) }
}

/// The campaign's state does not allow it.
pub(super) fn not_now(status: CampaignStatus) -> Problem {
    let advice = if status.is_final() { "duplicate it" } else { "pause it first" };
    Problem::conflict(format!("cannot add contacts to a campaign that is {status}: {advice}"), status.allowed_actions())
}

async fn import(api: &Api, id: CampaignId, name: &str, file: std::fs::File) -> Answer<ImportSummary> {
    let rules = api.rules();
    let reader = spawn_blocking(move || ListReader::new(file, rules)).await.map_err(Problem::internal)?;
    let reader = reader.map_err(|error| bad_list(name, &error))?;
    let imported = import_list(reader, &api.store, id, None, &api.clock, |_| ()).await;
    imported.map_err(|error| not_imported(name, error))
}

/// Why a list was not read to its end.
pub(super) fn not_imported(name: &str, error: ImportError) -> Problem {
    match error {
        ImportError::List { source, accepted: 0 } => bad_list(name, &source),
        ImportError::List { source: ListError::Io(error), .. } => Problem::internal(error),
        ImportError::List { source, accepted } => {
            Problem::new(Kind::BadList, format!("{name}: after {accepted} contacts: {source}"))
        }
        ImportError::Store { source, .. } => source.into(),
        ImportError::Conflict { status: None, .. } => Problem::not_found("campaign any more: it was deleted meanwhile"),
        ImportError::Conflict { accepted: 0, status: Some(status) } => not_now(status),
        error @ ImportError::Conflict { status: Some(status), .. } => {
            Problem::conflict(error.to_string(), status.allowed_actions())
        }
        ImportError::GroupGone => Problem::not_found("group any more: it was removed meanwhile"),
        error @ (ImportError::Rejects { .. } | ImportError::Interrupted { .. }) => Problem::internal(error),
    }
}

pub(super) fn bad_list(name: &str, error: &ListError) -> Problem {
    match error {
        ListError::Io(error) => Problem::internal(error),
        ListError::Empty
        | ListError::NoRows
        | ListError::NotCsv { .. }
        | ListError::NoHeader { .. }
        | ListError::NoPhoneColumn { .. }
        | ListError::SeveralPhoneColumns { .. }
        | ListError::DuplicateColumn { .. }
        | ListError::Header { .. } => Problem::new(Kind::BadList, format!("{name}: {error}")),
    }
}

/// An example of a list
///
/// Every known column and one variable, two contacts whose numbers ring nobody.
#[utoipa::path(get, path = "/api/campaigns/download-template", tag = "contacts",
    responses((status = 200, description = "The list", body = String, content_type = "text/csv")))]
pub(super) async fn template(_: Allowed<CampaignsRead>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts-template.csv\""),
    ];
    (headers, TEMPLATE)
}
