//! Which events a ledger transaction tells of, decided once for both
//! engines.

use std::collections::{BTreeMap, HashSet};

use super::ledger::CallChange;
use super::model::DoNotCall;
use super::telling::Told;
use super::text;
use crate::call::{CallId, SurveyState};
use crate::webhook::{DncTold, EventType};

/// What is told of the calls of a transaction, as far as anybody wants to know.
pub(super) fn events(changes: &[CallChange], wanted: &HashSet<EventType>) -> BTreeMap<CallId, Vec<EventType>> {
    let mut of: BTreeMap<CallId, Vec<EventType>> = BTreeMap::new();
    for change in changes {
        let mut tell = |event: EventType| {
            if wanted.contains(&event) {
                of.entry(change.call).or_default().push(event);
            }
        };
        match change.outcome {
            None => tell(EventType::CallAnswered),
            Some(_) => {
                tell(EventType::CallEnded);
                if change.facts.talk.survey == Some(SurveyState::Complete) {
                    tell(EventType::SurveyCompleted);
                }
            }
        }
    }
    of
}

/// What is told of those entries that are new on the do-not-call list. A
/// number that stands twice among them is told of once: the first time.
pub(super) fn of_list(fresh: &HashSet<&str>, entries: &[DoNotCall]) -> Vec<Told> {
    let mut seen = HashSet::new();
    let mut told = Vec::new();
    for entry in entries {
        let number = entry.number.to_string();
        if fresh.contains(number.as_str()) && seen.insert(number) {
            let reason = text::clean_option(entry.reason.as_ref()).map(|reason| reason.into_owned());
            let data = DncTold { reason, ..DncTold::from(entry) };
            told.push(Told::new(EventType::DncAdded, &data, entry.added_at));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallFacts, Outcome, TalkFacts};

    #[test]
    fn only_what_somebody_wants_to_know() {
        let talk = TalkFacts { survey: Some(SurveyState::Complete), ..TalkFacts::default() };
        let ended = CallChange {
            call: CallId::new(),
            facts: CallFacts { talk, ..CallFacts::default() },
            outcome: Some(Outcome::Answered),
        };
        let goes_on = CallChange { call: CallId::new(), facts: CallFacts::default(), outcome: None };
        let changes = [ended.clone(), goes_on.clone()];
        assert!(events(&changes, &HashSet::from([EventType::DncAdded])).is_empty());
        let all: HashSet<_> = EventType::ALL.into_iter().collect();
        let of = events(&changes, &all);
        assert_eq!(of[&ended.call], [EventType::CallEnded, EventType::SurveyCompleted]);
        assert_eq!(of[&goes_on.call], [EventType::CallAnswered]);
        assert_eq!(events(&changes, &HashSet::from([EventType::CallAnswered])).len(), 1);
    }
}
