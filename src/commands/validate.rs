//! `validate`: checks a baseline without asking AWS anything.

use super::shown;
use crate::baseline::Baseline;
use crate::cli;
use crate::error::{Error, Exit};
use crate::pattern::Pattern;
use crate::view::{Streams, escape};

pub fn run(args: cli::File, streams: &mut Streams) -> Result<Exit, Error> {
    let baseline = Baseline::load(args.baseline.as_deref())?;
    let names: Vec<&str> = baseline.controls.iter().map(|control| control.about().name).collect();
    let path = baseline.path.display();
    let list = match names.is_empty() {
        true => "no control".to_owned(),
        false => names.join(", "),
    };
    for waiver in baseline.waivers.iter().filter(|own| own.is_about_no_known_field()) {
        let (control, field) = (&waiver.control, waiver.field.as_ref());
        let field = escape(field.map_or("", Pattern::as_str));
        let text = format!("note: no setting of [{control}] is called '{field}', as a waiver says");
        shown(writeln!(streams.stderr, "{text}; it may never be about anything"))?;
    }
    shown(writeln!(streams.stdout, "{path} is valid: {list}"))?;
    Ok(Exit::Fine)
}
