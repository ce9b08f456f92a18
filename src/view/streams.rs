//! Where a command writes: data to stdout, messages to stderr.

use super::{Page, width_for};
use std::io::{self, IsTerminal, Write};

/// The two streams of a command. Both drop colours where they do not belong (`NO_COLOR`, files,
/// pipes).
pub struct Streams {
    /// Data: what was asked for.
    pub stdout: Box<dyn Write + Send>,
    /// Messages: progress, notes, warnings, errors.
    pub stderr: Box<dyn Write + Send>,
    /// Whether stderr is a terminal.
    pub is_terminal: bool,
    /// The width at which data is wrapped: that of the terminal it is read on, or `COLUMNS`. Without
    /// either, each paragraph stays on one line, for what reads lines.
    pub width: Option<usize>,
    /// The same for messages.
    pub message_width: Option<usize>,
}

impl Streams {
    /// The streams of this process.
    pub fn of_process() -> Self {
        Self {
            stdout: Box::new(anstream::AutoStream::auto(io::stdout())),
            stderr: Box::new(anstream::AutoStream::auto(io::stderr())),
            is_terminal: io::stderr().is_terminal(),
            width: said_columns().or_else(|| columns(io::stdout())).map(width_for),
            message_width: said_columns().or_else(|| columns(io::stderr())).map(width_for),
        }
    }

    /// Streams that drop what is written to them.
    pub fn silent() -> Self {
        Self {
            stdout: Box::new(io::sink()),
            stderr: Box::new(io::sink()),
            is_terminal: false,
            width: None,
            message_width: None,
        }
    }

    /// A page of messages.
    pub fn messages(&mut self) -> Page<'_> {
        Page::new(&mut *self.stderr, self.message_width)
    }
}

/// `COLUMNS`. Shells do not export it: a script that does wants this width.
fn said_columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// The columns of a terminal.
#[cfg(unix)]
fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0))
}

/// The columns of a terminal.
#[cfg(windows)]
fn columns(stream: impl std::os::windows::io::AsHandle) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0))
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("is_terminal", &self.is_terminal).finish_non_exhaustive()
    }
}
