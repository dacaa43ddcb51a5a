//! Our own numbers, one by one.

use jiff::Timestamp;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::caller_id::Limits;
use crate::number::PhoneNumber;
use crate::store::listing::{Listed, Page};
use crate::store::model::{NumberRow, OwnNumber};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// What rows of a list say of numbers we have.
const CHANGE_ROWS: &str = "UPDATE phone_numbers SET
        label = coalesce(j.value ->> 1, label), active = coalesce(j.value ->> 2, active),
        daily_cap = coalesce(j.value ->> 3, daily_cap),
        cool_down_seconds = coalesce(j.value ->> 4, cool_down_seconds),
        max_concurrent = coalesce(j.value ->> 5, max_concurrent)
    FROM jsonb_each(?1) AS j
    WHERE number = j.value ->> 0";

/// Those we have not.
const ADD_ROWS: &str =
    "INSERT INTO phone_numbers (number, label, active, added_at, daily_cap, cool_down_seconds, max_concurrent)
    SELECT j.value ->> 0, j.value ->> 1, coalesce(j.value ->> 2, 1), ?2, j.value ->> 3, j.value ->> 4, j.value ->> 5
    FROM jsonb_each(?1) AS j WHERE true
    ON CONFLICT (number) DO NOTHING";

impl Sqlite {
    /// See [`Store::take_over_numbers`](crate::store::Store::take_over_numbers).
    pub async fn take_over_numbers(&self, list: &[NumberRow], now: Timestamp) -> Result<u64, StoreError> {
        let line = |row: &NumberRow| {
            let Limits { daily_cap, cool_down_seconds, max_concurrent } = row.limits;
            let label = text::clean_option(row.label.as_ref()).map(|label| label.into_owned());
            (row.number, label, row.active, daily_cap, cool_down_seconds, max_concurrent)
        };
        let lines = rows::json(&list.iter().map(line).collect::<Vec<_>>())?;
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(CHANGE_ROWS).bind(&lines).execute(&mut *transaction).await?;
        let added = sqlx::query(ADD_ROWS).bind(&lines).bind(micros(now)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(added.rows_affected())
    }

    /// See [`Store::add_number`](crate::store::Store::add_number).
    pub async fn add_number(&self, number: &OwnNumber, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO phone_numbers (number, label, active, added_at, daily_cap, cool_down_seconds, max_concurrent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (number) DO NOTHING",
        )
        .bind(number.number.to_string())
        .bind(text::clean_option(number.label.as_ref()))
        .bind(number.active)
        .bind(micros(now))
        .bind(number.limits.daily_cap)
        .bind(number.limits.cool_down_seconds)
        .bind(number.limits.max_concurrent)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::number_page`](crate::store::Store::number_page).
    pub async fn number_page(&self, page: Page) -> Result<Listed<OwnNumber>, StoreError> {
        let mut reader = self.reader().await?;
        let connection = reader.connection()?;
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM phone_numbers").fetch_one(&mut *connection).await?;
        let found = sqlx::query("SELECT * FROM phone_numbers ORDER BY number LIMIT +?1 OFFSET ?2")
            .bind(i64::from(page.limit))
            .bind(text::stored(page.offset))
            .fetch_all(connection)
            .await?;
        let items = found.iter().map(StoredRow::own_number).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::number`](crate::store::Store::number).
    pub async fn number(&self, number: PhoneNumber) -> Result<Option<OwnNumber>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM phone_numbers WHERE number = ?1")
            .bind(number.to_string())
            .fetch_optional(reader.connection()?)
            .await?;
        found.as_ref().map(StoredRow::own_number).transpose()
    }

    /// See [`Store::change_number`](crate::store::Store::change_number).
    pub async fn change_number(&self, before: &OwnNumber, after: &OwnNumber) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE phone_numbers SET label = ?2, active = ?3, daily_cap = ?4, cool_down_seconds = ?5,
                 max_concurrent = ?6
             WHERE number = ?1 AND label IS ?7 AND active = ?8 AND daily_cap IS ?9 AND cool_down_seconds IS ?10
                 AND max_concurrent IS ?11",
        )
        .bind(after.number.to_string())
        .bind(text::clean_option(after.label.as_ref()))
        .bind(after.active)
        .bind(after.limits.daily_cap)
        .bind(after.limits.cool_down_seconds)
        .bind(after.limits.max_concurrent)
        .bind(before.label.as_ref())
        .bind(before.active)
        .bind(before.limits.daily_cap)
        .bind(before.limits.cool_down_seconds)
        .bind(before.limits.max_concurrent)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::remove_number`](crate::store::Store::remove_number).
    pub async fn remove_number(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query("DELETE FROM phone_numbers WHERE number = ?1")
            .bind(number.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
