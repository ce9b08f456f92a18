//! What is proposed for buckets, from each state they may be in.

use super::*;
use crate::aws::facts::Bucket;
use crate::control::tests::context;
use settings::tests::entries;

fn chosen(text: &str, names: &[&str]) -> Vec<String> {
    let bucket = |name: &&str| Bucket {
        name: (*name).to_owned(),
        region: "r".to_owned(),
    };
    let facts = Facts {
        buckets: Some(Ok(names.iter().map(bucket).collect())),
        regions: None,
    };
    let places = Buckets::places(&entries(text), &facts, &context()).expect("buckets are known");
    places.into_iter().filter_map(|place| place.thing).collect()
}

fn propose(policy: Option<&str>) -> Proposal {
    let live = Live {
        policy: Some(policy.map(str::to_owned)),
        gone: false,
    };
    let place = Place::thing_in("acme", "eu-west-1");
    let entries = entries("[{ match = [\"*\"], ssl_only = true }]");
    Buckets::propose(&entries, &place, live, &context())
}

#[test]
fn buckets_are_chosen_by_patterns_and_exceptions() {
    let text = "[{ match = [\"*\"], except = [\"public-*\"], ssl_only = true }]";
    assert_eq!(chosen(text, &["a", "public-x", "b.c"]), ["a", "b.c"]);
}

#[test]
fn the_last_entry_that_says_something_counts() {
    let text = "[{ match = [\"*\"], ssl_only = true }, { match = [\"old-*\"], ssl_only = false }]";
    assert_eq!(chosen(text, &["a", "old-b"]), ["a"]);
}

#[test]
fn the_deny_comes_after_the_statements_of_others() {
    let proposal = propose(Some(
        r#"{"Version":"2008-10-17","Statement":{"Sid":"Theirs"}}"#,
    ));
    let policy = &proposal.writes[0].call().input["Policy"];
    assert_eq!(policy["Version"], "2008-10-17");
    assert_eq!(policy["Statement"][0]["Sid"], "Theirs");
    assert_eq!(
        policy["Statement"][1]["Sid"],
        "BaselineDenyInsecureTransport"
    );
}

#[test]
fn a_policy_that_s3_would_refuse_is_a_finding_and_nothing_is_sent() {
    let deleted = r#"{"Statement":[{"Principal":{"AWS":"AROAEXAMPLEROLEID0001"}}]}"#;
    let long = format!(r#"{{"Statement":[{{"Sid":"{}"}}]}}"#, "x".repeat(20_400));
    for policy in [deleted, long.as_str()] {
        let proposal = propose(Some(policy));
        assert!(proposal.writes.is_empty());
        assert_eq!(proposal.findings.len(), 1);
    }
}

#[test]
fn a_policy_that_cannot_be_read_is_unknown() {
    let standing = propose(Some("nonsense")).standing;
    assert!(matches!(standing, crate::control::Standing::Unknown(_)));
}
