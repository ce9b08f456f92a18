//! `explain`: what a control is for, what it does and what it costs; and which entry asks what of a
//! thing.

use super::shown;
use crate::baseline::{Baseline, reference};
use crate::cli;
use crate::control::Kind;
use crate::controls;
use crate::error::{Error, Exit};
use crate::view::explain::Asked;
use crate::view::{self, Streams};

pub fn run(args: cli::Explain, streams: &mut Streams) -> Result<Exit, Error> {
    let (out, width) = (&mut *streams.stdout, streams.width);
    let written = match args.control.as_deref().map(|name| name.split_once('@').ok_or(name)) {
        Some(Err(name)) => view::explain::page(out, find(name)?.about, width),
        Some(Ok((name, thing))) => {
            let kind = find(name)?;
            let (path, bytes) = Baseline::bytes(args.file.baseline.as_deref())?;
            let baseline = Baseline::from_bytes(&path, &bytes)?;
            let asked = asked(&baseline, &bytes, kind, thing)?;
            view::explain::thing(out, name, thing, &path.display().to_string(), &asked)
        }
        None if args.reference => view::reference(out, reference::all()),
        None if args.markdown => view::explain::markdown(out, controls::ALL),
        None => view::explain::list(out, controls::ALL),
    };
    shown(written)?;
    Ok(Exit::Fine)
}

fn find(name: &str) -> Result<&'static Kind, Error> {
    controls::find(name).ok_or_else(|| {
        Error::failed(format!("no control named '{name}'")).hint(controls::named_like(name))
    })
}

/// What the baseline asks of a thing, in the words of the entries that it comes from.
fn asked(baseline: &Baseline, bytes: &[u8], kind: &Kind, thing: &str) -> Result<Vec<Asked>, Error> {
    let name = kind.about.name;
    let control = baseline.controls.iter().find(|own| own.about().name == name);
    let Some(control) = control else {
        let text = format!("{} has no [{name}]", baseline.path.display());
        return Err(Error::failed(text));
    };
    let Some(sources) = control.sources(thing) else {
        let text = format!("[{name}] has the same settings for all its places");
        return Err(Error::failed(text).hint(format!("see `baseline explain {name}`")));
    };
    let table: toml::Table = toml::from_slice(bytes)
        .map_err(|cause| Error::failed("cannot read the baseline again").because(cause))?;
    let entry = |number: usize| table.get(name)?.as_array()?.get(number)?.as_table();
    let text = |value: Option<&toml::Value>| value.map(ToString::to_string).unwrap_or_default();
    let asked = sources.into_iter().map(|source| Asked {
        setting: source.setting,
        value: text(entry(source.entry).and_then(|own| own.get(source.setting))),
        entry: source.entry + 1,
        matches: text(entry(source.entry).and_then(|own| own.get("match"))),
    });
    Ok(asked.collect())
}
