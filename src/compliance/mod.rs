//! The gate every call passes: may this number be called, by this campaign, at
//! this instant? Pure: what is known is an argument, and so is the time.
//!
//! | module | holds |
//! |---|---|
//! | `rule` | the rules, by name |
//! | `organization`, `rules` | which are in force: for everybody, for a campaign |
//! | `destination` | countries, and numbers that are never called |
//! | `consent` | only with consent |
//! | `frequency` | how often, and how soon again |
//! | `hours` | windows of local time, and when they are open together |
//! | `states` | stricter rules of single states |
//! | `budget` | calls and money of a day |
//! | `force` | test calls that an administrator forces |
//! | `record` | a decision, as it is kept |
//!
//! Rules that forbid a call for good are asked first; of the others the first
//! is named, and the target waits until all of them allow it.

use jiff::Timestamp;

use crate::number::PhoneNumber;
use crate::number::zones::{Place, Zones, zone};

mod budget;
mod consent;
mod destination;
mod force;
mod frequency;
mod hours;
mod organization;
mod record;
mod rule;
mod rules;
mod states;

pub use budget::{Budget, Spent, Tariff};
pub use force::{Force, Overridden, forbidding};
pub use organization::{Countries, DECISIONS_DAYS, LEGAL_HOURS, Organization};
pub use record::{Record, Verdict};
pub use rule::{Rule, UnknownRule};
use rules::Part;
pub use rules::{Closed, Rules};
pub use states::{STATES, StateRules, state_rules};

/// Whom a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The number.
    pub number: PhoneNumber,
    /// The contact's own zone, as the list says it.
    pub timezone: Option<&'a str>,
    /// The contact's consent, as the list says it.
    pub consent: Option<&'a str>,
}

/// A call to the same number before, of any campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastCall {
    /// When it was claimed.
    pub at: Timestamp,
    /// It rang, or may have.
    pub attempt: bool,
    /// When a person answered.
    pub answered_at: Option<Timestamp>,
    /// It has no end yet.
    pub in_progress: bool,
}

/// What is known of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// It is on the do-not-call list.
    pub do_not_call: bool,
    /// Its calls since [`Rules::looks_back_to`], in any order.
    pub history: &'a [PastCall],
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The call may be made.
    Allow {
        /// Before this instant, when a window closes; none: at least for days.
        until: Option<Timestamp>,
    },
    /// A rule forbids it, but an administrator wants it made.
    Forced {
        /// Before this instant.
        until: Timestamp,
    },
    /// It may not.
    Block {
        /// Which rule says so.
        rule: Rule,
        /// From then on all rules would allow it, as far as is known now;
        /// none: it is never made.
        until: Option<Timestamp>,
    },
}

/// Where a target may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The country and the state of the number.
    pub place: Place,
    /// The zones that count; none: nobody knows.
    pub zones: Option<Zones>,
    /// They are the contact's own.
    pub own: bool,
}

/// Where a target may be: its own zone, else its number's.
pub fn whereabouts(target: &Target<'_>, rules: &Rules) -> Whereabouts {
    let place = rules.organization.map.place(target.number);
    match target.timezone.and_then(own_zones) {
        Some(own) => Whereabouts { zones: Some(own), place, own: true },
        None => Whereabouts { zones: place.zones.clone(), place, own: false },
    }
}

/// The zones meant by what a list says. `EST` and `MST` are zones without
/// daylight-saving time, but most who write them mean New York and Denver: both
/// count then.
fn own_zones(name: &str) -> Option<Zones> {
    match name {
        "EST" => Zones::named(["EST", "America/New_York"]),
        "MST" => Zones::named(["MST", "America/Denver"]),
        name => zone(name).map(Zones::one),
    }
}

/// The one question before every call.
pub fn decide(target: &Target<'_>, at: &Whereabouts, facts: &Facts<'_>, rules: &Rules, now: Timestamp) -> Decision {
    let decision = by_rules(target, at, facts, rules, now);
    let force = rules.force.as_ref().filter(|force| force.number == target.number);
    match (decision, force) {
        (Decision::Block { rule, .. }, Some(force)) => forced(rule, force, target, at, facts, rules, now),
        (decision, _) => decision,
    }
}

/// The same for a call that is to be made although `rule` forbids it.
fn forced(
    rule: Rule,
    force: &Force,
    target: &Target<'_>,
    at: &Whereabouts,
    facts: &Facts<'_>,
    rules: &Rules,
    now: Timestamp,
) -> Decision {
    if !force.holds(facts.history, now) {
        // It was meant for that moment, not for whenever the rules allow it.
        return Decision::Block { rule, until: None };
    }
    match forbidding(target, at, facts, rules, now).into_iter().find(|rule| !rule.may_be_forced()) {
        None => Decision::Forced { until: force.until },
        Some(Rule::InCall) => Decision::Block { rule: Rule::InCall, until: frequency::in_call(facts.history, now) },
        Some(rule) => Decision::Block { rule, until: None },
    }
}

fn by_rules(target: &Target<'_>, at: &Whereabouts, facts: &Facts<'_>, rules: &Rules, now: Timestamp) -> Decision {
    if let Some(rule) = for_good(target, at, facts, rules, now) {
        return Decision::Block { rule, until: None };
    }
    let state = rules.state(&at.place);
    let windows = rules.windows(at.zones.as_ref(), state, Part::All);
    let in_24_hours = state.and_then(|state| state.rules.calls_in_24_hours);
    let waits = [
        (Rule::InCall, frequency::in_call(facts.history, now)),
        (Rule::FrequencyCap, frequency::capped(facts.history, &rules.caps, now)),
        (Rule::StateFrequencyCap, frequency::capped_in_24_hours(facts.history, in_24_hours, now)),
    ];
    let first = waits.iter().find(|(_, until)| until.is_some()).map(|(rule, _)| *rule);
    let earliest = waits.iter().filter_map(|(_, until)| *until).max();
    let rule = match first {
        Some(rule) => rule,
        None if hours::all_open(&windows, now) => return Decision::Allow { until: hours::closes_at(&windows, now) },
        None => closed(at, rules, now).next().unwrap_or(Rule::CallingHours),
    };
    Decision::Block { rule, until: hours::next_opening(&windows, earliest.unwrap_or(now)) }
}

/// The first rule that forbids the call whatever the time.
fn for_good(target: &Target<'_>, at: &Whereabouts, facts: &Facts<'_>, rules: &Rules, now: Timestamp) -> Option<Rule> {
    if facts.do_not_call {
        return Some(Rule::DoNotCall);
    }
    if let Some(rule) = destination::forbidden(&rules.organization, target.number, &at.place) {
        return Some(rule);
    }
    if rules.require_consent && !consent::given(target.consent) {
        return Some(Rule::Consent);
    }
    if let Some(rule) = frequency::settled(facts.history, rules.allow_recalling, rules.skip_answered, now) {
        return Some(rule);
    }
    (at.zones.is_none() && rules.needs_zone()).then_some(Rule::UnknownZone)
}

/// The kinds of hours that are over.
fn closed(at: &Whereabouts, rules: &Rules, now: Timestamp) -> impl Iterator<Item = Rule> {
    let (zones, state) = (at.zones.as_ref(), rules.state(&at.place));
    [(Part::Legal, Rule::LegalHours), (Part::State, Rule::StateHours), (Part::Calling, Rule::CallingHours)]
        .into_iter()
        .filter(move |(part, _)| !hours::all_open(&rules.windows(zones, state, *part), now))
        .map(|(_, rule)| rule)
}

#[cfg(test)]
mod force_tests;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod tests;
