//! How likely it is a person, by all that was heard so far: a small network with
//! a memory, learned by scripts/amd-train from the parts of the corpus that may
//! be tuned on. Timing alone cannot tell "Hello?" from a recorded "Hi." with a
//! pause after it; what is said, and how, often can.
//!
//! Two layers look at the last 200 ms and at the last 280 ms, a gated recurrent
//! unit remembers. Weights are kept as bytes with a scale for each output.

use std::sync::LazyLock;

use super::ear::FEATURES;

/// Frames the first layer looks at, and how many it goes on each time.
const LOOK: usize = 5;
const STEP: u32 = 2;
/// Steps the second layer looks at.
const BACK: usize = 3;
const WIDTH: usize = 48;
const MEMORY: usize = 64;
/// Of the recurrent unit: what is kept, what is replaced, what by.
const GATES: usize = 3 * MEMORY;

const BYTES: &[u8] = include_bytes!("net.bin");
const EXPECTED: usize = Layer::<{ LOOK * FEATURES }, WIDTH>::BYTES
    + Layer::<{ BACK * WIDTH }, WIDTH>::BYTES
    + Layer::<WIDTH, GATES>::BYTES
    + Layer::<MEMORY, GATES>::BYTES
    + Layer::<MEMORY, 1>::BYTES;
const _: () = assert!(BYTES.len() == EXPECTED, "net.bin is made for another network");

static NET: LazyLock<Net> = LazyLock::new(|| Net::read(BYTES));

/// The weights between `IN` numbers and `OUT`.
struct Layer<const IN: usize, const OUT: usize> {
    weights: [[f32; OUT]; IN],
    bias: [f32; OUT],
}

impl<const IN: usize, const OUT: usize> Layer<IN, OUT> {
    /// A scale and a bias for each output, little-endian; then a signed byte
    /// for each weight, input by input.
    const BYTES: usize = 8 * OUT + IN * OUT;

    fn read(bytes: &mut &[u8]) -> Self {
        let (mine, rest) = bytes.split_at(Self::BYTES.min(bytes.len()));
        *bytes = rest;
        let (numbers, weights) = mine.split_at((8 * OUT).min(mine.len()));
        let numbers = numbers.as_chunks().0;
        let number = |at: usize| numbers.get(at).copied().map_or(0.0, f32::from_le_bytes);
        let weight = |at: usize| weights.get(at).map_or(0.0, |byte| f32::from(byte.cast_signed()));
        Self {
            weights: std::array::from_fn(|i| std::array::from_fn(|o| weight(i * OUT + o) * number(o))),
            bias: std::array::from_fn(|o| number(OUT + o)),
        }
    }

    fn apply<'a>(&self, inputs: impl IntoIterator<Item = &'a f32>) -> [f32; OUT] {
        let mut outputs = self.bias;
        for (input, weights) in inputs.into_iter().zip(&self.weights) {
            for (output, weight) in outputs.iter_mut().zip(weights) {
                *output += input * weight;
            }
        }
        outputs
    }
}

struct Net {
    frames: Layer<{ LOOK * FEATURES }, WIDTH>,
    steps: Layer<{ BACK * WIDTH }, WIDTH>,
    seen: Layer<WIDTH, GATES>,
    kept: Layer<MEMORY, GATES>,
    person: Layer<MEMORY, 1>,
}

impl Net {
    fn read(mut bytes: &[u8]) -> Self {
        let bytes = &mut bytes;
        Self {
            frames: Layer::read(bytes),
            steps: Layer::read(bytes),
            seen: Layer::read(bytes),
            kept: Layer::read(bytes),
            person: Layer::read(bytes),
        }
    }
}

/// What the network remembers of one call.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    /// The newest last.
    frames: [[f32; FEATURES]; LOOK],
    steps: [[f32; WIDTH]; BACK],
    memory: [f32; MEMORY],
    heard: u32,
    odds: f32,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            frames: [[0.0; FEATURES]; LOOK],
            steps: [[0.0; WIDTH]; BACK],
            memory: [0.0; MEMORY],
            heard: 0,
            odds: 0.0,
        }
    }
}

impl Judge {
    /// The next frame.
    pub(super) fn hear(&mut self, features: [f32; FEATURES]) {
        self.frames.rotate_left(1);
        self.frames[LOOK - 1] = features;
        self.heard = self.heard.wrapping_add(1);
        if self.heard.is_multiple_of(STEP) {
            self.step(&NET);
        }
    }

    /// The log-odds of a person, by what was heard.
    pub(super) fn odds(&self) -> f32 {
        self.odds
    }

    fn step(&mut self, net: &Net) {
        self.steps.rotate_left(1);
        self.steps[BACK - 1] = net.frames.apply(self.frames.iter().flatten()).map(|sum| sum.max(0.0));
        let seen = net.steps.apply(self.steps.iter().flatten()).map(|sum| sum.max(0.0));
        let (seen, kept) = (net.seen.apply(&seen), net.kept.apply(&self.memory));
        for (at, memory) in self.memory.iter_mut().enumerate() {
            let reset = sigmoid(seen[at] + kept[at]);
            let keep = sigmoid(seen[MEMORY + at] + kept[MEMORY + at]);
            let fresh = (seen[2 * MEMORY + at] + reset * kept[2 * MEMORY + at]).tanh();
            *memory = (1.0 - keep) * fresh + keep * *memory;
        }
        [self.odds] = net.person.apply(&self.memory);
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What scripts/amd-train gives its own network to hear.
    fn exercise(frame: usize) -> [f32; FEATURES] {
        std::array::from_fn(|feature| ((frame * 31 + feature * 17) % 23) as f32 / 11.0 - 1.0)
    }

    #[test]
    fn net_says_what_the_trained_one_says() {
        let mut judge = Judge::default();
        (0..100).for_each(|frame| judge.hear(exercise(frame)));
        assert!((judge.odds() - ODDS_OF_THE_EXERCISE).abs() < 0.01, "{}", judge.odds());
    }

    /// As scripts/amd-train told when it made net.bin.
    const ODDS_OF_THE_EXERCISE: f32 = 1.3909;

    #[test]
    fn net_sums_its_inputs_by_weight() {
        let mut bytes: Vec<u8> = [0.5f32, 2.0, 10.0, 20.0].iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.extend([1i8, -1, 3, 4, 5, 127].map(i8::cast_unsigned));
        let layer = Layer::<3, 2>::read(&mut bytes.as_slice());
        assert_eq!(layer.apply(&[1.0, 0.0, 2.0]), [10.0 + 0.5 + 5.0, 20.0 - 2.0 + 508.0]);
    }

    #[test]
    fn net_of_bytes_that_end_early_is_zero_from_there_on() {
        let layer = Layer::<3, 2>::read(&mut [0u8; 5].as_slice());
        assert_eq!(layer.apply(&[1.0, 1.0, 1.0]), [0.0, 0.0]);
    }

    #[test]
    fn net_judges_anything() {
        for value in [f32::MIN, -4.0, 0.0, 4.0] {
            let mut judge = Judge::default();
            (0..100).for_each(|_| judge.hear([value; FEATURES]));
            assert!(!judge.odds().is_nan(), "{value}: {}", judge.odds());
        }
    }
}
