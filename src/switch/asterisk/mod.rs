//! Asterisk, by ARI: REST and one event WebSocket.

use secrecy::SecretString;

use super::{CallEvents, CommandError, LinkEvents, Originate, OriginateError, Presence};
use crate::call::CallId;

/// How to reach a Asterisk.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base URL of ARI, such as `http://127.0.0.1:8088/ari`.
    pub url: String,
    /// User of ari.conf.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// This node's name: the Stasis application is `canvass-<node>`.
    pub node: String,
}

/// A Asterisk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Asterisk;

#[allow(missing_docs)]
impl Asterisk {
    pub fn start(_options: Options) -> (Self, LinkEvents) {
        unimplemented!()
    }
    pub fn is_up(&self) -> bool {
        unimplemented!()
    }
    pub async fn originate(&self, _call: &Originate) -> Result<CallEvents, OriginateError> {
        unimplemented!()
    }
    pub fn attach(&self, _call: CallId) -> CallEvents {
        unimplemented!()
    }
    pub async fn play(&self, _call: CallId, _file: &str) -> Result<(), CommandError> {
        unimplemented!()
    }
    pub async fn stop_playback(&self, _call: CallId) -> Result<(), CommandError> {
        unimplemented!()
    }
    pub async fn hang_up(&self, _call: CallId) -> Result<(), CommandError> {
        unimplemented!()
    }
    pub async fn presence(&self, _call: CallId) -> Result<Presence, CommandError> {
        unimplemented!()
    }
    pub async fn live_calls(&self) -> Result<Vec<CallId>, CommandError> {
        unimplemented!()
    }
    pub async fn version(&self) -> Result<String, CommandError> {
        unimplemented!()
    }
    pub async fn close(&self) {
        unimplemented!()
    }
}
