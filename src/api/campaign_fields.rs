//! What a client says about a campaign, and what it is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::extract::JsonRequest;
use super::flat::flat_schema;
use super::problem::Fault;
use super::read;
use crate::campaign::{Action, CampaignId, CampaignStatus, Settings};
use crate::media::leads_outside;
use crate::number::PhoneNumber;
use crate::store::listing::Versioned;

/// Longest name, in characters.
const NAME: usize = 200;
/// Unknown fields that are named, at most.
const MOST_UNKNOWN: usize = 50;

/// How contacts are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Channel {
    /// By calls.
    #[default]
    Voice,
}

/// What is said beside the settings.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Beside {
    /// What the campaign is called; not necessarily unique. 1 to 200 characters.
    #[schema(required = true, value_type = String, example = "Q1 Sales Outreach")]
    name: Option<String>,
    /// How contacts are reached: `voice`.
    #[schema(value_type = Channel)]
    channel: Option<Channel>,
    /// The first caller ID: stands in front of `number_pool`. The id of one of
    /// our phone numbers is the number itself, in E.164.
    phone_number_id: Option<PhoneNumber>,
    /// When the campaign is to start once it is launched: with an offset, as
    /// `2026-03-01T09:00:00-05:00`.
    scheduled_at: Option<Timestamp>,
    /// `retry_delay_minutes` in seconds, rounded up to whole minutes.
    retry_delay_seconds: Option<u32>,
    /// `retry_attempts` and the first attempt together, from 1 to 101.
    max_attempts: Option<u32>,
    /// `survey` under another name: the survey asked after the prompts, by id
    /// or name.
    survey_id: Option<String>,
}

/// Their names.
const BESIDE: [&str; 7] =
    ["name", "channel", "phone_number_id", "scheduled_at", "retry_delay_seconds", "max_attempts", "survey_id"];

/// A campaign as a client wants it.
#[derive(Debug)]
pub(super) struct CampaignFields {
    pub(super) name: String,
    pub(super) scheduled_at: Option<Timestamp>,
    pub(super) settings: Settings,
}

/// Changes to a campaign: a JSON merge patch (RFC 7396).
#[derive(Clone, Debug)]
pub(super) struct CampaignPatch(Map<String, Value>);

impl JsonRequest for CampaignFields {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let Value::Object(mut fields) = body else {
            return Err(vec![Fault::new("", "the body must be an object")]);
        };
        let mut faults = unknown_fields(&mut fields);
        let beside: Map<_, _> =
            BESIDE.iter().filter_map(|name| Some(((*name).to_owned(), fields.remove(*name)?))).collect();
        let given = |name: &str, fields: &Map<String, Value>| fields.get(name).is_some_and(|value| !value.is_null());
        let (delay, attempts) = (given("retry_delay_minutes", &fields), given("retry_attempts", &fields));
        // A setting that is null is as if it were left out.
        fields.retain(|_, value| !value.is_null());
        let mut note = |wrong: Vec<Fault>| faults.extend(wrong);
        let beside = read::json::<Beside>(Value::Object(beside)).map_err(&mut note).ok();
        let settings = read::json::<Settings>(Value::Object(fields)).map_err(&mut note).ok();
        let mut fields = CampaignFields {
            name: String::new(),
            scheduled_at: beside.as_ref().and_then(|beside| beside.scheduled_at),
            settings: settings.clone().unwrap_or_default(),
        };
        if let Some(beside) = beside {
            faults.extend(fields.apply(beside, delay, attempts));
        }
        if settings.is_some()
            && let Err(errors) = fields.settings.check()
        {
            faults.extend(errors.into_iter().map(Fault::from));
        }
        if settings.is_some() {
            faults.extend(fields.settings.sounds().filter(|(_, entry)| leads_outside(entry)).map(|(field, entry)| {
                let message = format!("{entry:?} leads out of the media folder");
                Fault::new(field.to_owned(), message)
            }));
        }
        if faults.is_empty() { Ok(fields) } else { Err(faults) }
    }
}

