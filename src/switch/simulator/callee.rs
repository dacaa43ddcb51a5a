//! Simulated callees: who answers, who is busy, how long it takes.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Speech;

/// A population of callees, as written in a mix file (TOML). All times are
/// milliseconds of simulated time; `speed` divides them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalleeMix {
    /// Same seed, same numbers, same calls: same behaviour.
    pub seed: u64,
    /// Simulated seconds per real second.
    pub speed: f64,
    /// How the callees share out.
    pub shares: Shares,
    /// Shortest and longest time to answer or refuse.
    pub ring_ms: (u64, u64),
    /// Shortest and longest time a person stays on the line if nobody hangs up
    /// on them.
    pub talk_ms: (u64, u64),
    /// Keys a person presses after answering, by share: `{"1" = 0.5, "2" = 0.3}`.
    /// What is left of 1 presses nothing.
    pub keys: BTreeMap<char, f64>,
    /// After what a key is pressed.
    pub keys_after: KeysAfter,
    /// Shortest and longest time to the key, from what [`Self::keys_after`]
    /// names.
    pub key_ms: (u64, u64),
    /// Numbers with a fixed fate, by how they end: `{"0017" = "busy"}`. The
    /// longest ending that matches counts.
    pub endings: BTreeMap<String, Fate>,
}

/// After what people press their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysAfter {
    /// One key, counted from the answer, whatever plays.
    #[default]
    Answer,
    /// A key after each sound that was played to its end or stopped, each drawn
    /// anew; a sound that starts meanwhile is listened to first.
    Prompt,
}

/// How the callees share out. Shares are relative; they need not add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// A person answers.
    pub answer: f64,
    /// A machine answers.
    pub voicemail: f64,
    /// Busy.
    pub busy: f64,
    /// Rings for ever.
    pub no_answer: f64,
    /// Refuses.
    pub reject: f64,
    /// No such number.
    pub invalid: f64,
    /// The trunk has no room.
    pub congestion: f64,
}

/// A callee's fate by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A person answers.
    Answer,
    /// A machine answers.
    Voicemail,
    /// Busy.
    Busy,
    /// Rings for ever.
    NoAnswer,
    /// Refuses.
    Reject,
    /// No such number.
    Invalid,
    /// The trunk has no room.
    Congestion,
}

/// What one callee does in one call. Times are real ones, speed applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Callee {
    /// How long it rings before `then`. An invalid number and a congested trunk
    /// do not ring at all.
    pub ring: Duration,
    /// What follows.
    pub then: Then,
}

/// What a callee does after ringing.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Picks up.
    Answer(Answer),
    /// Busy: Q.850 17, SIP 486.
    Busy,
    /// Goes on ringing until the caller gives up.
    NoAnswer,
    /// Refuses: Q.850 21, SIP 603.
    Reject,
    /// No such number: Q.850 1, SIP 404. Without ringing.
    Invalid,
    /// No circuit: Q.850 34, SIP 503. Without ringing.
    Congestion,
}

/// What a callee who picked up does.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// A machine, not a person.
    pub machine: bool,
    /// Hangs up this long after answering, if the caller has not.
    pub talk: Duration,
    /// Presses a key this long after answering.
    pub key: Option<(Duration, char)>,
    /// The keys pressed after sounds, if any.
    after_prompts: Option<PromptKeys>,
    /// What is said is made of this.
    voice: u64,
}

/// The keys a person presses after sounds.
#[derive(Clone, Debug, PartialEq)]
struct PromptKeys {
    seed: u64,
    /// Scaled, shortest and longest.
    after: (Duration, Duration),
    shares: Vec<(char, f64)>,
}

impl Answer {
    /// The key that is pressed after the `n`th sound has ended, from 0, and how
    /// long after; real time, speed applied. Pure, as all of a callee.
    pub fn key_after_prompt(&self, n: u32) -> Option<(Duration, char)> {
        let keys = self.after_prompts.as_ref()?;
        let mut rng = fastrand::Rng::with_seed(mixed(keys.seed, "prompt", n));
        let (low, high) = keys.after;
        let after = low + (high.saturating_sub(low)).mul_f64(rng.f64());
        draw_key(&keys.shares, &mut rng).map(|key| (after, key))
    }

