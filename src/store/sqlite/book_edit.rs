//! Changes to one saved contact.

use jiff::Timestamp;
use sqlx::{Row, SqliteConnection};

use super::book::counted;
use super::rows::micros;
use super::targets::write_tally;
use super::{Durability, Sqlite};
use crate::campaign::{CampaignId, TargetAction, TargetChange, TargetFacts};
use crate::store::book::{BookEdited, ContactEdit, ContactId, ContactRemoved, key};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::model::TargetId;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

const TARGETS: &str = "SELECT t.id, t.campaign_id, t.status, t.due_at IS NOT NULL AS waits,
        p.status AS campaign_status, EXISTS (SELECT 1 FROM calls AS c WHERE c.target_id = t.id) AS called
    FROM campaign_contacts AS t
    JOIN campaigns AS p ON p.id = t.campaign_id
    WHERE t.contact_id = ?1";

impl Sqlite {
    /// See [`Store::edit_contact`](crate::store::Store::edit_contact).
    pub async fn edit_contact(
        &self,
        id: ContactId,
        edit: &ContactEdit,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let version: Option<i64> =
            sqlx::query_scalar("SELECT coalesce(updated_at, created_at) FROM contacts WHERE id = ?1 AND saved = 1")
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some(version) = version else { return Ok(BookEdited::NotFound) };
        if edit.if_version.is_some_and(|known| micros(known) != version) {
            return Ok(BookEdited::Stale);
        }
        let contact = &edit.contact;
        sqlx::query(
            "UPDATE contacts SET name = ?2, email = ?3, company = ?4, notes = ?5, timezone = ?6, consent = ?7,
                 variables = ?8, name_key = ?9, email_key = ?10,
                 updated_at = max(?11, coalesce(updated_at, created_at) + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(text::clean_option(contact.name.as_ref()))
        .bind(text::clean_option(contact.email.as_ref()))
        .bind(text::clean_option(contact.company.as_ref()))
        .bind(text::clean_option(contact.notes.as_ref()))
        .bind(text::clean_option(contact.timezone.as_ref()))
        .bind(text::clean_option(contact.consent.as_ref()))
        .bind(text::variables(&contact.variables).to_string())
        .bind(key(contact.name.as_ref()))
        .bind(key(contact.email.as_ref()))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(BookEdited::Yes)
    }

    /// See [`Store::remove_contact`](crate::store::Store::remove_contact).
    pub async fn remove_contact(&self, id: ContactId, now: Timestamp) -> Result<ContactRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let saved: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM contacts WHERE id = ?1 AND saved = 1)")
            .bind(id.0)
            .fetch_one(&mut *transaction)
            .await?;
        if !saved {
            return Ok(ContactRemoved::NotFound);
        }
        let found = sqlx::query(TARGETS).bind(id.0).fetch_all(&mut *transaction).await?;
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
                    sqlx::query("DELETE FROM campaign_contacts WHERE id = ?1")
                        .bind(target.0)
                        .execute(&mut *transaction)
                        .await?;
                }
                Ok(TargetChange::Settled(status) | TargetChange::Due(status)) => {
                    stays = true;
                    moves.moved(campaign, facts.status, status);
                    sqlx::query(
                        "UPDATE campaign_contacts SET status = ?2, due_at = NULL, updated_at = ?3 WHERE id = ?1",
                    )
                    .bind(target.0)
                    .bind(status.as_str())
                    .bind(micros(now))
                    .execute(&mut *transaction)
                    .await?;
                }
                // Called, and waits for no call: on record.
                Err(_) => stays = true,
            }
        }
        write_tally(&mut transaction, &moves).await?;
        leave_groups(&mut transaction, id).await?;
        let gone = if stays {
            "UPDATE contacts SET saved = 0, name_key = '', email_key = '' WHERE id = ?1"
        } else {
            "DELETE FROM contacts WHERE id = ?1"
        };
        sqlx::query(gone).bind(id.0).execute(&mut *transaction).await?;
        counted(&mut transaction, -1).await?;
        transaction.commit().await?;
        Ok(ContactRemoved::Yes)
    }
}

async fn leave_groups(connection: &mut SqliteConnection, id: ContactId) -> Result<(), StoreError> {
    let groups = sqlx::query("DELETE FROM contact_group_members WHERE contact_id = ?1 RETURNING group_id")
        .bind(id.0)
        .fetch_all(&mut *connection)
        .await?;
    for row in &groups {
        let group: uuid::Uuid = row.try_get("group_id")?;
        sqlx::query("UPDATE contact_groups SET members = members - 1 WHERE id = ?1")
            .bind(group)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
