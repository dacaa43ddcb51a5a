//! The address book, its groups, and what the lists of the API need of the
//! do-not-call list.

use jiff::Timestamp;

use super::book::{
    BookEdited, ContactEdit, ContactGroup, ContactId, ContactPlaces, ContactQuery, ContactRemoved, GroupDialed,
    GroupRemoved, GroupStep, GroupTargets, Joined, Saved, SavedContact,
};
use super::listing::{DncQuery, DncRemoval, DncWithdrawal, Listed, Page};
use super::{DoNotCall, Store, StoreError};
use crate::campaign::CampaignId;
use crate::contact::{ContactGroupId, NewContact};
use crate::number::PhoneNumber;

/// Rows written in one transaction: the ledger waits no longer than that.
const STEP: u32 = 2_000;

impl Store {
    // --- saved contacts --------------------------------------------------

    /// Puts contacts into the address book, each number once, and, if one is
    /// named, into a group. A known contact that joins the group gets what is
    /// said of it here, where something is said; any other stays as it is.
    /// `None`: there is no such group.
    ///
    /// In several transactions, each of which a power cut may undo: broken off,
    /// it can be repeated.
    pub async fn save_contacts(
        &self,
        contacts: &[NewContact],
        group: Option<ContactGroupId>,
        now: Timestamp,
    ) -> Result<Option<Saved>, StoreError> {
        let mut all = Saved::default();
        for step in contacts.chunks(STEP as usize) {
            let Some(saved) = on_engine!(self, db => db.save_some_contacts(step, group, now).await)? else {
                return Ok(None);
            };
            let before = all.ids.len();
            all.created += saved.created;
            all.ids.extend(saved.ids);
            all.duplicates.extend(saved.duplicates.into_iter().map(|at| at + before));
        }
        Ok(Some(all))
    }

    /// A page of the address book.
    pub async fn contact_page(&self, query: &ContactQuery, page: Page) -> Result<Listed<SavedContact>, StoreError> {
        on_engine!(self, db => db.contact_page(query, page).await)
    }

    /// One saved contact.
    pub async fn saved_contact(&self, id: ContactId) -> Result<Option<SavedContact>, StoreError> {
        on_engine!(self, db => db.saved_contact(id).await)
    }

    /// Where a contact is, and when it was last called.
    pub async fn contact_places(&self, id: ContactId) -> Result<ContactPlaces, StoreError> {
        on_engine!(self, db => db.contact_places(id).await)
    }

    /// Changes what is known of a saved contact, its number excepted.
    /// Campaigns it is in say what it says now from their next call on.
    pub async fn edit_contact(
        &self,
        id: ContactId,
        edit: &ContactEdit,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        on_engine!(self, db => db.edit_contact(id, edit, now).await)
    }

    /// Takes a contact out of the address book, its groups, and every campaign
    /// that has not called it; in one that has, it is skipped if it waits for
    /// another call. Its calls stay on record, with what was known of it, and
    /// so does its entry on the do-not-call list.
    pub async fn remove_contact(&self, id: ContactId, now: Timestamp) -> Result<ContactRemoved, StoreError> {
        on_engine!(self, db => db.remove_contact(id, now).await)
    }

    // --- contact groups --------------------------------------------------

