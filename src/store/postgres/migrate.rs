//! The schema.

use std::time::Duration;

use sqlx::migrate::Migrate;
use sqlx::{Connection, PgConnection};

use super::session::within;
use super::{Postgres, StoreError};
use crate::store::migrations;

/// For all migrations together, on tables of any size, and for waiting until
/// another process has done them.
const MIGRATION: Duration = Duration::from_secs(3600);

impl Postgres {
    /// Applies the migrations that are missing; gives their numbers. Processes
    /// that start together take turns.
    pub async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        let mut connection = self.connect().await?;
        let applied = within(MIGRATION, apply(&mut connection)).await;
        // The lock is the session's: it ends here at the latest.
        let _ = within(Duration::from_secs(5), async { Ok(connection.close().await?) }).await;
        applied
    }
}

async fn apply(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning")
        .execute(&mut *connection)
        .await?;
    connection.lock().await?;
    let applied = migrations::apply(connection, migrations::POSTGRES).await?;
    connection.unlock().await?;
    Ok(applied)
}
