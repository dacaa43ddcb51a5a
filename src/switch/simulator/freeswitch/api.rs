//! The commands of `api` and `bgapi`, but for `originate`.

use std::sync::Arc;

use super::channel::{App, Channel, Parking, delay_and_cause};
use super::core::Core;
use super::reports;
use super::separate::separate;
use crate::call::Cause;
use crate::switch::simulator::Record;

const NO_CHANNEL: &str = "-ERR No such channel!\n";
const NO_COMMAND: &str = "-ERR nosuchcommand Command not found!\n";
const OK: &str = "+OK\n";
const NORMAL_CLEARING: Cause = Cause(16);
const MANAGER_REQUEST: Cause = Cause(503);

/// Modules a stock FreeSWITCH has, as far as clients ask for them.
const MODULES: &[&str] = &[
    "mod_commands",
    "mod_dptools",
    "mod_event_socket",
    "mod_http_cache",
    "mod_loopback",
    "mod_sndfile",
    "mod_sofia",
    "mod_tone_stream",
];

/// Executes a command; the reply is as FreeSWITCH prints it, line ends and
/// all.
pub(super) fn execute(core: &Core, command: &str, argument: &str) -> String {
    let (first, rest) = split(argument);
    match command {
        "status" => reports::status(core),
        "version" => reports::VERSION.to_owned(),
        "show" => reports::show(core, argument),
        "sofia" => reports::sofia(core, argument),
        "log" | "reloadxml" => OK.to_owned(),
        "create_uuid" => uuid::Uuid::new_v4().to_string(),
        "module_exists" if argument.trim() == "mod_avmd" => core.options.avmd.to_string(),
        "module_exists" => MODULES.contains(&argument.trim()).to_string(),
        "sched_del" => format!("+OK Deleted: {}\n", core.find(first).map_or(0, |channel| channel.forget_limits())),
        "uuid_bridge" => bridge(core, first, rest.trim()),
        "uuid_exists" => core.find(argument.trim()).is_some().to_string(),
        "hupall" => {
            let cause = cause(argument).unwrap_or(MANAGER_REQUEST);
            for channel in core.channels() {
                channel.kill(cause);
            }
            format!("+OK hangup all channels with cause {}\n", cause.freeswitch_name().unwrap_or("NORMAL_CLEARING"))
        }
        "sched_hangup" => {
            let (uuid, cause) = split(rest);
            let time = if first.starts_with('+') { first.to_owned() } else { format!("+{first}") };
            match (core.find(uuid), delay_and_cause(&format!("{time} {cause}"))) {
                (Some(channel), Some((after, cause))) => {
                    channel.kill_after(core.scaled(after), cause);
                    OK.to_owned()
                }
                (Some(_), None) => "-USAGE: [+]<time> <uuid> [<cause>]\n".to_owned(),
                (None, _) => NO_CHANNEL.to_owned(),
            }
        }
        name if name.starts_with("uuid_") => match core.find(first) {
            Some(channel) => on_channel(&channel, name, rest),
            None if name == "uuid_record" => "-ERR Cannot locate session!\n".to_owned(),
            None if is_channel_command(name) => NO_CHANNEL.to_owned(),
            None => NO_COMMAND.to_owned(),
        },
        _ => NO_COMMAND.to_owned(),
    }
}

fn is_channel_command(name: &str) -> bool {
    [
        "uuid_kill",
        "uuid_dump",
        "uuid_getvar",
        "uuid_setvar",
        "uuid_setvar_multi",
        "uuid_break",
        "uuid_park",
        "uuid_transfer",
        "uuid_broadcast",
    ]
    .contains(&name)
}

/// Connects two channels that are parked.
fn bridge(core: &Core, first: &str, second: &str) -> String {
    if second.is_empty() {
        return "-USAGE: <uuid> <other_uuid>\n".to_owned();
    }
    let (Some(one), Some(other)) = (core.find(first), core.find(second)) else {
        return "-ERR Invalid uuid\n".to_owned();
    };
    if !one.leave_park(&other.uuid) {
        return "-ERR Invalid uuid\n".to_owned();
    }
    if !other.leave_park(&one.uuid) {
        one.left_alone();
        return "-ERR Invalid uuid\n".to_owned();
    }
    core.options.journal.note(Record::Bridge { call: one.uuid.clone(), leg: other.uuid.clone() });
    one.tell_bridged(&other.uuid);
    format!("+OK {}\n", other.uuid)
}

fn on_channel(channel: &Arc<Channel>, command: &str, argument: &str) -> String {
    let (first, rest) = split(argument);
    match command {
        "uuid_kill" => _ = channel.kill(cause(argument).unwrap_or(NORMAL_CLEARING)),
        "uuid_dump" => return channel.dump(),
        "uuid_getvar" => return channel.variable(first).unwrap_or_else(|| "_undef_".to_owned()),
        "uuid_setvar" if first.is_empty() => return "-USAGE: <uuid> <var> [value]\n".to_owned(),
        "uuid_setvar" => channel.set_variable(first, rest),
        "uuid_setvar_multi" => {
            for (name, value) in argument.split(';').filter_map(|pair| pair.split_once('=')) {
                channel.set_variable(name.trim(), value);
            }
        }
        "uuid_transfer" if argument.trim() == "park inline" => channel.park(Parking::Inline),
        "uuid_transfer" => return "-ERR only \"park inline\" is simulated\n".to_owned(),
        "uuid_break" => channel.interrupt(first == "all" || first == "both"),
        "uuid_park" => channel.park(Parking::State),
        "uuid_broadcast" => {
            let (name, argument) = first.split_once("::").unwrap_or(("playback", first));
            channel.send(App::new(name, argument));
            return "+OK Message sent\n".to_owned();
        }
        "uuid_record" => {
            let words = separate(rest, ' ', 3);
            let path = words.first().map_or("", String::as_str);
            let (done, refusal) = match first {
                "start" if !path.is_empty() => (channel.record(&words), "-ERR Cannot record session!\n"),
                "stop" if !path.is_empty() => (channel.stop_recording(path), "-ERR Cannot stop record session!\n"),
                _ => return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n".to_owned(),
            };
            return if done { "+OK Success\n" } else { refusal }.to_owned();
        }
        _ => return NO_COMMAND.to_owned(),
    }
    OK.to_owned()
}

/// A cause by name or number.
pub(super) fn cause(text: &str) -> Option<Cause> {
    let text = text.trim();
    let by_number = || text.parse().ok().map(Cause).filter(|cause| cause.freeswitch_name().is_some());
    Cause::from_freeswitch(&text.to_uppercase()).or_else(by_number)
}

/// The first word and what follows it.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(' ');
    text.split_once(' ').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_causes() {
        assert_eq!(split(" a b  c "), ("a", "b  c "));
        assert_eq!(split(""), ("", ""));
        assert_eq!(
            (cause("user_busy"), cause("17"), cause("999"), cause("x")),
            (Some(Cause(17)), Some(Cause(17)), None, None)
        );
    }
}
