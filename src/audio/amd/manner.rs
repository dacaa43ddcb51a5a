//! How the greeting is said, as far as a person says it otherwise than a
//! recording: its melody, its pauses, and what is heard behind it.

use crate::audio::frame::{FRAME_MS, Frame};
use crate::audio::pitch::PitchTracker;

/// So many frames of speech make its end.
const END: usize = 16;
/// And so many the end of that; so many its loudness.
const LAST: usize = 5;
const TAIL: usize = 3;
/// The last frames that are looked at for the background.
const BEHIND: usize = 3;
/// A word is known to be one after so many frames.
const HELD: usize = 7;
/// How deep the valleys between syllables are.
const VALLEY_DB: f32 = 4.0;

/// How many things the decision is made of.
pub(super) const FEATURES: usize = 14;

/// What the decision is made of, at one moment of a pause. The order is that
/// of scripts/amd-train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// How long this pause lasts, in ms.
    pub silence_ms: u32,
    /// By index:
    ///
    /// | | |
    /// |---|---|
    /// | 0 | how long the pause lasts, in s |
    /// | 1 | 1 if the background is hardly weaker than the voice, else 0 |
    /// | 2 | length of the greeting so far, its pauses included, in s |
    /// | 3 | how much of it is voice, 0 to about 1: where a word follows another closely some frames count twice |
    /// | 4 | its longest pause, in s |
    /// | 5 | how much higher its end is than the whole, in semitones |
    /// | 6 | how much the pitch rises over its end, in semitones |
    /// | 7 | how much the pitch moves: deviation in semitones |
    /// | 8 | how much of the voice has a pitch, 0 to 1 |
    /// | 9 | how much weaker its end is than its loudest, in dB |
    /// | 10 | syllables a second, by humps of loudness |
    /// | 11 | loudness before the first word, in dB over one unit of a sample |
    /// | 12 | loudness in this pause |
    /// | 13 | loudness of the softest frame of the call |
    pub features: [f32; FEATURES],
}

/// What is kept of a frame.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    db: f32,
    voiced: bool,
    pitch: Option<f32>,
}

/// Listens along.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pitch: PitchTracker,
    /// The last frames, speech or not, the newest last.
    held: [Heard; HELD],
    frames: u32,
    /// The last frames of speech, the newest last.
    ends: [Heard; END],
    voiced: u32,
    last_voiced: u32,
    loudest_db: f32,
    pitched: u32,
    pitch_sum: f32,
    pitch_squares: f32,
    longest_pause: u32,
    before_sum: f32,
    before: u32,
    softest_db: f32,
    /// Loudness has risen since the last valley, or is falling.
    hill_db: f32,
    valley_db: f32,
    humps: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            pitch: PitchTracker::default(),
            held: [Heard::default(); HELD],
            frames: 0,
            ends: [Heard::default(); END],
            voiced: 0,
            last_voiced: 0,
            loudest_db: 0.0,
            pitched: 0,
            pitch_sum: 0.0,
            pitch_squares: 0.0,
            longest_pause: 0,
            before_sum: 0.0,
            before: 0,
            softest_db: f32::MAX,
            hill_db: 0.0,
            valley_db: 0.0,
            humps: 0,
        }
    }
}

impl Manner {
    /// The next frame.
    pub(super) fn hear(&mut self, frame: &Frame, voiced: bool) {
        self.pitch.push(frame);
        let db = 10.0 * (frame.energy() / frame.samples().len() as f32 + 1.0).log10();
        self.softest_db = self.softest_db.min(db);
        self.frames = self.frames.saturating_add(1);
        self.held.rotate_left(1);
        self.held[HELD - 1] = Heard { db, voiced, pitch: voiced.then(|| self.pitch.semitones()).flatten() };
        if self.voiced == 0 && !voiced {
            self.before_sum += db;
            self.before += 1;
        }
    }

    /// The voiced of the last frames are speech.
    pub(super) fn speak(&mut self, frames: usize) {
        for back in (0..frames.min(HELD)).rev() {
            let heard = self.held[HELD - 1 - back];
            if heard.voiced {
                self.speech(heard, self.frames - back as u32);
            }
        }
    }

