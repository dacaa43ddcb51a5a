//! The campaigns that are running, and whose turn it is.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::pace::Pace;
use super::pool::Pool;
use crate::call::Outcome;
use crate::campaign::{CampaignId, Settings};
use crate::compliance::{Closed, Rules};

/// So many calls in a row that all failed, were refused or had no such number
/// are no chance: a wrong list, a wrong trunk, a blocked caller ID.
pub(super) const SUSPICIOUS: u32 = 30;

/// So many answered calls in a row in which nothing was heard are no chance
/// either: the switch does not find the sounds, or no sound reaches us.
pub(super) const MUTE: u32 = 10;

/// Whether a campaign has targets to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supply {
    /// It may have: ask by claiming.
    Unknown,
    /// The last claim got fewer targets than it asked for.
    Empty,
    /// None before this time.
    DueAt(Timestamp),
}

/// One running campaign.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) settings: Settings,
    /// What decides whom it may call, and when.
    pub(super) rules: Arc<Rules>,
    /// Those who wait were asked about anew under these rules, since it runs.
    asked: Option<Arc<Rules>>,
    /// Its hours are over until then.
    closed_until: Option<Timestamp>,
    pub(super) pool: Pool,
    pub(super) supply: Supply,
    pub(super) in_progress: u32,
    pub(super) planned: u32,
    /// Calls in a row that reached nobody and nothing: see [`Entry::end`].
    bad_in_a_row: u32,
    /// Answered calls in a row in which nothing was heard.
    pub(super) mute_in_a_row: u32,
    /// A look at what remains is under way.
    pub(super) looking: bool,
    /// Looks in a row that found a call in progress which is none of ours.
    pub(super) strange: u32,
    pace: Pace,
}

/// All running campaigns, in the order they take turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    entries: HashMap<CampaignId, Entry>,
    turns: Vec<CampaignId>,
    next: usize,
}

impl Roster {
    /// Takes over the campaigns that are running now. Those that no longer are
    /// leave once their calls have ended; they get no new ones.
    pub(super) fn update(&mut self, running: &[(CampaignId, Settings)]) {
        self.turns = running.iter().map(|(id, _)| *id).collect();
        for (id, settings) in running {
            match self.entries.get_mut(id) {
                Some(entry) => entry.update(settings),
                None => {
                    self.entries.insert(*id, Entry::new(settings.clone()));
                }
            }
        }
        for (_, entry) in self.entries.iter_mut().filter(|(id, _)| !self.turns.contains(id)) {
            entry.asked = None;
        }
        let turns = &self.turns;
        self.entries.retain(|id, entry| turns.contains(id) || !entry.is_idle());
    }

    pub(super) fn get_mut(&mut self, id: CampaignId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// A campaign that no longer runs gets no more turns.
    pub(super) fn stop(&mut self, id: CampaignId) {
        self.turns.retain(|other| *other != id);
        if let Some(entry) = self.entries.get_mut(&id) {
            // Whoever resumes it has looked.
            (entry.bad_in_a_row, entry.mute_in_a_row) = (0, 0);
            entry.asked = None;
        }
    }

    /// Whether the campaign takes turns.
    pub(super) fn is_running(&self, id: CampaignId) -> bool {
        self.turns.contains(&id)
    }

    /// The campaigns in the order of their turns, beginning with whoever is
    /// next; each call begins one later, so that nobody is always first.
    pub(super) fn round(&mut self) -> Vec<CampaignId> {
        if self.turns.is_empty() {
            return Vec::new();
        }
        let first = self.next % self.turns.len();
        self.next = first + 1;
        let (before, after) = self.turns.split_at(first);
        after.iter().chain(before).copied().collect()
    }

    /// Every campaign that takes turns.
    pub(super) fn running(&self) -> impl Iterator<Item = (CampaignId, &Entry)> {
        self.turns.iter().filter_map(|id| self.entries.get(id).map(|entry| (*id, entry)))
    }
}

impl Entry {
    fn new(settings: Settings) -> Self {
        Self {
            pool: Pool::new(&settings),
            pace: Pace::every(settings.start_interval()),
            settings,
            rules: Arc::default(),
            asked: None,
            closed_until: None,
            supply: Supply::Unknown,
            in_progress: 0,
            planned: 0,
            bad_in_a_row: 0,
            mute_in_a_row: 0,
            looking: false,
            strange: 0,
        }
    }

    fn update(&mut self, settings: &Settings) {
        if self.settings != *settings {
            self.pool.update(settings);
            self.pace.set_interval(settings.start_interval());
            self.settings = settings.clone();
        }
    }

    /// Takes over the rules in force, and looks whether its hours are over:
    /// anew each time, as the machine's clock may have been set.
    pub(super) fn govern(&mut self, rules: &Arc<Rules>, now: Timestamp) -> Option<Closed> {
        if self.rules != *rules {
            self.rules = rules.clone();
            // Whoever waits may not have to any more.
            self.supply = Supply::Unknown;
        }
        let closed = self.rules.closed_until(now);
        self.closed_until = match closed {
            Some(Closed::Until(at)) => Some(at),
            Some(Closed::ForGood) | None => None,
        };
        closed
    }

