//! What there is to be to ask logs with, and what of it somebody else made and only you can decide.

use super::live::{Kept, Live};
use super::settings::Settings;
use super::state::{Names, Saved, State};
use crate::control::{At, Remarks};

/// The state that the table asks for.
pub fn wanted(settings: &Settings, live: &Live, at: At<'_>, say: &mut Remarks) -> State {
    let mut wanted = State::of(live);
    wanted.names = names(settings);
    let Some(trail) = &live.trail else {
        say.finding(
            "bucket",
            "it is not known where the logs of the trail are",
            "add [log_bucket], or name the bucket in [trail_queries] bucket",
        );
        return wanted;
    };
    if !live.is_delivered {
        say.finding(
            "bucket",
            format!("no trail of this baseline delivers to {}: queries find nothing there", trail.bucket),
            "add [cloudtrail], or name in [trail_queries] bucket and prefix where the trail delivers",
        );
    }
    if let Some(whom) = live.database.as_ref().and_then(|own| own.link_to.as_ref()) {
        say.finding(
            "database",
            format!("the database {} is a link to {whom}", settings.database),
            "name another in [trail_queries] database, or delete the link",
        );
        return wanted;
    }
    wanted.database = true;
    tables(settings, live, &mut wanted, at, say);
    if group(settings, live, &mut wanted, at, say) {
        queries(settings, live, &mut wanted);
    } else {
        judge_queries(settings, live, say);
    }
    wanted
}

/// What the table calls things.
pub fn names(settings: &Settings) -> Names {
    let flows = settings.flow_logs.as_ref().map(|_| super::settings::FLOW_TABLE.to_owned());
    Names { database: settings.database.clone(), workgroup: settings.workgroup.clone(), flows }
}

/// A table that the baseline made is put right; one that somebody else made does, or is a finding.
fn tables(settings: &Settings, live: &Live, wanted: &mut State, at: At<'_>, say: &mut Remarks) {
    let Some(trail) = &live.trail else { return };
    for (name, logs, table) in settings.tables(trail, at.context) {
        match live.tables.get(&name) {
            Some(own) if !own.is_of(&at.context.baseline) => {
                if !own.covers(&table) {
                    say.finding(
                        &format!("tables.{name}"),
                        format!(
                            "the table {}.{name} is not this baseline's, and does not show all {} \
                             below {}",
                            settings.database,
                            logs.words(),
                            table.location
                        ),
                        "if nobody needs it, delete it and apply again; else name another database or \
                         table in [trail_queries]",
                    );
                }
            }
            _ => drop(wanted.tables.insert(name, table)),
        }
    }
}

/// Whether the workgroup is the baseline's own, or will be; one that somebody else made does, or is a
/// finding.
fn group(
    settings: &Settings,
    live: &Live,
    wanted: &mut State,
    at: At<'_>,
    say: &mut Remarks,
) -> bool {
    let log_bucket = at.context.log_bucket.as_deref();
    let bucket = log_bucket.or(live.trail.as_ref().map(|own| own.bucket.as_str()));
    let own = live.workgroup.as_ref().map(|own| &own.group);
    let group = settings.group(own, bucket.unwrap_or_default(), at.context);
    let name = &settings.workgroup;
    if let Some(key) = own.and_then(|own| own.foreign_key(at.context)) {
        say.finding(
            "results_kms_key",
            format!("results of the workgroup {name} are encrypted with the key {key} of another account"),
            "say in [trail_queries] results_kms_key which key is meant",
        );
    }
    let Some(Kept { group: own, owner, .. }) = live.workgroup.as_ref().filter(|own| !own.is_ours)
    else {
        wanted.workgroup = Some(group);
        return true;
    };
    let whose = match owner {
        Some(whom) => format!("which {whom} manages"),
        None => "which is not this baseline's".to_owned(),
    };
    for fault in own.faults(&group) {
        say.finding(
            "workgroup",
            format!("the workgroup {name}, {whose}, {fault}"),
            "change it, or name another in [trail_queries] workgroup: it is created then",
        );
    }
    false
}

/// Each query has its text, in however many copies it was saved.
fn queries(settings: &Settings, live: &Live, wanted: &mut State) {
    for query in settings.shelf() {
        let mut texts = live.queries.get(&query.name).cloned().unwrap_or_default();
        if texts.is_empty() {
            texts.insert(String::new(), String::new());
        }
        for text in texts.values_mut() {
            text.clone_from(&query.text);
        }
        wanted.queries.insert(query.name, Saved { texts, about: query.about });
    }
}

/// Nothing is saved in the workgroup of somebody else, and nothing changed there.
fn judge_queries(settings: &Settings, live: &Live, say: &mut Remarks) {
    let shelf = settings.shelf();
    let is_altered = |name: &str, text: &str| {
        live.queries.get(name).is_some_and(|own| own.values().any(|other| other != text))
    };
    for query in shelf.iter().filter(|own| is_altered(&own.name, &own.text)) {
        say.finding(
            &format!("queries.{}", query.name),
            format!("the query {} of the workgroup asks something else", query.name),
            "delete or rename it, or name another workgroup",
        );
    }
    let missing = shelf.iter().filter(|own| !live.queries.contains_key(&own.name)).count();
    if missing > 0 {
        say.note(format!("{missing} queries are not saved in a workgroup of somebody else"));
    }
}
