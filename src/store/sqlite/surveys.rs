//! Surveys.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::store::model::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::store::rows::StoredRow;
use crate::store::surveys::{self, Use};
use crate::store::{StoreError, text};
use crate::survey::Survey;

/// The columns of a survey and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, definition, created_at, updated_at FROM surveys ", $rest)
    };
}

/// The campaigns that ask a survey, by its name or id.
const USES: &str = "SELECT name, status, EXISTS (SELECT 1 FROM calls WHERE campaign_id = campaigns.id) AS called
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

    /// See [`Store::update_survey`](crate::store::Store::update_survey).
    pub async fn update_survey(
        &self,
        reference: &str,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        let definition = text::survey_json(survey)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(stored) = find(&mut transaction, reference).await? else { return Ok(SurveyUpdated::NotFound) };
        let asking = surveys::asking(&uses(&mut transaction, &stored).await?);
        if !asking.is_empty() {
            return Ok(SurveyUpdated::InUse(asking));
        }
        sqlx::query("UPDATE surveys SET definition = ?2, updated_at = ?3 WHERE id = ?1")
            .bind(stored.id.0)
            .bind(definition)
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(SurveyUpdated::Yes)
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
