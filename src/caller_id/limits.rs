//! What the operator allows of one number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much a number may be used, over all campaigns. None: no such limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Calls started from it within 24 hours, by full hours, at most. 1 to
    /// 1,000,000.
    #[schema(minimum = 1, maximum = 1_000_000, example = 150)]
    pub daily_cap: Option<u32>,
    /// Seconds between the starts of two calls from it. 1 to 86,400.
    #[schema(minimum = 1, maximum = 86_400, example = 30)]
    pub cool_down_seconds: Option<u32>,
    /// Calls in progress from it at once, at most. 1 to 10,000.
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    pub max_concurrent: Option<u32>,
}

/// A limit that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct OutOfRange {
    /// Its name.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Limits {
    /// Every limit that is out of range.
    pub fn check(&self) -> Vec<OutOfRange> {
        let limits = [
            ("daily_cap", self.daily_cap, 1_000_000),
            ("cool_down_seconds", self.cool_down_seconds, 86_400),
            ("max_concurrent", self.max_concurrent, 10_000),
        ];
        let wrong = |(field, value, most): (&'static str, Option<u32>, u32)| {
            let value = value.filter(|value| !(1..=most).contains(value))?;
            Some(OutOfRange { field, message: format!("is {value}, must be from 1 to {most}, or none") })
        };
        limits.into_iter().filter_map(wrong).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_limit_is_named() {
        assert_eq!(Limits::default().check(), []);
        let wrong = Limits { daily_cap: Some(0), cool_down_seconds: Some(86_401), max_concurrent: Some(1) };
        let fields: Vec<_> = wrong.check().into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["daily_cap", "cool_down_seconds"]);
    }
}
