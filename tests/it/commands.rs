//! The commands besides plan, apply and drift, and what all have in common.

use crate::account::{Account, Run};
use crate::emulator::{emulator, root};
use crate::iam;
use baseline::controls;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

fn output(mut command: std::process::Command) -> Run {
    Run::from(command.output().expect("the binary runs"))
}

#[test]
fn every_problem_of_a_baseline_is_told_at_once_and_in_place() {
    let account = Account::new();
    account.baseline(
        "baseline = 1\n[account]\nid = \"12\"\nhome_regon = \"x\"\n[pasword_policy]\n\
         [password_policy]\nminimum_length = \"x\"\nresue_prevention = 3\n[log_bucket]\n\
         name = \"UPPER\"\nretention_days = 0\n",
    );
    let run = account.run(&["validate"]).exits(1);
    let wanted = include_str!("../golden/problems.txt");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        let path = root().join("tests/golden/problems.txt");
        std::fs::write(path, &run.stderr).expect("written");
    } else {
        assert_eq!(run.stderr, wanted);
    }
    assert_eq!(run.stdout, "");
    assert!(account.operations().is_empty(), "nothing is sent");
}

#[test]
fn a_baseline_that_cannot_be_parsed_is_refused_with_its_line() {
    let account = Account::new();
    account.baseline("baseline = 1\n[account\nid = 3\n");
    let _ = account.run(&["plan"]).exits(1).says("baseline.toml:2");
    account.baseline("baseline = 2\n");
    let _ = account.run(&["plan"]).exits(1).says("reads format 1");
    account.baseline("[password_policy]\n");
    let _ = account.run(&["plan"]).exits(1).says("begin the file with `baseline = 1`");
}

#[test]
fn without_a_baseline_it_says_how_to_make_one() {
    let _ = Account::new().run(&["plan"]).exits(1).says("hint: write one with `baseline init`");
}

#[test]
fn usage_errors_exit_with_1_and_help_with_0() {
    let account = Account::new();
    let _ = account.run(&["plan", "--nonsense"]).exits(1).says("--nonsense");
    let _ = account.run(&["--help"]).exits(0).says("There is no state file");
    let _ = account.run(&["plan", "--target", "nonsense"]).exits(1);
    account.baseline("baseline = 1\n");
    let _ = account.run(&["plan", "--target", "nonsense"]).exits(1).says("controls: root_user");
    for (given, meant) in [("budgetz", "budgets"), ("cloudtrial", "cloudtrail")] {
        let _ = account
            .run(&["plan", "--target", given])
            .exits(1)
            .says(&format!("did you mean '{meant}'?"));
    }
}

#[test]
fn init_writes_a_baseline_that_is_valid_and_never_over_a_file() {
    for template in ["minimal", "startup"] {
        let account = Account::new();
        let _ = account.run(&["init", "--template", template, "--region", "eu-west-1"]).exits(0);
        let text = std::fs::read_to_string(account.path("baseline.toml")).expect("written");
        assert!(text.contains("home_region = \"eu-west-1\""));
        let _ = account.run(&["validate"]).exits(0);
        let _ = account.run(&["init"]).exits(1).says("already exists");
        assert!(account.operations().is_empty());
    }
}

