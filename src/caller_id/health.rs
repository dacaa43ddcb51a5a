//! Who falls behind the others of its pool and is better left alone for a while.
//!
//! A number is compared with the rest of its own pool: they call the same list
//! in the same hours, so what differs is the number. A difference counts if it
//! is large, and if chance would hardly make it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Figures, OutOfRange};

/// How numbers are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watch {
    /// Whether numbers are rested at all.
    pub enabled: bool,
    /// How many hours of calls are looked at. 1 to 720.
    pub window_hours: u32,
    /// Judged calls a number, and the rest of its pool, must have before it is
    /// compared. 10 to 100,000.
    pub min_calls: u32,
    /// How many hours a number rests. 1 to 2,160.
    pub rest_hours: u32,
}

impl Default for Watch {
    fn default() -> Self {
        Self { enabled: true, window_hours: 24, min_calls: 50, rest_hours: 24 }
    }
}

impl Watch {
    /// Every setting that is out of range.
    pub fn check(&self) -> Vec<OutOfRange> {
        let settings = [
            ("window_hours", self.window_hours, 1, 720),
            ("min_calls", self.min_calls, 10, 100_000),
            ("rest_hours", self.rest_hours, 1, 2_160),
        ];
        let wrong = |(field, value, low, high): (&'static str, u32, u32, u32)| {
            let message = format!("is {value}, must be from {low} to {high}");
            (!(low..=high).contains(&value)).then_some(OutOfRange { field, message })
        };
        settings.into_iter().filter_map(wrong).collect()
    }
}

/// Chance alone makes a difference of so many standard errors once in 700
/// times, one-sided.
const SURE: f64 = 3.0;
/// Answered less than this part of the others' answer rate.
const FEW: f64 = 0.5;
/// More than so many times the others' share.
const MANY: f64 = 2.0;
/// Blocked as unwanted this often, whatever the others are.
const FLAGGED: f64 = 0.05;
/// Of a pool, this part may rest at once: more than that is no matter of
/// single numbers.
const MOST_RESTING: f64 = 0.5;

/// Why a number is to rest. Shares are of the judged calls, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rest {
    /// Its calls are blocked as unwanted.
    Flagged {
        /// Its share.
        own: f64,
        /// That of the others.
        others: f64,
    },
    /// It is answered far less often.
    FewAnswers {
        /// Its share.
        own: f64,
        /// That of the others.
        others: f64,
    },
    /// It is refused far more often.
    Rejected {
        /// Its share.
        own: f64,
        /// That of the others.
        others: f64,
    },
    /// Who answers hangs up far more often within six seconds.
    ShortCalls {
        /// Its share of the answered calls.
        own: f64,
        /// That of the others.
        others: f64,
    },
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, own, others) = match *self {
            Self::Flagged { own, others } => (FLAGGED_BY, own, others),
            Self::FewAnswers { own, others } => (FEW_BY, own, others),
            Self::Rejected { own, others } => (REJECTED_BY, own, others),
            Self::ShortCalls { own, others } => (SHORT_BY, own, others),
        };
        write!(f, "{what}: {:.1} % of its calls, {:.1} % of the others of its pool", own * 100.0, others * 100.0)
    }
}

/// What a kept reason begins with, and the word for it.
const WORDS: [(&str, &str); 4] =
    [(FLAGGED_BY, "flagged"), (FEW_BY, "few_answers"), (REJECTED_BY, "rejected"), (SHORT_BY, "short_calls")];
const FLAGGED_BY: &str = "blocked as unwanted";
const FEW_BY: &str = "answered";
const REJECTED_BY: &str = "refused";
const SHORT_BY: &str = "of those answered, over within 6 s";

/// One word for the reason of a rest, as the database keeps it: `flagged`,
/// `few_answers`, `rejected`, `short_calls`, or `by_hand`.
pub fn rest_word(reason: &str) -> &'static str {
    let what = reason.split_once(':').map(|(what, _)| what);
    WORDS.iter().find(|(begins, _)| what == Some(begins)).map_or("by_hand", |(_, word)| word)
}

/// Which numbers of a pool are to rest now, with the reason, the worst first;
/// `resting` of its members do so already. Given by index into `pool`, which
/// holds the figures of the members that work.
pub fn judge(pool: &[Figures], resting: usize, watch: &Watch) -> Vec<(usize, Rest)> {
    if !watch.enabled {
        return Vec::new();
    }
    let mut all = Figures::default();
    pool.iter().for_each(|figures| all += *figures);
    let mut found: Vec<_> = pool
        .iter()
        .enumerate()
        .filter_map(|(at, own)| Some((at, compare(own, &rest_of(&all, own), u64::from(watch.min_calls))?)))
        .collect();
    found.sort_by(|(_, (one, _)), (_, (other, _))| other.total_cmp(one));
    let most = ((pool.len() + resting) as f64 * MOST_RESTING) as usize;
    found.into_iter().map(|(at, (_, rest))| (at, rest)).take(most.saturating_sub(resting)).collect()
}

fn rest_of(all: &Figures, own: &Figures) -> Figures {
    Figures {
        calls: all.calls - own.calls,
        judged: all.judged - own.judged,
        answered: all.answered - own.answered,
        short: all.short - own.short,
        rejected: all.rejected - own.rejected,
        flagged: all.flagged - own.flagged,
    }
}

