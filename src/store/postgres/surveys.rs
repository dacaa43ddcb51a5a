//! Surveys.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::store::model::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::store::rows::StoredRow;
use crate::store::surveys::{self, Use};
use crate::store::text;
use crate::survey::Survey;

/// The columns of a survey and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, definition, created_at, updated_at FROM surveys ", $rest)
    };
}

/// The campaigns that ask a survey, by its name or id; none of them changes
/// before the transaction ends.
const USES: &str = "SELECT name, status, EXISTS (SELECT 1 FROM calls WHERE campaign_id = campaigns.id) AS called
    FROM campaigns
    WHERE settings ->> 'survey' = $1 OR lower(settings ->> 'survey') = $2
    ORDER BY created_at, id
    FOR SHARE";

impl Postgres {
    /// See [`Store::add_survey`](crate::store::Store::add_survey).
    pub async fn add_survey(&self, survey: &StoredSurvey) -> Result<bool, StoreError> {
        let definition = text::survey_json(&survey.survey)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO surveys (id, name, definition, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (name) DO NOTHING",
            )
            .bind(survey.id.0)
            .bind(text::clean(&survey.name))
            .bind(definition)
            .bind(at(survey.created_at))
            .bind(at(survey.updated_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::survey`](crate::store::Store::survey).
    pub async fn survey(&self, reference: &str) -> Result<Option<StoredSurvey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = find(session.connection(), reference).await?;
            session.keep();
            Ok(found)
        })
        .await
    }

    /// See [`Store::surveys`](crate::store::Store::surveys).
    pub async fn surveys(&self) -> Result<Vec<StoredSurvey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let surveys = all(session.connection()).await?;
            session.keep();
            Ok(surveys)
        })
        .await
    }

    /// See [`Store::update_survey`](crate::store::Store::update_survey).
    pub async fn update_survey(
        &self,
        reference: &str,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        let definition = text::survey_json(survey)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let updated = match find(&mut transaction, reference).await? {
                None => SurveyUpdated::NotFound,
                Some(stored) => match surveys::asking(&uses(&mut transaction, &stored).await?) {
                    asking if !asking.is_empty() => SurveyUpdated::InUse(asking),
                    _nobody => {
                        sqlx::query("UPDATE surveys SET definition = $2, updated_at = $3 WHERE id = $1")
                            .bind(stored.id.0)
                            .bind(definition)
                            .bind(at(now))
                            .execute(&mut *transaction)
                            .await?;
                        SurveyUpdated::Yes
                    }
                },
            };
            transaction.commit().await?;
            session.keep();
            Ok(updated)
        })
        .await
    }

    /// See [`Store::remove_survey`](crate::store::Store::remove_survey).
    pub async fn remove_survey(&self, reference: &str) -> Result<SurveyRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let removed = remove(&mut transaction, reference).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn remove(connection: &mut PgConnection, reference: &str) -> Result<SurveyRemoved, StoreError> {
    let Some(stored) = find(connection, reference).await? else { return Ok(SurveyRemoved::NotFound) };
    if let Some(refused) = surveys::kept(&uses(connection, &stored).await?) {
        return Ok(refused);
    }
    sqlx::query("DELETE FROM surveys WHERE id = $1").bind(stored.id.0).execute(connection).await?;
    Ok(SurveyRemoved::Yes(stored))
}

/// Every survey, by name.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<StoredSurvey>, StoreError> {
    let found = sqlx::query(select!("ORDER BY name")).fetch_all(connection).await?;
    found.iter().map(StoredRow::survey).collect()
}

async fn find(connection: &mut PgConnection, reference: &str) -> Result<Option<StoredSurvey>, StoreError> {
    let row = sqlx::query(select!("WHERE id = $1 OR name = $2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::survey).transpose()
}

async fn uses(connection: &mut PgConnection, survey: &StoredSurvey) -> Result<Vec<Use>, StoreError> {
    let found = sqlx::query(USES).bind(&survey.name).bind(survey.id.to_string()).fetch_all(connection).await?;
    found.iter().map(StoredRow::survey_use).collect()
}
