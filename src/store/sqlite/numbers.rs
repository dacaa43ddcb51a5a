//! Our own numbers.

use jiff::Timestamp;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::number::PhoneNumber;
use crate::store::StoreError;
use crate::store::model::OwnNumber;
use crate::store::rows::StoredRow;

impl Sqlite {
    /// See [`Store::installation`](crate::store::Store::installation).
    pub async fn installation(&self) -> Result<String, StoreError> {
        let mut reader = self.reader().await?;
        Ok(sqlx::query_scalar("SELECT id FROM installation").fetch_one(reader.connection()?).await?)
    }

    /// See [`Store::add_numbers`](crate::store::Store::add_numbers).
    pub async fn add_numbers(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO phone_numbers (number, added_at) SELECT value, ?2 FROM json_each(?1) WHERE true
             ON CONFLICT (number) DO NOTHING",
        )
        .bind(rows::json(numbers)?)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::numbers`](crate::store::Store::numbers).
    pub async fn numbers(&self) -> Result<Vec<OwnNumber>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT * FROM phone_numbers ORDER BY number").fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::own_number).collect()
    }

    /// See [`Store::set_number_active`](crate::store::Store::set_number_active).
    pub async fn set_number_active(&self, number: PhoneNumber, active: bool) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query("UPDATE phone_numbers SET active = ?2 WHERE number = ?1")
            .bind(number.to_string())
            .bind(active)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
