//! Commands about what is heard on a call.

use std::net::Ipv4Addr;
use std::time::Duration;

use uuid::Uuid;

use super::{Command, UnsafeText, path, seconds};
use crate::call::CallId;
use crate::switch::Take;

impl Command {
    /// Plays a file; `playback` comes back as `Application-UUID`.
    pub(in crate::switch::freeswitch) fn play(call: CallId, playback: Uuid, file: &str) -> Result<Self, UnsafeText> {
        let file = path(file)?;
        Ok(Self::line(format_args!(
            "sendmsg {call}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: {file}\n\
             Event-UUID: {playback}"
        )))
    }

    /// Stops all that plays on a channel.
    pub(in crate::switch::freeswitch) fn stop_playback(call: CallId) -> Self {
        Self::line(format_args!("api uuid_break {call} all"))
    }

    /// Starts to record into a file.
    ///
    /// Always by `uuid_record`: the `record` application hangs the call up when
    /// it cannot open its file. The variables are of this recording alone.
    pub(in crate::switch::freeswitch) fn record(call: CallId, file: &str, take: Take) -> Result<Self, UnsafeText> {
        let file = path(file)?;
        Ok(match take {
            Take::Call => Self::line(format_args!("api uuid_record {call} start '{file}'")),
            Take::Speech { max, silence } => {
                let (max, silence) = (seconds(max), milliseconds(silence));
                Self::line(format_args!(
                    "api uuid_record {call} start '{file}' {max} {{RECORD_READ_ONLY=true,\
                     RECORD_INITIAL_TIMEOUT_MS={silence},RECORD_FINAL_TIMEOUT_MS={silence}}}"
                ))
            }
        })
    }

    /// Stops to record into a file.
    pub(in crate::switch::freeswitch) fn stop_recording(call: CallId, file: &str) -> Result<Self, UnsafeText> {
        let file = path(file)?;
        Ok(Self::line(format_args!("api uuid_record {call} stop '{file}'")))
    }

    /// Has the switch send what the callee says to us, from a port of its own.
    pub(in crate::switch::freeswitch) fn unicast(call: CallId, from: (Ipv4Addr, u16), to: (Ipv4Addr, u16)) -> Self {
        let ((local, local_port), (remote, remote_port)) = (from, to);
        Self::line(format_args!(
            "sendmsg {call}\ncall-command: unicast\nlocal-ip: {local}\nlocal-port: {local_port}\n\
             remote-ip: {remote}\nremote-port: {remote_port}\ntransport: udp"
        ))
    }

    /// Has a channel park anew. `uuid_park` does so only once: given twice, the
    /// channel is left without anybody who reads its audio and its keys.
    pub(in crate::switch::freeswitch) fn park_anew(call: CallId) -> Self {
        Self::line(format_args!("api uuid_transfer {call} park inline"))
    }

    /// Listens for a beep. By the application: what the `avmd` command starts
    /// hears none.
    pub(in crate::switch::freeswitch) fn listen_for_beep(call: CallId) -> Self {
        Self::line(format_args!(
            "sendmsg {call}\ncall-command: execute\nexecute-app-name: avmd_start\n\
             execute-app-arg: detection_mode=2"
        ))
    }
}

/// At least one: FreeSWITCH reads 0 as "never".
fn milliseconds(time: Duration) -> u128 {
    time.as_millis().max(1)
}
