//! The tables `[[waivers]]`: what may differ for a while, why, who answers for it, and until when.

use crate::control::Kind;
use crate::controls;
use crate::day::Day;
use crate::document::{Problems, Table, slip_of};
use crate::keys;
use crate::pattern::Pattern;
use crate::place::Place;
use crate::settings::Setting;
use serde::Deserialize;
use toml::de::DeValue;

/// One table of `[[waivers]]`.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The control.
    pub control: String,
    /// Which of its places, by thing or region; all of them, if not said.
    pub place: Option<Pattern>,
    /// Which fields there; all of them, if not said.
    pub field: Option<Pattern>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is written about.
    pub ticket: Option<String>,
    /// The last day on which it holds.
    pub expires: Day,
}

impl Waiver {
    /// Whether it is about a place of a control.
    pub fn is_about(&self, control: &str, place: &Place) -> bool {
        let (thing, region) = (place.thing.as_deref(), place.region.as_deref());
        let named = |pattern: &Pattern| match (thing, region) {
            (None, None) => pattern.matches(""),
            _ => [thing, region].into_iter().flatten().any(|name| pattern.matches(name)),
        };
        self.control == control && self.place.as_ref().is_none_or(named)
    }

    /// Whether it is about a field, or about something that the field is part of.
    pub fn is_about_field(&self, field: &str) -> bool {
        let whole = std::iter::once(field.len());
        let mut ends = whole.chain(field.match_indices('.').map(|(at, _)| at));
        self.field.as_ref().is_none_or(|pattern| ends.any(|end| pattern.matches(&field[..end])))
    }

    /// Whether no setting, and nothing else that its control judges, is called like its field: it may
    /// never be about anything.
    pub fn is_about_no_known_field(&self) -> bool {
        let (Some(kind), Some(field)) = (controls::find(&self.control), &self.field) else {
            return false;
        };
        let field = field.as_str();
        let first = &field[..field.find(['.', '*', '?']).unwrap_or(field.len())];
        let is_pattern = field[first.len()..].starts_with(['*', '?']);
        let mut known = kind.fields();
        !known.any(|name| name == first || (is_pattern && name.starts_with(first)))
    }

    /// Whether it holds no longer.
    pub fn has_expired(&self, today: Day) -> bool {
        self.expires < today
    }
}

/// A table as it was written; what must be there is looked for before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    control: Option<String>,
    place: Option<Pattern>,
    field: Option<Pattern>,
    reason: Option<String>,
    owner: Option<String>,
    ticket: Option<String>,
    expires: Option<Day>,
}

/// The keys of a waiver, for `explain`, the reference and editors.
pub const KEYS: &[Setting] = keys! {
    /// The control, by the name of its table.
    #[example("\"buckets\"")]
    control: String,

    /// Which of its places, by thing or region; `*` and `?` stand for any characters. All of them,
    /// if left out.
    #[example("\"acme-legacy-*\"")]
    place: Option<Pattern> = none,

    /// Which fields there; all of them, if left out.
    #[example("\"versioning\"")]
    field: Option<Pattern> = none,

    /// Why.
    #[example("\"the old site goes in May\"")]
    reason: String,

    /// Who answers for it.
    #[example("\"platform@example.com\"")]
    owner: String,

    /// Where it is written about.
    #[example("\"OPS-12\"")]
    ticket: Option<String> = none,

    /// The last day on which it holds.
    #[example("\"2027-05-31\"")]
    expires: Day,
};

/// What every waiver must have: without it, nobody could judge whether it is right.
const REQUIRED: [&str; 4] = ["control", "reason", "owner", "expires"];

/// Reads the tables; what is wrong in them goes to `problems`. `present` are the controls of the
/// baseline.
pub fn load(tables: Table<'_>, present: &[&str], problems: &mut Problems) -> Vec<Waiver> {
    match tables.get_ref() {
        DeValue::Array(list) => {
            let read = list.iter().filter_map(|table| one(table, present, problems));
            read.collect()
        }
        _ => {
            let text = "there may be several: write [[waivers]]".to_owned();
            problems.add(Some(tables.span()), text, None);
            Vec::new()
        }
    }
}

