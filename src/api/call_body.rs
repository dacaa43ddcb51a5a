//! What a client is told of one call.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::call_recording::find;
use super::call_timeline::{Moment, timeline};
use super::campaign_runs::{Run, seconds};
use super::flat::flat_schema;
use crate::call::{Given, GivenAnswer, Transcript};
use crate::campaign::CampaignId;
use crate::store::{CallDetail, CampaignCall};

/// Whose a call is.
#[derive(Debug, Serialize, ToSchema)]
struct OfCampaign {
    /// Its campaign.
    campaign_id: CampaignId,
    /// The campaign's name.
    #[schema(example = "Q1 Sales Outreach")]
    campaign_name: String,
}

/// A call in the list over all campaigns.
#[derive(Debug, Serialize)]
pub(super) struct ListedCall {
    #[serde(flatten)]
    of: OfCampaign,
    #[serde(flatten)]
    run: Run,
}

impl From<CampaignCall> for ListedCall {
    fn from(call: CampaignCall) -> Self {
        let of = OfCampaign { campaign_id: call.campaign, campaign_name: call.campaign_name };
        Self { of, run: call.row.into() }
    }
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallStatus {
    /// It waits to be placed, or rings.
    Calling,
    /// It was answered and goes on.
    Connected,
    /// It is over.
    Ended,
}

/// An answer to a question of the survey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallAnswerBody {
    /// Which answer of the call it is, from 1. Asked twice, the last counts.
    #[schema(example = 1)]
    position: u16,
    /// The question's id in the survey.
    #[schema(example = "vote")]
    question: String,
    /// How it was given: `key`, `speech` or `nothing`.
    #[schema(example = "key")]
    given: &'static str,
    /// The key.
    #[schema(example = "1")]
    digit: Option<char>,
    /// What the key stands for.
    #[schema(example = "Yes")]
    label: Option<String>,
    /// Where the recording of a spoken answer is; none: it was removed.
    recording_url: Option<String>,
    /// When it was given.
    at: Timestamp,
}

/// A recording that is there.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordingBody {
    /// Where it is.
    url: String,
    /// How long it is, if that can be read.
    #[schema(example = 42.5)]
    seconds: Option<f64>,
    /// Its size.
    #[schema(example = 680044)]
    bytes: u64,
}

/// What is told of one call beside what lists tell.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct More {
    /// Its campaign.
    campaign_id: CampaignId,
    /// The campaign's name.
    #[schema(example = "Q1 Sales Outreach")]
    campaign_name: String,
    /// Where it is.
    status: CallStatus,
    /// The trunk it went out by; known when it is over.
    #[schema(example = "carrier")]
    trunk: Option<String>,
    /// When it was given to the switch; known when it is over.
    placed_at: Option<Timestamp>,
    /// Seconds it rang.
    #[schema(example = 11.2)]
    ring_seconds: Option<f64>,
    /// Seconds from being placed to its end.
    #[schema(example = 55.1)]
    total_seconds: Option<f64>,
    /// Why it was taken for what was `detected`.
    #[schema(example = "short greeting")]
    detected_reason: Option<String>,
    /// When that was decided, in milliseconds from the answer.
    #[schema(example = 1180)]
    detected_ms: Option<u32>,
    /// What was answered to the survey, in order.
    answers: Vec<CallAnswerBody>,
    /// The keys of those answers, in order.
    #[schema(example = "13")]
    keys: String,
    /// Its recording, if it is there.
    recording_file: Option<RecordingBody>,
    /// Whether it had a recording that was removed since.
    recording_removed: bool,
    /// What a person noted about it.
    notes: Option<String>,
    /// What was said, in short, as the agent reports.
    summary: Option<String>,
    /// What was said: one text, or a list of who said what.
    transcript: Option<Transcript>,
    /// What the agent learnt.
    #[schema(value_type = Option<Object>)]
    extracted_data: Option<Map<String, Value>>,
    /// Whether the agent reached its aim, as it reports.
    successful: Option<bool>,
    /// Why it ended, as the agent reports.
    #[schema(example = "agent_hangup")]
    ended_reason: Option<String>,
    /// How long the agent talked, in seconds, as it reports.
    #[schema(example = 42.5)]
    agent_seconds: Option<f64>,
    /// Whether the callee told the agent not to call again.
    agent_opt_out: bool,
    /// Everything that happened, in order.
    timeline: Vec<Moment>,
}

