//! The detector: frames in, one verdict out, and the beeps after it.

use super::ear::{Context, Ear, FEATURES};
use super::greeting::Greeting;
use super::net::Judge;
use super::params::{Params, ParamsError};
use super::verdict::{Answer, Reason, Verdict};
use crate::audio::beep::Beep;
use crate::audio::frame::{FRAME_MS, Frame};
use crate::audio::spectrum::Spectrum;
use crate::audio::tones::{Cadence, Fax, Heard, Progress, SitMatcher, ToneTracker};
use crate::audio::voice::VoiceDetector;

/// A word begins above the silence threshold by this factor.
const ONSET_LOUDER: f32 = 2.0;
/// A beep stands alone: so long no other tone follows it.
const ALONE_MS: u32 = 160;
/// The beep may have been heard this long before the verdict, not longer.
const BEEP_BEFORE_VERDICT_MS: u32 = 1_000;
/// So many frames before a beep are without voice.
const APART_FRAMES: u32 = 4;
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
    ear: Ear,
    judge: Judge,
    features: [f32; FEATURES],
    now_ms: u32,
    ringing: bool,
    /// Bits of the last frames, as pure as a tone or not, the newest lowest.
    pure: u32,
    last_tone_ms: u32,
    /// Bits of the last frames, voiced or not, the newest lowest.
    voiced: u128,
    verdict: Option<Verdict>,
    beep: Option<Beep>,
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
            ear: Ear::default(),
            judge: Judge::default(),
            features: [0.0; FEATURES],
            now_ms: 0,
            ringing: false,
            pure: 0,
            last_tone_ms: 0,
            voiced: 0,
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
        self.voiced = self.voiced << 1 | u128::from(voiced && !heard.is_pure());
        if let Some(beep) = heard.ended.as_ref().and_then(Beep::of)
            && self.greeting.start_ms.is_some_and(|start| start < beep.start_ms)
            && self.is_apart(&beep)
        {
            self.beep = Some(beep);
        }
        if self.verdict.is_some() {
            return None;
        }
        let (answer, reason) = self.tone(&heard).or_else(|| self.speech(frame, voiced, &heard))?;
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

    /// Whether the machine records from now on: its beep is over and nobody
    /// goes on to speak. True for a few frames, so ask after each.
    ///
    /// A tone in the middle of a greeting is no beep, so one long before the
    /// verdict does not count.
    pub fn records(&self) -> bool {
        let (Some(verdict), Some(beep)) = (self.verdict, self.beep) else { return false };
        if verdict.reason == Reason::Beep && beep.end_ms <= verdict.at_ms {
            return self.now_ms >= verdict.at_ms;
        }
        let since = self.now_ms.saturating_sub(beep.end_ms);
        let spoken = (self.voiced & ((1 << (ALONE_MS / FRAME_MS)) - 1)).count_ones();
        beep.end_ms + BEEP_BEFORE_VERDICT_MS >= verdict.at_ms
            && (ALONE_MS..ALONE_MS + 3 * FRAME_MS).contains(&since)
            && spoken <= 2
    }

    /// The verdict if the call ends here.
    pub fn finish(&self) -> Verdict {
        self.verdict.unwrap_or(Verdict { answer: Answer::Unsure, reason: Reason::TooLong, at_ms: self.now_ms })
    }

    /// What was heard of the last frame: what scripts/amd-train learns from.
    /// Nothing is, once there is a verdict.
    pub fn features(&self) -> &[f32; FEATURES] {
        &self.features
    }

    /// Nobody speaks right before a beep: a vowel held at one pitch is none.
    fn is_apart(&self, beep: &Beep) -> bool {
        // The first frame of the tone is half a one.
        let back = (self.now_ms - beep.start_ms) / FRAME_MS + 1;
        let before = self.voiced.checked_shr(back).unwrap_or(0) & ((1 << APART_FRAMES) - 1);
        before.count_ones() <= 1
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
                (self.ear, self.judge) = (Ear::default(), Judge::default());
            }
            Some(Progress::Ringing) => {}
            None => {}
        }
        // The first of three tones is no beep; nor is a steady vowel.
        let alone = |beep: &Beep| {
            let since = self.now_ms - beep.end_ms;
            heard.current.is_none()
                && since >= ALONE_MS
                && (self.voiced & ((1 << (ALONE_MS / FRAME_MS)) - 1)).count_ones() <= 2
        };
        if self.greeting.long() >= LEAST_BEFORE_BEEP_MS && self.beep.as_ref().is_some_and(alone) {
            return Some((Answer::Machine, Reason::Beep));
        }
        let fax = heard.current.as_ref().and_then(|tone| Fax::of(tone, self.greeting.start_ms.is_some()))?;
        Some((Answer::Fax(fax), Reason::FaxTone))
    }

    fn speech(&mut self, frame: &Frame, voiced: bool, heard: &Heard) -> Option<(Answer, Reason)> {
        let params = &self.params;
        // A tone is neither speech nor silence.
        self.pure = self.pure << 1 | u32::from(heard.is_pure());
        let tone = heard.is_tone() || (self.pure & 0b1_1111).count_ones() >= 3;
        if tone {
            self.last_tone_ms = self.now_ms;
        } else {
            self.greeting.push(voiced && !heard.is_pure(), self.now_ms, params);
        }
        let begun = self.greeting.start_ms.is_some();
        let silence_ms = if begun { self.now_ms - self.greeting.voice_end_ms } else { 0 };
        let context = Context { voiced, pure: heard.is_pure(), begun, silence_ms, long_ms: self.greeting.long() };
        self.features = self.ear.hear(frame, &context);
        self.judge.hear(self.features);
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
        // While a tone sounds silence proves nothing.
        (self.now_ms - self.last_tone_ms > AFTER_TONE_MS)
            .then(|| params.judge(self.judge.odds(), silence_ms, long))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::frame::FRAME_SAMPLES;
    use crate::audio::synth::{join, noise, silence, speech, tone};
    use crate::audio::tones::{Fax, Sit};

    fn listen(samples: &[i16]) -> Detector {
        let mut detector = Detector::new(Params::default()).expect("the defaults are sound");
        Frame::all(samples).iter().for_each(|frame| {
            detector.push(frame);
        });
        detector
    }

    fn verdict(parts: &[Vec<i16>]) -> (Answer, Reason, u32) {
        let Verdict { answer, reason, at_ms } = listen(&join(parts)).finish();
        (answer, reason, at_ms)
    }

    #[test]
    fn amd_one_word_is_a_person() {
        let (answer, reason, at_ms) = verdict(&[silence(500), speech(560, 6_000.0), silence(3_000)]);
        assert_eq!((answer, reason), (Answer::Human, Reason::ShortGreeting));
        assert!((1_300..=2_300).contains(&at_ms), "{at_ms}");
    }

    #[test]
    fn amd_one_word_in_noise_is_a_person() {
        let clean = join(&[silence(500), speech(760, 9_000.0), silence(3_000)]);
        let mixed: Vec<i16> = clean.iter().zip(noise(4_260, 900.0, 4)).map(|(a, b)| a.saturating_add(b)).collect();
        assert_eq!(listen(&mixed).finish().answer, Answer::Human);
    }

    #[test]
    fn amd_long_greeting_is_a_machine() {
        let (answer, reason, at_ms) = verdict(&[silence(300), speech(9_000, 6_000.0), silence(2_000)]);
        assert_eq!((answer, reason), (Answer::Machine, Reason::LongGreeting));
        assert!((5_200..=5_700).contains(&at_ms), "{at_ms}");
    }

    #[test]
    fn amd_pause_between_sentences_does_not_make_a_person() {
        let parts = [silence(300), speech(1_800, 6_000.0), silence(700), speech(4_000, 6_000.0), silence(2_000)];
        assert_eq!(verdict(&parts).0, Answer::Machine);
    }

    #[test]
    fn amd_many_words_are_a_machine_where_few_are_allowed() {
        let params = Params { maximum_number_of_words: 1, between_words_silence: 20, ..Params::default() };
        let mut detector = Detector::new(params).expect("sound");
        let parts = [silence(300), speech(560, 6_000.0), silence(300), speech(560, 6_000.0), silence(100)];
        let said = Frame::all(&join(&parts)).iter().find_map(|frame| detector.push(frame));
        assert_eq!(said.map(|verdict| verdict.reason), Some(Reason::ManyWords));
    }

    #[test]
    fn amd_beep_after_a_short_greeting_is_a_machine() {
        let beep = tone(&[1_000.0], 400, 6_000.0);
        let detector = listen(&join(&[silence(300), speech(1_800, 6_000.0), silence(800), beep, silence(2_000)]));
        let verdict = detector.finish();
        assert_eq!((verdict.answer, verdict.reason), (Answer::Machine, Reason::Beep));
        let beep = detector.beep().expect("a beep");
        assert!(beep.start_ms.abs_diff(2_900) <= 40 && beep.end_ms.abs_diff(3_300) <= 40, "{beep:?}");
    }

    #[test]
    fn amd_vowel_held_at_one_pitch_is_no_beep() {
        let vowel = tone(&[500.0], 160, 6_000.0);
        let detector =
            listen(&join(&[silence(300), speech(600, 6_000.0), vowel, speech(200, 6_000.0), silence(2_500)]));
        assert_eq!(detector.beep(), None);
    }

    #[test]
    fn amd_the_message_starts_after_the_beep_that_follows_the_verdict() {
        let beep = tone(&[1_000.0], 400, 6_000.0);
        let samples = join(&[silence(300), speech(7_000, 6_000.0), silence(500), beep, silence(1_500)]);
        let mut detector = Detector::new(Params::default()).expect("sound settings");
        let mut began = None;
        for (at, frame) in Frame::all(&samples).iter().enumerate() {
            detector.push(frame);
            if detector.records() && began.is_none() {
                began = Some(at as u32 * FRAME_MS);
            }
        }
        let verdict = detector.verdict().expect("a verdict");
        let beep_ends = 300 + 7_000 + 500 + 400;
        assert!(verdict.answer == Answer::Machine && verdict.at_ms < beep_ends - 400, "{verdict:?}");
        let began = began.expect("the beep is heard");
        assert!((beep_ends..beep_ends + 400).contains(&began), "{began} instead of {beep_ends}");
    }

    #[test]
    fn amd_beep_is_heard_long_after_the_verdict() {
        let parts = [speech(12_000, 6_000.0), silence(900), tone(&[440.0], 300, 6_000.0), silence(500)];
        let detector = listen(&join(&parts));
        assert_eq!(detector.verdict().map(|verdict| verdict.answer), Some(Answer::Machine));
        assert!(detector.beep().expect("a beep").start_ms.abs_diff(12_900) <= 40);
    }

    #[test]
    fn amd_silence_is_unsure() {
        assert_eq!(verdict(&[silence(9_000)]), (Answer::Unsure, Reason::InitialSilence, 3_500));
        assert_eq!(verdict(&[noise(9_000, 300.0, 3)]).1, Reason::InitialSilence);
    }

    #[test]
    fn amd_call_that_ends_early_is_unsure() {
        assert_eq!(verdict(&[silence(400)]), (Answer::Unsure, Reason::TooLong, 400));
        assert_eq!(verdict(&[]), (Answer::Unsure, Reason::TooLong, 0));
    }

    #[test]
    fn amd_music_is_a_machine() {
        let notes = [262.0, 330.0, 392.0, 294.0, 349.0, 440.0, 330.0, 392.0, 494.0, 262.0, 330.0, 392.0];
        let chords: Vec<_> =
            notes.iter().map(|hz| tone(&[*hz, hz * 1.25, hz * 1.5, hz * 2.0, hz * 3.0], 500, 12_000.0)).collect();
        assert_eq!(verdict(&chords).0, Answer::Machine);
    }

    #[test]
    fn amd_information_tones_tell_an_invalid_number() {
        let parts = [
            silence(300),
            tone(&[985.2], 380, 6_000.0),
            tone(&[1_370.6], 274, 6_000.0),
            tone(&[1_776.7], 380, 6_000.0),
        ];
        let (answer, reason, at_ms) = verdict(&parts);
        assert_eq!((answer, reason), (Answer::Sit(Sit::VacantCode), Reason::InformationTones));
        assert!(at_ms <= 1_340, "{at_ms}");
    }

    #[test]
    fn amd_fax_tones_of_both_sides() {
        let calling = [silence(400), tone(&[1_100.0], 500, 6_000.0), silence(3_000)];
        assert_eq!(verdict(&calling).0, Answer::Fax(Fax::Calling));
        let answering = [silence(400), tone(&[2_100.0], 2_600, 6_000.0)];
        assert_eq!(verdict(&answering).0, Answer::Fax(Fax::Answering));
    }

    #[test]
    fn amd_busy_tone_is_a_machine_and_ringing_is_unsure() {
        let busy: Vec<_> = (0..5).flat_map(|_| [tone(&[480.0, 620.0], 500, 6_000.0), silence(500)]).collect();
        assert_eq!(verdict(&busy).1, Reason::BusyTone);
        let ringing: Vec<_> = (0..3).flat_map(|_| [tone(&[440.0, 480.0], 2_000, 6_000.0), silence(4_000)]).collect();
        assert_eq!(verdict(&ringing), (Answer::Unsure, Reason::Ringing, 7_000));
    }

    #[test]
    fn amd_verdict_comes_once() {
        let mut detector = Detector::new(Params::default()).expect("sound");
        let frames = Frame::all(&join(&[speech(600, 6_000.0), silence(3_000), speech(6_000, 6_000.0)]));
        assert_eq!(frames.iter().filter_map(|frame| detector.push(frame)).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn amd_takes_any_frames(
            seeds in prop::collection::vec((any::<u64>(), 0u8..4), 0..500),
            threshold in any::<u16>(),
            times in prop::array::uniform8(0u32..=70_000),
        ) {
            let [initial_silence, greeting, after_greeting_silence, after_word_silence, total_analysis_time, min_word_length, between_words_silence, maximum_word_length] = times;
            let params = Params {
                initial_silence, greeting, after_greeting_silence, after_word_silence, total_analysis_time, min_word_length,
                between_words_silence, maximum_word_length, silence_threshold: threshold, ..Params::default()
            };
            let mut given = vec![Params::default()];
            given.extend(params.check().is_ok().then_some(params));
            for params in given {
                let most = params.total_analysis_time;
                let mut detector = Detector::new(params).expect("checked");
                for (seed, kind) in &seeds {
                    let mut draw = fastrand::Rng::with_seed(*seed);
                    let samples: [i16; FRAME_SAMPLES] = match kind {
                        0 => [0; FRAME_SAMPLES],
                        1 => [draw.i16(..); FRAME_SAMPLES],
                        2 => std::array::from_fn(|_| draw.i16(..)),
                        _ => std::array::from_fn(|_| draw.i16(-200..200)),
                    };
                    detector.push(&Frame::new(samples));
                }
                prop_assert!(detector.finish().at_ms <= most.max(FRAME_MS) + FRAME_MS);
            }
        }
    }
}
