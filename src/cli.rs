//! The command line; the comments here are the help texts.

mod alerts;

pub use alerts::{Alerts, AlertsCommand, AlertsConfirm, AlertsTest};

use crate::aws::{Chosen, Follower, regions};
use crate::error::Error;
use crate::formats::{self, Format};
use crate::permissions::Purpose;
use crate::policy::Origin;
use crate::report::Inputs;
use crate::view::Debug;
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Make an AWS account safe from a declarative baseline, and keep it so
///
/// A baseline is a TOML file that says what an account should look like. `plan` shows what would
/// change and which API calls would do it, `apply` makes those calls and no others, `drift` says
/// whether the account still matches. There is no state file: AWS is the truth.
#[derive(Debug, Parser)]
#[command(name = "baseline", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Which credentials to use, and how to reach AWS.
    #[command(flatten)]
    pub aws: AwsArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented baseline to start from
    ///
    /// Writes baseline.toml, and never overwrites a file. Without credentials it leaves the
    /// account id for you to fill in; with `--profile` it asks AWS for it.
    ///
    /// Example: baseline init --profile acme-dev
    Init(Init),
    /// Check a baseline without sending anything to AWS
    ///
    /// Reports every problem in the file with its line. Exit codes: 0 valid, 1 not.
    ///
    /// Example: baseline validate baseline.toml
    Validate(File),
    /// Show what would change, and which calls would do it
    ///
    /// Reads the account and writes nothing: the clients it uses refuse every mutating operation.
    ///
    /// Exit codes: 0 done (with `--detailed-exitcode` only if nothing differs), 1 failed, 2 differs
    /// (only with `--detailed-exitcode`), 4 something could not be read, 6 wrong account or blocked.
    ///
    /// Example: baseline plan --out
    Plan(Plan),
    /// Make the account match
    ///
    /// Given a saved plan, makes the calls it shows if the account and the baseline have not changed
    /// since, and refuses otherwise. Given a baseline or nothing, plans, shows the plan, asks,
    /// and then does the same.
    ///
    /// Exit codes: 0 everything done or nothing to do, 1 failed, 3 part of it was done, 4 something
    /// could not be read, 6 refused before the first write.
    ///
    /// Example: baseline apply plans/111122223333-baseline.json
    Apply(Apply),
    /// Put back what an apply changed
    ///
    /// Makes a plan that puts the values from before that run back, shows it, asks, and makes the
    /// calls; with `--out` it saves the plan for `apply` instead. Only what is still as the run left
    /// it is put back. What the run created is stopped where that is possible, and never deleted:
    /// the plan says how to do that by hand.
    ///
    /// Exit codes: as for `apply`.
    ///
    /// Example: baseline undo 20261122T021503Z
    Undo(Undo),
    /// List past applies, or show one of them call by call
    ///
    /// Reads the journals in plans/ACCOUNT/ below this folder. Sends nothing to AWS.
    ///
    /// Example: baseline history 20261122T021503Z
    History(History),
    /// Report whether the account still matches
    ///
    /// One line when all is well; otherwise what differs, what is waived and what could not be read.
    /// Made for cron.
    ///
    /// With the journal of an earlier apply it reports for each difference which side has moved since:
    /// `drifted` (AWS), `pending` (the baseline, or an apply that did not get so far) or `both`.
    ///
    /// Exit codes: 0 matches, 1 failed, 2 differs, 4 something could not be read, 6 wrong account or
    /// an apply is in progress.
    ///
    /// Example: baseline drift --profile acme-prod
    Drift(Drift),
    /// Show a saved plan
    ///
    /// Example: baseline show plans/111122223333-baseline.json
    Show(Show),
    /// Explain a control: why, defaults, what it satisfies, costs, API operations
    ///
    /// Without a name, lists the controls. With the name of a bucket behind it, as in
    /// buckets@acme-data, says which entry of the baseline asks what of that bucket.
    ///
    /// Example: baseline explain cloudtrail
    Explain(Explain),
    /// Print the JSON Schema of baselines, for editors
    ///
    /// Editors with a TOML language server, such as Even Better TOML or taplo, complete and check
    /// a baseline by it.
    ///
    /// Example: baseline schema > baseline.schema.json
    Schema,
    /// Print the least-privilege IAM policy for a command
    ///
    /// The policy allows exactly what the baseline uses, as JSON.
    ///
    /// Example: baseline permissions --for plan
    Permissions(Permissions),
    /// Test whether alerts can come through, or confirm a subscription
    ///
    /// For the table `[alerts]`. Neither changes how alerts are set up.
    ///
    /// Example: baseline alerts test
    Alerts(Alerts),
    /// Save what is read, to plan from later without a network
    ///
    /// Example: baseline snapshot --out account.json && baseline plan --from account.json
    Snapshot(Snapshot),
}