/// How surely a number falls behind, in standard errors, and in what.
fn compare(own: &Figures, others: &Figures, enough: u64) -> Option<(f64, Rest)> {
    if own.judged < enough || others.judged < enough {
        return None;
    }
    let share = |part: u64, whole: u64| part as f64 / whole as f64;
    let mut worst: Option<(f64, Rest)> = None;
    let mut found = |sure: f64, rest: Rest| {
        if sure >= SURE && worst.is_none_or(|(least, _)| sure > least) {
            worst = Some((sure, rest));
        }
    };
    let more =
        |own_part, others_part, own_whole, others_whole| sureness((own_part, own_whole), (others_part, others_whole));
    let (mine, theirs) = (share(own.flagged, own.judged), share(others.flagged, others.judged));
    if mine >= FLAGGED && mine > theirs * MANY {
        found(
            more(own.flagged, others.flagged, own.judged, others.judged),
            Rest::Flagged { own: mine, others: theirs },
        );
    }
    let (mine, theirs) = (share(own.answered, own.judged), share(others.answered, others.judged));
    if mine < theirs * FEW {
        found(
            -more(own.answered, others.answered, own.judged, others.judged),
            Rest::FewAnswers { own: mine, others: theirs },
        );
    }
    let (mine, theirs) = (share(own.rejected, own.judged), share(others.rejected, others.judged));
    if mine > theirs * MANY {
        found(
            more(own.rejected, others.rejected, own.judged, others.judged),
            Rest::Rejected { own: mine, others: theirs },
        );
    }
    if own.answered >= enough && others.answered >= enough {
        let (mine, theirs) = (share(own.short, own.answered), share(others.short, others.answered));
        if mine > theirs * MANY {
            found(
                more(own.short, others.short, own.answered, others.answered),
                Rest::ShortCalls { own: mine, others: theirs },
            );
        }
    }
    worst
}

/// How many standard errors one share lies above another: the two-proportion
/// z-test with pooled variance.
fn sureness((own, own_of): (u64, u64), (others, others_of): (u64, u64)) -> f64 {
    let (n, m) = (own_of as f64, others_of as f64);
    let pooled = (own + others) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error > 0.0 { (own as f64 / n - others as f64 / m) / error } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Figures = Figures { calls: 100, judged: 100, answered: 40, short: 4, rejected: 5, flagged: 0 };

    fn pool(last: Figures) -> Vec<Figures> {
        vec![GOOD, GOOD, GOOD, last]
    }

    fn of(last: Figures) -> Vec<(usize, Rest)> {
        judge(&pool(last), 0, &Watch::default())
    }

    #[test]
    fn a_number_like_the_others_works_on() {
        assert_eq!(of(GOOD), []);
        assert_eq!(
            of(Figures { answered: 25, rejected: 9, short: 6, flagged: 2, ..GOOD }),
            [],
            "worse, but not by much"
        );
    }

    #[test]
    fn each_way_to_fall_behind() {
        let few = of(Figures { answered: 10, ..GOOD });
        assert_eq!(few, [(3, Rest::FewAnswers { own: 0.1, others: 0.4 })]);
        assert_eq!(few[0].1.to_string(), "answered: 10.0 % of its calls, 40.0 % of the others of its pool");
        assert!(matches!(of(Figures { flagged: 10, ..GOOD })[..], [(3, Rest::Flagged { .. })]));
        assert!(matches!(of(Figures { rejected: 25, ..GOOD })[..], [(3, Rest::Rejected { .. })]));
        let short = Figures { judged: 200, answered: 80, short: 40, ..GOOD };
        assert!(matches!(of(short)[..], [(3, Rest::ShortCalls { .. })]));
    }

    #[test]
    fn a_reason_is_known_by_its_words() {
        let (own, others) = (0.1, 0.4);
        let reasons = [
            (Rest::Flagged { own, others }, "flagged"),
            (Rest::FewAnswers { own, others }, "few_answers"),
            (Rest::Rejected { own, others }, "rejected"),
            (Rest::ShortCalls { own, others }, "short_calls"),
        ];
        for (reason, word) in reasons {
            assert_eq!(rest_word(&reason.to_string()), word);
        }
        assert_eq!((rest_word("asked for"), rest_word("")), ("by_hand", "by_hand"));
    }

    #[test]
    fn too_few_calls_say_nothing() {
        assert_eq!(of(Figures { judged: 49, answered: 0, ..GOOD }), []);
        let lonely = [Figures { answered: 0, flagged: 90, ..GOOD }];
        assert_eq!(judge(&lonely, 0, &Watch::default()), [], "there is nothing to compare it with");
        let off = Watch { enabled: false, ..Watch::default() };
        assert_eq!(judge(&pool(Figures { answered: 0, ..GOOD }), 0, &off), []);
    }

    #[test]
    fn no_more_than_half_a_pool_rests_and_the_worst_first() {
        let bad = |answered| Figures { answered, ..GOOD };
        let pool = [GOOD, GOOD, GOOD, GOOD, bad(9), bad(1), bad(5)];
        let found: Vec<_> = judge(&pool, 0, &Watch::default()).into_iter().map(|(at, _)| at).collect();
        assert_eq!(found, [5, 6, 4]);
        let found: Vec<_> = judge(&pool, 1, &Watch::default()).into_iter().map(|(at, _)| at).collect();
        assert_eq!(found, [5, 6, 4], "four of eight");
        assert_eq!(judge(&pool, 7, &Watch::default()), [], "seven of fourteen rest already");
    }
}
