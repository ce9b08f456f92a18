//! What selectors log, and what they are to become.

use super::*;
use serde_json::json;

fn wish(kind: Kind, which: &[&str], access: Access) -> Wish {
    let which = which.iter().map(|name| (*name).to_owned()).collect();
    Wish { kind, which: Some(which).filter(|names: &BTreeSet<String>| !names.is_empty()), access }
}

fn basic(access: &str, management: bool, excluded: &[&str], resources: &[&str]) -> Basic {
    let resource = |arn: &&str| {
        let kind = Kind::ALL.into_iter().find(|kind| arn.contains(kind.word()));
        let name = kind.map_or("AWS::Other::Thing", Kind::resource_type);
        (name.to_owned(), vec![(*arn).to_owned()])
    };
    Basic {
        access: access.to_owned(),
        management,
        excluded: excluded.iter().map(|name| (*name).to_owned()).collect(),
        resources: resources.iter().map(resource).collect(),
    }
}

fn translated(basic: &[Basic]) -> Vec<Selector> {
    let all = basic.iter().map(|b| b.translate("aws").expect("known"));
    all.flatten().collect()
}

fn words(texts: &BTreeSet<String>) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:f";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:111122223333:table/t";

/// Many live selectors: basic ones translated, and advanced ones of others.
fn many() -> Vec<Vec<Selector>> {
    let mut all = vec![Vec::new(), vec![foreign()]];
    let resources: [&[&str]; 6] = [
        &[],
        &["arn:aws:s3"],
        &["arn:aws:s3:::a/", "arn:aws:s3:::b/in/"],
        &[FUNCTION],
        &["arn:aws:lambda", TABLE],
        &["arn:aws:dynamodb"],
    ];
    for access in ["All", "ReadOnly", "WriteOnly"] {
        for management in [true, false] {
            for excluded in [&[][..], &["kms.amazonaws.com"][..]] {
                for resources in resources {
                    let one = basic(access, management, excluded, resources);
                    let mut selectors = translated(&[one]);
                    all.push(selectors.clone());
                    selectors.push(foreign());
                    all.push(selectors);
                }
            }
        }
    }
    all
}

/// A selector that logs less than it seems to.
fn foreign() -> Selector {
    let value = json!({"Name": "baseline: s3 (all)", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "eventName", "NotEquals": ["GetObject"]},
    ]});
    serde_json::from_value(value).expect("a selector")
}

fn wishes() -> Vec<Vec<Wish>> {
    let mut all = vec![Vec::new()];
    for access in [Access::Read, Access::Write, Access::All] {
        let s3 = [wish(Kind::S3, &[], access), wish(Kind::S3, &["a", "c"], access)];
        let others = [
            wish(Kind::Lambda, &[], Access::All),
            wish(Kind::Lambda, &[FUNCTION], access),
            wish(Kind::DynamoDb, &[TABLE], access),
        ];
        all.extend(s3.iter().map(|one| vec![one.clone()]));
        all.push(s3.into_iter().chain(others).collect());
    }
    all
}

#[test]
fn what_is_written_keeps_all_that_is_there_logs_management_events_and_is_enough() {
    for live in many() {
        for wishes in wishes() {
            let next = wanted(&live, &wishes, "aws", "trail-logs");
            assert!(!management_events(&next).is_empty(), "{live:?} {wishes:?}");
            assert!(data_events(&next).is_superset(&data_events(&live)));
            assert!(management_events(&next).is_superset(&management_events(&live)));
            assert!(wishes.iter().all(|w| w.missing(&next, "aws", "trail-logs").is_empty()));
            assert_eq!(wanted(&next, &wishes, "aws", "trail-logs"), next);
            let same = data_events(&next) == data_events(&live)
                && management_events(&next) == management_events(&live);
            assert_eq!(same, next == live, "differences show exactly what is written");
            let names: BTreeSet<_> = next[live.len()..].iter().map(|s| &s.name).collect();
            assert_eq!(names.len(), next.len() - live.len());
        }
    }
}

