//! Our own numbers as caller IDs: how much each may be used, how its calls go,
//! and when it is better left alone for a while (pure).
//!
//! | file | one idea |
//! |---|---|
//! | `limits` | what the operator allows of one number |
//! | `figures` | how the calls of one number went |
//! | `health` | who falls behind the others of its pool |
//! | `nearness` | whose number looks local to whom |

mod figures;
mod health;
mod limits;
mod nearness;

pub use figures::{Figures, HOUR, Hour, SHORT_CALL, hour_of};
pub use health::{Rest, Watch, judge, rest_word};
pub use limits::{Limits, OutOfRange};
pub use nearness::{Nearness, nearness};
