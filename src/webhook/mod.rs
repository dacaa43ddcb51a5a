//! Outgoing webhooks: others are told what happened.
//!
//! A delivery is written with the fact itself, in the same transaction, so none
//! is lost; the [`Deliverer`] sends it until the receiver says 2xx, or for a
//! day. A receiver may get the same event twice, and knows it by its id.
//!
//! | file | one idea |
//! |---|---|
//! | `event` | what is told of, and what is said (pure) |
//! | `secret` | what a receiver knows us by (pure) |
//! | `signature` | how a delivery is signed (pure) |
//! | `schedule` | when it is tried again, and when no more (pure) |
//! | `send` | one try |
//! | `deliverer` | the task that sends what is due |

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

mod deliverer;
mod event;
mod schedule;
mod secret;
mod send;
mod signature;

pub use deliverer::{Deliverer, Options};
pub use event::{AnswerTold, CallTold, CampaignTold, ContactTold, DncTold, Envelope, EventId, EventType, UnknownEvent};
pub use schedule::{FAILS_FOR, Next, PAUSES, after_failure};
pub use secret::{SECRET_PREFIX, SigningSecret};
pub use signature::{SIGNATURE_HEADER, sign};

/// A webhook's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct WebhookId(pub Uuid);

impl WebhookId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for WebhookId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for WebhookId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}
