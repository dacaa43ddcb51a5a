//! The do-not-call list.

use sqlx::PgConnection;

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
            add(session.connection(), std::slice::from_ref(entry)).await?;
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

/// Writes entries; of those that are there already, nothing.
pub(super) async fn add(connection: &mut PgConnection, entries: &[DoNotCall]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO do_not_call (number, reason, source, added_at)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[])
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(entries.iter().map(|entry| entry.number.to_string()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| text::clean_option(entry.reason.as_ref())).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| text::clean(&entry.source)).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| at(entry.added_at)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
