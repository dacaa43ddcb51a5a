//! Which keys a campaign takes for itself.

use super::{Problem, Survey};
use crate::campaign::Settings;

/// The keys that have a meaning at any time in a campaign's calls, each with
/// what it is: what [`Survey::check`](super::Survey::check) wants to know.
pub fn taken_keys(settings: &Settings) -> Vec<(char, &'static str)> {
    let opt_out = settings.opt_out_digit.map(|digit| (digit, "the opt-out key"));
    let transfer = settings.transfer.as_ref().map(|transfer| (transfer.digit, "the transfer key"));
    opt_out.into_iter().chain(transfer).collect()
}

impl Survey {
    /// What can be asked, but not by every campaign: answers whose keys have a
    /// meaning at any time where a campaign says nothing else.
    pub fn clashes(&self) -> Vec<Problem> {
        let problems = self.check(&[]);
        let mut found = self.check(&taken_keys(&Settings::default()));
        found.retain(|problem| !problems.contains(problem));
        for problem in &mut found {
            problem.message.push_str(" unless the campaign has another");
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_campaigns_take_by_default_is_a_clash() {
        let json = r#"{"questions": [{"id": "a", "prompts": [], "choices": [
            {"digit": "1", "label": "Yes"}, {"digit": "9", "label": "No"}]}]}"#;
        let survey: Survey = serde_json::from_str(json).expect("a survey");
        let clashes: Vec<_> = survey.clashes().iter().map(ToString::to_string).collect();
        let expected = "question 1 \"a\" choice 2: digit: is 9, the opt-out key unless the campaign has another";
        assert_eq!(clashes, [expected]);
    }

    #[test]
    fn the_keys_of_a_campaign() {
        assert_eq!(taken_keys(&Settings::default()), [('9', "the opt-out key")]);
        let json = r#"{"opt_out_digit": "", "transfer": {"digit": "0", "to": {"extension": "100"}}}"#;
        let settings = serde_json::from_str(json).expect("settings");
        assert_eq!(taken_keys(&settings), [('0', "the transfer key")]);
    }
}
