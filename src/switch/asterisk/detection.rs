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
        self.check_detection().await?;
        let body = Body { context: &self.core.amd.context, extension: "s", priority: 1 };
        let detects = |detecting| self.core.calls.with(call, |call| call.track.detects(detecting));
        detects(true);
        let result = done(self.core.commands()?.post(&format!("channels/{call}/continue"), Some(&body)).await);
        if result.is_err() {
            detects(false);
        }
        result
    }

    /// Whether the context for [`Self::detect`] is there, for `doctor`.
    ///
    /// # Errors
    /// [`CommandError::Refused`] says what is missing.
    pub async fn check_detection(&self) -> Result<(), CommandError> {
        let Dialplan { context, known } = &self.core.amd;
        if known.load(Ordering::Relaxed) {
            return Ok(());
        }
        // What is no function, or one of a module that is not loaded, is empty.
        match self.core.function(&format!("DIALPLAN_EXISTS({context},s,1)")).await?.as_str() {
            "0" => Err(CommandError::Refused(format!(
                "Asterisk has no extension s in the context \"{context}\": include dialplan/asterisk/canvass.conf"
            ))),
            "1" => {
                known.store(true, Ordering::Relaxed);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Core {
    /// After a new connection Asterisk may have been started with another
    /// dialplan.
    pub(super) fn forget_dialplan(&self) {
        self.amd.known.store(false, Ordering::Relaxed);
    }

    /// The value of a dialplan function that needs no channel.
    async fn function(&self, expression: &str) -> Result<String, CommandError> {
        #[derive(Deserialize)]
        struct Variable {
            value: String,
        }
        let variable = percent_encoding::utf8_percent_encode(expression, percent_encoding::NON_ALPHANUMERIC);
        let Variable { value } = self.ask(&format!("asterisk/variable?variable={variable}")).await?;
        Ok(value)
    }
}
