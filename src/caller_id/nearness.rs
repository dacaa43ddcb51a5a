//! Whose number looks local to whom.

use crate::number::Area;

/// How near two numbers look, from afar to near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Of different countries.
    Foreign,
    /// Of one country.
    Country,
    /// Of one state.
    State,
    /// Of one area code.
    AreaCode,
}

/// How near two numbers look to who sees them.
pub fn nearness(one: Area, other: Area) -> Nearness {
    if one.code.is_some() && one.code == other.code {
        Nearness::AreaCode
    } else if one.state.is_some() && one.state == other.state {
        Nearness::State
    } else if one.country != 0 && one.country == other.country {
        Nearness::Country
    } else {
        Nearness::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::PhoneNumber;

    #[test]
    fn nearer_and_nearer() {
        let area = |text: &str| PhoneNumber::from_e164(text).expect("a number").area();
        let home = area("+12127365000");
        let near =
            ["+442079460958", "+14155550100", "+17185550100", "+12125550100"].map(|other| nearness(home, area(other)));
        assert_eq!(near, [Nearness::Foreign, Nearness::Country, Nearness::State, Nearness::AreaCode]);
        let (mobile, nowhere) = (area("+4915112345678"), area("+9991234567"));
        assert_eq!(nearness(mobile, mobile), Nearness::Country);
        assert_eq!(nearness(nowhere, nowhere), Nearness::Foreign);
    }
}
