//! `show`: a saved plan through the same renderer that showed it first.

use super::shown;
use crate::cli;
use crate::error::{Error, Exit};
use crate::files;
use crate::formats::Options;
use crate::plan::{Invalid, Plan};
use crate::view::Streams;

pub fn run(args: cli::Show, streams: &mut Streams) -> Result<Exit, Error> {
    let (format, inputs) = (args.output.format(), args.output.inputs(args.calls)?);
    let name = args.plan.display().to_string();
    let bytes = files::read_named(&args.plan)?;
    let plan = Plan::from_bytes(&bytes).map_err(|why| match why {
        Invalid::NoPlan => Error::failed(format!("{name} is not a plan"))
            .hint("make one with `baseline plan --out`"),
        why => Error::refused(format!("{name} cannot be trusted: {why}")),
    })?;
    let options = Options { inputs, width: streams.width, alias: None };
    shown((format.plan)(&mut *streams.stdout, &plan, &options))?;
    Ok(Exit::Fine)
}
