//! Surveys.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::micros;
use super::{Durability, Sqlite, blocks};
use crate::store::blocks::{BlockQuery, CampaignUse, SurveyEdit};
use crate::store::listing::{Listed, Page};
use crate::store::model::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::store::rows::StoredRow;
use crate::store::surveys::{self, Use};
use crate::store::{StoreError, text};

/// The columns of a survey and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, definition, created_at, updated_at FROM surveys ", $rest)
    };
}

/// The campaigns that ask a survey, by its name or id.
const USES: &str = "SELECT id, name, status, EXISTS (SELECT 1 FROM calls WHERE campaign_id = campaigns.id) AS called,
        settings ->> '$.survey' = ?1 AS by_name
    FROM campaigns
    WHERE settings ->> '$.survey' = ?1 OR lower(settings ->> '$.survey') = ?2
    ORDER BY created_at, id";

impl Sqlite {
    /// See [`Store::add_survey`](crate::store::Store::add_survey).
    pub async fn add_survey(&self, survey: &StoredSurvey) -> Result<bool, StoreError> {
        let definition = text::survey_json(&survey.survey)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO surveys (id, name, definition, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(survey.id.0)
        .bind(text::clean(&survey.name))
        .bind(definition)
        .bind(micros(survey.created_at))
        .bind(micros(survey.updated_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::survey`](crate::store::Store::survey).
    pub async fn survey(&self, reference: &str) -> Result<Option<StoredSurvey>, StoreError> {
        let mut reader = self.reader().await?;
        find(reader.connection()?, reference).await
    }

    /// See [`Store::surveys`](crate::store::Store::surveys).
    pub async fn surveys(&self) -> Result<Vec<StoredSurvey>, StoreError> {
        let mut reader = self.reader().await?;
        all(reader.connection()?).await
    }

    /// See [`Store::survey_page`](crate::store::Store::survey_page).
    pub async fn survey_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<StoredSurvey>, StoreError> {
        let mut reader = self.reader().await?;
        let (found, total) = blocks::page(reader.connection()?, "surveys", select!(""), query, page).await?;
        let items = found.iter().map(StoredRow::survey).collect::<Result<_, _>>()?;
        Ok(Listed { items, total })
    }

    /// See [`Store::survey_uses`](crate::store::Store::survey_uses).
    pub async fn survey_uses(&self, survey: &StoredSurvey) -> Result<Vec<CampaignUse>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(uses(reader.connection()?, survey).await?.into_iter().map(CampaignUse::from).collect())
    }

    /// See [`Store::edit_survey`](crate::store::Store::edit_survey).
    pub async fn edit_survey(
        &self,
        reference: &str,
        edit: &SurveyEdit,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(stored) = find(&mut transaction, reference).await? else { return Ok(SurveyUpdated::NotFound) };
        let uses = uses(&mut transaction, &stored).await?;
        if let Some(refused) = surveys::unchanged(&stored, edit, &uses) {
            return Ok(refused);
        }
        let name = edit.name.as_deref().unwrap_or(&stored.name);
        let definition = text::survey_json(edit.survey.as_ref().unwrap_or(&stored.survey))?.to_string();
        let done = sqlx::query(
            "UPDATE surveys SET name = ?2, definition = ?3, updated_at = max(?4, updated_at + 1)
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM surveys WHERE name = ?2 AND id <> ?1)",
        )
        .bind(stored.id.0)
        .bind(text::clean(name))
        .bind(definition)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if done.rows_affected() > 0 { SurveyUpdated::Yes } else { SurveyUpdated::NameTaken })
    }

    /// See [`Store::remove_survey`](crate::store::Store::remove_survey).
    pub async fn remove_survey(&self, reference: &str) -> Result<SurveyRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(stored) = find(&mut transaction, reference).await? else { return Ok(SurveyRemoved::NotFound) };
        let uses = uses(&mut transaction, &stored).await?;
        if let Some(refused) = surveys::kept(&uses) {
            return Ok(refused);
        }
        sqlx::query("DELETE FROM surveys WHERE id = ?1").bind(stored.id.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(SurveyRemoved::Yes(stored))
    }
}

/// Every survey, by name.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<StoredSurvey>, StoreError> {
    let found = sqlx::query(select!("ORDER BY name")).fetch_all(connection).await?;
    found.iter().map(StoredRow::survey).collect()
}

async fn find(connection: &mut SqliteConnection, reference: &str) -> Result<Option<StoredSurvey>, StoreError> {
    let row = sqlx::query(select!("WHERE id = ?1 OR name = ?2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::survey).transpose()
}

/// Who asks it. No campaign changes before the transaction ends.
async fn uses(connection: &mut SqliteConnection, survey: &StoredSurvey) -> Result<Vec<Use>, StoreError> {
    let found = sqlx::query(USES).bind(&survey.name).bind(survey.id.to_string()).fetch_all(connection).await?;
    found.iter().map(StoredRow::survey_use).collect()
}
