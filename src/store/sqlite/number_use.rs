//! How calls from our numbers went, and rests.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::caller_id::Hour;
use crate::number::PhoneNumber;
use crate::store::ledger::NumberMoves;
use crate::store::model::NumberHour;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

pub(super) const ADD: &str =
    "INSERT INTO phone_number_hours (number, hour, calls, judged, answered, short, rejected, flagged, last_at)
    SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6,
        j.value ->> 7, j.value ->> 8
    FROM jsonb_each(?1) AS j WHERE true
    ON CONFLICT (hour, number) DO UPDATE SET
        calls = calls + excluded.calls, judged = judged + excluded.judged, answered = answered + excluded.answered,
        short = short + excluded.short, rejected = rejected + excluded.rejected, flagged = flagged + excluded.flagged,
        last_at = coalesce(max(last_at, excluded.last_at), last_at, excluded.last_at)";

/// Some hours of some numbers.
pub(super) const OF_NUMBERS: &str = "SELECT h.* FROM json_each(?1) AS jn
    CROSS JOIN json_each(?2) AS jh
    CROSS JOIN phone_number_hours AS h ON h.hour = jh.value AND h.number = jn.value";

impl Sqlite {
    pub(in crate::store) async fn hours_of_numbers(
        &self,
        numbers: &[PhoneNumber],
        hours: &[Hour],
    ) -> Result<Vec<NumberHour>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(OF_NUMBERS).bind(rows::json(numbers)?).bind(rows::json(hours)?);
        let found = query.fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::number_hour).collect()
    }

    /// See [`Store::number_hours`](crate::store::Store::number_hours).
    pub async fn number_hours(&self, since: Hour) -> Result<Vec<NumberHour>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM phone_number_hours WHERE hour >= ?1 ORDER BY hour, number")
            .bind(since)
            .fetch_all(reader.connection()?)
            .await?;
        found.iter().map(StoredRow::number_hour).collect()
    }

    /// See [`Store::forget_number_hours`](crate::store::Store::forget_number_hours).
    pub async fn forget_number_hours(&self, before: Hour) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        sqlx::query("DELETE FROM phone_number_hours WHERE hour < ?1").bind(before).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::rest_number`](crate::store::Store::rest_number).
    pub async fn rest_number(&self, number: PhoneNumber, until: Timestamp, reason: &str) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE phone_numbers SET resting_until = ?2, judged_from = ?2, rest_reason = ?3 WHERE number = ?1",
        )
        .bind(number.to_string())
        .bind(micros(until))
        .bind(text::clean(reason))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Adds to the figures of our numbers.
pub(super) async fn write(connection: &mut SqliteConnection, moves: &NumberMoves) -> Result<(), StoreError> {
    let line = |(number, hour, figures, last): (PhoneNumber, Hour, crate::caller_id::Figures, Option<Timestamp>)| {
        let parts = [figures.calls, figures.judged, figures.answered, figures.short, figures.rejected, figures.flagged];
        let [calls, judged, answered, short, rejected, flagged] = parts;
        (number, hour, calls, judged, answered, short, rejected, flagged, last.map(micros))
    };
    let lines: Vec<_> = moves.iter().map(line).collect();
    if !lines.is_empty() {
        sqlx::query(ADD).bind(rows::json(&lines)?).execute(connection).await?;
    }
    Ok(())
}
