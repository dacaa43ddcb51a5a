//! Whether a survey may be changed or removed: decided by who asks it.

use super::blocks::{CampaignUse, SurveyEdit};
use super::model::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::campaign::{CampaignId, CampaignStatus};

/// A campaign that asks a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) id: CampaignId,
    pub(super) campaign: String,
    pub(super) status: CampaignStatus,
    /// It has calls.
    pub(super) called: bool,
    /// It asks the survey by its name.
    pub(super) by_name: bool,
}

impl From<Use> for CampaignUse {
    fn from(user: Use) -> Self {
        Self { id: user.id, name: user.campaign, status: user.status }
    }
}

/// Why an edit is not made, if it is not.
pub(super) fn unchanged(stored: &StoredSurvey, edit: &SurveyEdit, uses: &[Use]) -> Option<SurveyUpdated> {
    // Instants are kept to the microsecond.
    if edit.if_version.is_some_and(|known| known.as_microsecond() != stored.updated_at.as_microsecond()) {
        return Some(SurveyUpdated::Stale);
    }
    let asking = asking(uses);
    if edit.survey.is_some() && !asking.is_empty() {
        return Some(SurveyUpdated::InUse(asking));
    }
    let naming = naming(uses);
    let renamed = edit.name.as_ref().is_some_and(|name| *name != stored.name);
    (renamed && !naming.is_empty()).then_some(SurveyUpdated::Named(naming))
}

/// The names of those that have left the draft and are not over: what they ask
/// must not change under them.
fn asking(uses: &[Use]) -> Vec<String> {
    names(uses, |user| user.status != CampaignStatus::Draft && !user.status.is_final())
}

/// The names of those that would look for it in vain under another name.
fn naming(uses: &[Use]) -> Vec<String> {
    names(uses, |user| user.by_name && (user.called || !user.status.is_final()))
}

/// Why it cannot be removed, if it cannot.
pub(super) fn kept(uses: &[Use]) -> Option<SurveyRemoved> {
    let not_over = names(uses, |user| !user.status.is_final());
    if !not_over.is_empty() {
        return Some(SurveyRemoved::InUse(not_over));
    }
    let with_results = names(uses, |user| user.called);
    (!with_results.is_empty()).then_some(SurveyRemoved::HasResults(with_results))
}

fn names(uses: &[Use], which: impl Fn(&Use) -> bool) -> Vec<String> {
    uses.iter().filter(|user| which(user)).map(|user| user.campaign.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(status: CampaignStatus, called: bool) -> Vec<Use> {
        vec![Use { id: CampaignId::new(), campaign: "spring".into(), status, called, by_name: true }]
    }

    #[test]
    fn it_changes_while_nobody_asks_it() {
        let in_the_way = CampaignStatus::ALL.into_iter().filter(|status| !asking(&uses(*status, true)).is_empty());
        let expected = [CampaignStatus::Scheduled, CampaignStatus::Running, CampaignStatus::Paused];
        assert_eq!(in_the_way.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn it_keeps_its_name_while_somebody_asks_by_it() {
        for status in CampaignStatus::ALL {
            for called in [true, false] {
                let mut uses = uses(status, called);
                assert_eq!(naming(&uses).is_empty(), status.is_final() && !called, "{status}, {called}");
                uses[0].by_name = false;
                assert_eq!(naming(&uses), Vec::<String>::new());
            }
        }
    }

    #[test]
    fn it_stays_as_long_as_somebody_needs_it() {
        let spring = vec!["spring".to_owned()];
        assert_eq!(kept(&[]), None);
        for status in CampaignStatus::ALL {
            for called in [true, false] {
                let expected = match (status.is_final(), called) {
                    (false, _) => Some(SurveyRemoved::InUse(spring.clone())),
                    (true, true) => Some(SurveyRemoved::HasResults(spring.clone())),
                    (true, false) => None,
                };
                assert_eq!(kept(&uses(status, called)), expected, "{status}, {called}");
            }
        }
    }
}
