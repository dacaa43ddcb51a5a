//! What a simulated switch was asked to do and how each call ended: the
//! evidence that no call is placed twice and no outcome is made up.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Record {
    /// A call was placed.
    Originate {
        /// The channel id the client chose.
        call: String,
        /// The number dialed, as it stood in the endpoint.
        number: String,
        /// The caller ID shown.
        caller_id: String,
    },
    /// A call was answered.
    Answer {
        /// The channel id.
        call: String,
    },
    /// The callee pressed a key.
    Key {
        /// The channel id.
        call: String,
        /// The key.
        key: char,
    },
    /// A sound that was played to a machine has ended.
    Message {
        /// The channel id.
        call: String,
        /// What was played.
        file: String,
        /// It began when the machine's beep was over.
        after_beep: bool,
        /// It was played to its end.
        complete: bool,
    },
    /// Somebody was called for a callee who is there already. Answers and ends
    /// of such a channel are noted as those of calls.
    Leg {
        /// The channel id the client chose.
        leg: String,
        /// The number dialed, as it stood in the endpoint.
        number: String,
    },
    /// The callee was connected with somebody else.
    Bridge {
        /// The channel id.
        call: String,
        /// The channel id of the other.
        leg: String,
    },
    /// A call ended, and the client was or will be told.
    End {
        /// The channel id.
        call: String,
        /// Whether it had been answered.
        answered: bool,
        /// Its Q.850 cause.
        cause: u16,
    },
}

/// Sounds played to machines, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Begun after the beep and played to the end: what a machine keeps.
    pub whole: u64,
    /// Begun before the beep was over.
    pub early: u64,
    /// Begun after the beep, not played to the end.
    pub cut: u64,
}

/// Collects [`Record`]s in memory, and in a file if one is named. Cheap to
/// clone; the clones write together.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
    witness: Option<Witness>,
}

/// Who is shown each record.
#[derive(Clone)]
struct Witness(Arc<dyn Fn(&Record) + Send + Sync>);

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

#[derive(Debug, Default)]
struct Inner {
    file: Option<std::fs::File>,
    originates: u64,
    by_call: HashMap<String, u32>,
    by_number: HashMap<String, u32>,
    ends: HashMap<String, Record>,
    caller_ids: HashMap<String, u32>,
    keys: BTreeMap<char, u64>,
    messages: Messages,
    bridges: u64,
}

impl Journal {
    /// Also appends each record to a file, as one JSON object a line, written
    /// before the client can learn of it.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        let inner = Arc::new(Mutex::new(Inner { file: Some(file), ..Inner::default() }));
        Ok(Self { inner, witness: None })
    }

    /// Also shows each record to `witness` at the moment it is noted, before
    /// the client can learn of it. It must not block.
    pub fn witnessed(self, witness: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        Self { witness: Some(Witness(Arc::new(witness))), ..self }
    }

    /// Notes what happened. Call it before the client is told.
    pub fn note(&self, record: Record) {
        if let Some(Witness(witness)) = &self.witness {
            witness(&record);
        }
        let mut inner = self.lock();
        if let Some(file) = &mut inner.file
            && let Ok(mut line) = serde_json::to_vec(&record)
        {
            line.push(b'\n');
            // A full disk must not end the simulation; the counts stay right.
            let _ = file.write_all(&line);
        }
        match record {
            Record::Originate { call, number, caller_id } => {
                inner.originates += 1;
                *inner.by_call.entry(call).or_default() += 1;
                *inner.by_number.entry(number).or_default() += 1;
                *inner.caller_ids.entry(caller_id).or_default() += 1;
            }
            Record::Answer { .. } => {}
            Record::Key { key, .. } => *inner.keys.entry(key).or_default() += 1,
            Record::Message { after_beep: false, .. } => inner.messages.early += 1,
            Record::Message { complete: false, .. } => inner.messages.cut += 1,
            Record::Message { .. } => inner.messages.whole += 1,
            Record::Leg { .. } => {}
            Record::Bridge { .. } => inner.bridges += 1,
            Record::End { ref call, .. } => {
                let call = call.clone();
                inner.ends.insert(call, record);
            }
        }
    }

    /// Calls placed in all.
    pub fn originates(&self) -> u64 {
        self.lock().originates
    }

    /// How often each channel id was used.
    pub fn by_call(&self) -> HashMap<String, u32> {
        self.lock().by_call.clone()
    }

    /// How often each number was called.
    pub fn by_number(&self) -> HashMap<String, u32> {
        self.lock().by_number.clone()
    }

    /// How often each caller ID was shown.
    pub fn caller_ids(&self) -> HashMap<String, u32> {
        self.lock().caller_ids.clone()
    }

    /// How often each key was pressed.
    pub fn keys(&self) -> BTreeMap<char, u64> {
        self.lock().keys.clone()
    }

    /// What was played to machines.
    pub fn messages(&self) -> Messages {
        self.lock().messages
    }

    /// How many callees were connected with somebody else.
    pub fn bridges(&self) -> u64 {
        self.lock().bridges
    }

    /// How a call ended, if it did.
    pub fn end(&self, call: &str) -> Option<Record> {
        self.lock().ends.get(call).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keys_and_bridges_are_counted() {
        let journal = Journal::default();
        let call = || "call-1".to_owned();
        for (after_beep, complete) in [(true, true), (true, false), (false, true), (false, false)] {
            journal.note(Record::Message { call: call(), file: "a.wav".into(), after_beep, complete });
        }
        for key in ['1', '2', '1'] {
            journal.note(Record::Key { call: call(), key });
        }
        journal.note(Record::Bridge { call: call(), leg: "call-2".into() });
        assert_eq!(journal.messages(), Messages { whole: 1, cut: 1, early: 2 });
        assert_eq!((journal.keys(), journal.bridges()), (BTreeMap::from([('1', 2), ('2', 1)]), 1));
    }

    #[test]
    fn counts_and_writes_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let journal = Journal::to_file(&path).expect("a journal");
        let call = "call-1".to_owned();
        let originate =
            Record::Originate { call: call.clone(), number: "+15551234567".into(), caller_id: "+15550000001".into() };
        let end = Record::End { call: call.clone(), answered: true, cause: 16 };
        journal.note(originate.clone());
        journal.note(Record::Answer { call: call.clone() });
        journal.note(end.clone());
        assert_eq!((journal.originates(), journal.by_call()[&call], journal.end(&call)), (1, 1, Some(end)));
        let text = std::fs::read_to_string(&path).expect("the file");
        let first: Record = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        assert_eq!((first, text.lines().count()), (originate, 3));
    }
}
