//! The schema: made once, the same on both engines, never older than itself.

use canvass::store::StoreError;

use crate::bench::{Bench, on_both_engines};

on_both_engines!(a_schema_is_made_once, a_newer_schema_is_refused, a_changed_migration_is_refused);

async fn a_schema_is_made_once(bench: &Bench) {
    assert_eq!(bench.store.migrate().await.unwrap(), Vec::<i64>::new());
    assert_eq!(bench.open().await.migrate().await.unwrap(), Vec::<i64>::new());
    bench.store.ping().await.unwrap();
    bench.store.close().await;
    let closed = bench.store.campaigns().await;
    assert!(matches!(closed, Err(StoreError::Away(_))), "{closed:?}");
    assert_eq!(bench.open().await.campaigns().await.unwrap(), []);
}

async fn a_newer_schema_is_refused(bench: &Bench) {
    bench
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', true, 'x', 0)",
        )
        .await;
    let refused = bench.store.migrate().await;
    let Err(StoreError::Migration(error)) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("9999"), "{error}");
}

async fn a_changed_migration_is_refused(bench: &Bench) {
    bench.execute("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 1").await;
    assert!(matches!(bench.store.migrate().await, Err(StoreError::Migration(_))));
}

/// From nothing, and at once with others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_from_nothing() {
    from_nothing(&Bench::empty_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_from_nothing() {
    if let Some(bench) = Bench::empty_postgres("schema::postgres_from_nothing").await {
        from_nothing(&bench).await;
    }
}

async fn from_nothing(bench: &Bench) {
    let mut stores = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = bench.open().await;
        stores.spawn(async move { store.migrate().await.unwrap() });
    }
    let mut applied: Vec<_> = stores.join_all().await.into_iter().flatten().collect();
    applied.sort();
    let files = std::fs::read_dir(format!("{}/migrations/sqlite", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut numbers: Vec<i64> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()[..4].parse().unwrap()).collect();
    numbers.sort();
    assert_eq!(applied, numbers, "each by one of them");
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// Tables and views with their columns, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_columns() {
    let Some(postgres) = Bench::postgres("schema::both_engines_have_the_same_columns").await else { return };
    let sqlite = Bench::sqlite().await;
    let in_sqlite = "SELECT s.name || '.' || c.name, c.cid + 1 FROM sqlite_schema AS s
         JOIN pragma_table_info(s.name) AS c
         WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite_%' AND s.name NOT LIKE '_sqlx_%'";
    let in_postgres = "SELECT table_name || '.' || column_name, ordinal_position::bigint
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx\\_%'";
    let (mut in_sqlite, mut in_postgres) =
        (sqlite.pairs(in_sqlite.into()).await, postgres.pairs(in_postgres.into()).await);
    in_sqlite.sort();
    in_postgres.sort();
    assert!(in_sqlite.len() > 80, "{in_sqlite:?}");
    assert_eq!(in_sqlite, in_postgres);
}

/// People with psql are owed an explanation of every column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_in_postgres_has_a_comment() {
    let Some(postgres) = Bench::postgres("schema::every_column_in_postgres_has_a_comment").await else { return };
    let silent = "SELECT c.relname || '.' || a.attname, 0::bigint FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE '\\_sqlx\\_%'
             AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)";
    assert_eq!(postgres.pairs(silent.into()).await, []);
}
