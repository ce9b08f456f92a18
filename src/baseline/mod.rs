//! The baseline file: TOML in, typed settings out, every problem reported at once and in place.

mod account;
mod limits;
pub mod reference;
mod shared;
mod waivers;

pub use account::{Account, AccountId, Regions};
pub use limits::{Forbidden, Limits};
pub use shared::Shared;
pub use waivers::Waiver;

use crate::aws::enabled::EnabledRegions;
use crate::aws::{AnyListing, Caller, Facts};
use crate::control::{Configured, Context};
use crate::controls;
use crate::document::{self, Problems};
use crate::error::Error;
use crate::managed::UNMANAGED;
use crate::text::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::OffsetDateTime;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The format of baseline files that this version reads.
pub const FORMAT: i64 = 1;

/// The largest file that is read, in bytes: a hundred times what an account needs, and little
/// enough that whatever is in it is refused at once.
const LARGEST: u64 = 256 * 1024;

/// From this size on, in bytes, only the first syntax error is reported.
const LARGE: usize = 64 * 1024;

/// Where a baseline is looked for when none is named.
pub const DEFAULT_PATHS: &[&str] = &["baseline.toml", "baselines/default.toml"];

/// What an account should look like.
#[derive(Debug)]
pub struct Baseline {
    /// The file, as it was named.
    pub path: PathBuf,
    /// The digest of the file's bytes.
    pub sha256: String,
    /// The table `[account]`.
    pub account: Account,
    /// The controls it configures, in the order in which plans read.
    pub controls: Vec<Arc<dyn Configured>>,
    /// The tables `[[waivers]]`.
    pub waivers: Vec<Waiver>,
    /// The table `[limits]`.
    pub limits: Limits,
    /// The table `[lock]`: where the lock between machines is.
    pub lock: Option<Shared>,
    /// The table `[journal]`: where journals are copied to.
    pub journal: Option<Shared>,
    /// The keys that are said to be left alone, by control.
    left_alone: BTreeSet<(String, String)>,
}

