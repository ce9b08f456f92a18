//! How far reading an account has come, on one line of a terminal.

use crate::observe::ReadObserver;
use std::io::{self, Write};

/// Shows on a terminal how many places have been read; silent elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct ReadProgress {
    is_terminal: bool,
}

impl ReadProgress {
    /// Shows something only on a terminal.
    pub fn new(is_terminal: bool) -> Self {
        Self { is_terminal }
    }

    /// Takes the line away again.
    pub fn clear(&self) {
        if self.is_terminal {
            // Nothing is lost when a terminal does not take this.
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

impl ReadObserver for ReadProgress {
    fn on_read(&self, done: usize, known: usize) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\rreading the account: {done} of {known} places");
        }
    }
}
