//! Our own numbers.

use jiff::Timestamp;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::number::PhoneNumber;
use crate::store::model::OwnNumber;
use crate::store::rows::StoredRow;

impl Postgres {
    /// See [`Store::installation`](crate::store::Store::installation).
    pub async fn installation(&self) -> Result<String, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let id = sqlx::query_scalar("SELECT id FROM installation").fetch_one(session.connection()).await?;
            session.keep();
            Ok(id)
        })
        .await
    }

    /// See [`Store::add_numbers`](crate::store::Store::add_numbers).
    pub async fn add_numbers(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<(), StoreError> {
        // In order: two that add the same ones must not wait for each other.
        let mut numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        numbers.sort();
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO phone_numbers (number, added_at) SELECT number, $2 FROM UNNEST($1::text[]) AS j (number)
                 ON CONFLICT (number) DO NOTHING",
            )
            .bind(numbers)
            .bind(at(now))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::numbers`](crate::store::Store::numbers).
    pub async fn numbers(&self) -> Result<Vec<OwnNumber>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found =
                sqlx::query("SELECT * FROM phone_numbers ORDER BY number").fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::own_number).collect()
        })
        .await
    }

    /// See [`Store::set_number_active`](crate::store::Store::set_number_active).
    pub async fn set_number_active(&self, number: PhoneNumber, active: bool) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query("UPDATE phone_numbers SET active = $2 WHERE number = $1")
                .bind(number.to_string())
                .bind(active)
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}