impl Baseline {
    /// Reads the named file, or the first of [`DEFAULT_PATHS`].
    ///
    /// # Errors
    /// A file that cannot be read; every problem found in it.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let (path, bytes) = Self::bytes(path)?;
        Self::from_bytes(&path, &bytes)
    }

    /// The bytes of the named file, or of the first of [`DEFAULT_PATHS`], and the name.
    ///
    /// # Errors
    /// A file that cannot be read, or is too large for a baseline.
    pub fn bytes(path: Option<&Path>) -> Result<(PathBuf, Vec<u8>), Error> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => default_path()?,
        };
        let failed = || format!("cannot read {}", path.display());
        let mut bytes = Vec::new();
        File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(
            |cause| match cause.kind() {
                std::io::ErrorKind::NotFound => Error::failed(failed()).because(cause).hint(
                    format!("write one to start from: baseline init --out {}", path.display()),
                ),
                _ => Error::failed(failed()).because(cause),
            },
        )?;
        if bytes.len() as u64 > LARGEST {
            let cause = format!("it is larger than {} KiB", LARGEST / 1024);
            return Err(Error::failed(failed()).because(cause));
        }
        Ok((path, bytes))
    }

    /// Reads a baseline from the bytes of its file; `path` is only its name.
    ///
    /// # Errors
    /// Every problem found in it.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(bytes);
        let found = document::secrets::find(&text);
        if !found.is_empty() {
            let mut problems = Problems::with(reference::example);
            problems.secrets(&found);
            return Err(problems.error(path, &document::secrets::masked(&text, &found)));
        }
        let read = match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(path, text),
            Err(cause) => Err(not_utf8(cause.valid_up_to())),
        };
        read.map_err(|problems| problems.error(path, &text))
    }

    /// Reads a baseline from text; `path` is only its name.
    ///
    /// # Errors
    /// Every problem found in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problems> {
        let mut problems = Problems::with(reference::example);
        if let Some((place, text)) = document::size::excess(text) {
            problems.add(Some(place), text, None);
            return Err(problems);
        }
        let (table, errors) = match text.len() > LARGE {
            // A large file of nothing but errors would make hundreds of thousands.
            true => match DeTable::parse(text) {
                Ok(table) => (table, Vec::new()),
                Err(error) => (Spanned::new(0..0, DeTable::new()), vec![error]),
            },
            false => DeTable::parse_recoverable(text),
        };
        problems.syntax(text, errors);
        if !problems.any() {
            problems.numbers(table.get_ref());
        }
        if problems.any() {
            return Err(problems);
        }
        let mut table = table.into_inner();
        check_format(&mut table, &mut problems);
        let account = match take(&mut table, "account") {
            Some(value) => account::load(value, &mut problems),
            None => Account::default(),
        };
        let limits = match take(&mut table, "limits") {
            Some(value) => limits::load(value, &mut problems),
            None => Limits::default(),
        };
        let waivers = match take(&mut table, "waivers") {
            Some(value) => {
                let present: Vec<&str> = table.keys().map(|key| key.get_ref().as_ref()).collect();
                waivers::load(value, &present, &mut problems)
            }
            None => Vec::new(),
        };
        let mut shared = |name: &str| {
            take(&mut table, name).and_then(|value| shared::load(name, value, &mut problems))
        };
        let (lock, journal) = (shared("lock"), shared("journal"));
        let left_alone = left_alone(&table);
        let mut configured = Vec::new();
        for kind in controls::ALL {
            if let Some(value) = take(&mut table, kind.about.name) {
                configured.extend(problems.configure(*kind, value).map(Arc::from));
            }
        }
        let mut known: Vec<&str> = controls::ALL.iter().map(|kind| kind.about.name).collect();
        known.push("baseline");
        known.extend(reference::OTHERS.iter().map(|table| table.name));
        for (key, value) in table.iter().take(document::MOST + 1) {
            let is_setting = !matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
            match is_setting {
                true => problems.outside(key.span(), key.get_ref()),
                false => problems.unknown_key(key.span(), key.get_ref(), &known),
            }
        }
        match problems.any() {
            true => Err(problems),
            false => Ok(Self {
                path: path.to_owned(),
                sha256: hex(&Sha256::digest(text.as_bytes())),
                account,
                controls: configured,
                waivers,
                limits,
                lock,
                journal,
                left_alone,
            }),
        }
    }

    /// The baseline's name: that of its file without the ending.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Whether a key of a control is `"unmanaged"`.
    pub fn leaves_alone(&self, control: &str, key: &str) -> bool {
        let mut keys = self.left_alone.iter();
        keys.any(|(own, name)| own == control && name == key)
    }

    /// A control that the baseline configures.
    pub fn control(&self, name: &str) -> Option<&dyn Configured> {
        let control = self.controls.iter().find(|own| own.about().name == name);
        control.map(|control| control.as_ref())
    }

    /// What proposals depend on, once it is known whose account it is.
    pub fn context(&self, caller: &Caller, home_region: &str, now: OffsetDateTime) -> Context {
        let context = Context {
            account: caller.account.clone(),
            partition: caller.partition().to_owned(),
            caller: caller.arn.clone(),
            seen_from: None,
            home_region: home_region.to_owned(),
            listed_regions: match &self.account.regions {
                Regions::Enabled => None,
                Regions::Listed(names) => Some(names.clone()),
            },
            now,
            baseline: self.name(),
            tags: self.account.tags.clone(),
            log_bucket: None,
            announced: Vec::new(),
        };
        context.hearing(&self.controls)
    }

    /// The lists that the file itself gives, which are not read: the regions that it names.
    pub fn given(&self) -> Facts {
        match &self.account.regions {
            Regions::Enabled => Facts::default(),
            Regions::Listed(names) => Facts::default().with::<EnabledRegions>(names),
        }
    }

    /// The listings that its controls have read, each as often as they do.
    pub fn listings(&self) -> impl Iterator<Item = AnyListing> {
        let given = self.given();
        let needed = self.controls.iter().filter_map(|control| control.about().places.listing);
        needed.filter(move |listing| !given.has(*listing))
    }
}

