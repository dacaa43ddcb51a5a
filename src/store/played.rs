//! Who plays a sound: campaigns, by their settings and by what they ask; and
//! surveys, asked or not.

use super::blocks::{CampaignUse, MediaRenamed, MediaUses};
use super::model::{Campaign, Media, MediaRemoved, StoredSurvey};

/// Whether an entry of settings or a survey means this sound.
fn means(media: &Media, entry: &str) -> bool {
    names(media, entry) || entry.eq_ignore_ascii_case(&media.id.to_string())
}

/// Whether it does so by the sound's name.
fn names(media: &Media, entry: &str) -> bool {
    entry == media.name
}

/// Those of these campaigns that play a sound, in their order.
fn players<'a>(is_it: impl Fn(&str) -> bool, campaigns: &'a [Campaign], surveys: &[StoredSurvey]) -> Vec<&'a Campaign> {
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
    campaigns.iter().filter(plays).collect()
}

/// Those of these surveys that play a sound, in their order.
fn asked_with(is_it: impl Fn(&str) -> bool, surveys: &[StoredSurvey]) -> Vec<&StoredSurvey> {
    surveys.iter().filter(|stored| stored.survey.sounds().any(|(_, entry)| is_it(entry))).collect()
}

/// Why a sound keeps its name, if it has to: who plays it by that.
pub(super) fn kept_name(media: &Media, campaigns: &[Campaign], surveys: &[StoredSurvey]) -> Option<MediaRenamed> {
    let is_it = |entry: &str| names(media, entry);
    let campaigns: Vec<_> = players(is_it, campaigns, surveys).into_iter().map(|one| one.name.clone()).collect();
    let surveys: Vec<_> = asked_with(is_it, surveys).into_iter().map(|one| one.name.clone()).collect();
    let free = campaigns.is_empty() && surveys.is_empty();
    (!free).then_some(MediaRenamed::InUse { campaigns, surveys })
}

/// Why a sound stays, if it has to: the names of the campaigns that play it.
pub(super) fn kept(media: &Media, campaigns: &[Campaign], surveys: &[StoredSurvey]) -> Option<MediaRemoved> {
    let users = players(|entry| means(media, entry), campaigns, surveys);
    let names: Vec<_> = users.into_iter().map(|one| one.name.clone()).collect();
    (!names.is_empty()).then_some(MediaRemoved::InUse(names))
}

/// Who plays a sound.
pub(super) fn uses(media: &Media, campaigns: &[Campaign], surveys: &[StoredSurvey]) -> MediaUses {
    let is_it = |entry: &str| means(media, entry);
    MediaUses {
        campaigns: players(is_it, campaigns, surveys).into_iter().map(CampaignUse::from).collect(),
        surveys: asked_with(is_it, surveys).into_iter().map(|one| (one.id, one.name.clone())).collect(),
    }
}
