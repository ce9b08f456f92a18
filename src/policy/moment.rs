//! Points in time as conditions and requests write them.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators", date condition operators:
//! the W3C profile of ISO 8601, or seconds since 1970.

use super::condition::Decimal;
use std::cmp::Ordering;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(OffsetDateTime);

impl Moment {
    /// Reads a date, a date with a time, or seconds since 1970. `None` for anything else: AWS does not
    /// document what becomes of it.
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = || {
            let is_number = Decimal::parse(text).is_some() && !text.contains(['e', 'E']);
            let whole = text.split('.').next().filter(|_| is_number)?;
            OffsetDateTime::from_unix_timestamp(whole.parse().ok()?).ok()
        };
        let with_offset = || {
            let strict = OffsetDateTime::parse(text, &Rfc3339).ok();
            strict.or_else(|| OffsetDateTime::parse(text, &Iso8601::PARSING).ok())
        };
        let in_utc = || {
            let whole = PrimitiveDateTime::parse(text, &Iso8601::PARSING).ok()?;
            Some(whole.assume_utc())
        };
        let day = || {
            let is_day = text.len() == "2026-01-01".len();
            let day = Date::parse(text, &Iso8601::DATE).ok().filter(|_| is_day)?;
            Some(day.midnight().assume_utc())
        };
        seconds().or_else(day).or_else(with_offset).or_else(in_utc).map(Self)
    }

    /// How one written point in time is to another; `None` where one of them cannot be read.
    pub fn compare(one: &str, other: &str) -> Option<Ordering> {
        Some(Self::parse(one)?.cmp(&Self::parse(other)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_documented_spellings_are_points_in_time() {
        let of = |text: &str| Moment::parse(text).unwrap_or_else(|| panic!("{text}"));
        let midnight = of("2026-01-01");
        for same in
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00Z", "2026-01-01T01:00:00+01:00", "1767225600"]
        {
            assert_eq!(of(same), midnight, "{same}");
        }
        assert!(of("2025-12-31T23:59:59Z") < midnight);
        for text in ["", "tomorrow", "2026-13-01", "1e9", "2026-01"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
