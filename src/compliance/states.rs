//! Stricter rules of single states, which an operator can switch on by the
//! state's letters. They concern sales calls; whether one applies to what a
//! campaign says is for the operator, or their lawyer, to know.

use std::sync::Arc;

use super::hours::Weekly;

/// What one state asks for beyond the federal rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateRules {
    /// The state, as in ISO 3166-2:US without the country.
    pub state: &'static str,
    /// The hours in which calls are allowed there, in minutes from midnight.
    pub hours: (u16, u16),
    /// Calls to a number within 24 hours, at most. The laws that have this
    /// count calls on one subject; here every call counts.
    pub calls_in_24_hours: Option<u32>,
    /// Where it is written.
    pub source: &'static str,
}

const EIGHT: u16 = 8 * 60;
const NINE: u16 = 9 * 60;
const EIGHT_PM: u16 = 20 * 60;

/// Every state with rules here.
pub const STATES: &[StateRules] = &[
    StateRules {
        state: "CT",
        hours: (NINE, EIGHT_PM),
        calls_in_24_hours: None,
        source: "Conn. Gen. Stat. § 42-288a, as amended by Public Act 23-98",
    },
    StateRules {
        state: "FL", hours: (EIGHT, EIGHT_PM), calls_in_24_hours: Some(3), source: "Fla. Stat. § 501.616(6)"
    },
    StateRules {
        state: "MA",
        hours: (EIGHT, EIGHT_PM),
        calls_in_24_hours: None,
        source: "Mass. Gen. Laws ch. 159C, § 3",
    },
    StateRules {
        state: "MD",
        hours: (EIGHT, EIGHT_PM),
        calls_in_24_hours: Some(3),
        source: "Md. Code, Com. Law § 14-4501 ff. (Stop the Spam Calls Act of 2023)",
    },
    StateRules {
        state: "OK",
        hours: (EIGHT, EIGHT_PM),
        calls_in_24_hours: Some(3),
        source: "Okla. Stat. tit. 15, § 775C.4 (Telephone Solicitation Act of 2022)",
    },
    StateRules {
        state: "WA",
        hours: (EIGHT, EIGHT_PM),
        calls_in_24_hours: None,
        source: "Wash. Rev. Code § 80.36.390, as amended in 2022",
    },
];

/// The rules of a state that are switched on, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StateInForce {
    pub(super) rules: &'static StateRules,
    pub(super) weekly: Arc<Weekly>,
}

/// Finds a state's rules by its letters.
pub fn state_rules(state: &str) -> Option<&'static StateRules> {
    STATES.iter().find(|rules| rules.state.eq_ignore_ascii_case(state.trim()))
}

impl StateInForce {
    pub(super) fn new(rules: &'static StateRules) -> Self {
        let (start, end) = rules.hours;
        Self { rules, weekly: Arc::new(Weekly::daily(start, end)) }
    }
}
