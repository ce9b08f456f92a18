//! What the first and the last line of a journal say: enough to know which runs there are, however
//! much they have written.

use super::{Began, FORMAT, Line, Record, Run, Standing, cannot_read};
use crate::error::Error;
use crate::files;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// How much of the end is read: the lines that end a run are short.
const TAIL: u64 = 4096;

/// How long a write may take to propagate: as long as an apply waits for its own.
const SPREADS_WITHIN: time::Duration = time::Duration::minutes(2);

/// A run, without what it did.
#[derive(Clone, Debug)]
pub struct Head {
    /// The journal.
    pub path: PathBuf,
    /// When it began.
    pub at: OffsetDateTime,
    /// When its last whole line was written, as far as that is known.
    pub last: OffsetDateTime,
    /// Its first line: account, caller, plan.
    pub began: Began,
    /// Whether it ended.
    pub standing: Standing,
    /// Whether the last line is half written.
    pub(super) is_torn: bool,
    /// All of it, where it is a copy and not a file of this machine.
    copy: Option<Vec<u8>>,
}

impl Head {
    /// Reads both ends of a journal; `None` if it has not a single whole line.
    ///
    /// # Errors
    /// When it cannot be read, when others may change it, when it does not begin with a run.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let file = files::open_trusted(path)?;
        let failed = |cause: std::io::Error| cannot_read(path, cause);
        let length = file.metadata().map_err(failed)?.len();
        let mut reader = BufReader::new(file);
        let mut first = Vec::new();
        reader.read_until(b'\n', &mut first).map_err(failed)?;
        if !first.ends_with(b"\n") {
            return Ok(None);
        }
        let (at, began) = began(&first).map_err(|why| cannot_read(path, why))?;
        reader.seek(SeekFrom::Start(length.saturating_sub(TAIL))).map_err(failed)?;
        let mut tail = Vec::new();
        reader.read_to_end(&mut tail).map_err(failed)?;
        Ok(Some(Self {
            path: path.to_owned(),
            at,
            last: last(&tail).map_or(at, |line| line.at),
            began,
            standing: standing(&tail),
            is_torn: !tail.ends_with(b"\n"),
            copy: None,
        }))
    }

    /// The same of a copy that was read from elsewhere; `path` only names it.
    ///
    /// # Errors
    /// When it does not begin with a run.
    pub fn of_copy(path: &Path, bytes: Vec<u8>) -> Result<Option<Self>, Error> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let (at, began) = began(&bytes[..end]).map_err(|why| cannot_read(path, why))?;
        Ok(Some(Self {
            path: path.to_owned(),
            at,
            last: last(&bytes).map_or(at, |line| line.at),
            began,
            standing: standing(&bytes),
            is_torn: !bytes.ends_with(b"\n"),
            copy: Some(bytes),
        }))
    }

    /// Whether the run ended by itself, and so looked again at whatever it changed.
    pub fn has_finished(&self) -> bool {
        matches!(self.standing, Standing::Finished(_))
    }

    /// Whether the run may have written something so short a time before that it has not spread.
    pub fn wrote_recently(&self, now: OffsetDateTime) -> bool {
        !self.began.changes.is_empty() && now - self.last < SPREADS_WITHIN
    }

    /// Whether the run never ended and no later run has finished its work.
    pub fn is_unfinished(&self) -> bool {
        self.standing == Standing::Unfinished
    }

    /// All that the journal says.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn run(&self) -> Result<Run, Error> {
        let run = match &self.copy {
            Some(bytes) => Run::of_bytes(&self.path, bytes)?,
            None => Run::read(&self.path)?,
        };
        run.ok_or_else(|| cannot_read(&self.path, "it is empty"))
    }
}

/// The first line of a journal.
pub(super) fn began(line: &[u8]) -> Result<(OffsetDateTime, Began), String> {
    match serde_json::from_slice::<Line>(line) {
        Ok(Line { at, record: Record::Began(began) }) if began.format == FORMAT => Ok((at, began)),
        Ok(Line { record: Record::Began(_), .. }) => {
            Err("it was written by another version of baseline".to_owned())
        }
        Ok(_) => Err("line 1: a run must begin first".to_owned()),
        Err(cause) => Err(format!("line 1: {cause}")),
    }
}

/// The last whole line.
fn last(tail: &[u8]) -> Option<Line> {
    let mut lines = tail.split(|byte| *byte == b'\n').rev();
    // What follows the last line break is nothing, or torn.
    lines.next();
    serde_json::from_slice(lines.next()?).ok()
}

/// How a run stands by its last whole line.
fn standing(tail: &[u8]) -> Standing {
    match last(tail).map(|line| line.record) {
        Some(Record::Finished { exit }) => Standing::Finished(exit),
        Some(Record::TakenOver { by }) => Standing::TakenOver(by),
        _ => Standing::Unfinished,
    }
}
