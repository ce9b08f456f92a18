//! The line of README's crontab, as it stands there: who is mailed what, and when nobody is.
#![cfg(unix)]

use crate::account::Account;
use crate::emulator::root;
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// What cron would run: the only line of README that begins with five fields of a crontab.
fn command_of_readme() -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut lines = readme.lines().filter_map(|line| line.split_once("* * *  "));
    let (_, command) = lines.next().expect("a crontab");
    assert!(lines.next().is_none(), "more than one crontab");
    assert!(!command.contains('%'), "cron takes % for a new line");
    command.to_owned()
}

/// A home with the baseline in `~/accounts`, a profile `audit`, and a `mail` that keeps what it is
/// given.
fn home() -> Account {
    let account = Account::new();
    for folder in ["accounts", "bin", ".aws"] {
        std::fs::create_dir(account.path(folder)).expect("made");
    }
    let id = &account.id;
    let keys = format!("[audit]\naws_access_key_id = {id}\naws_secret_access_key = of-a-test\n");
    account.write(".aws/credentials", &keys);
    set_length_wanted(&account, 14);
    account.write("bin/mail", "#!/bin/sh\n{ echo \"$*\"; cat; } >~/mailed\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(account.path("bin/mail"), executable).expect("set");
    symlink(env!("CARGO_BIN_EXE_baseline"), account.path("bin/baseline")).expect("linked");
    account
}

fn set_length_wanted(account: &Account, length: u8) {
    let controls = format!("[password_policy]\nminimum_length = {length}");
    account.write("accounts/prod.toml", &account.in_one_region(&controls));
}

/// Runs a command as cron does; gives the mail that it sends.
fn cron(account: &Account, command: &str, arguments: &[&str]) -> Option<String> {
    let settings = account.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear();
    for (name, value) in settings.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let path = format!("{}:/usr/bin:/bin", account.path("bin").display());
    shell.env("PATH", path).current_dir(account.folder.path());
    let run = account.came_to(shell.output().expect("it runs"));
    // What a job prints itself is mailed by cron, to whoever reads that.
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let mail = std::fs::read_to_string(account.path("mailed")).ok();
    let _ = std::fs::remove_file(account.path("mailed"));
    mail
}

#[test]
fn the_crontab_of_readme_mails_what_has_drifted_and_nothing_when_all_is_well() {
    let account = home();
    let apply = "cd ~/accounts && baseline apply prod.toml --auto-approve >/dev/null 2>&1";
    let line = command_of_readme();
    let mailed = || cron(&account, &line, &["drift"]);
    assert_eq!(cron(&account, apply, &["apply"]), None);
    assert_eq!(mailed(), None, "all is well");

    set_length_wanted(&account, 16);
    let mail = mailed().expect("a mail");
    assert!(
        mail.starts_with(
            "-s account drift: exit code 2 security@example.com\npending   password_policy"
        ),
        "{mail}"
    );
    set_length_wanted(&account, 14);
    crate::journal::set_length(&account, 9);
    let mail = mailed().expect("a mail");
    assert!(mail.contains("\ndrifted   password_policy  minimum_length is 9"), "{mail}");

    account.faults(json!([{"operation": "GetAccountPasswordPolicy", "action": "denied"}]));
    let mail = mailed().expect("a mail");
    assert!(mail.contains("exit code 4") && mail.contains("unknown"), "{mail}");
    std::fs::remove_file(account.path("accounts/prod.toml")).expect("removed");
    let mail = mailed().expect("a mail");
    assert!(mail.contains("exit code 1") && mail.contains("cannot read prod.toml"), "{mail}");
}

#[test]
fn drift_is_quiet_only_when_all_is_well() {
    let account = Account::with("[password_policy]\nminimum_length = 14");
    let loud = account.run(&["drift"]).exits(2);
    let quiet = account.run(&["drift", "--quiet"]).exits(2);
    assert_eq!(quiet.stdout, loud.stdout);
    let _ = account.run(&["apply", "--auto-approve"]).exits(0);
    for arguments in [&["drift", "--quiet"][..], &["drift", "--quiet", "--json", "--who"]] {
        let quiet = account.run(arguments).exits(0);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    }
    // What is wrong with what it was told is no less an error.
    let since = ["drift", "--quiet", "--since", "nowhere.json"];
    let _ = account.run(&since).exits(1).says("cannot read nowhere.json");
}