impl CampaignFields {
    fn apply(&mut self, beside: Beside, has_delay: bool, has_attempts: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        match checked_name(beside.name.as_deref()) {
            Ok(name) => self.name = name,
            Err(message) => faults.push(Fault::new("name", message)),
        }
        if let Some(fault) = beside.scheduled_at.and_then(|at| out_of_time("scheduled_at", at)) {
            faults.push(fault);
        }
        if let Some(first) = beside.phone_number_id {
            self.settings.number_pool.retain(|number| *number != first);
            self.settings.number_pool.insert(0, first);
        }
        if let Some(seconds) = beside.retry_delay_seconds {
            let minutes = seconds.div_ceil(60);
            if has_delay && minutes != self.settings.retry_delay_minutes {
                faults.push(Fault::new("retry_delay_seconds", "is another time than retry_delay_minutes: send one"));
            }
            self.settings.retry_delay_minutes = minutes;
        }
        match beside.max_attempts.map(|most| most.checked_sub(1)) {
            Some(None) => faults.push(Fault::new("max_attempts", "is 0, must be from 1 to 101")),
            Some(Some(retries)) => {
                if has_attempts && retries != self.settings.retry_attempts {
                    faults.push(Fault::new("max_attempts", "must be one more than retry_attempts: send one"));
                }
                self.settings.retry_attempts = retries;
            }
            None => {}
        }
        if let Some(survey) = beside.survey_id {
            if self.settings.survey.as_ref().is_some_and(|other| *other != survey) {
                faults.push(Fault::new("survey_id", "is another survey than survey: send one"));
            }
            self.settings.survey = Some(survey);
        }
        faults
    }
}

impl JsonRequest for CampaignPatch {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(vec![Fault::new("", "the body must be an object")]),
        }
    }
}

impl CampaignPatch {
    /// What becomes of a campaign, or everything that is wrong with that.
    pub(super) fn apply(self, to: &Versioned) -> Result<CampaignFields, Vec<Fault>> {
        let Self(patch) = self;
        let settings = serde_json::to_value(&to.campaign.settings);
        let Ok(Value::Object(mut base)) = settings else {
            return Err(vec![Fault::new("", "the settings cannot be shown")]);
        };
        base.insert("name".into(), to.campaign.name.clone().into());
        base.insert("scheduled_at".into(), to.campaign.scheduled_at.map(|at| at.to_string()).into());
        // What is said under another name wins over what is stored.
        for (other, name) in [("retry_delay_seconds", "retry_delay_minutes"), ("max_attempts", "retry_attempts")] {
            if patch.get(other).is_some_and(|value| !value.is_null()) {
                base.remove(name);
            }
        }
        // And null under it takes out what is stored.
        if patch.contains_key("survey_id") {
            base.remove("survey");
        }
        merge(&mut base, patch);
        CampaignFields::read(Value::Object(base))
    }
}

/// RFC 7396: objects are merged, null takes out, all else replaces.
pub(super) fn merge(base: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                base.remove(&name);
            }
            Value::Object(inner) => match base.get_mut(&name) {
                Some(Value::Object(old)) => merge(old, inner),
                _ => {
                    base.insert(name, Value::Object(inner));
                }
            },
            other => {
                base.insert(name, other);
            }
        }
    }
}

/// Takes out the fields there are none of.
fn unknown_fields(fields: &mut Map<String, Value>) -> Vec<Fault> {
    let Ok(Value::Object(settings)) = serde_json::to_value(Settings::default()) else { return Vec::new() };
    let known: Vec<&str> = BESIDE.into_iter().chain(settings.keys().map(String::as_str)).collect();
    let wrong: Vec<String> = fields.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
    for name in &wrong {
        fields.remove(name);
    }
    let fault = |name: String| {
        let message = read::unknown(&name, known.iter().copied());
        Fault::new(name, message)
    };
    wrong.into_iter().take(MOST_UNKNOWN).map(fault).collect()
}

/// A name, or what is wrong with it.
pub(super) fn checked_name(name: Option<&str>) -> Result<String, String> {
    let name = name.map(str::trim).ok_or("is missing")?;
    match name.chars().count() {
        0 => Err("is empty".into()),
        length if length > NAME => Err(format!("has {length} characters, may have {NAME}")),
        _ if name.chars().any(char::is_control) => Err("has control characters".into()),
        _ => Ok(name.to_owned()),
    }
}

