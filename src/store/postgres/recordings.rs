//! Recordings: whose they are, and which were kept long enough.

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::call::CallId;
use crate::store::model::RecordedCall;
use crate::store::rows::StoredRow;
use crate::store::text;

/// Calls that ended before an instant and have recordings, each of these a row.
const BEFORE: &str = "WITH old AS (
        SELECT * FROM (SELECT id, ended_at FROM calls
            WHERE recording IS NOT NULL AND ended_at < $1 AND id <> ALL($3)
            ORDER BY ended_at LIMIT $2) AS of_calls
        UNION
        SELECT * FROM (SELECT c.id, c.ended_at FROM answers AS a JOIN calls AS c ON c.id = a.call_id
            WHERE a.recording IS NOT NULL AND a.answered_at < $1 AND c.ended_at < $1
                AND c.id <> ALL($3)
            ORDER BY a.answered_at LIMIT $2) AS of_answers),
    chosen AS (SELECT id FROM old ORDER BY ended_at, id LIMIT $2)
    SELECT c.id, c.switch, c.recording, 0 AS position FROM chosen
        JOIN calls AS c ON c.id = chosen.id WHERE c.recording IS NOT NULL
    UNION ALL
    SELECT c.id, c.switch, a.recording, a.position FROM chosen
        JOIN calls AS c ON c.id = chosen.id
        JOIN answers AS a ON a.call_id = c.id WHERE a.recording IS NOT NULL
    ORDER BY 1, 4";

/// The recordings of calls that ended from an instant on.
pub(super) const SINCE: &str = "SELECT c.id, c.switch, c.recording, 0 AS position FROM calls AS c
        WHERE c.recording IS NOT NULL AND c.ended_at >= $1
    UNION ALL
    SELECT c.id, c.switch, a.recording, a.position FROM answers AS a
        JOIN calls AS c ON c.id = a.call_id
        WHERE a.recording IS NOT NULL AND a.answered_at >= $1
    ORDER BY 1, 4 LIMIT $2";

/// The call of a recording.
pub(super) const CALL_OF: &str = "SELECT id FROM calls WHERE recording = $1
    UNION ALL SELECT call_id FROM answers WHERE recording = $1 LIMIT 1";

impl Postgres {
    /// See [`Store::call_of_recording`](crate::store::Store::call_of_recording).
    pub async fn call_of_recording(&self, name: &str) -> Result<Option<CallId>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found: Option<Uuid> =
                sqlx::query_scalar(CALL_OF).bind(text::clean(name)).fetch_optional(session.connection()).await?;
            session.keep();
            Ok(found.map(CallId))
        })
        .await
    }

    /// See [`Store::recordings_before`](crate::store::Store::recordings_before).
    pub async fn recordings_before(
        &self,
        instant: Timestamp,
        limit: u32,
        except: &[CallId],
    ) -> Result<Vec<RecordedCall>, StoreError> {
        let except: Vec<_> = except.iter().map(|call| call.0).collect();
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(BEFORE)
                .bind(at(instant))
                .bind(i64::from(limit))
                .bind(except)
                .fetch_all(session.connection())
                .await?;
            session.keep();
            PgRow::recorded(&found)
        })
        .await
    }

    /// See [`Store::recordings_since`](crate::store::Store::recordings_since).
    pub async fn recordings_since(&self, instant: Timestamp, limit: u32) -> Result<Vec<RecordedCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found =
                sqlx::query(SINCE).bind(at(instant)).bind(i64::from(limit)).fetch_all(session.connection()).await?;
            session.keep();
            PgRow::recorded(&found)
        })
        .await
    }

    /// See [`Store::forget_recording`](crate::store::Store::forget_recording).
    pub async fn forget_recording(&self, call: CallId) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            for sql in [
                "UPDATE calls SET recording = NULL, recording_removed = true WHERE id = $1 AND recording IS NOT NULL",
                "UPDATE answers SET recording = NULL WHERE call_id = $1 AND recording IS NOT NULL",
            ] {
                sqlx::query(sql).bind(call.0).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }
}
