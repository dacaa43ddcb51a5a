//! Simulated callees who can be told apart.

use std::collections::BTreeMap;

use canvass::switch::simulator::Fate;

/// By the last digit of their number: 1 answers, 2 is busy, 3 does not answer,
/// 4 refuses, 5 is no number, 6 has no line.
pub(crate) fn by_last_digit() -> BTreeMap<String, Fate> {
    let fates = [Fate::Answer, Fate::Busy, Fate::NoAnswer, Fate::Reject, Fate::Invalid, Fate::Congestion];
    (1..).map(|digit: u8| digit.to_string()).zip(fates).collect()
}
