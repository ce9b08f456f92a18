//! A policy document: its statements, and everything around them as it was written.

use super::json::{self, Json, offset, without_white_space};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The largest bucket policy S3 takes, in bytes. Source: S3 User Guide, "Bucket policies".
pub const LARGEST: usize = 20 * 1024;

/// What a Sid of this program begins with. Statements with such a Sid are ours to change and to
/// remove; all others belong to somebody else.
pub const OWN: &str = "Baseline";

/// A policy document.
///
/// What others wrote is kept to the byte: their statements, the white space between them, `Id`,
/// `Version` and keys that nobody knows.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The text up to the first statement, and from the end of the last one.
    before: String,
    after: String,
    statements: Vec<Statement>,
    /// Whether `Statement` was a single table instead of a list.
    single: bool,
    /// The other keys of the document.
    entries: Vec<(String, Json)>,
}

/// A statement as it was written.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What stands between it and the one before: a comma and white space.
    separator: String,
    text: String,
    json: Json,
}

impl Policy {
    /// A policy without statements. S3 does not store one like that.
    pub fn empty() -> Self {
        Self::parse(r#"{"Version":"2012-10-17","Statement":[]}"#).expect("the text is a policy")
    }

    /// Reads a policy as a service returns it.
    ///
    /// # Errors
    /// When the text is no JSON table with statements.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        let mut found: Option<&str> = None;
        for (key, value) in json::entries(text)? {
            if entries.iter().any(|(own, _)| *own == key) || (found.is_some() && key == "Statement")
            {
                return Err(format!("it has {key} twice"));
            }
            match key.as_str() {
                "Statement" => found = Some(value),
                _ => entries.push((key, Json::of_valid(value)?)),
            }
        }
        if entries.iter().any(|(key, value)| key == "Version" && value.text().is_none()) {
            return Err("its Version is no text".to_owned());
        }
        let list = found.ok_or("it has no statements")?;
        let (single, written) = match json::items(list) {
            Some(items) => (false, items),
            None => (true, vec![list]),
        };
        // An empty list is cut behind its bracket.
        let first = written.first();
        let start = first.map_or(offset(text, list) + 1, |own| offset(text, own));
        let mut end = start;
        let mut statements = Vec::new();
        for own in written {
            let at = offset(text, own);
            statements.push(Statement::of_valid(&text[end..at], own)?);
            end = at + own.len();
        }
        Ok(Self {
            before: text[..start].to_owned(),
            after: text[end..].to_owned(),
            statements,
            single,
            entries,
        })
    }

