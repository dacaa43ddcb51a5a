//! Rows of the address book, to what the rest of the program knows: once for
//! both engines.

use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::StoreError;
use super::book::{ContactGroup, ContactId, ContactTarget, LastCall, SavedContact};
use super::listing::DncRemoval;
use super::rows::StoredRow;
use super::text;
use crate::contact::{ContactGroupId, NewContact};

/// A row of either engine.
pub(super) trait BookRow: StoredRow
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
{
    fn saved_contact(&self) -> Result<SavedContact, StoreError> {
        let variables = serde_json::from_value(self.json("variables")?)
            .map_err(|error| StoreError::unreadable("contacts.variables", error))?;
        Ok(SavedContact {
            id: ContactId(self.try_get("id")?),
            contact: NewContact {
                number: self.word("number")?,
                name: self.try_get("name")?,
                email: self.try_get("email")?,
                company: self.try_get("company")?,
                notes: self.try_get("notes")?,
                timezone: self.try_get("timezone")?,
                consent: self.try_get("consent")?,
                variables,
            },
            do_not_call: self.try_get("do_not_call")?,
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
        })
    }

    fn contact_target(&self) -> Result<ContactTarget, StoreError> {
        Ok(ContactTarget {
            campaign: self.campaign_id("campaign_id")?,
            name: self.try_get("name")?,
            campaign_status: self.word("campaign_status")?,
            target: self.target_id("id")?,
            status: self.word("status")?,
        })
    }

    fn last_call(&self) -> Result<LastCall, StoreError> {
        let outcome: Option<&str> = self.try_get("outcome")?;
        Ok(LastCall {
            call: self.call_id("id")?,
            campaign: self.campaign_id("campaign_id")?,
            created_at: self.instant("created_at")?,
            outcome: outcome.map(|outcome| text::word("calls.outcome", outcome)).transpose()?,
        })
    }

    fn contact_group_id(&self) -> Result<ContactGroupId, StoreError> {
        Ok(ContactGroupId(self.try_get("id")?))
    }

    fn contact_group(&self) -> Result<ContactGroup, StoreError> {
        Ok(ContactGroup {
            id: self.contact_group_id()?,
            name: self.try_get("name")?,
            description: self.try_get("description")?,
            members: text::size(self.try_get("members")?),
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
        })
    }

    fn dnc_removal(&self) -> Result<DncRemoval, StoreError> {
        Ok(DncRemoval {
            entry: self.do_not_call()?,
            removed_at: self.instant("removed_at")?,
            removed_by: self.try_get("removed_by")?,
            removed_reason: self.try_get("removed_reason")?,
        })
    }
}

impl BookRow for sqlx::sqlite::SqliteRow {}
impl BookRow for sqlx::postgres::PgRow {}
