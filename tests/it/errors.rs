//! Every kind of failure as a person reads it: tests/golden/errors.txt. `BLESS=1` writes what is
//! said now; reading it is part of a review.

use crate::account::{Account, Run};
use crate::emulator::{emulator, root};
use crate::listener::{Tls, always, http, nobody};
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::Command;

const POLICY: &str = "[password_policy]\nminimum_length = 14";

/// What AWS answers to the read of the password policy, by what it is about.
fn answers() -> Vec<(&'static str, Value)> {
    let error = |status: u16, code: &str, message: &str| json!({"action": "error", "status": status, "code": code, "message": message});
    let denied = |reason: &str| json!({"action": "denied", "reason": reason});
    let policy = "iam:GetAccountPasswordPolicy action";
    vec![
        ("denied: no identity-based policy allows it", json!({"action": "denied"})),
        (
            "denied: by an identity-based policy",
            denied("with an explicit deny in an identity-based policy"),
        ),
        (
            "denied: by a permissions boundary",
            denied(&format!("because no permissions boundary allows the {policy}")),
        ),
        (
            "denied: by a service control policy that is named",
            denied(
                "with an explicit deny in a service control policy: \
                 arn:aws:organizations::444455556666:policy/o-example/service_control_policy/p-1",
            ),
        ),
        (
            "denied: by a resource control policy",
            denied(&format!("because no resource control policy allows the {policy}")),
        ),
        (
            "denied: by the policy of a VPC endpoint",
            denied(&format!("because no VPC endpoint policy allows the {policy}")),
        ),
        (
            "denied: by a session policy",
            denied(&format!("because no session policy allows the {policy}")),
        ),
        (
            "denied: by the policy of the resource",
            json!({"action": "denied", "resource": "arn:aws:s3:::acme-logs",
                   "reason": "with an explicit deny in a resource-based policy"}),
        ),
        ("denied: without a reason", error(403, "AccessDenied", "Access Denied")),
        (
            "denied: in an encoded message",
            error(
                403,
                "UnauthorizedOperation",
                "You are not authorized to perform this operation. Encoded authorization failure \
                 message: 4TOBuFmZ",
            ),
        ),
        (
            "expired credentials",
            error(403, "ExpiredToken", "The security token included in the request is expired"),
        ),
        (
            "credentials that are not known",
            error(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ),
        ),
        (
            "a clock that is wrong",
            error(
                403,
                "SignatureDoesNotMatch",
                "Signature expired: 20261121T110000Z is now earlier than 20261121T115500Z \
                 (20261121T120000Z - 5 min.)",
            ),
        ),
        ("throttled", json!({"action": "throttle"})),
        ("a quota", error(409, "LimitExceeded", "Cannot exceed 5")),
        ("a service that fails", error(500, "ServiceFailure", "The request failed")),
        (
            "an account that is not ready",
            error(403, "OptInRequired", "The AWS Access Key Id needs a subscription"),
        ),
        ("a code that nobody knows", error(400, "Surprise", "this is new")),
        ("an answer that breaks off", json!({"action": "truncate"})),
        ("a connection that breaks off", json!({"action": "drop"})),
    ]
}

#[test]
fn every_failure_is_told_as_the_golden_file_says() {
    let mut text = String::new();
    for (title, mut rule) in answers() {
        let account = Account::with(POLICY);
        rule["operation"] = json!("GetAccountPasswordPolicy");
        rule["count"] = Value::Null;
        account.faults(json!([rule]));
        let mut drift = account.command(&["drift"]);
        drift.env("AWS_MAX_ATTEMPTS", "1");
        note(&mut text, title, &account, drift);
    }
    on_the_way(&mut text);
    before_any_call(&mut text);
    in_an_apply(&mut text);
    let path = root().join("tests/golden/errors.txt");
    if std::env::var("BLESS").is_ok_and(|said| said == "1") {
        std::fs::write(&path, &text).expect("written");
    }
    let wanted = std::fs::read_to_string(&path).expect("the golden file");
    let known: Vec<&str> = wanted.split("\n\n== ").collect();
    let other = |section: &&str| !known.contains(section);
    let new: Vec<&str> = text.split("\n\n== ").filter(other).collect();
    assert!(text == wanted, "BLESS=1 accepts:\n{}", new.join("\n\n"));
}

fn on_the_way(text: &mut String) {
    let account = Account::with(POLICY);
    let plan = |endpoint: &str| {
        let mut command = account.command(&["plan"]);
        command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_MAX_ATTEMPTS", "1");
        command
    };
    let through = |proxy: String| {
        let mut command = plan("https://aws.invalid");
        command.env("HTTPS_PROXY", format!("http://{proxy}"));
        command
    };
    let name = plan("http://aws.invalid");
    note(text, "a name that cannot be looked up", &account, name);
    let refused = plan(&format!("http://{}", nobody()));
    note(text, "nobody listens", &account, refused);
    let gone = through(nobody());
    note(text, "a proxy that is not there", &account, gone);
    let asking = through(always(http("407 Proxy Authentication Required", "", "")));
    note(text, "a proxy that wants a password", &account, asking);
    let forbidding = through(always(http("403 Forbidden", "", "")));
    note(text, "a proxy that refuses", &account, forbidding);
    let unknown = Tls::start(account.folder.path(), &[]);
    let untrusted = plan(&unknown.endpoint);
    note(text, "a certificate that is not trusted", &account, untrusted);
    let old = Tls::start(account.folder.path(), &["--expired"]);
    let mut expired = plan(&old.endpoint);
    expired.env("AWS_CA_BUNDLE", &old.authority);
    note(text, "a certificate that has expired", &account, expired);
    let html = always(http("200 OK", "", "<html>welcome to the hotel</html>"));
    let hotel = plan(&format!("http://{html}"));
    note(text, "an answer that is not AWS's", &account, hotel);
}

