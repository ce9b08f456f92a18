//! Where credentials come from, and what is said when they do not come.

use crate::account::Account;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::process::Command;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

/// Profiles that give no credentials; what is said of each, and what to type.
const PROFILES: &[(&str, &[&str])] = &[
    (
        "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/Admin\n\
         web_identity_token_file = /nowhere/token\n",
        &["the web identity token in /nowhere/token", "No such file", "ls -l /nowhere/token"],
    ),
    (
        "[profile p]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n\
         sso_account_id = 111122223333\nsso_role_name = Admin\n",
        &["profile 'p' is not logged in", ".aws/sso/cache/", "hint: aws sso login --profile p"],
    ),
    (
        "[profile p]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Admin\n\
         [sso-session acme]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n",
        &["profile 'p' is not logged in", ".aws/sso/cache/", "hint: aws sso login --profile p"],
    ),
    (
        "[profile p]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Admin\n",
        &["sso_session = acme", "there is no [sso-session acme]", "aws configure sso --profile p"],
    ),
    (
        "[profile p]\nlogin_session = arn:aws:iam::111122223333:user/mary\n",
        &["profile 'p' is not logged in", ".aws/login/cache/", "hint: aws login --profile p"],
    ),
    (
        "[profile p]\ncredential_process = /nowhere/keys --for prod\n",
        &[
            "credential_process of profile 'p' failed (/nowhere/keys)",
            "not found",
            "it must print JSON",
        ],
    ),
    (
        "[profile p]\ncredential_process = echo hello\n",
        &["credential_process of profile 'p' failed (echo)", "could not parse response"],
    ),
    (
        "[profile p]\ncredential_process = sh -c 'echo your ticket is over >&2; exit 3'\n",
        &["credential_process of profile 'p' failed (sh)", "exit status: 3", "your ticket is over"],
    ),
    (
        "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = q\n\
         [profile q]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = p\n",
        &["the profiles 'p' → 'q' → 'p' go round in a circle"],
    ),
    (
        "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = gone\n",
        &[
            "profile 'p' has source_profile = gone, and there is no AWS profile 'gone'",
            "known profiles: p",
        ],
    ),
    (
        "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/a\n",
        &["profile 'p' has role_arn and neither source_profile nor credential_source"],
    ),
    (
        "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/a\ncredential_source = Environment\n",
        &["profile 'p' has credential_source = Environment, which gives none"],
    ),
    (
        "[profile p]\nregion = us-east-1\n",
        &["profile 'p' has no credentials", "aws login --profile p"],
    ),
    (
        "[profile p]\naws_access_key_id = AKIAEXAMPLE\n",
        &["profile 'p' has aws_access_key_id, but no aws_secret_access_key"],
    ),
    ("[profile q]\nregion = us-east-1\n", &["there is no AWS profile 'p'", "known profiles: q"]),
    ("[profile p\nregion = us-east-1\n", &["cannot read the AWS configuration files", "line 1"]),
];

/// A plan in an environment without credentials.
fn plan(account: &Account, config: &str, arguments: &[&str]) -> Command {
    account.write("config", config);
    let mut command = account.command(&[&["plan"], arguments].concat());
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", account.path("config"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn run(account: &Account, mut command: Command) -> crate::account::Run {
    account.came_to(command.output().expect("the binary runs"))
}

#[test]
fn credentials_that_do_not_come_are_told_by_profile_file_and_command() {
    let account = Account::with(POLICY);
    for (config, said) in PROFILES {
        for by_variable in [false, true] {
            let arguments: &[&str] = if by_variable { &[] } else { &["--profile", "p"] };
            let mut command = plan(&account, config, arguments);
            if by_variable {
                command.env("AWS_PROFILE", "p");
            }
            let mut run = run(&account, command).exits(1);
            // Left to the chain, a profile that says nothing is one place of several.
            let is_left = by_variable && said[0].ends_with("has no credentials");
            for text in said.iter().filter(|_| !is_left) {
                run = run.says(text);
            }
            assert!(!run.stderr.contains("cargo"), "{}", run.stderr);
        }
    }
    assert!(account.operations().is_empty());
}

#[test]
fn a_profile_of_the_environment_must_exist_even_beside_keys() {
    let account = Account::with(POLICY);
    let mut command = account.command(&["plan"]);
    command.env("AWS_PROFILE", "nope");
    let _ = run(&account, command).exits(1).says("there is no AWS profile 'nope'");
    assert!(account.operations().is_empty());
}

#[test]
fn a_session_made_by_aws_login_is_used_and_renewed_by_whoever_made_it() {
    let account = Account::with(POLICY);
    let arn = format!("arn:aws:iam::{}:user/mary", account.id);
    let name: String = Sha256::digest(arn.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let cache = account.path(".aws/login/cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    let session = |expires: &str| {
        let token = json!({
            "accessToken": {"accessKeyId": account.id, "secretAccessKey": "s", "sessionToken": "t",
                            "accountId": account.id, "expiresAt": expires},
            "tokenType": "aws_sigv4", "refreshToken": "r", "idToken": "i",
            "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "k",
        });
        std::fs::write(cache.join(format!("{name}.json")), token.to_string()).expect("written");
        let config = format!("[profile dev]\nlogin_session = {arn}\nregion = us-east-1\n");
        run(&account, plan(&account, &config, &["--profile", "dev"]))
    };
    let _ = session("2099-01-01T00:00:00Z").exits(0);
    let over = session("2020-01-01T00:00:00Z").exits(1);
    let _ = over.says("profile 'dev' is not logged in").says("hint: aws login --profile dev");
}

#[test]
fn a_role_that_cannot_be_assumed_is_named_with_the_reason() {
    let account = Account::with(POLICY);
    let id = &account.id;
    account.faults(json!([{"operation": "AssumeRole", "action": "denied", "count": null}]));
    let role = format!("arn:aws:iam::{id}:role/admin");
    let keys = format!("[profile base]\naws_access_key_id = {id}\naws_secret_access_key = x\n");
    let chained = format!("{keys}[profile p]\nrole_arn = {role}\nsource_profile = base\n");
    for command in [
        plan(&account, &chained, &["--profile", "p"]),
        plan(&account, &chained, &["--profile", "base", "--role-arn", &role]),
    ] {
        let run = run(&account, command).exits(1);
        let run = run.says(&format!("cannot assume the role {role}"));
        let run = run.says("profile 'base'").says("sts:AssumeRole: AccessDenied: ");
        let _ = run.says("must allow sts:AssumeRole").says("trust policy");
    }
    let asked = account.operations();
    assert!(asked.iter().all(|one| one == "sts:AssumeRole"), "{asked:?}");
}
