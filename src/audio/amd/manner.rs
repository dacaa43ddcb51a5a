//! How the greeting is said, as far as a person says it otherwise than a
//! recording: its melody, its pauses, and what is heard behind it.

use crate::audio::frame::{FRAME_MS, Frame};
use crate::audio::pitch::PitchTracker;

/// So many frames of speech make its end.
const END: usize = 16;
/// The last frames that are looked at for the background.
const BEHIND: usize = 3;
/// A word is known to be one after so many frames.
const HELD: usize = 7;
/// How deep the valleys between syllables are.
const VALLEY_DB: f32 = 4.0;

/// What the decision is made of, at one moment of a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Features {
    /// From the first word to the end of the last, in s.
    pub long: f32,
    /// How much of that is voice, 0 to 1.
    pub voiced: f32,
    /// The longest pause so far within the greeting, in s.
    pub pause: f32,
    /// How much higher the end is than the whole, in semitones.
    pub end: f32,
    /// How much the pitch rises over the end, in semitones.
    pub rise: f32,
    /// How much the pitch moves: mean deviation in semitones.
    pub moves: f32,
    /// How many of the voiced frames have a pitch, 0 to 1.
    pub pitched: f32,
    /// Loudness of the end below the loudest, in dB.
    pub fades: f32,
    /// Humps of loudness a second: syllables.
    pub rate: f32,
    /// Loudness before the first word, in dB over one unit of a sample.
    pub before: f32,
    /// The same in this pause.
    pub behind: f32,
    /// The softest moment of the whole call so far.
    pub softest: f32,
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

    /// What there is to decide on now; `long_ms` of greeting so far.
    pub(super) fn features(&self, long_ms: u32) -> Features {
        let long = long_ms.max(FRAME_MS) as f32 / 1_000.0;
        let mean = self.pitch_sum / self.pitched.max(1) as f32;
        let held = END.min(self.voiced as usize);
        let ends = &self.ends[END - held..];
        let part = |ends: &[Heard]| {
            let (sum, count) = ends.iter().filter_map(|end| end.pitch).fold((0.0, 0), |(sum, count), pitch| (sum + pitch, count + 1));
            (count >= 2).then(|| sum / count as f32)
        };
        let last = part(&ends[held.saturating_sub(5)..]);
        let earlier = part(&ends[..held.saturating_sub(5)]);
        let tail = &ends[held.saturating_sub(3)..];
        Features {
            long,
            voiced: self.voiced as f32 * FRAME_MS as f32 / 1_000.0 / long,
            pause: (self.longest_pause * FRAME_MS) as f32 / 1_000.0,
            end: last.map_or(0.0, |last| last - mean).clamp(-8.0, 8.0),
            rise: last.zip(earlier).map_or(0.0, |(last, earlier)| last - earlier).clamp(-8.0, 8.0),
            moves: (self.pitch_squares / self.pitched.max(1) as f32 - mean * mean).max(0.0).sqrt(),
            pitched: self.pitched as f32 / self.voiced.max(1) as f32,
            fades: self.loudest_db - tail.iter().map(|end| end.db).sum::<f32>() / tail.len().max(1) as f32,
            rate: self.humps as f32 / long,
            before: if self.before > 0 { self.before_sum / self.before as f32 } else { -1.0 },
            behind: self.held[HELD - BEHIND..].iter().map(|heard| heard.db).sum::<f32>() / BEHIND as f32,
            softest: self.softest_db,
        }
    }
}
