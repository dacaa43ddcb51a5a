//! Changes of one of our numbers, though others change it too.

use crate::number::PhoneNumber;
use crate::store::{OwnNumber, Store, StoreError};

/// How often it is tried while others change the same number.
const TRIES: u32 = 5;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberEdited {
    /// It was made.
    Yes,
    /// The number is not ours.
    NotOurs,
    /// Others changed it each time: nothing was changed.
    Restless,
}

/// Changes label, state and limits of a number to what `edit` makes of them.
/// What others change at the same time is neither lost nor undone: `edit` is
/// asked again then.
pub async fn edit_number(
    store: &Store,
    number: PhoneNumber,
    edit: impl Fn(OwnNumber) -> OwnNumber,
) -> Result<NumberEdited, StoreError> {
    for _ in 0..TRIES {
        let Some(before) = store.number(number).await? else { return Ok(NumberEdited::NotOurs) };
        if store.change_number(&before, &edit(before.clone())).await? {
            return Ok(NumberEdited::Yes);
        }
    }
    Ok(NumberEdited::Restless)
}
