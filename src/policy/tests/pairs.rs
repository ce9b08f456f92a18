//! Pairs of policies that say the same, and pairs that do not, in `pairs.txt`.

use crate::policy::json::entries;
use crate::policy::{Dialect, Policy, are_equivalent};

const PAIRS: &str = include_str!("pairs.txt");

/// What a side of a pair says nothing about.
const BASE: [(&str, &str); 5] = [
    ("Sid", r#""Read""#),
    ("Effect", r#""Allow""#),
    ("Principal", r#""*""#),
    ("Action", r#""s3:GetObject""#),
    ("Resource", r#""arn:aws:s3:::acme/*""#),
];

/// A side as a whole policy: as it is if it has statements, else one statement with these keys
/// instead of the usual ones; `null` leaves a key out.
fn policy(side: &str) -> Policy {
    let own = entries(side).unwrap_or_else(|cause| panic!("{cause}: {side}"));
    let text = match own.iter().any(|(key, _)| key == "Statement") {
        true => side.to_owned(),
        false => {
            let usual = BASE.iter().filter(|(key, _)| !own.iter().any(|(other, _)| other == key));
            let mut written: Vec<String> =
                usual.map(|(key, value)| format!("\"{key}\":{value}")).collect();
            let own = own.iter().filter(|(_, value)| *value != "null");
            written.extend(own.map(|(key, value)| format!("\"{key}\":{value}")));
            let statement = written.join(",");
            format!("{{\"Version\":\"2012-10-17\",\"Statement\":{{{statement}}}}}")
        }
    };
    Policy::parse(&text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}

fn pairs() -> Vec<(bool, Vec<&'static str>)> {
    let lines = PAIRS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &'static str| {
        let parts: Vec<&str> = line.split(" | ").collect();
        assert_eq!(parts.len(), 4, "{line}");
        (parts[0] == "same", parts)
    };
    lines.map(pair).collect()
}

#[test]
fn policies_are_equivalent_only_when_they_say_the_same() {
    let mut wrong = Vec::new();
    for (same, parts) in pairs() {
        let (left, right) = (policy(parts[2]), policy(parts[3]));
        let dialect = Dialect::resource("aws");
        let forth = are_equivalent(&left, &right, dialect);
        let back = are_equivalent(&right, &left, dialect);
        if forth != same || back != same {
            wrong.push(parts[1]);
        }
    }
    assert!(wrong.is_empty(), "judged wrongly: {wrong:#?}");
}

#[test]
fn there_are_two_hundred_pairs_and_half_of_them_differ() {
    let differing = pairs().iter().filter(|(same, _)| !same).count();
    assert!(differing >= 100, "{differing}");
    assert!(pairs().len() >= 200, "{}", pairs().len());
}

#[test]
fn every_policy_is_equivalent_to_itself() {
    for (_, parts) in pairs() {
        for side in &parts[2..] {
            let one = policy(side);
            assert!(are_equivalent(&one, &one, Dialect::resource("aws")), "{side}");
        }
    }
}

#[test]
fn in_trust_policies_anyone_is_not_any_account() {
    let (anyone, any_account) = (policy(r#"{}"#), policy(r#"{"Principal":{"AWS":"*"}}"#));
    assert!(are_equivalent(&anyone, &any_account, Dialect::resource("aws")));
    assert!(!are_equivalent(&anyone, &any_account, Dialect::trust("aws")));
}

#[test]
fn an_account_is_the_root_of_the_partition_at_hand() {
    let id = policy(r#"{"Principal":{"AWS":"111122223333"}}"#);
    let root = policy(r#"{"Principal":{"AWS":"arn:aws-cn:iam::111122223333:root"}}"#);
    assert!(are_equivalent(&id, &root, Dialect::resource("aws-cn")));
    assert!(!are_equivalent(&id, &root, Dialect::resource("aws")));
}
