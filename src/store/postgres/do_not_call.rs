//! The do-not-call list.

use std::collections::HashSet;

use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, told};
use crate::number::PhoneNumber;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::text;

/// In order of number: two that add the same ones must not wait for each other.
const ADD: &str = "INSERT INTO do_not_call (number, reason, source, added_at)
    SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS j (number, reason, source, added_at)
    ORDER BY number COLLATE \"C\"
    ON CONFLICT (number) DO NOTHING
    RETURNING number";

/// Nothing sorts before the empty text.
const PAGE: &str =
    "SELECT number, reason, source, added_at FROM do_not_call WHERE number > $1 ORDER BY number LIMIT $2";

impl Postgres {
    /// See [`Store::add_do_not_call`](crate::store::Store::add_do_not_call).
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            add(&mut transaction, std::slice::from_ref(entry)).await?;
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::add_do_not_call_many`](crate::store::Store::add_do_not_call_many).
    pub async fn add_do_not_call_many(&self, entries: &[DoNotCall]) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let added = add(&mut transaction, entries).await?;
            transaction.commit().await?;
            session.keep();
            Ok(added)
        })
        .await
    }

    /// See [`Store::do_not_call_page`](crate::store::Store::do_not_call_page).
    pub async fn do_not_call_page(&self, after: Option<PhoneNumber>, limit: u32) -> Result<Vec<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(PAGE)
                .bind(after.map(|number| number.to_string()).unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(session.connection())
                .await?;
            session.keep();
            found.iter().map(StoredRow::do_not_call).collect()
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
}

/// Writes entries; of those that are there already, nothing. Gives how many
/// were not.
pub(super) async fn add(connection: &mut PgConnection, entries: &[DoNotCall]) -> Result<u64, StoreError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let found: Vec<String> = sqlx::query_scalar(ADD)
        .bind(entries.iter().map(|entry| entry.number.to_string()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| text::clean_option(entry.reason.as_ref())).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| text::clean(&entry.source)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| at(entry.added_at)).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
    if !found.is_empty() && told::any(connection).await? {
        let fresh: HashSet<_> = found.iter().map(String::as_str).collect();
        told::do_not_call(connection, &fresh, entries).await?;
    }
    Ok(found.len() as u64)
}
