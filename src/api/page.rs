//! Parts of lists.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Answer, Fault, Problem};
use crate::store::listing::{Listed, Page};

/// Rows on a page if nobody says how many.
const USUAL: u32 = 50;

/// Rows on a page, at most.
const MOST: u32 = 500;

/// The last page anybody may ask for: what clients keep in 32 bits with a sign.
const LAST: u32 = i32::MAX as u32;

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortOrder {
    /// The smallest or oldest first.
    #[default]
    Asc,
    /// The largest or newest first.
    Desc,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(bound = "T: ToSchema")]
pub(super) struct Paged<T> {
    /// The rows of this page.
    items: Vec<T>,
    /// Which page this is, from 1.
    #[schema(example = 1, minimum = 1)]
    page: u32,
    /// Rows on a page, at most.
    #[schema(example = 50)]
    limit: u32,
    /// Rows on all pages.
    #[schema(example = 150)]
    total: u64,
    /// How many pages there are.
    #[schema(example = 3)]
    pages: u64,
}

/// Which page is wanted, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    page: u32,
    limit: u32,
}

impl Wanted {
    pub(super) fn new(page: Option<u32>, limit: Option<u32>) -> Answer<Self> {
        let (page, limit) = (page.unwrap_or(1), limit.unwrap_or(USUAL));
        let mut faults = Vec::new();
        if !(1..=LAST).contains(&page) {
            faults.push(Fault::new("page", format!("is {page}, must be from 1 to {LAST}")));
        }
        if !(1..=MOST).contains(&limit) {
            faults.push(Fault::new("limit", format!("is {limit}, must be from 1 to {MOST}")));
        }
        if faults.is_empty() { Ok(Self { page, limit }) } else { Err(Problem::fields(faults)) }
    }

    pub(super) fn page(self) -> Page {
        Page { offset: u64::from(self.page - 1) * u64::from(self.limit), limit: self.limit }
    }

    /// The answer.
    pub(super) fn of<T, B>(self, listed: Listed<T>, body: impl FnMut(T) -> B) -> Paged<B> {
        Paged {
            items: listed.items.into_iter().map(body).collect(),
            page: self.page,
            limit: self.limit,
            total: listed.total,
            pages: listed.total.div_ceil(u64::from(self.limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_begin_with_one() {
        let wanted = Wanted::new(Some(3), Some(20)).expect("a page");
        assert_eq!(wanted.page(), Page { offset: 40, limit: 20 });
        let paged = wanted.of(Listed { items: vec![1], total: 41 }, |n| n);
        assert_eq!((paged.pages, paged.total, paged.items.len()), (3, 41, 1));
        assert!(Wanted::new(Some(0), Some(501)).is_err());
        assert!(Wanted::new(Some(LAST + 1), None).is_err());
        assert_eq!(Wanted::new(Some(LAST), Some(500)).expect("far").page().offset, 1_073_741_823_000);
    }
}
