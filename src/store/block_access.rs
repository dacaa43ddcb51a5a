//! What the API asks of a database about sounds, surveys, their results and
//! uploaded lists.

use jiff::Timestamp;

use super::blocks::{BlockQuery, CampaignUse, MediaRenamed, MediaUses, SurveyEdit, Upload, UploadId};
use super::listing::{CallQuery, Listed, Page};
use super::{Media, Store, StoreError, StoredSurvey, SurveyUpdated, SurveyedCall};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::media::MediaId;

impl Store {
    // --- media library ---------------------------------------------------

    /// A page of the sounds.
    pub async fn media_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<Media>, StoreError> {
        on_engine!(self, db => db.media_page(query, page).await)
    }

    /// Who plays a sound.
    pub async fn media_uses(&self, media: &Media) -> Result<MediaUses, StoreError> {
        on_engine!(self, db => db.media_uses(media).await)
    }

    /// Gives a sound another name, unless a campaign that is not over, or a
    /// survey, plays it by the one it has.
    pub async fn rename_media(
        &self,
        id: MediaId,
        name: &str,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<MediaRenamed, StoreError> {
        on_engine!(self, db => db.rename_media(id, name, if_version, now).await)
    }

    // --- surveys ---------------------------------------------------------

    /// A page of the surveys.
    pub async fn survey_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<StoredSurvey>, StoreError> {
        on_engine!(self, db => db.survey_page(query, page).await)
    }

    /// The campaigns that ask a survey, oldest first, those that are over too.
    pub async fn survey_uses(&self, survey: &StoredSurvey) -> Result<Vec<CampaignUse>, StoreError> {
        on_engine!(self, db => db.survey_uses(survey).await)
    }

    /// Changes a survey, by its id or name: what it asks, unless a campaign
    /// asks it that is scheduled, running or paused; its name, unless somebody
    /// needs that. Versions only grow.
    pub async fn edit_survey(
        &self,
        reference: &str,
        edit: &SurveyEdit,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        on_engine!(self, db => db.edit_survey(reference, edit, now).await)
    }

    /// As [`Self::calls_after`], each call with its answers. For results of
    /// any length.
    pub async fn surveyed_calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<SurveyedCall>, StoreError> {
        on_engine!(self, db => db.surveyed_calls_after(campaign, query, after, limit).await)
    }

    // --- uploaded lists --------------------------------------------------

    /// Notes that a list was uploaded; `false`: its campaign is gone, nothing
    /// was noted.
    pub async fn add_upload(&self, upload: &Upload) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_upload(upload).await)
    }

    /// A page of a campaign's uploads, the newest first.
    pub async fn upload_page(&self, campaign: CampaignId, page: Page) -> Result<Listed<Upload>, StoreError> {
        on_engine!(self, db => db.upload_page(campaign, page).await)
    }

    /// An upload of a campaign; the newest if none is named.
    pub async fn upload(&self, campaign: CampaignId, id: Option<UploadId>) -> Result<Option<Upload>, StoreError> {
        on_engine!(self, db => db.upload(campaign, id).await)
    }

    /// The contents of a campaign's uploads, each once.
    pub async fn upload_contents(&self, campaign: CampaignId) -> Result<Vec<String>, StoreError> {
        on_engine!(self, db => db.upload_contents(campaign).await)
    }

    /// Whether some upload has this content.
    pub async fn is_uploaded(&self, sha256: &str) -> Result<bool, StoreError> {
        on_engine!(self, db => db.is_uploaded(sha256).await)
    }
}