fn default_path() -> Result<PathBuf, Error> {
    let found = DEFAULT_PATHS
        .iter()
        .map(PathBuf::from)
        // It was not named on the command line, so it is not a pipe.
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        Error::failed(format!("no baseline found: neither {} exists", DEFAULT_PATHS.join(" nor ")))
            .hint("write one with `baseline init`, or name one: `baseline plan FILE`")
    })
}

/// The problem with bytes that are not UTF-8; up to that place the text is as in the file.
fn not_utf8(at: usize) -> Problems {
    let mut problems = Problems::with(reference::example);
    let text = "this is not UTF-8: save the file in that encoding".to_owned();
    problems.add(Some(at..at + char::REPLACEMENT_CHARACTER.len_utf8()), text, None);
    problems
}

fn take<'i>(table: &mut DeTable<'i>, key: &str) -> Option<Spanned<DeValue<'i>>> {
    table.remove(key)
}

fn check_format(table: &mut DeTable<'_>, problems: &mut Problems) {
    let Some(value) = take(table, "baseline") else {
        let text = format!("the format is missing: begin the file with `baseline = {FORMAT}`");
        return problems.add(Some(0..0), text, None);
    };
    let given = value.get_ref().as_integer().map(|n| n.as_str().to_owned());
    if given != Some(FORMAT.to_string()) {
        let text = format!("this version of baseline reads format {FORMAT}");
        problems.add(Some(value.span()), text, None);
    }
}

/// The keys that say so, with the names of their tables.
fn left_alone(table: &DeTable<'_>) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (control, value) in table {
        for (key, value) in value.get_ref().as_table().into_iter().flatten() {
            if value.get_ref().as_str() == Some(UNMANAGED) {
                let names = (control.get_ref(), key.get_ref());
                found.insert((names.0.clone().into_owned(), names.1.clone().into_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_announce_by_their_tables_what_others_rely_on() {
        let context = |text: &str| {
            let text = format!("baseline = 1\n[log_bucket]\nname = \"logs-{{account}}\"\n{text}");
            let baseline = Baseline::parse(Path::new("x.toml"), &text);
            let baseline = baseline.expect("the test's baseline is valid");
            let arn = "arn:aws:iam::111122223333:root".to_owned();
            let caller = Caller { account: "111122223333".to_owned(), arn };
            baseline.context(&caller, "us-east-1", OffsetDateTime::UNIX_EPOCH)
        };
        let bucket = "logs-111122223333";
        let locked_out = |text: &str| context(text).stopped_by_object_lock(bucket);
        assert_eq!(context("").log_bucket.as_deref(), Some(bucket));
        for delivering in ["[config]", "[config]\nbucket = \"logs-{account}\""] {
            assert_eq!(locked_out(delivering), Some("Config"), "{delivering}");
        }
        let off = "[config]\nenabled = false";
        for other in ["[config]\nbucket = \"other\"", off, "[cloudtrail]"] {
            assert_eq!(locked_out(other), None, "{other}");
        }
        let to_other = context("[config]\nbucket = \"other\"");
        assert_eq!(to_other.stopped_by_object_lock("other"), Some("Config"));
        let blocks = |text: &str| context(text).blocks_public_policies();
        assert!(blocks("[public_access_block]"));
        assert!(blocks("[public_access_block]\nblock_public_policy = { exactly = true }"));
        for open in ["\"unmanaged\"", "false", "{ exactly = false }"] {
            let text = format!("[public_access_block]\nblock_public_policy = {open}");
            assert!(!blocks(&text), "{open}");
        }
        let shared = context("[[buckets]]\nmatch = [\"a-*\"]\nshared_with = [\"999999999999\"]");
        assert_eq!(shared.shared_with("a-b").len(), 1);
        assert!(shared.shared_with("b").is_empty());
    }
}
