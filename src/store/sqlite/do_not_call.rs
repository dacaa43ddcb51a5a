//! The do-not-call list.

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::number::PhoneNumber;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

impl Sqlite {
    /// See [`Store::add_do_not_call`](crate::store::Store::add_do_not_call).
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO do_not_call (number, reason, source, added_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (number) DO NOTHING",
        )
        .bind(entry.number.to_string())
        .bind(text::clean_option(entry.reason.as_ref()))
        .bind(text::clean(&entry.source))
        .bind(micros(entry.added_at))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
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

    /// See [`Store::remove_do_not_call`](crate::store::Store::remove_do_not_call).
    pub async fn remove_do_not_call(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query("DELETE FROM do_not_call WHERE number = ?1")
            .bind(number.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
