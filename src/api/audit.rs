//! The audit log.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{Allowed, AuditRead};
use super::campaign_fields::out_of_time;
use super::extract::UrlQuery;
use super::page::Wanted;
use super::problem::{Answer, Problem};
use crate::report::defused;
use crate::store::Store;
use crate::store::telling::{AuditFrom, AuditQuery, AuditRecord};

/// Records read from the database at a time.
const STEP: u32 = 1_000;

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRecord)]
pub(super) struct AuditBody {
    /// Its number, in order of noting.
    #[schema(example = 4711)]
    id: i64,
    /// When it was done.
    at: Timestamp,
    /// Who did it: `key:` and a key's name and id, or `cli:` and a user and a
    /// machine.
    #[schema(example = "key:CRM (0192f0c1-2a3b-7c4d-8e5f-60718293a4b5)")]
    actor: String,
    /// What was done.
    #[schema(example = "campaigns.launch")]
    action: String,
    /// What kind of thing it was done to.
    #[schema(example = "campaigns")]
    subject_kind: String,
    /// To which one.
    subject_id: Option<String>,
    /// The address it came from; none: the command line.
    #[schema(example = "192.0.2.7")]
    ip: Option<String>,
    /// The `x-request-id` of the request.
    request_id: Option<String>,
    /// What else is known: `body`, what was sent, without secrets; `path`,
    /// further ids; `status`, what was answered.
    #[schema(value_type = Object)]
    details: Value,
}

impl From<AuditRecord> for AuditBody {
    fn from(AuditRecord { id, entry }: AuditRecord) -> Self {
        Self {
            id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject_id: entry.subject_id,
            ip: entry.ip,
            request_id: entry.request_id,
            details: entry.details,
        }
    }
}

/// A part of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(super) struct AuditList {
    /// The records, newest first.
    items: Vec<AuditBody>,
    /// `before` of the next part; none: there is no more.
    next: Option<i64>,
}

/// Which part of the audit log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAudit {
    /// Only by this actor.
    actor: Option<String>,
    /// Only this action.
    #[param(example = "campaigns.launch")]
    action: Option<String>,
    /// Only done to this kind of thing: `campaigns`; or to one of them:
    /// `campaigns/` and its id.
    #[param(example = "campaigns")]
    subject: Option<String>,
    /// Only at this instant or later.
    from: Option<Timestamp>,
    /// Only before this instant.
    to: Option<Timestamp>,
    /// Only records before this number: `next` of the part before.
    before: Option<i64>,
    /// How many: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
}

/// Which records are wanted as a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportAudit {
    /// Only by this actor.
    actor: Option<String>,
    /// Only this action.
    #[param(example = "campaigns.launch")]
    action: Option<String>,
    /// Only done to this kind of thing, or to one of them.
    #[param(example = "campaigns")]
    subject: Option<String>,
    /// Only at this instant or later.
    from: Option<Timestamp>,
    /// Only before this instant.
    to: Option<Timestamp>,
}

fn query(asked: ExportAudit) -> Answer<AuditQuery> {
    let times = [("from", asked.from), ("to", asked.to)];
    let wrong: Vec<_> = times.into_iter().filter_map(|(field, at)| out_of_time(field, at?)).collect();
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    let (subject_kind, subject_id) = match asked.subject {
        Some(subject) => match subject.split_once('/') {
            Some((kind, id)) => (Some(kind.to_owned()), Some(id.to_owned())),
            None => (Some(subject), None),
        },
        None => (None, None),
    };
    Ok(AuditQuery {
        actor: asked.actor,
        action: asked.action,
        subject_kind,
        subject_id,
        from: asked.from,
        until: asked.to,
    })
}

/// The audit log
///
/// Who changed what, newest first: every request that changed something, and
/// every such command on the command line. Nothing of it is ever changed or
/// removed.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(ListAudit),
    responses((status = 200, description = "A part of it", body = AuditList)))]
pub(super) async fn list(
    _: Allowed<AuditRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListAudit>,
) -> Answer<Json<AuditList>> {
    let limit = Wanted::new(None, asked.limit)?.page().limit;
    let ListAudit { actor, action, subject, from, to, before, limit: _ } = asked;
    let query = query(ExportAudit { actor, action, subject, from, to })?;
    let found = api.store.audit(&query, before.map_or(AuditFrom::Newest, AuditFrom::Before), limit).await?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count == limit);
    let next = found.last().map(|record| record.id).filter(|_| full);
    Ok(Json(AuditList { items: found.into_iter().map(AuditBody::from).collect(), next }))
}

/// The audit log as a file
///
/// A row per record, oldest first, as CSV; `details` is JSON. Cells a
/// spreadsheet would run as formulas are defused by an apostrophe.
#[utoipa::path(get, path = "/api/audit/export", tag = "audit", params(ExportAudit),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
pub(super) async fn export(
    _: Allowed<AuditRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ExportAudit>,
) -> Answer<Response> {
    let steps = Steps { store: api.store.clone(), query: query(asked)?, at: Some(At::Header) };
    let body = Body::from_stream(stream::try_unfold(steps, |steps| Box::pin(steps.next())));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\"")),
    ];
    Ok((headers, body).into_response())
}

const COLUMNS: [&str; 9] = ["id", "at", "actor", "action", "subject_kind", "subject_id", "ip", "request_id", "details"];

/// A file on its way: a step of it in memory, however long it is.
struct Steps {
    store: Store,
    query: AuditQuery,
    /// None: the end.
    at: Option<At>,
}

enum At {
    Header,
    After(i64),
}

impl Steps {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, axum::BoxError> {
        let Some(at) = self.at.take() else { return Ok(None) };
        let mut csv = csv::Writer::from_writer(Vec::new());
        match at {
            At::Header => {
                csv.write_record(COLUMNS)?;
                self.at = Some(At::After(0));
            }
            At::After(after) => {
                let found = self.store.audit(&self.query, AuditFrom::After(after), STEP).await;
                let records = found.inspect_err(|error| {
                    // The status is long gone: the client sees a broken stream.
                    tracing::warn!(%error, "an export of the audit log was broken off");
                })?;
                let Some(last) = records.last() else { return Ok(None) };
                let full = u32::try_from(records.len()).is_ok_and(|count| count == STEP);
                self.at = full.then_some(At::After(last.id));
                for record in &records {
                    csv.write_record(row(record))?;
                }
            }
        }
        let bytes = csv.into_inner().map_err(|error| error.into_error())?;
        Ok(Some((bytes.into(), self)))
    }
}

fn row(AuditRecord { id, entry }: &AuditRecord) -> [String; 9] {
    let text = |text: &Option<String>| defused(text.as_deref().unwrap_or_default());
    [
        id.to_string(),
        entry.at.to_string(),
        defused(&entry.actor),
        defused(&entry.action),
        defused(&entry.subject_kind),
        text(&entry.subject_id),
        text(&entry.ip),
        text(&entry.request_id),
        defused(&entry.details.to_string()),
    ]
}
