//! Answers kept for requests that come again.

use jiff::Timestamp;
use sqlx::{Connection, Row};
use uuid::Uuid;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Begun, KeptAnswer};

/// A key whose answer is kept no longer, or whose request was broken off.
pub(super) const EXPIRED: &str = "DELETE FROM idempotency WHERE caller = $3 AND key = $4
        AND (started_at < $1 OR (started_at < $2 AND status IS NULL))";

impl Postgres {
    /// See [`Store::begin_idempotent`](crate::store::Store::begin_idempotent).
    pub async fn begin_idempotent(
        &self,
        by: Uuid,
        key: &str,
        fingerprint: &[u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
        forgotten_before: Timestamp,
    ) -> Result<Begun, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(EXPIRED)
                .bind(at(forgotten_before))
                .bind(at(abandoned_before))
                .bind(by)
                .bind(key)
                .execute(&mut *transaction)
                .await?;
            let fresh = sqlx::query(
                "INSERT INTO idempotency (caller, key, fingerprint, started_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (caller, key) DO NOTHING",
            )
            .bind(by)
            .bind(key)
            .bind(fingerprint.as_slice())
            .bind(at(now))
            .execute(&mut *transaction)
            .await?;
            let begun = if fresh.rows_affected() > 0 {
                Begun::Fresh
            } else {
                let row = sqlx::query(
                    "SELECT fingerprint, status, headers, body FROM idempotency WHERE caller = $1 AND key = $2",
                )
                .bind(by)
                .bind(key)
                .fetch_optional(&mut *transaction)
                .await?;
                match row {
                    // Given up by another at this very moment.
                    None => Begun::Running,
                    Some(row) if row.try_get::<Vec<u8>, _>("fingerprint")? != fingerprint => Begun::Other,
                    Some(row) => row.kept_answer()?.map_or(Begun::Running, Begun::Done),
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(begun)
        })
        .await
    }

    /// See [`Store::end_idempotent`](crate::store::Store::end_idempotent).
    pub async fn end_idempotent(&self, by: Uuid, key: &str, answer: Option<&KeptAnswer>) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let query = match answer {
                Some(answer) => sqlx::query(
                    "UPDATE idempotency SET status = $3, headers = $4, body = $5 WHERE caller = $1 AND key = $2",
                )
                .bind(by)
                .bind(key)
                .bind(i32::from(answer.status))
                .bind(sqlx::types::Json(&answer.headers))
                .bind(answer.body.as_slice()),
                None => sqlx::query("DELETE FROM idempotency WHERE caller = $1 AND key = $2 AND status IS NULL")
                    .bind(by)
                    .bind(key),
            };
            query.execute(session.connection()).await?;
            session.keep();
            Ok(())
        })
        .await
    }
}
