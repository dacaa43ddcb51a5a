//! Time that moves only while nothing else does.
//!
//! Tokio's own way of skipping idle time knows neither the threads of the
//! database nor bytes in a socket: it would run ahead while a commit is under
//! way. Here a step is made only when every thread of the process sleeps and none
//! has run between two looks, so that whatever began in a step has come to its
//! end before the next. Linux tells that of each thread.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// What Linux tells of a thread: its state, and how often it was switched.
type Thread = (char, String);

/// Holds time still while it lives.
pub(crate) struct Still {
    /// A blocking task that is not over keeps tokio from skipping time.
    _hold: mpsc::Sender<()>,
}

impl Still {
    /// To be called on a runtime of one thread whose time is paused.
    pub(crate) fn new() -> Self {
        let (hold, held) = mpsc::channel();
        tokio::task::spawn_blocking(move || held.recv());
        Self { _hold: hold }
    }

    /// Waits until nothing is left to be done at this time.
    pub(crate) async fn settle(&self) {
        tokio::task::spawn_blocking(wait_until_all_sleep).await.expect("threads that can be looked at");
    }

    /// Lets so much time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

/// Between two looks at a thread that is at work.
const PAUSE: Duration = Duration::from_micros(250);

fn wait_until_all_sleep() {
    let own = fs::read_link("/proc/thread-self").expect("Linux tells of threads");
    let own = own.file_name().expect("its number").to_owned();
    let mut before = None;
    loop {
        let mut now = BTreeMap::new();
        for entry in fs::read_dir("/proc/self/task").expect("the threads") {
            let name = entry.expect("a thread").file_name();
            if name == own {
                continue;
            }
            let mut thread = look(&name);
            while thread.as_ref().is_some_and(|(state, _)| *state != 'S') {
                std::thread::sleep(PAUSE);
                thread = look(&name);
            }
            // None: it has just ended.
            if let Some(thread) = thread {
                now.insert(name, thread);
            }
        }
        // They slept one by one: only if none has run since, all of them did at once.
        if before.as_ref() == Some(&now) {
            return;
        }
        before = Some(now);
    }
}

fn look(thread: &OsStr) -> Option<Thread> {
    let status = fs::read_to_string(Path::new("/proc/self/task").join(thread).join("status")).ok()?;
    let state = status.split("\nState:\t").nth(1)?.chars().next()?;
    let switches = status.split("\nvoluntary_ctxt_switches:").nth(1)?;
    Some((state, switches.to_owned()))
}
