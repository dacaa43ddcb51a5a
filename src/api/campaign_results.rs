//! What came of a campaign: its calls, and what was answered to its survey.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::auth::{Allowed, CampaignsRead, ContactsRead};
use super::campaign_fields::out_of_time;
use super::campaign_watch::OutcomeStats;
use super::campaigns::known;
use super::extract::{CampaignAt, UrlQuery};
use super::flat::flat_schema;
use super::problem::{Answer, Fault, Problem};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::report::results::{self, CallCounts, Counting};
use crate::report::survey_csv;
use crate::store::StoredSurvey;
use crate::store::listing::CallQuery;
use crate::survey::{Survey, SurveyFigures};

/// Which calls count.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ResultsRange {
    /// Only calls placed at this instant or later: with an offset, as
    /// `2026-03-01T00:00:00-05:00` (URL-encoded).
    from: Option<Timestamp>,
    /// Only calls placed before this instant.
    to: Option<Timestamp>,
    /// Count the answers to two questions against each other: their ids, with
    /// a comma between them, rows first.
    #[param(example = "vote,issue")]
    cross: Option<String>,
}

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CsvRange {
    /// Only calls placed at this instant or later: with an offset, as
    /// `2026-03-01T00:00:00-05:00` (URL-encoded).
    from: Option<Timestamp>,
    /// Only calls placed before this instant.
    to: Option<Timestamp>,
}

/// A campaign's results.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignResults)]
pub(super) struct ResultsBody {
    /// The campaign.
    campaign_id: CampaignId,
    /// Its calls.
    calls: CallSummary,
    /// What was answered to the survey it asks; `null`: it asks none.
    survey: Option<SurveyResults>,
}

/// A campaign's calls in figures.
#[derive(Debug, Serialize, ToSchema)]
struct CallSummary {
    /// Calls placed.
    #[schema(example = 65)]
    total: u64,
    /// Of these: they go on.
    in_progress: u64,
    /// Of these: a person or a machine answered.
    #[schema(example = 42)]
    answered: u64,
    /// Seconds from answer to end, of all calls together, rounded.
    #[schema(example = 5964)]
    talk_seconds: u64,
    /// Those that are over by outcome.
    outcomes: OutcomeStats,
    /// Those with a disposition by what it says, in its order; after the first
    /// 500 the rest is counted together, as `(others)`.
    dispositions: Vec<DispositionCount>,
}

/// How many calls have a disposition.
#[derive(Debug, Serialize, ToSchema)]
struct DispositionCount {
    /// What it says.
    #[schema(example = "interested")]
    disposition: String,
    /// Calls.
    count: u64,
}

/// Which survey.
#[derive(Debug, Serialize, ToSchema)]
struct AskedSurvey {
    /// Its id.
    id: Uuid,
    /// What it is called.
    #[schema(example = "Spring")]
    name: String,
}

/// What was answered to a survey.
#[derive(Debug, Serialize)]
struct SurveyResults {
    #[serde(flatten)]
    survey: AskedSurvey,
    #[serde(flatten)]
    figures: SurveyFigures,
}

flat_schema!(SurveyResults, "SurveyResults", AskedSurvey, SurveyFigures, "What was answered to a survey. The unit is the call; shares are 0 to 1.", required: true, closed: false);

impl CallSummary {
    fn of(counts: CallCounts) -> Self {
        let dispositions = counts.by_disposition.into_iter();
        Self {
            total: counts.total,
            in_progress: counts.in_progress,
            answered: counts.answered,
            talk_seconds: counts.talk.as_secs_f64().round().max(0.0) as u64,
            outcomes: OutcomeStats::of(&counts.by_outcome),
            dispositions: dispositions.map(|(disposition, count)| DispositionCount { disposition, count }).collect(),
        }
    }
}

/// A campaign's results
///
/// Its calls by outcome, and what was answered to its survey: counts and shares
/// by question, how far calls got, two questions against each other. While it
/// runs: so far. Every call is looked at; a long campaign takes some seconds.
#[utoipa::path(get, path = "/api/campaigns/{id}/results", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id"), ResultsRange),
    responses((status = 200, description = "The results", body = ResultsBody)))]
