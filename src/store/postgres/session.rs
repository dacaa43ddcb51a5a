//! One connection while one operation runs.

use std::future::Future;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Postgres};

use super::StoreError;

/// For an operation, a free connection included. Longer than the server's own
/// limit, so that it is the server that gives up where it can.
pub(super) const OPERATION: Duration = Duration::from_secs(10);

/// Settings of every connection: the server ends statements and transactions
/// nobody waits for any more, and notices a client that is gone, whose locks
/// are then free again. Commits are durable even where the server's default
/// is not.
const PREPARE: &str = "SET statement_timeout = '8s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '15s';
    SET tcp_keepalives_idle = 10;
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '20s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// A connection, prepared.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    prepare(&mut connection).await?;
    Ok(connection)
}

/// Makes a fresh connection one of ours.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(PREPARE).execute(connection).await?;
    Ok(())
}

/// Gives an operation so long and no longer, from now on. Not an `async fn`,
/// which would hold the operation twice: every call's task holds one of these.
pub(super) fn within<T>(
    limit: Duration,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> impl Future<Output = Result<T, StoreError>> {
    let operation = tokio::time::timeout(limit, operation);
    async { operation.await.unwrap_or_else(|_| Err(StoreError::timed_out())) }
}

/// A connection from the pool. It goes back only when told that all went well:
/// one that was left in the middle of something would hold up the next user.
#[derive(Debug)]
pub(super) struct Session {
    connection: PoolConnection<Postgres>,
    clean: bool,
}

impl Session {
    pub(super) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self { connection, clean: false }
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// The operation is done.
    pub(super) fn keep(mut self) {
        self.clean = true;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}
