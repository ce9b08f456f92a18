//! `validate`: checks a baseline without asking AWS anything.

use super::shown;
use crate::baseline::Baseline;
use crate::cli;
use crate::error::{Error, Exit};
use crate::view::Streams;

pub fn run(args: cli::File, streams: &mut Streams) -> Result<Exit, Error> {
    let baseline = Baseline::load(args.baseline.as_deref())?;
    let names: Vec<&str> = baseline
        .controls
        .iter()
        .map(|control| control.about().name)
        .collect();
    let path = baseline.path.display();
    let list = match names.is_empty() {
        true => "no control".to_owned(),
        false => names.join(", "),
    };
    shown(writeln!(streams.out, "{path} is valid: {list}"))?;
    Ok(Exit::Fine)
}
