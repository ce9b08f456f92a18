//! What applies did: one file of JSON lines for each, written as it happens and never changed.
//!
//! A line is on the disk before the call it announces is sent. So a run that was killed can be
//! distinguished from one that ended, and whatever it did can be found and undone.

mod head;
mod run;

pub use head::Head;
pub use run::{Change, Run, Sent, Standing};

use crate::aws::AwsError;
use crate::aws::Call;
use crate::clock::Clock;
use crate::diff::Difference;
use crate::error::Error;
use crate::files::create_folder;
use crate::model::{Outcome, Source};
use crate::place::{Address, Place};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// The format of journals that this version writes and reads.
pub const FORMAT: u32 = 1;

pub use crate::files::FOLDER;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
}

/// A line that is about to be written.
#[derive(Serialize)]
struct NewLine<'a> {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(flatten)]
    record: &'a Record,
}

/// What happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Record {
    /// The run began: always the first line.
    Began(Began),
    /// A place is about to be changed.
    Change {
        /// The change.
        address: Address,
        /// Its control.
        control: String,
        /// Its place.
        place: Place,
        /// What differs.
        differences: Vec<Difference>,
        /// The live state, as it is before any call.
        before: Value,
    },
    /// A call is about to be sent.
    Call {
        /// The change it belongs to.
        address: Address,
        /// Which of the change's calls it is, from 1.
        number: usize,
        /// The call, with sensitive values masked.
        call: Call,
    },
    /// AWS responded to a call, or the response was lost.
    Answer {
        /// The change it belongs to.
        address: Address,
        /// Which of the change's calls it was.
        number: usize,
        /// AWS's id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Why it failed; nothing if it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<AwsError>,
    },
    /// A change ended.
    Ended {
        /// The change.
        address: Address,
        /// What it came to.
        outcome: Outcome,
        /// The live state afterwards; missing if it was not read, `null` if nothing exists.
        #[serde(
            default,
            deserialize_with = "crate::json::present",
            skip_serializing_if = "Option::is_none"
        )]
        after: Option<Value>,
    },
    /// The places that were read and not changed, with their live state.
    Seen {
        /// By address.
        places: BTreeMap<Address, Value>,
    },
    /// The run ended by itself.
    Finished {
        /// The exit code.
        exit: u8,
    },
    /// A later run has read everything that this one left, and finished it.
    TakenOver {
        /// The later run.
        by: String,
    },
}

/// Which run it is, of which plan, in which account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Began {
    /// The format: [`FORMAT`].
    pub format: u32,
    /// The name of the run.
    pub run: String,
    /// The version of the program.
    pub version: String,
    /// The account.
    pub account: String,
    /// Its partition.
    pub partition: String,
    /// Whose credentials were used.
    pub caller: String,
    /// Where the account's one-region things live.
    pub home_region: String,
    /// The baseline.
    pub baseline: Source,
    /// The digest of the plan that is carried out.
    pub plan: String,
    /// The run that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The changes that are to be made.
    pub changes: Vec<Address>,
}

/// The journals of one account.
#[derive(Clone, Debug)]
pub struct Journals {
    folder: PathBuf,
}

impl Journals {
    /// Those in the folder of the account, below the working folder.
    pub fn of(account: &str) -> Self {
        Self { folder: Path::new(FOLDER).join(account) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins the journal of a run, whose name is made here.
    ///
    /// # Errors
    /// When the file cannot be written: then nothing else may be.
    pub fn begin(&self, mut began: Began, clock: Clock) -> Result<Journal, Error> {
        began.run = new_name(&began, clock.now());
        let path = self.folder.join(format!("{}.jsonl", began.run));
        let file = create(&path).map_err(|cause| cannot_write(&path, cause))?;
        let journal =
            Journal { run: began.run.clone(), file: Mutex::new(Appended::new(file)), path, clock };
        journal.write(&Record::Began(began))?;
        Ok(journal)
    }

    /// The runs, oldest first. What is in the folder besides is left alone.
    ///
    /// # Errors
    /// When the folder or a journal in it cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>, Error> {
        let (heads, unreadable) = self.legible()?;
        match unreadable.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(heads),
        }
    }

