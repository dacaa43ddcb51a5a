//! What happened in a call, moment by moment: made of what is stored.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{Detected, Given, GivenAnswer, TransferState};
use crate::store::CallDetail;

/// Something that happened in a call, or to what is known of it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CallMoment)]
pub(super) struct Moment {
    /// When.
    at: Timestamp,
    /// What.
    event: MomentKind,
    /// More about it, in words: the verdict's reason, the outcome, the
    /// disposition, who said so.
    #[schema(example = "human: short greeting")]
    detail: Option<String>,
    /// With `answer`: the question's id.
    #[schema(example = "vote")]
    question: Option<String>,
    /// With `answer`: the key.
    #[schema(example = "1")]
    digit: Option<char>,
    /// With `answer`: what the key stands for.
    #[schema(example = "Yes")]
    label: Option<String>,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CallMomentKind)]
pub(super) enum MomentKind {
    /// Its contact was claimed for it.
    Created,
    /// It was given to the switch.
    Placed,
    /// The phone began to ring.
    Ringing,
    /// Somebody, or something, answered.
    Answered,
    /// Its recording began.
    Recording,
    /// It was decided who answered.
    Detected,
    /// A question of the survey was answered, or not in all tries.
    Answer,
    /// The opt-out key was pressed.
    OptedOut,
    /// The transfer key was pressed.
    TransferAsked,
    /// The callee and the other party were connected.
    Transferred,
    /// It was over.
    Ended,
    /// An agent's completion was received.
    CompletionReceived,
    /// The disposition changed.
    DispositionChanged,
}

/// Everything that is known to have happened, in order.
pub(super) fn timeline(detail: &CallDetail) -> Vec<Moment> {
    use MomentKind as K;

    let row = &detail.call.row;
    let (facts, talk) = (&row.facts, &row.facts.talk);
    let mut moments = vec![Moment::new(row.created_at, K::Created, None)];
    let mut add = |at: Option<Timestamp>, event, detail| moments.extend(at.map(|at| Moment::new(at, event, detail)));
    add(facts.placed_at, K::Placed, facts.trunk.clone());
    add(facts.ringing_at, K::Ringing, None);
    add(facts.answered_at, K::Answered, None);
    if talk.recording.is_some() || detail.recording_removed {
        add(facts.answered_at, K::Recording, None);
    }
    if let (Some(answered), Some(Detected { answer, reason, at_ms })) = (facts.answered_at, &talk.detected) {
        let at = answered.checked_add(SignedDuration::from_millis((*at_ms).into())).unwrap_or(answered);
        add(Some(at), K::Detected, Some(format!("{answer}: {reason}")));
    }
    add(talk.opted_out_at, K::OptedOut, None);
    add(talk.transfer_at, K::TransferAsked, talk.transfer.map(|state| state.as_str().to_owned()));
    let connected = talk.transfer == Some(TransferState::Connected);
    add(talk.transferred_at.filter(|_| connected), K::Transferred, None);
    let end = row.outcome.map(|outcome| match &facts.detail {
        Some(words) => format!("{outcome}: {words}"),
        None => outcome.to_string(),
    });
    add(facts.ended_at, K::Ended, end);
    for received in &detail.completions {
        add(Some(*received), K::CompletionReceived, None);
    }
    for change in &detail.dispositions {
        let said = change.disposition.as_deref().unwrap_or("none");
        add(Some(change.at), K::DispositionChanged, Some(format!("{said} ({})", change.by.as_str())));
    }
    moments.extend(detail.answers.iter().map(Moment::of));
    // Those of one instant stay as they are above.
    moments.sort_by_key(|moment| moment.at);
    moments
}

impl Moment {
    fn new(at: Timestamp, event: MomentKind, detail: Option<String>) -> Self {
        Self { at, event, detail, question: None, digit: None, label: None }
    }

    fn of(answer: &GivenAnswer) -> Self {
        let (detail, digit, label) = match &answer.given {
            Given::Key { digit, label } => (None, Some(*digit), Some(label.clone())),
            Given::Speech { .. } => (Some("spoken".to_owned()), None, None),
            Given::Nothing => (Some("nothing".to_owned()), None, None),
        };
        let question = Some(answer.question.clone());
        Self { at: answer.at, event: MomentKind::Answer, detail, question, digit, label }
    }
}
