//! Athena over the logs of the trail: a table, a workgroup and a shelf of queries, there before they
//! are needed.
//!
//! The table works its partitions out of the paths that CloudTrail writes, so nothing has to be
//! loaded. What somebody else made under the same names is adopted if it does as much, and never
//! overwritten. Everything is in the home region.

mod group;
mod live;
mod queries;
mod settings;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod wanted;
mod wire;

use crate::aws::facts::Reader;
use crate::aws::{AwsError, Operation};
use crate::control::{About, At, Context, Control, Cost, Past, Places, Reference, Remarks, Steps};
use crate::diff::Difference;
use crate::document::Problems;
use crate::place::Place;
use crate::settings::Takes;
use live::Live;
use serde_json::Value;
use settings::Settings;
use state::State;

/// The control.
pub struct TrailQueries;

impl Control for TrailQueries {
    type Settings = Settings;
    type Live = Live;
    type State = State;

    const FIELDS: &'static [&'static str] = &["tables"];
    const ABOUT: About = About {
        name: "trail_queries",
        title: "the logs of the trail can be asked at once",
        why: "When something has happened, nobody wants to learn first how logs are laid out. The table \
              is there, the questions are written down, and what a query may scan is limited.",
        places: Places::ACCOUNT,
        settings: Settings::KEYS,
        satisfies: &[
            Reference::nist_csf("Respond", "incidents can be looked into"),
            Reference::well_architected("SEC 10", "tools for investigation are in place"),
        ],
        cost: Cost::Partly(
            "nothing until a query runs: then 5 USD for each TB that it scans, at most 0.05 for a \
             query with a limit of 10 GB",
        ),
        operations: &[
            wire::GET_DATABASE.operation,
            wire::GET_TABLE.operation,
            wire::GET_GROUP.operation,
            wire::LIST_TAGS.operation,
            wire::LIST_QUERIES.operation,
            wire::GET_QUERIES.operation,
            wire::CREATE_DATABASE.operation,
            wire::CREATE_TABLE.operation,
            wire::UPDATE_TABLE.operation,
            wire::CREATE_GROUP.operation,
            wire::UPDATE_GROUP.operation,
            wire::CREATE_QUERY.operation,
            wire::UPDATE_QUERY.operation,
        ],
    };

    fn check(settings: &Settings, problems: &mut Problems) {
        settings.check(problems);
    }

    fn state(live: &Live) -> State {
        State::of(live)
    }

    fn shown(state: &State) -> Value {
        state.shown()
    }

    fn differences(from: &State, to: &State, _: At<'_>) -> Vec<Difference> {
        let looser = match (&from.workgroup, &to.workgroup) {
            (Some(own), Some(to)) => own.looser(to),
            _ => Vec::new(),
        };
        let mut differences = from.differences(to);
        for difference in &mut differences {
            difference.loosens = looser.contains(&difference.field);
        }
        differences
    }

    async fn read(
        settings: &Settings,
        _: &Place,
        context: &Context,
        reader: &Reader,
    ) -> Result<Live, AwsError> {
        live::read(settings, context, reader).await
    }

    fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
        wanted::wanted(settings, live, at, say)
    }

    fn steps(from: &State, to: &State, at: At<'_>) -> Steps {
        from.steps(to, at)
    }

    /// What the run created stays: it holds no logs and costs nothing, and somebody may have saved
    /// queries of their own beside it.
    fn restored(settings: &Settings, past: &Past<Live>, at: At<'_>, say: &mut Remarks) -> State {
        let now = State::of(&past.live);
        let mut back = say.put_back(&past.map(State::of));
        back.names = wanted::names(settings);
        let is_new = |before: bool, after: bool| !before && after;
        let created = [
            is_new(past.before.database.is_some(), now.database),
            is_new(past.before.workgroup.is_some(), now.workgroup.is_some()),
        ];
        if created.contains(&true) {
            let region = &at.context.home_region;
            say.finding(
                "database",
                "the run created the database or the workgroup, with what is in them; they stay",
                format!(
                    "if nobody needs them: aws glue delete-database --name {} --region {region}; aws \
                     athena delete-work-group --work-group {} --recursive-delete-option --region \
                     {region}",
                    settings.database, settings.workgroup
                ),
            );
        }
        back.database = now.database;
        back.workgroup = back.workgroup.or(now.workgroup);
        for (name, table) in now.tables {
            back.tables.entry(name).or_insert(table);
        }
        for (name, saved) in now.queries {
            back.queries.entry(name).or_insert(saved);
        }
        back
    }

    fn names(settings: &Settings, context: &Context) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("query_region", vec![context.home_region.clone()]),
            ("database", vec![settings.database.clone()]),
            ("workgroup", vec![settings.workgroup.clone()]),
        ]
    }

    fn unused(settings: &Settings) -> Vec<&'static str> {
        let of_queries: [&Operation; 4] = [
            &wire::LIST_QUERIES.operation,
            &wire::GET_QUERIES.operation,
            &wire::CREATE_QUERY.operation,
            &wire::UPDATE_QUERY.operation,
        ];
        match settings.queries.is_none() {
            true => of_queries.iter().map(|own| own.name).collect(),
            false => Vec::new(),
        }
    }
}