    /// The statements in their order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The value of a key beside `Statement`, as `Id` or `Version`.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let (_, value) = self.entries.iter().rfind(|(own, _)| own == key)?;
        Some(value)
    }

    /// The keys beside `Statement`.
    pub(super) fn entries(&self) -> &[(String, Json)] {
        &self.entries
    }

    /// The version of the policy language; `2008-10-17` where none is given. Source: IAM User
    /// Guide, "IAM JSON policy elements: Version".
    pub fn version(&self) -> &str {
        self.get("Version").and_then(Json::text).unwrap_or("2008-10-17")
    }

    /// Whether `${…}` stands for something of the request, and not for itself.
    pub fn has_variables(&self) -> bool {
        self.version() == "2012-10-17"
    }

    /// Whether it has no statements left. S3 does not store such a policy: it is deleted instead.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The statement with a Sid.
    pub fn with_sid(&self, sid: &str) -> Option<&Statement> {
        self.statements.iter().find(|own| own.sid() == Some(sid))
    }

    /// What to call the statement at an index: by its Sid, or by its number.
    pub fn name_of(&self, index: usize) -> String {
        let sid = self.statements.get(index).and_then(Statement::sid);
        sid.map_or_else(|| format!("#{}", index + 1), str::to_owned)
    }

    /// Puts a statement in: in the place of the one with its Sid, else after all others. A second
    /// one with its Sid goes.
    pub fn put(&mut self, statement: impl Into<Statement>) {
        let new = statement.into();
        let same = |other: &Statement| new.sid().is_some() && other.sid() == new.sid();
        match self.statements.iter().position(same) {
            Some(at) => {
                let mut second = (at + 1..self.statements.len()).rev();
                while let Some(index) = second.find(|i| same(&self.statements[*i])) {
                    self.cut(index);
                }
                self.replace(at, new);
            }
            None => {
                let separator = if self.is_empty() { "" } else { "," }.to_owned();
                self.statements.push(Statement { separator, ..new });
            }
        }
    }

    /// Takes out all statements with a Sid. Returns whether there was one.
    pub fn remove(&mut self, sid: &str) -> bool {
        let had = self.statements.len();
        for index in (0..had).rev() {
            if self.statements[index].sid() == Some(sid) {
                self.cut(index);
            }
        }
        self.statements.len() < had
    }

    /// Takes out the statement at an index, with the comma before it, or after it if it is first.
    pub(super) fn cut(&mut self, index: usize) {
        let cut = self.statements.remove(index);
        if index == 0
            && let Some(first) = self.statements.first_mut()
        {
            first.separator = cut.separator;
        }
    }

    /// Puts a statement in the place of the one at an index.
    pub(super) fn replace(&mut self, index: usize, with: Statement) {
        let separator = std::mem::take(&mut self.statements[index].separator);
        self.statements[index] = Statement { separator, ..with };
    }

    /// Whether `Statement` is a single table instead of a list.
    pub(super) fn is_single(&self) -> bool {
        self.single && self.statements.len() == 1
    }

    /// Writes the list of one statement as a single table.
    pub(super) fn make_single(&mut self) {
        if let (false, [only]) = (self.single, self.statements.as_slice()) {
            let before = self.before.trim_end();
            let after = self.after.trim_start();
            let brackets = (before.strip_suffix('['), after.strip_prefix(']'));
            if let (Some(before), Some(after)) = brackets {
                let text = format!("{before}{}{after}", only.text);
                // It is the same policy without its brackets.
                if let Ok(single) = Self::parse(&text) {
                    *self = single;
                }
            }
        }
    }

    /// Writes a statement anew in its place.
    pub(super) fn rewrite(&mut self, index: usize, text: String) -> Result<(), String> {
        let own = &mut self.statements[index];
        *own = Statement::of_valid(&own.separator, &text)?;
        Ok(())
    }

    /// The policy as it was written, with what was put in and taken out.
    pub fn text(&self) -> String {
        let is_list = self.single && self.statements.len() != 1;
        let mut text = self.before.clone();
        text.push_str(if is_list { "[" } else { "" });
        for own in &self.statements {
            text.push_str(&own.separator);
            text.push_str(&own.text);
        }
        text.push_str(if is_list { "]" } else { "" });
        text.push_str(&self.after);
        text
    }

    /// The policy as it is sent: as it was written, or without the white space between its tokens
    /// when it is too long with it.
    pub fn compact(&self) -> String {
        let text = self.text();
        match text.len() > LARGEST {
            true => without_white_space(&text),
            false => text,
        }
    }
}

impl Statement {
    /// Reads a statement from a text that is known to be JSON.
    fn of_valid(separator: &str, text: &str) -> Result<Self, String> {
        let json = Json::of_valid(text)?;
        match json {
            Json::Table(_) => {
                Ok(Self { separator: separator.to_owned(), text: text.to_owned(), json })
            }
            _ => Err(format!("a statement is no table: {text}")),
        }
    }

    /// Its text, to the byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// The value of one of its keys.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.json.get(key)
    }

    /// Its Sid; an empty one is none.
    pub fn sid(&self) -> Option<&str> {
        self.get("Sid").and_then(Json::text).filter(|sid| !sid.is_empty())
    }

    /// Whether it is ours by its Sid.
    pub fn is_own(&self) -> bool {
        self.sid().is_some_and(|sid| sid.starts_with(OWN))
    }

    /// Whether it denies.
    pub fn denies(&self) -> bool {
        self.get("Effect").and_then(Json::text) == Some("Deny")
    }

    /// Whether it allows.
    pub fn allows(&self) -> bool {
        self.get("Effect").and_then(Json::text) == Some("Allow")
    }

    /// As plain data, to be shown: lists of principals are sorted, because S3 returns them in
    /// another order each time.
    pub fn shown(&self) -> Value {
        let mut value: Value = serde_json::from_str(&self.text).unwrap_or_default();
        for key in ["Principal", "NotPrincipal"] {
            if let Some(Value::Object(kinds)) = value.get_mut(key) {
                let lists = kinds.values_mut().filter_map(Value::as_array_mut);
                lists.for_each(|list| list.sort_by_key(Value::to_string));
            }
        }
        value
    }
}

/// A statement of our own, which is a table.
impl From<&Value> for Statement {
    fn from(value: &Value) -> Self {
        Self::of_valid("", &value.to_string()).expect("statements of our own are tables")
    }
}

