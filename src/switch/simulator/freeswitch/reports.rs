//! What the simulated switch says of itself.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::channel::Channel;
use super::core::Core;
use super::encode::{decode, line};
use super::event::EventKind;

/// What `version` prints.
pub(super) const VERSION: &str = "FreeSWITCH Version 1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit (git a88d069 2024-08-02 21:02:27Z 64bit)\n";

/// The columns of `show channels`.
const COLUMNS: &[&str] = &[
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "application",
    "application_data",
    "dialplan",
    "context",
    "read_codec",
    "read_rate",
    "read_bit_rate",
    "write_codec",
    "write_rate",
    "write_bit_rate",
    "secure",
    "hostname",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "sent_callee_name",
    "sent_callee_num",
    "initial_cid_name",
    "initial_cid_num",
    "initial_ip_addr",
    "initial_dest",
    "initial_dialplan",
    "initial_context",
];

/// `status`.
pub(super) fn status(core: &Core) -> String {
    format!(
        "UP {}\nFreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit) is ready\n\
         {} session(s) since startup\n{} session(s) - peak {}, last 5min 0 \n\
         0 session(s) per Sec out of max 1000, peak 0, last 5min 0 \n{} session(s) max\n\
         min idle cpu 0.00/99.00\nCurrent Stack Size/Max 240K/8192K\n",
        up_time(core),
        core.sessions(),
        core.count(),
        core.count(),
        core.options.max_sessions
    )
}

fn up_time(core: &Core) -> String {
    let micros = (core.hub.now() - core.started).max(0);
    let seconds = micros / 1_000_000;
    let units = [
        (seconds / 31_536_000, "year"),
        (seconds / 86_400 % 365, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
        (micros / 1_000 % 1_000, "millisecond"),
        (micros % 1_000, "microsecond"),
    ];
    let words: Vec<_> = units.iter().map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" })).collect();
    words.join(", ")
}

/// `show channels`, `show calls`, with `count` and `as json`.
pub(super) fn show(core: &Core, argument: &str) -> String {
    let words: Vec<_> = argument.split_whitespace().collect();
    let json = words.windows(2).any(|pair| pair == ["as", "json"]);
    if !matches!(words.first(), Some(&("channels" | "calls"))) {
        return "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status\n".to_owned();
    }
    if words.contains(&"count") {
        let count = core.count();
        return if json { format!("{{\"row_count\":{count}}}\n") } else { format!("\n{count} total.\n") };
    }
    let rows: Vec<_> = core.channels().iter().map(|channel| row(channel)).collect();
    match (json, rows.is_empty()) {
        (true, true) => "{\"row_count\": 0}\n".to_owned(),
        (true, false) => format!("{}\n", json!({ "row_count": rows.len(), "rows": rows })),
        (false, true) => "\n0 total.\n".to_owned(),
        (false, false) => {
            let mut text = COLUMNS.join(",") + "\n";
            for row in &rows {
                let cells: Vec<_> = COLUMNS.iter().map(|name| row[*name].as_str().unwrap_or_default()).collect();
                let _ = writeln!(text, "{}", cells.join(","));
            }
            let _ = write!(text, "\n{} total.\n", rows.len());
            text
        }
    }
}

fn row(channel: &Channel) -> Map<String, Value> {
    let summary = channel.summary();
    let created = decode(super::hub::stamp(summary.created).as_bytes());
    let epoch = (summary.created / 1_000_000).to_string();
    let cell = |name: &str| match name {
        "uuid" | "call_uuid" => channel.uuid.as_str(),
        "direction" => "outbound",
        "created" => &created,
        "created_epoch" => &epoch,
        "name" => &summary.name,
        "state" => summary.state,
        "cid_num" | "initial_cid_num" => &summary.caller_id,
        "dest" | "initial_dest" | "callee_num" => &summary.number,
        "application" => summary.application,
        "context" | "initial_context" => "default",
        "callee_name" => "Outbound Call",
        "hostname" => "canvass",
        "callstate" => summary.call_state,
        _ => "",
    };
    COLUMNS.iter().map(|name| ((*name).to_owned(), Value::from(cell(name)))).collect()
}

/// `sofia status gateway NAME`, and a short `sofia status`.
pub(super) fn sofia(core: &Core, argument: &str) -> String {
    let line = "=".repeat(97);
    match argument.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["status", "gateway", name] => match core.gateway(name) {
            None => "Invalid Gateway!\n".to_owned(),
            Some(up) => format!(
                "{line}\nName    \t{name}\nProfile \text\nScheme  \tDigest\nRealm   \t127.0.0.1\nUsername\tnobody\n\
                 Password\tno\nFrom    \t<sip:nobody@127.0.0.1>\nContact \t<sip:gw+{name}@127.0.0.1:5080;transport=udp;gw={name}>\n\
                 Exten   \tnobody\nTo      \tsip:nobody@127.0.0.1\nProxy   \tsip:127.0.0.1:16060\nContext \tdefault\n\
                 Expires \t3600\nFreq    \t3600\nPing    \t0\nPingFreq\t0\nPingTime\t0.00\nPingState\t0/0/0\n\
                 State   \tNOREG\nStatus  \t{}\nUptime  \t{}s\nCallsIN \t0\nCallsOUT\t0\nFailedCallsIN\t0\nFailedCallsOUT\t0\n{line}\n",
                if up { "UP" } else { "DOWN" },
                Duration::from_micros(u64::try_from(core.hub.now() - core.started).unwrap_or(0)).as_secs(),
            ),
        },
        ["status"] => {
            let mut text = format!(
                "                     Name\t   Type\t                                      Data\tState\n{line}\n"
            );
            let gateways = core.options.gateways.iter().flatten().chain(&core.options.down_gateways);
            for name in gateways {
                let _ = writeln!(text, "{name:>25}\tgateway\t{:>42}\tNOREG", "sip:nobody@127.0.0.1:16060");
            }
            text + &line + "\n"
        }
        _ => "-ERR no reply\n".to_owned(),
    }
}

