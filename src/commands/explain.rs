//! `explain`: what a control is for, what it does and what it costs.

use super::shown;
use crate::cli;
use crate::controls;
use crate::error::{Error, Exit};
use crate::view::{self, Streams};

pub fn run(args: cli::Explain, streams: &mut Streams) -> Result<Exit, Error> {
    let out = &mut *streams.out;
    let written = match args.control {
        Some(name) => {
            let kind = controls::find(&name).ok_or_else(|| {
                Error::failed(format!("there is no control '{name}'"))
                    .hint(format!("controls: {}", controls::names().join(", ")))
            })?;
            view::explain::page(out, kind.about)
        }
        None if args.markdown => view::explain::markdown(out, controls::ALL),
        None => view::explain::list(out, controls::ALL),
    };
    shown(written)?;
    Ok(Exit::Fine)
}
