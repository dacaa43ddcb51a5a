//! Commands that place calls and connect them.

use std::time::Duration;

use super::{Command, LEG_MARK, MARK, UnsafeText, seconds, word};
use crate::call::CallId;
use crate::switch::{Originate, Transfer};

/// A parked channel outlives its limit by this, should `sched_hangup` fail.
const PARK_MARGIN: Duration = Duration::from_secs(30);

/// Who answered for a callee waits so long to be connected: we may be dead.
const LEG_PARK_SECONDS: u64 = 10;

impl Command {
    /// Places a call and parks it. The job's id is the call's.
    ///
    /// - `origination_uuid`: the channel's id is the call's.
    /// - `ignore_early_media`: a network announcement is no answer.
    /// - `execute_on_answer`, `park_timeout`: the channel ends though we died.
    /// - `send_silence_when_idle`: carriers hang up on calls without RTP.
    /// - `rtp_timer_name`: without a timer a prompt never ends while the callee
    ///   sends no RTP, and not every SIP profile sets one.
    pub(in crate::switch::freeswitch) fn originate(call: &Originate, node: &str) -> Result<Self, UnsafeText> {
        let Originate { call: id, endpoint, number: _, caller_id, ring_timeout, max_call } = call;
        let endpoint = word("the trunk's endpoint", endpoint)?;
        let node = word("the node's name", node)?;
        let caller_id = caller_id.to_string();
        let caller_id = word("the caller ID", &caller_id)?;
        let (ring, limit, park) =
            (seconds(*ring_timeout), seconds(*max_call), seconds(max_call.saturating_add(PARK_MARGIN)));
        Ok(Self::line(format_args!(
            "bgapi originate {{origination_uuid={id},origination_caller_id_number={caller_id},\
             originate_timeout={ring},ignore_early_media=true,park_timeout={park},\
             execute_on_answer='sched_hangup +{limit} ALLOTTED_TIMEOUT',send_silence_when_idle=-1,\
             rtp_timer_name=soft,{MARK}={node}}}{endpoint} &park()\nJob-UUID: {id}"
        )))
    }

    /// Rings the other party of a call, who parks until connected. The job's id
    /// is the channel's. A loopback channel must not leave the conversation
    /// once both of its halves are bridged: its end would be taken for theirs.
    pub(in crate::switch::freeswitch) fn leg(
        call: CallId,
        transfer: &Transfer,
        node: &str,
    ) -> Result<Self, UnsafeText> {
        let Transfer { leg, endpoint, caller_id, ring_timeout, max } = transfer;
        let endpoint = word("the endpoint to transfer to", endpoint)?;
        let node = word("the node's name", node)?;
        let caller_id = caller_id.to_string();
        let caller_id = word("the caller ID", &caller_id)?;
        let (ring, limit) = (seconds(*ring_timeout), seconds(*max));
        Ok(Self::line(format_args!(
            "bgapi originate {{origination_uuid={leg},origination_caller_id_number={caller_id},\
             originate_timeout={ring},ignore_early_media=true,park_timeout={LEG_PARK_SECONDS},\
             execute_on_answer='sched_hangup +{limit} ALLOTTED_TIMEOUT',send_silence_when_idle=-1,\
             rtp_timer_name=soft,loopback_bowout=false,{LEG_MARK}={node}/{call}}}{endpoint} &park()\nJob-UUID: {leg}"
        )))
    }

    /// Has a callee stay when the other party of a bridge hangs up.
    pub(in crate::switch::freeswitch) fn stay_after_bridge(call: CallId) -> Self {
        Self::line(format_args!("api uuid_setvar_multi {call} hangup_after_bridge=false;park_after_bridge=true"))
    }

    /// Takes the limit of a call away; [`Self::limit`] must follow.
    pub(in crate::switch::freeswitch) fn unlimit(call: CallId) -> Self {
        Self::line(format_args!("api sched_del {call}"))
    }

    /// Ends a call after so long, whatever becomes of us.
    pub(in crate::switch::freeswitch) fn limit(call: CallId, transfer: &Transfer) -> Self {
        let limit = seconds(transfer.ring_timeout.saturating_add(transfer.max).saturating_add(PARK_MARGIN));
        Self::line(format_args!("api sched_hangup +{limit} {call} ALLOTTED_TIMEOUT"))
    }

    /// Connects a callee with the other party; both are parked.
    pub(in crate::switch::freeswitch) fn bridge(call: CallId, leg: CallId) -> Self {
        Self::line(format_args!("api uuid_bridge {call} {leg}"))
    }
}
