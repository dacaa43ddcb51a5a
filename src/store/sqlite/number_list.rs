//! Our own numbers and the do-not-call list, as pages and one by one.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::number::PhoneNumber;
use crate::store::listing::{Listed, Page};
use crate::store::model::{DoNotCall, OwnNumber};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

impl Sqlite {
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

    /// See [`Store::set_number`](crate::store::Store::set_number).
    pub async fn set_number(&self, number: &OwnNumber) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE phone_numbers SET label = ?2, active = ?3, daily_cap = ?4, cool_down_seconds = ?5,
                 max_concurrent = ?6 WHERE number = ?1",
        )
        .bind(number.number.to_string())
        .bind(text::clean_option(number.label.as_ref()))
        .bind(number.active)
        .bind(number.limits.daily_cap)
        .bind(number.limits.cool_down_seconds)
        .bind(number.limits.max_concurrent)
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

    /// See [`Store::do_not_call_list`](crate::store::Store::do_not_call_list).
    pub async fn do_not_call_list(&self, page: Page, newest: bool) -> Result<Listed<DoNotCall>, StoreError> {
        let mut reader = self.reader().await?;
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM do_not_call").fetch_one(reader.connection()?).await?;
        let sql = if newest {
            "SELECT number, reason, source, added_at FROM do_not_call ORDER BY added_at DESC, number LIMIT ?1 OFFSET ?2"
        } else {
            "SELECT number, reason, source, added_at FROM do_not_call ORDER BY number LIMIT ?1 OFFSET ?2"
        };
        let found: Vec<SqliteRow> = sqlx::query(sql)
            .bind(i64::from(page.limit))
            .bind(text::stored(page.offset))
            .fetch_all(reader.connection()?)
            .await?;
        let items = found.iter().map(StoredRow::do_not_call).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }
}