fn before_any_call(text: &mut String) {
    let empty = Account::new();
    note(text, "no baseline", &empty, empty.command(&["plan"]));
    let account = Account::with(POLICY);
    let mut nobody = account.command(&["plan"]);
    nobody.env_remove("AWS_ACCESS_KEY_ID");
    note(text, "no credentials", &account, nobody);
    let stranger = account.command(&["plan", "--profile", "acme"]);
    note(text, "no such profile", &account, stranger);
    let unasked = account.command(&["apply"]);
    note(text, "cannot ask for confirmation", &account, unasked);
    let wrong = Account::new();
    let other = wrong.in_one_region(POLICY);
    wrong.baseline(&other.replace(&wrong.id, "444455556666"));
    note(text, "another account", &wrong, wrong.command(&["plan"]));
    let missing = account.command(&["apply", "plan.json"]);
    note(text, "no such plan", &account, missing);
    let place = account.command(&["plan", "--target", "cloudtrial"]);
    note(text, "no such control", &account, place);
    let late = account.command(&["plan", "--timeout", "soon"]);
    note(text, "no such time", &account, late);
}

fn in_an_apply(text: &mut String) {
    let apply = |controls: &str, title: &str, rules: Value, text: &mut String| {
        let account = Account::with(controls);
        account.faults(rules);
        let mut apply = account.command(&["apply", "--auto-approve"]);
        apply.env("AWS_MAX_ATTEMPTS", "1");
        note(text, title, &account, apply);
    };
    let denied = json!([{"operation": "UpdateAccountPasswordPolicy", "action": "denied"}]);
    apply(POLICY, "a change that is denied", denied, text);
    let expired = json!([{"operation": "PutBucketVersioning", "action": "error", "status": 400,
        "code": "ExpiredToken", "message": "The provided token has expired.", "count": null}]);
    let controls = "[log_bucket]\n[cloudtrail]";
    apply(controls, "credentials that expire on the way", expired, text);
}

/// Runs a command and notes what it says to a person, without what is another each time.
fn note(text: &mut String, title: &str, account: &Account, mut command: Command) {
    let run = Run::from(command.output().expect("the binary runs"));
    let said: Vec<String> = run
        .stdout
        .lines()
        .skip_while(|line| line.starts_with("Account "))
        .chain(run.stderr.lines())
        .filter(|line| !line.starts_with("read at "))
        .map(|line| steady(line, account))
        .collect();
    let said = said.join("\n");
    // Of an apply only its end is about failures.
    let said = match said.split_once("Plan: ") {
        Some((_, end)) => end.split_once('\n').map_or("", |(_, rest)| rest),
        None => &said,
    };
    let folder = account.folder.path().display().to_string();
    let said = said.trim().replace(&folder, "FOLDER");
    writeln!(text, "== {title} ({})\n{said}\n", run.code).expect("written");
}

fn steady(line: &str, account: &Account) -> String {
    let mut line = line.replace(&account.id, "111122223333");
    line = line.replace(&emulator().endpoint(), "ENDPOINT");
    // Ids of requests and runs, times, what the operating system says in its own words, the list of
    // controls.
    for (start, end) in [
        ("(request ", ")"),
        ("looked up: ", "\n"),
        ("(os error ", ")"),
        ("hint: controls: ", "\n"),
        ("Run 20", " took"),
        (" took ", " s."),
        ("calls in ", " s"),
        ("baseline undo 20", "\n"),
    ] {
        if let Some((head, rest)) = line.clone().split_once(start) {
            let tail = rest.split_once(end).map(|(_, tail)| format!("{end}{tail}"));
            line = format!("{head}{start}…{}", tail.unwrap_or_default());
        }
    }
    line
}

#[test]
fn where_account_management_has_no_host_ec2_lists_the_regions() {
    let account = Account::new();
    let text = account.in_one_region("[access_analyzer]");
    let everywhere = text.replace("regions = [\"us-east-1\"]", "regions = \"enabled\"");
    assert_ne!(everywhere, text);
    account.baseline(&everywhere);
    let plan = || {
        let mut command = account.command(&["plan"]);
        command
            .env("AWS_ENDPOINT_URL_ACCOUNT", "http://account.invalid")
            .env("AWS_MAX_ATTEMPTS", "1");
        account.came_to(command.output().expect("the binary runs"))
    };
    let _ = plan().exits(0).says("access_analyzer in 17 regions");
    let asked = account.operations();
    assert!(asked.contains(&"ec2:DescribeRegions".to_owned()), "{asked:?}");
    account.assert_valid_requests();
    // Where neither answers, the first failure counts, and what to write is said.
    account.faults(serde_json::json!([
        {"service": "ec2", "code": "UnauthorizedOperation", "status": 403}
    ]));
    let _ = plan().exits(4).says("write them in [account]");
}
