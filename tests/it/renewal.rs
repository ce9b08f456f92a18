//! Credentials that are renewed into another account: nothing but GetCallerIdentity is sent there.

use crate::account::{Account, Run, block_on};
use crate::emulator::python;
use serde_json::json;
use std::process::Command;

/// Many reads and writes, some of which wait for others.
const CONTROLS: &str = "[password_policy]\nminimum_length = 14\n[public_access_block]\n\
                        [log_bucket]\n[cloudtrail]\n[guardduty]";

/// An account, the other one, and a `credential_process` that goes over to the other.
struct Pair {
    ours: Account,
    theirs: Account,
}

impl Pair {
    /// The process gives credentials of the other account from a call of its on, and from when
    /// there is a file `other`. They last so short that every request asks for new ones.
    fn that_switches_at(call: usize, controls: &str) -> Self {
        let pair = Self { ours: Account::with(controls), theirs: Account::new() };
        let (ours, theirs) = (&pair.ours.id, &pair.theirs.id);
        let script = format!(
            "n=$(($(cat calls 2>/dev/null || echo 0) + 1)); echo $n > calls\nid={ours}\n\
             if [ $n -ge {call} ] || [ -e other ]; then id={theirs}; fi\n\
             expires=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
             echo \"{{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"$id\\\", \\\"SecretAccessKey\\\": \
             \\\"s\\\", \\\"SessionToken\\\": \\\"t\\\", \\\"Expiration\\\": \\\"$expires\\\"}}\"\n"
        );
        pair.ours.write("credentials.sh", &script);
        let config = "[profile p]\nregion = us-east-1\ncredential_process = sh credentials.sh\n";
        pair.ours.write("config", config);
        pair
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.ours.command(arguments);
        command
            .args(["--profile", "p"])
            .env("AWS_CONFIG_FILE", self.ours.path("config"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output();
        self.ours.came_to(output.expect("the binary runs"))
    }

    /// Whether the process went over; if it did, the other account was asked its name and no more.
    #[track_caller]
    fn switched(&self) -> bool {
        let asked = self.theirs.operations();
        assert!(asked.iter().all(|one| one == "sts:GetCallerIdentity"), "{asked:?}");
        !asked.is_empty()
    }
}

#[test]
fn looking_ends_when_the_credentials_become_anothers() {
    for command in ["plan", "drift", "snapshot"] {
        let pair = Pair::that_switches_at(4, CONTROLS);
        let arguments: &[&str] = match command {
            "snapshot" => &["snapshot", "--out", "account.json"],
            _ => &[command],
        };
        let run =
            pair.run(arguments).exits(6).says("the credentials were renewed and are of account");
        assert!(run.stdout.is_empty(), "a verdict on half of it: {}", run.stdout);
        assert!(pair.switched());
    }
}

#[test]
fn an_apply_ends_wherever_the_credentials_become_anothers() {
    for call in [2, 9, 25, 33, 41, 57, 80] {
        let pair = Pair::that_switches_at(call, CONTROLS);
        let run = pair.run(&["apply", "--auto-approve"]);
        if !pair.switched() {
            let _ = run.exits(0);
            continue;
        }
        let run = run.exits(6).says("the credentials were renewed and are of account");
        let made = pair.ours.writes();
        let history = pair.ours.run(&["history", "--json"]).exits(0).json();
        for began in history["runs"].as_array().expect("runs") {
            assert_eq!(began["standing"], json!("finished"));
            assert_eq!(began["exit"], json!(6));
            for call in &made {
                assert!(run.stderr.contains(&format!("  {call} in us-east-1")), "{run:?}");
            }
        }
        assert!(made.is_empty() || run.stderr.contains("baseline history"), "{run:?}");
        // With the right credentials it goes on from there.
        let _ = pair.ours.run(&["apply", "--auto-approve"]).exits(0);
        let _ = pair.ours.run(&["drift"]).exits(0);
    }
}

#[test]
fn credentials_that_become_anothers_during_the_question_write_nothing() {
    let pair = Pair::that_switches_at(usize::MAX, "[password_policy]\nminimum_length = 14");
    let person = "import os, pty, sys\n\
                  def read(terminal):\n    \
                      text = os.read(terminal, 1024)\n    \
                      if b'to confirm' in text:\n        \
                          open('other', 'w').close()\n        \
                          os.write(terminal, b'yes\\n')\n    \
                      return text\n\
                  status = pty.spawn(sys.argv[1:], read)\n\
                  sys.exit(os.waitstatus_to_exitcode(status))\n";
    let apply = pair.command(&["apply"]);
    let mut command = Command::new(python());
    command.args(["-c", person]).arg(apply.get_program()).args(apply.get_args());
    command.env_clear().current_dir(pair.ours.folder.path());
    for (name, value) in apply.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let run = Run::from(command.stdin(std::process::Stdio::null()).output().expect("it runs"));
    let _ = run.exits(6).says("the credentials were renewed and are of account");
    assert!(pair.switched());
    assert!(pair.ours.writes().is_empty());
}

#[test]
fn lock_and_journal_are_not_looked_for_in_the_other_account() {
    for call in [3, 12, 20] {
        let pair = Pair::that_switches_at(call, "");
        let bucket = format!("shared-{}", pair.ours.id);
        let shared = format!(
            "[lock]\nbucket = \"{bucket}\"\n[journal]\nbucket = \"{bucket}\"\n\
             [password_policy]\nminimum_length = 14\n[public_access_block]"
        );
        pair.ours.baseline(&pair.ours.in_one_region(&shared));
        block_on(async {
            let s3 = aws_sdk_s3::Client::new(&pair.ours.sdk().await);
            s3.create_bucket().bucket(&bucket).send().await.expect("created");
        });
        let run = pair.run(&["apply", "--auto-approve"]);
        match pair.switched() {
            true => drop(run.exits(6)),
            false => drop(run.exits(0)),
        }
    }
}

#[test]
fn every_new_key_is_asked_for_once_and_when_sts_is_silent_nothing_is_sent() {
    // The same account with another key: the run goes on.
    let pair = Pair::that_switches_at(5, CONTROLS);
    let script = std::fs::read_to_string(pair.ours.path("credentials.sh")).expect("the script");
    let renewed =
        script.replace(&format!("id={}", pair.theirs.id), &format!("id=ASIA{}", pair.ours.id));
    pair.ours.write("credentials.sh", &renewed);
    let _ = pair.run(&["plan"]).exits(0);
    let asked = pair.ours.operations();
    let times = asked.iter().filter(|one| *one == "sts:GetCallerIdentity").count();
    assert_eq!(times, 2, "{asked:?}");
    // From the second question on STS fails: whatever would need the new key is not sent.
    pair.ours.write("calls", "0");
    let silent = json!([{"service": "sts", "action": "error", "status": 503, "nth": 2,
        "count": null, "code": "ServiceUnavailable", "message": "later"}]);
    pair.ours.faults(silent);
    let mut command = pair.command(&["plan"]);
    command.env("AWS_MAX_ATTEMPTS", "1");
    let before = pair.ours.operations().len();
    let run = pair.ours.came_to(command.output().expect("it runs")).exits(4);
    let _ = run.says("whether they are still of account");
    let sent = pair.ours.operations().split_off(before);
    assert!(sent.len() < asked.len(), "{sent:?}");
    assert!(!sent.contains(&"s3:HeadBucket".to_owned()), "{sent:?}");
}
