//! Which numbers are left out, and when none of them is taken off.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1212{:07}", 2_000_000 + n)).expect("a number")
}

fn seen(held: u64) -> Seen {
    let held = Held::new((0..held).map(number).collect());
    Seen { held, named: 1, rejected: 0, others: 0, other: None, broken: false }
}

#[test]
fn a_share_of_a_hundred_may_go() {
    for (held, left_out, shrink, may) in [
        (0, 0, 0, true),
        (100, 0, 0, true),
        (100, 1, 0, false),
        (100, 20, 20, true),
        (100, 21, 20, false),
        (3, 1, 33, false),
        (3, 1, 34, true),
        (100, 100, 99, false),
        (100, 100, 100, true),
    ] {
        let said = seen(held).may_leave_out(left_out, shrink);
        assert_eq!(said.is_ok(), may, "{left_out} of {held} by {shrink} %: {said:?}");
    }
}

#[test]
fn a_row_of_another_source_is_told_by_the_first() {
    let mut seen = seen(3);
    let contact = |n, source: Option<&str>| {
        let mut contact = NewContact::of(number(n));
        contact.variables.extend(source.map(|source| ("Source".to_owned(), source.to_owned())));
        contact
    };
    seen.note(&[contact(0, None), contact(1, Some("federal"))], "federal");
    assert_eq!((seen.may_leave_out(1, 100), seen.held.left_out()), (Ok(()), vec![number(2)]));
    seen.note(&[contact(2, Some("Federal")), contact(9, Some("state"))], "federal");
    let refused = NotReplaced::OtherSource { rows: 2, number: number(2), source_said: "Federal".into() };
    assert_eq!(seen.may_leave_out(1, 100), Err(refused));
    seen.rejected = 1;
    assert_eq!(seen.may_leave_out(1, 100), Err(NotReplaced::Rejected { rows: 1 }));
    seen.broken = true;
    assert_eq!(seen.may_leave_out(1, 100), Err(NotReplaced::Broken));
}

proptest! {
    #[test]
    fn what_is_left_out_is_the_difference(
        held in prop::collection::vec(0_u64..300, 0..400),
        named in prop::collection::vec(0_u64..300, 0..400),
    ) {
        let mut kept = Held::new(held.iter().copied().map(number).collect());
        named.iter().for_each(|n| kept.name(number(*n)));
        let difference: BTreeSet<_> = held.iter().filter(|n| !named.contains(n)).collect();
        prop_assert!(kept.left_out().into_iter().eq(difference.into_iter().map(|n| number(*n))));
    }
}
