//! What is asked of the database, and how often: nothing that grows with the
//! lists is read for a scrape, and what several scrapes want is read once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Options;
use super::family::Page;
use crate::caller_id::{Figures, Hour, hour_of};
use crate::campaign::CampaignStatus;
use crate::number::PhoneNumber;
use crate::store::listing::{DncQuery, Page as Part};
use crate::store::{NumberHour, OwnNumber, Store, StoreError, Tally};

/// How long the database may take to say that it is there, and to tell the rest.
const PING_PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(5);
/// Running campaigns with metrics of their own, at most.
const CAMPAIGNS: usize = 100;
/// How calls from our numbers went is read this many times more seldom than
/// the rest: there may be a row for each number and hour.
const FIGURES_AGE: u32 = 4;
/// How often the do-not-call list is counted, at most; longer, if that took
/// more than a thousandth of it.
const COUNT_PAUSE: Duration = Duration::from_secs(600);
const COUNT_SHARE: u32 = 1_000;
/// A list tells its size with any of its parts.
const FIRST: Part = Part { offset: 0, limit: 1 };
/// Hours in which the calls of a day count, as for the daily cap.
const DAY: Hour = 24;

/// What the database told.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// It is there.
    up: bool,
    /// Entries of the do-not-call list.
    do_not_call: Option<u64>,
    pub(super) caller_ids: Option<Arc<CallerIds>>,
    pub(super) campaigns: Option<Arc<Campaigns>>,
}

/// Our numbers: those that are used first, each kind in the order of numbers.
#[derive(Debug)]
pub(super) struct CallerIds(pub(super) Vec<Own>);

/// One of our numbers, and how its calls went.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) number: OwnNumber,
    /// It, as text.
    pub(super) text: String,
    /// Calls started within 24 hours, by full hours.
    pub(super) day_calls: u64,
    /// What it is judged by.
    pub(super) window: Figures,
}

/// Running campaigns.
#[derive(Debug)]
pub(super) struct Campaigns {
    /// Id, name and counters of the oldest.
    pub(super) shown: Vec<(String, String, Tally)>,
    /// How many more there are.
    pub(super) left_out: usize,
}

impl Reading {
    pub(super) fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.gauge("canvass_database_up", "Whether the database answers.", Some(self.up))?;
        page.gauge(
            "canvass_do_not_call_numbers",
            "Numbers on the do-not-call list, as they were last counted: every ten minutes at most.",
            self.do_not_call,
        )
    }
}

/// Asks the database, and remembers what it told.
#[derive(Debug)]
pub(super) struct Reader {
    options: Options,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    told: Option<(Instant, Arc<CallerIds>, Arc<Campaigns>)>,
    hours: Option<(Instant, Vec<NumberHour>)>,
    list: List,
}

/// The size of the do-not-call list, which nobody waits for.
#[derive(Debug, Default)]
struct List {
    size: Option<u64>,
    /// Not before this moment again.
    next: Option<Instant>,
    counting: Option<JoinHandle<(Option<u64>, Duration)>>,
}

impl Reader {
    pub(super) fn new(options: Options) -> Self {
        Self { options, kept: Mutex::default() }
    }

    /// What the database tells, or told not long ago. Without it nothing: what
    /// it told before is not true any more.
    pub(super) async fn read(&self) -> Reading {
        let Ok(Ok(())) = timeout(PING_PATIENCE, self.options.store.ping()).await else { return Reading::default() };
        let read = timeout(PATIENCE, async {
            let mut kept = self.kept.lock().await;
            let do_not_call = kept.list.look(&self.options.store).await;
            if let Err(error) = self.renew(&mut kept).await {
                tracing::debug!(%error, "could not read what is measured");
                kept.told = None;
            }
            let (caller_ids, campaigns) =
                kept.told.as_ref().map(|(_, ids, campaigns)| (ids.clone(), campaigns.clone())).unzip();
            Reading { up: true, do_not_call, caller_ids, campaigns }
        });
        read.await.unwrap_or(Reading { up: true, ..Reading::default() })
    }

