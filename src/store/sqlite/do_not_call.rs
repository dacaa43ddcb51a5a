//! The do-not-call list.

use std::collections::HashSet;

use sqlx::SqliteConnection;

use super::rows::{self, micros};
use super::{Durability, Sqlite, told};
use crate::number::PhoneNumber;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, dnc, text};

pub(super) const ADD: &str = "INSERT INTO do_not_call (number, reason, source, added_at)
    SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM jsonb_each(?1) AS j WHERE true
    ON CONFLICT (number) DO NOTHING
    RETURNING number";

/// Of numbers that are there with another source.
pub(super) const ADD_BESIDE: &str = "INSERT INTO do_not_call_also (number, source, reason, added_at)
    SELECT j.value ->> 0, j.value ->> 2, j.value ->> 1, j.value ->> 3
    FROM jsonb_each(?1) AS j
    CROSS JOIN do_not_call AS d ON d.number = j.value ->> 0
    WHERE substr(d.source, 1, 100) <> j.value ->> 2
    ON CONFLICT (number, source) DO NOTHING";

/// Nothing sorts before the empty text. One statement, as a source may become
/// the entry meanwhile.
pub(super) const PAGE: &str = "WITH page AS MATERIALIZED (
        SELECT number, reason, source, added_at FROM do_not_call WHERE number > ?1 ORDER BY number LIMIT +?2
    )
    SELECT number, reason, source, added_at, 0 AS place FROM page
    UNION ALL
    SELECT number, reason, source, added_at, 1 FROM do_not_call_also
    WHERE number > ?1 AND number <= (SELECT max(number) FROM page)
    ORDER BY number, place, added_at, source";

impl Sqlite {
    /// See [`Store::add_do_not_call`](crate::store::Store::add_do_not_call).
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        add(&mut transaction, std::slice::from_ref(entry)).await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::add_do_not_call_many`](crate::store::Store::add_do_not_call_many).
    pub async fn add_do_not_call_many(&self, entries: &[DoNotCall]) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let added = add(&mut transaction, entries).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// See [`Store::do_not_call_page`](crate::store::Store::do_not_call_page).
    pub async fn do_not_call_page(&self, after: Option<PhoneNumber>, limit: u32) -> Result<Vec<DoNotCall>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(PAGE)
            .bind(after.map(|number| number.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(reader.connection()?)
            .await?;
        found.iter().map(StoredRow::do_not_call).collect()
    }

    /// See [`Store::do_not_call`](crate::store::Store::do_not_call).
    pub async fn do_not_call(&self, number: PhoneNumber) -> Result<Option<DoNotCall>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query("SELECT number, reason, source, added_at FROM do_not_call WHERE number = ?1")
            .bind(number.to_string())
            .fetch_optional(reader.connection()?)
            .await?;
        row.as_ref().map(StoredRow::do_not_call).transpose()
    }
}

/// Writes entries; of a number that is there already with another source, beside
/// its entry. Gives how many numbers were not there.
pub(super) async fn add(connection: &mut SqliteConnection, entries: &[DoNotCall]) -> Result<u64, StoreError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let lines: Vec<_> = entries.iter().map(|entry| line(entry, |source| source)).collect();
    let found: Vec<String> = sqlx::query_scalar(ADD).bind(rows::json(&lines)?).fetch_all(&mut *connection).await?;
    if !found.is_empty() && told::any(connection).await? {
        let fresh: HashSet<_> = found.iter().map(String::as_str).collect();
        told::do_not_call(connection, &fresh, entries).await?;
    }
    let beside = dnc::beside(entries.iter(), &found);
    if !beside.is_empty() {
        let lines: Vec<_> = beside.into_iter().map(|entry| line(entry, dnc::beginning)).collect();
        sqlx::query(ADD_BESIDE).bind(rows::json(&lines)?).execute(connection).await?;
    }
    Ok(found.len() as u64)
}

/// An entry as [`ADD`] and [`ADD_BESIDE`] take it.
fn line(entry: &DoNotCall, cut: impl Fn(&str) -> &str) -> impl serde::Serialize {
    let reason = text::clean_option(entry.reason.as_ref());
    let source = text::clean(&entry.source);
    (entry.number, reason, cut(&source).to_owned(), micros(entry.added_at))
}
