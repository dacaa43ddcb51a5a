//! What a command changed is noted in the audit log, before it is said.

use anyhow::Context;
use serde_json::Value;

use super::app::App;
use crate::audit::masked;
use crate::store::telling::AuditEntry;

impl App {
    /// Notes what was done. `action`: as the API calls it, `dnc.create`.
    pub(super) async fn note(&self, action: &str, subject: impl ToString, details: Value) -> anyhow::Result<()> {
        let entry = AuditEntry {
            at: self.clock.now(),
            actor: actor(),
            action: action.to_owned(),
            subject_kind: action.split('.').next().unwrap_or(action).to_owned(),
            subject_id: Some(subject.to_string()),
            ip: None,
            request_id: None,
            details: masked(&details),
        };
        self.store.note_audit(&entry).await.context("it was done, but could not be noted in the audit log")
    }
}

/// Who runs this command: `cli:` and the user and the machine, as far as the
/// system says.
pub(super) fn actor() -> String {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("SUDO_USER").or_else(|| variable("USER")).or_else(|| variable("LOGNAME"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| variable("HOSTNAME"));
    let unknown = || "unknown".to_owned();
    let host = host.map_or_else(unknown, |host| host.trim().to_owned());
    format!("cli:{}@{host}", user.unwrap_or_else(unknown))
}
