//! The Asterisk adapter, connected, and what it tells.

#![allow(dead_code)] // not every test binary uses all of it

use std::fmt::Display;
use std::time::Duration;

use canvass::call::CallId;
use canvass::switch::asterisk::{Asterisk, Options};
use canvass::switch::{CallEvent, CallEvents, LinkEvent, LinkEvents, Originate};

/// Longer than anything here takes, so that a hang fails instead of staying.
pub(crate) const WAIT: Duration = Duration::from_secs(10);

/// For an Asterisk at this address, as the simulated one's user.
pub(crate) fn options(address: impl Display, password: &str) -> Options {
    Options {
        url: format!("http://{address}/ari"),
        user: "canvass".into(),
        password: password.into(),
        node: "test".into(),
        ..Default::default()
    }
}

/// An adapter whose first news was that it is connected.
pub(crate) async fn connect(options: Options) -> (Asterisk, LinkEvents) {
    let (asterisk, mut link) = Asterisk::start(options);
    assert_eq!(heard(&mut link).await, LinkEvent::Up { epoch: 1 });
    (asterisk, link)
}

/// The next news of the connection.
pub(crate) async fn heard(link: &mut LinkEvents) -> LinkEvent {
    tokio::time::timeout(WAIT, link.recv()).await.expect("in time").expect("an event")
}

/// The next news of a call.
pub(crate) async fn next(events: &mut CallEvents) -> CallEvent {
    tokio::time::timeout(WAIT, events.recv()).await.expect("in time").expect("an event")
}

/// A call to the number with this last digit.
pub(crate) fn order(last_digit: char) -> Originate {
    Originate {
        call: CallId::new(),
        endpoint: format!("PJSIP/+1555123000{last_digit}@carrier"),
        number: format!("+1555123000{last_digit}").parse().expect("a number"),
        caller_id: "+15557654321".parse().expect("a number"),
        ring_timeout: Duration::from_secs(30),
        max_call: Duration::from_secs(60),
    }
}
