//! What sounds and surveys have in common: pages by name.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::store::blocks::{BlockQuery, BlockSort};
use crate::store::listing::Page;
use crate::store::{StoreError, text};

/// A page of a table of named things, and how many of them fit.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    table: &'static str,
    select: &'static str,
    query: &BlockQuery,
    page: Page,
) -> Result<(Vec<SqliteRow>, u64), StoreError> {
    let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT count(*) FROM ");
    count.push(table);
    filter(&mut count, query);
    let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
    let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(select);
    filter(&mut list, query);
    let way = if query.descending { " DESC" } else { "" };
    list.push(match query.sort {
        BlockSort::Name => " ORDER BY name",
        BlockSort::CreatedAt => " ORDER BY created_at",
        BlockSort::UpdatedAt => " ORDER BY updated_at",
    });
    list.push(way).push(", id").push(way);
    list.push(" LIMIT +").push_bind(i64::from(page.limit));
    list.push(" OFFSET ").push_bind(text::stored(page.offset));
    Ok((list.build().fetch_all(connection).await?, text::size(total)))
}

fn filter(to: &mut sqlx::QueryBuilder<sqlx::Sqlite>, query: &BlockQuery) {
    if let Some(name) = &query.name {
        to.push(" WHERE instr(lower(name), ").push_bind(text::clean(name).to_lowercase()).push(") > 0");
    }
}
