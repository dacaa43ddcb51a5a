//! From what users wrote to what a call does: a campaign's settings and its
//! survey become a [`Script`].

use std::time::Duration;

use super::{Ask, Choice, Detection, OptOutKey, Script, Sound, Speak, Step, StepIndex, TransferKey};
use crate::campaign::{AmdMode, Settings, Unsure, VoicemailAction};
use crate::number::PhoneNumber;
use crate::survey::{Next, Question, Survey};

/// Why there is no script: what to mend before a call can be placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// An entry names no sound: add it to the media library, or correct it.
    #[error("{place}: there is no sound \"{entry}\"")]
    NoSound {
        /// The setting, or the place in the survey.
        place: String,
        /// The entry, as the user wrote it.
        entry: String,
    },
    /// An answer leads to a question the survey has not.
    #[error("question {question}: \"{next}\" is no question of the survey")]
    NoSuchQuestion {
        /// The question whose answer it is.
        question: String,
        /// The question it should lead to.
        next: String,
    },
    /// There is a transfer key, but the switch has no endpoint for it.
    #[error("transfer.to: the switch has no endpoint for it")]
    NoEndpoint,
}

/// Beyond the time of its own analysis, the switch gets this long to answer.
const SWITCH_MARGIN: Duration = Duration::from_secs(5);
/// How long a switch's own detection may take, where nothing is set.
const SWITCH_MAX_MS: u32 = 7_000;

/// Makes the script of a campaign's calls.
///
/// `sound` finds an entry of [`Settings::sounds`], or a prompt of the survey.
/// `transfer` is the endpoint the transfer key rings and the caller ID it
/// shows; it is needed only if there is such a key. `switch_waits` says whether
/// a call waits for the switch's own detection, see [`Detection::Switch`].
///
/// # Errors
/// The first thing that is missing; see [`CompileError`].
pub fn compile(
    settings: &Settings,
    survey: Option<&Survey>,
    sound: impl FnMut(&str) -> Option<Sound>,
    transfer: Option<(String, PhoneNumber)>,
    switch_waits: bool,
) -> Result<Script, CompileError> {
    let mut sounds = Sounds(sound);
    let leaves_message = settings.voicemail.action == VoicemailAction::LeaveMessage;
    let message = settings.voicemail.prompt.as_ref().filter(|_| leaves_message);
    Ok(Script {
        steps: steps(settings, survey, &mut sounds)?,
        message: sounds.all("voicemail.prompt", message)?,
        opt_out: match settings.opt_out_digit {
            Some(digit) => Some(OptOutKey { digit, confirm: sounds.all("opt_out_prompt", &settings.opt_out_prompt)? }),
            None => None,
        },
        transfer: transfer_key(settings, transfer, &mut sounds)?,
        detection: detection(settings, switch_waits),
        unsure_is_machine: match settings.amd.unsure {
            Unsure::Human => false,
            Unsure::Machine => true,
        },
        beep_wait: settings.amd.beep_wait(),
        record: settings.recording,
        is_survey: survey.is_some(),
    })
}

/// The sounds of entries.
struct Sounds<F>(F);

impl<F: FnMut(&str) -> Option<Sound>> Sounds<F> {
    fn all<'a>(
        &mut self,
        place: &str,
        entries: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<Sound>, CompileError> {
        let find = |entry: &String| {
            (self.0)(entry).ok_or_else(|| CompileError::NoSound { place: place.to_owned(), entry: entry.clone() })
        };
        entries.into_iter().map(find).collect()
    }
}

/// Prompts, questions, the end of the survey, its closing, the hang-up.
fn steps<F>(settings: &Settings, survey: Option<&Survey>, sounds: &mut Sounds<F>) -> Result<Vec<Step>, CompileError>
where
    F: FnMut(&str) -> Option<Sound>,
{
    let mut steps = Vec::new();
    let prompts = sounds.all("prompts", &settings.prompts)?;
    // A survey of no prompts begins with its first question.
    if !prompts.is_empty() {
        steps.push(Step::Play { sounds: prompts, barge_in: survey.is_some() && settings.barge_in, next: 1 });
    }
    if let Some(survey) = survey {
        let places = Places { survey, first: steps.len() };
        for (index, question) in survey.questions.iter().enumerate() {
            steps.push(self::question(question, index, places, sounds)?);
        }
        steps.push(Step::Complete { next: steps.len() + 1 });
        let closing = sounds.all("survey: closing", &survey.closing)?;
        if !closing.is_empty() {
            steps.push(Step::Play { sounds: closing, barge_in: false, next: steps.len() + 1 });
        }
    }
    if !steps.is_empty() {
        steps.push(Step::HangUp);
    }
    Ok(steps)
}

