//! Everything a person or a program reads: rendered from the plan's own data, never from AWS.

pub mod apply;
mod debug;
pub mod explain;
pub mod history;
mod page;
mod reference;
mod value;
mod wrap;

pub use crate::text::{count, escape, one_line};
pub use debug::Debug;
pub use page::{Page, column};
pub use reference::reference;
pub use wrap::{width_for, wrap};

use crate::observe::ReadObserver;
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal, Write};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const ADD: Style = AnsiColor::Green.on_default();
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(crate) const REMOVE: Style = AnsiColor::Red.on_default();
pub(crate) const ALARM: Style = AnsiColor::Red.on_default().bold();

/// The two streams of a command: data, and messages. Both drop colours where they do not
/// belong (`NO_COLOR`, files, pipes).
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
}

impl Streams {
    /// The streams of this process.
    pub fn of_process() -> Self {
        Self {
            stdout: Box::new(anstream::AutoStream::auto(io::stdout())),
            stderr: Box::new(anstream::AutoStream::auto(io::stderr())),
            is_terminal: io::stderr().is_terminal(),
            width: columns().map(width_for),
        }
    }
}

impl Streams {
    /// Streams that drop what is written to them.
    pub fn silent() -> Self {
        Self {
            stdout: Box::new(io::sink()),
            stderr: Box::new(io::sink()),
            is_terminal: false,
            width: None,
        }
    }
}

/// The columns of stdout. Shells do not export `COLUMNS`: who does, means it.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|said| said.parse().ok());
    said.or_else(|| {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(usize::from(columns))
    })
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").field("is_terminal", &self.is_terminal).finish_non_exhaustive()
    }
}

/// Shows on a terminal how far looking has come; silent elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Looking {
    is_terminal: bool,
}

impl Looking {
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

impl ReadObserver for Looking {
    fn on_read(&self, done: usize, known: usize) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\rlooking at the account: {done} of {known} places");
        }
    }
}

/// An account as people know it: `111122223333 (acme-prod)`.
pub fn named(account: &str, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(" ({})", escape(alias)));
    escape(account) + &alias.unwrap_or_default()
}
