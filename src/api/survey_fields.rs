//! What a client says about a survey, and what it is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::campaign_fields::merge;
use super::extract::JsonRequest;
use super::problem::Fault;
use super::read;
use crate::campaign::{CampaignId, CampaignStatus};
use crate::media::leads_outside;
use crate::store::StoredSurvey;
use crate::store::blocks::CampaignUse;
use crate::survey::{Choice, Problem, Question, Survey, check_name};

/// A survey to keep: the same as a survey file says.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSurvey)]
pub(super) struct SurveyFields {
    /// What campaigns call it; no other has this name. 1 to 100 characters.
    #[schema(example = "Spring")]
    pub(super) name: String,
    /// The questions, 1 to 100. The first is asked first.
    pub(super) questions: Vec<Question>,
    /// Prompts played when the survey is complete, before the call is hung up.
    #[serde(default)]
    pub(super) closing: Vec<String>,
}

impl JsonRequest for SurveyFields {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        Self::examine(body, &[])
    }
}

impl SurveyFields {
    /// Reads a survey; or everything that is wrong with it. `reserved` are the
    /// keys that cannot be answers ([`Survey::check`]).
    pub(super) fn examine(body: Value, reserved: &[(char, &str)]) -> Result<Self, Vec<Fault>> {
        let Value::Object(mut fields) = body else {
            return Err(vec![Fault::new("", "the body must be an object")]);
        };
        let mut faults = Vec::new();
        // One question that cannot be read hides no fault of another.
        let written = match fields.get_mut("questions") {
            Some(Value::Array(questions)) => Some(std::mem::take(questions)),
            Some(_) | None => None,
        };
        let mut questions = Vec::new();
        let is_list = written.is_some();
        for (at, question) in written.into_iter().flatten().enumerate() {
            match read_question(question) {
                Ok(question) => questions.push(question),
                Err(wrong) => faults.extend(within(&format!("questions[{at}]"), wrong)),
            }
        }
        let all_read = is_list && faults.is_empty();
        let mut read = read::json::<Self>(Value::Object(fields)).map_err(|wrong| faults.extend(wrong)).ok();
        if let Some(message) = read.as_ref().and_then(|fields| check_name(&fields.name).err()) {
            faults.push(Fault::new("name", message));
        }
        // What the questions mean can be said as soon as they can be read.
        if all_read {
            let closing = read.as_ref().map(|fields| fields.closing.clone()).unwrap_or_default();
            let survey = Survey { questions, closing };
            faults.extend(survey.check(reserved).into_iter().map(Fault::from));
            faults.extend(outside(&survey));
            if let Some(fields) = &mut read {
                fields.questions = survey.questions;
            }
        }
        match read {
            Some(fields) if faults.is_empty() => Ok(fields),
            Some(_) | None => Err(faults),
        }
    }

    /// What it asks.
    pub(super) fn survey(&self) -> Survey {
        Survey { questions: self.questions.clone(), closing: self.closing.clone() }
    }
}

/// A question; or what is wrong with it and with each of its choices.
fn read_question(mut question: Value) -> Result<Question, Vec<Fault>> {
    let written = match question.get_mut("choices") {
        Some(Value::Array(choices)) => std::mem::take(choices),
        Some(_) | None => Vec::new(),
    };
    let (mut choices, mut faults) = (Vec::with_capacity(written.len()), Vec::new());
    for (at, choice) in written.into_iter().enumerate() {
        match read::json::<Choice>(choice) {
            Ok(choice) => choices.push(choice),
            Err(wrong) => faults.extend(within(&format!("choices[{at}]"), wrong)),
        }
    }
    match read::json::<Question>(question) {
        Ok(question) if faults.is_empty() => Ok(Question { choices, ..question }),
        Ok(_) => Err(faults),
        Err(wrong) => {
            faults.extend(wrong);
            Err(faults)
        }
    }
}

fn within(place: &str, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(move |fault| {
        let dot = if fault.field.is_empty() { "" } else { "." };
        Fault::new(format!("{place}{dot}{}", fault.field), fault.message)
    })
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::new(problem.path(), problem.message)
    }
}

