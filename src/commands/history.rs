//! `history`: what applies did, from their journals.

use super::{say, shown};
use crate::cli;
use crate::error::{Error, Exit};
use crate::formats::Options;
use crate::journal::{FOLDER, Head, Journals, Run};
use crate::report::{History, Message};
use crate::view::Streams;

pub fn run(args: cli::History, streams: &mut Streams) -> Result<Exit, Error> {
    let (format, inputs) = (args.output.format(), args.output.inputs(args.calls)?);
    let name = args.run.as_deref().unwrap_or_default();
    let (mut runs, mut unreadable): (Vec<Run>, Vec<Error>) = (Vec::new(), Vec::new());
    for account in accounts(args.account.as_deref())? {
        let (heads, others) = Journals::of(&account).legible()?;
        unreadable.extend(others);
        let named = heads.iter().filter(|head| head.began.run.starts_with(name));
        for run in named.map(Head::run) {
            match run {
                Ok(mut run) => {
                    // Places that were not changed are not part of the history.
                    run.seen.clear();
                    runs.push(run);
                }
                Err(error) => unreadable.push(error),
            }
        }
    }
    runs.sort_by_key(|run| run.at);
    if let (Some(name), true, true) = (&args.run, runs.is_empty(), unreadable.is_empty()) {
        return Err(Error::failed(format!("no run '{name}' in {FOLDER}/"))
            .hint("baseline history lists them; run it in the folder of that apply"));
    }
    let history = History { runs: &runs, is_detailed: args.run.is_some() };
    let options = Options { inputs, width: streams.width, alias: None };
    shown((format.history)(&mut *streams.stdout, &history, &options))?;
    // A journal that cannot be read does not hide the others.
    let last = unreadable.pop();
    for error in &unreadable {
        say(streams, &Message::JournalNotRead(error))?;
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
