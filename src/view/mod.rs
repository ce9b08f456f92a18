//! Everything that is written to a terminal or a file: rendered from data, never from AWS.

pub mod apply;
mod ask;
mod debug;
mod difference;
pub mod explain;
mod message;
mod page;
mod reading;
mod reference;
mod streams;
mod value;
mod wrap;

pub use crate::text::{count, escape, one_line};
pub use ask::{can_ask, mfa_code, yes};
pub use debug::Debug;
pub use message::{answer, error, say};
pub use page::Page;
pub use reading::ReadProgress;
pub use reference::{reference, schema};
pub use streams::Streams;
pub use wrap::{width_for, wrap};

use anstyle::{AnsiColor, Style};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const ADD: Style = AnsiColor::Green.on_default();
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(crate) const REMOVE: Style = AnsiColor::Red.on_default();
pub(crate) const ALARM: Style = AnsiColor::Red.on_default().bold();

/// An account with its alias: `111122223333 (acme-prod)`.
pub fn named(account: &str, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(" ({})", escape(alias)));
    escape(account) + &alias.unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Streams;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    /// What was written to both streams.
    #[derive(Clone, Default)]
    pub struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        /// Streams of a width that write here.
        pub fn streams(width: Option<usize>) -> (Streams, Self) {
            let written = Self::default();
            let streams = Streams {
                stdout: Box::new(written.clone()),
                stderr: Box::new(written.clone()),
                width,
                message_width: width,
                ..Streams::silent()
            };
            (streams, written)
        }

        /// All that was written, without styles.
        pub fn text(&self) -> String {
            let bytes = self.0.lock().expect("no test panics with it").clone();
            let text = String::from_utf8(bytes).expect("views write text");
            anstream::adapter::strip_str(&text).to_string()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no test panics with it").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
