//! Who changed what has drifted: asks the event history of CloudTrail, which every account has for
//! ninety days, with or without a trail.

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Grant, Operation, is_read};
use crate::baseline::Baseline;
use crate::clock::to_the_second;
use crate::model::{Answer, Event};
use crate::place::Address;
use crate::plan::{Entry, Moved, Plan};
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// The events of the last ninety days, newest first, fifty on a page. Two requests a second are
/// allowed in an account and region. Source: CloudTrail API reference, LookupEvents.
pub const LOOKUP_EVENTS: Operation =
    Operation::new("cloudtrail", "LookupEvents", &[Grant::any("cloudtrail:LookupEvents")]);

/// The most pages read of one question: a thousand events, and ten seconds.
const PAGES: usize = 20;

/// The most writes reported of a place.
const REPORTED: usize = 5;

/// What CloudTrail is asked for: it takes one attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// The name of the event.
    Event(String),
    /// The name of the thing.
    Thing(String),
}

/// A question and the region it is for.
type Question = (String, By);

/// The events that answer a question, as far as they were read.
#[derive(Debug, Default)]
struct Found {
    events: Vec<Value>,
    unread_before: Option<String>,
    unseen: Option<AwsError>,
}

/// A place that has drifted, and what may have been done to it.
struct Drifted<'p> {
    entry: &'p Entry,
    /// Its name, where every event about it names it.
    named: Option<&'p str>,
    region: String,
    names: BTreeSet<String>,
}

/// The last writes to each place that has drifted, since a time; `own` are the ids of the requests
/// that this program sent itself.
pub async fn changed(
    plan: &Plan,
    baseline: &Baseline,
    reader: &Reader,
    since: OffsetDateTime,
    own: &BTreeSet<String>,
) -> BTreeMap<Address, Answer> {
    let drifted = plan.entries.iter().filter(|entry| has_drifted(entry));
    let drifted: Vec<Drifted<'_>> = drifted
        .filter_map(|entry| {
            let control = baseline.control(&entry.control)?;
            let operations = control.about().operations.iter().chain(control.restores());
            let names = operations
                .filter(|operation| !is_read(operation.name))
                .flat_map(Operation::event_names)
                .collect();
            let region = region(entry, reader);
            let thing = entry.place.thing.as_deref();
            let named = thing.filter(|_| control.about().places.are_named_in_events());
            Some(Drifted { entry, named, region, names })
        })
        .collect();
    let wanted: BTreeSet<Question> =
        drifted.iter().flat_map(|place| questions(place, &drifted)).collect();
    // Side by side, as fast as each region takes them.
    let asked = wanted.into_iter().map(async |question| {
        let found = lookup(&question, reader, since).await;
        (question, found)
    });
    let found: BTreeMap<Question, Found> = join_all(asked).await.into_iter().collect();
    let answer = |place: &Drifted<'_>| {
        let found = questions(place, &drifted).filter_map(|question| found.get(&question));
        (place.entry.address(), answer(place, found, since, own))
    };
    drifted.iter().map(answer).collect()
}

/// What is asked for the sake of a place: by its thing if all events name it, unless more such things
/// of the region have drifted than there are names of events, each of which serves all of them.
fn questions(place: &Drifted<'_>, all: &[Drifted<'_>]) -> impl Iterator<Item = Question> {
    let beside = all.iter().filter(|other| other.region == place.region && other.named.is_some());
    let by = match place.named {
        Some(name) if beside.count() <= place.names.len() => vec![By::Thing(name.to_owned())],
        _ => place.names.iter().cloned().map(By::Event).collect(),
    };
    let region = place.region.clone();
    by.into_iter().map(move |by| (region.clone(), by))
}

