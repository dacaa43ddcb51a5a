//! What can be done with an answered call, on a real Asterisk and on the
//! simulated one: the same scenarios, and the same must come of them.

use std::time::Duration;

use canvass::switch::CallEvent;

#[path = "../support/adapter.rs"]
mod adapter;
#[path = "../support/ari.rs"]
mod ari;
#[path = "../support/asterisk.rs"]
mod asterisk;
#[path = "../support/cable.rs"]
mod cable;
#[path = "../support/need.rs"]
mod need;

mod cut;
mod detection;
mod listening;
mod recording;
mod rig;
mod sound;
mod transfer;

/// Runs scenarios on both.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod real {
            $(#[tokio::test]
            async fn $name() {
                if let Some(rig) = crate::rig::Rig::real(stringify!($name)).await {
                    super::$name(rig).await;
                }
            })*
        }
        mod simulated {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::rig::Rig::simulated().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// Whether this is the end of a call that had been answered.
fn is_answered_end(event: &CallEvent) -> bool {
    matches!(event, CallEvent::HungUp(end) if end.answered)
}

/// Longer than anything that follows at once.
const SOON: Duration = Duration::from_secs(5);
