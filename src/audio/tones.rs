//! Pure tones in time, and what a telephone network means by them.
//!
//! Frequencies and cadences: ITU-T E.180/Q.35 (special information tones
//! 950/1400/1800 Hz of 330 ms, busy and ringing around 425 Hz), the North
//! American precise tones (440+480 ringing, 480+620 busy; special information
//! tones by high or low first and second tone), ITU-T T.30 (fax: calling 1100
//! Hz, answering 2100 Hz).

use super::frame::{FRAME_MS, Frame};
use super::spectrum::Spectrum;

/// A stretch of one pure pitch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Pitch, averaged.
    pub hz: f32,
    /// When it began, in ms from the first frame.
    pub start_ms: u32,
    /// When it ended, or now if it lasts.
    pub end_ms: u32,
}

/// What one frame did to the tones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// The tone that goes on in this frame.
    pub current: Option<Tone>,
    /// The tone that this frame ended.
    pub ended: Option<Tone>,
    /// The frame is nearly nothing but tones of the network's low band.
    pub progress: bool,
}

impl Heard {
    /// The frame is as pure as a tone; single ones occur in speech.
    pub fn is_pure(&self) -> bool {
        self.progress || self.current.is_some()
    }

    /// The frame belongs to a tone, not to speech.
    pub fn is_tone(&self) -> bool {
        self.progress || self.current.is_some_and(|tone| tone.end_ms - tone.start_ms >= 3 * FRAME_MS)
    }
}

/// A frame quieter than this (mean absolute sample) holds no tone.
const QUIETEST: f32 = 50.0;
/// So much of a frame's energy is in a pure tone.
const PURE: f32 = 0.72;
/// A tone that moves more is speech or music.
const DRIFT_HZ: f32 = 30.0;
/// Nor does it change its strength by more than this factor in energy.
const SWELL: f32 = 4.0;

/// Follows the pure tones of a stream.
#[derive(Clone, Debug, Default)]
pub struct ToneTracker {
    now_ms: u32,
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    start_ms: u32,
    frames: u32,
    hz: f32,
    energy: f32,
}

impl ToneTracker {
    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame, spectrum: &Spectrum) -> Heard {
        let start_ms = self.now_ms;
        self.now_ms = self.now_ms.saturating_add(FRAME_MS);
        if frame.amplitude() < QUIETEST {
            return Heard { ended: self.end(), ..Heard::default() };
        }
        let peak = spectrum.peak();
        let progress = spectrum.share_between(350.0, 700.0) > 0.78;
        if peak.share < PURE {
            return Heard { ended: self.end(), progress, ..Heard::default() };
        }
        let energy = frame.energy();
        if let Some(run) = &mut self.run
            && (run.hz - peak.hz).abs() < DRIFT_HZ
            // The first frame of a tone may be partly empty.
            && (run.frames < 2 || (run.energy / SWELL..run.energy * SWELL).contains(&energy))
        {
            run.frames += 1;
            if run.frames == 2 {
                (run.hz, run.energy) = (peak.hz, energy);
            } else {
                run.hz += (peak.hz - run.hz) / run.frames.min(25) as f32;
                run.energy += (energy - run.energy) / run.frames.min(25) as f32;
            }
            return Heard { current: self.current(), ended: None, progress };
        }
        let ended = self.end();
        self.run = Some(Run { start_ms, frames: 1, hz: peak.hz, energy });
        Heard { current: self.current(), ended, progress }
    }

    fn current(&self) -> Option<Tone> {
        self.run.map(|run| Tone {
            hz: run.hz,
            start_ms: run.start_ms,
            end_ms: run.start_ms.saturating_add(run.frames.saturating_mul(FRAME_MS)),
        })
    }

    fn end(&mut self) -> Option<Tone> {
        let tone = self.current();
        self.run = None;
        tone
    }
}

/// What special information tones say, by the North American code; other
/// networks send 950/1400/1800 Hz for all reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sit {
    /// The number is not assigned.
    VacantCode,
    /// The number has changed or is out of service.
    Intercept,
    /// All circuits are busy.
    NoCircuit,
    /// The call could not be completed; congestion on the way.
    Reorder,
    /// The tones do not say why.
    Unspecified,
}

