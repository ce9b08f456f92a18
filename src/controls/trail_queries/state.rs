//! What calls change, and the calls from one state to another.

use super::group::Group;
use super::live::Live;
use super::tables::{Logs, Table};
use super::wire::{
    CREATE_DATABASE, CREATE_GROUP, CREATE_QUERY, CREATE_TABLE, DatabaseInput, NewDatabase,
    NewQuery, NewTable, QueryUpdate, UPDATE_GROUP, UPDATE_QUERY, UPDATE_TABLE,
};
use crate::control::{At, OUR_TAG, Steps};
use crate::controls::log_bucket::LogBucket;
use crate::diff::Difference;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What calls change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The names of the database and the workgroup: what calls are about.
    pub names: Names,
    pub database: bool,
    pub tables: BTreeMap<String, Table>,
    pub workgroup: Option<Group>,
    pub queries: BTreeMap<String, Saved>,
}

/// A query without its lines, which change nothing.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the table calls things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    pub database: String,
    pub workgroup: String,
    /// The table over flow logs, if there is to be one.
    pub flows: Option<String>,
}

/// The queries of one name: one, unless somebody saved another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// By id; that of a new one is empty.
    pub texts: BTreeMap<String, String>,
    pub about: String,
}

impl State {
    /// That of what was read.
    pub fn of(live: &Live) -> Self {
        let queries = live.queries.iter().map(|(name, texts)| {
            let saved = Saved { texts: texts.clone(), about: String::new() };
            (name.clone(), saved)
        });
        Self {
            names: Names::default(),
            database: live.database.is_some(),
            tables: live.tables.clone(),
            workgroup: live.workgroup.as_ref().map(|own| own.group.clone()),
            queries: queries.collect(),
        }
    }

    /// As plans show it.
    pub fn shown(&self) -> Value {
        let queries: Map<String, Value> = self
            .queries
            .iter()
            .map(|(name, own)| {
                let texts: Vec<String> = own.texts.values().map(|text| in_one_line(text)).collect();
                let shown = match texts.as_slice() {
                    [one] => json!(one),
                    texts => json!(texts),
                };
                (name.clone(), shown)
            })
            .collect();
        json!({
            "database": self.database,
            "tables": self.tables,
            "workgroup": self.workgroup,
            "queries": queries,
        })
    }

    /// What tells another state from this one. What is new is shown in short: where the logs of a
    /// table are, and what a query answers.
    pub fn differences(&self, to: &Self) -> Vec<Difference> {
        let mut after = to.shown();
        for (name, table) in to.tables.iter().filter(|(name, _)| !self.tables.contains_key(*name)) {
            after["tables"][name] = json!(table.location);
        }
        for (name, query) in to.queries.iter().filter(|(name, _)| !self.queries.contains_key(*name))
        {
            after["queries"][name] = json!(query.about);
        }
        crate::diff::compare(&self.shown(), &after)
    }

    /// The calls from this state to another, what others need first. Results go to the log bucket,
    /// unless they go elsewhere.
    pub fn steps(&self, to: &Self, at: At<'_>) -> Steps {
        let region = at.context.home_region.as_str();
        let mut steps = Steps::default();
        steps.after::<LogBucket>();
        let Names { database, workgroup, flows } = &to.names;
        if to.database && !self.database {
            let tag = (OUR_TAG.to_owned(), at.context.baseline.clone());
            let database_input = DatabaseInput {
                name: database.clone(),
                description: "Tables over the logs of the account.".to_owned(),
                parameters: [tag].into(),
            };
            steps.call(CREATE_DATABASE.call(region, NewDatabase { database_input }));
        }
        for (name, table) in &to.tables {
            let logs = if Some(name) == flows.as_ref() { Logs::Flow } else { Logs::Trail };
            let input =
                NewTable { database_name: database.clone(), table_input: table.input(name, logs) };
            match self.tables.get(name) {
                None => steps.call(CREATE_TABLE.call(region, input)),
                Some(own) if own != table => steps.call(UPDATE_TABLE.call(region, input)),
                Some(_) => {}
            }
        }
        match (&self.workgroup, &to.workgroup) {
            (None, Some(group)) => {
                steps.call(CREATE_GROUP.call(region, group.creation(workgroup, at.context)));
            }
            (Some(own), Some(group)) if own != group => {
                steps.call(UPDATE_GROUP.call(region, own.update(group, workgroup)));
            }
            _ => {}
        }
        steps.and(self.query_steps(to, region))
    }

    fn query_steps(&self, to: &Self, region: &str) -> Steps {
        let mut steps = Steps::default();
        for (name, saved) in &to.queries {
            let before = self.queries.get(name);
            for (id, text) in &saved.texts {
                let was = before.and_then(|own| own.texts.get(id));
                if id.is_empty() {
                    let input = NewQuery {
                        name: name.clone(),
                        description: saved.about.clone(),
                        database: to.names.database.clone(),
                        query_string: text.clone(),
                        work_group: to.names.workgroup.clone(),
                    };
                    steps.call(CREATE_QUERY.call(region, input));
                } else if was.is_some_and(|was| was != text) {
                    let input = QueryUpdate {
                        named_query_id: id.clone(),
                        name: name.clone(),
                        description: saved.about.clone(),
                        query_string: text.clone(),
                    };
                    steps.call(UPDATE_QUERY.call(region, input));
                }
            }
        }
        steps
    }
}
