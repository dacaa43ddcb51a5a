//! How values are kept here.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::rows::StoredRow;

/// An instant as stored.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// An id as it travels in JSON; `unhex()` makes a blob of it.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// Rows as one JSON array, for `jsonb_each`.
pub(super) fn json<T: serde::Serialize>(rows: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))
}

impl StoredRow for SqliteRow {
    type Instant = i64;
    type Int = i64;

    fn timestamp(column: &'static str, stored: Self::Instant) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(stored).map_err(|error| StoreError::unreadable(column, error))
    }

    fn json(&self, column: &'static str) -> Result<Value, StoreError> {
        serde_json::from_str(self.try_get(column)?).map_err(|error| StoreError::unreadable(column, error))
    }

    fn json_option(&self, column: &'static str) -> Result<Option<Value>, StoreError> {
        let stored: Option<&str> = self.try_get(column)?;
        let read = stored.map(serde_json::from_str).transpose();
        read.map_err(|error| StoreError::unreadable(column, error))
    }
}
