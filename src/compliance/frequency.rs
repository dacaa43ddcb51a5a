//! How often, and how soon again, a number may be called.

use jiff::{SignedDuration, Timestamp};

use super::{PastCall, Rule};
use crate::campaign::FrequencyCap;

/// How long a target waits whose number is in another call.
const IN_CALL: SignedDuration = SignedDuration::from_secs(60);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the calls before forbid for good.
pub(super) fn settled(
    history: &[PastCall],
    allow_recalling: bool,
    skip_answered: Option<SignedDuration>,
    now: Timestamp,
) -> Option<Rule> {
    if !allow_recalling && history.iter().any(|call| call.attempt) {
        return Some(Rule::Recalling);
    }
    let within = skip_answered?;
    let recent = |at: &Timestamp| now.duration_since(*at) < within;
    history.iter().filter_map(|call| call.answered_at).any(|at| recent(&at)).then_some(Rule::RecentlyAnswered)
}

/// Another call to the number goes on.
pub(super) fn in_call(history: &[PastCall], now: Timestamp) -> Option<Timestamp> {
    history.iter().any(|call| call.in_progress).then(|| now.checked_add(IN_CALL).unwrap_or(now))
}

/// Until when `caps` forbid another attempt.
pub(super) fn capped(history: &[PastCall], caps: &[FrequencyCap], now: Timestamp) -> Option<Timestamp> {
    let cap = |cap: &FrequencyCap| limited(history, cap.attempts, DAY * i32::try_from(cap.days).unwrap_or(1), now);
    caps.iter().filter_map(cap).max()
}

/// Until when a state's cap does.
pub(super) fn capped_in_24_hours(history: &[PastCall], attempts: Option<u32>, now: Timestamp) -> Option<Timestamp> {
    limited(history, attempts?, DAY, now)
}

/// The n-th attempt back has to be older than the span.
fn limited(history: &[PastCall], attempts: u32, span: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let mut made: Vec<_> = history.iter().filter(|call| call.attempt).map(|call| call.at).collect();
    made.sort_unstable_by(|a, b| b.cmp(a));
    let nth = made.get(usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1))?;
    nth.checked_add(span).ok().filter(|free| *free > now)
}
