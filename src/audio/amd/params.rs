//! What may be set about the detector.

use super::verdict::{Answer, Reason};

/// Settings of the detector; times in ms. Defaults are what was tuned on the
/// parts of the corpus made for that, see docs/amd.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// So long may it be silent before the first word; then: unsure.
    pub initial_silence: u32,
    /// A greeting as long as this, its pauses included, is a machine's.
    pub greeting: u32,
    /// After so long a silence the greeting is over: a person or a machine, by what is
    /// likelier. Where neither is, it goes on listening.
    pub after_greeting_silence: u32,
    /// So long a silence is the least after which a person is said to be one.
    pub after_word_silence: u32,
    /// How sure it must be, of 100, that it is a person for that to be said
    /// before `after_greeting_silence`; 100 always waits, on machines too. Less is quicker and
    /// takes more machines for people: see docs/amd.md for how many.
    pub certainty: u8,
    /// With no decision by then: unsure.
    pub total_analysis_time: u32,
    /// A shorter sound is a click.
    pub min_word_length: u32,
    /// So long a silence parts two words.
    pub between_words_silence: u32,
    /// More words than this are a machine's.
    pub maximum_number_of_words: u32,
    /// One word longer than this, without a pause, is a machine's, or music.
    pub maximum_word_length: u32,
    /// Mean absolute sample value (0 to 32,767) below which a frame is silence
    /// whatever the background.
    pub silence_threshold: u16,
}

/// Settings that cannot work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Nothing could be decided.
    #[error("total_analysis_time must be above 0 and at most 60000 ms")]
    NoTime,
    /// Each pause within a greeting would end it.
    #[error("after_word_silence must be above between_words_silence, and after_greeting_silence not below it")]
    SilenceTooShort,
    /// No share of a hundred.
    #[error("certainty must be from 50 to 100")]
    Certainty,
    /// No word could be heard.
    #[error("min_word_length must be below maximum_word_length and greeting")]
    NoWord,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            initial_silence: 3_500,
            greeting: 5_000,
            after_greeting_silence: 1_800,
            after_word_silence: 100,
            certainty: 99,
            total_analysis_time: 7_000,
            min_word_length: 100,
            between_words_silence: 60,
            maximum_number_of_words: 30,
            maximum_word_length: 3_500,
            silence_threshold: 100,
        }
    }
}

impl Params {
    /// Whether a verdict can come of these settings.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn check(&self) -> Result<(), ParamsError> {
        if !(1..=60_000).contains(&self.total_analysis_time) {
            return Err(ParamsError::NoTime);
        }
        if !(50..=100).contains(&self.certainty) {
            return Err(ParamsError::Certainty);
        }
        if self.after_word_silence <= self.between_words_silence
            || self.after_greeting_silence < self.after_word_silence
        {
            return Err(ParamsError::SilenceTooShort);
        }
        if self.min_word_length >= self.maximum_word_length.min(self.greeting) {
            return Err(ParamsError::NoWord);
        }
        Ok(())
    }

    /// Person or machine, after `silence_ms` of a pause and `long_ms` of
    /// greeting, by the log-odds of a person; or not yet.
    pub(super) fn judge(&self, odds: f32, silence_ms: u32, long_ms: u32) -> Option<(Answer, Reason)> {
        let person = (Answer::Human, Reason::ShortGreeting);
        let machine = (Answer::Machine, Reason::Recording);
        if silence_ms >= self.after_greeting_silence {
            if odds >= LIKELY_PERSON {
                return Some(person);
            }
            if odds < LIKELY_MACHINE {
                return Some(machine);
            }
        }
        if silence_ms >= self.after_word_silence && odds >= log_odds(self.certainty) {
            return Some(person);
        }
        (self.certainty < 100 && long_ms >= LEAST_OF_MACHINE_MS && odds <= SURELY_MACHINE).then_some(machine)
    }
}

