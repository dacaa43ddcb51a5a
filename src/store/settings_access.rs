//! What was changed of the configuration while the daemon ran.

use jiff::Timestamp;

use super::{Store, StoreError};
use crate::settings::Overrides;

impl Store {
    /// What holds instead of the configuration, and its version.
    pub async fn overrides(&self) -> Result<(Overrides, Timestamp), StoreError> {
        on_engine!(self, db => db.overrides().await)
    }

    /// Replaces it if this is still its version; none: somebody else changed it
    /// first. Gives the new version: they only grow.
    pub async fn set_overrides(
        &self,
        overrides: &Overrides,
        by: &str,
        if_version: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        on_engine!(self, db => db.set_overrides(overrides, by, if_version, now).await)
    }
}
