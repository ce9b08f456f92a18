//! Settings that stricter live values satisfy: floors and ceilings.

use crate::settings::{Ranked, Stricter, Takes, schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// A floor: a live value that is higher satisfies it, unless the baseline says `{ exactly = … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtLeast<T>(Bound<T>);

/// A ceiling: a live value that is lower satisfies it, unless the baseline says `{ exactly = … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtMost<T>(Bound<T>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bound<T> {
    Limit(T),
    Exactly(T),
}

impl<T> Bound<T> {
    fn value(&self) -> &T {
        match self {
            Bound::Limit(value) | Bound::Exactly(value) => value,
        }
    }
}

impl<T: Ord + Clone> AtLeast<T> {
    /// A floor of this height.
    pub fn new(value: T) -> Self {
        Self(Bound::Limit(value))
    }

    /// This value and no other.
    pub fn exactly(value: T) -> Self {
        Self(Bound::Exactly(value))
    }

    /// The number as it stands in the baseline.
    pub fn value(&self) -> &T {
        self.0.value()
    }

    /// Whether no higher value will do either.
    pub fn is_exact(&self) -> bool {
        matches!(self.0, Bound::Exactly(_))
    }

    /// What the live value has to become: itself when it is high enough.
    pub fn settle(&self, live: T) -> T {
        match &self.0 {
            Bound::Limit(floor) => live.max(floor.clone()),
            Bound::Exactly(value) => value.clone(),
        }
    }
}

impl<T> AtMost<T> {
    /// A ceiling of this height.
    pub fn new(value: T) -> Self {
        Self(Bound::Limit(value))
    }

    /// The number as it stands in the baseline.
    pub fn value(&self) -> &T {
        self.0.value()
    }

    /// Whether no lower value will do either.
    pub fn is_exact(&self) -> bool {
        matches!(self.0, Bound::Exactly(_))
    }
}

impl<T: Ord + Clone> AtMost<T> {
    /// What the live value has to become; `None` is a live value without any limit.
    pub fn settle(&self, live: Option<T>) -> T {
        match (&self.0, live) {
            (Bound::Limit(ceiling), Some(live)) => live.min(ceiling.clone()),
            (bound, _) => bound.value().clone(),
        }
    }
}

/// [`AtLeast::settle`] for a setting that may be left out: the live value stays as it is.
pub fn raise<T: Ord + Clone>(setting: &Option<AtLeast<T>>, live: T) -> T {
    match setting {
        Some(floor) => floor.settle(live),
        None => live,
    }
}

/// [`AtMost::settle`] for a setting that may be left out: the live value stays as it is.
pub fn lower<T: Ord + Clone>(setting: &Option<AtMost<T>>, live: Option<T>) -> Option<T> {
    match setting {
        Some(ceiling) => Some(ceiling.settle(live)),
        None => live,
    }
}

/// [`raise`] for a live value that is one of AWS's words. A word without a rank is of a later time
/// than this program: it is left alone.
pub fn raise_word<T: Ord + Clone + Ranked>(
    setting: &Option<AtLeast<T>>,
    live: Option<&str>,
) -> Option<String> {
    let words = T::WORDS;
    let Some(floor) = setting else {
        return live.map(str::to_owned);
    };
    let rank = match live {
        None => floor.value().clone(),
        Some(live) => match words.iter().find(|(_, word)| *word == live) {
            Some((rank, _)) => floor.settle(rank.clone()),
            None => return Some(live.to_owned()),
        },
    };
    let (_, word) = words.iter().find(|(other, _)| *other == rank)?;
    Some((*word).to_owned())
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtLeast<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor(PhantomData)).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtMost<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor(PhantomData)).map(Self)
    }
}

/// Higher is stricter: the later word where the values are words, and `true` of the two booleans.
impl<T: Takes> Takes for AtLeast<T> {
    const STRICTER: Stricter = match Stricter::by_rank(T::RANKS) {
        Stricter::Neither => Stricter::Higher,
        later => later,
    };
    const EXAMPLES: &'static [&'static str] = T::EXAMPLES;

    fn schema() -> Value {
        schema::or_exactly(T::schema())
    }

    fn number(&self) -> Option<i64> {
        self.0.value().number()
    }
}

/// Lower is stricter.
impl<T: Takes> Takes for AtMost<T> {
    const STRICTER: Stricter = Stricter::Lower;
    const EXAMPLES: &'static [&'static str] = T::EXAMPLES;

    fn schema() -> Value {
        schema::or_exactly(T::schema())
    }

    fn number(&self) -> Option<i64> {
        self.0.value().number()
    }
}

struct BoundVisitor<T>(PhantomData<T>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exactly<T> {
    exactly: T,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundVisitor<T> {
    type Value = Bound<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or a table `{ exactly = … }`")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Bound::Limit)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Bound::Limit)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Bound::Limit)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Bound::Limit)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let exactly = Exactly::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Bound::Exactly(exactly.exactly))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::words! {
        /// How often.
        enum Frequency {
            Daily = "daily" => "DAILY",
            Continuous = "continuous" => "CONTINUOUS",
        }
    }

    #[derive(Deserialize)]
    struct Table {
        length: AtLeast<u32>,
    }

    fn length(text: &str) -> AtLeast<u32> {
        toml::from_str::<Table>(text).expect("the test's TOML is valid").length
    }

    #[test]
    fn a_floor_leaves_stricter_values_alone() {
        assert_eq!(length("length = 14").settle(20), 20);
        assert_eq!(length("length = 14").settle(8), 14);
    }

    #[test]
    fn exactly_brings_stricter_values_down() {
        assert_eq!(length("length = { exactly = 14 }").settle(20), 14);
    }

    #[test]
    fn no_limit_is_above_every_ceiling() {
        assert_eq!(AtMost::new(90).settle(None), 90);
        assert_eq!(AtMost::new(90).settle(Some(30)), 30);
    }

    #[test]
    fn words_have_ranks_and_unknown_ones_are_left_alone() {
        let asked = Some(AtLeast::new(Frequency::Continuous));
        let raised = |live| raise_word(&asked, live);
        assert_eq!(raised(Some("DAILY")).as_deref(), Some("CONTINUOUS"));
        assert_eq!(raised(Some("HOURLY")).as_deref(), Some("HOURLY"));
        assert_eq!(raised(None).as_deref(), Some("CONTINUOUS"));
        let left = raise_word::<Frequency>(&None, Some("DAILY"));
        assert_eq!(left.as_deref(), Some("DAILY"));
    }

    #[test]
    fn what_is_left_out_keeps_the_live_value() {
        assert_eq!(raise(&None, 3), 3);
        assert_eq!(lower::<u32>(&None, None), None);
    }
}
