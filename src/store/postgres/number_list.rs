//! Our own numbers, one by one.

use std::borrow::Cow;

use jiff::Timestamp;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Connection, Postgres as Database};

use super::rows::{at, int};
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::caller_id::Limits;
use crate::number::PhoneNumber;
use crate::store::listing::{Listed, Page};
use crate::store::model::{NumberRow, OwnNumber};
use crate::store::rows::StoredRow;
use crate::store::text;

/// What rows of a list say of numbers we have.
const CHANGE_ROWS: &str = "UPDATE phone_numbers AS n SET
        label = coalesce(j.label, n.label), active = coalesce(j.active, n.active),
        daily_cap = coalesce(j.daily_cap, n.daily_cap),
        cool_down_seconds = coalesce(j.cool_down_seconds, n.cool_down_seconds),
        max_concurrent = coalesce(j.max_concurrent, n.max_concurrent)
    FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::int[], $5::int[], $6::int[])
        AS j (number, label, active, daily_cap, cool_down_seconds, max_concurrent)
    WHERE n.number = j.number";

/// Those we have not.
const ADD_ROWS: &str =
    "INSERT INTO phone_numbers (number, label, active, added_at, daily_cap, cool_down_seconds, max_concurrent)
    SELECT number, label, coalesce(active, true), $7, daily_cap, cool_down_seconds, max_concurrent
    FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::int[], $5::int[], $6::int[])
        AS j (number, label, active, daily_cap, cool_down_seconds, max_concurrent)
    ON CONFLICT (number) DO NOTHING";

/// A statement with the rows of a list.
fn with_rows<'q>(sql: &'static str, rows: &[NumberRow]) -> Query<'q, Database, PgArguments> {
    let limits = |of: fn(&Limits) -> Option<u32>| rows.iter().map(|row| of(&row.limits).map(int)).collect::<Vec<_>>();
    sqlx::query(sql)
        .bind(rows.iter().map(|row| row.number.to_string()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| text::clean_option(row.label.as_ref()).map(Cow::into_owned)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.active).collect::<Vec<_>>())
        .bind(limits(|limits| limits.daily_cap))
        .bind(limits(|limits| limits.cool_down_seconds))
        .bind(limits(|limits| limits.max_concurrent))
}

impl Postgres {
    /// See [`Store::take_over_numbers`](crate::store::Store::take_over_numbers).
    pub async fn take_over_numbers(&self, rows: &[NumberRow], now: Timestamp) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            with_rows(CHANGE_ROWS, rows).execute(&mut *transaction).await?;
            let added = with_rows(ADD_ROWS, rows).bind(at(now)).execute(&mut *transaction).await?;
            transaction.commit().await?;
            session.keep();
            Ok(added.rows_affected())
        })
        .await
    }

    /// See [`Store::add_number`](crate::store::Store::add_number).
    pub async fn add_number(&self, number: &OwnNumber, now: Timestamp) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO phone_numbers (number, label, active, added_at, daily_cap, cool_down_seconds, max_concurrent)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (number) DO NOTHING",
            )
            .bind(number.number.to_string())
            .bind(text::clean_option(number.label.as_ref()))
            .bind(number.active)
            .bind(at(now))
            .bind(number.limits.daily_cap.map(int))
            .bind(number.limits.cool_down_seconds.map(int))
            .bind(number.limits.max_concurrent.map(int))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::number_page`](crate::store::Store::number_page).
    pub async fn number_page(&self, page: Page) -> Result<Listed<OwnNumber>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let count = sqlx::query_scalar("SELECT count(*) FROM phone_numbers");
            let total: i64 = count.fetch_one(session.connection()).await?;
            let found = sqlx::query("SELECT * FROM phone_numbers ORDER BY number LIMIT $1 OFFSET $2")
                .bind(i64::from(page.limit))
                .bind(text::stored(page.offset))
                .fetch_all(session.connection())
                .await?;
            session.keep();
            let items = found.iter().map(StoredRow::own_number).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::number`](crate::store::Store::number).
    pub async fn number(&self, number: PhoneNumber) -> Result<Option<OwnNumber>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query("SELECT * FROM phone_numbers WHERE number = $1")
                .bind(number.to_string())
                .fetch_optional(session.connection())
                .await?;
            session.keep();
            found.as_ref().map(StoredRow::own_number).transpose()
        })
        .await
    }

    /// See [`Store::change_number`](crate::store::Store::change_number).
    pub async fn change_number(&self, before: &OwnNumber, after: &OwnNumber) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "UPDATE phone_numbers SET label = $2, active = $3, daily_cap = $4, cool_down_seconds = $5,
                     max_concurrent = $6
                 WHERE number = $1 AND label IS NOT DISTINCT FROM $7 AND active = $8
                     AND daily_cap IS NOT DISTINCT FROM $9 AND cool_down_seconds IS NOT DISTINCT FROM $10
                     AND max_concurrent IS NOT DISTINCT FROM $11",
            )
            .bind(after.number.to_string())
            .bind(text::clean_option(after.label.as_ref()))
            .bind(after.active)
            .bind(after.limits.daily_cap.map(int))
            .bind(after.limits.cool_down_seconds.map(int))
            .bind(after.limits.max_concurrent.map(int))
            .bind(before.label.as_ref())
            .bind(before.active)
            .bind(before.limits.daily_cap.map(int))
            .bind(before.limits.cool_down_seconds.map(int))
            .bind(before.limits.max_concurrent.map(int))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::remove_number`](crate::store::Store::remove_number).
    pub async fn remove_number(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query("DELETE FROM phone_numbers WHERE number = $1")
                .bind(number.to_string())
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}