    /// Whether those who wait because of a rule are to be asked about anew: it
    /// runs again, or by other rules. Once.
    pub(super) fn asks_anew(&mut self) -> bool {
        let same = self.asked.as_ref() == Some(&self.rules);
        self.asked = Some(self.rules.clone());
        !same
    }

    /// When it can start its next call, if it is waiting for a time: for its
    /// hours, or for somebody to be due.
    pub(super) fn waits_until(&self) -> Option<Timestamp> {
        let due = match self.supply {
            Supply::DueAt(at) => Some(at),
            Supply::Unknown | Supply::Empty => None,
        };
        due.max(self.closed_until)
    }

    /// Whether its own hours are over.
    fn is_closed(&mut self, now: Timestamp) -> bool {
        if self.closed_until.is_none_or(|until| until <= now) {
            self.closed_until = match self.rules.closed_until(now) {
                Some(Closed::Until(at)) => Some(at),
                // Stopped for it soon; until then nobody is called.
                Some(Closed::ForGood) => return true,
                None => None,
            };
        }
        self.closed_until.is_some()
    }

    /// Whether it wants, and may have, another call now.
    pub(super) fn wants(&mut self, now: Timestamp) -> bool {
        if self.is_closed(now) {
            return false;
        }
        let supply = match self.supply {
            Supply::Unknown => true,
            Supply::Empty => false,
            Supply::DueAt(at) => at <= now,
        };
        supply && self.in_progress + self.planned < self.settings.max_concurrent
    }

    /// When its own pace allows another start.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        self.pace.ready_at(now, self.planned)
    }

    /// A planned call has its target; gives the time from which it may start.
    pub(super) fn start(&mut self, now: Instant) -> Instant {
        self.planned = self.planned.saturating_sub(1);
        self.in_progress += 1;
        self.pace.take(now)
    }

    /// A planned call found no target.
    pub(super) fn release(&mut self) {
        self.planned = self.planned.saturating_sub(1);
    }

    /// A call is over. `true`: so many in a row reached nobody that a person
    /// should look before more are called.
    pub(super) fn end(&mut self, outcome: Outcome) -> bool {
        self.in_progress = self.in_progress.saturating_sub(1);
        match outcome {
            Outcome::Answered | Outcome::Voicemail | Outcome::Busy | Outcome::NoAnswer => {
                self.bad_in_a_row = 0;
                false
            }
            Outcome::Rejected | Outcome::InvalidNumber | Outcome::Failed => {
                self.bad_in_a_row += 1;
                self.bad_in_a_row >= SUSPICIOUS
            }
            // These say nothing of the list.
            Outcome::Congestion | Outcome::Blocked | Outcome::Cancelled | Outcome::Lost => false,
        }
    }

    /// Whether none of its calls is planned or in progress.
    pub(super) fn is_idle(&self) -> bool {
        self.planned == 0 && self.in_progress == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn settings() -> Settings {
        Settings { max_concurrent: 2, ..Settings::default() }
    }

    fn roster(ids: &[CampaignId]) -> Roster {
        let mut roster = Roster::default();
        let running: Vec<_> = ids.iter().map(|id| (*id, settings())).collect();
        roster.update(&running);
        roster
    }

    #[test]
    fn turns_go_round() {
        let ids = [CampaignId::new(), CampaignId::new(), CampaignId::new()];
        let mut roster = roster(&ids);
        assert_eq!(roster.round(), ids);
        assert_eq!(roster.round(), [ids[1], ids[2], ids[0]]);
        roster.stop(ids[1]);
        assert!(!roster.is_running(ids[1]));
        assert_eq!(roster.round().len(), 2);
        assert!(Roster::default().round().is_empty());
    }

    #[test]
    fn a_paused_campaign_stays_until_its_calls_have_ended() {
        let id = CampaignId::new();
        let mut roster = roster(&[id]);
        roster.get_mut(id).expect("known").start(Instant::now());
        roster.update(&[]);
        assert!(roster.round().is_empty());
        let entry = roster.get_mut(id).expect("still known");
        entry.end(Outcome::Answered);
        roster.update(&[]);
        assert!(roster.get_mut(id).is_none());
    }

    #[test]
    fn a_row_of_failures_is_suspicious_and_one_good_call_breaks_it() {
        let mut entry = Entry::new(settings());
        for _ in 0..SUSPICIOUS - 1 {
            assert!(!entry.end(Outcome::InvalidNumber));
        }
        assert!(!entry.end(Outcome::Congestion));
        assert!(entry.end(Outcome::Failed));
        assert!(!entry.end(Outcome::Busy));
        assert!(!entry.end(Outcome::Failed));
    }

    #[test]
    fn limits_and_supply_decide_what_it_wants() {
        let id = CampaignId::new();
        let mut roster = roster(&[id]);
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let entry = roster.get_mut(id).expect("known");
        assert!(entry.wants(now));
        entry.supply = Supply::DueAt(now + Duration::from_secs(1));
        assert!(!entry.wants(now) && entry.wants(now + Duration::from_secs(1)));
        entry.supply = Supply::Unknown;
        (entry.in_progress, entry.planned) = (1, 1);
        assert!(!entry.wants(now));
        entry.in_progress = 0;
        assert!(entry.wants(now));
    }
}