    /// The runs whose journals can be read, oldest first, and why others cannot.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn legible(&self) -> Result<(Vec<Head>, Vec<Error>), Error> {
        let folder = &self.folder;
        let mut paths = Vec::new();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok((Vec::new(), Vec::new()));
            }
            Err(cause) => return Err(cannot_read(folder, cause)),
        };
        for entry in entries {
            let path = entry.map_err(|cause| cannot_read(folder, cause))?.path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
        let (mut heads, mut unreadable) = (Vec::new(), Vec::new());
        for path in &paths {
            match Head::read(path) {
                Ok(Some(head)) => heads.push(head),
                // A file without a single line is a run that was killed before it did anything.
                Ok(None) => {}
                Err(error) => unreadable.push(error),
            }
        }
        // By their names two of one second would be in any order.
        heads.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
        Ok((heads, unreadable))
    }

    /// The runs that never ended and that no later run has finished, oldest first.
    ///
    /// # Errors
    /// When the folder or a journal in it cannot be read.
    pub fn unfinished(&self) -> Result<Vec<Run>, Error> {
        let mut heads = self.heads()?;
        heads.retain(Head::is_unfinished);
        heads.iter().map(Head::run).collect()
    }

    /// The run with a name, or with a name that begins so, if there is only one.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Run, Error> {
        let mut found = self.heads()?;
        found.retain(|head| head.began.run.starts_with(name));
        match (found.pop(), found.is_empty()) {
            (Some(head), true) => head.run(),
            (Some(_), false) => Err(Error::failed(format!("several runs begin with '{name}'"))
                .hint("baseline history lists them")),
            (None, _) => {
                let folder = self.folder.display();
                Err(Error::failed(format!("no run '{name}' in {folder}"))
                    .hint("baseline history lists them; run it in the folder of that apply"))
            }
        }
    }

    /// Marks the runs that never finished as taken over: a later run has finished their work.
    ///
    /// # Errors
    /// When their journals cannot be written.
    pub fn take_over(&self, unfinished: &[&Head], by: &str, clock: Clock) -> Result<(), Error> {
        for run in unfinished {
            let file = OpenOptions::new().append(true).open(&run.path);
            let journal = Journal {
                run: run.began.run.clone(),
                file: Mutex::new(Appended::new(
                    file.map_err(|cause| cannot_write(&run.path, cause))?,
                )),
                path: run.path.clone(),
                clock,
            };
            if run.is_torn {
                journal.end_torn_line()?;
            }
            journal.write(&Record::TakenOver { by: by.to_owned() })?;
        }
        Ok(())
    }
}

/// `20261122T021503Z-3f9a`: sorts by time, and two of one second differ.
fn new_name(began: &Began, now: OffsetDateTime) -> String {
    let time: String =
        crate::clock::to_the_second(now).chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let seed = format!("{} {} {}", now.nanosecond(), std::process::id(), began.caller);
    let digest = Sha256::digest(seed.as_bytes());
    format!("{time}-{:02x}{:02x}", digest[0], digest[1])
}

fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    if let Some(folder) = path.parent() {
        // So that the name itself outlives a power cut; not every file system lets folders be synced.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(file)
}

fn cannot_write(path: &Path, cause: std::io::Error) -> Error {
    Error::failed(format!("cannot write the journal {}", path.display())).because(cause).hint(
        "without a journal nothing is changed: free some disk space, or run it in a folder you may write to",
    )
}

fn cannot_read(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::failed(format!("cannot read the journal {}", path.display())).because(cause)
}

/// The journal of a run in progress.
#[derive(Debug)]
pub struct Journal {
    /// The name of the run.
    pub run: String,
    /// Its file.
    pub path: PathBuf,
    file: Mutex<Appended>,
    clock: Clock,
}

/// A file that grows by whole lines.
#[derive(Debug)]
struct Appended {
    file: File,
    /// Whether half a line stands at its end that could not be taken back: behind it no other line
    /// could be read.
    is_torn: bool,
}

impl Appended {
    fn new(file: File) -> Self {
        Self { file, is_torn: false }
    }

    /// Appends a string and waits until it is on the disk, or leaves the file as it was.
    fn append(&mut self, text: &str) -> std::io::Result<()> {
        if self.is_torn {
            return Err(std::io::Error::other("its last line is half written"));
        }
        let length = self.file.metadata()?.len();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if written.is_err() {
            self.is_torn = self.file.set_len(length).is_err();
        }
        written
    }
}

impl Journal {
    /// Writes a line, and waits until it is on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), Error> {
        let line = NewLine { at: self.clock.now(), record };
        let text = serde_json::to_string(&line)
            .map_err(|cause| cannot_write(&self.path, std::io::Error::other(cause)))?;
        self.append(&format!("{text}\n"))
    }

    /// Ends a line that a killed run left half written, so that the next one can be read.
    fn end_torn_line(&self) -> Result<(), Error> {
        self.append("\n")
    }

    fn append(&self, text: &str) -> Result<(), Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append(text).map_err(|cause| cannot_write(&self.path, cause))
    }
}
