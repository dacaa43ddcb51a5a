//! What sounds and surveys have in common: pages by name, and the campaigns
//! that need them.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, QueryBuilder};

use super::StoreError;
use crate::store::blocks::{BlockQuery, BlockSort};
use crate::store::listing::Page;
use crate::store::text;

/// Until the transaction ends no campaign changes its state or its settings,
/// not even one that named nothing we looked for before, and nobody else holds
/// them. Comes first in a transaction: what is read afterwards is how it stays.
/// Claims go on.
pub(super) async fn hold_campaigns(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("LOCK TABLE campaigns IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

/// Whether a name is somebody else's.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// A page of a table of named things, and how many of them fit.
pub(super) async fn page(
    connection: &mut PgConnection,
    table: &'static str,
    select: &'static str,
    query: &BlockQuery,
    page: Page,
) -> Result<(Vec<PgRow>, u64), StoreError> {
    let mut count = QueryBuilder::<sqlx::Postgres>::new("SELECT count(*) FROM ");
    count.push(table);
    filter(&mut count, query);
    let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
    let mut list = QueryBuilder::<sqlx::Postgres>::new(select);
    filter(&mut list, query);
    let way = if query.descending { " DESC" } else { "" };
    list.push(match query.sort {
        BlockSort::Name => " ORDER BY name",
        BlockSort::CreatedAt => " ORDER BY created_at",
        BlockSort::UpdatedAt => " ORDER BY updated_at",
    });
    list.push(way).push(", id").push(way);
    list.push(" LIMIT ").push_bind(i64::from(page.limit));
    list.push(" OFFSET ").push_bind(text::stored(page.offset));
    Ok((list.build().fetch_all(connection).await?, text::size(total)))
}

fn filter(to: &mut QueryBuilder<sqlx::Postgres>, query: &BlockQuery) {
    if let Some(name) = &query.name {
        to.push(" WHERE position(").push_bind(text::clean(name).to_lowercase()).push(" IN lower(name)) > 0");
    }
}
