//! The do-not-call list.

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::number::PhoneNumber;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::text;

impl Postgres {
    /// See [`Store::add_do_not_call`](crate::store::Store::add_do_not_call).
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO do_not_call (number, reason, source, added_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (number) DO NOTHING",
            )
            .bind(entry.number.to_string())
            .bind(text::clean_option(entry.reason.as_ref()))
            .bind(text::clean(&entry.source))
            .bind(at(entry.added_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::do_not_call`](crate::store::Store::do_not_call).
    pub async fn do_not_call(&self, number: PhoneNumber) -> Result<Option<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query("SELECT number, reason, source, added_at FROM do_not_call WHERE number = $1")
                .bind(number.to_string())
                .fetch_optional(session.connection())
                .await?;
            session.keep();
            row.as_ref().map(StoredRow::do_not_call).transpose()
        })
        .await
    }

    /// See [`Store::remove_do_not_call`](crate::store::Store::remove_do_not_call).
    pub async fn remove_do_not_call(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query("DELETE FROM do_not_call WHERE number = $1")
                .bind(number.to_string())
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}