/// Tells all clients that the switch lives.
pub(super) fn heartbeat(core: &Core) {
    let up_time = up_time(core);
    let counts = format!(
        "FreeSWITCH-Version: 1.10.12-release%2Bgit~20240802T210227Z~a88d069d6f~64bit\nUptime-msec: {}\n\
         Session-Count: {count}\nMax-Sessions: {}\nSession-Per-Sec: 1000\nSession-Per-Sec-Last: 0\n\
         Session-Per-Sec-Max: 0\nSession-Per-Sec-FiveMin: 0\nSession-Since-Startup: {}\nSession-Peak-Max: {count}\n\
         Session-Peak-FiveMin: {count}\nIdle-CPU: 99.000000\n",
        (core.hub.now() - core.started) / 1_000,
        core.options.max_sessions,
        core.sessions(),
        count = core.count(),
    );
    core.hub.publish(EventKind::Heartbeat, |out| {
        line(out, "Event-Info", "System Ready");
        line(out, "Up-Time", &up_time);
        out.extend_from_slice(counts.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::super::event::EventSet;
    use super::super::outlet::Outlet;
    use super::*;

    const RECORDING: &str =
        include_str!("../../../../tests/fixtures/freeswitch/freeswitch-1.10.12-loopback-all-events.bin");

    #[test]
    fn a_heartbeat_has_the_recorded_headers() {
        let core = Core::new(super::super::Options::default());
        let outlet = Arc::new(Outlet::new(CancellationToken::new()));
        outlet.set_events(EventSet::read("HEARTBEAT"));
        core.hub.add(outlet.clone());
        heartbeat(&core);
        let mut bytes = Vec::new();
        outlet.take_rest(&mut bytes);
        let sent = String::from_utf8(bytes).expect("text");
        let names = |text: &str| -> Vec<String> {
            let event =
                text.split("\n\n").find(|event| event.starts_with("Event-Name: HEARTBEAT")).expect("a heartbeat");
            event.lines().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect()
        };
        assert_eq!(names(&sent), names(RECORDING));
    }

    #[test]
    fn time_up_is_told_in_words() {
        let core = Core::new(super::super::Options::default());
        let words = up_time(&core);
        assert!(words.starts_with("0 years, 0 days, 0 hours, 0 minutes, "), "{words}");
    }
}
