//! What happens now, for whoever watches.
//!
//! The engine puts what happens into a [`Feed`]: a ring of the latest events
//! with a number each, so that a reader who was away goes on where it was, and
//! one that is too slow is told so. Nothing waits for a reader, and nothing is
//! made for readers that are not there: an event is a few words in a ring.
//!
//! | file | one idea |
//! |---|---|
//! | `event` | what can happen (pure) |
//! | `ring` | the latest events (pure) |
//! | `feed` | the ring, shared, with a bell; readers |
//! | `observer` | changes of campaigns, whoever made them, and their figures |

mod event;
mod feed;
mod observer;
mod ring;

pub use event::{Event, EventKind, Happened, UnknownKind};
pub use feed::{Feed, Part, Position, Reader};
pub(crate) use observer::Observer;
