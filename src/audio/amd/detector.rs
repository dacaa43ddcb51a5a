//! The detector: frames in, one verdict out, and the beeps after it.

use super::params::{Params, ParamsError};
use super::verdict::{Answer, Reason, Verdict};
use crate::audio::beep::Beep;
use crate::audio::frame::{FRAME_MS, Frame};
use crate::audio::spectrum::Spectrum;
use crate::audio::tones::{Cadence, Fax, Heard, Progress, SitMatcher, ToneTracker};
use crate::audio::voice::VoiceDetector;

/// A word begins with so much voice in the last frames.
const ONSET_FRAMES: u32 = 7;

/// A word begins above the silence threshold by this factor.
const ONSET_LOUDER: f32 = 2.0;
/// A beep stands alone: so long no other tone follows it.
const ALONE_MS: u32 = 160;
/// While a tone sounds, and so long after it, silence proves nothing.
const AFTER_TONE_MS: u32 = ALONE_MS + 40;
/// Before the beep of a machine something was said.
const LEAST_BEFORE_BEEP_MS: u32 = 400;

/// Listens to one call from its answer on.
///
/// After the verdict it goes on to listen for the beep: keep pushing and ask
/// [`Detector::beep`].
#[derive(Clone, Debug)]
pub struct Detector {
    params: Params,
    voice: VoiceDetector,
    tones: ToneTracker,
    sit: SitMatcher,
    cadence: Cadence,
    greeting: Greeting,
    now_ms: u32,
    ringing: bool,
    /// Bits of the last frames, as pure as a tone or not, the newest lowest.
    pure: u32,
    last_tone_ms: u32,
    verdict: Option<Verdict>,
    beep: Option<Beep>,
}

/// What was said so far.
#[derive(Clone, Debug, Default)]
struct Greeting {
    /// Bits of the last frames, voiced or not, the newest lowest.
    recent: u32,
    start_ms: Option<u32>,
    /// End of the last voiced frame.
    voice_end_ms: u32,
    words: u32,
    word_start_ms: Option<u32>,
}

impl Detector {
    /// A detector for one call.
    ///
    /// # Errors
    /// Settings of which no verdict could come.
    pub fn new(params: Params) -> Result<Self, ParamsError> {
        params.check()?;
        Ok(Self {
            voice: VoiceDetector::new(params.silence_threshold),
            params,
            tones: ToneTracker::default(),
            sit: SitMatcher::default(),
            cadence: Cadence::default(),
            greeting: Greeting::default(),
            now_ms: 0,
            ringing: false,
            pure: 0,
            last_tone_ms: 0,
            verdict: None,
            beep: None,
        })
    }

    /// Takes the next frame; the verdict in the frame that makes it sure, and
    /// never again.
    pub fn push(&mut self, frame: &Frame) -> Option<Verdict> {
        let spectrum = Spectrum::of(frame);
        let heard = self.tones.push(frame, &spectrum);
        // Who answers begins louder than a room behind the line.
        let begun = self.greeting.start_ms.is_some();
        let loud = begun || frame.amplitude() >= ONSET_LOUDER * f32::from(self.params.silence_threshold);
        let voiced = self.voice.push(frame, &spectrum) && loud;
        self.now_ms = self.now_ms.saturating_add(FRAME_MS);
        if let Some(beep) = heard.ended.as_ref().and_then(Beep::of)
            && self.greeting.start_ms.is_some_and(|start| start < beep.start_ms)
        {
            self.beep = Some(beep);
        }
        if self.verdict.is_some() {
            return None;
        }
        let (answer, reason) = self.tone(&heard).or_else(|| self.speech(voiced, &heard))?;
        self.verdict = Some(Verdict { answer, reason, at_ms: self.now_ms });
        self.verdict
    }

    /// The verdict, once there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// The last beep heard after speech.
    pub fn beep(&self) -> Option<Beep> {
        self.beep
    }

    /// The verdict if the call ends here.
    pub fn finish(&self) -> Verdict {
        self.verdict.unwrap_or(Verdict { answer: Answer::Unsure, reason: Reason::TooLong, at_ms: self.now_ms })
    }

