//! The do-not-call list as pages, many numbers against it, and what was taken
//! off.

use jiff::Timestamp;
use sqlx::{Connection, QueryBuilder};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::number::PhoneNumber;
use crate::store::book_rows::BookRow;
use crate::store::listing::{DncQuery, DncRemoval, DncSort, DncWithdrawal, Listed, Page};
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::text;

pub(super) const AMONG: &str =
    "SELECT number, reason, source, added_at, 0 AS place FROM do_not_call WHERE number = ANY($1)
    UNION ALL
    SELECT number, reason, source, added_at, 1 FROM do_not_call_also WHERE number = ANY($1)
    ORDER BY number, place, added_at, source";

const COUNT_AMONG: &str = "SELECT count(*) FROM UNNEST($1::text[]) AS j (number)
    WHERE EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = j.number)";

/// Whoever holds the entry is the one who writes it down, and all that is
/// beside it.
const HOLD: &str = "SELECT 1 FROM do_not_call WHERE number = $1 FOR UPDATE";

/// The entry last: what was removed is told the latest first.
const REMEMBER: &str = "INSERT INTO do_not_call_removals
        (number, reason, source, added_at, removed_at, removed_by, removed_reason)
    SELECT number, reason, source, added_at, $2, $3, $4 FROM (
        SELECT number, reason, source, added_at, 1 AS place FROM do_not_call WHERE number = $1
        UNION ALL
        SELECT number, reason, source, added_at, 0 FROM do_not_call_also WHERE number = $1
    ) AS r
    ORDER BY place, added_at DESC, source DESC";

/// What is beside an entry goes first: nothing may be left of it.
const REMOVE: [&str; 2] =
    ["DELETE FROM do_not_call_also WHERE number = $1", "DELETE FROM do_not_call WHERE number = $1"];

impl Postgres {
    /// See [`Store::remove_do_not_call`](crate::store::Store::remove_do_not_call).
    pub async fn remove_do_not_call(&self, withdrawal: &DncWithdrawal, now: Timestamp) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let number = withdrawal.number.to_string();
            let held = sqlx::query(HOLD).bind(&number).fetch_optional(&mut *transaction).await?.is_some();
            if held {
                sqlx::query(REMEMBER)
                    .bind(&number)
                    .bind(at(now))
                    .bind(text::clean(&withdrawal.by))
                    .bind(text::clean_option(withdrawal.reason.as_ref()))
                    .execute(&mut *transaction)
                    .await?;
                for sql in REMOVE {
                    sqlx::query(sql).bind(&number).execute(&mut *transaction).await?;
                }
            }
            transaction.commit().await?;
            session.keep();
            Ok(held)
        })
        .await
    }

    /// See [`Store::do_not_call_removals`](crate::store::Store::do_not_call_removals).
    pub async fn do_not_call_removals(&self, number: PhoneNumber) -> Result<Vec<DncRemoval>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(
                "SELECT number, reason, source, added_at, removed_at, removed_by, removed_reason
                 FROM do_not_call_removals WHERE number = $1 ORDER BY id DESC LIMIT 500",
            )
            .bind(number.to_string())
            .fetch_all(session.connection())
            .await?;
            session.keep();
            found.iter().map(BookRow::dnc_removal).collect()
        })
        .await
    }

    /// See [`Store::do_not_call_among`](crate::store::Store::do_not_call_among).
    pub async fn do_not_call_among(&self, numbers: &[PhoneNumber]) -> Result<Vec<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(AMONG).bind(written(numbers)).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::do_not_call).collect()
        })
        .await
    }

    /// See [`Store::count_do_not_call`](crate::store::Store::count_do_not_call).
    pub async fn count_do_not_call(&self, numbers: &[PhoneNumber]) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let count: i64 =
                sqlx::query_scalar(COUNT_AMONG).bind(written(numbers)).fetch_one(session.connection()).await?;
            session.keep();
            Ok(text::size(count))
        })
        .await
    }

    /// See [`Store::do_not_call_list`](crate::store::Store::do_not_call_list).
    pub async fn do_not_call_list(&self, query: &DncQuery, page: Page) -> Result<Listed<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut count = QueryBuilder::new("SELECT count(*) FROM do_not_call");
            filter(&mut count, query);
            let total: i64 = count.build_query_scalar().fetch_one(session.connection()).await?;
            let mut list = QueryBuilder::new("SELECT number, reason, source, added_at FROM do_not_call");
            filter(&mut list, query);
            let way = if query.descending { " DESC" } else { "" };
            match query.sort {
                DncSort::AddedAt => list.push(" ORDER BY added_at").push(way).push(", number").push(way),
                DncSort::Number => list.push(" ORDER BY number").push(way),
            };
            list.push(" LIMIT ").push_bind(i64::from(page.limit));
            list.push(" OFFSET ").push_bind(text::stored(page.offset));
            let found = list.build().fetch_all(session.connection()).await?;
            session.keep();
            let items = found.iter().map(StoredRow::do_not_call).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }
}

fn written(numbers: &[PhoneNumber]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

/// The beginnings are what the indexes hold.
fn filter(to: &mut QueryBuilder<sqlx::Postgres>, query: &DncQuery) {
    to.push(" WHERE true");
    for (column, wanted) in [("source", &query.source), ("reason", &query.reason)] {
        if let Some(wanted) = wanted.as_deref().map(text::clean) {
            let beginning: String = wanted.chars().take(100).collect();
            to.push(" AND left(").push(column).push(", 100) = ").push_bind(beginning);
            to.push(" AND ").push(column).push(" = ").push_bind(wanted.into_owned());
        }
    }
    if let Some(from) = query.from {
        to.push(" AND added_at >= ").push_bind(at(from));
    }
    if let Some(until) = query.until {
        to.push(" AND added_at < ").push_bind(at(until));
    }
}
