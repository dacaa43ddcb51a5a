//! Asterisk's own detection of answering machines: the call leaves our
//! application for a context of the dialplan that runs `AMD()`, and comes back
//! with what it found (`dialplan/asterisk/canvass.conf`).

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::answer::done;
use super::{Asterisk, Core};
use crate::call::CallId;
use crate::switch::CommandError;

/// The context of `dialplan/asterisk/canvass.conf`.
pub const AMD_CONTEXT: &str = "canvass-amd";

/// The context a call is sent to.
#[derive(Debug)]
pub(super) struct Dialplan {
    context: String,
    /// It was seen to exist.
    known: AtomicBool,
}

impl Dialplan {
    pub(super) fn new(context: String) -> Self {
        Self { context, known: AtomicBool::new(false) }
    }
}

impl Asterisk {
    /// Has Asterisk find out who answered; see [`crate::switch::Switch::detect`].
    /// Keys pressed meanwhile are told.
    ///
    /// # Errors
    /// [`CommandError::Refused`] where the context is missing, as far as
    /// Asterisk can tell (`func_dialplan`), and while the channel is not ours.
    /// Sent to a context that is missing a call would be hung up.
    pub async fn detect(&self, call: CallId) -> Result<(), CommandError> {
        #[derive(Serialize)]
        struct Body<'a> {
            context: &'a str,
            extension: &'a str,
            priority: u32,
        }
        self.core.check_dialplan(call).await?;
        let body = Body { context: &self.core.amd.context, extension: "s", priority: 1 };
        let detects = |detecting| self.core.calls.with(call, |call| call.track.detects(detecting));
        detects(true);
        let result = done(self.core.commands()?.post(&format!("channels/{call}/continue"), Some(&body)).await);
        if result.is_err() {
            detects(false);
        }
        result
    }
}

impl Core {
    /// After a new connection Asterisk may have been started with another
    /// dialplan.
    pub(super) fn forget_dialplan(&self) {
        self.amd.known.store(false, Ordering::Relaxed);
    }

    /// Whether the context is there, as seen from this channel.
    async fn check_dialplan(&self, call: CallId) -> Result<(), CommandError> {
        #[derive(Deserialize)]
        struct Variable {
            value: String,
        }
        let Dialplan { context, known } = &self.amd;
        if known.load(Ordering::Relaxed) {
            return Ok(());
        }
        let function = format!("DIALPLAN_EXISTS({context},s,1)");
        let function = percent_encoding::utf8_percent_encode(&function, percent_encoding::NON_ALPHANUMERIC);
        match self.ask(&format!("channels/{call}/variable?variable={function}")).await {
            Ok(Variable { value }) if value == "0" => Err(CommandError::Refused(format!(
                "Asterisk has no extension s in the context \"{context}\": include dialplan/asterisk/canvass.conf"
            ))),
            Ok(Variable { .. }) => {
                known.store(true, Ordering::Relaxed);
                Ok(())
            }
            // "Unable to read provided function": func_dialplan is not loaded.
            Err(CommandError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
