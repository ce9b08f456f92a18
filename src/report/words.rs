//! The counts of a plan in words.

use crate::plan::{Actions, Summary, Verdicts};
use crate::text::count;

/// `12 to create, 3 to change, 0 to remove; 1 manual finding, 2 unknown, 41 compliant.`, or only
/// what there is where nothing is to change.
pub fn sentence(summary: &Summary) -> String {
    let verdicts = &summary.verdicts;
    let rest = others(verdicts).join(", ");
    if !verdicts.has_news() {
        return match rest.as_str() {
            "" => "No changes. The baseline manages nothing here.".to_owned(),
            rest => format!("No changes. {rest}."),
        };
    }
    let Actions { create, change, remove, .. } = summary.actions;
    let changes = format!("{create} to create, {change} to change, {remove} to remove");
    match (create + change + remove, rest.as_str()) {
        // A place that is unknown may have something to change.
        (0, rest) => format!("{rest}."),
        (_, "") => format!("{changes}."),
        (_, rest) => format!("{changes}; {rest}."),
    }
}

/// The places that are not changed.
fn others(verdicts: &Verdicts) -> Vec<String> {
    let finding = count(verdicts.finding, "manual finding");
    let all = [
        (verdicts.finding, finding),
        (verdicts.unknown, format!("{} unknown", verdicts.unknown)),
        (verdicts.blocked, format!("{} blocked", verdicts.blocked)),
        (verdicts.elsewhere, format!("{} managed by the organization", verdicts.elsewhere)),
        (verdicts.not_offered, format!("{} not offered", verdicts.not_offered)),
        (verdicts.waived, format!("{} waived", verdicts.waived)),
        (verdicts.ok, format!("{} compliant", verdicts.ok)),
    ];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(_, text)| text).collect()
}

/// What is reported of a region that the organization has closed.
pub fn closed(places: usize) -> String {
    format!(
        "closed by the organization: a service control policy denies every read there, at {}",
        count(places, "place")
    )
}

/// What to write into the baseline if regions are meant to be closed.
pub fn closed_hint<'a>(regions: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&String> = regions.collect();
    format!("if that is intended, set in [account] closed_regions = {names:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_reads_as_one_sentence() {
        let verdicts =
            Verdicts { change: 15, finding: 1, unknown: 2, ok: 41, ..Verdicts::default() };
        let actions = Actions { create: 12, change: 3, ..Actions::default() };
        let summary = Summary { verdicts, actions, controls: Vec::new() };
        assert_eq!(
            sentence(&summary),
            "12 to create, 3 to change, 0 to remove; 1 manual finding, 2 unknown, 41 compliant."
        );
        let no_changes = Summary {
            actions: Actions::default(),
            verdicts: Verdicts { unknown: 1, ..Verdicts::default() },
            ..summary
        };
        assert_eq!(sentence(&no_changes), "1 unknown.");
        let nothing = "No changes. The baseline manages nothing here.";
        assert_eq!(sentence(&Summary::default()), nothing);
    }
}
