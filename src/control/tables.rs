//! Reads the tables of controls.

use super::{Configured, Kind};
use crate::document::{Problems, Table};
use toml::de::DeValue;

impl Problems {
    /// Reads a control's table and checks it; `None` when something is wrong.
    pub fn configure(&mut self, kind: Kind, table: Table<'_>) -> Option<Box<dyn Configured>> {
        self.check_shape(&kind, &table)?;
        let name = kind.about.name;
        let control = self.all_of(name, &table, |table| kind.configure(table))?;
        self.no_dates(&table);
        self.check(&table, |problems| control.check(problems)).then_some(control)
    }

    /// Whether it is a table where there is one, and a list of tables where there may be several.
    fn check_shape(&mut self, kind: &Kind, table: &Table<'_>) -> Option<()> {
        let name = kind.about.name;
        let text = match (kind.about.places.scope.has_many_tables(), table.get_ref()) {
            (true, DeValue::Array(_)) | (false, DeValue::Table(_)) => return Some(()),
            (true, _) => format!("there may be several: write [[{name}]]"),
            (false, _) => format!("there is only one: write [{name}]"),
        };
        self.add(Some(table.span()), text, None);
        None
    }
}
