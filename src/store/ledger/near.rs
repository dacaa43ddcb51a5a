//! Which of a pool's numbers a target is shown: the one that looks nearest.

use crate::caller_id::nearness;
use crate::number::PhoneNumber;
use crate::store::{Claim, Near};

/// The numbers a claim may show, and how often.
#[derive(Debug)]
pub(super) struct Choice {
    /// Whether there is anything to choose from.
    any: bool,
    numbers: Vec<(Near, u32)>,
}

impl Choice {
    /// What the claim lends, and what is drawn for its calls already.
    pub(super) fn of(claim: &Claim) -> Self {
        let mut numbers: Vec<_> = claim.nearby.iter().map(|near| (near.clone(), 0)).collect();
        if claim.nearby.is_empty() {
            return Self { any: false, numbers };
        }
        for planned in &claim.calls {
            let number = planned.caller_id;
            match numbers.iter_mut().find(|(near, _)| near.number == number) {
                Some((near, _)) => near.room = near.room.saturating_add(1),
                None => numbers.push((Near { number, area: number.area(), room: 1, held: false }, 0)),
            }
        }
        Self { any: true, numbers }
    }

    /// The caller ID for this target; `drawn` was meant for it. Among equals
    /// the one shown least in this claim.
    pub(super) fn choose(&mut self, target: PhoneNumber, drawn: PhoneNumber) -> PhoneNumber {
        if !self.any {
            return drawn;
        }
        let area = target.area();
        let free = self.numbers.iter_mut().filter(|(near, _)| near.room > 0);
        // The first of equals: the pool's order.
        let best = free.rev().max_by_key(|(near, shown)| (nearness(area, near.area), std::cmp::Reverse(*shown)));
        // There is room for as many as were drawn.
        let Some((near, shown)) = best else { return drawn };
        near.room -= 1;
        *shown += 1;
        near.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallId;
    use crate::campaign::CampaignId;
    use crate::store::PlannedCall;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::from_e164(text).expect("a number")
    }

    const NEW_YORK: &str = "+12125550101";
    const BROOKLYN: &str = "+17185550102";
    const CALIFORNIA: &str = "+14155550103";

    fn claim(drawn: &[&str], lent: &[(&str, u32)]) -> Claim {
        let planned = |text: &&str| PlannedCall { call: CallId::new(), caller_id: number(text), switch: "fs1".into() };
        let near = |(text, room): &(&str, u32)| Near {
            number: number(text),
            area: number(text).area(),
            room: *room,
            held: true,
        };
        Claim {
            campaign: CampaignId::new(),
            calls: drawn.iter().map(planned).collect(),
            nearby: lent.iter().map(near).collect(),
            rules: std::sync::Arc::default(),
        }
    }

    #[test]
    fn without_a_choice_the_drawn_one_is_shown() {
        let mut choice = Choice::of(&claim(&[CALIFORNIA], &[]));
        assert_eq!(choice.choose(number("+12125551234"), number(CALIFORNIA)), number(CALIFORNIA));
    }

    #[test]
    fn area_code_then_state_then_any() {
        let all = [(CALIFORNIA, 9), (BROOKLYN, 9), (NEW_YORK, 9)];
        let mut choice = Choice::of(&claim(&[CALIFORNIA; 5], &all));
        let mut shown = |target: &str| choice.choose(number(target), number(CALIFORNIA));
        assert_eq!(shown("+12125551234"), number(NEW_YORK));
        assert_eq!(shown("+13475551234"), number(BROOKLYN), "of its state, shown less");
        assert_eq!(shown("+16505551234"), number(CALIFORNIA));
        assert_eq!(shown("+442079460958"), number(CALIFORNIA), "the first of those shown once");
        assert_eq!(shown("+442079460958"), number(BROOKLYN));
    }

    #[test]
    fn no_more_often_than_there_is_room() {
        let mut choice = Choice::of(&claim(&[CALIFORNIA, CALIFORNIA], &[(NEW_YORK, 1)]));
        let target = number("+12125551234");
        let shown: Vec<_> = (0..3).map(|_| choice.choose(target, number(CALIFORNIA))).collect();
        assert_eq!(shown, [NEW_YORK, CALIFORNIA, CALIFORNIA].map(number));
    }
}
