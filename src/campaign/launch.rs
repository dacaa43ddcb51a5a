//! The checks before a campaign is launched.

use jiff::Timestamp;

use super::Settings;
use crate::contact::ContactGroupId;

/// What the world looks like to a campaign about to be launched.
#[derive(Clone, Debug, Default)]
pub struct LaunchFacts {
    /// Contacts in the campaign, and in the groups it takes in when it starts.
    pub contacts: u64,
    /// Groups it names that there are none of.
    pub missing_groups: Vec<ContactGroupId>,
    /// Pool members that exist and are active.
    pub active_numbers: usize,
    /// Switches that are reachable now and have the campaign's trunk; none
    /// when nobody looked.
    pub usable_switches: Option<usize>,
    /// Prompts that are not where they should be, in words.
    pub missing_media: Vec<String>,
    /// What is wrong with the survey, in words.
    pub survey_problems: Vec<String>,
    /// Placeholders of texts to be spoken that no contact looked at has a
    /// column for.
    pub unknown_placeholders: Vec<String>,
    /// When its contacts may be called, by the hours alone.
    pub hours: LaunchHours,
}

/// When a campaign's contacts may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LaunchHours {
    /// Nobody looked.
    #[default]
    Unknown,
    /// Somebody can be called now.
    Open,
    /// Nobody can be before then.
    OpensAt(Timestamp),
    /// Of the contacts looked at, nobody ever can.
    Never,
}

/// Why a campaign may not start, and what is doubtful about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchReport {
    /// Each forbids the launch.
    pub refusals: Vec<String>,
    /// Each is worth a look, no more.
    pub warnings: Vec<String>,
}

/// Rule of thumb of the campaign guides: one number per this many contacts.
const CONTACTS_PER_NUMBER: u64 = 20;

/// Why a campaign does not run whose hours never come.
pub(crate) const HOURS_NEVER_OPEN: &str =
    "calling_hours never open: within them it is never a legal hour where the contacts are";

/// Why a campaign that names an agent does not run: nothing connects its calls
/// with an agent yet.
pub(crate) fn no_agents_yet(settings: &Settings) -> Option<String> {
    let named = settings.agent_id.is_some();
    named.then(|| "calls cannot be given to an AI agent yet: take agent_id out of the campaign".to_owned())
}

/// Looks for everything that forbids the launch, not only the first.
pub fn check_launch(settings: &Settings, facts: &LaunchFacts) -> LaunchReport {
    let mut report = LaunchReport::default();
    if let Err(errors) = settings.check() {
        report.refusals.extend(errors.iter().map(ToString::to_string));
    }
    report.refusals.extend(no_agents_yet(settings));
    if facts.contacts == 0 {
        report.refusals.push("no contacts: import a list first, or name a group that has some".into());
    }
    for group in &facts.missing_groups {
        report.refusals.push(format!("there is no contact group {group}"));
    }
    if facts.active_numbers == 0 {
        report.refusals.push("no active caller ID: number_pool names no number that is known and active".into());
    }
    if facts.usable_switches == Some(0) {
        report.refusals.push("no reachable switch with the campaign's trunk".into());
    }
    match facts.hours {
        LaunchHours::Unknown | LaunchHours::Open => {}
        LaunchHours::OpensAt(at) => report.warnings.push(format!("its hours are over: it waits until {at}")),
        LaunchHours::Never => report.refusals.push(HOURS_NEVER_OPEN.into()),
    }
    for missing in &facts.missing_media {
        report.refusals.push(format!("a prompt is missing: {missing}"));
    }
    report.refusals.extend(facts.survey_problems.iter().map(|problem| format!("survey: {problem}")));
    if settings.prompts.is_empty() && settings.survey.is_none() {
        report.warnings.push("no prompt and no survey: whoever answers is hung up on".into());
    }
    for name in &facts.unknown_placeholders {
        report.warnings.push(format!("the list has no column for {{{{{name}}}}}: nothing is said in its place"));
    }
    let advised = facts.contacts.div_ceil(CONTACTS_PER_NUMBER);
    if facts.active_numbers > 0 && (facts.active_numbers as u64) < advised {
        report.warnings.push(format!(
            "{} caller IDs for {} contacts: carriers flag numbers that call much; advised is one per {CONTACTS_PER_NUMBER}, here {advised}",
            facts.active_numbers, facts.contacts
        ));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reasons_are_listed_at_once() {
        let facts =
            LaunchFacts { usable_switches: Some(0), missing_media: vec!["hello.wav".into()], ..LaunchFacts::default() };
        let report = check_launch(&Settings::default(), &facts);
        assert_eq!(report.refusals.len(), 4, "{report:?}");
    }

    #[test]
    fn a_campaign_with_an_agent_is_not_on_air_yet() {
        let settings = Settings { agent_id: Some(crate::agent::AgentId::new()), ..Settings::default() };
        let facts = LaunchFacts { contacts: 1, active_numbers: 1, ..LaunchFacts::default() };
        let report = check_launch(&settings, &facts);
        assert!(report.refusals.len() == 1 && report.refusals[0].contains("agent_id"), "{report:?}");
    }

    #[test]
    fn hours_that_never_open_refuse_and_later_ones_warn() {
        let with = |hours| {
            let facts = LaunchFacts { contacts: 1, active_numbers: 1, hours, ..LaunchFacts::default() };
            let settings = Settings { prompts: vec!["hello".into()], ..Settings::default() };
            let report = check_launch(&settings, &facts);
            (report.refusals.len(), report.warnings.len())
        };
        assert_eq!(with(LaunchHours::Never), (1, 0));
        assert_eq!(with(LaunchHours::OpensAt(Timestamp::UNIX_EPOCH)), (0, 1));
        assert_eq!(with(LaunchHours::Open), (0, 0));
    }

    #[test]
    fn a_small_pool_only_warns() {
        let facts =
            LaunchFacts { contacts: 100, active_numbers: 4, usable_switches: Some(1), ..LaunchFacts::default() };
        let settings = Settings { prompts: vec!["hello".into()], ..Settings::default() };
        let report = check_launch(&settings, &facts);
        assert!(report.refusals.is_empty());
        assert_eq!(report.warnings.len(), 1);
        let enough = LaunchFacts { active_numbers: 5, ..facts };
        assert_eq!(check_launch(&settings, &enough), LaunchReport::default());
    }

    #[test]
    fn silence_and_unknown_columns_warn_and_a_wrong_survey_refuses() {
        let facts = LaunchFacts {
            contacts: 1,
            active_numbers: 1,
            survey_problems: vec!["questions: there is none".into()],
            unknown_placeholders: vec!["city".into()],
            ..LaunchFacts::default()
        };
        let report = check_launch(&Settings::default(), &facts);
        assert_eq!(report.refusals, ["survey: questions: there is none"]);
        assert!(report.warnings[0].contains("hung up on") && report.warnings[1].contains("{{city}}"), "{report:?}");
    }
}
