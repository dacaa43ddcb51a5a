//! Changes to one saved contact.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, Row};

use super::book::{counted, take_turns};
use super::rows::at;
use super::session::{OPERATION, within};
use super::targets::write_tally;
use super::{Postgres, StoreError};
use crate::campaign::{CampaignId, TargetAction, TargetChange, TargetFacts};
use crate::store::book::{BookEdited, ContactEdit, ContactId, ContactRemoved, key};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::model::TargetId;
use crate::store::rows::StoredRow;
use crate::store::text;

/// In order of id, as every statement that locks several.
const TARGETS: &str = "SELECT t.id, t.campaign_id, t.status, t.due_at IS NOT NULL AS waits,
        p.status AS campaign_status, EXISTS (SELECT 1 FROM calls AS c WHERE c.target_id = t.id) AS called
    FROM campaign_contacts AS t
    JOIN campaigns AS p ON p.id = t.campaign_id
    WHERE t.contact_id = $1
    ORDER BY t.id
    FOR UPDATE OF t";

impl Postgres {
    /// See [`Store::edit_contact`](crate::store::Store::edit_contact).
    pub async fn edit_contact(
        &self,
        id: ContactId,
        edit: &ContactEdit,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let row = sqlx::query(
                "SELECT coalesce(updated_at, created_at) AS version FROM contacts WHERE id = $1 AND saved
                 FOR NO KEY UPDATE",
            )
            .bind(id.0)
            .fetch_optional(&mut *transaction)
            .await?;
            let edited = match row.map(|row| row.instant("version")).transpose()? {
                None => BookEdited::NotFound,
                Some(version)
                    if edit.if_version.is_some_and(|known| known.as_microsecond() != version.as_microsecond()) =>
                {
                    BookEdited::Stale
                }
                Some(_) => {
                    update(&mut transaction, id, edit, now).await?;
                    BookEdited::Yes
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(edited)
        })
        .await
    }

    /// See [`Store::remove_contact`](crate::store::Store::remove_contact).
    pub async fn remove_contact(&self, id: ContactId, now: Timestamp) -> Result<ContactRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            take_turns(&mut transaction).await?;
            let removed = remove(&mut transaction, id, now).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn update(
    connection: &mut PgConnection,
    id: ContactId,
    edit: &ContactEdit,
    now: Timestamp,
) -> Result<(), StoreError> {
    let contact = &edit.contact;
    sqlx::query(
        "UPDATE contacts SET name = $2, email = $3, company = $4, notes = $5, timezone = $6, consent = $7,
             variables = $8, name_key = $9, email_key = $10,
             updated_at = greatest($11, coalesce(updated_at, created_at) + interval '1 microsecond')
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(text::clean_option(contact.name.as_ref()))
    .bind(text::clean_option(contact.email.as_ref()))
    .bind(text::clean_option(contact.company.as_ref()))
    .bind(text::clean_option(contact.notes.as_ref()))
    .bind(text::clean_option(contact.timezone.as_ref()))
    .bind(text::clean_option(contact.consent.as_ref()))
    .bind(text::variables(&contact.variables))
    .bind(key(contact.name.as_ref()))
    .bind(key(contact.email.as_ref()))
    .bind(at(now))
    .execute(connection)
    .await?;
    Ok(())
}

async fn remove(connection: &mut PgConnection, id: ContactId, now: Timestamp) -> Result<ContactRemoved, StoreError> {
    // A campaign that is just being given this contact waits, and then has none.
    let saved = sqlx::query("SELECT id FROM contacts WHERE id = $1 AND saved FOR UPDATE")
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    if saved.is_none() {
        return Ok(ContactRemoved::NotFound);
    }
    let found = sqlx::query(TARGETS).bind(id.0).fetch_all(&mut *connection).await?;
    let mut targets: Vec<(TargetId, CampaignId, TargetFacts)> = Vec::new();
    for row in &found {
        targets.push((row.target_id("id")?, row.campaign_id("campaign_id")?, row.target_facts()?));
    }
    if targets.iter().any(|(_, _, facts)| facts.status.in_call()) {
        return Ok(ContactRemoved::InCall);
    }
    let mut moves = TallyMoves::default();
    let mut stays = false;
    for (target, campaign, facts) in targets {
        match TargetAction::Remove.decide(facts).or_else(|_| TargetAction::Skip.decide(facts)) {
            Ok(TargetChange::Gone) => {
                moves.added(campaign, facts.status, -1);
                sqlx::query("DELETE FROM campaign_contacts WHERE id = $1")
                    .bind(target.0)
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(TargetChange::Settled(status) | TargetChange::Due(status)) => {
                stays = true;
                moves.moved(campaign, facts.status, status);
                sqlx::query("UPDATE campaign_contacts SET status = $2, due_at = NULL, updated_at = $3 WHERE id = $1")
                    .bind(target.0)
                    .bind(status.as_str())
                    .bind(at(now))
                    .execute(&mut *connection)
                    .await?;
            }
            // Called, and waits for no call: on record.
            Err(_) => stays = true,
        }
    }
    write_tally(connection, &moves).await?;
    leave_groups(connection, id).await?;
    let gone = if stays {
        "UPDATE contacts SET saved = false, name_key = '', email_key = '' WHERE id = $1"
    } else {
        "DELETE FROM contacts WHERE id = $1"
    };
    sqlx::query(gone).bind(id.0).execute(&mut *connection).await?;
    counted(connection, -1).await?;
    Ok(ContactRemoved::Yes)
}

async fn leave_groups(connection: &mut PgConnection, id: ContactId) -> Result<(), StoreError> {
    let groups = sqlx::query("DELETE FROM contact_group_members WHERE contact_id = $1 RETURNING group_id")
        .bind(id.0)
        .fetch_all(&mut *connection)
        .await?;
    for row in &groups {
        let group: uuid::Uuid = row.try_get("group_id")?;
        sqlx::query("UPDATE contact_groups SET members = members - 1 WHERE id = $1")
            .bind(group)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
