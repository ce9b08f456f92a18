//! The lock between the processes of one machine: a file that the kernel lets go of by itself when
//! its holder ends, however that happens.

use super::Holder;
use crate::error::Error;
use crate::files::{create_folder, open_regular};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// For how long a lock is tried again at least: those who only ask whether it is held hold it for a
/// moment.
const MOMENT: Duration = Duration::from_millis(300);

/// The lock of an account, held until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of an account; waits for it until the timeout.
    ///
    /// # Errors
    /// Who holds it; or that the file cannot be written.
    pub async fn take(account: &str, holder: &Holder, timeout: Duration) -> Result<Self, Error> {
        let path = path_of(account);
        let failed = |cause: std::io::Error| {
            Error::failed(format!("cannot lock {}", path.display())).because(cause)
        };
        let mut file = open(&path).map_err(failed)?;
        let until = Instant::now() + timeout.max(MOMENT);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(cause)) => return Err(failed(cause)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    sleep(MOMENT / 6).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let held_by = read(&path)
                        .map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
                    let text = format!("another apply on account {account} is running: {held_by}");
                    return Err(Error::refused(text)
                        .hint("wait until it has ended, or use --lock-timeout 5m"));
                }
            }
        }
        write(&mut file, holder).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Who holds the lock of an account now.
pub fn holder(account: &str) -> Option<Holder> {
    let path = path_of(account);
    let file = open_regular(&path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read(&path),
        // It is let go of with the file.
        _ => None,
    }
}

/// One file for all folders of a user; without a home folder, one below the current folder.
fn path_of(account: &str) -> PathBuf {
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME");
    let state = state.or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    match state {
        Some(state) => state.join("baseline").join(format!("{account}.lock")),
        None => Path::new(crate::files::FOLDER).join(account).join("lock"),
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    open_regular(path).ok()?.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(serde_json::to_string(holder)?.as_bytes())
}
