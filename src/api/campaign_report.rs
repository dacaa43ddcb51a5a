//! A campaign's calls as CSV.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::auth::{Allowed, CampaignsRead, ContactsRead};
use super::campaign_fields::out_of_time;
use super::campaigns::known;
use super::extract::{CampaignAt, UrlQuery};
use super::problem::{Answer, Problem};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::report;
use crate::store::Store;
use crate::store::listing::CallQuery;

/// Calls read from the database at a time.
const STEP: u32 = 1_000;

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportRange {
    /// Only calls placed at this instant or later: with an offset, as
    /// `2026-03-01T00:00:00-05:00` (URL-encoded).
    start_date: Option<Timestamp>,
    /// Only calls placed before this instant.
    end_date: Option<Timestamp>,
}

/// A campaign's report
///
/// A row per call, in order of dialing, as CSV. Cells a spreadsheet would run
/// as formulas are defused by an apostrophe. Shows numbers and names: needs
/// `contacts:read` beside `campaigns:read`.
#[utoipa::path(get, path = "/api/campaigns/{id}/report", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id"), ReportRange),
    responses((status = 200, description = "The report", body = String, content_type = "text/csv")))]
pub(super) async fn report(
    _: Allowed<CampaignsRead>,
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(range): UrlQuery<ReportRange>,
) -> Answer<Response> {
    let times = [("start_date", range.start_date), ("end_date", range.end_date)];
    let wrong: Vec<_> = times.into_iter().filter_map(|(field, at)| out_of_time(field, at?)).collect();
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    known(&api, id).await?;
    let query = CallQuery { from: range.start_date, until: range.end_date, ..CallQuery::default() };
    let steps = Steps { store: api.store.clone(), campaign: id, query, at: At::Header };
    let body = Body::from_stream(stream::try_unfold(steps, |steps| Box::pin(steps.next())));
    let name = format!("attachment; filename=\"campaign-{id}.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], body)
        .into_response())
}

/// A report on its way: a step of it in memory, however long it is.
struct Steps {
    store: Store,
    campaign: CampaignId,
    query: CallQuery,
    at: At,
}

enum At {
    Header,
    After(Option<CallId>),
    End,
}

impl Steps {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, axum::BoxError> {
        match self.at {
            At::Header => {
                self.at = At::After(None);
                Ok(Some((report::header()?.into(), self)))
            }
            At::End => Ok(None),
            At::After(after) => {
                let rows =
                    self.store.calls_after(self.campaign, &self.query, after, STEP).await.inspect_err(|error| {
                        // The status is long gone: the client sees a broken stream.
                        tracing::warn!(%error, "a report was broken off");
                    })?;
                let Some(last) = rows.last() else { return Ok(None) };
                let whole = u32::try_from(rows.len()).is_ok_and(|count| count == STEP);
                self.at = if whole { At::After(Some(last.call)) } else { At::End };
                Ok(Some((report::rows(&rows)?.into(), self)))
            }
        }
    }
}
