//! Saved contacts: many at once, into the address book and its groups.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, Row};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::contact::{ContactGroupId, NewContact};
use crate::store::book::{ContactId, Joined, Saved, key};
use crate::store::saving::Saving;
use crate::store::text;

/// For one slice of an import.
const IMPORT: Duration = Duration::from_secs(90);

/// An import may take longer than a claim, and can be repeated after a crash.
const BULK: &str = "SET LOCAL statement_timeout = '60s';
    SET LOCAL lock_timeout = '30s';
    SET LOCAL synchronous_commit = off";

/// Whoever adds to the address book, or takes from it, takes turns: what
/// [`KNOWN`] gives holds until the end of the transaction.
const TAKE_TURNS: &str = "SELECT pg_advisory_xact_lock(hashtextextended('canvass address book', 0))";

/// Positions, from 1, of numbers that are saved, and whether they are in the
/// group.
const KNOWN: &str = "SELECT j.place, c.id, EXISTS (SELECT 1 FROM contact_group_members AS m
        WHERE m.group_id = $2 AND m.number = j.number) AS member
    FROM UNNEST($1::text[]) WITH ORDINALITY AS j (number, place)
    JOIN contacts AS c ON c.number = j.number AND c.saved";

/// The order of the arrays becomes the order of ids.
const ADD: &str = "INSERT INTO contacts (number, name, email, company, notes, timezone, consent, variables, name_key,
        email_key, created_at, updated_at, saved)
    SELECT number, name, email, company, notes, timezone, consent, variables, name_key, email_key, $11, $11, true
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
            $9::text[], $10::text[])
        WITH ORDINALITY AS j (number, name, email, company, notes, timezone, consent, variables, name_key, email_key,
            place)
    ORDER BY place
    RETURNING id, number";

/// What a list says wins; where it says nothing, what was known stays.
const COMPLETE: &str = "UPDATE contacts AS c SET
        name = coalesce(j.name, c.name), email = coalesce(j.email, c.email),
        company = coalesce(j.company, c.company), notes = coalesce(j.notes, c.notes),
        timezone = coalesce(j.timezone, c.timezone), consent = coalesce(j.consent, c.consent),
        variables = c.variables || j.variables,
        name_key = CASE WHEN j.name IS NULL THEN c.name_key ELSE j.name_key END,
        email_key = CASE WHEN j.email IS NULL THEN c.email_key ELSE j.email_key END,
        updated_at = greatest($11, coalesce(c.updated_at, c.created_at) + interval '1 microsecond')
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
            $9::text[], $10::text[])
        AS j (number, name, email, company, notes, timezone, consent, variables, name_key, email_key)
    WHERE c.number = j.number AND c.saved";

const JOIN: &str = "INSERT INTO contact_group_members (group_id, contact_id, number, joined_at)
    SELECT $3, contact, number, $4 FROM UNNEST($1::bigint[], $2::text[]) WITH ORDINALITY AS j (contact, number, place)
    ORDER BY place";

const NUMBERS: &str = "SELECT j.place, c.number, EXISTS (SELECT 1 FROM contact_group_members AS m
        WHERE m.group_id = $2 AND m.number = c.number) AS member
    FROM UNNEST($1::bigint[]) WITH ORDINALITY AS j (contact, place)
    JOIN contacts AS c ON c.id = j.contact AND c.saved";

impl Postgres {
    /// One step of [`Store::save_contacts`](crate::store::Store::save_contacts):
    /// none: there is no such group.
    pub async fn save_some_contacts(
        &self,
        contacts: &[NewContact],
        group: Option<ContactGroupId>,
        now: Timestamp,
    ) -> Result<Option<Saved>, StoreError> {
        within(IMPORT, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::raw_sql(BULK).execute(&mut *transaction).await?;
            take_turns(&mut transaction).await?;
            let there = match group {
                Some(group) => is_there(&mut transaction, group).await?,
                None => true,
            };
            let saved = if there { Some(save(&mut transaction, contacts, group, now).await?) } else { None };
            transaction.commit().await?;
            session.keep();
            Ok(saved)
        })
        .await
    }

    /// See [`Store::join_contacts`](crate::store::Store::join_contacts).
    pub async fn join_contacts(
        &self,
        group: ContactGroupId,
        contacts: &[ContactId],
        now: Timestamp,
    ) -> Result<Joined, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let joined = if is_there(&mut transaction, group).await? {
                join_known(&mut transaction, group, contacts, now).await?
            } else {
                Joined::NotFound
            };
            transaction.commit().await?;
            session.keep();
            Ok(joined)
        })
        .await
    }
}

