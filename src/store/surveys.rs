//! Whether a survey may be changed or removed: decided by who asks it.

use super::model::SurveyRemoved;
use crate::campaign::CampaignStatus;

/// A campaign that asks a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) campaign: String,
    pub(super) status: CampaignStatus,
    /// It has calls.
    pub(super) called: bool,
}

/// The names of those that have left the draft and are not over: what they ask
/// must not change under them.
pub(super) fn asking(uses: &[Use]) -> Vec<String> {
    names(uses, |user| user.status != CampaignStatus::Draft && !user.status.is_final())
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
        vec![Use { campaign: "spring".into(), status, called }]
    }

    #[test]
    fn it_changes_while_nobody_asks_it() {
        let in_the_way = CampaignStatus::ALL.into_iter().filter(|status| !asking(&uses(*status, true)).is_empty());
        let expected = [CampaignStatus::Scheduled, CampaignStatus::Running, CampaignStatus::Paused];
        assert_eq!(in_the_way.collect::<Vec<_>>(), expected);
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