/// Instants no campaign can mean, and no database need keep.
pub(super) fn out_of_time(field: &str, at: Timestamp) -> Option<Fault> {
    let seconds = at.as_second();
    // 2000-01-01 and 2200-01-01.
    let sane = (946_684_800..7_258_118_400).contains(&seconds);
    (!sane).then(|| Fault::new(field, "must be from the year 2000 to 2199"))
}

/// What is told beside the settings.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// Its id.
    id: CampaignId,
    /// What it is called.
    #[schema(example = "Q1 Sales Outreach")]
    name: String,
    /// How contacts are reached.
    channel: Channel,
    /// Where it is in its life.
    status: CampaignStatus,
    /// Why it is there, where that needs a word.
    reason: Option<String>,
    /// What may be done with it now.
    allowed_actions: Vec<Action>,
    /// The name of its AI agent, if it has one.
    #[schema(example = "Sarah")]
    agent_name: Option<String>,
    /// How many contacts it has.
    #[schema(example = 150)]
    total_contacts: u64,
    /// The first caller ID of its pool.
    phone_number_id: Option<PhoneNumber>,
    /// `survey` under another name.
    survey_id: Option<String>,
    /// When it is to start, or was.
    scheduled_at: Option<Timestamp>,
    /// When it was created.
    created_at: Timestamp,
    /// When its status or settings last changed; its version.
    updated_at: Timestamp,
    /// When it first ran.
    started_at: Option<Timestamp>,
    /// When it was completed, cancelled or failed.
    finished_at: Option<Timestamp>,
}

/// A campaign as a client is told.
#[derive(Debug, Serialize)]
pub(super) struct CampaignBody {
    #[serde(flatten)]
    told: Told,
    #[serde(flatten)]
    settings: Settings,
}

impl CampaignBody {
    pub(super) fn new(versioned: Versioned, total_contacts: u64, agent_name: Option<String>) -> Self {
        let Versioned { campaign, updated_at } = versioned;
        let told = Told {
            id: campaign.id,
            name: campaign.name,
            channel: Channel::Voice,
            status: campaign.status,
            reason: campaign.reason,
            allowed_actions: campaign.status.allowed_actions(),
            agent_name,
            total_contacts,
            phone_number_id: campaign.settings.number_pool.first().copied(),
            survey_id: campaign.settings.survey.clone(),
            scheduled_at: campaign.scheduled_at,
            created_at: campaign.created_at,
            updated_at,
            started_at: campaign.started_at,
            finished_at: campaign.finished_at,
        };
        Self { told, settings: campaign.settings }
    }
}