/// Which credentials to use, by default those of the usual AWS chain; and how to reach AWS.
#[derive(Clone, Debug, Args)]
pub struct AwsArgs {
    /// Profile from the AWS config files
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region to use; overrides AWS_REGION and the profile. `home_region` of the baseline wins
    #[arg(long, global = true, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
    /// ARN of a role to assume with these credentials
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Time limit for reading, and again for making changes [default: 10m and 30m]
    ///
    /// Anything not read by then is reported as unknown. An apply stops as on Ctrl-C: calls in flight
    /// finish, and the remaining changes are listed.
    #[arg(long, global = true, value_name = "DURATION", value_parser = time_limit)]
    pub timeout: Option<Duration>,
    /// Address or VPC endpoint from which AWS sees your requests
    ///
    /// Used to find out whether a new bucket policy would lock you out.
    #[arg(long, global = true, value_name = "ADDRESS|VPCE", env = "BASELINE_SEEN_FROM")]
    pub seen_from: Option<Origin>,
    /// Show every request on stderr: when, what, where, which attempt, status, id, how long
    #[arg(long, global = true)]
    pub debug: bool,
}

/// Default time limit for reading.
const LOOKING: Duration = Duration::from_secs(10 * 60);

/// Default time limit for making changes.
const CHANGING: Duration = Duration::from_secs(30 * 60);

impl AwsArgs {
    /// How long reading may take.
    pub fn read_timeout(&self) -> Duration {
        self.timeout.unwrap_or(LOOKING)
    }

    /// How long making changes may take.
    pub fn change_timeout(&self) -> Duration {
        self.timeout.unwrap_or(CHANGING)
    }

    /// The choice, with a region for when none is named, and the way to ask for an MFA code.
    pub fn chosen(
        &self,
        fallback_region: Option<String>,
        ask_for_code: crate::aws::AskForCode,
    ) -> Chosen {
        Chosen {
            profile: self.profile.clone(),
            region: self.region.clone(),
            role_arn: self.role_arn.clone(),
            session_name: "baseline".to_owned(),
            fallback_region,
            ask_for_code,
            follower: self.debug.then(|| Arc::new(Debug) as Arc<dyn Follower>),
        }
    }
}

/// The baseline to work with.
#[derive(Clone, Debug, Args)]
pub struct File {
    /// The baseline [default: baseline.toml, then baselines/default.toml]
    #[arg(value_name = "BASELINE")]
    pub baseline: Option<PathBuf>,
}

/// Which part of the baseline, and how fast.
#[derive(Clone, Debug, Args)]
pub struct Scope {
    /// Only this control, or this place of it: `config` or `config@eu-west-1`; may be repeated
    #[arg(long, value_name = "CONTROL[@PLACE]")]
    pub target: Vec<String>,
    /// Leave out this control, or this place of it; may be repeated
    #[arg(long, value_name = "CONTROL[@PLACE]")]
    pub exclude: Vec<String>,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "N", default_value_t = 64)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=512))]
    pub parallelism: usize,
}

/// How the result is printed.
#[derive(Clone, Debug, Args)]
pub struct Output {
    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = formats::TEXT)]
    format: Format,
    /// Short for `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Output {
    /// The format that was chosen.
    pub fn format(&self) -> Format {
        match self.json {
            true => formats::JSON,
            false => self.format,
        }
    }

    /// Whether it is to show the inputs of calls.
    ///
    /// # Errors
    /// `--calls` with a format that holds them anyway.
    pub fn inputs(&self, calls: bool) -> Result<Inputs, Error> {
        let format = self.format();
        match (calls, format.has_inputs) {
            (true, true) => {
                let text = format!("--calls is not for --format {}", format.name);
                Err(Error::failed(text).hint("leave it out: the inputs of calls are always there"))
            }
            _ => Ok(Inputs::shown(calls)),
        }
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        formats::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name).help(self.about))
    }
}

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "baseline.toml")]
    pub out: PathBuf,
    /// What to start from
    #[arg(long, value_enum, default_value_t = Template::Startup)]
    pub template: Template,
}

/// The shipped baselines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// Free of charge
    Minimal,
    /// What a small company should do on day one
    Startup,
    /// CIS AWS Foundations Benchmark 7.0, levels 1 and 2
    Cis,
}

