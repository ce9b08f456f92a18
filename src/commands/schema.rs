//! `schema`: what a baseline may say, for editors.

use super::shown;
use crate::baseline::reference;
use crate::error::{Error, Exit};
use crate::view::{self, Streams};

pub fn run(streams: &mut Streams) -> Result<Exit, Error> {
    shown(view::schema(&mut *streams.stdout, &reference::schema()))?;
    Ok(Exit::Fine)
}