flat_schema!(CampaignFields, "NewCampaign", Beside, Settings, "A campaign to create. What is left out has its default.", required: true, closed: true);
flat_schema!(CampaignPatch, "CampaignChanges", Beside, Settings, "Changes to a campaign, as a JSON merge patch (RFC 7396): what is left out stays, null brings the default back.", required: false, closed: true);
flat_schema!(CampaignBody, "Campaign", Told, Settings, "A campaign: where it is, and all its settings.", required: true, closed: false);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Campaign;
    use serde_json::json;

    fn fields(value: Value) -> Vec<String> {
        CampaignFields::read(value).expect_err("faults").into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn files_of_the_switch_are_not_for_keys_to_choose() {
        for bad in ["/var/spool/asterisk/voicemail/a.wav", "../recordings/a.wav", "a/../../b.wav"] {
            assert_eq!(fields(json!({"name": "a", "prompts": [bad]})), ["prompts"], "{bad}");
            let voicemail = json!({"action": "leave_message", "prompt": bad});
            let wrong = fields(json!({"name": "a", "amd": {"mode": "builtin"}, "voicemail": voicemail}));
            assert_eq!(wrong, ["voicemail.prompt"], "{bad}");
        }
        for good in ["welcome", "hello.wav", "spring/hello.wav", "say:Press 1/2."] {
            assert!(!leads_outside(good), "{good}");
        }
    }

    fn stored(settings: Settings) -> Versioned {
        let at: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let campaign = Campaign {
            id: CampaignId::new(),
            name: "Spring".into(),
            status: CampaignStatus::Draft,
            reason: None,
            settings,
            scheduled_at: None,
            created_at: at,
            started_at: None,
            finished_at: None,
            forced: None,
        };
        Versioned { campaign, updated_at: at }
    }

    #[test]
    fn the_guides_own_example_is_read() {
        let read = CampaignFields::read(json!({
            "name": "Q1 Sales Outreach", "channel": "voice", "phone_number_id": "+15550100001", "max_concurrent": 3,
            "retry_attempts": 2, "retry_delay_minutes": 30, "number_pool": ["+15550100002", "+15550100001"]
        }))
        .expect("read");
        let pool: Vec<_> = read.settings.number_pool.iter().map(ToString::to_string).collect();
        assert_eq!(pool, ["+15550100001", "+15550100002"]);
        assert_eq!((read.settings.max_concurrent, read.settings.retry_delay_minutes), (3, 30));
    }

    #[test]
    fn every_wrong_field_of_both_kinds_is_named() {
        let mut wrong = fields(json!({
            "max_concurrent": 0, "ring_seconds": "x", "nmae": "a", "scheduled_at": "2026-03-01T09:00:00",
            "retry_on": {"bussy": true}, "channel": "sms"
        }));
        wrong.sort();
        assert_eq!(wrong, ["channel", "nmae", "retry_on.bussy", "ring_seconds", "scheduled_at"]);
        let mut wrong = fields(json!({"name": " ", "max_concurrent": 0, "max_attempts": 0, "ring_seconds": 1}));
        wrong.sort();
        assert_eq!(wrong, ["max_attempts", "max_concurrent", "name", "ring_seconds"]);
    }

    #[test]
    fn other_names_for_the_same() {
        let read = CampaignFields::read(json!({"name": "a", "retry_delay_seconds": 90, "max_attempts": 3}));
        let settings = read.expect("read").settings;
        assert_eq!((settings.retry_delay_minutes, settings.retry_attempts), (2, 2));
        let both = json!({"name": "a", "retry_delay_seconds": 90, "retry_delay_minutes": 7, "max_attempts": 3, "retry_attempts": 3});
        assert_eq!(fields(both), ["retry_delay_seconds", "max_attempts"]);
        let asks = |body| CampaignFields::read(body).expect("read").settings.survey;
        assert_eq!(asks(json!({"name": "a", "survey_id": "Spring"})), Some("Spring".into()));
        assert_eq!(asks(json!({"name": "a", "survey_id": "Spring", "survey": "Spring"})), Some("Spring".into()));
        assert_eq!(fields(json!({"name": "a", "survey_id": "Spring", "survey": "Fall"})), ["survey_id"]);
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let settings = Settings { max_concurrent: 7, retry_attempts: 4, recording: true, ..Settings::default() };
        let before = stored(settings.clone());
        let patch = |value| CampaignPatch::read(value).expect("an object").apply(&before);
        let read = patch(json!({"retry_on": {"voicemail": true}, "recording": null, "max_attempts": 2})).expect("read");
        assert_eq!(read.name, "Spring");
        assert_eq!(
            read.settings,
            Settings {
                retry_on: crate::campaign::RetryOn { voicemail: true, ..settings.retry_on },
                recording: false,
                retry_attempts: 1,
                ..settings
            }
        );
        assert!(patch(json!({"name": null})).is_err());
        let asking = stored(Settings { survey: Some("Spring".into()), ..Settings::default() });
        let asked =
            |value| CampaignPatch::read(value).expect("an object").apply(&asking).expect("read").settings.survey;
        assert_eq!(asked(json!({"survey_id": "Fall"})), Some("Fall".into()));
        assert_eq!(asked(json!({"survey_id": null})), None);
        assert_eq!(asked(json!({})), Some("Spring".into()));
        assert!(patch(json!({"max_concurent": 2})).is_err());
        assert_eq!(patch(json!({})).expect("read").settings, before.campaign.settings);
    }

    #[test]
    fn the_names_beside_the_settings_are_all_known() {
        use utoipa::PartialSchema;
        use utoipa::openapi::{RefOr, Schema};

        let RefOr::T(Schema::Object(schema)) = Beside::schema() else { panic!("an object") };
        let mut names: Vec<_> = schema.properties.keys().map(String::as_str).collect();
        let mut known = BESIDE.to_vec();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