/// One call, with everything known of it.
#[derive(Debug, Serialize)]
pub(super) struct CallBody {
    #[serde(flatten)]
    run: Run,
    #[serde(flatten)]
    more: More,
}

impl CallBody {
    /// `recordings`: the folder they lie in.
    pub(super) async fn new(detail: CallDetail, recordings: &Path) -> Self {
        let timeline = timeline(&detail);
        let CallDetail { call, answers, .. } = detail;
        let CampaignCall { campaign, campaign_name, row } = call;
        let (id, facts) = (row.call.0, &row.facts);
        let recording_file = match &facts.talk.recording {
            Some(name) => file(recordings, name, id).await,
            None => None,
        };
        let more = More {
            campaign_id: campaign,
            campaign_name,
            status: match (facts.ended_at, facts.answered_at) {
                (Some(_), _) => CallStatus::Ended,
                (None, Some(_)) => CallStatus::Connected,
                (None, None) => CallStatus::Calling,
            },
            trunk: facts.trunk.clone(),
            placed_at: facts.placed_at,
            ring_seconds: seconds(facts.ringing_at, facts.answered_at.or(facts.ended_at)),
            total_seconds: seconds(facts.placed_at, facts.ended_at),
            detected_reason: facts.talk.detected.as_ref().map(|detected| detected.reason.clone()),
            detected_ms: facts.talk.detected.as_ref().map(|detected| detected.at_ms),
            keys: answers.iter().filter_map(digit).collect(),
            answers: answers.into_iter().map(|answer| CallAnswerBody::new(id, answer)).collect(),
            recording_file,
            recording_removed: detail.recording_removed,
            notes: detail.notes,
            summary: row.results.summary.clone(),
            transcript: detail.transcript,
            extracted_data: row.results.extracted_data.clone(),
            successful: detail.successful,
            ended_reason: detail.ended_reason,
            agent_seconds: detail.agent_ms.map(|ms| ms as f64 / 1_000.0),
            agent_opt_out: detail.opt_out,
            timeline,
        };
        Self { run: row.into(), more }
    }
}

impl CallAnswerBody {
    fn new(call: Uuid, answer: GivenAnswer) -> Self {
        let GivenAnswer { question, position, given, at } = answer;
        let (given, digit, label, recorded) = match given {
            Given::Key { digit, label } => ("key", Some(digit), Some(label), false),
            Given::Speech { recording } => ("speech", None, None, !recording.is_empty()),
            Given::Nothing => ("nothing", None, None, false),
        };
        let recording_url = recorded.then(|| format!("/api/calls/{call}/recordings/{position}"));
        Self { position, question, given, digit, label, recording_url, at }
    }
}

fn digit(answer: &GivenAnswer) -> Option<char> {
    match &answer.given {
        Given::Key { digit, .. } => Some(*digit),
        Given::Speech { .. } | Given::Nothing => None,
    }
}

/// A call's recording, if it is there.
async fn file(folder: &Path, name: &str, call: Uuid) -> Option<RecordingBody> {
    // A folder that cannot be read says so when the recording is fetched.
    let (path, metadata) = find(folder, name).await.ok().flatten()?;
    let length = tokio::task::spawn_blocking(move || {
        let reader = hound::WavReader::open(path).ok()?;
        Some(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate.max(1)))
    });
    let seconds = length.await.ok().flatten().map(|seconds| (seconds * 1_000.0).round() / 1_000.0);
    Some(RecordingBody { url: format!("/api/calls/{call}/recording"), seconds, bytes: metadata.len() })
}

flat_schema!(ListedCall, "ListedCall", OfCampaign, Run, "A call and its campaign.", required: true, closed: false);
flat_schema!(CallBody, "Call", Run, More, "One call, with everything known of it.", required: true, closed: false);
