//! Looks at how the calls from our numbers go, once a minute, and lets those
//! rest that fall behind their pool.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::news::News;
use crate::caller_id::{Figures, Hour, Watch, hour_of, judge};
use crate::campaign::CampaignStatus;
use crate::clock::Clock;
use crate::number::PhoneNumber;
use crate::store::{NumberHour, OwnNumber, Store, StoreError};

const INTERVAL: Duration = Duration::from_secs(60);
/// Figures are kept for so many hours: the longest window, and a day.
const KEPT: Hour = 31 * 24;

pub(super) struct Health {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) watch: Watch,
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl Health {
    /// Runs until the engine is gone.
    pub(super) async fn run(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.news.closed() => return,
            }
            if let Err(error) = self.look(self.clock.now()).await {
                tracing::warn!(%error, "could not look at how calls from our numbers go");
            }
        }
    }

    async fn look(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store.forget_number_hours(hour_of(now) - KEPT).await?;
        if !self.watch.enabled {
            return Ok(());
        }
        let mut numbers: HashMap<_, _> = self.store.numbers().await?.into_iter().map(|own| (own.number, own)).collect();
        let since = hour_of(now) - Hour::from(self.watch.window_hours) + 1;
        let figures = since_judged(&self.store.number_hours(since).await?, &numbers);
        for campaign in self.store.active_campaigns().await?.campaigns {
            if campaign.status != CampaignStatus::Running {
                continue;
            }
            let members: Vec<_> = campaign
                .settings
                .number_pool
                .iter()
                .copied()
                .filter(|number| numbers.get(number).is_some_and(|own| own.active))
                .collect();
            let rests = |number: &PhoneNumber| numbers[number].resting_until.is_some_and(|until| until > now);
            let working: Vec<_> = members.iter().copied().filter(|number| !rests(number)).collect();
            let pool: Vec<_> = working.iter().map(|number| figures.get(number).copied().unwrap_or_default()).collect();
            for (at, rest) in judge(&pool, members.len() - working.len(), &self.watch) {
                let until = now + SignedDuration::from_hours(self.watch.rest_hours.into());
                let number = working[at];
                tracing::warn!(%number, campaign = %campaign.id, %until, reason = %rest, "a caller ID rests");
                self.store.rest_number(number, until, &rest.to_string()).await?;
                // The next pool that has it is short of it already.
                if let Some(own) = numbers.get_mut(&number) {
                    own.resting_until = Some(until);
                }
            }
        }
        Ok(())
    }
}

/// What each number is judged by: the hours that began after its last rest.
fn since_judged(hours: &[NumberHour], numbers: &HashMap<PhoneNumber, OwnNumber>) -> HashMap<PhoneNumber, Figures> {
    let mut all: HashMap<PhoneNumber, Figures> = HashMap::new();
    for hour in hours {
        if numbers.get(&hour.number).is_none_or(|own| own.is_judged_by(hour.hour)) {
            *all.entry(hour.number).or_default() += hour.figures;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_a_new_beginning() {
        let number = PhoneNumber::from_e164("+12125550100").expect("a number");
        let figures = Figures { judged: 10, ..Figures::default() };
        let hour = |hour| NumberHour { number, hour, figures, last_at: None };
        let judged_from = Timestamp::from_second(3_600 + 1_800).ok();
        let own = OwnNumber { judged_from, ..OwnNumber::new(number) };
        let all = since_judged(&[hour(0), hour(1), hour(2)], &HashMap::from([(number, own)]));
        assert_eq!(all[&number], figures);
    }
}
