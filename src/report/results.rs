//! What came of a campaign's calls, counted step by step: what is kept does
//! not grow with the calls.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::listing::CallQuery;
use crate::store::{CallRow, Campaign, Store, StoreError, StoredSurvey, Tally};
use crate::survey::{Results, UnknownQuestion};

/// Calls read from the database at a time.
pub(crate) const STEP: u32 = 2_000;
/// Dispositions that are counted one by one; people write them freely.
const DISPOSITIONS: usize = 500;
/// Those that are counted together.
const OTHERS: &str = "(others)";

/// Calls by how they ended and by what was said about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallCounts {
    /// All of them.
    pub(crate) total: u64,
    /// Of these: they go on.
    pub(crate) in_progress: u64,
    /// Of these: a person or a machine answered.
    pub(crate) answered: u64,
    /// From answer to end, all together.
    pub(crate) talk: SignedDuration,
    /// Ended ones by outcome.
    pub(crate) by_outcome: Tally,
    /// By disposition; those without are left out.
    pub(crate) by_disposition: BTreeMap<String, u64>,
}

/// A campaign's results.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// Its calls.
    pub(crate) calls: CallCounts,
    /// The survey it asks and what was answered, if it asks one.
    pub(crate) survey: Option<(StoredSurvey, Results)>,
}

/// Results that are being counted.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    campaign: CampaignId,
    query: CallQuery,
    after: Option<CallId>,
    counted: Counted,
}

impl CallCounts {
    fn add(&mut self, row: &CallRow, disposition: Option<&str>) {
        self.total += 1;
        if let Some(answered) = row.facts.answered_at {
            self.answered += 1;
            if let Some(ended) = row.facts.ended_at {
                self.talk = self.talk.saturating_add(ended.duration_since(answered).max(SignedDuration::ZERO));
            }
        }
        match row.outcome {
            None => self.in_progress += 1,
            Some(outcome) => match self.by_outcome.outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, count)) => *count += 1,
                None => self.by_outcome.outcomes.push((outcome, 1)),
            },
        }
        if let Some(disposition) = disposition {
            let is_full = self.by_disposition.len() >= DISPOSITIONS && !self.by_disposition.contains_key(disposition);
            let counted = if is_full { OTHERS } else { disposition };
            *self.by_disposition.entry(counted.to_owned()).or_default() += 1;
        }
    }
}

/// The survey a campaign asks; none: it asks none, or one that is not there.
pub(crate) async fn survey_of(store: &Store, campaign: &Campaign) -> Result<Option<StoredSurvey>, StoreError> {
    match &campaign.settings.survey {
        Some(reference) => store.survey(reference).await,
        None => Ok(None),
    }
}

impl Counting {
    /// Nothing counted yet. `query` says which calls; `cross` names two
    /// questions to count against each other, without a survey none.
    pub(crate) fn new(
        campaign: CampaignId,
        survey: Option<StoredSurvey>,
        query: CallQuery,
        cross: Option<(&str, &str)>,
    ) -> Result<Self, UnknownQuestion> {
        let survey = match survey {
            Some(stored) => {
                let mut results = Results::new(&stored.survey);
                if let Some((rows, columns)) = cross {
                    results = results.with_cross(rows, columns)?;
                }
                Some((stored, results))
            }
            None => None,
        };
        let counted = Counted { calls: CallCounts::default(), survey };
        Ok(Self { campaign, query, after: None, counted })
    }

    /// Counts some more calls; `false`: there were no more.
    pub(crate) async fn step(&mut self, store: &Store) -> Result<bool, StoreError> {
        let Counted { calls, survey } = &mut self.counted;
        let (last, count) = match survey {
            Some((_, results)) => {
                let page = store.surveyed_calls_after(self.campaign, &self.query, self.after, STEP).await?;
                for call in &page {
                    calls.add(&call.row, call.row.results.disposition.as_deref());
                    results.add(call.row.outcome, &call.row.facts, &call.answers);
                }
                (page.last().map(|call| call.row.call), page.len())
            }
            None => {
                let page = store.calls_after(self.campaign, &self.query, self.after, STEP).await?;
                for row in &page {
                    calls.add(row, row.results.disposition.as_deref());
                }
                (page.last().map(|row| row.call), page.len())
            }
        };
        self.after = last.or(self.after);
        Ok(count as u64 == u64::from(STEP))
    }

    /// Counts them all.
    pub(crate) async fn all(mut self, store: &Store) -> Result<Counted, StoreError> {
        while self.step(store).await? {}
        Ok(self.done())
    }

    /// What was counted.
    pub(crate) fn done(self) -> Counted {
        self.counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallFacts, Outcome};
    use crate::campaign::TargetStatus;
    use crate::number::PhoneNumber;
    use crate::store::TargetId;
    use jiff::Timestamp;

    fn row(outcome: Option<Outcome>, talked: Option<i64>) -> CallRow {
        let number = PhoneNumber::from_e164("+15552000001").expect("a number");
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let answered_at = talked.map(|_| at(100));
        let ended_at = outcome.map(|_| at(100 + talked.unwrap_or_default()));
        CallRow {
            call: CallId::new(),
            target: TargetId(1),
            number,
            name: None,
            attempt: 1,
            caller_id: number,
            switch: "main".into(),
            created_at: at(0),
            outcome,
            facts: CallFacts { answered_at, ended_at, ..CallFacts::default() },
            target_status: TargetStatus::Completed,
            results: crate::store::CallResults::default(),
        }
    }

    #[test]
    fn calls_are_counted_by_their_ends() {
        let mut counts = CallCounts::default();
        counts.add(&row(Some(Outcome::Answered), Some(30)), Some("interested"));
        counts.add(&row(Some(Outcome::Voicemail), Some(-5)), None);
        counts.add(&row(Some(Outcome::Busy), None), None);
        counts.add(&row(Some(Outcome::Busy), None), Some("interested"));
        counts.add(&row(None, Some(0)), None);
        assert_eq!((counts.total, counts.in_progress, counts.answered), (5, 1, 3));
        assert_eq!(counts.talk, SignedDuration::from_secs(30), "a clock that went back takes nothing away");
        let ends = [Outcome::Answered, Outcome::Voicemail, Outcome::Busy, Outcome::Failed];
        assert_eq!(ends.map(|end| counts.by_outcome.outcome(end)), [1, 1, 2, 0]);
        assert_eq!(counts.by_disposition, BTreeMap::from([("interested".to_owned(), 2)]));
    }

    #[test]
    fn what_people_write_does_not_fill_the_memory() {
        let mut counts = CallCounts::default();
        let busy = row(Some(Outcome::Busy), None);
        for n in 0..DISPOSITIONS + 7 {
            counts.add(&busy, Some(&format!("said {n}")));
        }
        counts.add(&busy, Some("said 3"));
        assert_eq!((counts.by_disposition[OTHERS], counts.by_disposition["said 3"]), (7, 2));
    }
}
