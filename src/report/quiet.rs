//! Places with nothing to do, in a few lines.

use super::fold::fold;
use crate::plan::{Entry, Verdict};

/// Places with nothing to do, of which the same is reported.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// `password_policy`, `buckets in 8 places`
    pub what: String,
    /// `compliant`, `managed by …`, `not offered: …`
    pub judgement: String,
    /// What is good to know.
    pub notes: Vec<String>,
}

/// Whether a place has nothing to do.
pub(super) fn is_quiet(entry: &Entry) -> bool {
    let is_fine = matches!(entry.verdict, Verdict::Ok | Verdict::Elsewhere | Verdict::NotOffered);
    is_fine && entry.findings.is_empty()
}

/// Their lines: first what is compliant, then what others manage, then what is not offered.
pub(super) fn lines(entries: &[&Entry]) -> Vec<Quiet> {
    let mut lines = Vec::new();
    for verdict in [Verdict::Ok, Verdict::Elsewhere, Verdict::NotOffered] {
        let own = entries.iter().filter(|entry| entry.verdict == verdict);
        let bare: Vec<Entry> = own.map(|entry| bare(entry)).collect();
        for folded in fold(bare.iter()) {
            let entry = &folded.entry;
            lines.push(Quiet {
                what: match folded.places.len() {
                    1 => entry.address().to_string(),
                    places => format!("{} in {places} places", entry.control),
                },
                judgement: judgement(verdict, entry.reason.as_deref().unwrap_or_default()),
                notes: entry.notes.clone(),
            });
        }
    }
    lines
}

/// What is reported of such a place, and no more.
fn bare(entry: &Entry) -> Entry {
    let no_endpoint = entry.unseen.as_ref();
    let no_endpoint = no_endpoint.map(|error| format!("{} has no endpoint there", error.service));
    let mut bare = Entry::of(&entry.control, entry.place.clone());
    bare.verdict = entry.verdict;
    bare.reason = entry.reason.clone().or(no_endpoint);
    bare.notes.clone_from(&entry.notes);
    bare
}

fn judgement(verdict: Verdict, reason: &str) -> String {
    let text = match verdict {
        Verdict::Elsewhere => format!("managed by {reason}"),
        Verdict::NotOffered => format!("not offered: {reason}"),
        _ => format!("compliant {reason}"),
    };
    text.trim_end().to_owned()
}
