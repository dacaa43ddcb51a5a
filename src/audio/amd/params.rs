//! What may be set about the detector.

/// Settings of the detector; times in ms. Defaults are what was tuned on the
/// `tune` half of the corpus, see docs/amd.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// So long may it be silent before the first word; then: unsure.
    pub initial_silence: u32,
    /// A greeting as long as this, its pauses included, is a machine's.
    pub greeting: u32,
    /// After a greeting of 1.6 seconds or more, so long a silence means a person
    /// waits.
    pub after_greeting_silence: u32,
    /// The same after a greeting of 0.6 seconds or less; in between the
    /// silence grows with the greeting.
    pub after_word_silence: u32,
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
    /// No word could be heard.
    #[error("min_word_length must be below maximum_word_length and greeting")]
    NoWord,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            initial_silence: 3_500,
            greeting: 4_000,
            after_greeting_silence: 1_400,
            after_word_silence: 600,
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

    /// The silence that ends a greeting of this length.
    pub(super) fn silence_after(&self, greeting_ms: u32) -> u32 {
        const SHORT: u32 = 600;
        const LONG: u32 = 1_600;
        let over = greeting_ms.clamp(SHORT, LONG) - SHORT;
        let more = self.after_greeting_silence.saturating_sub(self.after_word_silence);
        self.after_word_silence + (u64::from(more) * u64::from(over) / u64::from(LONG - SHORT)) as u32
    }
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
        assert_eq!(with(|p| p.after_greeting_silence = 100), Err(ParamsError::SilenceTooShort));
        assert_eq!(with(|p| p.min_word_length = p.greeting), Err(ParamsError::NoWord));
    }

    #[test]
    fn amd_silence_grows_with_the_greeting() {
        let params = Params { after_word_silence: 400, after_greeting_silence: 1_000, ..Params::default() };
        let silences = [0, 600, 1_100, 1_600, 9_000].map(|greeting| params.silence_after(greeting));
        assert_eq!(silences, [400, 400, 700, 1_000, 1_000]);
    }
}
