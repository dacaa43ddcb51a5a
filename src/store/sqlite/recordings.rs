//! Recordings: whose they are, and which were kept long enough.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::call::CallId;
use crate::store::model::RecordedCall;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// Calls that ended before an instant and have recordings, each of these a row.
const BEFORE: &str = "WITH old AS (
        SELECT * FROM (SELECT id, ended_at FROM calls
            WHERE recording IS NOT NULL AND ended_at < ?1 AND id NOT IN (SELECT unhex(value) FROM json_each(?3))
            ORDER BY ended_at LIMIT +?2) AS of_calls
        UNION
        SELECT * FROM (SELECT c.id, c.ended_at FROM answers AS a JOIN calls AS c ON c.id = a.call_id
            WHERE a.recording IS NOT NULL AND a.answered_at < ?1 AND c.ended_at < ?1
                AND c.id NOT IN (SELECT unhex(value) FROM json_each(?3))
            ORDER BY a.answered_at LIMIT +?2) AS of_answers),
    chosen AS (SELECT id FROM old ORDER BY ended_at, id LIMIT +?2)
    SELECT c.id, c.switch, c.recording, 0 AS position FROM chosen
        JOIN calls AS c ON c.id = chosen.id WHERE c.recording IS NOT NULL
    UNION ALL
    SELECT c.id, c.switch, a.recording, a.position FROM chosen
        JOIN calls AS c ON c.id = chosen.id
        JOIN answers AS a ON a.call_id = c.id WHERE a.recording IS NOT NULL
    ORDER BY 1, 4";

/// The recordings of calls that ended from an instant on.
pub(super) const SINCE: &str = "SELECT c.id, c.switch, c.recording, 0 AS position FROM calls AS c
        WHERE c.recording IS NOT NULL AND c.ended_at >= ?1
    UNION ALL
    SELECT c.id, c.switch, a.recording, a.position FROM answers AS a
        JOIN calls AS c ON c.id = a.call_id
        WHERE a.recording IS NOT NULL AND a.answered_at >= ?1
    ORDER BY 1, 4 LIMIT +?2";

/// The call of a recording.
pub(super) const CALL_OF: &str = "SELECT id FROM calls WHERE recording = ?1
    UNION ALL SELECT call_id FROM answers WHERE recording = ?1 LIMIT 1";

impl Sqlite {
    /// See [`Store::call_of_recording`](crate::store::Store::call_of_recording).
    pub async fn call_of_recording(&self, name: &str) -> Result<Option<CallId>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Option<Uuid> =
            sqlx::query_scalar(CALL_OF).bind(text::clean(name)).fetch_optional(reader.connection()?).await?;
        Ok(found.map(CallId))
    }

    /// See [`Store::recordings_before`](crate::store::Store::recordings_before).
    pub async fn recordings_before(
        &self,
        instant: Timestamp,
        limit: u32,
        except: &[CallId],
    ) -> Result<Vec<RecordedCall>, StoreError> {
        let except: Vec<_> = except.iter().map(|call| rows::hex(call.0)).collect();
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = sqlx::query(BEFORE)
            .bind(micros(instant))
            .bind(i64::from(limit))
            .bind(rows::json(&except)?)
            .fetch_all(reader.connection()?)
            .await?;
        SqliteRow::recorded(&found)
    }

    /// See [`Store::recordings_since`](crate::store::Store::recordings_since).
    pub async fn recordings_since(&self, instant: Timestamp, limit: u32) -> Result<Vec<RecordedCall>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(SINCE).bind(micros(instant)).bind(i64::from(limit)).fetch_all(reader.connection()?).await?;
        SqliteRow::recorded(&found)
    }

    /// See [`Store::forget_recording`](crate::store::Store::forget_recording).
    pub async fn forget_recording(&self, call: CallId) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        for sql in [
            "UPDATE calls SET recording = NULL, recording_removed = true WHERE id = ?1 AND recording IS NOT NULL",
            "UPDATE answers SET recording = NULL WHERE call_id = ?1 AND recording IS NOT NULL",
        ] {
            sqlx::query(sql).bind(call.0).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