    /// What is said, in simulated time from the answer.
    pub fn speech(&self) -> Speech {
        if self.machine { Speech::machine(self.voice) } else { Speech::person(self.voice) }
    }

    /// What a person says when asked to speak for the `n`th time, from 0; in
    /// simulated time from then on.
    pub fn reply(&self, n: u64) -> Speech {
        Speech::person(self.voice.wrapping_add(n).wrapping_add(1))
    }
}

/// Why a mix cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct MixError {
    /// The name of the setting.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            answer: 0.45,
            voicemail: 0.20,
            busy: 0.08,
            no_answer: 0.18,
            reject: 0.03,
            invalid: 0.04,
            congestion: 0.02,
        }
    }
}

impl Default for CalleeMix {
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 1.0,
            shares: Shares::default(),
            ring_ms: (2_000, 15_000),
            talk_ms: (5_000, 60_000),
            keys: BTreeMap::new(),
            keys_after: KeysAfter::default(),
            key_ms: (1_000, 8_000),
            endings: BTreeMap::new(),
        }
    }
}

impl CalleeMix {
    /// Whether every setting can be used; names the first that cannot.
    pub fn check(&self) -> Result<(), MixError> {
        let refuse = |field, message: &str| Err(MixError { field, message: message.to_owned() });
        if !self.speed.is_finite() || self.speed <= 0.0 {
            return refuse("speed", "must be a number above 0");
        }
        let shares = self.shares.list();
        if shares.iter().any(|(_, share)| !share.is_finite() || *share < 0.0) {
            return refuse("shares", "each must be a number from 0 up");
        }
        if shares.iter().map(|(_, share)| share).sum::<f64>() <= 0.0 {
            return refuse("shares", "at least one must be above 0");
        }
        for (field, (low, high)) in [("ring_ms", self.ring_ms), ("talk_ms", self.talk_ms), ("key_ms", self.key_ms)] {
            if low > high {
                return refuse(field, "the first must not be above the second");
            }
            if high > 86_400_000 {
                return refuse(field, "must not be above 86,400,000 (a day)");
            }
        }
        if self.keys.values().any(|share| !(0.0..=1.0).contains(share)) || self.keys.values().sum::<f64>() > 1.0 + 1e-9
        {
            return refuse("keys", "each share must be from 0 to 1, and together they must not be above 1");
        }
        if let Some(key) = self.keys.keys().find(|key| !"0123456789*#ABCD".contains(**key)) {
            return Err(MixError { field: "keys", message: format!("{key:?} is no key: 0-9, *, #, A-D are") });
        }
        Ok(())
    }

    /// What the callee with these digits does when called for the `nth` time,
    /// from 0. Pure: the order in which numbers are called does not matter.
    pub fn callee(&self, digits: &str, nth: u32) -> Callee {
        let mut rng = fastrand::Rng::with_seed(mixed(self.seed, digits, nth));
        let fate = self.fixed_fate(digits).unwrap_or_else(|| self.shares.draw(&mut rng));
        let ring = self.time(&mut rng, self.ring_ms);
        let talk = self.time(&mut rng, self.talk_ms);
        let key_after = self.time(&mut rng, self.key_ms);
        let shares: Vec<_> = self.keys.iter().map(|(key, share)| (*key, *share)).collect();
        let key = draw_key(&shares, &mut rng).map(|key| (key_after, key));
        let voice = rng.u64(..);
        let (key, after_prompts) = match self.keys_after {
            KeysAfter::Answer => (key, None),
            KeysAfter::Prompt => {
                let after = (Duration::from_millis(self.key_ms.0), Duration::from_millis(self.key_ms.1));
                let after = (self.scaled(after.0), self.scaled(after.1));
                (None, Some(PromptKeys { seed: rng.u64(..), after, shares }))
            }
        };
        let then = match fate {
            Fate::Answer => Then::Answer(Answer { machine: false, talk, key, after_prompts, voice }),
            Fate::Voicemail => Then::Answer(Answer { machine: true, talk, key: None, after_prompts: None, voice }),
            Fate::Busy => Then::Busy,
            Fate::NoAnswer => Then::NoAnswer,
            Fate::Reject => Then::Reject,
            Fate::Invalid => Then::Invalid,
            Fate::Congestion => Then::Congestion,
        };
        Callee { ring, then }
    }