async fn save(
    connection: &mut PgConnection,
    contacts: &[NewContact],
    group: Option<ContactGroupId>,
    now: Timestamp,
) -> Result<Saved, StoreError> {
    let mut saving = Saving::new(contacts, group.is_some());
    let numbers: Vec<_> = contacts.iter().map(|contact| contact.number.to_string()).collect();
    let known = sqlx::query(KNOWN).bind(numbers).bind(group.map(|group| group.0)).fetch_all(&mut *connection).await?;
    for row in &known {
        saving.known(row.try_get::<i64, _>("place")? - 1, ContactId(row.try_get("id")?), row.try_get("member")?);
    }
    let positions = saving.fresh();
    let fresh: Vec<_> = positions.iter().filter_map(|at| contacts.get(*at)).collect();
    if !fresh.is_empty() {
        let added = statement(ADD, &fresh, now).fetch_all(&mut *connection).await?;
        let mut ids = HashMap::with_capacity(added.len());
        for row in &added {
            ids.insert(row.try_get::<String, _>("number")?, ContactId(row.try_get("id")?));
        }
        for (at, contact) in positions.iter().zip(&fresh) {
            if let Some(id) = ids.get(&contact.number.to_string()) {
                saving.created(*at, *id);
            }
        }
        counted(connection, i64::try_from(added.len()).unwrap_or(i64::MAX)).await?;
    }
    let completed: Vec<_> = saving.completed().into_iter().filter_map(|at| contacts.get(at)).collect();
    if !completed.is_empty() {
        statement(COMPLETE, &completed, now).execute(&mut *connection).await?;
    }
    if let Some(group) = group {
        let joining: Vec<_> = saving.joining().map(|(id, contact)| (id.0, contact.number.to_string())).collect();
        join(connection, group, joining, now).await?;
    }
    Ok(saving.saved())
}

/// A statement about contacts, column by column.
fn statement<'q>(
    sql: &'static str,
    contacts: &[&NewContact],
    now: Timestamp,
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let column = |field: fn(&NewContact) -> Option<&String>| -> Vec<Option<String>> {
        contacts.iter().map(|contact| text::clean_option(field(contact)).map(Into::into)).collect()
    };
    let keys = |field: fn(&NewContact) -> Option<&String>| -> Vec<String> {
        contacts.iter().map(|contact| key(field(contact))).collect()
    };
    sqlx::query(sql)
        .bind(contacts.iter().map(|contact| contact.number.to_string()).collect::<Vec<_>>())
        .bind(column(|contact| contact.name.as_ref()))
        .bind(column(|contact| contact.email.as_ref()))
        .bind(column(|contact| contact.company.as_ref()))
        .bind(column(|contact| contact.notes.as_ref()))
        .bind(column(|contact| contact.timezone.as_ref()))
        .bind(column(|contact| contact.consent.as_ref()))
        .bind(contacts.iter().map(|contact| text::variables(&contact.variables)).collect::<Vec<_>>())
        .bind(keys(|contact| contact.name.as_ref()))
        .bind(keys(|contact| contact.email.as_ref()))
        .bind(at(now))
}

async fn join_known(
    connection: &mut PgConnection,
    group: ContactGroupId,
    contacts: &[ContactId],
    now: Timestamp,
) -> Result<Joined, StoreError> {
    let ids: Vec<_> = contacts.iter().map(|contact| contact.0).collect();
    let found = sqlx::query(NUMBERS).bind(ids).bind(group.0).fetch_all(&mut *connection).await?;
    let mut known: HashMap<i64, (String, bool)> = HashMap::new();
    for row in &found {
        known.insert(row.try_get::<i64, _>("place")? - 1, (row.try_get("number")?, row.try_get("member")?));
    }
    let (joining, joined) = crate::store::saving::joining(contacts, &known);
    join(connection, group, joining, now).await?;
    Ok(joined)
}

/// See [`TAKE_TURNS`].
pub(super) async fn take_turns(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(TAKE_TURNS).execute(connection).await?;
    Ok(())
}

/// Whether a group is there, and not about to go.
pub(super) async fn is_there(connection: &mut PgConnection, group: ContactGroupId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM contact_groups WHERE id = $1 AND NOT condemned)")
        .bind(group.0)
        .fetch_one(connection)
        .await?;
    Ok(found)
}

/// Counts saved contacts that came or went.
pub(super) async fn counted(connection: &mut PgConnection, count: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE counters SET count = count + $1 WHERE name = 'saved_contacts'")
        .bind(count)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes contacts members, in this order; none of them is one.
async fn join(
    connection: &mut PgConnection,
    group: ContactGroupId,
    joining: Vec<(i64, String)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if joining.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(joining.len()).unwrap_or(i64::MAX);
    let (contacts, numbers): (Vec<i64>, Vec<String>) = joining.into_iter().unzip();
    sqlx::query(JOIN).bind(contacts).bind(numbers).bind(group.0).bind(at(now)).execute(&mut *connection).await?;
    sqlx::query("UPDATE contact_groups SET members = members + $2 WHERE id = $1")
        .bind(group.0)
        .bind(count)
        .execute(connection)
        .await?;
    Ok(())
}
