//! The schema.

use super::{Durability, Sqlite};
use crate::store::{StoreError, migrations};

impl Sqlite {
    /// Applies the migrations that are missing, all or none; gives their numbers.
    pub async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        let mut writer = self.writer().await;
        // One transaction around all, so that two processes take turns.
        let mut transaction = writer.begin(Durability::Full).await?;
        let applied = migrations::apply(&mut *transaction, migrations::SQLITE).await?;
        transaction.commit().await?;
        Ok(applied)
    }
}
