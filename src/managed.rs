//! Settings that a baseline may leave to the account.

use crate::settings::{Setting, Stricter, Takes, schema};
use crate::words;
use serde::de::value::{Error as Wrong, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

pub use crate::settings::UNMANAGED;

/// A key of a control's table: the value that is asked for, or `"unmanaged"`.
///
/// What a key that is not in the table means is its default and no other key's business: `Default`
/// of the table's type says it, once for each key. It reads as an `Option`: `None` is unmanaged.
#[derive(Clone)]
pub struct Managed<T> {
    value: Option<T>,
    /// Whether the table says `"unmanaged"`, and not the default.
    is_said: bool,
}

impl<T> Managed<T> {
    /// The live value is left alone.
    pub const UNMANAGED: Self = Self { value: None, is_said: false };

    /// This is asked for.
    pub const fn new(value: T) -> Self {
        Self { value: Some(value), is_said: false }
    }

    /// Whether the table itself says `"unmanaged"`: then the value is left alone even where it is
    /// the baseline's own, which otherwise stays as it was created.
    pub const fn is_left_alone(&self) -> bool {
        self.is_said
    }
}

/// As the value alone.
impl<T: fmt::Debug> fmt::Debug for Managed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Managed").field(&self.value).finish()
    }
}

impl<T: PartialEq> PartialEq for Managed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Managed<T> {}

/// Unmanaged: the default of keys that are a matter of taste or cost money.
impl<T> Default for Managed<T> {
    fn default() -> Self {
        Self::UNMANAGED
    }
}

impl<T> Deref for Managed<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Managed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManagedVisitor(PhantomData))
    }
}

/// A switch: `true` protects, `false` switches off, and neither happens when it is unmanaged.
///
/// A [`Managed`] boolean of which `true` is stricter, and `false` all the same done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Switch(Managed<bool>);

impl Default for Switch {
    fn default() -> Self {
        Self(Managed::UNMANAGED)
    }
}

impl Deref for Switch {
    type Target = Option<bool>;

    fn deref(&self) -> &Option<bool> {
        &self.0
    }
}

impl Takes for Switch {
    const STRICTER: Stricter = Stricter::Higher;
    const EXAMPLES: &'static [&'static str] = bool::EXAMPLES;

    fn schema() -> Value {
        Managed::<bool>::schema()
    }
}

words! {
    /// What must not be: findings say where it is.
    pub enum Forbidden {
        /// There must be none.
        None = "none",
    }
}

/// As strict as the value that is asked for.
impl<T: Takes> Takes for Managed<T> {
    const STRICTER: Stricter = T::STRICTER;
    const KEYS: &'static [Setting] = T::KEYS;
    const NAMES: &'static [&'static str] = T::NAMES;
    const EXAMPLES: &'static [&'static str] = T::EXAMPLES;

    fn schema() -> Value {
        schema::or_unmanaged(T::schema())
    }

    fn number(&self) -> Option<i64> {
        self.value.as_ref()?.number()
    }

    fn out_of_range(&self, path: &str, found: &mut Vec<(String, String)>) {
        if let Some(value) = &self.value {
            value.out_of_range(path, found);
        }
    }
}

struct ManagedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> ManagedVisitor<T> {
    /// Reads a plain value; what is wrong with it also says that the key may be left alone.
    fn plain<E: de::Error>(value: impl IntoDeserializer<'de, Wrong>) -> Result<Managed<T>, E> {
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Ok(Managed::new(value)),
            Err(wrong) => Err(E::custom(with_unmanaged(&wrong.to_string()))),
        }
    }
}

/// Adds the word to what was expected, in the forms that serde's messages have: a type, or names.
fn with_unmanaged(message: &str) -> String {
    match message.starts_with("unknown variant") {
        true => format!("{message}, or `{UNMANAGED}`"),
        false if message.contains(", expected ") => format!("{message} or \"{UNMANAGED}\""),
        false => message.to_owned(),
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManagedVisitor<T> {
    type Value = Managed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or \"unmanaged\"")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Managed<T>, E> {
        Self::plain(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Managed<T>, E> {
        Self::plain(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Managed<T>, E> {
        Self::plain(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Managed<T>, E> {
        match value {
            UNMANAGED => Ok(Managed { value: None, is_said: true }),
            value => Self::plain(value.to_owned()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Managed<T>, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(list)).map(Managed::new)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Managed<T>, A::Error> {
        let value = T::deserialize(MapAccessDeserializer::new(&mut map))?;
        // Of a table for an enum only the first key is read.
        match map.next_key::<String>()? {
            None => Ok(Managed::new(value)),
            Some(more) => {
                let text = format!("only one of these can be asked for, and there is '{more}' too");
                Err(de::Error::custom(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::AtLeast;
    use std::collections::BTreeSet;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Which {
        All,
        Only(BTreeSet<String>),
        But(BTreeSet<String>),
    }

    #[derive(Debug, Deserialize)]
    #[serde(default)]
    struct Table {
        length: Managed<AtLeast<i32>>,
        which: Managed<Which>,
        list: Managed<Vec<String>>,
    }

    impl Default for Table {
        fn default() -> Self {
            Self {
                length: Managed::new(AtLeast::new(14)),
                which: Managed::UNMANAGED,
                list: Managed::UNMANAGED,
            }
        }
    }

    fn read(text: &str) -> Result<Table, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_key_is_its_default_its_value_or_left_alone() {
        let length = |text| read(text).expect("it is valid").length;
        assert_eq!(length(""), Managed::new(AtLeast::new(14)));
        assert_eq!(length("length = 20"), Managed::new(AtLeast::new(20)));
        let exactly = length("length = { exactly = 20 }");
        assert_eq!(exactly, Managed::new(AtLeast::exactly(20)));
        assert_eq!(length("length = \"unmanaged\""), Managed::UNMANAGED);
    }

    #[test]
    fn values_of_every_shape_are_read() {
        let which = |text| read(text).expect("it is valid").which;
        assert_eq!(which("which = \"all\""), Managed::new(Which::All));
        let only = Which::Only(BTreeSet::from(["a".to_owned()]));
        assert_eq!(which("which = { only = [\"a\"] }"), Managed::new(only));
        let list = read("list = [\"a\"]").expect("it is valid").list;
        assert_eq!(list.as_deref(), Some(&["a".to_owned()][..]));
    }

    #[test]
    fn what_is_wrong_says_that_a_key_may_be_left_alone() {
        let wrong = |text| read(text).expect_err("it is wrong");
        assert_eq!(
            wrong("length = \"14\""),
            "invalid type: string \"14\", expected i32 or \"unmanaged\""
        );
        assert_eq!(
            wrong("which = \"al\""),
            "unknown variant `al`, expected one of `all`, `only`, `but`, or `unmanaged`"
        );
        let two = wrong("which = { only = [], but = [] }");
        assert!(two.contains("there is 'only' too"), "{two}");
    }
}
