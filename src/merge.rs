//! What puts a state back: a merge of what was, what a run made of it, and what is there now.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A state before a run, as the run left it, and now.
#[derive(Clone, Debug)]
pub struct Past<T> {
    /// Before the run.
    pub before: T,
    /// When the run had looked at it for the last time.
    pub after: T,
    /// Now.
    pub live: T,
}

impl<T> Past<T> {
    /// The same of a part of it.
    pub fn map<U>(&self, part: impl Fn(&T) -> U) -> Past<U> {
        Past { before: part(&self.before), after: part(&self.after), live: part(&self.live) }
    }

    /// The same of a part that it need not have; nothing unless it has it each time.
    pub fn each<U>(&self, part: impl Fn(&T) -> Option<U>) -> Option<Past<U>> {
        Some(Past {
            before: part(&self.before)?,
            after: part(&self.after)?,
            live: part(&self.live)?,
        })
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Past<T> {
    /// What the state is to become. Only what the run changed goes back, and only where nobody has
    /// changed it again since: those fields are listed.
    pub fn merged(&self) -> (T, Vec<Moved>) {
        let values = self.map(crate::diff::to_value);
        let mut moved = Vec::new();
        let merged = put_back("", &values.before, &values.after, &values.live, &mut moved);
        let wanted = T::deserialize(merged).unwrap_or_else(|_| {
            // No state can be half of one kind and half of another.
            moved = vec![Moved { field: String::new(), before: values.before }];
            self.live.clone()
        });
        (wanted, moved)
    }
}

/// A field that is no longer as the run left it.
#[derive(Debug, PartialEq)]
pub struct Moved {
    /// Its path; empty for the whole state.
    pub field: String,
    /// What it was before the run.
    pub before: Value,
}

/// What is there now, with that put back which changed from `before` to `after`.
fn put_back(
    path: &str,
    before: &Value,
    after: &Value,
    now: &Value,
    moved: &mut Vec<Moved>,
) -> Value {
    if before == after || now == before {
        return now.clone();
    }
    if now == after {
        return before.clone();
    }
    match (before, after, now) {
        (Value::Object(was), Value::Object(left), Value::Object(is)) => {
            put_back_table(path, was, left, is, moved)
        }
        (Value::Array(was), Value::Array(left), Value::Array(is)) => {
            put_back_list(was, left, is).unwrap_or_else(|| leave(path, before, now, moved))
        }
        _ => leave(path, before, now, moved),
    }
}

fn leave(path: &str, before: &Value, now: &Value, moved: &mut Vec<Moved>) -> Value {
    moved.push(Moved { field: path.to_owned(), before: before.clone() });
    now.clone()
}

fn put_back_table(
    path: &str,
    was: &Map<String, Value>,
    left: &Map<String, Value>,
    is: &Map<String, Value>,
    moved: &mut Vec<Moved>,
) -> Value {
    let mut result = Map::new();
    let mut keys: Vec<&String> = is.keys().collect();
    keys.extend(was.keys().filter(|key| !is.contains_key(*key)));
    for key in keys {
        let at = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
        let inner = match path.is_empty() {
            true => key.clone(),
            false => format!("{path}.{key}"),
        };
        let value = put_back(&inner, &at(was), &at(left), &at(is), moved);
        let is_null_there = [was, is].iter().any(|of| of.get(key) == Some(&Value::Null));
        if !value.is_null() || is_null_there {
            result.insert(key.clone(), value);
        }
    }
    Value::Object(result)
}

/// Takes out of a list what the run added and puts back what it took out; what others added or took
/// out since stays so. Nothing if others have changed one of the run's own elements.
fn put_back_list(was: &[Value], left: &[Value], is: &[Value]) -> Option<Value> {
    let beyond = |of: &[Value], other: &[Value]| -> Vec<Value> {
        let beyond = of.iter().filter(|item| !other.contains(item));
        beyond.cloned().collect()
    };
    let (added, taken) = (beyond(left, was), beyond(was, left));
    let is_untouched =
        added.iter().all(|item| is.contains(item)) && !taken.iter().any(|item| is.contains(item));
    let mut list = beyond(is, &added);
    list.extend(taken);
    is_untouched.then_some(Value::Array(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    fn put(before: Value, after: Value, now: Value) -> (Value, Vec<String>) {
        let mut moved = Vec::new();
        let value = put_back("", &before, &after, &now, &mut moved);
        (value, moved.into_iter().map(|moved| moved.field).collect())
    }

    #[test]
    fn what_the_run_changed_goes_back_and_what_others_changed_since_stays() {
        let (value, moved) = put(
            json!({"length": 8, "symbols": false, "age": null}),
            json!({"length": 14, "symbols": true, "age": null}),
            json!({"length": 14, "symbols": true, "age": 90}),
        );
        assert_eq!(value, json!({"length": 8, "symbols": false, "age": 90}));
        assert!(moved.is_empty());
    }

    #[test]
    fn what_changed_again_is_left_and_told() {
        let (value, moved) = put(
            json!({"a": {"length": 8}}),
            json!({"a": {"length": 14}}),
            json!({"a": {"length": 20}}),
        );
        assert_eq!(value, json!({"a": {"length": 20}}));
        assert_eq!(moved, ["a.length"]);
    }

    #[test]
    fn what_the_run_created_goes_back_to_nothing() {
        let (value, _) = put(json!(null), json!({"x": 1}), json!({"x": 1}));
        assert_eq!(value, json!(null));
        let (value, _) = put(json!({}), json!({"x": 1}), json!({"x": 1, "y": 2}));
        assert_eq!(value, json!({"y": 2}));
        let (value, _) = put(json!({"x": 1, "y": null}), json!({"y": 1}), json!({"y": 1}));
        assert_eq!(value, json!({"y": null, "x": 1}));
    }

    #[test]
    fn of_a_list_only_what_the_run_added_goes() {
        let (value, moved) = put(json!(["a"]), json!(["a", "b"]), json!(["c", "b", "a"]));
        assert_eq!((value, moved.len()), (json!(["c", "a"]), 0));
        let (value, moved) = put(json!(["a", "b"]), json!(["b"]), json!(["b", "c"]));
        assert_eq!((value, moved.len()), (json!(["b", "c", "a"]), 0));
        // One that the run had added is gone, or has become another.
        let (value, moved) = put(json!(["a"]), json!(["a", "b"]), json!(["a", "c"]));
        assert_eq!((value, moved.len()), (json!(["a", "c"]), 1));
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Either {
        Some(Vec<u8>),
        But(Vec<u8>),
    }

    #[test]
    fn what_has_become_another_kind_of_thing_is_left_as_it_is() {
        let past = Past {
            before: Either::Some(vec![1]),
            after: Either::Some(vec![1, 2]),
            live: Either::But(vec![3]),
        };
        let (wanted, moved) = past.merged();
        assert_eq!(wanted, past.live);
        assert_eq!(moved.len(), 1);
    }
}