/// The field that is probably meant by one that the control does not have.
fn misspelt(kind: &Kind, field: &str) -> Option<String> {
    let known: Vec<&str> = kind.fields().collect();
    let (first, rest) = field.split_at(field.find(['.', '*', '?']).unwrap_or(field.len()));
    match known.contains(&first) || rest.starts_with(['*', '?']) {
        true => None,
        false => Some(format!("{}{rest}", slip_of(first, &known)?)),
    }
}

fn one(table: &Table<'_>, present: &[&str], problems: &mut Problems) -> Option<Waiver> {
    if !table.get_ref().is_table() {
        problems.add(Some(table.span()), "a waiver is a table".to_owned(), None);
        return None;
    }
    for key in REQUIRED {
        match table.get_ref().get(key) {
            None => problems.add(Some(table.span()), format!("missing setting '{key}'"), None),
            Some(value) if value.get_ref().as_str().is_some_and(|s| s.trim().is_empty()) => {
                problems.at(table, key, format!("'{key}' is empty"));
            }
            Some(_) => {}
        }
    }
    let control = table.get_ref().get("control");
    if let Some(value) = control
        && let Some(name) = value.get_ref().as_str().filter(|name| !name.trim().is_empty())
    {
        if controls::find(name).is_none() {
            problems.unknown_key(value.span(), name, &controls::names());
        } else if !present.contains(&name) {
            let text = format!("this baseline has no [{name}] to waive");
            problems.add(Some(value.span()), text, None);
        }
    }
    let written: Written = problems.decode("waivers", table)?;
    let whose = written.control.as_deref().and_then(controls::find);
    if let (Some(kind), Some(field)) = (whose, &written.field)
        && let Some(meant) = misspelt(kind, field.as_str())
    {
        let text = format!("[{}] has no setting '{}'", kind.about.name, field.as_str());
        let help = Some(format!("did you mean '{meant}'?"));
        problems.add_at(table, "field", text, help);
    }
    if let (Some(kind), Some(place)) = (whose, &written.place)
        && let Some(fault) = kind.about.places.fault(place.as_str())
    {
        problems.at(table, "place", fault);
    }
    Some(Waiver {
        control: written.control?,
        place: written.place,
        field: written.field,
        reason: written.reason?,
        owner: written.owner?,
        ticket: written.ticket,
        expires: written.expires?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, OffsetDateTime};

    fn waiver(place: Option<&str>, field: Option<&str>) -> Waiver {
        let pattern = |text: &str| Pattern::try_from(text.to_owned()).expect("a pattern");
        Waiver {
            control: "buckets".to_owned(),
            place: place.map(pattern),
            field: field.map(pattern),
            reason: "old clients".to_owned(),
            owner: "web".to_owned(),
            ticket: None,
            expires: "1970-01-31".parse().expect("a day"),
        }
    }

    #[test]
    fn it_names_places_by_thing_or_region() {
        let about = |place, at: &Place| waiver(place, None).is_about("buckets", at);
        let bucket = Place::thing_in("site-a", "eu-west-1");
        for place in [None, Some("site-*"), Some("eu-*"), Some("*")] {
            assert!(about(place, &bucket), "{place:?}");
        }
        assert!(!about(Some("site"), &bucket));
        assert!(!waiver(None, None).is_about("config", &bucket));
        assert!(about(Some("*"), &Place::account()));
        assert!(!about(Some("eu-*"), &Place::account()));
    }

    #[test]
    fn it_names_fields_and_what_they_hold() {
        let about = |field, name: &str| waiver(None, field).is_about_field(name);
        assert!(about(None, "features.S3.enabled"));
        for field in ["features", "features.S3", "features.*", "*.enabled"] {
            assert!(about(Some(field), "features.S3.enabled"), "{field}");
        }
        for field in ["feat", "S3", "enabled"] {
            assert!(!about(Some(field), "features.S3.enabled"), "{field}");
        }
    }

    #[test]
    fn it_holds_through_the_last_second_of_its_last_day() {
        let end = OffsetDateTime::UNIX_EPOCH + Duration::days(31);
        let expired_at = |moment| waiver(None, None).has_expired(Day::of(moment));
        assert!(!expired_at(end - Duration::nanoseconds(1)));
        assert!(expired_at(end));
    }
}
