//! That folding loses nothing.

use super::*;
use crate::aws::{AwsError, Kind};
use crate::diff::Difference;
use crate::plan::{Call, Finding, Verdict};
use crate::risk::Remark;
use serde_json::json;
use std::collections::BTreeSet;

fn bucket(name: &str, region: &str) -> Entry {
    let mut entry = Entry::of("buckets", Place::thing_in(name, region));
    entry.verdict = Verdict::Change;
    let arn = format!("arn:aws:s3:::{name}/*");
    entry.differences = vec![
        Difference::new("ssl_only", json!(false), json!(true)),
        Difference::new("access_log.bucket", Value::Null, json!(format!("logs-{region}"))),
    ];
    entry.calls = vec![Call {
        service: "s3".to_owned(),
        operation: "PutBucketPolicy".to_owned(),
        region: region.to_owned(),
        input: json!({"Bucket": name, "Policy": format!("{{\"Resource\":\"{arn}\"}}")}),
        shown: Some(Box::new(json!({
            "Bucket": name,
            "Policy": {"Statement": {"added": [{"Resource": arn}]}, "bytes": 30 + name.len()},
        }))),
    }];
    entry.remarks = vec![Remark::breaks(format!("{name}: its policy is public"))];
    entry
}

/// The entry of one of the places, made again from what was folded.
fn unfolded(folded: &Folded, place: &Place) -> Entry {
    let mut entry = folded.entry.clone();
    entry.place = place.clone();
    map_texts(&mut entry, &|text| {
        let named = text.replace(NAME, place.thing.as_deref().unwrap_or(NAME));
        named.replace(REGION, place.region.as_deref().unwrap_or(REGION))
    });
    entry
}

/// Without what folding drops knowingly: ids of requests, and the sizes that follow from names.
fn essence(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    set_sizes(&mut entry, &[]);
    if let Some(error) = &mut entry.unseen {
        error.request_id = None;
        error.message = without_ids(&error.message);
    }
    entry
}

#[test]
fn what_differs_in_its_own_name_and_region_only_is_one() {
    let entries = [bucket("a", "eu-west-1"), bucket("b-long", "us-east-1")];
    let folded = fold(entries.iter());
    let [one] = folded.as_slice() else {
        panic!("{folded:?}");
    };
    assert_eq!(one.places, entries.map(|own| own.place));
    assert_eq!(one.entry.differences[1].after, json!("logs-REGION"));
    assert_eq!(one.entry.remarks[0].text, "NAME: its policy is public");
    let shown = one.entry.calls[0].shown.as_ref().expect("shown");
    assert_eq!(shown["Policy"]["bytes"], json!(36), "the largest");
}

#[test]
fn in_one_region_the_region_keeps_its_name() {
    let entries = [bucket("a", "eu-west-1"), bucket("b", "eu-west-1")];
    let folded = fold(entries.iter());
    assert_eq!(folded.len(), 1);
    assert_eq!(folded[0].entry.calls[0].region, "eu-west-1");
}

#[test]
fn whatever_else_differs_keeps_places_apart() {
    let like = || bucket("b", "eu-west-1");
    let with = |change: fn(&mut Entry)| {
        let mut entry = like();
        change(&mut entry);
        entry
    };
    let others = [
        with(|own| own.differences[0].loosens = true),
        with(|own| own.calls[0].input["Policy"] = json!("{\"Resource\":\"other\"}")),
        with(|own| own.calls[0].shown.as_mut().expect("shown")["kept"] = json!(["TLS"])),
        with(|own| own.notes.push("its owner is elsewhere".to_owned())),
        with(|own| own.remarks.clear()),
        with(|own| own.verdict = Verdict::Finding),
        with(|own| {
            own.findings.push(Finding {
                field: "ssl_only".to_owned(),
                what: "x".to_owned(),
                remedy: "y".to_owned(),
            });
        }),
        // A name in another's place is not its own.
        with(|own| own.calls[0].input["Bucket"] = json!("a")),
    ];
    for other in others {
        let entries = [bucket("a", "eu-west-1"), other];
        assert_eq!(fold(entries.iter()).len(), 2, "{:?}", entries[1]);
    }
}

