//! `validate`: checks a baseline without asking AWS anything.

use super::{say, shown};
use crate::baseline::Baseline;
use crate::cli;
use crate::error::{Error, Exit};
use crate::pattern::Pattern;
use crate::report::Message;
use crate::view::{self, Streams};

pub fn run(args: cli::File, streams: &mut Streams) -> Result<Exit, Error> {
    let baseline = Baseline::load(args.baseline.as_deref())?;
    let names: Vec<&str> = baseline.controls.iter().map(|control| control.about().name).collect();
    for waiver in baseline.waivers.iter().filter(|own| own.is_about_no_known_field()) {
        let control = &waiver.control;
        let field = waiver.field.as_ref().map_or("", Pattern::as_str);
        say(streams, &Message::WaivesUnknownField { control, field })?;
    }
    let (path, controls) = (baseline.path.as_path(), names.as_slice());
    shown(view::answer(streams, &Message::Valid { path, controls }))?;
    Ok(Exit::Fine)
}
