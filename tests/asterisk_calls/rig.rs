//! The adapter with an Asterisk behind it, real or simulated, and people to
//! call.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use canvass::call::CallId;
use canvass::switch::asterisk::{Asterisk, Options};
use canvass::switch::simulator::asterisk::{AsteriskSimulator, Options as Simulated};
use canvass::switch::simulator::{CalleeMix, Then};
use canvass::switch::{CallEvent, CallEvents, LinkEvents, Originate, Transfer};
use serde_json::Value;

use crate::adapter::{connect, next};
use crate::ari::Ari;
use crate::asterisk::{AsteriskLab, Callee};
use crate::cable::Cable;

/// Somebody to call. All who answer stay for long, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// Says a word, then listens.
    Person,
    /// Speaks for some seconds, beeps, then listens.
    Voicemail,
    /// Presses 5 after one to three seconds.
    PressesFive,
    /// Hangs up after one to two seconds and a half.
    HangsUp,
    /// Never picks up.
    NeverAnswers,
    /// Is busy.
    Busy,
}

enum Far {
    Real {
        _lab: AsteriskLab,
    },
    /// And the first number that was not called yet: on the second call people
    /// do something else.
    Simulated {
        _simulator: AsteriskSimulator,
        next: AtomicU32,
    },
}

/// An adapter, connected.
pub(crate) struct Rig {
    pub(crate) asterisk: Asterisk,
    pub(crate) link: LinkEvents,
    options: Options,
    /// Asks Asterisk behind the adapter's back.
    ari: Ari,
    far: Far,
}

/// Everybody in [`Party`] is among these.
fn mix() -> CalleeMix {
    let mut mix =
        CalleeMix { ring_ms: (50, 300), talk_ms: (1_000, 60_000), key_ms: (1_000, 3_000), ..CalleeMix::default() };
    mix.keys.insert('5', 0.4);
    mix
}

fn is(party: Party, then: &Then) -> bool {
    let long = Duration::from_secs(30);
    match (party, then) {
        (Party::Person, Then::Answer(answer)) => !answer.machine && answer.key.is_none() && answer.talk > long,
        (Party::Voicemail, Then::Answer(answer)) => answer.machine && answer.talk > long,
        (Party::PressesFive, Then::Answer(answer)) => answer.key.is_some() && answer.talk > long,
        (Party::HangsUp, Then::Answer(answer)) => {
            !answer.machine && answer.key.is_none() && answer.talk < Duration::from_millis(2_500)
        }
        (Party::NeverAnswers, Then::NoAnswer) | (Party::Busy, Then::Busy) => true,
        _ => false,
    }
}

impl Rig {
    /// With a real Asterisk, if there is one.
    pub(crate) async fn real(test: &str) -> Option<Self> {
        Self::real_with(test, |_| {}).await
    }

    /// With other options.
    pub(crate) async fn real_with(test: &str, change: impl FnOnce(&mut Options)) -> Option<Self> {
        let lab = AsteriskLab::start(test).await?;
        let mut options = Options {
            url: lab.ari_url.clone(),
            user: lab.user.clone(),
            password: lab.password.clone().into(),
            node: "test".into(),
            ..Options::default()
        };
        change(&mut options);
        let (asterisk, link) = connect(options.clone()).await;
        let ari = Ari::rest_only(&lab.ari_url, &lab.user, &lab.password);
        Some(Self { asterisk, link, options, ari, far: Far::Real { _lab: lab } })
    }

    /// With a simulated one.
    pub(crate) async fn simulated() -> Self {
        let simulated = Simulated { mix: mix(), ..Simulated::default() };
        let simulator = AsteriskSimulator::start("127.0.0.1:0", simulated).await.expect("starts");
        let options = crate::adapter::options(simulator.address(), "simulated");
        let (asterisk, link) = connect(options.clone()).await;
        let ari = Ari::rest_only(&format!("http://{}/ari", simulator.address()), "canvass", "simulated");
        Self { asterisk, link, options, ari, far: Far::Simulated { _simulator: simulator, next: AtomicU32::new(0) } }
    }

    pub(crate) fn is_real(&self) -> bool {
        matches!(self.far, Far::Real { .. })
    }

