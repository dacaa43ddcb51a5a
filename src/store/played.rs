//! Who plays a sound: campaigns, by their settings and by what they ask.

use super::model::{Campaign, Media, StoredSurvey};

/// The names of those of these campaigns that play a sound, in their order.
pub(super) fn players(media: &Media, campaigns: &[Campaign], surveys: &[StoredSurvey]) -> Vec<String> {
    let id = media.id.to_string();
    let is_it = |entry: &str| entry == media.name || entry.eq_ignore_ascii_case(&id);
    let plays = |campaign: &&Campaign| {
        let asked = campaign.settings.survey.as_deref().and_then(|reference| {
            let is_this = |survey: &&StoredSurvey| {
                survey.name == reference || survey.id.to_string().eq_ignore_ascii_case(reference)
            };
            surveys.iter().find(is_this)
        });
        let in_survey = asked.into_iter().flat_map(|stored| stored.survey.sounds());
        campaign.settings.sounds().chain(in_survey).any(|(_, entry)| is_it(entry))
    };
    campaigns.iter().filter(plays).map(|campaign| campaign.name.clone()).collect()
}