    fn speech(&mut self, heard: Heard, at: u32) {
        if self.voiced > 0 && at > self.last_voiced {
            self.longest_pause = self.longest_pause.max(at - self.last_voiced - 1);
        }
        self.voiced += 1;
        self.last_voiced = at;
        self.loudest_db = self.loudest_db.max(heard.db);
        if let Some(pitch) = heard.pitch {
            self.pitched += 1;
            self.pitch_sum += pitch;
            self.pitch_squares += pitch * pitch;
        }
        self.ends.rotate_left(1);
        self.ends[END - 1] = heard;
        // A syllable is a hill with a valley on both sides.
        self.hill_db = self.hill_db.max(heard.db);
        if self.hill_db > self.valley_db + VALLEY_DB && heard.db < self.hill_db - VALLEY_DB {
            self.humps += 1;
            (self.hill_db, self.valley_db) = (heard.db, heard.db);
        }
        if heard.db < self.valley_db {
            (self.hill_db, self.valley_db) = (heard.db, heard.db);
        }
    }

    /// What there is to decide on now, after `long_ms` of greeting and
    /// `silence_ms` of a pause, on a line that is `noisy` or not.
    pub(super) fn look(&self, long_ms: u32, silence_ms: u32, noisy: bool) -> Look {
        let long = seconds(long_ms.max(FRAME_MS));
        let held = END.min(self.voiced as usize);
        let ends = &self.ends[END - held..];
        let (earlier, last) = ends.split_at(held.saturating_sub(LAST));
        let (earlier, last) = (mean_pitch(earlier), mean_pitch(last));
        let pitched = self.pitched.max(1) as f32;
        let whole = self.pitch_sum / pitched;
        let tail = &ends[held.saturating_sub(TAIL)..];
        let tail_db = tail.iter().map(|heard| heard.db).sum::<f32>() / tail.len().max(1) as f32;
        let features = [
            seconds(silence_ms),
            f32::from(u8::from(noisy)),
            long,
            seconds(self.voiced * FRAME_MS) / long,
            seconds(self.longest_pause * FRAME_MS),
            last.map_or(0.0, |last| last - whole).clamp(-8.0, 8.0),
            last.zip(earlier).map_or(0.0, |(last, earlier)| last - earlier).clamp(-8.0, 8.0),
            (self.pitch_squares / pitched - whole * whole).max(0.0).sqrt(),
            self.pitched as f32 / self.voiced.max(1) as f32,
            self.loudest_db - tail_db,
            self.humps as f32 / long,
            if self.before > 0 { self.before_sum / self.before as f32 } else { self.softest_db },
            self.held[HELD - BEHIND..].iter().map(|heard| heard.db).sum::<f32>() / BEHIND as f32,
            self.softest_db,
        ];
        Look { silence_ms, features }
    }
}

fn seconds(ms: u32) -> f32 {
    ms as f32 / 1_000.0
}

fn mean_pitch(part: &[Heard]) -> Option<f32> {
    let (sum, count) =
        part.iter().filter_map(|heard| heard.pitch).fold((0.0, 0u8), |(sum, count), pitch| (sum + pitch, count + 1));
    (count >= 2).then(|| sum / f32::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{join, noise, silence, tone};

    /// Frames as loud as a voice are taken for one.
    fn after(samples: &[i16]) -> Look {
        let mut manner = Manner::default();
        let mut spoken = 0;
        for frame in Frame::all(samples) {
            let voiced = frame.amplitude() > 1_000.0;
            manner.hear(&frame, voiced);
            manner.speak(usize::from(voiced));
            spoken += u32::from(voiced);
        }
        manner.look(spoken * FRAME_MS, 200, false)
    }

    fn voice(hz: f32, ms: usize) -> Vec<i16> {
        tone(&[3.0 * hz, 4.0 * hz, 5.0 * hz, 6.0 * hz], ms, 8_000.0)
    }

    #[test]
    fn manner_of_a_question_rises_and_of_a_statement_falls() {
        let asked = after(&join(&[silence(200), voice(110.0, 300), voice(140.0, 120), silence(200)]));
        assert!(asked.features[5] > 1.5 && asked.features[6] > 2.0, "{asked:?}");
        let said = after(&join(&[silence(200), voice(140.0, 300), voice(110.0, 120), silence(200)]));
        assert!(said.features[5] < -1.5 && said.features[6] < -2.0, "{said:?}");
    }

    #[test]
    fn manner_holds_the_longest_pause_and_the_background() {
        let look = after(&join(&[
            noise(300, 60.0, 1),
            voice(110.0, 200),
            noise(400, 60.0, 2),
            voice(110.0, 200),
            silence(200),
        ]));
        assert_eq!(look.features[4], 0.4);
        assert!(look.features[11] > 25.0, "noise before: {look:?}");
        assert!(look.features[12] < 1.0, "none now: {look:?}");
        assert_eq!(look.features[13], 0.0);
    }

    #[test]
    fn manner_of_nothing_is_a_number() {
        let look = Manner::default().look(0, 0, true);
        assert!(look.features.iter().all(|feature| !feature.is_nan()), "{look:?}");
    }
}
