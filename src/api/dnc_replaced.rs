//! An import that replaces what a source says: what is asked, and what came of
//! it.

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Fault;
use crate::contact::{NotReplaced, Replaced, SHRINK};
use crate::store::dnc::ListSource;

/// Whose numbers are replaced, and how many of a hundred may be taken off.
pub(super) struct Wanted {
    pub(super) source: ListSource,
    pub(super) shrink: u8,
}

impl Wanted {
    /// What `source`, `replace` and `shrink` ask for; none: an import as any.
    pub(super) fn of(source: Option<&str>, replace: bool, shrink: Option<u8>) -> Result<Option<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        match shrink {
            Some(_) if !replace => faults.push(Fault::new("shrink", "goes with replace=true only")),
            Some(shrink) if shrink > 100 => faults.push(Fault::new("shrink", "must be 0 to 100")),
            Some(_) | None => {}
        }
        let source = match source {
            _ if !replace => None,
            None => {
                faults.push(Fault::new("source", "is missing: say which source the list replaces"));
                None
            }
            Some(source) => match source.parse::<ListSource>() {
                Ok(source) => Some(source),
                Err(why) => {
                    faults.push(Fault::new("source", why.to_string()));
                    None
                }
            },
        };
        if faults.is_empty() {
            Ok(source.map(|source| Self { source, shrink: shrink.unwrap_or(SHRINK) }))
        } else {
            Err(faults)
        }
    }
}

/// What came of replacing a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DncReplaced {
    /// Which source.
    #[schema(example = "federal")]
    source: String,
    /// Whether what the lists no longer name was taken off. If not, nobody may
    /// be called who was not before.
    done: bool,
    /// Numbers the source named before.
    #[schema(example = 100_000)]
    held: u64,
    /// Of those, the ones the lists name again.
    #[schema(example = 99_000)]
    kept: u64,
    /// Of those, the ones the lists name no longer.
    #[schema(example = 1_000)]
    left_out: u64,
    /// Numbers this source was taken off of.
    #[schema(example = 1_000)]
    removed: u64,
    /// Of those, the ones that stay on the list, as something else names them.
    #[schema(example = 10)]
    still_listed: u64,
    /// Why nothing was taken off: `rejected` (a row holds no number),
    /// `other_source` (a row says it is of another source), `empty` (no number
    /// in the lists), `shrink` (too many would be gone); or not all: `overtaken`
    /// (another replacement of the source has begun).
    #[schema(example = "shrink")]
    refused: Option<&'static str>,
    /// The same in words.
    detail: Option<String>,
}

impl From<Replaced> for DncReplaced {
    fn from(replaced: Replaced) -> Self {
        let Replaced { source, held, left_out, removed, still_listed, refused } = replaced;
        Self {
            source: source.to_string(),
            done: refused.is_none(),
            held,
            kept: held.saturating_sub(left_out),
            left_out,
            removed,
            still_listed,
            refused: refused.as_ref().map(NotReplaced::as_str),
            detail: refused.as_ref().map(ToString::to_string),
        }
    }
}
