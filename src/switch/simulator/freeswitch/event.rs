//! The events the simulator knows, and where in FreeSWITCH they come from.

/// Names the kinds once, in their order of declaration.
macro_rules! events {
    ($($kind:ident $name:literal $file:literal $function:literal $line:literal,)*) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum EventKind { $($kind,)* }

        impl EventKind {
            /// Every kind.
            pub(super) const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its `Event-Name`.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// The three `Event-Calling-…` lines, as recorded from 1.10.12.
            pub(super) fn origin(self) -> &'static str {
                match self { $(Self::$kind => concat!(
                    "Event-Calling-File: ", $file,
                    "\nEvent-Calling-Function: ", $function,
                    "\nEvent-Calling-Line-Number: ", $line, "\n"),)* }
            }
        }
    };
}

events! {
    Outgoing "CHANNEL_OUTGOING" "switch_core_session.c" "switch_core_session_outgoing_channel" "768",
    State "CHANNEL_STATE" "switch_channel.c" "switch_channel_perform_set_running_state" "2408",
    CallState "CHANNEL_CALLSTATE" "switch_channel.c" "switch_channel_perform_set_callstate" "301",
    Create "CHANNEL_CREATE" "switch_core_state_machine.c" "switch_core_session_run" "626",
    Originate "CHANNEL_ORIGINATE" "switch_core_state_machine.c" "switch_core_session_run" "632",
    Progress "CHANNEL_PROGRESS" "switch_channel.c" "switch_channel_perform_mark_ring_ready_value" "3505",
    Answer "CHANNEL_ANSWER" "switch_channel.c" "switch_channel_perform_mark_answered" "3846",
    Execute "CHANNEL_EXECUTE" "switch_core_session.c" "switch_core_session_exec" "2944",
    ExecuteComplete "CHANNEL_EXECUTE_COMPLETE" "switch_core_session.c" "switch_core_session_exec" "2967",
    Park "CHANNEL_PARK" "switch_ivr.c" "switch_ivr_park" "1002",
    Unpark "CHANNEL_UNPARK" "switch_ivr.c" "switch_ivr_park" "1213",
    Dtmf "DTMF" "switch_channel.c" "switch_channel_dequeue_dtmf" "677",
    PlaybackStart "PLAYBACK_START" "switch_ivr_play_say.c" "switch_ivr_play_file" "1646",
    PlaybackStop "PLAYBACK_STOP" "switch_ivr_play_say.c" "switch_ivr_play_file" "2020",
    Bridge "CHANNEL_BRIDGE" "switch_ivr_bridge.c" "switch_ivr_multi_threaded_bridge" "1689",
    Unbridge "CHANNEL_UNBRIDGE" "switch_ivr_bridge.c" "switch_ivr_multi_threaded_bridge" "1879",
    Beep "CUSTOM" "mod_avmd.c" "avmd_fire_event" "700",
    RecordStart "RECORD_START" "switch_ivr_async.c" "switch_ivr_record_session_event" "2867",
    RecordStop "RECORD_STOP" "switch_ivr_async.c" "send_record_stop_event" "1254",
    Hangup "CHANNEL_HANGUP" "switch_channel.c" "switch_channel_perform_hangup" "3445",
    HangupComplete "CHANNEL_HANGUP_COMPLETE" "switch_core_state_machine.c" "switch_core_session_reporting_state" "943",
    Destroy "CHANNEL_DESTROY" "switch_core_session.c" "switch_core_session_perform_destroy" "1584",
    Api "API" "switch_loadable_module.c" "switch_api_execute" "2954",
    BackgroundJob "BACKGROUND_JOB" "mod_event_socket.c" "api_exec" "1572",
    Heartbeat "HEARTBEAT" "switch_core.c" "send_heartbeat" "95",
}

/// The subclass of [`EventKind::Beep`].
pub(super) const BEEP: &str = "avmd::beep";

/// A set of kinds, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventSet(pub(super) u64);

impl EventKind {
    /// The set of this kind alone.
    pub(super) fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

impl EventSet {
    /// Reads names as a client lists them. Kinds that the simulator never
    /// sends are taken and mean nothing, as on a FreeSWITCH where they do not
    /// occur.
    pub(super) fn read(words: &str) -> Self {
        let mut set = 0;
        let mut custom = false;
        for word in words.split([' ', ',']) {
            if word.eq_ignore_ascii_case("ALL") {
                set |= u64::MAX;
            }
            // What follows are subclasses: none is sent without its own name.
            if custom && word == BEEP {
                set |= EventKind::Beep.bit();
            }
            custom |= word.eq_ignore_ascii_case("CUSTOM");
            let known = EventKind::ALL.iter().find(|kind| kind.name().eq_ignore_ascii_case(word));
            set |= known.filter(|kind| **kind != EventKind::Beep).map_or(0, |kind| kind.bit());
        }
        Self(set)
    }

    /// Whether a kind is in it.
    pub(super) fn has(self, kind: EventKind) -> bool {
        self.0 & kind.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_read_by_name() {
        let set = EventSet::read("CHANNEL_PARK background_job CUSTOM conference::maintenance");
        let names: Vec<_> = EventKind::ALL.iter().filter(|kind| set.has(**kind)).map(|kind| kind.name()).collect();
        assert_eq!(names, ["CHANNEL_PARK", "BACKGROUND_JOB"]);
        assert!(EventSet::read("DTMF CUSTOM avmd::beep").has(EventKind::Beep));
        assert!(!EventSet::read("avmd::beep CUSTOM").has(EventKind::Beep));
        assert!(EventKind::ALL.iter().all(|kind| EventSet::read("all").has(*kind)));
        assert_eq!(EventSet::read(""), EventSet::default());
    }

    #[test]
    fn every_kind_fits_into_a_set() {
        assert!(EventKind::ALL.len() <= 64);
    }
}
