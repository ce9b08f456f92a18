//! What may be written for numbers, texts, lists and tables.

use super::{Setting, Stricter, Takes, joined};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl Takes for bool {
    const EXAMPLES: &'static [&'static str] = &["true", "false"];

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}

impl Takes for i32 {
    fn schema() -> Value {
        json!({ "type": "integer" })
    }

    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
}

impl Takes for u32 {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }

    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
}

crate::texts!(String);

impl<T: Takes> Takes for Option<T> {
    const STRICTER: Stricter = T::STRICTER;
    const KEYS: &'static [Setting] = T::KEYS;
    const NAMES: &'static [&'static str] = T::NAMES;
    const EXAMPLES: &'static [&'static str] = T::EXAMPLES;

    fn schema() -> Value {
        T::schema()
    }

    fn number(&self) -> Option<i64> {
        self.as_ref()?.number()
    }

    fn out_of_range(&self, path: &str, found: &mut Vec<(String, String)>) {
        if let Some(value) = self {
            value.out_of_range(path, found);
        }
    }
}

impl<T: Takes> Takes for Vec<T> {
    const STRICTER: Stricter = T::LISTED;
    const KEYS: &'static [Setting] = T::KEYS;

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }

    fn out_of_range(&self, path: &str, found: &mut Vec<(String, String)>) {
        for (number, item) in self.iter().enumerate() {
            item.out_of_range(&joined(path, &number.to_string()), found);
        }
    }
}

impl<T: Takes> Takes for BTreeSet<T> {
    const STRICTER: Stricter = T::LISTED;
    const KEYS: &'static [Setting] = T::KEYS;

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// A table whose keys are names: as strict as its values, for each is a difference of its own.
impl<T: Takes> Takes for BTreeMap<String, T> {
    const STRICTER: Stricter = T::STRICTER;
    const KEYS: &'static [Setting] = T::KEYS;
    const NAMES: &'static [&'static str] = T::NAMES;

    fn schema() -> Value {
        let names = T::NAMES.iter().map(|&name| (name.to_owned(), T::schema()));
        match T::NAMES.is_empty() {
            true => json!({ "type": "object", "additionalProperties": T::schema() }),
            false => json!({
                "type": "object",
                "properties": Value::Object(names.collect()),
                "additionalProperties": false,
            }),
        }
    }

    fn out_of_range(&self, path: &str, found: &mut Vec<(String, String)>) {
        for (name, value) in self {
            value.out_of_range(&joined(path, name), found);
        }
    }
}