    /// Simulated time as real time.
    pub fn scaled(&self, time: Duration) -> Duration {
        time.div_f64(self.speed.max(1e-9))
    }

    fn time(&self, rng: &mut fastrand::Rng, (low, high): (u64, u64)) -> Duration {
        self.scaled(Duration::from_millis(rng.u64(low..=high.max(low))))
    }

    fn fixed_fate(&self, digits: &str) -> Option<Fate> {
        let matching = self.endings.iter().filter(|(ending, _)| digits.ends_with(ending.as_str()));
        matching.max_by_key(|(ending, _)| ending.len()).map(|(_, fate)| *fate)
    }
}

impl Shares {
    fn list(&self) -> [(Fate, f64); 7] {
        [
            (Fate::Answer, self.answer),
            (Fate::Voicemail, self.voicemail),
            (Fate::Busy, self.busy),
            (Fate::NoAnswer, self.no_answer),
            (Fate::Reject, self.reject),
            (Fate::Invalid, self.invalid),
            (Fate::Congestion, self.congestion),
        ]
    }

    fn draw(&self, rng: &mut fastrand::Rng) -> Fate {
        let list = self.list();
        let mut left = rng.f64() * list.iter().map(|(_, share)| share).sum::<f64>();
        for (fate, share) in list {
            if left < share {
                return fate;
            }
            left -= share;
        }
        Fate::Answer
    }
}

fn draw_key(shares: &[(char, f64)], rng: &mut fastrand::Rng) -> Option<char> {
    let mut left = rng.f64();
    for (key, share) in shares {
        if left < *share {
            return Some(*key);
        }
        left -= share;
    }
    None
}

fn mixed(seed: u64, digits: &str, nth: u32) -> u64 {
    // DefaultHasher::new() has fixed keys: the same in every process.
    let mut hasher = DefaultHasher::new();
    (seed, digits, nth).hash(&mut hasher);
    hasher.finish()
}

/// Counts how often each number was called, to draw each call's behaviour.
/// Cheap to clone; the clones count together.
#[derive(Clone, Debug)]
pub struct Callees {
    mix: Arc<CalleeMix>,
    called: Arc<Mutex<HashMap<String, u32>>>,
}

impl Callees {
    /// The callees of this mix, none called yet.
    pub fn new(mix: CalleeMix) -> Self {
        Self { mix: Arc::new(mix), called: Arc::default() }
    }

    /// The mix they come from.
    pub fn mix(&self) -> &CalleeMix {
        &self.mix
    }

