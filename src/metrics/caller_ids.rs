//! Our own numbers: whether each is used, how its calls go.

use std::fmt;

use jiff::Timestamp;

use super::family::{Page, Value};
use super::reading::{CallerIds, Own};
use crate::caller_id::rest_word;

/// `most`: numbers with metrics of their own.
pub(super) fn write(page: &mut Page<'_>, ids: Option<&CallerIds>, most: usize, now: Timestamp) -> fmt::Result {
    let all = ids.map_or(&[][..], |ids| &ids.0);
    let mut states = page.gauges("canvass_caller_ids", "Our own numbers, by whether they are used.")?;
    if ids.is_some() {
        for state in [State::Active, State::Resting, State::Inactive] {
            let count = all.iter().filter(|own| State::of(own, now) == state).count();
            states.gauge(&[("state", state.as_str())], count)?;
        }
    }
    page.gauge(
        "canvass_caller_ids_left_out",
        "Our own numbers without metrics of their own: there are more than metrics.caller_ids allows.",
        ids.map(|_| all.len().saturating_sub(most)),
    )?;
    let shown = &all[..most.min(all.len())];
    state(page, shown, now)?;
    for (name, help, value) in FIGURES {
        let mut samples = page.gauges(name, help)?;
        for own in shown {
            if let Some(value) = value(own) {
                samples.gauge(&[("number", &own.text)], value)?;
            }
        }
    }
    Ok(())
}

/// What is told of a number, and what it is.
type Figure = (&'static str, &'static str, fn(&Own) -> Option<Value>);

const FIGURES: [Figure; 7] = [
    ("canvass_caller_id_day_calls", "Calls started from the number within 24 hours, by full hours.", |own| {
        Some(own.day_calls.into())
    }),
    ("canvass_caller_id_day_calls_limit", "Its daily cap, if it has one.", |own| {
        own.number.limits.daily_cap.map(Value::from)
    }),
    ("canvass_caller_id_judged_calls", "Calls of the window that say something of the number.", |own| {
        Some(own.window.judged.into())
    }),
    ("canvass_caller_id_answered_ratio", "Share of the judged calls that were answered.", |own| {
        own.window.share(own.window.answered).map(Value::from)
    }),
    ("canvass_caller_id_short_ratio", "Share of the answered calls that were over within six seconds.", |own| {
        let answered = own.window.answered;
        (answered > 0).then(|| (own.window.short as f64 / answered as f64).into())
    }),
    (
        "canvass_caller_id_rejected_ratio",
        "Share of the judged calls that the callee refused: Q.850 21, SIP 603 and 607.",
        |own| own.window.share(own.window.rejected).map(Value::from),
    ),
    (
        "canvass_caller_id_flagged_ratio",
        "Share of the judged calls that were blocked as unwanted: SIP 607 and 608.",
        |own| own.window.share(own.window.flagged).map(Value::from),
    ),
];

fn state(page: &mut Page<'_>, shown: &[Own], now: Timestamp) -> fmt::Result {
    let mut active = page.gauges("canvass_caller_id_active", "Whether the number may be used at all.")?;
    for own in shown {
        active.gauge(&[("number", &own.text)], own.number.active)?;
    }
    let resting = || shown.iter().filter(|own| State::of(own, now) == State::Resting);
    let mut reasons = page.gauges("canvass_caller_id_resting", "1 while the number rests, with why.")?;
    for own in resting() {
        let reason = rest_word(own.number.rest_reason.as_deref().unwrap_or_default());
        reasons.gauge(&[("number", &own.text), ("reason", reason)], true)?;
    }
    let mut ends = page.gauges(
        "canvass_caller_id_rest_end_timestamp_seconds",
        "Until when the number rests, in seconds since 1970; only while it does.",
    )?;
    for own in resting() {
        if let Some(until) = own.number.resting_until {
            ends.gauge(&[("number", &own.text)], until.as_millisecond() as f64 / 1_000.0)?;
        }
    }
    Ok(())
}

/// Whether a number is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Resting,
    Inactive,
}

impl State {
    fn of(own: &Own, now: Timestamp) -> Self {
        match own.number.resting_until {
            _ if !own.number.active => Self::Inactive,
            Some(until) if until > now => Self::Resting,
            Some(_) | None => Self::Active,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Resting => "resting",
            Self::Inactive => "inactive",
        }
    }
}
