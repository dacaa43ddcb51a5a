//! The daemon's engine with a simulated FreeSWITCH, a list and a witness.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use canvass::caller_id::Limits;
use canvass::campaign::{CampaignId, Settings};
use canvass::clock::Clock;
use canvass::compliance::Organization;
use canvass::contact::NewContact;
use canvass::control::{self, Launch};
use canvass::dialer::{Engine, Options};
use canvass::number::PhoneNumber;
use canvass::store::{DoNotCall, OwnNumber};
use canvass::switch::simulator::freeswitch::{self, FreeSwitchSimulator};
use canvass::switch::simulator::{CalleeMix, Journal};
use jiff::Timestamp;

use super::places;
use super::still::Still;
use super::witness::{Digits, Promise, Witness, digits};
use super::world::{self, Kind, World, connect_to};

const SECOND: i64 = 1_000_000;
const HALF_HOUR: i64 = 1_800 * SECOND;
/// A step while something happens, and around each half hour.
const MOMENT: i64 = SECOND / 5;
/// A step while something is about to.
const SHORTLY: i64 = SECOND / 2;
/// So many moments without a call: nothing happens.
const IDLE: u32 = 8;
/// The switch's connection does not survive a leap: so long before the next
/// thing it has to be up again.
const BEFORE: i64 = 3 * SECOND;

/// A campaign, what it promises, and whom it is for.
pub(crate) struct Cast {
    pub(crate) name: &'static str,
    pub(crate) settings: Settings,
    pub(crate) promise: Promise,
    /// The limits of its numbers.
    pub(crate) limits: Limits,
    pub(crate) people: Vec<Person>,
}

/// Somebody on a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) number: PhoneNumber,
    /// What the list says of their zone, and the letter of its clock.
    pub(crate) own: Option<(&'static str, char)>,
}

impl Person {
    pub(crate) fn digits(&self) -> Digits {
        digits(&self.number.to_string())
    }
}

/// All of it.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) witness: Arc<Witness>,
    pub(crate) campaigns: Vec<CampaignId>,
    pub(crate) simulator: FreeSwitchSimulator,
    engine: Engine,
    still: Still,
}

/// `count` of our numbers that begin so.
pub(crate) fn numbers(prefix: &str, count: u32) -> Vec<PhoneNumber> {
    (0..count).map(|n| world::number(&format!("{prefix}{n:04}"))).collect()
}

impl Scene {
    /// Everything at `begin`, the engine started.
    pub(crate) async fn begin(
        begin: Timestamp,
        organization: Organization,
        mix: CalleeMix,
        cast: Vec<Cast>,
        resting: &[(PhoneNumber, Timestamp)],
        do_not_call: &[PhoneNumber],
    ) -> Self {
        let still = Still::new();
        let world = World { clock: Clock::starting_at(begin), ..World::new().await };
        let codes = places::area_codes();
        let clocks = |person: &Person| match person.own {
            Some((_, letter)) => vec![places::Clock::of(letter)],
            None => {
                let code = u32::try_from(person.digits() / 10_000_000 % 1_000).expect("three digits");
                places::clocks(&codes[&code])
            }
        };
        let people: HashMap<_, _> =
            cast.iter().flat_map(|cast| &cast.people).map(|person| (person.digits(), clocks(person))).collect();
        let promises = cast.iter().map(|cast| cast.promise.clone()).collect();
        let rests = resting.iter().map(|(number, until)| (digits(&number.to_string()), until.as_microsecond()));
        let witness = Arc::new(Witness::new(begin.as_microsecond(), people, promises, rests.collect()));
        world.prompt("prompt.wav", Duration::from_secs(3));

        let mut campaigns = Vec::new();
        for Cast { name, settings, limits, people, .. } in cast {
            for number in &settings.number_pool {
                let own = OwnNumber { limits, ..OwnNumber::new(*number) };
                assert!(world.store.add_number(&own, begin).await.expect("added"));
            }
            let id = control::create(&world.store, name, &settings, begin).await.expect("created");
            let contact = |person: &Person| NewContact {
                timezone: person.own.map(|(name, _)| name.to_owned()),
                ..NewContact::of(person.number)
            };
            for slice in people.chunks(10_000) {
                let slice: Vec<_> = slice.iter().map(contact).collect();
                world.store.add_targets(id, &slice, begin).await.expect("added");
            }
            campaigns.push(id);
        }
        for (number, until) in resting {
            assert!(world.store.rest_number(*number, *until, "it was flagged").await.expect("rests"));
        }
        let entry =
            |number: &PhoneNumber| DoNotCall { number: *number, reason: None, source: "test".into(), added_at: begin };
        let entries: Vec<_> = do_not_call.iter().map(entry).collect();
        world.store.add_do_not_call_many(&entries).await.expect("added");
        do_not_call.iter().for_each(|number| witness.opted_out(digits(&number.to_string())));
        for id in &campaigns {
            let media = world.media().into();
            control::launch(&world.store, &media, *id, &Launch::default(), begin).await.expect("launched");
        }

        let seeing = witness.clone();
        let journal = Journal::default().witnessed(move |record| seeing.see(record));
        let options = freeswitch::Options { mix, journal, ..Default::default() };
        let simulator = FreeSwitchSimulator::start("127.0.0.1:0", options).await.expect("a simulator");
        let address = simulator.address().to_string();
        let switch = connect_to(Kind::FreeSwitch, &address, "main", 1_000, 0.0);
        let options = Options { compliance: Arc::new(organization), ..world.options(vec![switch]) };
        let engine = Engine::start(options).await.expect("an engine");
        Self { world, witness, campaigns, simulator, engine, still }
    }