impl Sit {
    /// The number itself is wrong: calling it again is of no use.
    pub fn number_is_invalid(self) -> bool {
        match self {
            Self::VacantCode | Self::Intercept => true,
            Self::NoCircuit | Self::Reorder | Self::Unspecified => false,
        }
    }
}

/// A fax machine at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fax {
    /// It calls: 1100 Hz, half a second (CNG).
    Calling,
    /// It answers: 2100 Hz, about three seconds (CED).
    Answering,
}

impl Fax {
    /// What this tone is while it lasts. After speech it may be a beep, but for
    /// one that is longer than any.
    pub(crate) fn of(tone: &Tone, after_speech: bool) -> Option<Self> {
        let long = tone.end_ms - tone.start_ms;
        if (1_060.0..=1_140.0).contains(&tone.hz) && long >= 420 && !after_speech {
            return Some(Self::Calling);
        }
        let enough = if after_speech { 1_600 } else { 600 };
        ((2_075.0..=2_125.0).contains(&tone.hz) && long >= enough).then_some(Self::Answering)
    }
}

/// Recognizes the three rising tones.
#[derive(Clone, Debug, Default)]
pub(crate) struct SitMatcher {
    first: Option<Tone>,
    second: Option<Tone>,
}

impl SitMatcher {
    /// Takes what a frame did; an answer as soon as the third tone is sure.
    pub(crate) fn push(&mut self, heard: &Heard) -> Option<Sit> {
        if let Some(tone) = heard.ended
            && (160..=500).contains(&(tone.end_ms - tone.start_ms))
        {
            if (880.0..1_020.0).contains(&tone.hz) {
                (self.first, self.second) = (Some(tone), None);
            } else if (1_330.0..1_460.0).contains(&tone.hz) && follows(self.first, &tone) {
                self.second = Some(tone);
            }
        }
        let third = heard.current.filter(|tone| (1_740.0..1_840.0).contains(&tone.hz))?;
        if third.end_ms - third.start_ms < 100 || !follows(self.second, &third) {
            return None;
        }
        Some(match (self.first?.hz, self.second?.hz, third.hz) {
            (_, _, third) if third > 1_788.0 => Sit::Unspecified,
            (first, second, _) if first > 967.0 && second < 1_385.0 => Sit::VacantCode,
            (first, second, _) if first < 932.0 && second < 1_385.0 => Sit::Intercept,
            (first, second, _) if first > 967.0 && second > 1_414.0 => Sit::NoCircuit,
            (first, second, _) if first < 932.0 && second > 1_414.0 => Sit::Reorder,
            _ => Sit::Unspecified,
        })
    }
}

fn follows(before: Option<Tone>, tone: &Tone) -> bool {
    before.is_some_and(|before| tone.start_ms.saturating_sub(before.end_ms) <= 120)
}

/// A tone of the network about a call's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Ringing,
    Busy,
}

/// Tells ringing and busy by their cadence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cadence {
    now_ms: u32,
    on_since: Option<u32>,
    /// End of the last frame that was on: a single one may be spoiled.
    on_until: u32,
    /// Start and end of the last three bursts, the newest last.
    bursts: [Option<(u32, u32)>; 3],
}

/// Two lengths that a steady cadence makes may differ by so much.
const UNEVEN_MS: u32 = 70;

impl Cadence {
    pub(crate) fn push(&mut self, heard: &Heard) -> Option<Progress> {
        let start_ms = self.now_ms;
        self.now_ms = self.now_ms.saturating_add(FRAME_MS);
        let low = heard.progress || heard.current.is_some_and(|tone| (340.0..660.0).contains(&tone.hz));
        if low {
            self.on_since.get_or_insert(start_ms);
            self.on_until = self.now_ms;
        } else if let Some(since) = self.on_since
            && self.now_ms - self.on_until > FRAME_MS
        {
            self.on_since = None;
            if self.on_until - since >= 160 {
                self.bursts.rotate_left(1);
                self.bursts[2] = Some((since, self.on_until));
            }
        }
        if self.is_busy() {
            return Some(Progress::Busy);
        }
        let long = self.on_since.is_some_and(|since| self.now_ms - since >= 800);
        let double = matches!(self.bursts, [_, Some((_, end)), Some((start, _))] if start - end <= 260);
        (long || double).then_some(Progress::Ringing)
    }

