//! What a simulated callee says, frame by frame: pure, and the same for the
//! same seed. Time is simulated time from the answer.

use std::f32::consts::TAU;
use std::sync::LazyLock;
use std::time::Duration;

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, Frame, SAMPLE_RATE};

/// Samples of one period of a voice.
const PERIOD: usize = 256;
/// The resonances that make three vowels, in Hz.
const VOWELS: [[f32; 3]; 3] = [[730.0, 1_090.0, 2_440.0], [530.0, 1_840.0, 2_480.0], [400.0, 900.0, 2_600.0]];
/// The pitch the periods are made for: higher voices have them shorter.
const PITCH_HZ: f32 = 140.0;
/// The highest sample of the noise in a room, and on the line of a machine.
const ROOM: i16 = 14;

/// One period of each vowel, with a highest sample of 1. All voices of a
/// simulator share them: a frame costs a look-up a sample.
static PERIODS: LazyLock<[[f32; PERIOD]; 3]> = LazyLock::new(|| VOWELS.map(period));

/// A callee who speaks, from the answer on, for ever: there is quiet after all
/// is said.
#[derive(Clone, Debug)]
pub struct Speech {
    /// What is said, the last first.
    parts: Vec<Part>,
    /// Samples of the current part that are past.
    at: usize,
    /// How far the voice, or the tone, is in its period: 0 to 1.
    phase: f32,
    noise: fastrand::Rng,
    frames: u32,
    beep_end: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    sound: Sound,
    samples: usize,
}

#[derive(Clone, Copy, Debug)]
enum Sound {
    Quiet,
    Syllable { vowel: usize, hz: f32, loud: f32 },
    Beep { hz: f32 },
}

impl Speech {
    /// A person: a word or two, then a quiet room.
    pub fn person(seed: u64) -> Self {
        let mut draft = Draft::new(seed);
        draft.quiet(200..=800);
        let long = draft.rng.usize(300..=1_000);
        draft.talk(long);
        draft.speech()
    }

    /// A machine: sentences for four to seven seconds, a beep, then silence.
    pub fn machine(seed: u64) -> Self {
        let mut draft = Draft::new(seed);
        draft.quiet(300..=900);
        let end = draft.ms + draft.rng.usize(4_200..=6_800);
        while draft.ms + 300 < end {
            let sentence = draft.rng.usize(900..=2_000).min(end - draft.ms);
            draft.talk(sentence);
            draft.quiet(200..=380);
        }
        draft.quiet(200..=500);
        let long = draft.rng.usize(300..=500);
        let hz = draft.rng.u16(880..=1_120).into();
        draft.add(Sound::Beep { hz }, long);
        let beep_end = Duration::from_millis(draft.ms as u64);
        Self { beep_end: Some(beep_end), ..draft.speech() }
    }

    /// The next 20 ms.
    pub fn frame(&mut self) -> Frame {
        self.frames = self.frames.saturating_add(1);
        let mut samples = [0; FRAME_SAMPLES];
        for sample in &mut samples {
            *sample = self.sample();
        }
        Frame::new(samples)
    }

    /// Leaves out what is said until then: whoever listens from then on has
    /// not heard it.
    pub fn skip_to(&mut self, since_answer: Duration) {
        while u128::from(self.frames) * u128::from(FRAME_MS) < since_answer.as_millis() && !self.parts.is_empty() {
            self.frame();
        }
    }

    /// When the beep of a machine ends, from the answer. None for a person.
    pub fn beep_ends(&self) -> Option<Duration> {
        self.beep_end
    }

    fn sample(&mut self) -> i16 {
        let room = self.noise.i16(-ROOM..=ROOM);
        while self.parts.last().is_some_and(|part| self.at >= part.samples) {
            self.parts.pop();
            (self.at, self.phase) = (0, 0.0);
        }
        let Some(Part { sound, samples }) = self.parts.last().copied() else { return room };
        let through = self.at as f32 / samples as f32;
        self.at += 1;
        let voice = match sound {
            Sound::Quiet => 0.0,
            Sound::Beep { hz } => {
                self.phase = (self.phase + hz / SAMPLE_RATE as f32).fract();
                6_000.0 * (TAU * self.phase).sin()
            }
            Sound::Syllable { vowel, hz, loud } => {
                // The voice falls a little, as voices do.
                self.phase = (self.phase + hz * (1.05 - 0.1 * through) / SAMPLE_RATE as f32).fract();
                let period = &PERIODS[vowel % PERIODS.len()];
                let arch = 4.0 * through * (1.0 - through);
                loud * arch.sqrt() * period[(self.phase * PERIOD as f32) as usize % PERIOD]
            }
        };
        room.saturating_add(voice as i16)
    }
}

/// A speech being made up.
struct Draft {
    rng: fastrand::Rng,
    parts: Vec<Part>,
    ms: usize,
    hz: f32,
    loud: f32,
}