#[test]
fn a_name_inside_a_longer_one_is_not_its_own() {
    let replaced = |text: &str| replace(text, "data", NAME, is_in_name);
    assert_eq!(replaced("data, data. (data) s3:::data/*"), "NAME, NAME. (NAME) s3:::NAME/*");
    let longer = "data-2 my-data data.example.com x.data databases _data";
    assert_eq!(replaced(longer), longer);
}

#[test]
fn what_cannot_be_told_from_a_placeholder_stays_apart() {
    let mut entries = [bucket("a", "eu-west-1"), bucket("b", "eu-west-1")];
    for entry in &mut entries {
        entry.notes.push("tagged NAME".to_owned());
    }
    assert_eq!(fold(entries.iter()).len(), 2);
}

#[test]
fn a_denial_is_one_whatever_the_ids_of_its_requests() {
    let denied = |region: &str, id: &str| {
        let mut entry = Entry::of("config", Place::region(region));
        entry.verdict = Verdict::Unknown;
        entry.unseen = Some(AwsError {
            service: "config".to_owned(),
            operation: "Describe".to_owned(),
            action: "config:Describe".to_owned(),
            resource: Some(format!("arn:aws:config:{region}:111122223333:x")),
            region: region.to_owned(),
            kind: Kind::Denied,
            code: Some("AccessDenied".to_owned()),
            message: format!("not authorized in {region} ({id})"),
            request_id: Some(id.to_owned()),
            waited_for: None,
        });
        entry
    };
    let ids = ["0a1b2c3d-0000-4444-8888-0123456789ab", "1a1b2c3d-1111-4444-8888-0123456789ab"];
    let entries = [denied("eu-west-1", ids[0]), denied("us-east-1", ids[1])];
    assert_eq!(fold(entries.iter()).len(), 1);
}

/// Few names, values and texts, so that many entries are alike in part.
fn any_entry(random: &mut fastrand::Rng, name: &str, region: &str) -> Entry {
    let texts = [
        format!("{name} is public"),
        format!("{region}: nobody reads {name}."),
        "data is data".to_owned(),
        "in eu-west-1 only".to_owned(),
        format!("{name}-2"),
    ];
    let text = |random: &mut fastrand::Rng| texts[random.usize(..texts.len())].clone();
    let mut entry = bucket(name, region);
    match random.u8(..4) {
        0 => entry.place.region = None,
        1 => entry.verdict = Verdict::Finding,
        _ => {}
    }
    match random.u8(..5) {
        0 => entry.notes.push(text(random)),
        1 => entry.differences[0].after = json!([text(random), 1]),
        2 => entry.calls[0].input["Key"] = json!(text(random)),
        _ => {}
    }
    entry
}

#[test]
fn every_entry_comes_back_from_what_was_folded_and_each_once() {
    let regions = ["eu-west-1", "eu-west-2", "us-east-1"];
    for seed in 0..300 {
        let random = &mut fastrand::Rng::with_seed(seed);
        let names = ["data", "data-2", "my-data", "eu-west-1", "false", "a", "Bucket", "s3"];
        let entries: Vec<Entry> = names
            .iter()
            .map(|name| {
                let region = regions[random.usize(..regions.len())];
                any_entry(random, name, region)
            })
            .collect();
        let folded = fold(entries.iter());
        let places: Vec<&Place> = folded.iter().flat_map(|own| &own.places).collect();
        assert_eq!(places.len(), entries.len());
        assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), entries.len());
        for one in &folded {
            for place in &one.places {
                let entry = entries.iter().find(|own| own.place == *place);
                let entry = entry.expect("the place of an entry");
                assert_eq!(essence(&unfolded(one, place)), essence(entry), "seed {seed}");
            }
        }
    }
}
