//! For tests: what types read of an answer and write into a request, so that their names can be
//! compared with AWS's models. serde names the fields of a type only while it reads it, so every
//! type is read once, out of nothing but samples.

use serde::Serialize;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// A string that no model finds too short, for AWS's names are up to this long.
const TEXT: &str = "sample-sample-sample-sample-sample-sample";

/// The types of an operation.
#[derive(Debug)]
pub struct Types {
    /// An input with every member that its type has.
    pub input: Map<String, Value>,
    /// The paths that the answer's type reads, with the kind of each.
    pub answer: Vec<(String, &'static str)>,
}

/// Reads both types out of samples.
pub fn types<I: Serialize + DeserializeOwned, O: DeserializeOwned>() -> Types {
    let input = I::deserialize(Probe::new(&RefCell::default()));
    let input = input.expect("an input can be read out of samples");
    let found = RefCell::default();
    // An answer that takes only certain texts may refuse a sample; what it read counts.
    let _ = O::deserialize(Probe::new(&found));
    Types { input: super::typed::members(&input), answer: found.into_inner() }
}

type Fault = de::value::Error;

#[derive(Clone)]
struct Probe<'p> {
    path: String,
    found: &'p RefCell<Vec<(String, &'static str)>>,
}

impl<'p> Probe<'p> {
    fn new(found: &'p RefCell<Vec<(String, &'static str)>>) -> Self {
        let path = String::new();
        Self { path, found }
    }

    fn at(&self, step: &str) -> Self {
        Self { path: format!("{}{step}", self.path), found: self.found }
    }

    fn is(&self, kind: &'static str) {
        self.found.borrow_mut().push((self.path.clone(), kind));
    }
}

impl IntoDeserializer<'_, Fault> for Probe<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! scalars {
    ($($method:ident $kind:literal $visit:ident($($value:expr)?);)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.is($kind);
            visitor.$visit($($value)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Fault;

    scalars! {
        deserialize_bool "boolean" visit_bool(false);
        deserialize_i32 "integer" visit_i32(1);
        deserialize_i64 "integer" visit_i64(1);
        deserialize_u32 "integer" visit_u32(1);
        deserialize_u64 "integer" visit_u64(1);
        deserialize_f64 "number" visit_f64(1.0);
        deserialize_str "string" visit_str(TEXT);
        deserialize_string "string" visit_str(TEXT);
        deserialize_any "any" visit_unit();
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.is("list");
        visitor.visit_seq(SeqDeserializer::new(std::iter::once(self.at("[]"))))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.is("map");
        let entry = (TEXT, self.at("{}"));
        visitor.visit_map(MapDeserializer::new(std::iter::once(entry)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.is("structure");
        let fields = fields.iter().map(|field| (*field, self.at(&format!(".{field}"))));
        visitor.visit_map(MapDeserializer::new(fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.is("string");
        let first = variants.first().copied().unwrap_or_default();
        visitor.visit_enum(first.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 u8 u16 f32 i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}
