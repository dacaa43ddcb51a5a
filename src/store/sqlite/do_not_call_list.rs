//! The do-not-call list as pages, many numbers against it, and what was taken
//! off.

use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::number::PhoneNumber;
use crate::store::book_rows::BookRow;
use crate::store::listing::{DncQuery, DncRemoval, DncSort, DncWithdrawal, Listed, Page};
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

pub(super) const AMONG: &str = "SELECT number, reason, source, added_at, 0 AS place FROM do_not_call
    WHERE number IN (SELECT value FROM json_each(?1))
    UNION ALL
    SELECT number, reason, source, added_at, 1 FROM do_not_call_also
    WHERE number IN (SELECT value FROM json_each(?1))
    ORDER BY number, place, added_at, source";

const COUNT_AMONG: &str = "SELECT count(*) FROM json_each(?1) AS j
    WHERE EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = j.value)";

/// The entry last: what was removed is told the latest first.
const REMEMBER: &str = "INSERT INTO do_not_call_removals
        (number, reason, source, added_at, removed_at, removed_by, removed_reason)
    SELECT number, reason, source, added_at, ?2, ?3, ?4 FROM (
        SELECT number, reason, source, added_at, 1 AS place FROM do_not_call WHERE number = ?1
        UNION ALL
        SELECT number, reason, source, added_at, 0 FROM do_not_call_also WHERE number = ?1
    )
    ORDER BY place, added_at DESC, source DESC";

/// What is beside an entry goes first: nothing may be left of it.
const REMOVE: [&str; 2] =
    ["DELETE FROM do_not_call_also WHERE number = ?1", "DELETE FROM do_not_call WHERE number = ?1"];

impl Sqlite {
    /// See [`Store::remove_do_not_call`](crate::store::Store::remove_do_not_call).
    pub async fn remove_do_not_call(&self, withdrawal: &DncWithdrawal, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let number = withdrawal.number.to_string();
        let done = sqlx::query(REMEMBER)
            .bind(&number)
            .bind(micros(now))
            .bind(text::clean(&withdrawal.by))
            .bind(text::clean_option(withdrawal.reason.as_ref()))
            .execute(&mut *transaction)
            .await?;
        for sql in REMOVE {
            sqlx::query(sql).bind(&number).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::do_not_call_removals`](crate::store::Store::do_not_call_removals).
    pub async fn do_not_call_removals(&self, number: PhoneNumber) -> Result<Vec<DncRemoval>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(
            "SELECT number, reason, source, added_at, removed_at, removed_by, removed_reason
             FROM do_not_call_removals WHERE number = ?1 ORDER BY id DESC LIMIT 500",
        )
        .bind(number.to_string())
        .fetch_all(reader.connection()?)
        .await?;
        found.iter().map(BookRow::dnc_removal).collect()
    }

    /// See [`Store::do_not_call_among`](crate::store::Store::do_not_call_among).
    pub async fn do_not_call_among(&self, numbers: &[PhoneNumber]) -> Result<Vec<DoNotCall>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(AMONG).bind(rows::json(numbers)?).fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::do_not_call).collect()
    }

    /// See [`Store::count_do_not_call`](crate::store::Store::count_do_not_call).
    pub async fn count_do_not_call(&self, numbers: &[PhoneNumber]) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        let count: i64 =
            sqlx::query_scalar(COUNT_AMONG).bind(rows::json(numbers)?).fetch_one(reader.connection()?).await?;
        Ok(text::size(count))
    }

    /// See [`Store::do_not_call_list`](crate::store::Store::do_not_call_list).
    pub async fn do_not_call_list(&self, query: &DncQuery, page: Page) -> Result<Listed<DoNotCall>, StoreError> {
        let mut reader = self.reader().await?;
        let mut count = QueryBuilder::new("SELECT count(*) FROM do_not_call");
        filter(&mut count, query);
        let total: i64 = count.build_query_scalar().fetch_one(reader.connection()?).await?;
        let mut list = QueryBuilder::new("SELECT number, reason, source, added_at FROM do_not_call");
        filter(&mut list, query);
        let way = if query.descending { " DESC" } else { "" };
        match query.sort {
            DncSort::AddedAt => list.push(" ORDER BY added_at").push(way).push(", number").push(way),
            DncSort::Number => list.push(" ORDER BY number").push(way),
        };
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(StoredRow::do_not_call).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }
}

/// The beginnings are what the indexes hold.
fn filter(to: &mut QueryBuilder<sqlx::Sqlite>, query: &DncQuery) {
    to.push(" WHERE true");
    for (column, wanted) in [("source", &query.source), ("reason", &query.reason)] {
        if let Some(wanted) = wanted {
            let beginning: String = wanted.chars().take(100).collect();
            to.push(" AND substr(").push(column).push(", 1, 100) = ").push_bind(beginning);
            // The plus keeps SQLite from putting the value into the expression
            // above, which is that of the index.
            to.push(" AND +").push(column).push(" = ").push_bind(wanted.clone());
        }
    }
    if let Some(from) = query.from {
        to.push(" AND added_at >= ").push_bind(micros(from));
    }
    if let Some(until) = query.until {
        to.push(" AND added_at < ").push_bind(micros(until));
    }
}