#[test]
fn basic_selectors_are_translated_to_what_they_log() {
    let selectors = translated(&[
        basic("WriteOnly", true, &["kms.amazonaws.com"], &["arn:aws:s3:::a/"]),
        basic("All", false, &[], &["arn:aws:lambda", TABLE]),
        basic("ReadOnly", false, &[], &["arn:aws:s3:::b/in"]),
    ]);
    let management = management_events(&selectors);
    assert_eq!(words(&management), ["write, eventSource is not kms.amazonaws.com"]);
    let data = data_events(&selectors);
    let table = format!("dynamodb {TABLE} (read and write)");
    let wanted =
        [&table, "lambda all (read and write)", "s3 a (write)", "s3 arn:aws:s3:::b/in* (read)"];
    assert_eq!(words(&data), wanted);
}

#[test]
fn a_basic_selector_without_management_events_is_not_the_default() {
    let live = translated(&[basic("All", false, &[], &[])]);
    assert_eq!(wanted(&live, &[], "aws", "trail-logs"), [Selector::management()]);
}

#[test]
fn reads_here_and_writes_there_are_all() {
    let mut live = translated(&[
        basic("ReadOnly", true, &[], &["arn:aws:s3:::a/"]),
        basic("WriteOnly", false, &[], &["arn:aws:s3"]),
    ]);
    let all = wish(Kind::S3, &["a"], Access::All);
    assert!(all.missing(&live, "aws", "trail-logs").is_empty());
    live.pop();
    assert_eq!(all.missing(&live, "aws", "trail-logs").len(), 1);
}

#[test]
fn our_own_list_grows_in_place() {
    let first = wanted(&[], &[wish(Kind::S3, &["a", "b"], Access::Write)], "aws", "trail-logs");
    let second = wanted(&first, &[wish(Kind::S3, &["b", "c"], Access::Write)], "aws", "trail-logs");
    assert_eq!(first.len(), second.len());
    assert_eq!(
        second[1].field_selectors[3].starts_with,
        ["arn:aws:s3:::a/", "arn:aws:s3:::b/", "arn:aws:s3:::c/"]
    );
}

#[test]
fn a_selector_of_our_name_that_logs_less_is_left_and_another_added() {
    let wishes = [wish(Kind::S3, &[], Access::All)];
    let next = wanted(&[foreign()], &wishes, "aws", "trail-logs");
    let names: Vec<_> = next.iter().filter_map(|s| s.name.as_deref()).collect();
    assert_eq!(names, ["Management events selector", "baseline: s3 (all)", "baseline: s3 (all) 2"]);
    let words = data_events(&next);
    assert!(words.contains("s3 all (read and write), eventName is not GetObject"));
}

#[test]
fn all_objects_are_all_but_those_of_the_trails_own_bucket() {
    let all = [wish(Kind::S3, &[], Access::All)];
    let new = wanted(&[Selector::management()], &all, "aws", "trail-logs");
    assert_eq!(
        new[1].only(ARN).map(|field| &field.not_starts_with[..]),
        Some(&["arn:aws:s3:::trail-logs/".to_owned()][..])
    );
    assert_eq!(words(&data_events(&new)), ["s3 all but trail-logs (read and write)"]);
    assert!(!logs_own_deliveries(&new, "aws", "trail-logs"));
    // An exception that others made for it is enough; one for another bucket is not.
    assert_eq!(wanted(&new, &all, "aws", "trail-logs"), new);
    assert_eq!(wanted(&new, &all, "aws", "other").len(), 3);
    let reads = [wish(Kind::S3, &[], Access::Read)];
    assert_eq!(wanted(&new, &reads, "aws", "trail-logs").len(), 3);
    let everything = translated(&[basic("All", true, &[], &["arn:aws:s3"])]);
    assert_eq!(wanted(&everything, &all, "aws", "trail-logs"), everything);
    assert!(logs_own_deliveries(&everything, "aws", "trail-logs"));
}

#[test]
fn sources_that_are_left_out_are_those_that_no_selector_logs() {
    let without = |source: &str| translated(&[basic("All", true, &[source], &[])]);
    let left =
        |selectors: &[Selector]| left_out(selectors).map(|sources| words(&sources).join(" "));
    let kms = without("kms.amazonaws.com");
    assert_eq!(left(&kms).as_deref(), Some("kms.amazonaws.com"));
    let both = [kms.clone(), without("rdsdata.amazonaws.com")].concat();
    assert_eq!(left(&both).as_deref(), Some(""));
    let writes = [kms, vec![Selector::management()]].concat();
    assert!(logs_all_management(&writes));
    assert_eq!(left(&translated(&[basic("ReadOnly", true, &[], &[])])), None);
}
