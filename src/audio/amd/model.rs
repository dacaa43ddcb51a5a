//! How likely it is a person, by the manner of the greeting: boosted decision
//! trees, learned by scripts/amd-train from the parts of the corpus that may be
//! tuned on. Timing alone cannot tell "Hello?" from a recorded "Hi." with a
//! pause after it; melody, pauses and the background together often can.

use super::manner::FEATURES;
use super::trees::{START, TREES};

/// Three questions deep: question `i` is followed by `2 i + 1` for no and
/// `2 i + 2` for yes; eight leaves.
pub(super) struct Tree {
    /// The feature each question is about.
    pub(super) features: [usize; 7],
    /// Is it above this?
    pub(super) cuts: [f32; 7],
    /// What is added to the log-odds.
    pub(super) leaves: [f32; 8],
}

impl Tree {
    fn leaf(&self, features: &[f32; FEATURES]) -> f32 {
        let mut question = 0;
        while question < self.cuts.len() {
            question = 2 * question + 1 + usize::from(features[self.features[question]] > self.cuts[question]);
        }
        self.leaves[question - self.cuts.len()]
    }
}

/// The log-odds of a person.
pub(super) fn odds(features: &[f32; FEATURES]) -> f32 {
    START + TREES.iter().map(|tree| tree.leaf(features)).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amd_trees_ask_only_for_what_there_is() {
        assert!(!TREES.is_empty());
        for tree in TREES {
            assert!(tree.features.iter().all(|feature| *feature < FEATURES));
            assert!(tree.leaves.iter().all(|leaf| leaf.is_finite()));
        }
    }

    #[test]
    fn amd_tree_leads_to_the_leaf_of_its_answers() {
        let tree = Tree {
            features: [2, 0, 0, 1, 1, 1, 1],
            cuts: [1.0, 0.5, 0.7, 0.0, 0.0, 0.0, 0.0],
            leaves: [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        };
        let leaf = |silence, noisy, long| {
            let mut features = [0.0; FEATURES];
            features[..3].copy_from_slice(&[silence, noisy, long]);
            tree.leaf(&features)
        };
        assert_eq!(leaf(0.2, 0.0, 0.4), 0.0);
        assert_eq!(leaf(0.6, 1.0, 0.4), 3.0);
        assert_eq!(leaf(0.6, 0.0, 2.0), 4.0);
        assert_eq!(leaf(0.8, 1.0, 2.0), 7.0);
    }

    #[test]
    fn amd_any_features_give_odds() {
        for value in [f32::MIN, -1.0, 0.0, 1.0, f32::MAX, f32::NAN, f32::INFINITY] {
            assert!(odds(&[value; FEATURES]).is_finite());
        }
    }
}