impl Draft {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let hz = rng.u16(105..=210).into();
        let loud = rng.u16(7_000..=12_000).into();
        Self { rng, parts: Vec::new(), ms: 0, hz, loud }
    }

    fn add(&mut self, sound: Sound, ms: usize) {
        self.parts.push(Part { sound, samples: ms * SAMPLE_RATE as usize / 1_000 });
        self.ms += ms;
    }

    fn quiet(&mut self, ms: std::ops::RangeInclusive<usize>) {
        let ms = self.rng.usize(ms);
        self.add(Sound::Quiet, ms);
    }

    /// Syllables for so long, hardly parted.
    fn talk(&mut self, ms: usize) {
        let end = self.ms + ms;
        while self.ms < end {
            let long = self.rng.usize(110..=220).min((end - self.ms).max(100));
            let hz = self.hz * (0.9 + 0.2 * self.rng.f32());
            let loud = self.loud * (0.7 + 0.3 * self.rng.f32());
            let vowel = self.rng.usize(0..VOWELS.len());
            self.add(Sound::Syllable { vowel, hz, loud }, long);
            if self.ms + 130 < end {
                self.quiet(15..=40);
            }
        }
    }

    fn speech(mut self) -> Speech {
        self.parts.reverse();
        let noise = self.rng.fork();
        Speech { parts: self.parts, at: 0, phase: 0.0, noise, frames: 0, beep_end: None }
    }
}

/// A period of a buzz whose harmonics are strong near the resonances.
fn period(resonances: [f32; 3]) -> [f32; PERIOD] {
    let harmonics = (3_400.0 / PITCH_HZ) as usize;
    let strength = |harmonic: usize| -> f32 {
        let hz = harmonic as f32 * PITCH_HZ;
        let near = |resonance: &f32| 1.0 / (1.0 + ((hz - resonance) / 120.0).powi(2));
        (resonances.iter().map(near).sum::<f32>() + 0.05) / (harmonic as f32).sqrt()
    };
    let wave: [f32; PERIOD] = std::array::from_fn(|n| {
        let through = TAU * n as f32 / PERIOD as f32;
        (1..=harmonics).map(|harmonic| strength(harmonic) * (through * harmonic as f32).sin()).sum()
    });
    let highest = wave.iter().fold(f32::MIN_POSITIVE, |highest, sample| highest.max(sample.abs()));
    wave.map(|sample| sample / highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::amd::{Answer, Detector, Params};

    const SEEDS: u64 = 60;

    fn listen(speech: &mut Speech, seconds: usize) -> Detector {
        let mut detector = Detector::new(Params::default()).expect("the defaults are sound");
        for _ in 0..seconds * 50 {
            detector.push(&speech.frame());
        }
        detector
    }

    #[test]
    fn our_detector_knows_every_person() {
        for seed in 0..SEEDS {
            let heard = listen(&mut Speech::person(seed), 8);
            assert_eq!(heard.finish().answer, Answer::Human, "seed {seed}: {:?}", heard.finish());
            assert_eq!((heard.beep(), Speech::person(seed).beep_ends()), (None, None), "seed {seed}");
        }
    }

    #[test]
    fn our_detector_knows_every_machine_and_hears_its_beep() {
        for seed in 0..SEEDS {
            let mut speech = Speech::machine(seed);
            let want = speech.beep_ends().expect("a beep").as_millis();
            assert!((4_500..=9_500).contains(&want), "seed {seed}: {want}");
            let heard = listen(&mut speech, 12);
            assert_eq!(heard.finish().answer, Answer::Machine, "seed {seed}: {:?}", heard.finish());
            let beep = heard.beep().unwrap_or_else(|| panic!("seed {seed}: no beep"));
            assert!(u128::from(beep.end_ms).abs_diff(want) <= 40, "seed {seed}: {beep:?}, not {want}");
        }
    }

    #[test]
    fn a_seed_says_the_same_again_and_another_something_else() {
        let said = |seed| {
            let mut speech = Speech::machine(seed);
            (0..500).map(|_| speech.frame()).collect::<Vec<_>>()
        };
        assert_eq!(said(7), said(7));
        assert_ne!(said(7), said(8));
    }

    #[test]
    fn who_comes_late_has_missed_the_beginning() {
        let (mut whole, mut late) = (Speech::machine(3), Speech::machine(3));
        late.skip_to(Duration::from_millis(1_990));
        let after: Vec<_> = (0..200).map(|_| whole.frame()).skip(100).collect();
        assert_eq!(after, (0..100).map(|_| late.frame()).collect::<Vec<_>>());
        let mut over = Speech::person(3);
        over.skip_to(Duration::from_secs(1_000_000));
        assert!(over.frame().amplitude() < 20.0, "a quiet room");
    }
}
