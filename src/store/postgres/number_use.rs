//! How calls from our numbers went, and rests.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::caller_id::{Figures, Hour};
use crate::number::PhoneNumber;
use crate::store::ledger::NumberMoves;
use crate::store::model::NumberHour;
use crate::store::rows::StoredRow;
use crate::store::text;

const ADD: &str =
    "INSERT INTO phone_number_hours AS h (number, hour, calls, judged, answered, short, rejected, flagged, last_at)
    SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::timestamptz[])
    ON CONFLICT (hour, number) DO UPDATE SET
        calls = h.calls + excluded.calls, judged = h.judged + excluded.judged,
        answered = h.answered + excluded.answered, short = h.short + excluded.short,
        rejected = h.rejected + excluded.rejected, flagged = h.flagged + excluded.flagged,
        last_at = greatest(h.last_at, excluded.last_at)";

/// Some hours of some numbers.
const OF_NUMBERS: &str = "SELECT * FROM phone_number_hours WHERE hour = ANY($1) AND number = ANY($2)";

impl Postgres {
    pub(in crate::store) async fn hours_of_numbers(
        &self,
        numbers: &[PhoneNumber],
        hours: &[Hour],
    ) -> Result<Vec<NumberHour>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            let query = sqlx::query(OF_NUMBERS).bind(hours.to_vec()).bind(numbers);
            let found = query.fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::number_hour).collect()
        })
        .await
    }

    /// See [`Store::number_hours`](crate::store::Store::number_hours).
    pub async fn number_hours(&self, since: Hour) -> Result<Vec<NumberHour>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query("SELECT * FROM phone_number_hours WHERE hour >= $1 ORDER BY hour, number")
                .bind(since)
                .fetch_all(session.connection())
                .await?;
            session.keep();
            found.iter().map(StoredRow::number_hour).collect()
        })
        .await
    }

    /// See [`Store::forget_number_hours`](crate::store::Store::forget_number_hours).
    pub async fn forget_number_hours(&self, before: Hour) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query("DELETE FROM phone_number_hours WHERE hour < $1")
                .bind(before)
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::rest_number`](crate::store::Store::rest_number).
    pub async fn rest_number(&self, number: PhoneNumber, until: Timestamp, reason: &str) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "UPDATE phone_numbers SET resting_until = $2, judged_from = $2, rest_reason = $3 WHERE number = $1",
            )
            .bind(number.to_string())
            .bind(at(until))
            .bind(text::clean(reason))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}

/// Adds to the figures of our numbers.
pub(super) async fn write(connection: &mut PgConnection, moves: &NumberMoves) -> Result<(), StoreError> {
    let lines: Vec<_> = moves.iter().collect();
    if lines.is_empty() {
        return Ok(());
    }
    let counts = |count: fn(&Figures) -> u64| -> Vec<i64> {
        lines.iter().map(|(_, _, figures, _)| text::stored(count(figures))).collect()
    };
    sqlx::query(ADD)
        .bind(lines.iter().map(|(number, ..)| number.to_string()).collect::<Vec<_>>())
        .bind(lines.iter().map(|(_, hour, ..)| *hour).collect::<Vec<_>>())
        .bind(counts(|figures| figures.calls))
        .bind(counts(|figures| figures.judged))
        .bind(counts(|figures| figures.answered))
        .bind(counts(|figures| figures.short))
        .bind(counts(|figures| figures.rejected))
        .bind(counts(|figures| figures.flagged))
        .bind(lines.iter().map(|(.., last)| last.map(at)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
