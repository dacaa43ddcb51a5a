//! A slice of a contact list: which of it is new to the campaign.

use std::collections::HashSet;

use super::ledger::TallyMoves;
use super::model::Added;
use crate::campaign::{CampaignId, TargetStatus};
use crate::contact::NewContact;
use crate::number::PhoneNumber;

/// Contacts to import, and which of them are there already.
#[derive(Debug)]
pub(super) struct Slice<'a> {
    contacts: &'a [NewContact],
    duplicate: Vec<bool>,
}

impl<'a> Slice<'a> {
    /// Duplicates are at first those that stand earlier in the slice.
    pub(super) fn new(contacts: &'a [NewContact]) -> Self {
        let mut seen = HashSet::with_capacity(contacts.len());
        let duplicate = contacts.iter().map(|contact| !seen.insert(contact.number)).collect();
        Self { contacts, duplicate }
    }

    /// The numbers of all of it, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = PhoneNumber> {
        self.contacts.iter().map(|contact| contact.number)
    }

    /// The campaign has the number at this position.
    pub(super) fn known(&mut self, position: i64) {
        if let Some(duplicate) = usize::try_from(position).ok().and_then(|at| self.duplicate.get_mut(at)) {
            *duplicate = true;
        }
    }

    /// What is to be added, in order.
    pub(super) fn fresh(&self) -> Vec<&'a NewContact> {
        let fresh = self.contacts.iter().zip(&self.duplicate).filter(|(_, duplicate)| !**duplicate);
        fresh.map(|(contact, _)| contact).collect()
    }

    /// How adding it moves the campaign's counters.
    pub(super) fn moves(&self, campaign: CampaignId) -> TallyMoves {
        let mut moves = TallyMoves::default();
        moves.added(campaign, TargetStatus::Pending, i64::try_from(self.count()).unwrap_or(i64::MAX));
        moves
    }

    /// What became of it.
    pub(super) fn added(self) -> Added {
        let positions = self.duplicate.iter().enumerate();
        let duplicates = positions.filter_map(|(at, duplicate)| duplicate.then_some(at)).collect();
        Added { added: self.count() as u64, duplicates }
    }

    fn count(&self) -> usize {
        self.duplicate.iter().filter(|duplicate| !**duplicate).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ledger::TallyKind;

    fn contacts(numbers: &[&str]) -> Vec<NewContact> {
        let number = |text| PhoneNumber::from_e164(text).expect("a number");
        numbers.iter().map(|text| NewContact::of(number(text))).collect()
    }

    #[test]
    fn a_number_is_new_once() {
        let contacts = contacts(&["+15550000001", "+15550000002", "+15550000001", "+15550000003"]);
        let mut slice = Slice::new(&contacts);
        slice.known(1);
        assert_eq!(slice.fresh(), [&contacts[0], &contacts[3]]);
        let campaign = CampaignId::new();
        let moves = slice.moves(campaign);
        assert_eq!(moves.iter().collect::<Vec<_>>(), [((campaign, TallyKind::Target, "pending"), 2)]);
        assert_eq!(slice.added(), Added { added: 2, duplicates: vec![1, 2] });
    }

    #[test]
    fn a_position_that_cannot_be_is_nobody() {
        let contacts = contacts(&["+15550000001"]);
        let mut slice = Slice::new(&contacts);
        slice.known(-1);
        slice.known(1);
        assert_eq!(slice.added(), Added { added: 1, duplicates: vec![] });
    }
}
