//! The second rule: what other controls want alerts of, as far as the first does not send it anyway.
//!
//! It is a rule of its own since one pattern cannot hold both. It hears of reading calls as well: those
//! that are refused, and those of the root user.

use super::patterns::{API_CALL, OTHER, SIGN_IN, Sends, by_key, tidy, wanted as sent_anyway};
use super::settings::Settings;
use crate::control::Context;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is sent, by what it belongs to: what `detail` of an event has to match.
pub type Watched = BTreeMap<String, Vec<Value>>;

/// What the second rule has to send.
pub fn watched(settings: &Settings, context: &Context) -> Watched {
    let first = sent_anyway(settings, &Sends::new());
    let mut watched = Watched::new();
    for sought in context.sought() {
        if !sought.sent_by.is_some_and(|key| first.contains_key(key)) {
            watched.entry(sought.key.to_owned()).or_default().push(sought.detail.clone());
        }
    }
    watched
}

/// What has to be sent, given what is: what nobody asked for stays.
pub fn wanted(live: &Sends, watched: &Watched) -> Sends {
    let asked = watched.keys().map(|key| (key.clone(), json!(true)));
    let others = live.get(OTHER).map(|others| (OTHER.to_owned(), others.clone()));
    asked.chain(others).collect()
}

/// The pattern that sends this.
pub fn pattern(sends: &Sends, watched: &Watched) -> String {
    let said = sends.iter().flat_map(|(key, value)| match (value.as_array(), watched.get(key)) {
        (Some(said), _) => said.clone(),
        (None, own) => own.cloned().unwrap_or_default(),
    });
    let details: Vec<Value> = said.collect();
    json!({
        "detail-type": [API_CALL, SIGN_IN[0], SIGN_IN[1]],
        "detail": {"$or": details},
    })
    .to_string()
}

/// What a live pattern sends: nothing, where it is held to more than that.
pub fn sent(pattern: &str, watched: &Watched) -> Sends {
    let read: Value = serde_json::from_str(pattern).unwrap_or_default();
    let Some(details) = details(&read) else {
        return Sends::new();
    };
    let keys: Vec<&str> = watched.keys().map(String::as_str).collect();
    let said = |key: &str, _: &Sends| vec![(json!(true), watched[key].clone())];
    let is_of = |own: &Value, key: &str| watched[key].iter().any(|wanted| is_alike(wanted, own));
    by_key(details, &keys, said, is_of)
}

/// The alternatives of a pattern of this form, for all kinds of events that may bring them.
fn details(pattern: &Value) -> Option<Vec<Value>> {
    let keys = pattern.as_object().filter(|keys| keys.len() == 2)?;
    let kinds = keys.get("detail-type")?.as_array()?;
    let has_all = [API_CALL, SIGN_IN[0]].iter().all(|kind| kinds.contains(&json!(kind)));
    let detail = keys.get("detail")?.as_object().filter(|own| own.len() == 1)?;
    let mut details = detail.get("$or")?.as_array().filter(|_| has_all)?.clone();
    details.iter_mut().for_each(tidy);
    Some(details)
}

/// Whether an alternative seems to have been made of another: it names some of its calls, or looks at
/// the same fields.
fn is_alike(one: &Value, other: &Value) -> bool {
    let names = |own: &Value| -> BTreeSet<String> {
        own["eventName"].as_array().into_iter().flatten().map(Value::to_string).collect()
    };
    let fields = |own: &Value| -> BTreeSet<String> {
        own.as_object().into_iter().flatten().map(|(field, _)| field.clone()).collect()
    };
    match (names(one), names(other)) {
        (one, other) if !one.is_empty() && !other.is_empty() => !one.is_disjoint(&other),
        _ => fields(one) == fields(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::patterns::LONGEST;
    use super::*;
    use crate::control::Kind;
    use crate::control::tests::{configured, context};
    use crate::controls::trail_alarms::TrailAlarms;
    use std::sync::Arc;

    /// What a table of `[alerts]` leaves to the second rule when `[trail_alarms]` watches by events.
    fn left(alerts: &str) -> Watched {
        let table = configured(Kind::of::<TrailAlarms>(), "by = \"events\"").expect("a table");
        let context = context().hearing(&[Arc::from(table)]);
        watched(&toml::from_str(alerts).expect("a table"), &context)
    }

    const NOTHING: &str = "root = \"unmanaged\"\ntampering = \"unmanaged\"\n\
                           sign_in_without_mfa = \"unmanaged\"";

    fn all(watched: &Watched) -> Sends {
        wanted(&Sends::new(), watched)
    }

    #[test]
    fn all_fifteen_fit_into_one_pattern_and_are_read_back() {
        let watched = left(NOTHING);
        assert_eq!(watched.len(), 15);
        let pattern = pattern(&all(&watched), &watched);
        let length = pattern.chars().count();
        assert!(length <= LONGEST, "{length}");
        assert_eq!(sent(&pattern, &watched), all(&watched));
    }

    #[test]
    fn what_the_first_rule_sends_is_not_sent_twice() {
        let watched = left("");
        for key in ["sign_in_without_mfa", "config_changes", "key_deletion"] {
            assert!(!watched.contains_key(key), "{key}");
        }
        assert_eq!(watched["trail_changes"], [json!({"eventName": ["StartLogging"]})]);
        assert_eq!(watched["root_use"].len(), 1);
    }

    #[test]
    fn a_pattern_that_says_anything_less_is_seen() {
        let watched = left(NOTHING);
        let whole = pattern(&all(&watched), &watched);
        let words: BTreeSet<&str> = whole.split('"').skip(1).step_by(2).collect();
        assert!(words.len() > 100, "{}", words.len());
        // The second name of sign-ins is only the guide's.
        for word in words.into_iter().filter(|word| *word != SIGN_IN[1]) {
            let less = whole.replacen(&format!("\"{word}\""), "\"Nothing\"", 1);
            let found = sent(&less, &watched);
            assert_ne!(wanted(&found, &watched), found, "{word}");
        }
        let held = whole.replacen('{', "{\"account\":[\"999999999999\"],", 1);
        assert!(sent(&held, &watched).is_empty());
        let held = whole.replacen("{\"$or\"", "{\"awsRegion\":[\"x\"],\"$or\"", 1);
        assert!(sent(&held, &watched).is_empty());
        assert!(sent("{}", &watched).is_empty() && sent("", &watched).is_empty());
    }

    #[test]
    fn what_was_narrowed_belongs_to_its_key_and_what_was_added_stays() {
        let watched = left("");
        let whole = pattern(&all(&watched), &watched);
        let less = sent(&whole.replace("\"DeleteVpc\",", ""), &watched);
        assert!(less["vpc_changes"].is_array() && !less.contains_key(OTHER), "{less:?}");
        assert_eq!(wanted(&less, &watched), all(&watched));
        let added = json!({"eventName": ["RunInstances"]});
        let more = whole.replacen("\"$or\":[", &format!("\"$or\":[{added},"), 1);
        let found = sent(&more, &watched);
        assert_eq!(found[OTHER], json!([added]));
        assert_eq!(wanted(&found, &watched), found);
        let again = pattern(&found, &watched);
        assert_eq!(sent(&again, &watched), found);
    }
}
