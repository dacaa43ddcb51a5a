//! Why a channel ended, in the switch's own numbers.

use serde::{Deserialize, Serialize};

/// A hang-up cause: Q.850 (ITU-T Q.850, table 1) from 1 to 127, and the codes
/// above 127 that FreeSWITCH adds (`switch_call_cause_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cause(pub u16);

/// A SIP response code, 100 to 699 (RFC 3261, section 21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SipStatus(pub u16);

impl Cause {
    /// FreeSWITCH's name of a cause, as in `Hangup-Cause` and after `-ERR` of
    /// an originate, to its number.
    pub fn from_freeswitch(name: &str) -> Option<Self> {
        FREESWITCH.iter().find(|(_, known)| *known == name).map(|(code, _)| Self(*code))
    }

    /// FreeSWITCH's name of this cause.
    pub fn freeswitch_name(self) -> Option<&'static str> {
        FREESWITCH.iter().find(|(code, _)| *code == self.0).map(|(_, name)| *name)
    }
}

/// Names and numbers of `switch_call_cause_t` (FreeSWITCH 1.10, switch_types.h).
const FREESWITCH: &[(u16, &str)] = &[
    (0, "NONE"),
    (1, "UNALLOCATED_NUMBER"),
    (2, "NO_ROUTE_TRANSIT_NET"),
    (3, "NO_ROUTE_DESTINATION"),
    (6, "CHANNEL_UNACCEPTABLE"),
    (7, "CALL_AWARDED_DELIVERED"),
    (16, "NORMAL_CLEARING"),
    (17, "USER_BUSY"),
    (18, "NO_USER_RESPONSE"),
    (19, "NO_ANSWER"),
    (20, "SUBSCRIBER_ABSENT"),
    (21, "CALL_REJECTED"),
    (22, "NUMBER_CHANGED"),
    (23, "REDIRECTION_TO_NEW_DESTINATION"),
    (25, "EXCHANGE_ROUTING_ERROR"),
    (27, "DESTINATION_OUT_OF_ORDER"),
    (28, "INVALID_NUMBER_FORMAT"),
    (29, "FACILITY_REJECTED"),
    (30, "RESPONSE_TO_STATUS_ENQUIRY"),
    (31, "NORMAL_UNSPECIFIED"),
    (34, "NORMAL_CIRCUIT_CONGESTION"),
    (38, "NETWORK_OUT_OF_ORDER"),
    (41, "NORMAL_TEMPORARY_FAILURE"),
    (42, "SWITCH_CONGESTION"),
    (43, "ACCESS_INFO_DISCARDED"),
    (44, "REQUESTED_CHAN_UNAVAIL"),
    (45, "PRE_EMPTED"),
    (50, "FACILITY_NOT_SUBSCRIBED"),
    (52, "OUTGOING_CALL_BARRED"),
    (54, "INCOMING_CALL_BARRED"),
    (57, "BEARERCAPABILITY_NOTAUTH"),
    (58, "BEARERCAPABILITY_NOTAVAIL"),
    (63, "SERVICE_UNAVAILABLE"),
    (65, "BEARERCAPABILITY_NOTIMPL"),
    (66, "CHAN_NOT_IMPLEMENTED"),
    (69, "FACILITY_NOT_IMPLEMENTED"),
    (79, "SERVICE_NOT_IMPLEMENTED"),
    (81, "INVALID_CALL_REFERENCE"),
    (88, "INCOMPATIBLE_DESTINATION"),
    (95, "INVALID_MSG_UNSPECIFIED"),
    (96, "MANDATORY_IE_MISSING"),
    (97, "MESSAGE_TYPE_NONEXIST"),
    (98, "WRONG_MESSAGE"),
    (99, "IE_NONEXIST"),
    (100, "INVALID_IE_CONTENTS"),
    (101, "WRONG_CALL_STATE"),
    (102, "RECOVERY_ON_TIMER_EXPIRE"),
    (103, "MANDATORY_IE_LENGTH_ERROR"),
    (111, "PROTOCOL_ERROR"),
    (127, "INTERWORKING"),
    (142, "SUCCESS"),
    (487, "ORIGINATOR_CANCEL"),
    (500, "CRASH"),
    (501, "SYSTEM_SHUTDOWN"),
    (502, "LOSE_RACE"),
    (503, "MANAGER_REQUEST"),
    (600, "BLIND_TRANSFER"),
    (601, "ATTENDED_TRANSFER"),
    (602, "ALLOTTED_TIMEOUT"),
    (603, "USER_CHALLENGE"),
    (604, "MEDIA_TIMEOUT"),
    (605, "PICKED_OFF"),
    (606, "USER_NOT_REGISTERED"),
    (607, "PROGRESS_TIMEOUT"),
    (608, "INVALID_GATEWAY"),
    (609, "GATEWAY_DOWN"),
    (610, "INVALID_URL"),
    (611, "INVALID_PROFILE"),
    (612, "NO_PICKUP"),
    (613, "SRTP_READ_ERROR"),
    (614, "BOWOUT"),
    (615, "BUSY_EVERYWHERE"),
    (616, "DECLINE"),
    (617, "DOES_NOT_EXIST_ANYWHERE"),
    (618, "NOT_ACCEPTABLE"),
    (619, "UNWANTED"),
    (620, "NO_IDENTITY"),
    (621, "BAD_IDENTITY_INFO"),
    (622, "UNSUPPORTED_CERTIFICATE"),
    (623, "INVALID_IDENTITY"),
    (624, "STALE_DATE"),
    (625, "REJECT_ALL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique() {
        for (code, name) in FREESWITCH {
            assert_eq!(Cause::from_freeswitch(name), Some(Cause(*code)));
            assert_eq!(Cause(*code).freeswitch_name(), Some(*name));
        }
        assert_eq!(Cause::from_freeswitch("USER_BUSY "), None);
    }
}