/// Log-odds of a person which are enough once the greeting is over, and those below
/// which it is a machine then.
const LIKELY_PERSON: f32 = 2.0;
const LIKELY_MACHINE: f32 = -1.2;
/// Below these it is a machine, after so much greeting.
const SURELY_MACHINE: f32 = -4.5;
const LEAST_OF_MACHINE_MS: u32 = 1_000;

/// Of a probability in hundredths.
fn log_odds(percent: u8) -> f32 {
    let share = f32::from(percent) / 100.0;
    (share / (1.0 - share)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amd_defaults_are_sound() {
        assert_eq!(Params::default().check(), Ok(()));
    }

    #[test]
    fn amd_settings_that_cannot_work_are_refused() {
        let with = |change: fn(&mut Params)| {
            let mut params = Params::default();
            change(&mut params);
            params.check()
        };
        assert_eq!(with(|p| p.total_analysis_time = 0), Err(ParamsError::NoTime));
        assert_eq!(with(|p| p.after_word_silence = p.between_words_silence), Err(ParamsError::SilenceTooShort));
        assert_eq!(with(|p| p.after_greeting_silence = 80), Err(ParamsError::SilenceTooShort));
        assert_eq!(with(|p| p.min_word_length = p.greeting), Err(ParamsError::NoWord));
        assert_eq!(with(|p| p.certainty = 49), Err(ParamsError::Certainty));
        assert_eq!(with(|p| p.certainty = 101), Err(ParamsError::Certainty));
    }

    #[test]
    fn amd_never_sure_enough_is_said_at_the_end() {
        let params = Params { certainty: 100, ..Params::default() };
        for odds in [-20.0, 0.0, 20.0] {
            for silence_ms in (0..params.after_greeting_silence).step_by(20) {
                assert_eq!(params.judge(odds, silence_ms, 2_000), None);
            }
        }
        let person = |odds| params.judge(odds, 1_800, 2_000).map(|(answer, _)| answer == Answer::Human);
        assert_eq!([-3.0, 0.0, 3.0].map(person), [Some(false), None, Some(true)]);
    }

    #[test]
    fn amd_sure_is_sooner() {
        let judge = |odds, silence_ms, long_ms| {
            Params::default().judge(odds, silence_ms, long_ms).map(|(answer, _)| answer.as_str())
        };
        assert_eq!(judge(6.0, 80, 500), None, "perhaps within a word");
        assert_eq!(judge(6.0, 100, 500), Some("human"));
        assert_eq!(judge(3.0, 100, 500), None);
        assert_eq!(judge(-6.0, 0, 900), None, "too little was said");
        assert_eq!(judge(-6.0, 0, 1_000), Some("machine"));
        assert_eq!(judge(-3.0, 1_000, 3_000), None);
    }

    #[test]
    fn amd_greeting_that_may_be_anyones_is_listened_to_further() {
        let judge =
            |odds, silence_ms| Params::default().judge(odds, silence_ms, 4_000).map(|(answer, _)| answer.as_str());
        for odds in [-1.2, 0.0, 1.9] {
            assert_eq!(judge(odds, 1_780), None);
            assert_eq!(judge(odds, 1_800), None, "{odds}");
            assert_eq!(judge(odds, 4_000), None, "{odds}");
        }
        assert_eq!((judge(2.0, 1_780), judge(2.0, 1_800)), (None, Some("human")));
        assert_eq!((judge(-1.3, 1_780), judge(-1.3, 1_800)), (None, Some("machine")));
    }

    #[test]
    fn amd_certainty_is_a_share_of_a_hundred() {
        assert_eq!(log_odds(50), 0.0);
        assert!((log_odds(95) - 2.944).abs() < 0.001);
        assert_eq!(log_odds(100), f32::INFINITY);
        assert_eq!(log_odds(0), f32::NEG_INFINITY);
        assert!(log_odds(u8::MAX).is_nan(), "refused by check");
    }
}
