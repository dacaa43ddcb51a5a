//! The words of a greeting: when it began, when it was last heard.

use super::params::Params;
use crate::audio::frame::FRAME_MS;

/// A word begins with so much voice in the last frames.
const ONSET_FRAMES: u32 = 7;

/// What was said so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Greeting {
    /// Bits of the last frames, voiced or not, the newest lowest.
    recent: u32,
    /// When the first word began.
    pub(super) start_ms: Option<u32>,
    /// End of the last voiced frame.
    pub(super) voice_end_ms: u32,
    /// How many words.
    pub(super) words: u32,
    word_start_ms: Option<u32>,
}

impl Greeting {
    /// From the first word to the end of the last, in ms.
    pub(super) fn long(&self) -> u32 {
        self.start_ms.map_or(0, |start| self.voice_end_ms.saturating_sub(start))
    }

    /// From the beginning of the word that is being said, in ms.
    pub(super) fn word_long(&self, now_ms: u32) -> u32 {
        self.word_start_ms.map_or(0, |start| now_ms.saturating_sub(start))
    }

    /// The next frame.
    pub(super) fn push(&mut self, voiced: bool, now_ms: u32, params: &Params) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of voice (`#`) and silence.
    fn said(frames: &str) -> Greeting {
        let (params, mut greeting) = (Params::default(), Greeting::default());
        for (index, voiced) in frames.chars().map(|frame| frame == '#').enumerate() {
            greeting.push(voiced, (index as u32 + 1) * FRAME_MS, &params);
        }
        greeting
    }

    #[test]
    fn amd_click_is_no_word() {
        assert_eq!(said("....##......").start_ms, None);
    }

    #[test]
    fn amd_greeting_lasts_from_the_first_word_to_the_last() {
        let greeting = said("....########....######....");
        assert_eq!((greeting.start_ms, greeting.long(), greeting.words), (Some(80), 360, 2));
    }
}
