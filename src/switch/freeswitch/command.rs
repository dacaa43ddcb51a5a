//! Everything we ever write to the event socket, built in one place.
//!
//! FreeSWITCH reads `,` `{` `'` `\` `:_:` and even `${…}` inside originate
//! strings, and an empty line ends a command (tried on 1.10.12). So a text goes
//! in only if all of it is of the safe alphabet; anything else is refused,
//! never quoted.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::call::CallId;

mod audio;
mod place;

/// The events the adapter needs, and no more: a client that is slow to read
/// loses events. What follows `CUSTOM` are subclasses; one that no module has
/// is never sent.
const EVENTS: &str = "CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_HANGUP_COMPLETE \
                      CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE RECORD_STOP DTMF BACKGROUND_JOB CUSTOM avmd::beep";

/// The channel variable that marks our channels; its value is the node's name.
pub(super) const MARK: &str = "canvass_node";

/// The channel variable of a call's other party: the node's name, `/` and the
/// call's id. Such a channel does not carry [`MARK`]: it is no call of ours.
pub(super) const LEG_MARK: &str = "canvass_leg";

/// No text longer than this goes into a command.
const MAX_WORD: usize = 1024;

/// A text that does not go into a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnsafeText {
    /// Nothing there.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// No real one is that long.
    #[error("{0} is longer than {MAX_WORD} characters")]
    TooLong(&'static str),
    /// A character that could mean something else to FreeSWITCH.
    #[error("{0} has {1:?}; allowed are letters, digits and + - _ . @ / : =")]
    Character(&'static str, char),
    /// Harmless characters that mean something together.
    #[error("{0} has \"{1}\", which FreeSWITCH reads as a separator")]
    Separator(&'static str, &'static str),
}

/// One command, complete with the empty line that ends it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Command(String);

impl Command {
    /// Logs in.
    pub(super) fn auth(password: &SecretString) -> Result<Self, UnsafeText> {
        let password = password.expose_secret();
        match password.chars().find(|c| c.is_control()) {
            Some(bad) => Err(UnsafeText::Character("the password", bad)),
            None => Ok(Self::line(format_args!("auth {password}"))),
        }
    }

    /// Subscribes to [`EVENTS`].
    pub(super) fn subscribe() -> Self {
        Self::line(format_args!("event plain {EVENTS}"))
    }

    /// Hangs a channel up.
    pub(super) fn kill(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_kill {channel}"))
    }

    /// Asks for all that is known of a channel.
    pub(super) fn dump(call: CallId) -> Self {
        Self::line(format_args!("api uuid_dump {call}"))
    }

    /// Asks whose a channel is.
    pub(super) fn mark_of(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_getvar {channel} {MARK}"))
    }

    /// Asks whose and which call's other party a channel is.
    pub(super) fn leg_mark_of(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_getvar {channel} {LEG_MARK}"))
    }

    /// Asks whether there is such a channel.
    pub(super) fn exists(channel: Uuid) -> Self {
        Self::line(format_args!("api uuid_exists {channel}"))
    }

    /// Asks whether the beep detector is there.
    pub(super) fn has_avmd() -> Self {
        Self::line(format_args!("api module_exists mod_avmd"))
    }

    /// Asks for the list of channels.
    pub(super) fn channels() -> Self {
        Self::line(format_args!("api show channels as json"))
    }

    /// Asks for product and version.
    pub(super) fn version() -> Self {
        Self::line(format_args!("api version"))
    }

    /// Something cheap that is answered.
    pub(super) fn ping() -> Self {
        Self::line(format_args!("api uptime"))
    }

    /// The bytes to write.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn line(text: fmt::Arguments<'_>) -> Self {
        Self(format!("{text}\n\n"))
    }
}

impl fmt::Debug for Command {
    /// Never shows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0.starts_with("auth ") { "auth ***" } else { self.0.trim_end() };
        f.debug_tuple("Command").field(&shown).finish()
    }
}

/// Lets a text of the safe alphabet through.
fn word<'a>(what: &'static str, text: &'a str) -> Result<&'a str, UnsafeText> {
    if text.is_empty() {
        return Err(UnsafeText::Empty(what));
    }
    if text.len() > MAX_WORD {
        return Err(UnsafeText::TooLong(what));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-_.@/:=".contains(c);
    if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        return Err(UnsafeText::Character(what, bad));
    }
    if text.contains(":_:") {
        return Err(UnsafeText::Separator(what, ":_:"));
    }
    Ok(text)
}

/// Lets a file's name through: safe words with single spaces between them.
/// `playback` takes all of its argument as one name, but for `@@` and a number.
fn path(text: &str) -> Result<&str, UnsafeText> {
    const WHAT: &str = "the file's name";
    if text.len() > MAX_WORD {
        return Err(UnsafeText::TooLong(WHAT));
    }
    if text.contains("@@") {
        return Err(UnsafeText::Separator(WHAT, "@@"));
    }
    for part in text.split(' ') {
        word(WHAT, part)?;
    }
    Ok(text)
}

/// Whole seconds, rounded up, at least one: FreeSWITCH reads 0 as "never". And
/// at most ten years: it reads numbers as C's `atoi` does.
fn seconds(time: Duration) -> u64 {
    const MOST: u64 = 10 * 366 * 86_400;
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).clamp(1, MOST)
}

#[cfg(test)]
mod tests;