/// Entries that are files anywhere on the switch's machine: not for a key to
/// choose.
fn outside(survey: &Survey) -> Vec<Fault> {
    let of = |list: String, entries: &[String]| {
        let wrong = entries.iter().enumerate().filter(|(_, entry)| leads_outside(entry));
        let fault = |(at, entry): (usize, &String)| {
            Fault::new(format!("{list}[{at}]"), format!("{entry:?} leads out of the media folder"))
        };
        wrong.map(fault).collect::<Vec<_>>()
    };
    let questions = survey.questions.iter().enumerate().flat_map(|(at, question)| {
        let prompts = of(format!("questions[{at}].prompts"), &question.prompts);
        prompts.into_iter().chain(of(format!("questions[{at}].invalid"), &question.invalid))
    });
    questions.chain(of("closing".into(), &survey.closing)).collect()
}

/// Changes to a survey, as a JSON merge patch (RFC 7396): what is left out
/// stays; a list replaces the list there was.
#[derive(Clone, Debug, ToSchema)]
#[schema(as = SurveyChanges)]
#[allow(dead_code)] // for the description: it is merged as it comes
pub(super) struct SurveyShape {
    /// What campaigns call it; no other has this name. 1 to 100 characters.
    #[schema(required = false, example = "Spring")]
    name: String,
    /// The questions, 1 to 100. The first is asked first.
    #[schema(required = false)]
    questions: Vec<Question>,
    /// Prompts played when the survey is complete, before the call is hung up.
    #[schema(required = false)]
    closing: Vec<String>,
}

/// The same as it comes.
#[derive(Clone, Debug)]
pub(super) struct SurveyPatch(Map<String, Value>);

impl JsonRequest for SurveyPatch {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(vec![Fault::new("", "the body must be an object")]),
        }
    }
}

impl SurveyPatch {
    /// What becomes of a survey, or everything that is wrong with that.
    pub(super) fn apply(self, to: &StoredSurvey) -> Result<SurveyFields, Vec<Fault>> {
        let Ok(Value::Object(mut base)) = serde_json::to_value(&to.survey) else {
            return Err(vec![Fault::new("", "the survey cannot be shown")]);
        };
        base.insert("name".into(), to.name.clone().into());
        merge(&mut base, self.0);
        SurveyFields::read(Value::Object(base))
    }
}

/// A survey that is only to be looked at: nothing about it is refused.
#[derive(Debug)]
pub(super) struct SurveyToCheck(pub(super) Value);

impl JsonRequest for SurveyToCheck {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        Ok(Self(body))
    }
}

/// What is wrong with a survey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SurveyCheck {
    /// Whether it can be asked.
    pub(super) valid: bool,
    /// Everything that is wrong with it, each with its place.
    pub(super) errors: Vec<Fault>,
    /// What only some campaigns can ask.
    pub(super) warnings: Vec<Fault>,
}

/// A campaign that uses something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsingCampaign {
    /// Its id.
    id: CampaignId,
    /// What it is called.
    #[schema(example = "Spring outreach")]
    name: String,
    /// Where it is in its life.
    status: CampaignStatus,
}

impl From<CampaignUse> for UsingCampaign {
    fn from(using: CampaignUse) -> Self {
        Self { id: using.id, name: using.name, status: using.status }
    }
}

/// A survey in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SurveyItem {
    /// Its id: what a campaign may name in `survey_id`.
    id: Uuid,
    /// What it is called.
    #[schema(example = "Spring")]
    name: String,
    /// How many questions it has.
    #[schema(example = 3)]
    question_count: usize,
    /// When it was added.
    created_at: Timestamp,
    /// When it last changed; its version.
    updated_at: Timestamp,
}

