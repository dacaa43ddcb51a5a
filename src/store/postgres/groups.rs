//! Groups of saved contacts.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, QueryBuilder, Row};

use super::book::{is_there, take_turns};
use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::contact::ContactGroupId;
use crate::store::book::{BookEdited, ContactGroup, ContactId, GroupRemoved, name_key, range};
use crate::store::book_rows::BookRow;
use crate::store::listing::{Listed, Page};
use crate::store::rows::StoredRow;
use crate::store::text;

const COLUMNS: &str = "SELECT id, name, description, members, created_at, updated_at FROM contact_groups";

/// Campaigns that are not over and name a group.
const USERS: &str = "SELECT name FROM campaigns
    WHERE status IN ('draft', 'scheduled', 'running', 'paused')
        AND settings -> 'contact_group_ids' ? $1
    ORDER BY created_at LIMIT 20";

/// The version of a group, and whether another one has this name.
const VERSION: &str = "SELECT updated_at,
        EXISTS (SELECT 1 FROM contact_groups AS o WHERE o.name_key = $2 AND o.id <> g.id) AS taken
    FROM contact_groups AS g WHERE id = $1 AND NOT condemned FOR UPDATE OF g";

impl Postgres {
    /// See [`Store::add_group`](crate::store::Store::add_group).
    pub async fn add_group(&self, group: &ContactGroup) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO contact_groups (id, name, name_key, description, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (name_key) DO NOTHING",
            )
            .bind(group.id.0)
            .bind(text::clean(&group.name))
            .bind(name_key(&group.name))
            .bind(text::clean_option(group.description.as_ref()))
            .bind(at(group.created_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::group`](crate::store::Store::group).
    pub async fn group(&self, id: ContactGroupId) -> Result<Option<ContactGroup>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut one = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            one.push(" WHERE NOT condemned AND id = ").push_bind(id.0);
            let row = one.build().fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(BookRow::contact_group).transpose()
        })
        .await
    }

    /// See [`Store::group_named`](crate::store::Store::group_named).
    pub async fn group_named(&self, name: &str) -> Result<Option<ContactGroup>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut one = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            one.push(" WHERE NOT condemned AND name_key = ").push_bind(name_key(name));
            let row = one.build().fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(BookRow::contact_group).transpose()
        })
        .await
    }

    /// See [`Store::group_page`](crate::store::Store::group_page).
    pub async fn group_page(
        &self,
        name: Option<&str>,
        descending: bool,
        page: Page,
    ) -> Result<Listed<ContactGroup>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let filter = |query: &mut QueryBuilder<sqlx::Postgres>| {
                query.push(" WHERE NOT condemned");
                if let Some(name) = name {
                    let (from, before) = range(&name_key(name));
                    query.push(" AND name_key >= ").push_bind(from).push(" AND name_key < ").push_bind(before);
                }
            };
            let mut count = QueryBuilder::new("SELECT count(*) FROM contact_groups");
            filter(&mut count);
            let total: i64 = count.build_query_scalar().fetch_one(session.connection()).await?;
            let mut list = QueryBuilder::new(COLUMNS);
            filter(&mut list);
            list.push(" ORDER BY name_key").push(if descending { " DESC" } else { "" });
            list.push(" LIMIT ").push_bind(i64::from(page.limit));
            list.push(" OFFSET ").push_bind(text::stored(page.offset));
            let found = list.build().fetch_all(session.connection()).await?;
            session.keep();
            let items = found.iter().map(BookRow::contact_group).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::missing_groups`](crate::store::Store::missing_groups).
    pub async fn missing_groups(&self, groups: &[ContactGroupId]) -> Result<Vec<usize>, StoreError> {
        let ids: Vec<_> = groups.iter().map(|group| group.0).collect();
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(
                "SELECT j.place FROM UNNEST($1::uuid[]) WITH ORDINALITY AS j (id, place) WHERE NOT EXISTS (
                    SELECT 1 FROM contact_groups AS g WHERE g.id = j.id AND NOT g.condemned) ORDER BY j.place",
            )
            .bind(ids)
            .fetch_all(session.connection())
            .await?;
            session.keep();
            found
                .iter()
                .map(|row| Ok(usize::try_from(row.try_get::<i64, _>("place")? - 1).unwrap_or_default()))
                .collect()
        })
        .await
    }

    /// See [`Store::edit_group`](crate::store::Store::edit_group).
    pub async fn edit_group(
        &self,
        group: &ContactGroup,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let row = sqlx::query(VERSION)
                .bind(group.id.0)
                .bind(name_key(&group.name))
                .fetch_optional(&mut *transaction)
                .await?;
            let facts = row.map(|row| Ok::<_, StoreError>((row.instant("updated_at")?, row.try_get("taken")?)));
            let edited = match facts.transpose()? {
                None => BookEdited::NotFound,
                Some((version, _))
                    if if_version.is_some_and(|known| known.as_microsecond() != version.as_microsecond()) =>
                {
                    BookEdited::Stale
                }
                Some((_, true)) => BookEdited::NameTaken,
                Some((_, false)) => {
                    rename(&mut transaction, group, now).await?;
                    BookEdited::Yes
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(edited)
        })
        .await
    }

    /// The first step of [`Store::remove_group`](crate::store::Store::remove_group):
    /// from here on nobody sees it.
    pub async fn condemn_group(&self, id: ContactGroupId) -> Result<GroupRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let users: Vec<String> =
                sqlx::query_scalar(USERS).bind(id.to_string()).fetch_all(&mut *transaction).await?;
            let removed = if !is_there(&mut transaction, id).await? {
                GroupRemoved::NotFound
            } else if users.is_empty() {
                // Its name is free again.
                sqlx::query("UPDATE contact_groups SET condemned = true, name_key = chr(1114111) || id WHERE id = $1")
                    .bind(id.0)
                    .execute(&mut *transaction)
                    .await?;
                GroupRemoved::Yes
            } else {
                GroupRemoved::InUse(users)
            };
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }

    /// A further step: takes out some members of condemned groups, and at the
    /// end the groups; `true`: there are none any more.
    pub async fn clear_condemned_groups(&self, limit: u32) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let cleared = clear(&mut transaction, limit).await?;
            transaction.commit().await?;
            session.keep();
            Ok(cleared)
        })
        .await
    }

    /// See [`Store::remove_member`](crate::store::Store::remove_member).
    pub async fn remove_member(&self, group: ContactGroupId, contact: ContactId) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let done = sqlx::query(
                "DELETE FROM contact_group_members WHERE contact_id = $2 AND group_id = (
                    SELECT id FROM contact_groups WHERE id = $1 AND NOT condemned)",
            )
            .bind(group.0)
            .bind(contact.0)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("UPDATE contact_groups SET members = members - $2 WHERE id = $1")
                .bind(group.0)
                .bind(text::stored(done.rows_affected()))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}

async fn rename(connection: &mut PgConnection, group: &ContactGroup, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE contact_groups SET name = $2, name_key = $3, description = $4,
             updated_at = greatest($5, updated_at + interval '1 microsecond')
         WHERE id = $1",
    )
    .bind(group.id.0)
    .bind(text::clean(&group.name))
    .bind(name_key(&group.name))
    .bind(text::clean_option(group.description.as_ref()))
    .bind(at(now))
    .execute(connection)
    .await?;
    Ok(())
}

async fn clear(connection: &mut PgConnection, limit: u32) -> Result<bool, StoreError> {
    let group: Option<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM contact_groups WHERE condemned LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let Some(group) = group else { return Ok(true) };
    let done = sqlx::query(
        "DELETE FROM contact_group_members WHERE id IN (
            SELECT id FROM contact_group_members WHERE group_id = $1 ORDER BY id LIMIT $2)",
    )
    .bind(group)
    .bind(i64::from(limit))
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() < u64::from(limit) {
        sqlx::query("DELETE FROM contact_groups WHERE id = $1").bind(group).execute(connection).await?;
    }
    Ok(false)
}
