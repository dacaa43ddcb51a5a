//! The address book as the store gives it: saved contacts and their groups.

use jiff::Timestamp;

use super::TargetId;
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::contact::{ContactGroupId, NewContact};

/// Characters of a name or an address that are searched and sorted by: a key
/// of an index must be short.
const KEY: usize = 100;

/// A saved contact's id; the order in which they were saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactId(pub i64);

/// A contact of the address book: its number is there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedContact {
    /// Its id.
    pub id: ContactId,
    /// Who it is.
    pub contact: NewContact,
    /// Its number is on the do-not-call list.
    pub do_not_call: bool,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it last changed; its version.
    pub updated_at: Timestamp,
}

/// Which contacts of the address book, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Only the members of this group.
    pub group: Option<ContactGroupId>,
    /// Only those that begin like this.
    pub search: Option<ContactSearch>,
    /// By what they are sorted, where nothing is searched for: what is found is
    /// in order of what it was searched by. Members of a group are sorted by
    /// number or else in the order they joined.
    pub sort: ContactSort,
    /// The other way round.
    pub descending: bool,
}

impl ContactQuery {
    /// Whether the page is found among the members of a group, which have
    /// numbers and an order of their own.
    pub(super) fn of_members(&self) -> bool {
        self.group.is_some() && matches!(self.search, None | Some(ContactSearch::Number(_)))
    }

    /// The columns of the order: of rows found in an index (`m`: of members, or
    /// else `c`), or of the page made of them (`c`, a member's place in `f`).
    pub(super) fn order(&self, of_page: bool) -> &'static [&'static str] {
        let members = self.of_members();
        let sort = match &self.search {
            Some(ContactSearch::Number(_)) => ContactSort::Number,
            Some(ContactSearch::Name(_)) => ContactSort::Name,
            Some(ContactSearch::Email(_)) => ContactSort::Email,
            None if members && self.sort != ContactSort::Number => ContactSort::Added,
            None => self.sort,
        };
        match sort {
            ContactSort::Added if members && of_page => &["f.place"],
            ContactSort::Added if members => &["m.id"],
            ContactSort::Added => &["c.id"],
            ContactSort::Number if members && !of_page => &["m.number"],
            ContactSort::Number => &["c.number"],
            ContactSort::Name => &["c.name_key", "c.id"],
            ContactSort::Email => &["c.email_key", "c.id"],
        }
    }

    /// What is searched for: the column of its keys, the first of them, and
    /// the first after them.
    pub(super) fn keys(&self) -> Option<(&'static str, String, String)> {
        let (column, beginning) = match self.search.as_ref()? {
            ContactSearch::Number(digits) if self.of_members() => ("m.number", digits.clone()),
            ContactSearch::Number(digits) => ("c.number", digits.clone()),
            ContactSearch::Name(name) => ("c.name_key", key(Some(name))),
            ContactSearch::Email(email) => ("c.email_key", key(Some(email))),
        };
        let (from, before) = range(&beginning);
        Some((column, from, before))
    }
}

/// What contacts are searched by: how a field begins, so that an index finds
/// it among millions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactSearch {
    /// First digits of the number, with plus.
    Number(String),
    /// The beginning of the name, whatever the case.
    Name(String),
    /// The beginning of the e-mail address, whatever the case.
    Email(String),
}

/// What contacts of the address book are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContactSort {
    /// The order they were saved in.
    #[default]
    Added,
    /// Number.
    Number,
    /// Name; those without come first.
    Name,
    /// E-mail address; those without come first.
    Email,
}

/// What became of contacts to be saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Numbers that were not in the address book.
    pub created: u64,
    /// For each one given: which contact it is now.
    pub ids: Vec<ContactId>,
    /// Positions of those nothing was done about: numbers that stood earlier,
    /// that were in the group, or, where none was named, in the address book.
    pub duplicates: Vec<usize>,
}

/// What became of contacts that were to join a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// They are members; the positions of those that were before, or that
    /// stood earlier.
    Yes {
        /// Those positions.
        duplicates: Vec<usize>,
    },
    /// No contacts are at these positions; nothing was done.
    Unknown(Vec<usize>),
    /// There is no such group.
    NotFound,
}