    fn tone(&mut self, heard: &Heard) -> Option<(Answer, Reason)> {
        if let Some(sit) = self.sit.push(heard) {
            return Some((Answer::Sit(sit), Reason::InformationTones));
        }
        match self.cadence.push(heard) {
            Some(Progress::Busy) => return Some((Answer::Machine, Reason::BusyTone)),
            // What began like a word was the ringing; after talk it is a beep.
            Some(Progress::Ringing) if self.greeting.long() < LEAST_BEFORE_BEEP_MS => {
                (self.ringing, self.greeting) = (true, Greeting::default());
            }
            Some(Progress::Ringing) => {}
            None => {}
        }
        // The first of three tones is no beep.
        let alone = |beep: &Beep| heard.current.is_none() && self.now_ms - beep.end_ms >= ALONE_MS;
        if self.greeting.long() >= LEAST_BEFORE_BEEP_MS && self.beep.as_ref().is_some_and(alone) {
            return Some((Answer::Machine, Reason::Beep));
        }
        let fax = heard.current.as_ref().and_then(|tone| Fax::of(tone, self.greeting.start_ms.is_some()))?;
        Some((Answer::Fax(fax), Reason::FaxTone))
    }

    fn speech(&mut self, voiced: bool, heard: &Heard) -> Option<(Answer, Reason)> {
        let params = &self.params;
        // A tone is neither speech nor silence.
        self.pure = self.pure << 1 | u32::from(heard.is_pure());
        let tone = heard.is_tone() || (self.pure & 0b1_1111).count_ones() >= 3;
        if tone {
            self.last_tone_ms = self.now_ms;
        } else {
            self.greeting.push(voiced && !heard.is_pure(), self.now_ms, params);
        }
        if self.now_ms >= params.total_analysis_time {
            return Some((Answer::Unsure, if self.ringing { Reason::Ringing } else { Reason::TooLong }));
        }
        if self.greeting.start_ms.is_none() {
            let silent = self.now_ms - self.last_tone_ms >= params.initial_silence && !self.ringing;
            return silent.then_some((Answer::Unsure, Reason::InitialSilence));
        }
        if self.greeting.word_long(self.now_ms) >= params.maximum_word_length {
            return Some((Answer::Machine, Reason::LongWord));
        }
        let long = self.greeting.long();
        if long >= params.greeting {
            return Some((Answer::Machine, Reason::LongGreeting));
        }
        if self.greeting.words > params.maximum_number_of_words {
            return Some((Answer::Machine, Reason::ManyWords));
        }
        let silence = self.now_ms - self.greeting.voice_end_ms;
        // The weak end of a word drowns in noise.
        let drowned = if self.voice.is_noisy() { params.between_words_silence * 3 } else { 0 };
        let person = silence >= params.silence_after(long) + drowned && self.now_ms - self.last_tone_ms > AFTER_TONE_MS;
        person.then_some((Answer::Human, Reason::ShortGreeting))
    }
}

impl Greeting {
    /// From the first word to the end of the last, in ms.
    fn long(&self) -> u32 {
        self.start_ms.map_or(0, |start| self.voice_end_ms.saturating_sub(start))
    }

    /// From the beginning of the word that is being said, in ms.
    fn word_long(&self, now_ms: u32) -> u32 {
        self.word_start_ms.map_or(0, |start| now_ms.saturating_sub(start))
    }

    fn push(&mut self, voiced: bool, now_ms: u32, params: &Params) {
        self.recent = self.recent << 1 | u32::from(voiced);
        if !voiced {
            if now_ms.saturating_sub(self.voice_end_ms) >= params.between_words_silence {
                self.word_start_ms = None;
            }
            return;
        }
        let needed = params.min_word_length.div_ceil(FRAME_MS).clamp(1, ONSET_FRAMES);
        let fresh = (self.recent & ((1 << ONSET_FRAMES) - 1)).count_ones();
        if self.word_start_ms.is_none() && fresh >= needed {
            let start = now_ms.saturating_sub(fresh * FRAME_MS);
            self.word_start_ms = Some(start);
            self.start_ms.get_or_insert(start);
            self.words = self.words.saturating_add(1);
        }
        if self.word_start_ms.is_some() {
            self.voice_end_ms = now_ms;
        }
    }
}
