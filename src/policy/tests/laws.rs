//! What holds for a hundred thousand policies.

use super::generator::{Generated, Pool};
use crate::policy::document::Policy;
use crate::policy::guardrails::{
    INSECURE_TRANSPORT, OLD_TLS, deny_insecure_transport, deny_old_tls,
};
use crate::policy::json::Json;
use crate::policy::{Dialect, Statement, are_equivalent};
use serde_json::Value;

/// How many policies are tried.
const POLICIES: u64 = 100_000;
const ARN: &str = "arn:aws:s3:::acme";
const OURS: [&str; 2] = [INSECURE_TRANSPORT, OLD_TLS];

/// Tries a law on so many policies, on two threads. The seed of one that breaks it is told.
fn for_all(policies: u64, law: impl Fn(u64, Generated) + Sync) {
    let pool = Pool::new();
    let half = |start: u64| {
        let seeds = (start..policies).step_by(2);
        seeds.for_each(|seed| law(seed, pool.policy(seed)));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| half(0));
        scope.spawn(|| half(1));
    });
}

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}

fn ours() -> [Value; 2] {
    [deny_insecure_transport(ARN), deny_old_tls(ARN, "1.2")]
}

fn merge(policy: &mut Policy, ours: &[Statement]) {
    ours.iter().for_each(|own| policy.put(own.clone()));
}

fn is_ours(statement: &Statement) -> bool {
    statement.sid().is_some_and(|sid| OURS.contains(&sid))
}

/// The statements of others, to the byte.
fn theirs(policy: &Policy) -> Vec<&str> {
    let foreign = policy.statements().iter().filter(|own| !is_ours(own));
    foreign.map(Statement::text).collect()
}

fn beside(policy: &Policy) -> &[(String, Json)] {
    policy.entries()
}

#[test]
fn merging_keeps_what_is_foreign_and_twice_is_once_and_taking_ours_out_gives_the_original() {
    let ours = ours().map(|own| Statement::from(&own));
    for_all(POLICIES, |seed, generated| {
        let text = generated.written;
        let before = parse(&text);
        let mut merged = before.clone();
        merge(&mut merged, &ours);
        assert_eq!(theirs(&merged), theirs(&before), "seed {seed}");
        assert_eq!(beside(&merged), beside(&before), "seed {seed}");
        let sent = merged.text();
        merge(&mut merged, &ours);
        assert_eq!(merged.text(), sent, "seed {seed}");

        let mut stored = parse(&sent);
        assert_eq!(stored.text(), sent, "seed {seed}");
        merge(&mut stored, &ours);
        assert_eq!(stored.text(), sent, "seed {seed}");
        for sid in OURS {
            assert!(merged.remove(sid) && stored.remove(sid), "seed {seed}");
        }
        assert_eq!(theirs(&stored), theirs(&before), "seed {seed}");
        assert_eq!(beside(&stored), beside(&before), "seed {seed}");
        if !before.statements().iter().any(is_ours) {
            assert_eq!(merged.text(), text, "seed {seed}");
            // What S3 stored is a list, also where it was a single statement.
            if before.statements().len() != 1 {
                assert_eq!(stored.text(), text, "seed {seed}");
            }
        }
    });
}

#[test]
fn what_s3_normalises_is_no_difference_and_what_it_does_not_is_one() {
    let dialect = Dialect::resource("aws");
    for_all(POLICIES / 10, |seed, generated| {
        let (written, normalised) = (parse(&generated.written), parse(&generated.normalised));
        assert!(are_equivalent(&written, &normalised, dialect), "seed {seed}");
        if let Some(spoilt) = spoil(&generated.normalised, seed) {
            let same = are_equivalent(&written, &parse(&spoilt), dialect);
            assert!(!same, "seed {seed}: {spoilt}");
        }
    });
}

/// A policy with one thing in it that is otherwise.
fn spoil(text: &str, seed: u64) -> Option<String> {
    let changes = [
        ("\"Allow\"", "\"Deny\""),
        ("\"s3:GetObject\"", "\"s3:GetObjectVersion\""),
        ("arn:aws:s3:::acme", "arn:aws:s3:::Acme"),
        ("\"Principal\"", "\"NotPrincipal\""),
        ("111122223333", "111122223334"),
        ("2012-10-17", "2008-10-17"),
        ("\"1.20\"", "\"1.21\""),
        ("vpce-1", "vpce-3"),
        ("NotIpAddress", "IpAddress"),
        ("\"Sid\"", "\"Side\""),
    ];
    let at = usize::try_from(seed / 2).expect("small") % changes.len();
    let (from, to) = changes[at];
    text.contains(from).then(|| text.replacen(from, to, 1))
}

#[test]
fn what_was_merged_is_there() {
    let (ours, dialect) = (ours(), Dialect::resource("aws"));
    for_all(POLICIES / 20, |seed, generated| {
        let mut merged = parse(&generated.written);
        for own in &ours {
            merged.put(own);
            assert!(merged.says(own, dialect), "seed {seed}");
            assert!(merged.denies_all_of(own, dialect), "seed {seed}");
        }
    });
}

#[test]
fn pruning_takes_out_every_deleted_principal_that_can_go_and_touches_nothing_else() {
    for_all(POLICIES / 20, |seed, generated| {
        let before = parse(&generated.written);
        let mut pruned = before.clone();
        pruned.prune_deleted_principals();
        let spared = |own: &Statement| own.get("NotPrincipal").is_some();
        let named = |own: &Statement| own.text().contains("AROAEXAMPLEROLEID0001");
        let mut left = pruned.statements().iter();
        assert!(left.all(|own| !named(own) || spared(own)), "seed {seed}");
        let untouched = |policy: &Policy| {
            let statements = policy.statements().iter().filter(|own| !named(own));
            let texts = statements.map(|own| own.text().to_owned());
            texts.collect::<Vec<_>>()
        };
        let (untouched, after) = (untouched(&before), untouched(&pruned));
        let mut rest = after.iter();
        let mut kept = untouched.iter();
        assert!(kept.all(|own| rest.any(|other| other == own)), "seed {seed}");
        let once = pruned.text();
        pruned.prune_deleted_principals();
        assert_eq!(pruned.text(), once, "seed {seed}");
    });
}

type Shape = fn(&str) -> bool;

#[test]
fn the_shapes_that_matter_are_all_among_the_policies() {
    let pool = Pool::new();
    let policies = (0..2_000).map(|seed| pool.policy(seed).written);
    let texts: Vec<String> = policies.map(|text| text.split_whitespace().collect()).collect();
    let shapes: [(&str, Shape); 9] = [
        ("a single statement", |text| text.contains("\"Statement\":{")),
        ("no statements", |text| text.contains("\"Statement\":[]")),
        ("no version", |text| !text.contains("Version\":")),
        ("the first version", |text| text.contains("2008-10-17")),
        ("two statements of one Sid", |text| text.matches("\"Sid\":\"A\"").count() > 1),
        ("NotPrincipal", |text| text.contains("NotPrincipal")),
        ("letters of all scripts", |text| text.contains('\u{65e5}')),
        ("a number with a zero at its end", |text| text.contains("1.20")),
        ("a power of ten", |text| text.contains("1e3")),
    ];
    for (name, has) in shapes {
        assert!(texts.iter().filter(|text| has(text)).count() > 10, "{name}");
    }
}
