//! Saved contacts: many at once, into the address book and its groups.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::rows::{self, micros};
use super::targets::next_id;
use super::{Durability, Sqlite};
use crate::contact::{ContactGroupId, NewContact};
use crate::store::book::{ContactId, Joined, Saved, key};
use crate::store::saving::Saving;
use crate::store::{StoreError, text};

/// Positions, in the array of numbers given, of those that are saved, and
/// whether they are in the group.
const KNOWN: &str = "SELECT j.key, c.id, EXISTS (SELECT 1 FROM contact_group_members AS m
        WHERE m.group_id = ?2 AND m.number = j.value) AS member
    FROM json_each(?1) AS j JOIN contacts AS c ON c.number = j.value AND c.saved = 1";

const ADD: &str = "INSERT INTO contacts (id, number, name, email, company, notes, timezone, consent, variables,
        created_at, updated_at, saved, name_key, email_key)
    SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6,
        j.value ->> 7, j.value -> 8, ?2, ?2, 1, j.value ->> 9, j.value ->> 10
    FROM jsonb_each(?1) AS j";

/// What a list says wins; where it says nothing, what was known stays.
const COMPLETE: &str = "UPDATE contacts SET
        name = coalesce(j.value ->> 2, name), email = coalesce(j.value ->> 3, email),
        company = coalesce(j.value ->> 4, company), notes = coalesce(j.value ->> 5, notes),
        timezone = coalesce(j.value ->> 6, timezone), consent = coalesce(j.value ->> 7, consent),
        variables = json_patch(variables, j.value -> 8),
        name_key = CASE WHEN j.value ->> 2 IS NULL THEN name_key ELSE j.value ->> 9 END,
        email_key = CASE WHEN j.value ->> 3 IS NULL THEN email_key ELSE j.value ->> 10 END,
        updated_at = max(?2, coalesce(updated_at, created_at) + 1)
    FROM jsonb_each(?1) AS j
    WHERE contacts.id = j.value ->> 0";

const JOIN: &str = "INSERT INTO contact_group_members (group_id, contact_id, number, joined_at)
    SELECT ?2, j.value ->> 0, j.value ->> 1, ?3 FROM jsonb_each(?1) AS j ORDER BY j.key";

const NUMBERS: &str = "SELECT j.key, c.number, EXISTS (SELECT 1 FROM contact_group_members AS m
        WHERE m.group_id = ?2 AND m.number = c.number) AS member
    FROM json_each(?1) AS j JOIN contacts AS c ON c.id = j.value AND c.saved = 1";

impl Sqlite {
    /// One step of [`Store::save_contacts`](crate::store::Store::save_contacts):
    /// none: there is no such group.
    pub async fn save_some_contacts(
        &self,
        contacts: &[NewContact],
        group: Option<ContactGroupId>,
        now: Timestamp,
    ) -> Result<Option<Saved>, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        if let Some(group) = group
            && !is_there(&mut transaction, group).await?
        {
            return Ok(None);
        }
        let mut saving = Saving::new(contacts, group.is_some());
        let numbers: Vec<_> = contacts.iter().map(|contact| contact.number).collect();
        let known = sqlx::query(KNOWN)
            .bind(rows::json(&numbers)?)
            .bind(group.map(|group| group.0))
            .fetch_all(&mut *transaction)
            .await?;
        for row in &known {
            saving.known(row.try_get("key")?, ContactId(row.try_get("id")?), row.try_get("member")?);
        }
        let mut next = next_id(&mut transaction, "contacts").await?;
        for at in saving.fresh() {
            saving.created(at, ContactId(next));
            next += 1;
        }
        let lines = |positions: &[usize]| -> Vec<_> {
            let line = |at: &usize| saving.at(*at).map(|(id, contact)| line(id, contact));
            positions.iter().filter_map(line).collect()
        };
        let (fresh, completed) = (lines(saving.created_at()), lines(&saving.completed()));
        if !fresh.is_empty() {
            sqlx::query(ADD).bind(rows::json(&fresh)?).bind(micros(now)).execute(&mut *transaction).await?;
            let count = i64::try_from(fresh.len()).unwrap_or(i64::MAX);
            counted(&mut transaction, count).await?;
        }
        if !completed.is_empty() {
            sqlx::query(COMPLETE).bind(rows::json(&completed)?).bind(micros(now)).execute(&mut *transaction).await?;
        }
        if let Some(group) = group {
            let joining: Vec<_> = saving.joining().map(|(id, contact)| (id.0, contact.number.to_string())).collect();
            join(&mut transaction, group, &joining, now).await?;
        }
        transaction.commit().await?;
        Ok(Some(saving.saved()))
    }

    /// See [`Store::join_contacts`](crate::store::Store::join_contacts).
    pub async fn join_contacts(
        &self,
        group: ContactGroupId,
        contacts: &[ContactId],
        now: Timestamp,
    ) -> Result<Joined, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        if !is_there(&mut transaction, group).await? {
            return Ok(Joined::NotFound);
        }
        let ids: Vec<_> = contacts.iter().map(|contact| contact.0).collect();
        let found = sqlx::query(NUMBERS).bind(rows::json(&ids)?).bind(group.0).fetch_all(&mut *transaction).await?;
        let mut known: HashMap<i64, (String, bool)> = HashMap::new();
        for row in &found {
            known.insert(row.try_get("key")?, (row.try_get("number")?, row.try_get("member")?));
        }
        let (joining, joined) = crate::store::saving::joining(contacts, &known);
        if matches!(joined, Joined::Yes { .. }) {
            join(&mut transaction, group, &joining, now).await?;
            transaction.commit().await?;
        }
        Ok(joined)
    }
}

/// A contact as the statements take it.
fn line(id: ContactId, contact: &NewContact) -> impl serde::Serialize + use<'_> {
    (
        id.0,
        contact.number,
        text::clean_option(contact.name.as_ref()),
        text::clean_option(contact.email.as_ref()),
        text::clean_option(contact.company.as_ref()),
        text::clean_option(contact.notes.as_ref()),
        text::clean_option(contact.timezone.as_ref()),
        text::clean_option(contact.consent.as_ref()),
        text::variables(&contact.variables),
        key(contact.name.as_ref()),
        key(contact.email.as_ref()),
    )
}

/// Whether a group is there, and not about to go.
pub(super) async fn is_there(connection: &mut SqliteConnection, group: ContactGroupId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM contact_groups WHERE id = ?1 AND condemned = 0)")
        .bind(group.0)
        .fetch_one(connection)
        .await?;
    Ok(found)
}

/// Counts saved contacts that came or went.
pub(super) async fn counted(connection: &mut SqliteConnection, count: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE counters SET count = count + ?1 WHERE name = 'saved_contacts'")
        .bind(count)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes contacts members, in this order; none of them is one.
async fn join(
    connection: &mut SqliteConnection,
    group: ContactGroupId,
    joining: &[(i64, String)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if joining.is_empty() {
        return Ok(());
    }
    sqlx::query(JOIN).bind(rows::json(joining)?).bind(group.0).bind(micros(now)).execute(&mut *connection).await?;
    sqlx::query("UPDATE contact_groups SET members = members + ?2 WHERE id = ?1")
        .bind(group.0)
        .bind(i64::try_from(joining.len()).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}
