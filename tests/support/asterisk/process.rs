//! A child process that does not outlive its owner.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Killed and waited for when dropped.
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts it with nothing to read and all it says in `output`.
    pub(super) fn spawn(command: &mut Command, output: &Path) -> Self {
        let out = File::create(output).expect("the output file can be made");
        let err = out.try_clone().expect("a file handle can be cloned");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Self { child: command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}")) }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
