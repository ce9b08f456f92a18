//! Basic event selectors, translated into advanced ones that log the same.

use super::{ARN, Access, CATEGORY, Field, Kind, SOURCE, Selector, TYPE};

/// A basic event selector.
#[derive(Clone, Debug)]
pub struct Basic {
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub access: String,
    /// Whether management events are logged.
    pub management: bool,
    /// The services whose management events are left out.
    pub excluded: Vec<String>,
    /// The data resources: type, and ARNs or beginnings of ARNs.
    pub resources: Vec<(String, Vec<String>)>,
}

impl Basic {
    /// The advanced selectors that log the same.
    ///
    /// # Errors
    /// An access that this program does not know.
    pub fn translate(&self, partition: &str) -> Result<Vec<Selector>, String> {
        let access = match self.access.as_str() {
            "All" => Access::All,
            "ReadOnly" => Access::Read,
            "WriteOnly" => Access::Write,
            other => return Err(format!("there is no access '{other}'")),
        };
        let mut selectors = Vec::new();
        if self.management {
            let mut selector = Selector::management();
            selector.field_selectors.extend(access.field());
            if !self.excluded.is_empty() {
                selector.field_selectors.push(Field {
                    field: SOURCE.to_owned(),
                    not_equals: self.excluded.clone(),
                    ..Field::default()
                });
            }
            selectors.push(selector);
        }
        for (name, arns) in &self.resources {
            selectors.extend(translate(name, access, arns, partition));
        }
        Ok(selectors)
    }
}

/// Advanced selectors for the data resources of a basic one: an event would have to match both
/// operators on one field.
fn translate(name: &str, access: Access, arns: &[String], partition: &str) -> Vec<Selector> {
    let kind = Kind::of(name);
    let selector = |arns: Option<Field>| {
        let fields = [Field::equals(CATEGORY, "Data"), Field::equals(TYPE, name)];
        let name = format!("{} data events", kind.map_or(name, |kind| kind.word()));
        Selector::new(&name, fields.into_iter().chain(access.field()).chain(arns))
    };
    let everything = kind.map(|kind| kind.start(partition)).unwrap_or_default();
    if arns.iter().any(|start| everything.starts_with(start)) {
        return vec![selector(None)];
    }
    let is_exact = |arn: &String| kind.is_some_and(|kind| kind.is_exact(arn));
    let (exact, starts): (Vec<String>, Vec<String>) = arns.iter().cloned().partition(is_exact);
    let field = |equals, starts_with| Field {
        field: ARN.to_owned(),
        equals,
        starts_with,
        ..Field::default()
    };
    [field(exact, Vec::new()), field(Vec::new(), starts)]
        .into_iter()
        .filter(|field| !field.is_blank())
        .map(|field| selector(Some(field)))
        .collect()
}