    /// Lets time pass until `end`; `each` is asked at every full and half hour.
    pub(crate) async fn play(&mut self, end: Timestamp, mut each: impl AsyncFnMut(&Self)) {
        let (mut idle, mut seen) = (0, 0);
        loop {
            self.still.settle().await;
            let now = self.witness.now();
            if now >= end.as_microsecond() {
                return;
            }
            if now % HALF_HOUR == 0 {
                each(self).await;
                idle = 0;
            }
            let calls = self.witness.notes().calls.len();
            let busy = self.simulator.calls_in_progress() > 0 || calls != seen;
            (idle, seen) = (if busy { 0 } else { idle + 1 }, calls);
            let half_hour = (now / HALF_HOUR + 1) * HALF_HOUR;
            let step = if idle <= IDLE {
                MOMENT
            } else if half_hour - now <= 2 * BEFORE {
                SHORTLY
            } else {
                let next = self.next_due(now).await.map_or(half_hour, |due| due.min(half_hour));
                if next - now <= 2 * BEFORE { SHORTLY } else { next - now - BEFORE }
            };
            let step = u64::try_from(step.min(half_hour - now)).expect("time goes forward");
            self.still.pass(Duration::from_micros(step)).await;
        }
    }

    /// Waits until nothing is left to be done at this time.
    pub(crate) async fn settle(&self) {
        self.still.settle().await;
    }

    /// Lets a moment pass; what begins then has not ended yet.
    pub(crate) async fn pass_a_moment(&self) {
        self.still.pass(Duration::from_micros(MOMENT.unsigned_abs())).await;
    }

    /// When somebody is due next who is not now.
    async fn next_due(&self, now: i64) -> Option<i64> {
        let mut soonest = None;
        for id in &self.campaigns {
            let due = self.world.store.remaining(*id).await.expect("read").next_due;
            let due = due.map(Timestamp::as_microsecond).filter(|due| *due > now);
            soonest = soonest.into_iter().chain(due).min();
        }
        soonest
    }

    /// Somebody says that they are not to be called any more.
    pub(crate) async fn opt_out(&self, number: PhoneNumber) {
        let entry = DoNotCall { number, reason: None, source: "test".into(), added_at: self.world.clock.now() };
        self.world.store.add_do_not_call(&entry).await.expect("committed");
        self.witness.opted_out(digits(&number.to_string()));
    }

    /// Ends the engine and writes everything.
    pub(crate) async fn end(self) -> (World, Arc<Witness>, Vec<CampaignId>) {
        let Self { world, witness, campaigns, simulator, engine, still } = self;
        // From here on idle time may be skipped again.
        drop(still);
        world::stop(engine).await;
        simulator.stop().await;
        (world, witness, campaigns)
    }
}