/// A change to a contact: all its fields but the number, which never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEdit {
    /// What it is to be.
    pub contact: NewContact,
    /// Only if this is its version.
    pub if_version: Option<Timestamp>,
}

/// What came of an edit of a contact or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookEdited {
    /// It was made.
    Yes,
    /// It has another version.
    Stale,
    /// Another group has that name.
    NameTaken,
    /// There is no such thing.
    NotFound,
}

/// What came of removing a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactRemoved {
    /// It is gone.
    Yes,
    /// A call to it goes on.
    InCall,
    /// There is no such contact.
    NotFound,
}

/// What else is known of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPlaces {
    /// The groups it is in, by name.
    pub groups: Vec<(ContactGroupId, String)>,
    /// The campaigns it is in, the newest first; 100 at most.
    pub campaigns: Vec<ContactTarget>,
    /// The last call to it in any of them.
    pub last_call: Option<LastCall>,
}

/// A contact in a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactTarget {
    /// The campaign.
    pub campaign: CampaignId,
    /// What that is called.
    pub name: String,
    /// Where that is.
    pub campaign_status: CampaignStatus,
    /// The contact's id in it.
    pub target: TargetId,
    /// Where the contact stands in it.
    pub status: TargetStatus,
}

/// The last call to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCall {
    /// The call.
    pub call: CallId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// When it was placed.
    pub created_at: Timestamp,
    /// How it ended; none: it goes on.
    pub outcome: Option<Outcome>,
}

/// A group of saved contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactGroup {
    /// Its id.
    pub id: ContactGroupId,
    /// What it is called; no two names differ in case alone.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// How many contacts are in it; ignored when it is added.
    pub members: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name or description last changed; its version.
    pub updated_at: Timestamp,
}

/// What came of removing a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRemoved {
    /// It is gone; its contacts stay.
    Yes,
    /// Campaigns that are not over name it: what they are called.
    InUse(Vec<String>),
    /// There is no such group.
    NotFound,
}

/// What came of giving a group's members to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDialed {
    /// They are its targets.
    Yes(GroupTargets),
    /// The campaign's state forbids it. What came before stays.
    Conflict(CampaignStatus),
    /// There is no such campaign.
    NoCampaign,
    /// There is no such group.
    NoGroup,
}

/// Members that became targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupTargets {
    /// New targets.
    pub added: u64,
    /// Numbers the campaign had.
    pub duplicates: u64,
    /// Numbers, new or not, that are on the do-not-call list.
    pub do_not_call: u64,
}

/// One step of the above: up to some thousand members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupStep {
    /// So many more, up to this member.
    More(GroupTargets, i64),
    /// There are no more members.
    End,
    /// See [`GroupDialed::Conflict`].
    Conflict(CampaignStatus),
    /// See [`GroupDialed::NoCampaign`].
    NoCampaign,
}

/// What a text is searched and sorted by.
pub(super) fn key(text: Option<&String>) -> String {
    let text = text.map(|text| super::text::clean(text)).unwrap_or_default();
    text.trim().chars().flat_map(char::to_lowercase).take(KEY).collect()
}

/// What a group's name is compared by: the whole of it.
pub(super) fn name_key(name: &str) -> String {
    super::text::clean(name).trim().to_lowercase()
}

/// The keys that begin like this: from the first on, and before the second.
/// The last character there is stands behind everything that may follow.
pub(super) fn range(beginning: &str) -> (String, String) {
    (beginning.to_owned(), format!("{beginning}\u{10FFFF}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_small_short_and_without_nul() {
        assert_eq!(key(Some(&" Zoë\0 ÄRGER ".to_owned())), "zoë ärger");
        assert_eq!(key(None), "");
        assert_eq!(key(Some(&"x".repeat(1_000))).len(), KEY);
        assert_eq!(key(Some(&"İ".repeat(1_000))).chars().count(), KEY, "two characters each in small letters");
    }

    #[test]
    fn a_range_holds_what_begins_with_it() {
        let (from, before) = range("ann");
        for inside in ["ann", "anna", "ann\u{10FFFE}", "annß"] {
            assert!(from.as_str() <= inside && inside < before.as_str(), "{inside}");
        }
        for outside in ["anm", "ano", "an", ""] {
            assert!(!(from.as_str() <= outside && outside < before.as_str()), "{outside}");
        }
    }
}
