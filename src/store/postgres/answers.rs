//! Answers to questions: written as they are given, read with their calls.

use sqlx::PgConnection;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, call_list};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::listing::CallQuery;
use crate::store::model::{CallAnswer, SurveyedCall};
use crate::store::rows::StoredRow;
use crate::store::talk::{self, Columns};
use crate::store::text;

pub(super) const ADD: &str =
    "INSERT INTO answers (call_id, position, campaign_id, question, given, digit, label, recording, answered_at)
    SELECT c.id, j.position, c.campaign_id, j.question, j.given, j.digit, j.label, j.recording, j.answered_at
    FROM UNNEST($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
        AS j (call_id, position, question, given, digit, label, recording, answered_at)
    JOIN calls AS c ON c.id = j.call_id
    ON CONFLICT (call_id, position) DO NOTHING";

/// A call with an answer has a survey that was begun, whoever tells its end.
pub(super) const BEGUN: &str = "UPDATE calls SET survey = 'partial' WHERE id = ANY($1) AND survey IS NULL";

/// Those of calls next to each other in the order of reading.
pub(super) const OF_CALLS: &str =
    "SELECT call_id, position, question, given, digit, label, recording, answered_at FROM answers
    WHERE campaign_id = $1 AND call_id BETWEEN $2 AND $3
    ORDER BY call_id, position";

impl Postgres {
    /// See [`Store::surveyed_calls_after`](crate::store::Store::surveyed_calls_after).
    pub async fn surveyed_calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<SurveyedCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let calls = call_list::after(session.connection(), campaign, query, after, limit).await?;
            let mut answers = Vec::new();
            if let (Some(first), Some(last)) = (calls.first(), calls.last()) {
                answers = sqlx::query(OF_CALLS)
                    .bind(campaign.0)
                    .bind(first.call.0)
                    .bind(last.call.0)
                    .fetch_all(session.connection())
                    .await?;
            }
            session.keep();
            let answers = answers.iter().map(StoredRow::answer).collect::<Result<_, _>>()?;
            Ok(talk::with_answers(calls, answers))
        })
        .await
    }
}

/// Writes a batch's answers.
pub(super) async fn add(connection: &mut PgConnection, answers: &[CallAnswer]) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    let answers = talk::each_once(answers);
    let columns: Vec<_> = answers.iter().map(|answer| Columns::of(&answer.answer.given)).collect();
    let calls: Vec<_> = answers.iter().map(|answer| answer.call.0).collect();
    sqlx::query(ADD)
        .bind(&calls)
        .bind(answers.iter().map(|answer| i32::from(answer.answer.position)).collect::<Vec<_>>())
        .bind(answers.iter().map(|answer| text::clean(&answer.answer.question)).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.given).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.digit.as_deref()).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.label.as_deref()).collect::<Vec<_>>())
        .bind(columns.iter().map(|columns| columns.recording.as_deref()).collect::<Vec<_>>())
        .bind(answers.iter().map(|answer| at(answer.answer.at)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    sqlx::query(BEGUN).bind(&calls).execute(connection).await?;
    Ok(())
}