#[test]
fn init_with_a_profile_fills_in_the_account() {
    let account = Account::new();
    let id = &account.id;
    account.write(
        "config",
        &format!("[profile acme]\nregion = eu-central-1\naws_access_key_id = {id}\naws_secret_access_key = x\n"),
    );
    let mut command = account.command(&["init", "--profile", "acme"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.env("AWS_CONFIG_FILE", account.path("config"));
    let _ = output(command).exits(0);
    let text = std::fs::read_to_string(account.path("baseline.toml")).expect("written");
    assert!(text.contains(&format!("\nid = \"{id}\"\n")), "{text}");
    assert!(text.contains("\nhome_region = \"eu-central-1\"\n"), "{text}");
}

#[test]
fn a_region_without_effect_or_that_does_not_exist_is_said_so() {
    let account = Account::with("[password_policy]");
    let region = |name: &'static str| account.run(&["plan", "--region", name]);
    let _ = region("eu-west-1").exits(0).says("note: --region eu-west-1 has no effect");
    let run = region("us-east-1").exits(0);
    assert!(!run.stderr.contains("--region"), "{run:?}");
    let snapshot = ["snapshot", "--out", "seen.json", "--region", "eu-west-1"];
    let run = account.run(&snapshot).exits(0);
    let _ = run.says("note: --region eu-west-1 has no effect");
    let _ = region("eu-wset-1").exits(1).says("did you mean 'eu-west-1'?");
}

#[test]
fn a_profile_that_does_not_exist_is_said_so() {
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--profile", "nobody"]).exits(1).says("no AWS profile 'nobody'");
}

#[test]
fn a_profile_that_needs_mfa_says_so_where_nobody_can_be_asked() {
    let account = Account::with("[password_policy]");
    let id = &account.id;
    account.write(
        "config",
        &format!(
            "[profile base]\naws_access_key_id = {id}\naws_secret_access_key = x\n[profile admin]\n\
             source_profile = base\nrole_arn = arn:aws:iam::{id}:role/admin\n\
             mfa_serial = arn:aws:iam::{id}:mfa/me\nregion = us-east-1\n"
        ),
    );
    let mut command = account.command(&["plan", "--profile", "admin"]);
    command.env("AWS_CONFIG_FILE", account.path("config"));
    let _ = output(command).exits(1).says("needs an MFA code of arn:aws:iam::");
    assert!(account.operations().is_empty());
}

#[test]
fn a_plan_is_saved_by_account_and_baseline_for_its_owner_only() {
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--out"]).exits(0);
    let path = account.path(&format!("plans/{}-baseline.json", account.id));
    let metadata = std::fs::metadata(&path).expect("the plan");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
    assert!(metadata.len() > 0);
}

#[cfg(unix)]
#[test]
fn a_plan_that_others_may_change_and_a_link_to_one_are_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--out", "plan.json"]).exits(0);
    symlink(account.path("plan.json"), account.path("link.json")).expect("linked");
    let _ = account.run(&["apply", "link.json"]).exits(6).says("symbolic link");
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(account.path("plan.json"), open).expect("opened");
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("others may change");
    assert!(account.writes().is_empty());
}

#[test]
fn an_expired_plan_is_refused() {
    let account = Account::with("[password_policy]");
    let _ = account.run(&["plan", "--out", "plan.json", "--valid-for", "0s"]).exits(0);
    let _ = account.run(&["apply", "plan.json"]).exits(6).says("it has expired");
    assert!(account.writes().is_empty());
}

#[test]
fn explain_tells_every_control_whole() {
    let account = Account::new();
    let list = account.run(&["explain"]).exits(0);
    for kind in controls::ALL {
        assert!(list.stdout.contains(kind.about.name));
        let page = account.run(&["explain", kind.about.name]).exits(0);
        for setting in kind.about.settings {
            assert!(page.stdout.contains(setting.name), "{}", page.stdout);
        }
        for reference in kind.about.satisfies {
            assert!(page.stdout.contains(reference.id), "{}", page.stdout);
        }
        for operation in kind.about.operations {
            assert!(page.stdout.contains(operation.name), "{}", page.stdout);
        }
    }
    let _ = account.run(&["explain", "nonsense"]).exits(1).says("hint: controls:");
}

#[test]
fn the_settings_that_are_explained_are_those_that_are_read() {
    for kind in controls::ALL {
        let name = kind.about.name;
        let nonsense = |head: &str| format!("baseline = 1\n{head}\n__no_such_setting__ = 1\n");
        let known = [format!("[{name}]"), format!("[[{name}]]")]
            .iter()
            .filter_map(|head| known_settings(&nonsense(head)))
            .next();
        let mut known = known.unwrap_or_else(|| panic!("{name} takes any key"));
        let mut explained: Vec<String> =
            kind.about.settings.iter().map(|setting| setting.name.to_owned()).collect();
        known.sort();
        explained.sort();
        assert_eq!(known, explained, "{name}");
    }
}

/// The settings that the error about an unknown one names.
fn known_settings(text: &str) -> Option<Vec<String>> {
    let path = Path::new("x.toml");
    let problems = baseline::baseline::Baseline::parse(path, text).err()?.render(path, text);
    let list = problems.lines().find_map(|line| line.strip_prefix("help: known are: "))?;
    Some(list.split(", ").map(str::to_owned).collect())
}

#[test]
fn permissions_prints_a_policy_for_what_the_baseline_uses() {
    let account = Account::with("[password_policy]\n[log_bucket]");
    let plan = account.run(&["permissions", "--for", "plan"]).exits(0).json();
    let actions = |policy: &Value| policy["Statement"].to_string();
    assert_eq!(plan["Version"], "2012-10-17");
    assert!(actions(&plan).contains("iam:GetAccountPasswordPolicy"));
    assert!(!actions(&plan).contains(":Put") && !actions(&plan).contains(":Update"));
    assert!(!actions(&plan).contains("ListRegions"), "the regions are listed in the baseline");
    let apply = account.run(&["permissions", "--for", "apply"]).exits(0).json();
    assert!(actions(&apply).contains("iam:UpdateAccountPasswordPolicy"));
    let drift = account.run(&["permissions", "--for", "drift"]).exits(0).json();
    assert!(actions(&drift).contains("cloudtrail:LookupEvents"), "for --who");
    let bucket = format!("arn:aws:s3:::baseline-logs-{}-us-east-1", account.id);
    assert!(actions(&apply).contains(&bucket));
    let china = ["permissions", "--for", "apply", "--partition", "aws-cn"];
    let china = account.run(&china).exits(0);
    assert!(china.stdout.contains("arn:aws-cn:s3:::") && !china.stdout.contains("arn:aws:"));
    assert!(account.operations().is_empty());
}

#[test]
fn the_table_of_controls_in_the_readme_is_current() {
    let readme = root().join("README.md");
    let text = std::fs::read_to_string(&readme).expect("the README");
    let table = Account::new().run(&["explain", "--markdown"]).exits(0).stdout;
    let (start, end) = ("<!-- controls -->\n", "<!-- /controls -->");
    let from = text.find(start).expect("the start of the table") + start.len();
    let to = text.find(end).expect("the end of the table");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        let new = format!("{}{table}{}", &text[..from], &text[to..]);
        std::fs::write(&readme, new).expect("written");
    } else {
        assert_eq!(&text[from..to], table, "BLESS=1 writes it");
    }
}