    /// Adds an empty group; `false`: its name is taken.
    pub async fn add_group(&self, group: &ContactGroup) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_group(group).await)
    }

    /// One group.
    pub async fn group(&self, id: ContactGroupId) -> Result<Option<ContactGroup>, StoreError> {
        on_engine!(self, db => db.group(id).await)
    }

    /// The group with this name, whatever the case.
    pub async fn group_named(&self, name: &str) -> Result<Option<ContactGroup>, StoreError> {
        on_engine!(self, db => db.group_named(name).await)
    }

    /// A page of groups by name; `name`: how it begins.
    pub async fn group_page(
        &self,
        name: Option<&str>,
        descending: bool,
        page: Page,
    ) -> Result<Listed<ContactGroup>, StoreError> {
        on_engine!(self, db => db.group_page(name, descending, page).await)
    }

    /// The positions of groups there are none of.
    pub async fn missing_groups(&self, groups: &[ContactGroupId]) -> Result<Vec<usize>, StoreError> {
        on_engine!(self, db => db.missing_groups(groups).await)
    }

    /// Changes name and description of a group, by its id.
    pub async fn edit_group(
        &self,
        group: &ContactGroup,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<BookEdited, StoreError> {
        on_engine!(self, db => db.edit_group(group, if_version, now).await)
    }

    /// Removes a group unless a campaign that is not in a final state names it;
    /// its contacts stay. Nobody sees it from the first of several transactions
    /// on; what is left of one whose removal was broken off goes with the next.
    pub async fn remove_group(&self, id: ContactGroupId) -> Result<GroupRemoved, StoreError> {
        match on_engine!(self, db => db.condemn_group(id).await)? {
            GroupRemoved::Yes => {}
            refused @ (GroupRemoved::InUse(_) | GroupRemoved::NotFound) => return Ok(refused),
        }
        while !on_engine!(self, db => db.clear_condemned_groups(STEP).await)? {}
        Ok(GroupRemoved::Yes)
    }

    /// Makes saved contacts members of a group, all or none.
    pub async fn join_contacts(
        &self,
        group: ContactGroupId,
        contacts: &[ContactId],
        now: Timestamp,
    ) -> Result<Joined, StoreError> {
        on_engine!(self, db => db.join_contacts(group, contacts, now).await)
    }

    /// Takes a contact out of a group; `false`: it was not in it.
    pub async fn remove_member(&self, group: ContactGroupId, contact: ContactId) -> Result<bool, StoreError> {
        on_engine!(self, db => db.remove_member(group, contact).await)
    }

    /// Makes the members of a group targets of a campaign, due at `now`, in the
    /// order they joined; numbers it has are skipped. Only while its state
    /// allows [`Action::Edit`](crate::campaign::Action::Edit), which each of
    /// several transactions decides: broken off, it leaves a part, and can be
    /// repeated.
    pub async fn dial_group(
        &self,
        campaign: CampaignId,
        group: ContactGroupId,
        now: Timestamp,
    ) -> Result<GroupDialed, StoreError> {
        if self.group(group).await?.is_none() {
            return Ok(GroupDialed::NoGroup);
        }
        let (mut all, mut after) = (GroupTargets::default(), i64::MIN);
        loop {
            match on_engine!(self, db => db.dial_some_of_group(campaign, group, after, STEP, now).await)? {
                GroupStep::More(some, last) => {
                    all.added += some.added;
                    all.duplicates += some.duplicates;
                    all.do_not_call += some.do_not_call;
                    after = last;
                }
                GroupStep::End => return Ok(GroupDialed::Yes(all)),
                GroupStep::Conflict(status) => return Ok(GroupDialed::Conflict(status)),
                GroupStep::NoCampaign => return Ok(GroupDialed::NoCampaign),
            }
        }
    }

    // --- do-not-call -----------------------------------------------------

    /// A page of the do-not-call list.
    pub async fn do_not_call_list(&self, query: &DncQuery, page: Page) -> Result<Listed<DoNotCall>, StoreError> {
        on_engine!(self, db => db.do_not_call_list(query, page).await)
    }

    /// How many of these numbers are on the list, each as often as it stands.
    pub async fn count_do_not_call(&self, numbers: &[PhoneNumber]) -> Result<u64, StoreError> {
        on_engine!(self, db => db.count_do_not_call(numbers).await)
    }

    /// Takes a number off the list, whatever names it; `false`: it was not on
    /// it. What named it, who took it off, when and why is kept for ever.
    pub async fn remove_do_not_call(&self, withdrawal: &DncWithdrawal, now: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, db => db.remove_do_not_call(withdrawal, now).await)
    }

    /// The entries of a number that were taken off, the latest first; 500 at
    /// most.
    pub async fn do_not_call_removals(&self, number: PhoneNumber) -> Result<Vec<DncRemoval>, StoreError> {
        on_engine!(self, db => db.do_not_call_removals(number).await)
    }
}
