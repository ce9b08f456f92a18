//! Sentences and errors, as they are written.

use super::{ALARM, CHANGE, DIM, Page, Streams};
use crate::error::Error;
use crate::report::{Level, Message};
use anstyle::Style;
use std::io;

/// Writes a sentence to stderr.
///
/// # Errors
/// When the writer does not take it.
pub fn say(streams: &mut Streams, message: &Message<'_>) -> io::Result<()> {
    sentence(&mut streams.messages(), message)
}

/// Writes a sentence to stdout: it is all that a command was asked for.
///
/// # Errors
/// When the writer does not take it.
pub fn answer(streams: &mut Streams, message: &Message<'_>) -> io::Result<()> {
    sentence(&mut Page::new(&mut *streams.stdout, streams.width), message)
}

fn sentence(page: &mut Page<'_>, message: &Message<'_>) -> io::Result<()> {
    let text = message.text();
    match message.level().word() {
        None => page.prose(0, Style::new(), &text),
        Some(word) => {
            let style = style(message.level());
            page.led(0, style, &format!("{word}:"), Style::new(), &format!(" {text}"))
        }
    }
}

fn style(level: Level) -> Style {
    match level {
        Level::Result => Style::new(),
        Level::Note => DIM,
        Level::Warning => CHANGE,
        Level::Unknown | Level::Error => ALARM,
    }
}

/// Writes why a command ended without doing what it was asked, to stderr.
///
/// # Errors
/// When the writer does not take it.
pub fn error(streams: &mut Streams, error: &Error) -> io::Result<()> {
    let page = &mut streams.messages();
    if let Some(report) = &error.report {
        // It points at columns of a file, so it keeps its lines.
        report.lines().try_for_each(|line| page.line(Style::new(), line))?;
        page.gap()?;
    }
    paragraph(page, 0, ("error:", ALARM), &error.message)?;
    for cause in &error.causes {
        paragraph(page, 2, ("caused by:", Style::new()), cause)?;
    }
    match &error.hint {
        Some(hint) => {
            page.gap()?;
            paragraph(page, 0, ("hint:", Style::new()), hint)
        }
        None => Ok(()),
    }
}

/// A text that may have lines of its own.
fn paragraph(
    page: &mut Page<'_>,
    indent: usize,
    (lead, style): (&str, Style),
    text: &str,
) -> io::Result<()> {
    let mut lines = text.split('\n');
    let first = format!(" {}", lines.next().unwrap_or_default());
    page.led(indent, style, lead, Style::new(), &first)?;
    lines.try_for_each(|line| page.prose(0, Style::new(), line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::Written;

    #[test]
    fn an_error_reads_as_it_displays_and_wraps_on_a_terminal() {
        let failed = Error::failed("cannot read baseline.toml")
            .because("no such file")
            .hint("write one with `baseline init`")
            .report("baseline.toml:1: 1 | x\n  ^".to_owned());
        let written = |width| {
            let (mut streams, written) = Written::streams(width);
            error(&mut streams, &failed).expect("memory takes it");
            written.text()
        };
        assert_eq!(written(None), format!("{failed}\n"));
        let wrapped = written(Some(20));
        assert!(wrapped.contains("error: cannot read\n  baseline.toml\n"), "{wrapped}");
    }
}