fn question<F>(
    question: &Question,
    index: usize,
    places: Places<'_>,
    sounds: &mut Sounds<F>,
) -> Result<Step, CompileError>
where
    F: FnMut(&str) -> Option<Sound>,
{
    let id = &question.id;
    let prompt = sounds.all(&format!("question {id}: prompts"), &question.prompts)?;
    let no_answer = places.step(index, &question.no_answer)?;
    if let Some(spoken) = &question.spoken {
        return Ok(Step::Speak(Speak {
            question: id.clone(),
            prompt,
            max: Duration::from_secs(spoken.max_seconds.into()),
            silence: Duration::from_secs(spoken.silence_seconds.into()),
            next: places.following(index),
            no_answer,
        }));
    }
    let choice = |choice: &crate::survey::Choice| {
        let next = places.step(index, &choice.next)?;
        Ok(Choice { digit: choice.digit, label: choice.label.clone(), next })
    };
    Ok(Step::Ask(Ask {
        question: id.clone(),
        prompt,
        choices: question.choices.iter().map(choice).collect::<Result<_, _>>()?,
        timeout: Duration::from_secs(question.timeout_seconds.into()),
        retries: question.retries,
        invalid: sounds.all(&format!("question {id}: invalid"), &question.invalid)?,
        no_answer,
    }))
}

/// Where the questions of a survey stand among the steps.
#[derive(Clone, Copy)]
struct Places<'a> {
    survey: &'a Survey,
    /// The step of the first question.
    first: StepIndex,
}

impl Places<'_> {
    /// The next question in order; after the last, the end.
    fn following(self, index: usize) -> StepIndex {
        self.first + index + 1
    }

    fn step(self, index: usize, next: &Next) -> Result<StepIndex, CompileError> {
        let questions = &self.survey.questions;
        match next {
            Next::Following => Ok(self.following(index)),
            Next::End => Ok(self.first + questions.len()),
            Next::Question(id) => match questions.iter().position(|question| question.id == *id) {
                Some(position) => Ok(self.first + position),
                None => {
                    let question = questions.get(index).map(|question| question.id.clone()).unwrap_or_default();
                    Err(CompileError::NoSuchQuestion { question, next: id.clone() })
                }
            },
        }
    }
}

fn transfer_key<F>(
    settings: &Settings,
    to: Option<(String, PhoneNumber)>,
    sounds: &mut Sounds<F>,
) -> Result<Option<TransferKey>, CompileError>
where
    F: FnMut(&str) -> Option<Sound>,
{
    let Some(setting) = &settings.transfer else { return Ok(None) };
    let (endpoint, caller_id) = to.ok_or(CompileError::NoEndpoint)?;
    Ok(Some(TransferKey {
        digit: setting.digit,
        endpoint,
        caller_id,
        ring_timeout: Duration::from_secs(setting.ring_seconds.into()),
        max: Duration::from_secs(setting.max_seconds.into()),
        before: sounds.all("transfer.prompt", &setting.prompt)?,
        failed: sounds.all("transfer.failed_prompt", &setting.failed_prompt)?,
    }))
}

fn detection(settings: &Settings, switch_waits: bool) -> Detection {
    let amd = &settings.amd;
    match amd.mode {
        AmdMode::Off => Detection::Off,
        AmdMode::Builtin => Detection::Builtin(amd.params()),
        AmdMode::Switch => {
            let analysis = Duration::from_millis(amd.max_ms.unwrap_or(SWITCH_MAX_MS).into());
            // Before it tells of a machine, the switch's dialplan waits for the
            // end of the greeting.
            let greeting = match settings.voicemail.action {
                VoicemailAction::LeaveMessage => amd.beep_wait(),
                VoicemailAction::HangUp => Duration::ZERO,
            };
            Detection::Switch { waits: switch_waits, max: analysis + greeting + SWITCH_MARGIN }
        }
    }
}

#[cfg(test)]
mod tests;
