//! A day of the calendar in UTC, written `YYYY-MM-DD`.

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;
use time::{Date, Month, OffsetDateTime, UtcOffset};
use toml::value::Datetime;

/// A day. It lasts until midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// The day of a moment.
    pub fn of(moment: OffsetDateTime) -> Self {
        Self(moment.to_offset(UtcOffset::UTC).date())
    }

    /// How many days later another one is; negative when it is earlier.
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).whole_days()
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a date: write YYYY-MM-DD");
        let number = |part: &str, digits: usize| -> Option<u16> {
            let all_digits = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            all_digits.then(|| part.parse().ok()).flatten()
        };
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else {
            return Err(wrong());
        };
        let date = || {
            let year = i32::from(number(year, 4)?);
            let month = Month::try_from(u8::try_from(number(month, 2)?).ok()?).ok()?;
            Date::from_calendar_date(year, month, u8::try_from(number(day, 2)?).ok()?).ok()
        };
        date().map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

crate::texts!(Day: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Takes a text, and TOML's own dates.
struct Written;

impl<'de> de::Visitor<'de> for Written {
    type Value = Day;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date, YYYY-MM-DD")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Day, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Day, A::Error> {
        let date = Datetime::deserialize(MapAccessDeserializer::new(map))?;
        date.to_string().parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("the test's day is one")
    }

    #[test]
    fn a_day_is_written_in_one_way_only() {
        for text in [
            "2027-02-29",
            "2027-13-01",
            "2027-1-1",
            "27-01-01",
            "20270101",
            "",
            "soon",
            "2027-01-01T00:00:00Z",
            "+2027-01-01",
            "2027-01-0１",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert_eq!(day("2028-02-29").to_string(), "2028-02-29");
    }

    #[test]
    fn toml_may_write_it_with_and_without_quotes() {
        #[derive(Deserialize)]
        struct Table {
            day: Day,
        }
        let read = |text: &str| toml::from_str::<Table>(text).map(|table| table.day).ok();
        assert_eq!(read("day = \"2027-01-31\""), Some(day("2027-01-31")));
        assert_eq!(read("day = 2027-01-31"), Some(day("2027-01-31")));
        assert_eq!(read("day = 2027-01-31T00:00:00Z"), None);
        assert_eq!(read("day = 2027"), None);
    }

    #[test]
    fn a_moment_belongs_to_the_day_of_utc() {
        let moment = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(23);
        let east = UtcOffset::from_hms(9, 0, 0).expect("an offset");
        assert_eq!(Day::of(moment.to_offset(east)), day("1970-01-01"));
        assert_eq!(day("2027-01-31").days_until(day("2027-02-02")), 2);
        assert_eq!(day("2027-01-31").days_until(day("2027-01-30")), -1);
    }
}
