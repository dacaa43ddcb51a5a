//! The migrations, carried inside the program: one list of names for both
//! engines, one folder of SQL for each.

use std::collections::HashMap;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType};

/// Where it is noted what has been applied; the name sqlx's own tool uses.
const TABLE: &str = "_sqlx_migrations";

/// `(number, name, SQL)` of every migration of one engine.
macro_rules! embedded {
    ($engine:literal) => {
        embedded!($engine: 1 "0001_campaigns", 2 "0002_targets", 3 "0003_calls", 4 "0004_numbers", 5 "0005_views", 6 "0006_installation", 7 "0007_media", 8 "0008_surveys", 10 "0010_api", 11 "0011_calls_api", 12 "0012_contact_groups", 13 "0013_blocks", 14 "0014_users_settings", 15 "0015_webhooks_audit", 16 "0016_upkeep", 17 "0017_compliance", 18 "0018_caller_ids", 19 "0019_forced", 20 "0020_decisions_kept", 21 "0021_do_not_call_sources")
    };
    ($engine:literal: $($number:literal $name:literal),+) => {
        &[$((
            $number,
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $engine, "/", $name, ".sql")),
        )),+]
    };
}

/// SQLite's.
pub(super) const SQLITE: &[(i64, &str, &str)] = embedded!("sqlite");

/// Postgres'.
pub(super) const POSTGRES: &[(i64, &str, &str)] = embedded!("postgres");

/// Applies what is missing, each in a transaction of its own; gives their
/// numbers. A database with migrations this program does not know, or with
/// others under the same numbers, is left alone.
pub(super) async fn apply<C: Migrate>(
    connection: &mut C,
    migrations: &[(i64, &'static str, &'static str)],
) -> Result<Vec<i64>, MigrateError> {
    connection.ensure_migrations_table(TABLE).await?;
    if let Some(version) = connection.dirty_version(TABLE).await? {
        return Err(MigrateError::Dirty(version));
    }
    let mut applied: HashMap<_, _> = connection
        .list_applied_migrations(TABLE)
        .await?
        .into_iter()
        .map(|known| (known.version, known.checksum))
        .collect();
    let mut missing = Vec::new();
    for (version, name, sql) in migrations {
        let sql = (*sql).into_sql_str();
        let migration = Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false);
        match applied.remove(version) {
            None => missing.push(migration),
            Some(checksum) if checksum == migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(*version)),
        }
    }
    if let Some(newest) = applied.keys().max() {
        return Err(MigrateError::VersionMissing(*newest));
    }
    for migration in &missing {
        connection.apply(TABLE, migration).await?;
    }
    Ok(missing.iter().map(|migration| migration.version).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is in a folder but not in the list would never be applied.
    #[test]
    fn every_file_is_embedded() {
        for (engine, list) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .expect("the folder")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
                .collect();
            files.sort();
            let listed: Vec<_> = list.iter().map(|(_, name, _)| format!("{name}.sql")).collect();
            assert_eq!(files, listed, "{engine}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_names() {
        for (number, name, _) in SQLITE.iter().chain(POSTGRES) {
            assert!(name.starts_with(&format!("{number:04}_")), "{name}");
        }
    }
}
