//! Regions that the organization has closed: a service control policy denies whatever is read there.
//!
//! Where nothing can be read nothing can be judged, and for ever. The baseline may accept that for
//! regions that it names; another region that is closed later is still reported, for whoever can
//! write service control policies could hide something there.

use super::{Entry, Plan, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The reason of the entries of a closed region that the baseline accepts: who decides there.
const CLOSED: &str = "the organization, which has closed the region";

impl Plan {
    /// The regions in which nothing could be read because a service control policy of the
    /// organization denies it, each with the number of places there.
    pub fn closed_regions(&self) -> BTreeMap<&str, usize> {
        closed(self.entries.iter())
    }
}

/// The same of entries. A service that the region does not have says nothing about it.
fn closed<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<&'a str, usize> {
    let mut closed = BTreeMap::new();
    let mut open = BTreeSet::new();
    for entry in entries {
        let Some(region) = entry.place.region.as_deref() else {
            continue;
        };
        match &entry.unseen {
            Some(error) if error.is_closed_by_organization() => {
                *closed.entry(region).or_default() += 1;
            }
            Some(_) if entry.verdict == Verdict::NotOffered => {}
            _ => {
                open.insert(region);
            }
        }
    }
    closed.retain(|region, _| !open.contains(region));
    closed
}

/// Takes closed regions that the baseline accepts for what they are: the organization's.
pub(super) fn accept(entries: &mut [&mut Entry], accepted: &BTreeSet<String>) {
    let closed = closed(entries.iter().map(|entry| &**entry));
    let closed: BTreeSet<String> = closed.into_keys().map(str::to_owned).collect();
    for entry in entries {
        let region = entry.place.region.as_ref();
        if entry.verdict == Verdict::Unknown
            && region.is_some_and(|own| closed.contains(own) && accepted.contains(own))
        {
            entry.verdict = Verdict::Elsewhere;
            entry.reason = Some(CLOSED.to_owned());
            entry.unseen = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, Kind};
    use crate::place::Place;

    fn entry(control: &str, region: &str, message: Option<&str>) -> Entry {
        let mut entry = Entry::of(control, Place::region(region));
        if let Some(message) = message {
            entry.verdict = Verdict::Unknown;
            entry.unseen = Some(AwsError {
                service: control.to_owned(),
                operation: "Describe".to_owned(),
                action: format!("{control}:Describe"),
                resource: None,
                region: region.to_owned(),
                kind: Kind::Denied,
                code: Some("AccessDeniedException".to_owned()),
                message: message.to_owned(),
                request_id: None,
                waited_for: None,
            });
        }
        entry
    }

    const SCP: &str = "User: arn:aws:iam::111122223333:user/x is not authorized to perform: \
                       config:Describe with an explicit deny in a service control policy";

    #[test]
    fn a_region_is_closed_when_a_service_control_policy_denies_all_that_is_read_there() {
        let entries = [
            entry("config", "a", Some(SCP)),
            entry("guardduty", "a", Some(SCP)),
            entry("config", "b", Some(SCP)),
            entry("guardduty", "b", None),
            entry("config", "c", Some("no identity-based policy allows it")),
        ];
        assert_eq!(closed(entries.iter()), BTreeMap::from([("a", 2)]));
    }

    #[test]
    fn only_a_region_that_is_named_and_closed_is_accepted() {
        let mut entries = [
            entry("config", "a", Some(SCP)),
            entry("config", "b", Some(SCP)),
            entry("config", "c", Some(SCP)),
            entry("guardduty", "c", None),
        ];
        let mut all: Vec<&mut Entry> = entries.iter_mut().collect();
        let accepted = ["a", "c"].map(str::to_owned).into();
        accept(&mut all, &accepted);
        let verdicts = entries.map(|entry| entry.verdict);
        let unknown = Verdict::Unknown;
        assert_eq!(verdicts, [Verdict::Elsewhere, unknown, unknown, Verdict::Ok]);
    }
}
