//! The store on Postgres.
//!
//! Nothing here waits for ever: each operation has a limit of its own, on both
//! ends (`statement_timeout`), and a connection on which one failed is closed,
//! not used again. Many rows travel as arrays, one per column (`UNNEST`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{Connection, PgConnection, PgPool};

use super::StoreError;
use session::{OPERATION, Session, within};

mod agents;
mod answers;
mod api_keys;
mod audit;
mod blocks;
mod book;
mod book_edit;
mod book_list;
mod call_list;
mod calls;
mod calls_api;
mod campaign_edit;
mod campaigns;
mod dnc_sources;
mod do_not_call;
mod do_not_call_list;
mod group_targets;
mod groups;
mod idempotency;
mod launch;
mod ledger;
mod lock;
mod media;
mod migrate;
mod number_audit;
mod number_list;
mod number_use;
mod numbers;
mod recordings;
mod rows;
mod session;
mod settings;
mod surveys;
mod target_list;
mod targets;
mod told;
mod upkeep;
mod uploads;
mod users;
mod webhooks;

pub(super) use lock::Lock;

/// Connections of one process, the dialing lock's not counted.
const CONNECTIONS: u32 = 8;
/// For a connection to be there: a free one, or a new one.
const CONNECT: Duration = Duration::from_secs(4);

/// A Postgres database. Cheap to clone; clones share its connections.
#[derive(Clone)]
pub struct Postgres {
    options: Arc<PgConnectOptions>,
    pool: PgPool,
}

/// Shows no password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects once, so that a wrong address or password shows here.
    pub async fn open(url: &SecretString) -> Result<Self, StoreError> {
        let options = options(url)?;
        let connection = within(CONNECT, async { Ok(session::connect(&options).await?) }).await?;
        // It did its work; that it also says good-bye is only polite.
        let _ = within(CONNECT, async { Ok(connection.close().await?) }).await;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT)
            .after_connect(|connection, _| Box::pin(session::prepare(connection)))
            .connect_lazy_with(options.clone());
        Ok(Self { options: Arc::new(options), pool })
    }

    /// Asks the server for an answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        within(CONNECT, async {
            let mut session = self.session().await?;
            session.connection().ping().await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// Closes every connection, of every clone.
    pub async fn close(&self) {
        // A server that is gone must not hold up the end of the program.
        let _ = tokio::time::timeout(CONNECT, self.pool.close()).await;
    }

    /// A connection from the pool.
    async fn session(&self) -> Result<Session, StoreError> {
        // Large, as it may have to connect; and part of every operation.
        Ok(Session::new(Box::pin(self.pool.acquire()).await?))
    }

    /// All rows a query gives.
    async fn rows_of(
        &self,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = query.fetch_all(session.connection()).await?;
            session.keep();
            Ok(found)
        })
        .await
    }

    /// A connection beside the pool.
    async fn connect(&self) -> Result<PgConnection, StoreError> {
        within(CONNECT, async { Ok(session::connect(&self.options).await?) }).await
    }
}

/// Reads the URL. What is wrong with it is told without showing it.
fn options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let text = url.expose_secret();
    if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        let expected = "expected postgres://user:password@host:port/database";
        return Err(StoreError::Refused(sqlx::Error::Configuration(expected.into())));
    }
    let options = PgConnectOptions::from_str(text)
        .map_err(|_| StoreError::Refused(sqlx::Error::Configuration("the postgres:// URL cannot be read".into())))?;
    Ok(if options.get_application_name().is_some() { options } else { options.application_name("canvass") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(url: &str) -> SecretString {
        SecretString::from(url.to_owned())
    }

    #[test]
    fn no_error_shows_the_password() {
        for url in [
            "mysql://canvass:hunter2@db/canvass",
            "canvass:hunter2@db",
            "postgres://canvass:hunter2@db:notaport/canvass",
            "postgres://canvass:hunter2@db/canvass?sslmode=hunter2",
        ] {
            let error = options(&secret(url)).expect_err("an error");
            assert!(matches!(error, StoreError::Refused(_)));
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_away() {
        // Port 1 is not listened on.
        let error = Postgres::open(&secret("postgres://canvass:hunter2@127.0.0.1:1/canvass")).await;
        let error = error.expect_err("an error");
        assert!(matches!(error, StoreError::Away(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