    /// Three bursts as long as each other, the pauses as well.
    fn is_busy(&self) -> bool {
        let [Some((s1, e1)), Some((s2, e2)), Some((s3, e3))] = self.bursts else { return false };
        let (on, off) = (e1 - s1, s2 - e1);
        let even = |a: u32, b: u32| a.abs_diff(b) <= UNEVEN_MS;
        (180..=650).contains(&on) && even(on, e2 - s2) && even(on, e3 - s3) && even(on, off) && even(off, s3 - e2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{join, silence, speech, tone};

    fn sit(samples: &[i16]) -> Option<Sit> {
        let (mut tracker, mut matcher) = (ToneTracker::default(), SitMatcher::default());
        Frame::all(samples).iter().find_map(|frame| matcher.push(&tracker.push(frame, &Spectrum::of(frame))))
    }

    fn progress(samples: &[i16]) -> Option<Progress> {
        let (mut tracker, mut cadence) = (ToneTracker::default(), Cadence::default());
        Frame::all(samples).iter().filter_map(|frame| cadence.push(&tracker.push(frame, &Spectrum::of(frame)))).last()
    }

    fn three(parts: [(f32, usize); 3]) -> Vec<i16> {
        join(&[
            silence(210),
            tone(&[parts[0].0], parts[0].1, 6_000.0),
            tone(&[parts[1].0], parts[1].1, 6_000.0),
            tone(&[parts[2].0], parts[2].1, 6_000.0),
        ])
    }

    #[test]
    fn sit_of_each_kind() {
        assert_eq!(sit(&three([(950.0, 330), (1_400.0, 330), (1_800.0, 330)])), Some(Sit::Unspecified));
        assert_eq!(sit(&three([(985.2, 380), (1_370.6, 274), (1_776.7, 380)])), Some(Sit::VacantCode));
        assert_eq!(sit(&three([(913.8, 274), (1_370.6, 274), (1_776.7, 380)])), Some(Sit::Intercept));
        assert_eq!(sit(&three([(985.2, 380), (1_428.5, 380), (1_776.7, 380)])), Some(Sit::NoCircuit));
        assert_eq!(sit(&three([(913.8, 274), (1_428.5, 380), (1_776.7, 380)])), Some(Sit::Reorder));
    }

    #[test]
    fn sit_wants_all_three_in_order() {
        assert_eq!(sit(&three([(1_800.0, 330), (1_400.0, 330), (950.0, 330)])), None);
        assert_eq!(sit(&three([(950.0, 330), (950.0, 330), (1_800.0, 330)])), None);
        assert_eq!(sit(&speech(4_000, 8_000.0)), None);
    }

    #[test]
    fn only_a_wrong_number_is_invalid() {
        assert!(Sit::VacantCode.number_is_invalid() && Sit::Intercept.number_is_invalid());
        assert!(!Sit::NoCircuit.number_is_invalid() && !Sit::Reorder.number_is_invalid());
    }

    #[test]
    fn tones_of_busy_lines() {
        for (hz, on) in [(&[480.0, 620.0][..], 500), (&[425.0], 480), (&[480.0, 620.0], 250), (&[400.0], 375)] {
            let one = [tone(hz, on, 6_000.0), silence(on)];
            let four = [silence(130), one.concat(), one.concat(), one.concat(), one.concat()];
            assert_eq!(progress(&join(&four)), Some(Progress::Busy), "{hz:?} {on}");
        }
    }

    #[test]
    fn tones_of_ringing() {
        let american = join(&[silence(300), tone(&[440.0, 480.0], 2_000, 6_000.0), silence(1_000)]);
        assert_eq!(progress(&american), Some(Progress::Ringing));
        let european = join(&[silence(300), tone(&[425.0], 1_000, 6_000.0), silence(1_000)]);
        assert_eq!(progress(&european), Some(Progress::Ringing));
        let burst = tone(&[400.0, 450.0], 400, 6_000.0);
        let british = join(&[silence(300), burst.clone(), silence(200), burst, silence(1_000)]);
        assert_eq!(progress(&british), Some(Progress::Ringing));
        assert_eq!(progress(&speech(4_000, 8_000.0)), None);
    }
}