pub(super) async fn results(
    _: Allowed<CampaignsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<ResultsRange>,
) -> Answer<Json<ResultsBody>> {
    let (query, cross) = (between(asked.from, asked.to)?, pair(asked.cross.as_deref())?);
    let campaign = known(&api, id).await?.campaign;
    let survey = results::survey_of(&api.store, &campaign).await?;
    if cross.is_some() && survey.is_none() {
        return Err(Problem::field("cross", "the campaign asks no survey"));
    }
    let counting = Counting::new(id, survey, query, cross);
    let mut counting = counting.map_err(|error| Problem::field("cross", error.to_string()))?;
    loop {
        // Step by step, so that everybody gets to read in between.
        let _turn = api.0.long_reads.acquire().await;
        if !counting.step(&api.store).await? {
            break;
        }
    }
    let counted = counting.done();
    let survey = counted.survey.map(|(StoredSurvey { id, name, .. }, results)| SurveyResults {
        survey: AskedSurvey { id: id.0, name },
        figures: results.figures(),
    });
    Ok(Json(ResultsBody { campaign_id: id, calls: CallSummary::of(counted.calls), survey }))
}

/// A campaign's results as CSV
///
/// A row per call, in order of dialing; a column per question of its survey, by
/// its id. Cells a spreadsheet would run as formulas are defused by an
/// apostrophe.
#[utoipa::path(get, path = "/api/campaigns/{id}/results.csv", tag = "watching",
    params(("id" = CampaignId, Path, description = "The campaign's id"), CsvRange),
    responses((status = 200, description = "The results", body = String, content_type = "text/csv")))]
pub(super) async fn csv(
    _: Allowed<CampaignsRead>,
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<CsvRange>,
) -> Answer<Response> {
    let query = between(asked.from, asked.to)?;
    let campaign = known(&api, id).await?.campaign;
    let survey = results::survey_of(&api.store, &campaign).await?.map(|stored| Arc::new(stored.survey));
    let rows = Rows { api, campaign: id, survey, query, at: At::Header };
    let body = Body::from_stream(stream::try_unfold(rows, |rows| Box::pin(rows.next())));
    let name = format!("attachment; filename=\"results-{id}.csv\"");
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], body)
        .into_response())
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Answer<CallQuery> {
    let times = [("from", from), ("to", to)];
    let wrong: Vec<_> = times.into_iter().filter_map(|(field, at)| out_of_time(field, at?)).collect();
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Problem::fields(vec![Fault::new("to", "is before from")]));
    }
    Ok(CallQuery { from, until: to, ..CallQuery::default() })
}

/// Two questions, rows first.
fn pair(cross: Option<&str>) -> Answer<Option<(&str, &str)>> {
    let Some(text) = cross else { return Ok(None) };
    match text.split_once(',').map(|(rows, columns)| (rows.trim(), columns.trim())) {
        Some((rows, columns)) if !rows.is_empty() && !columns.is_empty() => Ok(Some((rows, columns))),
        Some(_) | None => Err(Problem::field("cross", "must be the ids of two questions, as vote,issue")),
    }
}

/// Results on their way: a step of them in memory, however many they are.
struct Rows {
    api: Api,
    campaign: CampaignId,
    survey: Option<Arc<Survey>>,
    query: CallQuery,
    at: At,
}

enum At {
    Header,
    After(Option<CallId>),
    End,
}

impl Rows {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, axum::BoxError> {
        match self.at {
            At::Header => {
                self.at = At::After(None);
                Ok(Some((survey_csv::header(self.survey.as_deref())?.into(), self)))
            }
            At::End => Ok(None),
            At::After(after) => {
                let calls = {
                    let _turn = self.api.0.long_reads.acquire().await;
                    let store = &self.api.store;
                    store.surveyed_calls_after(self.campaign, &self.query, after, results::STEP).await
                };
                // The status is long gone: the client sees a broken stream.
                let calls = calls.inspect_err(|error| tracing::warn!(%error, "results were broken off"))?;
                let Some(last) = calls.last() else { return Ok(None) };
                let whole = calls.len() as u64 == u64::from(results::STEP);
                self.at = if whole { At::After(Some(last.row.call)) } else { At::End };
                Ok(Some((survey_csv::rows(self.survey.as_deref(), &calls)?.into(), self)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_questions_are_named() {
        assert_eq!(pair(None).expect("none"), None);
        assert_eq!(pair(Some("vote, issue")).expect("two"), Some(("vote", "issue")));
        for wrong in ["vote", "vote,", ",issue", ","] {
            assert!(pair(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
