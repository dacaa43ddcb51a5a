//! The right to dial: an advisory lock of a session that does nothing else.
//! The server gives it back when the session ends, however that ends.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Row};

use super::session::{OPERATION, prepare, within};
use super::{Postgres, StoreError};
use crate::store::Renewed;

/// "canvassd" in ASCII: the lock's key, within this database.
const KEY: i64 = 0x6361_6e76_6173_7364;

/// The lock as `pg_locks` shows it: the key's halves.
const HELD: &str = "FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32) | l.objid::bigint = $1";

/// Held as long as its session lives.
pub struct Lock {
    options: Arc<PgConnectOptions>,
    /// None: lost, to be taken again.
    session: Option<PgConnection>,
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lock").field("held", &self.session.is_some()).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Takes the right to dial; `owner` is what others see in `pg_stat_activity`.
    pub async fn dialing_lock(&self, owner: &str) -> Result<Lock, StoreError> {
        let options = PgConnectOptions::clone(&self.options).application_name(&application_name(owner));
        let session = within(OPERATION, take(&options)).await?;
        Ok(Lock { options: Arc::new(options), session: Some(session) })
    }
}

impl Lock {
    /// See [`DialingLock::renew`](crate::store::DialingLock::renew).
    pub async fn renew(&mut self) -> Result<Renewed, StoreError> {
        // Out of its place while in doubt: an answer that never comes must not
        // leave half of it in the connection.
        if let Some(mut session) = self.session.take() {
            let held = within(OPERATION, async {
                let row = sqlx::query(sqlx::AssertSqlSafe(format!(
                    "SELECT EXISTS (SELECT 1 {HELD} AND l.pid = pg_backend_pid()) AS held"
                )))
                .bind(KEY)
                .fetch_one(&mut session)
                .await?;
                Ok(row.try_get::<bool, _>("held")?)
            })
            .await;
            if let Ok(true) = held {
                self.session = Some(session);
                return Ok(Renewed::StillHeld);
            }
        }
        self.session = Some(within(OPERATION, take(&self.options)).await?);
        Ok(Renewed::TakenAgain)
    }
}

/// A session that holds the lock.
async fn take(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut session = options.connect().await?;
    prepare(&mut session).await?;
    let row = sqlx::query("SELECT pg_try_advisory_lock($1) AS taken").bind(KEY).fetch_one(&mut session).await?;
    if row.try_get("taken")? {
        return Ok(session);
    }
    let owner = owner(&mut session).await?;
    session.close().await?;
    Err(StoreError::InUse(owner))
}

/// Who holds the lock, as far as this user may see it.
async fn owner(session: &mut PgConnection) -> Result<String, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT a.application_name AS owner FROM pg_stat_activity AS a
         WHERE a.pid IN (SELECT l.pid {HELD}) AND a.application_name <> ''"
    )))
    .bind(KEY)
    .fetch_optional(session)
    .await?;
    Ok(match row {
        Some(row) => row.try_get("owner")?,
        None => "unknown owner".to_owned(),
    })
}

/// The owner as a name the server takes: printable ASCII, 63 bytes.
fn application_name(owner: &str) -> String {
    owner.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(63).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_fits_into_an_application_name() {
        assert_eq!(application_name("canvass 4711 on büro"), "canvass 4711 on b?ro");
        assert_eq!(application_name("a\0b\n"), "a?b?");
        assert_eq!(application_name(&"x".repeat(100)).len(), 63);
    }
}