impl From<StoredSurvey> for SurveyItem {
    fn from(stored: StoredSurvey) -> Self {
        Self {
            id: stored.id.0,
            name: stored.name,
            question_count: stored.survey.questions.len(),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// A survey and who asks it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Survey)]
pub(super) struct SurveyBody {
    /// Its id: what a campaign may name in `survey_id`.
    id: Uuid,
    /// What it is called.
    #[schema(example = "Spring")]
    name: String,
    /// The questions, in order.
    questions: Vec<Question>,
    /// Prompts played when it is complete.
    closing: Vec<String>,
    /// When it was added.
    created_at: Timestamp,
    /// When it last changed; its version.
    updated_at: Timestamp,
    /// What only some campaigns can ask: a key that is an answer and, unless
    /// they say otherwise, the opt-out key too.
    warnings: Vec<Fault>,
    /// The campaigns that ask it, those that are over too; oldest first.
    used_by: Vec<UsingCampaign>,
}

impl SurveyBody {
    pub(super) fn new(stored: StoredSurvey, uses: Vec<CampaignUse>) -> Self {
        let warnings = stored.survey.clashes().into_iter().map(Fault::from).collect();
        Self {
            id: stored.id.0,
            name: stored.name,
            questions: stored.survey.questions,
            closing: stored.survey.closing,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            warnings,
            used_by: uses.into_iter().map(UsingCampaign::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(body: Value) -> Vec<String> {
        let mut fields: Vec<_> =
            SurveyFields::read(body).expect_err("faults").into_iter().map(|fault| fault.field).collect();
        fields.sort();
        fields
    }

    #[test]
    fn every_fault_has_its_place() {
        let found = fields(json!({"name": 1, "clsing": [], "questions": [
            {"id": "a", "prompts": ["a"], "choices": [{"digit": 12, "label": "x"}, {"label": "y"}, 7]},
            {"id": "b", "prompts": "b", "timeout": 3, "choices": []},
            "c",
        ]}));
        let expected = [
            "clsing",
            "name",
            "questions[0].choices[0].digit",
            "questions[0].choices[1].digit",
            "questions[0].choices[2]",
            "questions[1].prompts",
            "questions[1].timeout",
            "questions[2]",
        ];
        assert_eq!(found, expected);
        // And once all of it can be read, what it means.
        let found = fields(json!({"name": " x", "questions": []}));
        assert_eq!(found, ["name", "questions"]);
        let found = fields(json!({"name": "x", "closing": [""], "questions": [
            {"id": "A", "prompts": [], "choices": [{"digit": "1", "label": "", "next": "nowhere"}]}]}));
        let expected = [
            "closing",
            "questions[0].choices[0].label",
            "questions[0].choices[0].next",
            "questions[0].id",
            "questions[0].prompts",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn files_of_the_switch_are_not_for_keys_to_choose() {
        let body = json!({"name": "x", "closing": ["../a.wav"], "questions": [
            {"id": "a", "prompts": ["fine.wav", "/etc/b.wav"], "invalid": ["a/../../c.wav"], "spoken": {}}]});
        assert_eq!(fields(body), ["closing[0]", "questions[0].invalid[0]", "questions[0].prompts[1]"]);
    }

    #[test]
    fn a_patch_replaces_lists() {
        let at = Timestamp::UNIX_EPOCH;
        let survey = json!({"questions": [{"id": "a", "prompts": ["a"], "spoken": {}}], "closing": ["bye"]});
        let survey: Survey = serde_json::from_value(survey).expect("a survey");
        let id = crate::survey::SurveyId::new();
        let stored = StoredSurvey { id, name: "x".into(), survey, created_at: at, updated_at: at };
        let patched = |patch: Value| SurveyPatch::read(patch).expect("an object").apply(&stored);
        let read = patched(json!({"closing": null})).expect("read");
        assert_eq!((read.name.as_str(), &read.questions, read.closing.len()), ("x", &stored.survey.questions, 0));
        let questions = json!([{"id": "b", "prompts": ["b"], "spoken": {}}]);
        assert_eq!(patched(json!({"questions": questions})).expect("read").questions[0].id, "b");
        assert!(patched(json!({"questions": []})).is_err());
        assert!(patched(json!({"name": null})).is_err());
    }
}
