//! Who changed what has drifted: asks the event history of CloudTrail, which every account has for
//! ninety days, with or without a trail.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, is_read};
use crate::baseline::Baseline;
use crate::plan::{Entry, Moved, Plan};
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// The events of the last ninety days. Two requests a second are allowed. Source: CloudTrail API
/// reference, LookupEvents.
pub const LOOKUP_EVENTS: Operation = Operation::new(
    "cloudtrail",
    "LookupEvents",
    &[Grant::any("cloudtrail:LookupEvents")],
);

/// A write that AWS accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// When, as AWS writes it.
    pub at: String,
    /// The operation.
    pub operation: String,
    /// The ARN of who did it, or what is known of him.
    pub who: String,
    /// The address it came from, or the service that did it for somebody.
    pub from: String,
    /// The program.
    pub with: String,
}

/// What is known of the writes to a place.
pub type Answer = Result<Vec<Event>, AwsError>;

/// The last writes to each place that has drifted, newest first, since a time.
pub async fn changed(
    plan: &Plan,
    baseline: &Baseline,
    reader: &Reader,
    since: OffsetDateTime,
) -> BTreeMap<String, Answer> {
    let mut answers = BTreeMap::new();
    let mut asked: BTreeMap<(String, String), Result<Vec<Value>, AwsError>> = BTreeMap::new();
    for entry in plan.entries.iter().filter(|entry| has_drifted(entry)) {
        let Some(control) = baseline.control(&entry.control) else {
            continue;
        };
        let operations = control.about().operations.iter().chain(control.restores());
        let names: BTreeSet<String> = operations
            .filter(|operation| !is_read(operation.name))
            .flat_map(event_names)
            .collect();
        let region = region(entry, reader);
        let mut events = Ok(Vec::new());
        for name in names {
            let key = (region.clone(), name);
            if !asked.contains_key(&key) {
                let answer = lookup(&key.1, &region, reader, since).await;
                asked.insert(key.clone(), answer);
            }
            match (&mut events, &asked[&key]) {
                (Ok(all), Ok(more)) => {
                    all.extend(more.iter().filter(|event| is_about(event, entry)).map(read));
                }
                (Ok(_), Err(error)) => events = Err(error.clone()),
                (Err(_), _) => {}
            }
        }
        if let Ok(events) = &mut events {
            events.sort_by(|a, b| b.cmp(a));
            events.truncate(5);
        }
        answers.insert(entry.address().to_string(), events);
    }
    answers
}

fn has_drifted(entry: &Entry) -> bool {
    entry.moved.values().any(|moved| *moved != Moved::Pending)
}

/// Where an event is kept: in the region the request was sent to.
fn region(entry: &Entry, reader: &Reader) -> String {
    let call = entry.calls.first().map(|call| call.region.clone());
    let region = call.or_else(|| entry.place.region.clone());
    region.unwrap_or_else(|| reader.home_region.clone())
}

/// The names under which CloudTrail keeps an operation and its opposite. S3 names its events after
/// the permission. Source: S3 User Guide, "CloudTrail events".
fn event_names(operation: &'static Operation) -> Vec<String> {
    let action = operation.action();
    let action = action.split_once(':').map_or(action, |(_, name)| name);
    let mut names = BTreeSet::from([operation.name.to_owned(), action.to_owned()]);
    for name in names.clone() {
        let short = name.strip_suffix("Configuration");
        names.extend(short.map(str::to_owned));
    }
    for name in names.clone() {
        let turned = [
            ("Put", "Delete"),
            ("Create", "Delete"),
            ("Update", "Delete"),
            ("Start", "Stop"),
            ("Stop", "Start"),
        ];
        let opposite = turned
            .iter()
            .filter_map(|(verb, other)| Some(format!("{other}{}", name.strip_prefix(verb)?)));
        names.extend(opposite);
    }
    names.into_iter().collect()
}

async fn lookup(
    name: &str,
    region: &str,
    reader: &Reader,
    since: OffsetDateTime,
) -> Result<Vec<Value>, AwsError> {
    let by_name = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::EventName)
        .attribute_value(name)
        .build()
        .map_err(|cause| AwsError::unexpected(&LOOKUP_EVENTS, region, &cause.to_string()))?;
    let request = reader
        .clients
        .cloudtrail(region)
        .lookup_events()
        .lookup_attributes(by_name)
        .start_time(DateTime::from_secs(since.unix_timestamp()))
        .max_results(50)
        .send();
    let answer = LOOKUP_EVENTS
        .answer(&reader.clients, region, request)
        .await?;
    let texts = answer.events().iter().filter_map(|e| e.cloud_trail_event());
    let events = texts.filter_map(|text| serde_json::from_str::<Value>(text).ok());
    Ok(events.collect())
}

/// Whether an event succeeded and names the thing of a place; a place without one is the only one.
fn is_about(event: &Value, entry: &Entry) -> bool {
    let names = |thing: &String| {
        let text = event["requestParameters"].to_string();
        text.contains(&format!("\"{thing}\"")) || text.contains(&format!("/{thing}\""))
    };
    event["errorCode"].is_null() && entry.place.thing.as_ref().is_none_or(names)
}

fn read(event: &Value) -> Event {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let identity = &event["userIdentity"];
    let who = [&identity["arn"], &identity["invokedBy"], &identity["type"]];
    let who = who.into_iter().find(|value| value.is_string());
    Event {
        at: text(&event["eventTime"]),
        operation: text(&event["eventName"]),
        who: who.map_or_else(|| "unknown".to_owned(), text),
        from: text(&event["sourceIPAddress"]),
        with: text(&event["userAgent"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Write;
    use crate::place::Place;
    use serde_json::json;

    #[test]
    fn events_of_s3_are_looked_up_by_the_name_of_the_permission_too() {
        let names = event_names(&crate::s3::PutPublicAccessBlock::OPERATION);
        assert!(
            names.contains(&"PutBucketPublicAccessBlock".to_owned()),
            "{names:?}"
        );
        assert!(
            names.contains(&"DeleteBucketPublicAccessBlock".to_owned()),
            "{names:?}"
        );
    }

    #[test]
    fn only_what_succeeded_and_names_the_thing_is_told() {
        let entry = Entry::of("buckets", Place::thing("acme"));
        let event = |bucket: &str| json!({"requestParameters": {"bucketName": bucket}});
        assert!(is_about(&event("acme"), &entry));
        assert!(!is_about(&event("acme-2"), &entry));
        let mut failed = event("acme");
        failed["errorCode"] = json!("AccessDenied");
        assert!(!is_about(&failed, &entry));
    }
}