    async fn renew(&self, kept: &mut Kept) -> Result<(), StoreError> {
        let Options { store, clock, watch, refresh, .. } = &self.options;
        let fresh = |at: &Instant, age: Duration| at.elapsed() < age;
        if kept.told.as_ref().is_some_and(|(at, ..)| fresh(at, *refresh)) {
            return Ok(());
        }
        let at = Instant::now();
        let now = clock.now();
        let window = hour_of(now) - Hour::from(watch.window_hours) + 1;
        let day = hour_of(now) - DAY + 1;
        let hours = match kept.hours.take() {
            Some((read_at, hours)) if fresh(&read_at, *refresh * FIGURES_AGE) => (read_at, hours),
            Some(_) | None => (at, store.number_hours(window.min(day)).await?),
        };
        let (_, hours) = kept.hours.insert(hours);
        let caller_ids = Arc::new(CallerIds::of(store.numbers().await?, hours, day, window));
        let campaigns = Arc::new(Campaigns::read(store).await?);
        kept.told = Some((at, caller_ids, campaigns));
        Ok(())
    }
}

impl CallerIds {
    fn of(numbers: Vec<OwnNumber>, hours: &[NumberHour], day: Hour, window: Hour) -> Self {
        let known: HashMap<PhoneNumber, &OwnNumber> = numbers.iter().map(|own| (own.number, own)).collect();
        let mut figures: HashMap<PhoneNumber, (u64, Figures)> = HashMap::new();
        for hour in hours {
            let Some(own) = known.get(&hour.number) else { continue };
            let (day_calls, judged) = figures.entry(hour.number).or_default();
            if hour.hour >= day {
                *day_calls += hour.figures.calls;
            }
            if hour.hour >= window && own.is_judged_by(hour.hour) {
                *judged += hour.figures;
            }
        }
        let mut all: Vec<_> = numbers
            .into_iter()
            .map(|number| {
                let (day_calls, window) = figures.get(&number.number).copied().unwrap_or_default();
                Own { text: number.number.to_string(), number, day_calls, window }
            })
            .collect();
        all.sort_by_key(|own| (!own.number.active, own.number.number));
        Self(all)
    }
}

impl Campaigns {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut running = store.active_campaigns().await?.campaigns;
        running.retain(|campaign| campaign.status == CampaignStatus::Running);
        let left_out = running.len().saturating_sub(CAMPAIGNS);
        let mut shown = Vec::with_capacity(running.len() - left_out);
        for campaign in running.into_iter().take(CAMPAIGNS) {
            shown.push((campaign.id.to_string(), campaign.name, store.tally(campaign.id).await?));
        }
        Ok(Self { shown, left_out })
    }
}

impl List {
    /// What was last counted. Has it counted anew if that was long ago.
    async fn look(&mut self, store: &Store) -> Option<u64> {
        if let Some(counting) = self.counting.take_if(|counting| counting.is_finished())
            && let Ok((size, took)) = counting.await
        {
            self.size = size;
            self.next = Some(Instant::now() + COUNT_PAUSE.max(took.saturating_mul(COUNT_SHARE)));
        }
        if self.counting.is_none() && self.next.is_none_or(|next| next <= Instant::now()) {
            let store = store.clone();
            self.counting = Some(tokio::spawn(async move {
                let begun = Instant::now();
                let size = store.do_not_call_list(&DncQuery::default(), FIRST).await.map(|list| list.total);
                if let Err(error) = &size {
                    tracing::debug!(%error, "could not count the do-not-call list");
                }
                (size.ok(), begun.elapsed())
            }));
        }
        self.size
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn numbers_that_are_used_come_first_and_a_rest_is_a_new_beginning() {
        let number = |text| PhoneNumber::from_e164(text).expect("a number");
        let [a, b, c] = ["+12125550101", "+12125550102", "+12125550103"].map(number);
        let judged_from = Timestamp::from_second(11 * 3_600 + 5).ok();
        let numbers = vec![
            OwnNumber { judged_from, ..OwnNumber::new(c) },
            OwnNumber { active: false, ..OwnNumber::new(a) },
            OwnNumber::new(b),
        ];
        let figures = Figures { calls: 3, judged: 2, answered: 1, ..Figures::default() };
        let hour = |number, hour| NumberHour { number, hour, figures, last_at: None };
        let stranger = number("+12125550199");
        let hours = [hour(b, 9), hour(b, 10), hour(c, 11), hour(c, 12), hour(b, 12), hour(stranger, 12)];
        let CallerIds(all) = CallerIds::of(numbers, &hours, 10, 12);
        let found: Vec<_> = all.iter().map(|own| (own.number.number, own.day_calls, own.window.judged)).collect();
        assert_eq!(found, [(b, 6, 2), (c, 6, 2), (a, 0, 0)]);
    }
}
