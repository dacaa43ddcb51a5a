//! What is asked of the store, and given, about sounds, surveys and uploaded
//! lists, beyond adding and finding them.

use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Campaign, Media};
use crate::campaign::{CampaignId, CampaignStatus};
use crate::survey::{Survey, SurveyId};

/// Which sounds or surveys, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockQuery {
    /// Only those with this in their name, whatever the case.
    pub name: Option<String>,
    /// By what they are sorted.
    pub sort: BlockSort,
    /// The other way round.
    pub descending: bool,
}

/// What sounds and surveys are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockSort {
    /// Their names.
    #[default]
    Name,
    /// When they were added.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// A campaign that uses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignUse {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    pub status: CampaignStatus,
}

impl From<&Campaign> for CampaignUse {
    fn from(campaign: &Campaign) -> Self {
        Self { id: campaign.id, name: campaign.name.clone(), status: campaign.status }
    }
}

/// Who plays a sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaUses {
    /// Campaigns that are not over, oldest first.
    pub campaigns: Vec<CampaignUse>,
    /// Surveys, asked or not, by name.
    pub surveys: Vec<(SurveyId, String)>,
}

/// What came of the wish to give a sound another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRenamed {
    /// It is called so.
    Yes(Media),
    /// It is played by its name; the names of who does so.
    InUse {
        /// Campaigns that are not over.
        campaigns: Vec<String>,
        /// Surveys, asked or not.
        surveys: Vec<String>,
    },
    /// Another sound has that name.
    NameTaken,
    /// Somebody else changed it first.
    Stale,
    /// There is no such sound.
    NotFound,
}

/// What becomes of a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyEdit {
    /// Its name; none: it stays.
    pub name: Option<String>,
    /// What it asks; none: that stays.
    pub survey: Option<Survey>,
    /// Only if this is still its version.
    pub if_version: Option<Timestamp>,
}

/// The id of an uploaded list: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(pub Uuid);

impl UploadId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for UploadId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A list that was uploaded to a campaign, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The file's name as it was uploaded.
    pub name: String,
    /// SHA-256 of its content, 64 hexadecimal digits: where the file is.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// New contacts that came with it.
    pub accepted: u64,
    /// Numbers in it that were there already.
    pub duplicates: u64,
    /// Rows in it that were no contact.
    pub rejected: u64,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
}
