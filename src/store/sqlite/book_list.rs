//! Saved contacts as pages, and what is known of one.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

use super::Sqlite;
use crate::store::book::{ContactId, ContactPlaces, ContactQuery, SavedContact};
use crate::store::book_rows::BookRow;
use crate::store::listing::{Listed, Page};
use crate::store::{StoreError, text};

const COLUMNS: &str = "SELECT c.id, c.number, c.name, c.email, c.company, c.notes, c.timezone, c.consent,
        json(c.variables) AS variables, c.created_at, coalesce(c.updated_at, c.created_at) AS updated_at,
        EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = c.number) AS do_not_call
    FROM contacts AS c";

const TARGETS: &str = "SELECT t.id, t.campaign_id, p.name, p.status AS campaign_status, t.status
    FROM campaign_contacts AS t JOIN campaigns AS p ON p.id = t.campaign_id
    WHERE t.contact_id = ?1 ORDER BY t.id DESC LIMIT 100";

/// Ids of calls are in the order of time.
const LAST_CALL: &str = "SELECT c.id, c.campaign_id, c.created_at, c.outcome
    FROM campaign_contacts AS t JOIN calls AS c ON c.id = t.last_call_id
    WHERE t.contact_id = ?1 ORDER BY c.id DESC LIMIT 1";

impl Sqlite {
    /// See [`Store::contact_page`](crate::store::Store::contact_page).
    pub async fn contact_page(&self, query: &ContactQuery, page: Page) -> Result<Listed<SavedContact>, StoreError> {
        let mut reader = self.reader().await?;
        let total = match (&query.group, &query.search) {
            (None, None) => {
                sqlx::query_scalar("SELECT count FROM counters WHERE name = 'saved_contacts'")
                    .fetch_optional(reader.connection()?)
                    .await?
            }
            (Some(group), None) => {
                sqlx::query_scalar("SELECT members FROM contact_groups WHERE id = ?1 AND condemned = 0")
                    .bind(group.0)
                    .fetch_optional(reader.connection()?)
                    .await?
            }
            (_, Some(_)) => {
                let mut count = QueryBuilder::new("SELECT count(*) FROM ");
                filter(&mut count, query);
                Some(count.build_query_scalar().fetch_one(reader.connection()?).await?)
            }
        };
        let total: i64 = total.unwrap_or_default();
        // The page is found in an index; only its own rows are read.
        let mut list = QueryBuilder::new(COLUMNS);
        let found = if query.of_members() { "m.contact_id, m.id AS place" } else { "c.id AS contact_id, 0 AS place" };
        list.push(" JOIN (SELECT ").push(found).push(" FROM ");
        filter(&mut list, query);
        order(&mut list, query, false);
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        list.push(") AS f ON f.contact_id = c.id");
        order(&mut list, query, true);
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(BookRow::saved_contact).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::saved_contact`](crate::store::Store::saved_contact).
    pub async fn saved_contact(&self, id: ContactId) -> Result<Option<SavedContact>, StoreError> {
        let mut reader = self.reader().await?;
        let mut one = QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        one.push(" WHERE c.saved = 1 AND c.id = ").push_bind(id.0);
        let row = one.build().fetch_optional(reader.connection()?).await?;
        row.as_ref().map(BookRow::saved_contact).transpose()
    }

    /// See [`Store::contact_places`](crate::store::Store::contact_places).
    pub async fn contact_places(&self, id: ContactId) -> Result<ContactPlaces, StoreError> {
        let mut reader = self.reader().await?;
        let groups = sqlx::query(
            "SELECT g.id, g.name FROM contact_group_members AS m JOIN contact_groups AS g ON g.id = m.group_id
             WHERE m.contact_id = ?1 AND g.condemned = 0 ORDER BY g.name_key",
        )
        .bind(id.0)
        .fetch_all(reader.connection()?)
        .await?;
        let targets = sqlx::query(TARGETS).bind(id.0).fetch_all(reader.connection()?).await?;
        let call = sqlx::query(LAST_CALL).bind(id.0).fetch_optional(reader.connection()?).await?;
        Ok(ContactPlaces {
            groups: groups
                .iter()
                .map(|row| Ok((row.contact_group_id()?, row.try_get("name")?)))
                .collect::<Result<_, StoreError>>()?,
            campaigns: targets.iter().map(BookRow::contact_target).collect::<Result<_, _>>()?,
            last_call: call.as_ref().map(BookRow::last_call).transpose()?,
        })
    }
}

fn filter(to: &mut QueryBuilder<sqlx::Sqlite>, query: &ContactQuery) {
    if query.of_members() {
        to.push("contact_group_members AS m WHERE m.group_id = ").push_bind(query.group.map(|group| group.0));
    } else {
        to.push("contacts AS c WHERE c.saved = 1");
        if let Some(group) = query.group {
            to.push(
                " AND EXISTS (SELECT 1 FROM contact_group_members AS m WHERE m.contact_id = c.id AND m.group_id = ",
            );
            to.push_bind(group.0).push(")");
        }
    }
    if let Some((column, from, before)) = query.keys() {
        to.push(" AND ").push(column).push(" >= ").push_bind(from);
        to.push(" AND ").push(column).push(" < ").push_bind(before);
    }
}

fn order(to: &mut QueryBuilder<sqlx::Sqlite>, query: &ContactQuery, of_page: bool) {
    to.push(" ORDER BY ");
    let mut columns = to.separated(", ");
    for column in query.order(of_page) {
        columns.push(column).push_unseparated(if query.descending { " DESC" } else { "" });
    }
}
