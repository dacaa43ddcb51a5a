//! What HTTP answers mean for calls: above all, whether a call that was not
//! placed may be placed again.

use super::rest::{Answer, RestError};
use super::track::NO_CHANNEL;
use crate::switch::{CommandError, OriginateError};

/// "Channel with given unique ID already exists."
pub(super) const EXISTS: u16 = 409;

/// What an answer to `POST /channels` means.
pub(super) fn placed(answer: &Answer) -> Result<(), OriginateError> {
    match answer.status {
        // The id is ours alone: the call was placed before.
        200..=299 | EXISTS => Ok(()),
        401 | 403 => Err(OriginateError::NotSent(format!("Asterisk refuses our user or password: {}", answer.words()))),
        404 | 405 => Err(OriginateError::NotSent(format!("no ARI at this URL: {}", answer.words()))),
        // "Allocation failed": the trunk is known to be down, or not known.
        500 if answer.message().is_some() => {
            Err(OriginateError::Refused { cause: Some(NO_CHANNEL), detail: answer.words() })
        }
        // Asterisk is not fully booted.
        503 if answer.message().is_some() => Err(OriginateError::NotSent(answer.words())),
        400..=499 => Err(OriginateError::Refused { cause: None, detail: answer.words() }),
        // A proxy's words, or nobody's.
        _ => Err(OriginateError::Unknown(answer.words())),
    }
}

/// What came of a command.
pub(super) fn done(result: Result<Answer, RestError>) -> Result<(), CommandError> {
    let answer = result.map_err(|error| CommandError::Disconnected(error.to_string()))?;
    check(&answer)
}

pub(super) fn check(answer: &Answer) -> Result<(), CommandError> {
    match answer.status {
        200..=299 => Ok(()),
        // "Resource not found", or anything but ARI's own words: a wrong path.
        404 if answer.message().is_some_and(|message| message != "Resource not found") => {
            Err(CommandError::NoSuchChannel)
        }
        _ => Err(CommandError::Refused(answer.words())),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn only_asterisk_itself_can_refuse_a_call_for_good() {
        let allocation = answer(500, r#"{"error":"Allocation failed"}"#);
        assert!(matches!(placed(&allocation), Err(OriginateError::Refused { cause: Some(NO_CHANNEL), .. })));
        let proxy = answer(500, "<html>");
        assert!(matches!(placed(&proxy), Err(OriginateError::Unknown(_))));
        assert_eq!((placed(&answer(200, "")), placed(&answer(EXISTS, "{}"))), (Ok(()), Ok(())));
    }

    #[test]
    fn a_channel_is_gone_only_in_asterisks_own_words() {
        assert_eq!(check(&answer(404, r#"{"message":"Channel not found"}"#)), Err(CommandError::NoSuchChannel));
        for other in [r#"{"message":"Resource not found"}"#, "<html>", ""] {
            assert!(matches!(check(&answer(404, other)), Err(CommandError::Refused(_))), "{other}");
        }
        assert_eq!(check(&answer(204, "")), Ok(()));
    }

    #[test]
    fn no_answer_is_no_connection() {
        for error in [RestError::NotSent("x".into()), RestError::NoAnswer("x".into())] {
            assert_eq!(done(Err(error)), Err(CommandError::Disconnected("x".into())));
        }
    }
}
