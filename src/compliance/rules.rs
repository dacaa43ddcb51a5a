//! The rules in force for one campaign: its organization's and its own.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::hours::{self, Weekly, Window};
use super::states::StateInForce;
use super::{Force, Organization, Whereabouts};
use crate::campaign::{CallingHours, FrequencyCap, Settings};
use crate::number::zones::{Place, Zones, zone};

/// Everything that decides whether a campaign may make a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub(super) organization: Arc<Organization>,
    pub(super) calling: Option<Calling>,
    /// The campaign's and the organization's.
    pub(super) caps: Vec<FrequencyCap>,
    pub(super) skip_answered: Option<SignedDuration>,
    pub(super) allow_recalling: bool,
    pub(super) require_consent: bool,
    /// One call is made whatever these rules say.
    pub(super) force: Option<Force>,
}

/// The campaign's own hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Calling {
    /// On one clock for all.
    Fixed(Window),
    /// On each recipient's.
    Recipient(Arc<Weekly>),
}

/// Those of a campaign without any settings: the law's.
impl Default for Rules {
    fn default() -> Self {
        Self::new(Arc::default(), &Settings::default())
    }
}

impl Rules {
    /// The rules of a campaign with these settings.
    pub fn new(organization: Arc<Organization>, settings: &Settings) -> Self {
        let mut caps = organization.caps.clone();
        caps.extend(&settings.frequency_caps);
        let days = i64::from(settings.skip_answered_within_days);
        Self {
            calling: settings.calling_hours.as_ref().map(Calling::new),
            caps,
            skip_answered: (days > 0).then(|| SignedDuration::from_hours(24 * days)),
            allow_recalling: settings.allow_recalling,
            require_consent: settings.require_consent || organization.require_consent,
            organization,
            force: None,
        }
    }

    /// The same, but for one call that is forced.
    pub fn with_force(self, force: Option<Force>) -> Self {
        Self { force, ..self }
    }

    /// None but the do-not-call list and the numbers that are never called: for
    /// simulated callees and laboratories.
    pub fn laboratory() -> Self {
        Self::new(Arc::new(Organization::laboratory()), &Settings::default())
    }

    /// The organization's part.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Calls before this instant decide nothing. A call in progress is never
    /// older than a day.
    pub fn looks_back_to(&self, now: Timestamp) -> Timestamp {
        if !self.allow_recalling {
            return Timestamp::UNIX_EPOCH;
        }
        let day = SignedDuration::from_hours(24);
        let caps = self.caps.iter().map(|cap| day * i32::try_from(cap.days).unwrap_or(i32::MAX));
        let longest = caps.chain(self.skip_answered).max().unwrap_or(day).max(day);
        now.checked_sub(longest).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Until when nobody at all may be called: the campaign's own hours, where
    /// they are on one clock for all. None: somebody may be now.
    pub fn closed_until(&self, now: Timestamp) -> Option<Closed> {
        let Some(Calling::Fixed(window)) = &self.calling else { return None };
        let window = std::slice::from_ref(window);
        match hours::next_opening(window, now) {
            Some(at) if at > now => Some(Closed::Until(at)),
            Some(_) => None,
            None => Some(Closed::ForGood),
        }
    }

    /// When somebody who may be there can first be called, by the hours alone;
    /// none: never.
    pub fn next_opening(&self, at: &Whereabouts, now: Timestamp) -> Option<Timestamp> {
        hours::next_opening(&self.windows(at.zones.as_ref(), self.state(&at.place), Part::All), now)
    }

    /// Whether it matters what time it is at the recipient's.
    pub(super) fn needs_zone(&self) -> bool {
        self.organization.legal.is_some() || matches!(self.calling, Some(Calling::Recipient(_)))
    }

    /// The state's rules, if they are switched on.
    pub(super) fn state(&self, place: &Place) -> Option<&StateInForce> {
        let state = place.state.filter(|_| place.country == Some("US"))?;
        self.organization.states.iter().find(|on| on.rules.state == state)
    }

    /// The windows of a kind that must be open for a call.
    pub(super) fn windows(&self, zones: Option<&Zones>, state: Option<&StateInForce>, part: Part) -> Vec<Window> {
        let is = |one| part == Part::All || part == one;
        let legal = self.organization.legal.as_ref().filter(|_| is(Part::Legal));
        let state = state.filter(|_| is(Part::State));
        let calling = self.calling.as_ref().filter(|_| is(Part::Calling));
        let recipient = match calling {
            Some(Calling::Recipient(weekly)) => Some(weekly),
            Some(Calling::Fixed(_)) | None => None,
        };
        let weeklies = legal.into_iter().chain(state.map(|state| &state.weekly)).chain(recipient);
        let local = |zone: &TimeZone| -> Vec<Window> {
            let windows = weeklies.clone();
            windows.map(|weekly| Window { zone: zone.clone(), weekly: weekly.clone() }).collect()
        };
        let mut windows: Vec<_> = zones.into_iter().flat_map(Zones::iter).flat_map(local).collect();
        if let Some(Calling::Fixed(window)) = calling {
            windows.push(window.clone());
        }
        windows
    }
}

/// Which windows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    All,
    /// The organization's legal hours.
    Legal,
    /// The hours of a state's law.
    State,
    /// The campaign's own.
    Calling,
}

/// A campaign whose hours are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// They begin again then.
    Until(Timestamp),
    /// They never do.
    ForGood,
}

impl Calling {
    fn new(hours: &CallingHours) -> Self {
        let mut weekly = Weekly::default();
        for slot in &hours.slots {
            weekly.add(slot.day.index(), slot.start.minutes(), slot.end.minutes());
        }
        for date in &hours.holidays {
            weekly.close(*date);
        }
        let weekly = Arc::new(weekly);
        if hours.timezone == CallingHours::RECIPIENT {
            return Self::Recipient(weekly);
        }
        match zone(&hours.timezone) {
            Some(zone) => Self::Fixed(Window { zone, weekly }),
            // Refused where settings are checked. Should it happen all the same:
            // never open is safe.
            None => Self::Fixed(Window { zone: TimeZone::UTC, weekly: Arc::default() }),
        }
    }
}