    /// An endpoint of this switch.
    pub(crate) fn endpoint(&self, party: Party) -> String {
        match &self.far {
            Far::Real { .. } => {
                let number = match party {
                    Party::Person => "+15551010001",
                    Party::Voicemail => "+15551020001",
                    Party::PressesFive => "+15551060205",
                    Party::HangsUp => "+15551040020",
                    Party::NeverAnswers => "+15551800001",
                    Party::Busy => "+15559000017",
                };
                format!("PJSIP/{number}@loop")
            }
            Far::Simulated { next, .. } => {
                let number = |n: u32| format!("1555{n:07}");
                let next_number = next.load(Ordering::Relaxed);
                let n = (next_number..next_number + 10_000).find(|n| is(party, &mix().callee(&number(*n), 0).then));
                let n = n.expect("somebody");
                next.store(n + 1, Ordering::Relaxed);
                format!("PJSIP/+{}@carrier", number(n))
            }
        }
    }

    /// The endpoint of somebody SIPp plays, who sends no audio at all.
    pub(crate) fn mute(&self) -> String {
        Callee::Answers.endpoint(1)
    }

    /// Calls somebody.
    pub(crate) async fn call(&self, endpoint: String) -> (CallId, CallEvents) {
        let order = Originate { endpoint, ..crate::adapter::order('1') };
        let events = self.asterisk.originate(&order).await.expect("placed");
        (order.call, events)
    }

    /// Calls somebody who answers.
    pub(crate) async fn answered(&self, endpoint: String) -> (CallId, CallEvents) {
        let (call, mut events) = self.call(endpoint).await;
        loop {
            match next(&mut events).await {
                CallEvent::Ringing => {}
                CallEvent::Answered => return (call, events),
                other => panic!("answers, but {other:?}"),
            }
        }
    }

    /// To somebody who is given five seconds to pick up.
    pub(crate) fn transfer(&self, endpoint: String) -> Transfer {
        Transfer {
            leg: CallId::new(),
            endpoint,
            caller_id: "+15557654321".parse().expect("a number"),
            ring_timeout: Duration::from_secs(5),
            max: Duration::from_secs(60),
        }
    }

    /// Hangs up, and sees that nothing is left of the call on Asterisk.
    pub(crate) async fn hang_up(&self, call: CallId, events: &mut CallEvents) {
        self.asterisk.hang_up(call).await.expect("hangs up");
        self.ends(call, events).await;
    }

    /// The call ends, and nothing is left of it on Asterisk.
    pub(crate) async fn ends(&self, call: CallId, events: &mut CallEvents) {
        while !crate::is_answered_end(&next(events).await) {}
        assert_eq!(events.try_recv(), None, "the end is the last");
        self.nothing_left(call).await;
    }

    /// Nothing is left of the call on Asterisk.
    pub(crate) async fn nothing_left(&self, call: CallId) {
        let left = async || {
            let mut left = self.ids("/channels").await;
            left.extend(self.ids("/bridges").await);
            left.retain(|id| id.starts_with(&call.to_string()));
            left
        };
        for _ in 0..100 {
            if left().await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("left of {call}: {:?}", left().await);
    }

    /// No bridge is left. Asterisk says that one is deleted before it is gone.
    pub(crate) async fn no_bridges(&self) {
        for _ in 0..100 {
            if self.ids("/bridges").await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("bridges are left: {:?}", self.ids("/bridges").await);
    }

    /// The ids of all channels, or all bridges.
    pub(crate) async fn ids(&self, path: &str) -> Vec<String> {
        let (status, list) = self.ari.get(path).await;
        assert_eq!(status, 200);
        let list = list.as_array().expect("a list").iter();
        list.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// What Asterisk itself says to a question.
    pub(crate) async fn ask(&self, path: &str) -> (u16, Value) {
        self.ari.get(path).await
    }

    /// From now on the adapter reaches Asterisk by a cable.
    pub(crate) async fn by_cable(&mut self) -> Cable {
        let address = self.options.url.trim_start_matches("http://").trim_end_matches("/ari");
        let cable = Cable::lay(address.parse().expect("an address")).await;
        self.options.url = format!("http://{}/ari", cable.address());
        self.restart().await;
        cable
    }

    /// Another process takes over from this one, which dies.
    pub(crate) async fn restart(&mut self) {
        self.asterisk.close().await;
        (self.asterisk, self.link) = connect(self.options.clone()).await;
    }
}
