//! A brand-new emulated account, a folder to work in, and the binary run on them.

use crate::emulator::emulator;
use crate::watch;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub const HOME: &str = "us-east-1";

static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);

/// An account that no other test knows.
pub struct Account {
    pub id: String,
    pub folder: tempfile::TempDir,
    /// Whether the binary was run on it.
    asked: AtomicBool,
}

/// What a run of the binary came to.
#[must_use]
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts the exit code, and shows everything when it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that the output on either stream holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "{text:?} is not in\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn assert_tells_no_secret(&self, mails: &[String]) {
        watch::assert_tells_no_secret("stdout", &self.stdout, mails);
        watch::assert_tells_no_secret("stderr", &self.stderr, mails);
    }

    /// The JSON on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|cause| panic!("{cause}:\n{self:?}"))
    }
}

impl Account {
    /// A new account with this baseline as `baseline.toml`. Its first line and `[account]` are
    /// given: home is us-east-1, the only region.
    pub fn with(controls: &str) -> Self {
        let account = Self::new();
        account.baseline(&account.in_one_region(controls));
        account
    }

    pub fn new() -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        Self { id, folder: tempfile::tempdir().expect("a folder"), asked: AtomicBool::new(false) }
    }

    /// A whole baseline around some controls.
    pub fn in_one_region(&self, controls: &str) -> String {
        self.in_regions(&[HOME], controls)
    }

    /// The same for several regions; home is us-east-1.
    pub fn in_regions(&self, regions: &[&str], controls: &str) -> String {
        let id = &self.id;
        format!(
            "baseline = 1\n[account]\nid = \"{id}\"\nhome_region = \"{HOME}\"\n\
             regions = {regions:?}\n{controls}\n"
        )
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    pub fn baseline(&self, text: &str) {
        self.write("baseline.toml", text);
    }

    /// Runs the binary in the folder, as an administrator of the account.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output();
        self.came_to(output.expect("the binary runs"))
    }

    /// What a run in the folder came to; its output is searched for secrets.
    #[track_caller]
    pub fn came_to(&self, output: Output) -> Run {
        let run = Run::from(output);
        run.assert_tells_no_secret(&watch::mails(self.folder.path()));
        run
    }

    /// The command, for tests that change its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.asked.store(true, Ordering::Relaxed);
        let mut command = Command::new(env!("CARGO_BIN_EXE_baseline"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_ENDPOINT_URL", emulator().endpoint())
            .env("AWS_ACCESS_KEY_ID", &self.id)
            .env("AWS_SECRET_ACCESS_KEY", watch::SECRET_KEY)
            .env("AWS_SESSION_TOKEN", watch::SESSION_TOKEN)
            .env("AWS_SDK_UA_APP_ID", watch::application(arguments))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command
    }

    /// The SDK as an administrator of the account, to prepare it or change it behind the tool.
    pub async fn sdk(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.id, "secret", None, None, "test");
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials)
            .endpoint_url(emulator().endpoint())
            .region(Region::new(HOME))
            .load()
            .await
    }

    /// Sets fault rules for this account alone.
    pub fn faults(&self, rules: Value) {
        emulator().admin("faults", json!({"account": self.id, "rules": rules}));
    }

    /// What was asked of the account so far.
    pub fn journal(&self) -> Vec<Value> {
        emulator().journal(&self.id)
    }

    /// The operations asked so far that change something: `service:Operation`.
    pub fn writes(&self) -> Vec<String> {
        operations(self.journal().iter().filter(|entry| entry["write"] == json!(true)))
    }

    /// All operations asked so far.
    pub fn operations(&self) -> Vec<String> {
        operations(self.journal().iter())
    }

    /// Asserts that AWS's models found nothing wrong with any request.
    #[track_caller]
    pub fn assert_valid_requests(&self) {
        for entry in self.journal() {
            assert_eq!(entry["violations"], json!([]), "{entry}");
        }
    }

    /// The laws of every control: the first apply does something, after it nothing is left to do,
    /// a second apply writes nothing, and what was sent is what was shown.
    #[track_caller]
    pub fn assert_converges(&self) {
        let _ = self.run(&["apply", "--auto-approve"]).exits(0);
        let before = self.writes().len();
        assert_ne!(before, 0, "the first apply wrote nothing");
        let _ = self.run(&["plan", "--detailed-exitcode"]).exits(0).says("No changes.");
        let _ = self.run(&["apply", "--auto-approve"]).exits(0);
        assert_eq!(self.writes().len(), before, "the second apply wrote: {:?}", self.writes());
        self.assert_valid_requests();
        watch::assert_sent_as_shown(self.folder.path(), &self.journal());
    }
}

/// Whatever else a test is about.
impl Drop for Account {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        watch::assert_files_are_fine(self.folder.path(), &watch::mails(self.folder.path()));
        if self.asked.load(Ordering::Relaxed) {
            watch::assert_looking_wrote_nothing(&self.journal());
        }
        emulator().admin("forget", json!({"account": self.id}));
    }
}

fn operations<'a>(entries: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries.map(|e| format!("{}:{}", text(&e["service"]), text(&e["operation"]))).collect()
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        run.assert_tells_no_secret(&[]);
        run
    }
}

/// Runs a future of the SDK.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}
