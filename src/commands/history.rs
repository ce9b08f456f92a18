//! `history`: what applies did, from their journals.

use super::shown;
use crate::cli;
use crate::error::{Error, Exit};
use crate::journal::{FOLDER, Head, Journals, Run};
use crate::report::Inputs;
use crate::view::{self, Streams};

pub fn run(args: cli::History, streams: &mut Streams) -> Result<Exit, Error> {
    let name = args.run.as_deref().unwrap_or_default();
    let (mut runs, mut unreadable): (Vec<Run>, Vec<Error>) = (Vec::new(), Vec::new());
    for account in accounts(args.account.as_deref())? {
        let (heads, others) = Journals::of(&account).legible()?;
        unreadable.extend(others);
        let named = heads.iter().filter(|head| head.began.run.starts_with(name));
        for run in named.map(Head::run) {
            match run {
                Ok(mut run) => {
                    // What was not changed is no part of what was done.
                    run.seen.clear();
                    runs.push(run);
                }
                Err(error) => unreadable.push(error),
            }
        }
    }
    runs.sort_by_key(|run| run.at);
    if let (Some(name), true, true) = (&args.run, runs.is_empty(), unreadable.is_empty()) {
        return Err(Error::failed(format!("there is no run '{name}' in {FOLDER}/"))
            .hint("baseline history lists them; run it in the folder of that apply"));
    }
    match (args.json, args.run.is_some()) {
        (true, _) => shown(view::history::json(&mut *streams.stdout, &runs))?,
        (false, false) => shown(view::history::list(&mut *streams.stdout, &runs))?,
        (false, true) => {
            let inputs = if args.calls { Inputs::Shown } else { Inputs::Hidden };
            for run in &runs {
                let (out, width) = (&mut *streams.stdout, streams.width);
                shown(view::history::detail(out, run, inputs, width))?;
            }
        }
    }
    // A journal that cannot be read does not hide the others.
    let last = unreadable.pop();
    for error in unreadable {
        shown(writeln!(streams.stderr, "error: {}", error.in_one_line()))?;
    }
    last.map_or(Ok(Exit::Fine), Err)
}

/// The accounts that have journals here.
fn accounts(chosen: Option<&str>) -> Result<Vec<String>, Error> {
    if let Some(account) = chosen {
        return Ok(vec![account.to_owned()]);
    }
    let entries = match std::fs::read_dir(FOLDER) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::failed(format!("cannot read {FOLDER}")).because(cause)),
    };
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    Ok(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}