/// What the events say of a place.
fn answer<'f>(
    place: &Drifted<'_>,
    found: impl Iterator<Item = &'f Found>,
    since: OffsetDateTime,
    own: &BTreeSet<String>,
) -> Answer {
    let mut answer = Answer { since: to_the_second(since), ..Answer::default() };
    for found in found {
        let about = found.events.iter().filter(|event| {
            let name = event["eventName"].as_str().unwrap_or_default();
            place.names.contains(name) && is_about(event, place.entry)
        });
        for event in about {
            match event["requestID"].as_str().is_some_and(|id| own.contains(id)) {
                true => answer.own += 1,
                false => answer.events.push(read(event)),
            }
        }
        // What one question did not reach is not known, whatever the others reached.
        answer.unread_before = answer.unread_before.max(found.unread_before.clone());
        answer.unseen = answer.unseen.or_else(|| found.unseen.clone());
    }
    answer.events.sort_by(|a, b| b.cmp(a));
    answer.events.truncate(REPORTED);
    answer
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

/// Reads the events that answer a question, page by page, to the end or as far as [`PAGES`] go.
async fn lookup(question: &Question, reader: &Reader, since: OffsetDateTime) -> Found {
    let (region, by) = question;
    let (key, value) = match by {
        By::Event(name) => (LookupAttributeKey::EventName, name),
        By::Thing(name) => (LookupAttributeKey::ResourceName, name),
    };
    let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value);
    let mut found = Found::default();
    let attribute = match attribute.build() {
        Ok(attribute) => attribute,
        Err(cause) => {
            let text = cause.to_string();
            found.unseen = Some(AwsError::unexpected(&LOOKUP_EVENTS, region, &text));
            return found;
        }
    };
    let mut next = None;
    for _ in 0..PAGES {
        let request = reader
            .clients
            .cloudtrail(region)
            .lookup_events()
            .lookup_attributes(attribute.clone())
            .start_time(DateTime::from_secs(since.unix_timestamp()))
            .max_results(50)
            .set_next_token(next)
            .send();
        let answer = match LOOKUP_EVENTS.answer(&reader.clients, region, request).await {
            Ok(answer) => answer,
            Err(error) => {
                found.unseen = Some(error);
                return found;
            }
        };
        let texts = answer.events().iter().filter_map(|e| e.cloud_trail_event());
        found.events.extend(texts.filter_map(|text| serde_json::from_str::<Value>(text).ok()));
        next = answer.next_token().map(str::to_owned);
        if next.is_none() {
            return found;
        }
    }
    let last = found.events.last().and_then(|event| event["eventTime"].as_str());
    found.unread_before = last.map(str::to_owned);
    found
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
    use crate::place::Place;
    use serde_json::json;

    #[test]
    fn buckets_are_asked_for_by_name_unless_events_have_fewer_names() {
        let entries: Vec<Entry> = ["a", "b", "c"]
            .map(|name| Entry::of("buckets", Place::thing_in(name, "eu-west-1")))
            .into();
        let asked = |names: &[&str]| {
            let place = |entry| Drifted {
                entry,
                named: entry.place.thing.as_deref(),
                region: "eu-west-1".to_owned(),
                names: names.iter().map(|name| (*name).to_owned()).collect(),
            };
            let all: Vec<Drifted<'_>> = entries.iter().map(place).collect();
            let questions = all.iter().flat_map(|place| questions(place, &all));
            questions.map(|(_, by)| by).collect::<BTreeSet<By>>()
        };
        let thing = |name: &str| By::Thing(name.to_owned());
        assert_eq!(asked(&["X", "Y", "Z"]), ["a", "b", "c"].map(thing).into());
        let event = |name: &str| By::Event(name.to_owned());
        assert_eq!(asked(&["X", "Y"]), ["X", "Y"].map(event).into());
    }

    #[test]
    fn only_what_succeeded_and_names_the_thing_is_reported() {
        let entry = Entry::of("buckets", Place::thing("acme"));
        let event = |bucket: &str| json!({"requestParameters": {"bucketName": bucket}});
        assert!(is_about(&event("acme"), &entry));
        assert!(!is_about(&event("acme-2"), &entry));
        let mut failed = event("acme");
        failed["errorCode"] = json!("AccessDenied");
        assert!(!is_about(&failed, &entry));
    }
}
