//! Groups of saved contacts.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::contact::ContactGroupId;
use crate::store::book::{BookEdited, ContactGroup, ContactId, GroupRemoved, name_key, range};
use crate::store::book_rows::BookRow;
use crate::store::listing::{Listed, Page};
use crate::store::{StoreError, text};

const COLUMNS: &str = "SELECT id, name, description, members, created_at, updated_at FROM contact_groups";

/// Campaigns that are not over and name a group.
const USERS: &str = "SELECT name FROM campaigns
    WHERE status IN ('draft', 'scheduled', 'running', 'paused')
        AND EXISTS (SELECT 1 FROM json_each(settings, '$.contact_group_ids') AS j WHERE j.value = ?1)
    ORDER BY created_at LIMIT 20";

impl Sqlite {
    /// See [`Store::add_group`](crate::store::Store::add_group).
    pub async fn add_group(&self, group: &ContactGroup) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO contact_groups (id, name, name_key, description, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(group.id.0)
        .bind(text::clean(&group.name))
        .bind(name_key(&group.name))
        .bind(text::clean_option(group.description.as_ref()))
        .bind(micros(group.created_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::group`](crate::store::Store::group).
    pub async fn group(&self, id: ContactGroupId) -> Result<Option<ContactGroup>, StoreError> {
        let mut reader = self.reader().await?;
        let mut one = QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        one.push(" WHERE condemned = 0 AND id = ").push_bind(id.0);
        let row = one.build().fetch_optional(reader.connection()?).await?;
        row.as_ref().map(BookRow::contact_group).transpose()
    }

    /// See [`Store::group_named`](crate::store::Store::group_named).
    pub async fn group_named(&self, name: &str) -> Result<Option<ContactGroup>, StoreError> {
        let mut reader = self.reader().await?;
        let mut one = QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        one.push(" WHERE condemned = 0 AND name_key = ").push_bind(name_key(name));
        let row = one.build().fetch_optional(reader.connection()?).await?;
        row.as_ref().map(BookRow::contact_group).transpose()
    }

    /// See [`Store::group_page`](crate::store::Store::group_page).
    pub async fn group_page(
        &self,
        name: Option<&str>,
        descending: bool,
        page: Page,
    ) -> Result<Listed<ContactGroup>, StoreError> {
        let mut reader = self.reader().await?;
        let filter = |query: &mut QueryBuilder<sqlx::Sqlite>| {
            query.push(" WHERE condemned = 0");
            if let Some(name) = name {
                let (from, before) = range(&name_key(name));
                query.push(" AND name_key >= ").push_bind(from).push(" AND name_key < ").push_bind(before);
            }
        };
        let mut count = QueryBuilder::new("SELECT count(*) FROM contact_groups");
        filter(&mut count);
        let total: i64 = count.build_query_scalar().fetch_one(reader.connection()?).await?;
        let mut list = QueryBuilder::new(COLUMNS);
        filter(&mut list);
        list.push(" ORDER BY name_key").push(if descending { " DESC" } else { "" });
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(BookRow::contact_group).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::missing_groups`](crate::store::Store::missing_groups).
    pub async fn missing_groups(&self, groups: &[ContactGroupId]) -> Result<Vec<usize>, StoreError> {
        let mut reader = self.reader().await?;
        let ids: Vec<_> = groups.iter().map(|group| rows::hex(group.0)).collect();
        let found = sqlx::query(
            "SELECT j.key FROM json_each(?1) AS j WHERE NOT EXISTS (
                SELECT 1 FROM contact_groups AS g WHERE g.id = unhex(j.value) AND g.condemned = 0) ORDER BY j.key",
        )
        .bind(rows::json(&ids)?)
        .fetch_all(reader.connection()?)
        .await?;
        found.iter().map(|row| Ok(usize::try_from(row.try_get::<i64, _>("key")?).unwrap_or_default())).collect()
    }

    /// See [`Store::edit_group`](crate::store::Store::edit_group).
    pub async fn edit_group(
        &self,
        group: &ContactGroup,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let version: Option<i64> =
            sqlx::query_scalar("SELECT updated_at FROM contact_groups WHERE id = ?1 AND condemned = 0")
                .bind(group.id.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some(version) = version else { return Ok(BookEdited::NotFound) };
        if if_version.is_some_and(|known| micros(known) != version) {
            return Ok(BookEdited::Stale);
        }
        let done = sqlx::query(
            "UPDATE OR IGNORE contact_groups SET name = ?2, name_key = ?3, description = ?4,
                 updated_at = max(?5, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(group.id.0)
        .bind(text::clean(&group.name))
        .bind(name_key(&group.name))
        .bind(text::clean_option(group.description.as_ref()))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if done.rows_affected() > 0 { BookEdited::Yes } else { BookEdited::NameTaken })
    }

    /// The first step of [`Store::remove_group`](crate::store::Store::remove_group):
    /// from here on nobody sees it.
    pub async fn condemn_group(&self, id: ContactGroupId) -> Result<GroupRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let users: Vec<String> = sqlx::query_scalar(USERS).bind(id.to_string()).fetch_all(&mut *transaction).await?;
        // Its name is free again.
        let done = sqlx::query(
            "UPDATE contact_groups SET condemned = 1, name_key = char(0x10FFFF) || hex(id) WHERE id = ?1 AND condemned = 0",
        )
        .bind(id.0)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(GroupRemoved::NotFound);
        }
        if !users.is_empty() {
            return Ok(GroupRemoved::InUse(users));
        }
        transaction.commit().await?;
        Ok(GroupRemoved::Yes)
    }

    /// A further step: takes out some members of condemned groups, and at the
    /// end the groups; `true`: there are none any more.
    pub async fn clear_condemned_groups(&self, limit: u32) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let group: Option<Vec<u8>> = sqlx::query_scalar("SELECT id FROM contact_groups WHERE condemned = 1 LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(group) = group else { return Ok(true) };
        let done = sqlx::query(
            "DELETE FROM contact_group_members WHERE id IN (
                SELECT id FROM contact_group_members WHERE group_id = ?1 ORDER BY id LIMIT +?2)",
        )
        .bind(&group)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() < u64::from(limit) {
            sqlx::query("DELETE FROM contact_groups WHERE id = ?1").bind(&group).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(false)
    }

    /// See [`Store::remove_member`](crate::store::Store::remove_member).
    pub async fn remove_member(&self, group: ContactGroupId, contact: ContactId) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "DELETE FROM contact_group_members WHERE contact_id = ?2 AND group_id = (
                SELECT id FROM contact_groups WHERE id = ?1 AND condemned = 0)",
        )
        .bind(group.0)
        .bind(contact.0)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("UPDATE contact_groups SET members = members - 1 WHERE id = ?1")
            .bind(group.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}
