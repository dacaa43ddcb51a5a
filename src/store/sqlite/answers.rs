//! Answers to questions: written as they are given, read with their calls.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, hex, micros};
use super::{Sqlite, call_list};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::StoreError;
use crate::store::listing::CallQuery;
use crate::store::model::{CallAnswer, SurveyedCall};
use crate::store::rows::StoredRow;
use crate::store::talk::{self, Columns};
use crate::store::text;

pub(super) const ADD: &str =
    "INSERT INTO answers (call_id, position, campaign_id, question, given, digit, label, recording, answered_at)
    SELECT c.id, j.value ->> 1, c.campaign_id, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5,
        j.value ->> 6, j.value ->> 7
    FROM jsonb_each(?1) AS j
    CROSS JOIN calls AS c ON c.id = unhex(j.value ->> 0)
    WHERE true
    ON CONFLICT (call_id, position) DO NOTHING";

/// A call with an answer has a survey that was begun, whoever tells its end.
pub(super) const BEGUN: &str = "UPDATE calls SET survey = 'partial'
    WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND survey IS NULL";

/// Those of calls next to each other in the order of reading.
pub(super) const OF_CALLS: &str =
    "SELECT call_id, position, question, given, digit, label, recording, answered_at FROM answers
    WHERE campaign_id = ?1 AND call_id BETWEEN ?2 AND ?3
    ORDER BY call_id, position";

impl Sqlite {
    /// See [`Store::surveyed_calls_after`](crate::store::Store::surveyed_calls_after).
    pub async fn surveyed_calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<SurveyedCall>, StoreError> {
        let mut reader = self.reader().await?;
        let connection = reader.connection()?;
        let calls = call_list::after(connection, campaign, query, after, limit).await?;
        let (Some(first), Some(last)) = (calls.first(), calls.last()) else { return Ok(Vec::new()) };
        let found: Vec<SqliteRow> =
            sqlx::query(OF_CALLS).bind(campaign.0).bind(first.call.0).bind(last.call.0).fetch_all(connection).await?;
        let answers = found.iter().map(StoredRow::answer).collect::<Result<_, _>>()?;
        Ok(talk::with_answers(calls, answers))
    }
}

/// Writes a batch's answers.
pub(super) async fn add(connection: &mut SqliteConnection, answers: &[CallAnswer]) -> Result<(), StoreError> {
    if answers.is_empty() {
        return Ok(());
    }
    let answers = talk::each_once(answers);
    let lines: Vec<_> = answers
        .iter()
        .map(|CallAnswer { call, answer, .. }| {
            let columns = Columns::of(&answer.given);
            (
                hex(call.0),
                answer.position,
                text::clean(&answer.question),
                columns.given,
                columns.digit,
                columns.label,
                columns.recording,
                micros(answer.at),
            )
        })
        .collect();
    sqlx::query(ADD).bind(rows::json(&lines)?).execute(&mut *connection).await?;
    let calls: Vec<_> = answers.iter().map(|answer| hex(answer.call.0)).collect();
    sqlx::query(BEGUN).bind(rows::json(&calls)?).execute(connection).await?;
    Ok(())
}