/// The form in which policies are shown and compared.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown: Value =
            serde_json::from_str(&self.text()).map_err(serde::ser::Error::custom)?;
        let statements: Vec<Value> = self.statements.iter().map(Statement::shown).collect();
        shown["Statement"] = match (self.single, statements.as_slice()) {
            (true, [only]) => only.clone(),
            _ => Value::Array(statements),
        };
        shown.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(text: &str) -> Policy {
        Policy::parse(text).expect("the test's policy is valid")
    }

    #[test]
    fn foreign_statements_stay_as_and_where_they_were() {
        let text = r#" { "Version":"2008-10-17", "Id" : "x","Statement":[ {"Sid":"A", "n":1.20},
            {"n":1e3} ],"Z":0 }"#;
        let mut merged = policy(text);
        assert_eq!(merged.compact(), text);
        merged.put(&json!({"Sid": "BaselineX", "Effect": "Deny"}));
        let wanted =
            text.replace("{\"n\":1e3}", r#"{"n":1e3},{"Sid":"BaselineX","Effect":"Deny"}"#);
        assert_eq!(merged.compact(), wanted);
        merged.put(&json!({"Sid": "BaselineX", "Effect": "Allow"}));
        assert_eq!(merged.statements().len(), 3);
        assert!(merged.remove("BaselineX"));
        assert_eq!(merged.compact(), text);
        assert!(!merged.remove("BaselineX"));
    }

    #[test]
    fn our_statement_is_updated_in_its_place_and_a_second_one_goes() {
        let text = r#"{"Statement":[{"Sid":"BaselineX"}, {"Sid":"A"}, {"Sid":"BaselineX","n":1}]}"#;
        let mut updated = policy(text);
        updated.put(&json!({"Sid": "BaselineX", "n": 2}));
        let wanted = r#"{"Statement":[{"Sid":"BaselineX","n":2}, {"Sid":"A"}]}"#;
        assert_eq!(updated.compact(), wanted);
        updated.remove("BaselineX");
        assert_eq!(updated.compact(), r#"{"Statement":[{"Sid":"A"}]}"#);
    }

    #[test]
    fn a_single_statement_becomes_a_list_only_when_one_is_added() {
        let text = r#"{"Statement" : {"Sid":"A"} }"#;
        let mut single = policy(text);
        assert_eq!(single.compact(), text);
        single.put(&json!({"Sid": "BaselineB"}));
        let wanted = r#"{"Statement" : [{"Sid":"A"},{"Sid":"BaselineB"}] }"#;
        assert_eq!(single.compact(), wanted);
        single.remove("BaselineB");
        assert_eq!(single.compact(), text);
    }

    #[test]
    fn a_policy_from_which_everything_was_taken_is_empty_and_can_be_filled_again() {
        let mut single = policy(r#"{"Statement":{"Sid":"BaselineA"}}"#);
        single.remove("BaselineA");
        assert!(single.is_empty());
        assert_eq!(single.compact(), r#"{"Statement":[]}"#);
        let mut empty = policy(r#"{"Statement":[ ]}"#);
        empty.put(&json!({"Sid": "BaselineA"}));
        assert_eq!(empty.compact(), r#"{"Statement":[{"Sid":"BaselineA"} ]}"#);
    }

    #[test]
    fn the_order_of_principals_makes_no_difference_where_policies_are_shown() {
        let one = policy(r#"{"Statement":[{"Principal":{"AWS":["b","a"]}}]}"#);
        let two = policy(r#"{"Statement":[{"Principal":{"AWS":["a","b"]}}]}"#);
        assert_eq!(json!(one), json!(two));
    }

    #[test]
    fn white_space_goes_only_when_the_policy_is_too_long_with_it() {
        let text = format!(r#"{{"Statement":[{{"Sid":"A B"}}{}]}}"#, " ".repeat(LARGEST));
        assert_eq!(policy(&text).text(), text);
        assert_eq!(policy(&text).compact(), r#"{"Statement":[{"Sid":"A B"}]}"#);
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let no_policies = [
            "",
            "[]",
            "{}",
            "null",
            r#"{"Statement":"x"}"#,
            r#"{"Statement":[1]}"#,
            r#"{"Statement":[],"Statement":[]}"#,
            r#"{"Version":"2008-10-17","Version":"2012-10-17","Statement":[]}"#,
            r#"{"Version":2012,"Statement":[]}"#,
            r#"{"Id":"\ud800","Statement":[]}"#,
            r#"{"Id":1e999,"Statement":[]}"#,
        ];
        for text in no_policies {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
    }
}