    /// Calls a number, given as digits with or without `+`.
    pub fn call(&self, number: &str) -> Callee {
        let digits = number.trim_start_matches('+');
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        let count = called.entry(digits.to_owned()).or_default();
        let nth = *count;
        *count += 1;
        drop(called);
        self.mix.callee(digits, nth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_repeats_by_its_seed() {
        let mix = CalleeMix { seed: 7, ..CalleeMix::default() };
        let other = CalleeMix { seed: 8, ..CalleeMix::default() };
        let list = |mix: &CalleeMix| (0..50).map(|i| mix.callee(&format!("1555123{i:04}"), 0)).collect::<Vec<_>>();
        assert_eq!(list(&mix), list(&mix));
        assert_ne!(list(&mix), list(&other));
    }

    #[test]
    fn shares_are_kept() {
        let mix = CalleeMix::default();
        let busy = (0..10_000).filter(|i| mix.callee(&format!("1555{i:07}"), 0).then == Then::Busy).count();
        assert!((700..900).contains(&busy), "{busy} of 10,000 at a share of 8 %");
    }

    #[test]
    fn endings_fix_a_fate_and_speed_shortens_time() {
        let mut mix = CalleeMix { speed: 10.0, ring_ms: (1_000, 1_000), ..CalleeMix::default() };
        mix.endings.insert("7".into(), Fate::Answer);
        mix.endings.insert("17".into(), Fate::Busy);
        let callee = mix.callee("15551230017", 0);
        assert_eq!((callee.then, callee.ring), (Then::Busy, Duration::from_millis(100)));
        assert!(matches!(mix.callee("15551230007", 3).then, Then::Answer(_)));
    }

    #[test]
    fn keys_after_prompts_are_drawn_anew_for_each_and_repeat() {
        let text = r#"{"keys_after": "prompt", "speed": 10.0, "key_ms": [1000, 2000], "keys": {"1": 0.5, "2": 0.3},
                       "shares": {"answer": 1.0, "voicemail": 0.0, "busy": 0.0, "no_answer": 0.0, "reject": 0.0,
                                  "invalid": 0.0, "congestion": 0.0}}"#;
        let mix: CalleeMix = serde_json::from_str(text).expect("a mix");
        let answer = |number: u32| match mix.callee(&format!("1555{number:07}"), 0).then {
            Then::Answer(answer) => answer,
            other => panic!("{other:?}"),
        };
        let keys = |number| (0..500).map(|n| answer(number).key_after_prompt(n)).collect::<Vec<_>>();
        assert_eq!(keys(1), keys(1));
        assert_ne!(keys(1), keys(2));
        let pressed: Vec<_> = keys(1).into_iter().flatten().collect();
        assert!((350..=450).contains(&pressed.len()), "{} of 500 at 80 %", pressed.len());
        let times = Duration::from_millis(100)..=Duration::from_millis(200);
        assert!(pressed.iter().all(|(after, key)| times.contains(after) && "12".contains(*key)));
        assert_eq!(answer(1).key, None);
        let plain = CalleeMix { keys_after: KeysAfter::Answer, ..mix.clone() };
        let Then::Answer(plain) = plain.callee("15550000001", 0).then else { panic!("answers") };
        assert_eq!(plain.key_after_prompt(0), None);
    }

    #[test]
    fn machines_press_nothing_and_speak_as_machines() {
        let mut mix = CalleeMix { keys_after: KeysAfter::Prompt, ..CalleeMix::default() };
        mix.keys.insert('1', 1.0);
        mix.endings.insert("1".into(), Fate::Voicemail);
        let Then::Answer(machine) = mix.callee("15551230001", 0).then else { panic!("answers") };
        assert_eq!((machine.key, machine.key_after_prompt(0)), (None, None));
        assert!(machine.speech().beep_ends().is_some());
    }

    #[test]
    fn wrong_mixes_name_the_field() {
        let wrong = |change: fn(&mut CalleeMix)| {
            let mut mix = CalleeMix::default();
            change(&mut mix);
            mix.check().expect_err("refused").field
        };
        assert_eq!(wrong(|m| m.speed = 0.0), "speed");
        assert_eq!(wrong(|m| m.shares.busy = f64::NAN), "shares");
        assert_eq!(wrong(|m| m.ring_ms = (2, 1)), "ring_ms");
        assert_eq!(wrong(|m| _ = m.keys.insert('x', 0.1)), "keys");
        assert!(CalleeMix::default().check().is_ok());
    }

    #[test]
    fn the_second_call_to_a_number_is_drawn_anew() {
        let callees = Callees::new(CalleeMix::default());
        let first: Vec<_> = (0..20).map(|i| callees.call(&format!("+1555{i:07}"))).collect();
        let second: Vec<_> = (0..20).map(|i| callees.call(&format!("1555{i:07}"))).collect();
        assert_ne!(first, second);
    }
}
