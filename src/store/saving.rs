//! Contacts to be saved: which of them are new, known, or there twice.

use std::collections::{HashMap, HashSet};

use super::book::{ContactId, Joined, Saved};
use crate::contact::NewContact;
use crate::number::PhoneNumber;

/// A slice of contacts on its way into the address book.
#[derive(Debug)]
pub(super) struct Saving<'a> {
    contacts: &'a [NewContact],
    /// They are to join a group, too.
    joins: bool,
    ids: Vec<Option<ContactId>>,
    /// The first position of each number.
    first: HashMap<PhoneNumber, usize>,
    /// Members of the group already.
    member: Vec<bool>,
    created: Vec<usize>,
}

impl<'a> Saving<'a> {
    pub(super) fn new(contacts: &'a [NewContact], joins: bool) -> Self {
        let mut first = HashMap::with_capacity(contacts.len());
        for (at, contact) in contacts.iter().enumerate() {
            first.entry(contact.number).or_insert(at);
        }
        let (ids, member) = (vec![None; contacts.len()], vec![false; contacts.len()]);
        Self { contacts, joins, ids, first, member, created: Vec::new() }
    }

    /// The number at this position is saved.
    pub(super) fn known(&mut self, position: i64, id: ContactId, member: bool) {
        let Ok(at) = usize::try_from(position) else { return };
        if let (Some(known), Some(is_member)) = (self.ids.get_mut(at), self.member.get_mut(at)) {
            (*known, *is_member) = (Some(id), member);
        }
    }

    /// The positions of new numbers, each once, in order.
    pub(super) fn fresh(&self) -> Vec<usize> {
        self.firsts().filter(|at| self.ids.get(*at).is_some_and(Option::is_none)).collect()
    }

    /// The contact at this position is new, and this one now.
    pub(super) fn created(&mut self, at: usize, id: ContactId) {
        if let Some(known) = self.ids.get_mut(at) {
            *known = Some(id);
            self.created.push(at);
        }
    }

    /// The positions of the new ones.
    pub(super) fn created_at(&self) -> &[usize] {
        &self.created
    }

    /// Known contacts that the list may say more of: those that join.
    pub(super) fn completed(&self) -> Vec<usize> {
        let created: HashSet<_> = self.created.iter().collect();
        self.taken().filter(|at| !created.contains(at)).collect()
    }

    /// Who joins the group, in order.
    pub(super) fn joining(&self) -> impl Iterator<Item = (ContactId, &'a NewContact)> {
        self.taken().filter_map(|at| self.at(at))
    }

    /// A contact, and which one it is.
    pub(super) fn at(&self, at: usize) -> Option<(ContactId, &'a NewContact)> {
        Some(((*self.ids.get(at)?)?, self.contacts.get(at)?))
    }

    /// What became of them.
    pub(super) fn saved(self) -> Saved {
        let taken: HashSet<_> = self.taken().collect();
        let id = |contact: &NewContact| {
            let at = self.first.get(&contact.number)?;
            *self.ids.get(*at)?
        };
        Saved {
            created: self.created.len() as u64,
            ids: self.contacts.iter().filter_map(id).collect(),
            duplicates: (0..self.contacts.len()).filter(|at| !taken.contains(at)).collect(),
        }
    }

    fn firsts(&self) -> impl Iterator<Item = usize> {
        let first = |(at, contact): (usize, &NewContact)| (self.first.get(&contact.number) == Some(&at)).then_some(at);
        self.contacts.iter().enumerate().filter_map(first)
    }

    /// Those with which something is done: who joins, or is new where nobody
    /// does.
    fn taken(&self) -> impl Iterator<Item = usize> {
        let created: HashSet<_> = self.created.iter().copied().collect();
        self.firsts().filter(move |at| {
            let member = self.member.get(*at).copied().unwrap_or_default();
            if self.joins { !member } else { created.contains(at) }
        })
    }
}

/// Which of these contacts join a group, with their numbers, and what that is
/// to be called. `known`: by position, the number and whether it is a member.
pub(super) fn joining(contacts: &[ContactId], known: &HashMap<i64, (String, bool)>) -> (Vec<(i64, String)>, Joined) {
    let (mut joining, mut duplicates, mut unknown, mut seen) = (Vec::new(), Vec::new(), Vec::new(), HashSet::new());
    for (at, contact) in contacts.iter().enumerate() {
        match i64::try_from(at).ok().and_then(|at| known.get(&at)) {
            None => unknown.push(at),
            Some((number, member)) => {
                if *member || !seen.insert(contact) {
                    duplicates.push(at);
                } else {
                    joining.push((contact.0, number.clone()));
                }
            }
        }
    }
    if unknown.is_empty() { (joining, Joined::Yes { duplicates }) } else { (Vec::new(), Joined::Unknown(unknown)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contacts(numbers: &[&str]) -> Vec<NewContact> {
        let number = |text| PhoneNumber::from_e164(text).expect("a number");
        numbers.iter().map(|text| NewContact::of(number(text))).collect()
    }

    #[test]
    fn a_new_number_is_saved_once() {
        let contacts = contacts(&["+15550000001", "+15550000002", "+15550000001", "+15550000003"]);
        let mut saving = Saving::new(&contacts, false);
        saving.known(1, ContactId(7), false);
        assert_eq!(saving.fresh(), [0, 3]);
        saving.created(0, ContactId(8));
        saving.created(3, ContactId(9));
        assert!(saving.completed().is_empty(), "without a group nothing is said about a known one");
        let ids = [8, 7, 8, 9].map(ContactId).to_vec();
        assert_eq!(saving.saved(), Saved { created: 2, ids, duplicates: vec![1, 2] });
    }

    #[test]
    fn a_known_one_joins_and_a_member_does_not() {
        let contacts = contacts(&["+15550000001", "+15550000002", "+15550000003", "+15550000002"]);
        let mut saving = Saving::new(&contacts, true);
        saving.known(0, ContactId(7), true);
        saving.known(1, ContactId(8), false);
        saving.known(3, ContactId(8), false);
        saving.known(-1, ContactId(1), false);
        saving.known(4, ContactId(1), false);
        for at in saving.fresh() {
            saving.created(at, ContactId(9));
        }
        assert_eq!(saving.completed(), [1]);
        assert_eq!(saving.joining().map(|(id, _)| id.0).collect::<Vec<_>>(), [8, 9]);
        let ids = [7, 8, 9, 8].map(ContactId).to_vec();
        assert_eq!(saving.saved(), Saved { created: 1, ids, duplicates: vec![0, 3] });
    }

    #[test]
    fn nobody_joins_if_somebody_is_unknown() {
        let known = HashMap::from([(0, ("+15550000001".to_owned(), false)), (2, ("+15550000002".to_owned(), true))]);
        let ids = [ContactId(1), ContactId(5), ContactId(2)];
        assert_eq!(joining(&ids, &known), (Vec::new(), Joined::Unknown(vec![1])));
        let known = HashMap::from([(0, ("+15550000001".to_owned(), false)), (1, ("+15550000001".to_owned(), false))]);
        let ids = [ContactId(1), ContactId(1)];
        let (joining, joined) = joining(&ids, &known);
        assert_eq!((joining.len(), joined), (1, Joined::Yes { duplicates: vec![1] }));
    }
}