/// `plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// Which part of it.
    #[command(flatten)]
    pub scope: Scope,
    /// Save the plan for `apply` [without a value: plans/ACCOUNT-BASELINE.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = false)]
    pub out: Option<Option<PathBuf>>,
    /// How long the saved plan may be applied
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = validity)]
    pub valid_for: Duration,
    /// How the result is printed.
    #[command(flatten)]
    pub output: Output,
    /// Show the inputs of the calls, not only their names
    #[arg(long)]
    pub calls: bool,
    /// Exit with 2 if anything differs
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan from a snapshot: no network, no credentials
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "out")]
    pub from: Option<PathBuf>,
}

/// `apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// A saved plan, or a baseline [default: baseline.toml, then baselines/default.toml]
    #[arg(value_name = "PLAN|BASELINE")]
    pub file: Option<PathBuf>,
    /// Which part of the baseline; a saved plan knows its own.
    #[command(flatten)]
    pub scope: Scope,
    /// Print what happens as JSON lines; asks nothing, so a baseline needs `--auto-approve`
    #[arg(long)]
    pub json: bool,
    /// What you agree to.
    #[command(flatten)]
    pub consent: Consent,
}

/// What you are shown, and agree to, before an account is changed.
#[derive(Clone, Debug, Args)]
pub struct Consent {
    /// Show the inputs of the calls, not only their names
    #[arg(long)]
    pub calls: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    pub auto_approve: bool,
    /// Allow changes of this control that loosen protection; may be repeated
    #[arg(long, value_name = "CONTROL")]
    pub allow_loosening: Vec<String>,
    /// How long to wait for another apply on this account to finish
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub lock_timeout: Duration,
}

/// `undo`
#[derive(Debug, Args)]
pub struct Undo {
    /// Run id or a unique prefix of it; `baseline history` lists them
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "N", default_value_t = 64)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=512))]
    pub parallelism: usize,
    /// Save the plan for `apply` [without a value: plans/ACCOUNT-undo-RUN.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = false)]
    pub out: Option<Option<PathBuf>>,
    /// How long the saved plan may be applied
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = validity)]
    pub valid_for: Duration,
    /// Print what happens as JSON lines; asks nothing, so it needs `--auto-approve`
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
    /// What you agree to.
    #[command(flatten)]
    pub consent: Consent,
}

/// `history`
#[derive(Debug, Args)]
pub struct History {
    /// Run id or a unique prefix of it: shows that run call by call
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Show every call with its input and request id, and nothing folded
    #[arg(long, requires = "run")]
    pub calls: bool,
    /// Only runs in this account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// How the result is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `drift`
#[derive(Debug, Args)]
pub struct Drift {
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// Which part of it.
    #[command(flatten)]
    pub scope: Scope,
    /// How the result is printed.
    #[command(flatten)]
    pub output: Output,
    /// Compare with this saved plan or journal to tell drift from pending changes
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Ask CloudTrail who changed what has drifted, when, and from where
    #[arg(long)]
    pub who: bool,
    /// Print nothing if the account matches
    #[arg(long)]
    pub quiet: bool,
}

/// `show`
#[derive(Debug, Args)]
pub struct Show {
    /// The saved plan
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Show the inputs of the calls, not only their names
    #[arg(long)]
    pub calls: bool,
    /// How the result is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The control, or one of its things: CONTROL@NAME
    #[arg(value_name = "CONTROL")]
    pub control: Option<String>,
    /// The baseline; only needed for CONTROL@NAME.
    #[command(flatten)]
    pub file: File,
    /// Print the table of controls for the README
    #[arg(long, hide = true, conflicts_with = "control")]
    pub markdown: bool,
    /// Print the page of all settings for the documentation
    #[arg(long, hide = true, conflicts_with_all = ["control", "markdown"])]
    pub reference: bool,
}

/// `permissions`
#[derive(Debug, Args)]
pub struct Permissions {
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// The command to be allowed
    #[arg(long = "for", value_enum, default_value_t = Purpose::Plan)]
    pub purpose: Purpose,
    /// The partition of the account
    #[arg(long, value_name = "PARTITION", default_value = "aws")]
    pub partition: String,
}

/// `snapshot`
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The baseline.
    #[command(flatten)]
    pub file: File,
    /// Which part of it.
    #[command(flatten)]
    pub scope: Scope,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// How long a plan may be valid: after that, it is too long ago that it was reviewed.
pub const LONGEST_VALIDITY: Duration = Duration::from_secs(30 * 24 * 3600);

fn region(text: &str) -> Result<String, String> {
    regions::check(text).map(|()| text.to_owned())
}

fn time_limit(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) | Err(_) => {
            Err("expected a duration, for example 90s, 10m or 1h".to_owned())
        }
        Ok(duration) => Ok(duration),
    }
}

fn validity(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= LONGEST_VALIDITY => Ok(duration),
        Ok(_) => Err("a plan may be valid for 30 days at most".to_owned()),
        Err(cause) => Err(cause.to_string()),
    }
}
