//! What came of a call after its answer, as the columns keep it.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use super::model::{CallAnswer, CallRow, SurveyedCall};
use super::text;
use crate::call::{CallId, Given, GivenAnswer, TalkFacts};

/// Who may have answered (`calls.detected`).
const DETECTED: [&str; 5] = ["human", "machine", "unsure", "fax", "sit"];

/// The columns of [`TalkFacts`].
#[derive(Debug, Serialize)]
pub(super) struct Talk<'a> {
    pub(super) detected: Option<&'static str>,
    pub(super) detected_reason: Option<Cow<'a, str>>,
    pub(super) detected_ms: Option<u32>,
    pub(super) message_left: bool,
    pub(super) survey: Option<&'static str>,
    pub(super) opted_out: bool,
    pub(super) transfer: Option<&'static str>,
    pub(super) recording: Option<Cow<'a, str>>,
}

impl<'a> Talk<'a> {
    pub(super) fn of(facts: &'a TalkFacts) -> Self {
        // A word of a switch that nobody knows yet must not cost a call its end.
        let detected = facts.detected.as_ref().map(|detected| {
            let known = DETECTED.into_iter().find(|known| *known == detected.answer);
            let reason = text::clean(&detected.reason);
            match known {
                Some(known) => (known, reason, detected.at_ms),
                None => ("unsure", Cow::Owned(format!("{}: {reason}", text::clean(&detected.answer))), detected.at_ms),
            }
        });
        let (detected, detected_reason, detected_ms) = match detected {
            Some((who, why, at)) => (Some(who), Some(why), Some(at)),
            None => (None, None, None),
        };
        Self {
            detected,
            detected_reason,
            // The column is a signed number.
            detected_ms: detected_ms.map(|at| at.min(i32::MAX.unsigned_abs())),
            message_left: facts.message_left,
            survey: facts.survey.map(|state| state.as_str()),
            opted_out: facts.opted_out,
            transfer: facts.transfer.map(|state| state.as_str()),
            recording: text::clean_option(facts.recording.as_ref()),
        }
    }
}

/// The columns of what was given as an answer.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub(super) given: &'static str,
    pub(super) digit: Option<String>,
    pub(super) label: Option<Cow<'a, str>>,
    pub(super) recording: Option<Cow<'a, str>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(given: &'a Given) -> Self {
        let nothing = Self { given: "nothing", digit: None, label: None, recording: None };
        match given {
            Given::Key { digit, label } => {
                Self { given: "key", digit: Some(digit.to_string()), label: Some(text::clean(label)), ..nothing }
            }
            Given::Speech { recording } => {
                let recording = Some(text::clean(recording)).filter(|name| !name.is_empty());
                Self { given: "speech", recording, ..nothing }
            }
            Given::Nothing => nothing,
        }
    }
}

/// The answers of a batch, each place in a call once: the first counts.
pub(super) fn each_once(answers: &[CallAnswer]) -> Vec<&CallAnswer> {
    let mut seen = HashSet::with_capacity(answers.len());
    answers.iter().filter(|answer| seen.insert((answer.call, answer.answer.position))).collect()
}

/// Puts calls and answers together; both in order of the calls' ids.
pub(super) fn with_answers(rows: Vec<CallRow>, answers: Vec<(CallId, GivenAnswer)>) -> Vec<SurveyedCall> {
    let mut answers = answers.into_iter().peekable();
    rows.into_iter()
        .map(|row| {
            while answers.next_if(|(call, _)| *call < row.call).is_some() {}
            let mut of_this = Vec::new();
            while let Some((_, answer)) = answers.next_if(|(call, _)| *call == row.call) {
                of_this.push(answer);
            }
            SurveyedCall { row, answers: of_this }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Detected;

    fn heard(answer: &str, at_ms: u32) -> TalkFacts {
        let detected = Detected { answer: answer.into(), reason: "long\0 greeting".into(), at_ms };
        TalkFacts { detected: Some(detected), ..TalkFacts::default() }
    }

    #[test]
    fn a_word_nobody_knows_is_unsure() {
        let known = heard("machine", 1_200);
        let talk = Talk::of(&known);
        assert_eq!((talk.detected, talk.detected_reason.as_deref()), (Some("machine"), Some("long greeting")));
        let strange = heard("robot", u32::MAX);
        let talk = Talk::of(&strange);
        assert_eq!((talk.detected, talk.detected_reason.as_deref()), (Some("unsure"), Some("robot: long greeting")));
        assert_eq!(talk.detected_ms, Some(2_147_483_647));
    }

    #[test]
    fn a_removed_recording_is_still_speech() {
        let removed = Given::Speech { recording: String::new() };
        let columns = Columns::of(&removed);
        assert_eq!((columns.given, columns.recording, columns.digit), ("speech", None, None));
    }

    #[test]
    fn the_first_answer_of_a_place_counts() {
        let answer = |call, position, question: &str| CallAnswer {
            call,
            campaign: crate::campaign::CampaignId::new(),
            target: crate::store::TargetId(1),
            answer: GivenAnswer {
                question: question.into(),
                position,
                given: Given::Nothing,
                at: jiff::Timestamp::UNIX_EPOCH,
            },
        };
        let (one, two) = (CallId::new(), CallId::new());
        let all = [answer(one, 1, "a"), answer(two, 1, "b"), answer(one, 1, "c"), answer(one, 2, "d")];
        let kept: Vec<_> = each_once(&all).into_iter().map(|answer| answer.answer.question.as_str()).collect();
        assert_eq!(kept, ["a", "b", "d"]);
    }
}
