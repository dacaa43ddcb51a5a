//! Surveys.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, blocks};
use crate::store::blocks::{BlockQuery, CampaignUse, SurveyEdit};
use crate::store::listing::{Listed, Page};
use crate::store::model::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use crate::store::rows::StoredRow;
use crate::store::surveys::{self, Use};
use crate::store::text;

/// The columns of a survey and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, definition, created_at, updated_at FROM surveys ", $rest)
    };
}

/// The campaigns that ask a survey, by its name or id.
const USES: &str = "SELECT id, name, status, EXISTS (SELECT 1 FROM calls WHERE campaign_id = campaigns.id) AS called,
        settings ->> 'survey' = $1 AS by_name
    FROM campaigns
    WHERE settings ->> 'survey' = $1 OR lower(settings ->> 'survey') = $2
    ORDER BY created_at, id";

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

    /// See [`Store::survey_page`](crate::store::Store::survey_page).
    pub async fn survey_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<StoredSurvey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let (found, total) = blocks::page(session.connection(), "surveys", select!(""), query, page).await?;
            session.keep();
            let items = found.iter().map(StoredRow::survey).collect::<Result<_, _>>()?;
            Ok(Listed { items, total })
        })
        .await
    }

    /// See [`Store::survey_uses`](crate::store::Store::survey_uses).
    pub async fn survey_uses(&self, survey: &StoredSurvey) -> Result<Vec<CampaignUse>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let uses = uses(session.connection(), survey).await?;
            session.keep();
            Ok(uses.into_iter().map(CampaignUse::from).collect())
        })
        .await
    }

    /// See [`Store::edit_survey`](crate::store::Store::edit_survey).
    pub async fn edit_survey(
        &self,
        reference: &str,
        change: &SurveyEdit,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            blocks::hold_campaigns(&mut transaction).await?;
            let updated = edit(&mut transaction, reference, change, now).await?;
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
            blocks::hold_campaigns(&mut transaction).await?;
            let removed = remove(&mut transaction, reference).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn edit(
    connection: &mut PgConnection,
    reference: &str,
    edit: &SurveyEdit,
    now: Timestamp,
) -> Result<SurveyUpdated, StoreError> {
    // Who else edits it waits: what was read is what is changed.
    let row = sqlx::query(select!("WHERE id = $1 OR name = $2 FOR UPDATE"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(SurveyUpdated::NotFound) };
    let stored = row.survey()?;
    if let Some(refused) = surveys::unchanged(&stored, edit, &uses(connection, &stored).await?) {
        return Ok(refused);
    }
    let name = edit.name.as_deref().unwrap_or(&stored.name);
    let definition = text::survey_json(edit.survey.as_ref().unwrap_or(&stored.survey))?;
    let done = sqlx::query(
        "UPDATE surveys SET name = $2, definition = $3,
             updated_at = greatest($4, updated_at + interval '1 microsecond')
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM surveys WHERE name = $2 AND id <> $1)",
    )
    .bind(stored.id.0)
    .bind(text::clean(name))
    .bind(definition)
    .bind(at(now))
    .execute(connection)
    .await;
    match done {
        Ok(done) if done.rows_affected() > 0 => Ok(SurveyUpdated::Yes),
        Ok(_) => Ok(SurveyUpdated::NameTaken),
        // Somebody else took it this moment.
        Err(error) if blocks::is_taken(&error) => Ok(SurveyUpdated::NameTaken),
        Err(error) => Err(error.into()),
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