#[test]
fn a_certificate_bundle_that_cannot_be_read_is_said_so() {
    let account = Account::with("[password_policy]");
    for (path, said) in [("missing.pem", "missing.pem"), ("baseline.toml", "holds no certificate")]
    {
        let mut command = account.command(&["plan"]);
        command.env("AWS_CA_BUNDLE", account.path(path));
        let _ = output(command).exits(1).says(said);
    }
}

/// A proxy that answers one request itself and hands back what it was asked.
fn proxy() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let handle = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).expect("its head");
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal).expect("an answer");
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    });
    (address, handle)
}

#[test]
fn requests_go_through_the_proxy_of_the_environment() {
    let account = Account::with("[password_policy]");
    let (address, handle) = proxy();
    let mut command = account.command(&["plan"]);
    command
        .env_remove("AWS_ENDPOINT_URL")
        .env("HTTPS_PROXY", &address)
        .env("AWS_MAX_ATTEMPTS", "1");
    let _ = output(command).exits(1);
    let asked = handle.join().expect("the proxy was asked");
    assert!(asked.starts_with("CONNECT sts.us-east-1.amazonaws.com:443"), "{asked}");
}

#[test]
fn an_endpoint_of_one_service_goes_before_the_common_one() {
    let account = Account::with("[public_access_block]");
    let mut command = account.command(&["plan"]);
    command
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        // Nobody listens there, however often it is tried.
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_ENDPOINT_URL_STS", emulator().endpoint())
        .env("AWS_ENDPOINT_URL_ORGANIZATIONS", emulator().endpoint())
        .env("AWS_ENDPOINT_URL_S3_CONTROL", emulator().endpoint());
    let _ = output(command).exits(0).says("1 to change");
}

#[test]
fn the_json_of_a_plan_is_what_a_saved_plan_holds() {
    let account = Account::with("[password_policy]");
    let printed = account.run(&["plan", "--json", "--out", "plan.json"]).exits(0);
    let saved = std::fs::read_to_string(account.path("plan.json")).expect("the plan");
    assert_eq!(printed.stdout, saved);
    let shown = account.run(&["show", "plan.json", "--json"]).exits(0);
    assert_eq!(shown.stdout, saved);
}

