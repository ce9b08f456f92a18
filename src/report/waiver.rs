//! What is reported of waivers, in plans and in drift.

use crate::day::Day;
use crate::plan::{Plan, Waived, WaiverRemark, WaiverReport};
use crate::text::count;

/// A waiver that bears on a place: `until 2027-01-31: old clients (web team, WEB-12)`.
pub fn terms(waived: &Waived) -> String {
    let (reason, who) = (&waived.reason, &waived.owner);
    let ticket = waived.ticket.as_deref();
    match (waived.expired, ticket) {
        (false, None) => format!("until {}: {reason} ({who})", waived.expires),
        (false, Some(ticket)) => format!("until {}: {reason} ({who}, {ticket})", waived.expires),
        (true, None) => format!("the waiver of {who} expired on {}: {reason}", waived.expires),
        (true, Some(ticket)) => {
            let day = waived.expires;
            format!("the waiver of {who} ({ticket}) expired on {day}: {reason}")
        }
    }
}

/// What the owners of waivers should know, a line for each waiver. That one has expired is reported
/// at the places that differ.
pub(super) fn remarks(plan: &Plan) -> Vec<String> {
    let today = Day::of(plan.created);
    let remark = |report| Some(format!("{} {}", subject(report), predicate(report, today)?));
    plan.waivers.iter().filter_map(remark).collect()
}

fn predicate(report: &WaiverReport, today: Day) -> Option<String> {
    let has = |remark| report.remarks.contains(&remark);
    let what = match () {
        () if has(WaiverRemark::MatchesNothing) => "matches no place",
        () if has(WaiverRemark::NotNeeded) => "is no longer needed: nothing that it covers differs",
        () if has(WaiverRemark::ExpiresSoon) => {
            let when = match today.days_until(report.expires) {
                0 => "today".to_owned(),
                days => format!("in {}", count(days.unsigned_abs() as usize, "day")),
            };
            return Some(format!("expires {when}, at the end of {}", report.expires));
        }
        () => return None,
    };
    match has(WaiverRemark::Expired) {
        true => Some(format!("{what}; it expired on {}", report.expires)),
        false => Some(what.to_owned()),
    }
}

/// `buckets@legacy-* (web team, WEB-12)`
fn subject(report: &WaiverReport) -> String {
    let mut what = report.control.clone();
    if let Some(place) = &report.place {
        what += &format!("@{place}");
    }
    if let Some(field) = &report.field {
        what += &format!(" {field}");
    }
    let who = [Some(report.owner.as_str()), report.ticket.as_deref()];
    let who: Vec<&str> = who.into_iter().flatten().collect();
    format!("{what} ({})", who.join(", "))
}
