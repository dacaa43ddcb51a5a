//! What an organization rules for all its campaigns.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Budget;
use super::hours::Weekly;
use super::states::{StateInForce, state_rules};
use crate::campaign::{FrequencyCap, TimeOfDay};
use crate::number::{Region, ZoneMap};

/// The rules of an organization. The default is that of the law in the United
/// States for an organization there; [`Self::laboratory`] has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub(super) legal: Option<Arc<Weekly>>,
    pub(super) countries: Countries,
    pub(super) states: Vec<StateInForce>,
    pub(super) caps: Vec<FrequencyCap>,
    pub(super) require_consent: bool,
    pub(super) map: ZoneMap,
    pub(super) budget: Budget,
    pub(super) private_plan: bool,
    pub(super) decisions_days: Option<u32>,
}

/// Which countries may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countries {
    /// Every one.
    All,
    /// These. `US` includes its territories (AS, GU, MP, PR, VI).
    Only(Vec<Region>),
}

/// The hours in which 47 CFR 64.1200(c)(1) allows telephone solicitations, in
/// minutes from midnight: from 8 a.m. to 9 p.m. of the called party's time.
pub const LEGAL_HOURS: (u16, u16) = (8 * 60, 21 * 60);

/// Days for which decisions are kept if nothing else is said: who sues under the
/// Telephone Consumer Protection Act has four years (28 U.S.C. 1658), and the
/// papers take their time.
pub const DECISIONS_DAYS: u32 = 5 * 365;

impl Default for Organization {
    fn default() -> Self {
        Self {
            legal: Some(Arc::new(Weekly::daily(LEGAL_HOURS.0, LEGAL_HOURS.1))),
            countries: Countries::Only(vec![Region::US]),
            states: Vec::new(),
            caps: Vec::new(),
            require_consent: false,
            map: ZoneMap::builtin(),
            budget: Budget::default(),
            private_plan: false,
            decisions_days: Some(DECISIONS_DAYS),
        }
    }
}

impl Organization {
    /// Without legal hours and for every country: for simulated callees and
    /// laboratories, never for people.
    pub fn laboratory() -> Self {
        Self { legal: None, countries: Countries::All, private_plan: true, ..Self::default() }
    }

    /// Other legal hours, on the recipient's clock; none: there are none.
    pub fn with_legal_hours(self, hours: Option<(TimeOfDay, TimeOfDay)>) -> Self {
        let weekly = |(start, end): (TimeOfDay, TimeOfDay)| Arc::new(Weekly::daily(start.minutes(), end.minutes()));
        Self { legal: hours.map(weekly), ..self }
    }

    /// Other countries.
    pub fn with_countries(self, countries: Countries) -> Self {
        Self { countries, ..self }
    }

    /// With the stricter rules of these states; those without any of their own
    /// change nothing.
    pub fn with_states<'a>(self, states: impl IntoIterator<Item = &'a str>) -> Self {
        let states = states.into_iter().filter_map(state_rules).map(StateInForce::new).collect();
        Self { states, ..self }
    }

    /// With caps for every campaign.
    pub fn with_caps(self, caps: Vec<FrequencyCap>) -> Self {
        Self { caps, ..self }
    }

    /// Whether every campaign needs its contacts' consent.
    pub fn with_consent_required(self, require_consent: bool) -> Self {
        Self { require_consent, ..self }
    }

    /// With other tables of zones.
    pub fn with_map(self, map: ZoneMap) -> Self {
        Self { map, ..self }
    }

    /// Whether numbers are those of a laboratory or a private numbering plan, in
    /// which 911 and the like may be a part of any number.
    pub fn with_private_plan(self, private_plan: bool) -> Self {
        Self { private_plan, ..self }
    }

    /// With what may be called and spent in a day.
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// With other days for which decisions are kept; none: for ever.
    pub fn with_decisions_kept(self, decisions_days: Option<u32>) -> Self {
        Self { decisions_days, ..self }
    }

    /// Decisions from before this instant were kept long enough; none: no one
    /// ever is.
    pub fn decisions_kept_since(&self, now: Timestamp) -> Option<Timestamp> {
        let days = SignedDuration::from_hours(24 * i64::from(self.decisions_days?));
        now.checked_sub(days).ok()
    }

    /// What may be called and spent in a day.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Where numbers are, for this organization.
    pub fn map(&self) -> &ZoneMap {
        &self.map
    }
}