#[test]
fn a_named_profile_goes_before_the_keys_of_the_environment() {
    let account = Account::with("[password_policy]");
    let id = &account.id;
    account.write(
        "config",
        &format!("[profile acme]\naws_access_key_id = {id}\naws_secret_access_key = x\n"),
    );
    let mut command = account.command(&["plan", "--profile", "acme"]);
    command.env("AWS_CONFIG_FILE", account.path("config"));
    command.env("AWS_ACCESS_KEY_ID", "999999999999");
    let _ = output(command).exits(0).says(&format!("Account {id}"));
}

#[test]
fn a_role_is_assumed_in_the_home_region_when_no_other_is_named() {
    let account = Account::with("[password_policy]");
    let id = &account.id;
    let trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws:iam::{id}:root")},
    }]});
    iam::create_role(&account, "auditor", &trust);
    let role = format!("arn:aws:iam::{id}:role/auditor");
    let run = account.run(&["plan", "--role-arn", &role]).exits(0);
    let _ = run.says("assumed-role/auditor/baseline");
}

#[test]
fn a_file_that_is_no_plan_is_not_overwritten_by_one() {
    let account = Account::with("[password_policy]");
    let before = std::fs::read_to_string(account.path("baseline.toml")).expect("the baseline");
    let _ = account.run(&["plan", "--out", "baseline.toml"]).exits(1).says("is not a plan");
    let _ = account.run(&["snapshot", "--out", "baseline.toml"]).exits(1).says("is not a snapshot");
    let after = std::fs::read_to_string(account.path("baseline.toml")).expect("the baseline");
    assert_eq!(before, after);
}

#[test]
fn a_place_that_does_not_exist_is_refused_and_does_not_count_as_fine() {
    let account = Account::with("[config]\nbucket = \"some-logs\"");
    for command in ["plan", "drift"] {
        let run = account.run(&[command, "--target", "config@us-esat-1"]).exits(1);
        let _ = run.says("matches nothing in this baseline").says("us-east-1");
    }
    let _ = account.run(&["drift", "--target", "guardduty"]).exits(1).says("has no [guardduty]");
}

#[test]
fn a_region_that_a_snapshot_does_not_hold_is_unknown() {
    let account = Account::with("[config]\nbucket = \"some-logs\"");
    let _ = account.run(&["snapshot", "--out", "seen.json"]).exits(0);
    let text = account.in_one_region("[config]\nbucket = \"some-logs\"");
    account.baseline(&text.replace("[\"us-east-1\"]", "[\"us-east-1\", \"eu-west-1\"]"));
    let run = account.run(&["plan", "--from", "seen.json"]).exits(4);
    let _ = run.says("config@eu-west-1").says("the snapshot does not hold this place");
}

#[test]
fn a_plan_is_not_valid_for_ever() {
    let account = Account::with("[password_policy]");
    let run = account.run(&["plan", "--out", "plan.json", "--valid-for", "9000years"]).exits(1);
    let _ = run.says("30 days at most");
}

#[test]
fn explain_tells_which_entry_asks_what_of_a_bucket() {
    let account = Account::with(
        "[[buckets]]\nmatch = [\"*\"]\nexcept = [\"public-*\"]\nssl_only = true\nversioning = true\n\
         [[buckets]]\nmatch = [\"payroll-*\"]\nversioning = false\npresigned_max_age = \"10m\"",
    );
    let told = account.run(&["explain", "buckets@payroll-a"]).exits(0);
    assert_eq!(
        told.stdout,
        "buckets@payroll-a: what baseline.toml sets for it\n  \
         ssl_only          = true\n                      \
         entry 1 of [[buckets]], match = [\"*\"]\n  \
         presigned_max_age = \"10m\"\n                      \
         entry 2 of [[buckets]], match = [\"payroll-*\"]\n"
    );
    let _ = account
        .run(&["explain", "buckets@public-a", "baseline.toml"])
        .exits(0)
        .says("baseline.toml sets nothing for buckets@public-a");
    let _ = account
        .run(&["explain", "config@eu-west-1"])
        .exits(1)
        .says("baseline.toml has no [config]");
    assert!(account.operations().is_empty());
}
