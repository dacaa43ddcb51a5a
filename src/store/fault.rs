//! Which of the drivers' errors are worth trying again.

use std::fmt::Display;
use std::io;

use super::StoreError;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if passes(&error) { Self::Away(error) } else { Self::Refused(error) }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as M;
        match error {
            M::Execute(cause) | M::ExecuteMigration(cause, _) if passes(&cause) => Self::Away(cause),
            other => Self::Migration(other),
        }
    }
}

impl StoreError {
    /// The database did not answer in time.
    pub(super) fn timed_out() -> Self {
        Self::Away(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into())
    }

    /// A file beside the database could not be used.
    pub(super) fn io(error: io::Error) -> Self {
        Self::Away(error.into())
    }

    /// A value that this version does not understand.
    pub(super) fn unreadable(what: &'static str, detail: impl Display) -> Self {
        Self::Unreadable { what, detail: detail.to_string() }
    }
}

/// Whether the same request may succeed later: nothing was wrong with it.
fn passes(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
            true
        }
        E::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                code.parse().is_ok_and(sqlite_passes)
            } else {
                postgres_passes(&code)
            }
        }
        // Not an enum of ours: it may grow.
        _ => false,
    }
}

/// Primary result codes (<https://www.sqlite.org/rescode.html>): busy, locked,
/// out of memory, interrupted, I/O error, disk full, cannot open, lock
/// protocol. The extended code carries the primary one in its low byte.
fn sqlite_passes(extended: i32) -> bool {
    matches!(extended & 0xff, 5 | 6 | 7 | 9 | 10 | 13 | 14 | 15)
}

/// SQLSTATE codes (Postgres manual, appendix A): connection exceptions, too few
/// resources, the server's own trouble; then shutdown and restart, statement
/// and lock time-outs, serialization failure, deadlock, and a server that is a
/// read-only standby for the moment.
fn postgres_passes(state: &str) -> bool {
    const CLASSES: [&str; 3] = ["08", "53", "58"];
    const STATES: [&str; 10] =
        ["57014", "57P01", "57P02", "57P03", "57P05", "55P03", "40001", "40P01", "25006", "25P03"];
    CLASSES.iter().any(|class| state.starts_with(class)) || STATES.contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_states() {
        for passing in ["08006", "53300", "57P01", "57P03", "40001", "40P01", "57014", "55P03", "25006"] {
            assert!(postgres_passes(passing), "{passing}");
        }
        for lasting in ["23505", "23503", "23514", "42P01", "42601", "28P01", "3D000", "57P04", "22021", ""] {
            assert!(!postgres_passes(lasting), "{lasting}");
        }
    }

    #[test]
    fn sqlite_codes() {
        // SQLITE_BUSY_SNAPSHOT and SQLITE_IOERR_FSYNC are extended codes.
        for passing in [5, 6, 10, 13, 14, 517, 1034] {
            assert!(sqlite_passes(passing), "{passing}");
        }
        // SQLITE_ERROR, _CORRUPT, _CONSTRAINT, _NOTADB, _CONSTRAINT_UNIQUE.
        for lasting in [1, 11, 19, 26, 2067] {
            assert!(!sqlite_passes(lasting), "{lasting}");
        }
    }

    #[test]
    fn a_lost_connection_passes_and_a_bad_request_does_not() {
        let reset = sqlx::Error::Io(io::ErrorKind::ConnectionReset.into());
        assert!(matches!(StoreError::from(reset), StoreError::Away(_)));
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Away(_)));
        assert!(matches!(StoreError::from(sqlx::Error::RowNotFound), StoreError::Refused(_)));
        let newer = sqlx::migrate::MigrateError::VersionMissing(9);
        assert!(matches!(StoreError::from(newer), StoreError::Migration(_)));
        let away = sqlx::migrate::MigrateError::Execute(sqlx::Error::PoolTimedOut);
        assert!(matches!(StoreError::from(away), StoreError::Away(_)));
    }
}
