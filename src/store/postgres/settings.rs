//! What was changed of the configuration while the daemon ran.

use jiff::Timestamp;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::settings::Overrides;
use crate::store::listed_rows::ListedRow;
use crate::store::rows::StoredRow;
use crate::store::text;

impl Postgres {
    /// See [`Store::overrides`](crate::store::Store::overrides).
    pub async fn overrides(&self) -> Result<(Overrides, Timestamp), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query("SELECT overrides, updated_at FROM settings WHERE id = 1")
                .fetch_one(session.connection())
                .await?;
            session.keep();
            row.overrides()
        })
        .await
    }

    /// See [`Store::set_overrides`](crate::store::Store::set_overrides).
    pub async fn set_overrides(
        &self,
        overrides: &Overrides,
        by: &str,
        if_version: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(
                "UPDATE settings
                 SET overrides = $1, updated_by = $2, updated_at = greatest($3, updated_at + interval '1 microsecond')
                 WHERE id = 1 AND updated_at = $4 RETURNING updated_at",
            )
            .bind(sqlx::types::Json(overrides))
            .bind(text::clean(by))
            .bind(at(now))
            .bind(at(if_version))
            .fetch_optional(session.connection())
            .await?;
            session.keep();
            row.map(|row| row.instant("updated_at")).transpose()
        })
        .await
    }
}
