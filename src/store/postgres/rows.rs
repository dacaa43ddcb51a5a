//! How values are kept here.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::store::StoreError;
use crate::store::rows::StoredRow;

/// An instant as stored: to the microsecond.
pub(super) fn at(at: Timestamp) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at).to_sqlx()
}

/// A count as stored.
pub(super) fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl StoredRow for PgRow {
    type Instant = jiff_sqlx::Timestamp;
    type Int = i32;

    fn timestamp(_column: &'static str, stored: Self::Instant) -> Result<Timestamp, StoreError> {
        Ok(stored.to_jiff())
    }

    fn json(&self, column: &'static str) -> Result<Value, StoreError> {
        Ok(self.try_get(column)?)
    }

    fn json_option(&self, column: &'static str) -> Result<Option<Value>, StoreError> {
        Ok(self.try_get(column)?)
    }
}
