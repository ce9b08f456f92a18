//! Policies of the shapes that people write: merged, stored, read again, and taken apart.

use crate::policy::guardrails::{
    Spared, deny_delete_without_mfa, deny_elsewhere, deny_insecure_transport, deny_old_tls,
};
use crate::policy::{Dialect, Kind, Policy, Statement, are_equivalent, weaknesses};

const ARN: &str = "arn:aws:s3:::BUCKET";

/// The policies that the tests through the binary also use.
const SHAPES: [(&str, &str); 12] = [
    ("by-address", include_str!("../../../tests/policies/by-address.json")),
    ("cloudfront", include_str!("../../../tests/policies/cloudfront.json")),
    ("cross-account", include_str!("../../../tests/policies/cross-account.json")),
    ("encryption", include_str!("../../../tests/policies/encryption.json")),
    (
        "legacy-single-statement",
        include_str!("../../../tests/policies/legacy-single-statement.json"),
    ),
    ("log-delivery", include_str!("../../../tests/policies/log-delivery.json")),
    ("no-version", include_str!("../../../tests/policies/no-version.json")),
    ("not-principal", include_str!("../../../tests/policies/not-principal.json")),
    ("only-by-endpoint", include_str!("../../../tests/policies/only-by-endpoint.json")),
    ("theirs-already", include_str!("../../../tests/policies/theirs-already.json")),
    (
        "unicode-and-organization",
        include_str!("../../../tests/policies/unicode-and-organization.json"),
    ),
    ("website", include_str!("../../../tests/policies/website.json")),
];

fn policy(name: &str, text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

#[test]
fn every_shape_survives_being_merged_stored_and_taken_apart() {
    let dialect = Dialect::resource("aws");
    let from = crate::policy::guardrails::OnlyFrom {
        vpcs: vec!["vpc-1a2b3c4d".to_owned()],
        ..Default::default()
    };
    let ours = [
        deny_insecure_transport(ARN),
        deny_old_tls(ARN, "1.2"),
        deny_delete_without_mfa(ARN),
        deny_elsewhere(ARN, &from, &Spared::default(), "aws", "111122223333"),
    ];
    for (name, text) in SHAPES {
        let before = policy(name, text);
        let mut merged = before.clone();
        ours.iter().for_each(|own| merged.put(own));
        let mut stored = policy(name, &merged.text());
        assert!(are_equivalent(&stored, &merged, dialect), "{name}");
        assert!(ours.iter().all(|own| stored.denies_all_of(own, dialect)), "{name}");
        for own in &ours {
            let sid = own["Sid"].as_str().unwrap_or_default();
            assert!(merged.remove(sid) && stored.remove(sid), "{name}");
        }
        assert_eq!(merged.text(), text, "{name}");
        let texts = |policy: &Policy| -> Vec<String> {
            let statements = policy.statements().iter();
            statements.map(|own| own.text().to_owned()).collect()
        };
        assert_eq!(texts(&stored), texts(&before), "{name}");
        assert_eq!(stored.entries(), before.entries(), "{name}");
    }
}

#[test]
fn what_each_shape_gives_away_is_found() {
    let shared = |with: &str| format!("shared with {with}");
    let said = |kind: &Kind| match kind {
        Kind::Public => "public".to_owned(),
        Kind::Shared(with) => shared(&with.join(", ")),
        Kind::RestrictsNobody => "restricts nobody".to_owned(),
        Kind::LiteralVariable => "literal variable".to_owned(),
        Kind::Untold(_) => "whose it is, is not told".to_owned(),
        other => format!("{other:?}"),
    };
    let wanted: [(&str, &[&str]); 7] = [
        ("by-address", &["shared with 203.0.113.0/24", "restricts nobody"]),
        ("cross-account", &["shared with 444455556666, 777788889999", "shared with 444455556666"]),
        ("cloudfront", &["whose it is, is not told"]),
        ("legacy-single-statement", &["literal variable"]),
        ("unicode-and-organization", &["shared with o-exampleorgid"]),
        ("website", &["public"]),
        ("others", &[]),
    ];
    for (name, text) in SHAPES {
        let found = weaknesses(&policy(name, text), ARN, "111122223333", "aws");
        let found: Vec<String> = found.iter().map(|own| said(&own.kind)).collect();
        let (_, wanted) = wanted.iter().find(|(own, _)| *own == name).unwrap_or(&wanted[6]);
        assert_eq!(found, *wanted, "{name}");
    }
}

#[test]
fn a_deny_of_theirs_makes_ours_needless() {
    let (_, text) = SHAPES.iter().find(|(name, _)| *name == "theirs-already").expect("it is there");
    let policy = policy("theirs-already", text);
    assert!(policy.denies_insecure_transport(ARN));
    assert!(!policy.statements().iter().any(Statement::is_own));
}
