//! What commands say in a sentence beside what they print: notes, warnings, and where a file is.
//! This is the only place that words them.

use super::trial;
use crate::clock::to_the_second;
use crate::controls::alerts::trial::{Trial, Way};
use crate::error::Error;
use crate::guard;
use crate::journal::Run;
use crate::lock::Holder;
use crate::plan::Plan;
use crate::text::count;
use std::path::Path;

/// A sentence of a command.
#[derive(Debug)]
pub enum Message<'a> {
    /// The baseline has no account id, so that nothing keeps it from another account.
    AnyAccount,
    /// `--region` does not change which regions are read.
    RegionIgnored {
        /// The region on the command line.
        region: &'a str,
        /// The baseline.
        baseline: &'a Path,
        /// Its home region.
        home: &'a str,
    },
    /// A waiver names a field that no setting of the control has.
    WaivesUnknownField {
        /// The control.
        control: &'a str,
        /// The field of the waiver.
        field: &'a str,
    },
    /// An apply is in progress, so that a plan may show half of it.
    InProgress(&'a Holder),
    /// An earlier run was killed.
    CutOff(&'a Run),
    /// Something that the command can do without could not be read.
    DoneWithout(&'a Error),
    /// The journals of applies from other machines could not be read.
    CopiesNotRead(&'a Error),
    /// A journal could not be read.
    JournalNotRead(&'a Error),
    /// A journal could not be read to be copied.
    NotReadForCopy {
        /// The journal.
        journal: &'a Path,
        /// Why not.
        cause: &'a std::io::Error,
    },
    /// A journal could not be copied into the bucket.
    NotCopied {
        /// The journal.
        journal: &'a Path,
        /// Where to.
        url: &'a str,
        /// Why not.
        cause: String,
    },
    /// A place of a run is not one of the baseline any more, and an undo leaves it out.
    NoLongerManaged(&'a str),
    /// The printed policy is too long for IAM.
    PolicyTooLong {
        /// Its characters without white space.
        size: usize,
        /// The longest managed policy.
        most: usize,
    },
    /// An apply stops.
    Stopping(Stop<'a>),
    /// A baseline was written.
    BaselineWritten(&'a Path),
    /// A plan was saved.
    PlanSaved {
        /// The plan.
        plan: &'a Plan,
        /// The file.
        path: &'a Path,
    },
    /// A snapshot was saved.
    SnapshotSaved {
        /// The file.
        path: &'a Path,
        /// How many places it holds.
        places: usize,
        /// How many of them could not be read.
        unknown: usize,
    },
    /// A baseline is valid.
    Valid {
        /// The file.
        path: &'a Path,
        /// Its controls.
        controls: &'a [&'a str],
    },
    /// A run sent no calls.
    NothingToUndo(&'a str),
    /// What became of a test event in a region.
    Way(&'a Way),
    /// What became of the message to the topic itself.
    Published(&'a Trial),
    /// What to look for after a test of alerts.
    Tried(&'a Trial),
    /// A subscription was confirmed: its ARN.
    Confirmed(&'a str),
}

/// Why an apply makes no further call.
#[derive(Clone, Copy, Debug)]
pub enum Stop<'a> {
    /// Ctrl-C, or SIGTERM.
    Signal,
    /// `--timeout` is over.
    Timeout,
    /// The lock was lost.
    LockLost(&'a Error),
}

/// What a message is, as it is written before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What was asked for: nothing is written before it.
    Result,
    /// Good to know.
    Note,
    /// Something was not done; the rest was.
    Warning,
    /// Something could not be read, so the answer is not whole.
    Unknown,
    /// Something failed.
    Error,
}

impl Level {
    /// The word before the sentence.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Result => None,
            Self::Note => Some("note"),
            Self::Warning => Some("warning"),
            Self::Unknown => Some("unknown"),
            Self::Error => Some("error"),
        }
    }
}

impl Message<'_> {
    /// What it is.
    pub fn level(&self) -> Level {
        match self {
            Self::AnyAccount
            | Self::RegionIgnored { .. }
            | Self::WaivesUnknownField { .. }
            | Self::InProgress(_)
            | Self::CutOff(_)
            | Self::DoneWithout(_)
            | Self::NoLongerManaged(_)
            | Self::PolicyTooLong { .. } => Level::Note,
            Self::NotReadForCopy { .. } | Self::NotCopied { .. } => Level::Warning,
            Self::CopiesNotRead(_) => Level::Unknown,
            Self::JournalNotRead(_) => Level::Error,
            Self::Stopping(_)
            | Self::BaselineWritten(_)
            | Self::PlanSaved { .. }
            | Self::SnapshotSaved { .. }
            | Self::Valid { .. }
            | Self::NothingToUndo(_)
            | Self::Way(_)
            | Self::Published(_)
            | Self::Tried(_)
            | Self::Confirmed(_) => Level::Result,
        }
    }

    /// The sentence, without the word for its level.
    pub fn text(&self) -> String {
        match self {
            Self::AnyAccount => {
                "the baseline names no account, so any is accepted; set `id` in [account]"
                    .to_owned()
            }
            Self::RegionIgnored { region, baseline, home } => format!(
                "--region {region} has no effect on what is read: {} has home_region = \"{home}\"",
                baseline.display()
            ),
            Self::WaivesUnknownField { control, field } => format!(
                "[{control}] has no setting '{field}', so the waiver for it may never apply"
            ),
            Self::InProgress(holder) => {
                format!("apply in progress: {holder}; the plan may show half of it")
            }
            Self::CutOff(run) => cut_off(run),
            Self::DoneWithout(error) | Self::JournalNotRead(error) => error.in_one_line(),
            Self::CopiesNotRead(error) => format!(
                "{}; what applies from other machines wrote is not compared",
                error.in_one_line()
            ),
            Self::NotReadForCopy { journal, cause } => {
                format!("cannot read {}: {cause}", journal.display())
            }
            Self::NotCopied { journal, url, cause } => {
                format!("cannot copy {} to {url}: {cause}", journal.display())
            }
            Self::NoLongerManaged(place) => {
                format!("{place} matches nothing in this baseline now; it is left as it is")
            }
            Self::PolicyTooLong { size, most } => format!(
                "this policy has {size} characters without white space; a managed policy of IAM \
                 takes {most}, an inline policy of a role 10240. Split it, or match buckets by \
                 patterns"
            ),
            Self::Stopping(stop) => stop.text(),
            Self::BaselineWritten(path) => {
                let path = path.display();
                format!("wrote {path}; read it, then run: baseline plan {path}")
            }
            Self::PlanSaved { plan, path } => saved(plan, path),
            Self::SnapshotSaved { path, places, unknown } => {
                let path = path.display();
                format!("saved {} in {path}; {unknown} could not be read", count(*places, "place"))
            }
            Self::Valid { path, controls: [] } => {
                format!("{} is valid: no controls", path.display())
            }
            Self::Valid { path, controls } => {
                format!("{} is valid: {}", path.display(), controls.join(", "))
            }
            Self::NothingToUndo(run) => format!("run {run} sent no calls: nothing to undo"),
            Self::Way(way) => trial::way(way),
            Self::Published(trial) => trial::published(trial),
            Self::Tried(trial) => trial::summary(trial),
            Self::Confirmed(arn) => {
                format!("confirmed: {arn}; only who may call sns:Unsubscribe can end it")
            }
        }
    }
}

impl Stop<'_> {
    /// The sentence.
    pub fn text(&self) -> String {
        match self {
            Self::Signal => {
                "stopping after the calls in flight; press Ctrl-C again to stop at once".to_owned()
            }
            Self::Timeout => "time limit reached: stopping after the calls in flight; \
                              Ctrl-C stops at once"
                .to_owned(),
            Self::LockLost(error) => error.to_string(),
        }
    }
}

fn cut_off(run: &Run) -> String {
    format!(
        "the apply of {} by {} was cut off after {}; `baseline apply` reads everything again and \
         finishes it (baseline history {})",
        to_the_second(run.at),
        run.began.caller,
        count(run.calls(), "call"),
        run.began.run
    )
}

fn saved(plan: &Plan, path: &Path) -> String {
    let name = path.display();
    match plan.exceeds.is_empty() {
        true => format!(
            "saved, valid until {}; to make these changes: baseline apply {name}{}",
            to_the_second(plan.expires),
            guard::allowing(plan)
        ),
        false => {
            format!("saved in {name} for review only: it exceeds [limits] and cannot be applied")
        }
    }
}

/// What you are asked on a terminal.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// The code of an MFA device.
    MfaCode {
        /// Its serial number or ARN.
        device: &'a str,
    },
    /// Whether to make the changes of a plan.
    Changes {
        /// The account, with its alias where that is known.
        account: &'a str,
    },
    /// Whether to send messages that test the alerts.
    TestMessages {
        /// The account.
        account: &'a str,
        /// How many, for each subscriber.
        messages: usize,
    },
}

impl Question<'_> {
    /// The question, with the space before its answer.
    pub fn text(&self) -> String {
        match self {
            Self::MfaCode { device } => format!("MFA code of {device}: "),
            Self::Changes { account } => {
                format!("Make these changes in account {account}? Type 'yes' to confirm: ")
            }
            Self::TestMessages { account, messages } => format!(
                "Send {} to everyone who hears of alerts of account {account}? Type 'yes' to confirm: ",
                count(*messages, "test message")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_a_sentence_behind_its_level_and_a_result_stands_by_itself() {
        let ignored =
            Message::RegionIgnored { region: "x", baseline: Path::new("b.toml"), home: "y" };
        assert_eq!(ignored.level().word(), Some("note"));
        let text = "--region x has no effect on what is read: b.toml has home_region = \"y\"";
        assert_eq!(ignored.text(), text);
        let valid = Message::Valid { path: Path::new("b.toml"), controls: &[] };
        assert_eq!(
            (valid.level().word(), valid.text().as_str()),
            (None, "b.toml is valid: no controls")
        );
    }
}
