//! The right to dial: a locked file beside the database. The operating system
//! gives it back when the process ends, however that ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use super::{Sqlite, StoreError};

/// Held as long as the file is open.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Sqlite {
    /// Takes the right to dial, and leaves `owner` in the file for others to read.
    pub fn dialing_lock(&self, owner: &str) -> Result<Lock, StoreError> {
        let mut path = OsString::from(&self.inner.path);
        path.push(".lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(StoreError::io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(owner_of(&mut file))),
            Err(TryLockError::Error(error)) => return Err(StoreError::io(error)),
        }
        note(&mut file, owner).map_err(StoreError::io)?;
        Ok(Lock { _file: file })
    }
}

fn note(file: &mut File, owner: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(owner.as_bytes())
}

/// What the holder wrote: only a help, and it may be half written.
fn owner_of(file: &mut File) -> String {
    let mut bytes = Vec::new();
    match file.take(500).read_to_end(&mut bytes) {
        Ok(_) if !bytes.is_empty() => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(_) | Err(_) => "unknown owner".to_owned(),
    }
}
