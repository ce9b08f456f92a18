//! Lines on a page: prose wrapped by words, names in lists, values as they are.

use super::DIM;
use super::value::block;
use super::wrap::wrap;
use crate::text::escape;
use anstyle::Style;
use serde_json::Value;
use std::io::{self, Write};

/// How wide a line of names or of JSON is where nothing wraps it.
pub(super) const WIDTH: usize = 100;

/// A writer of lines. Every text is escaped here, on its way out.
pub struct Page<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) width: Option<usize>,
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("width", &self.width).finish_non_exhaustive()
    }
}

impl<'a> Page<'a> {
    /// Wraps prose at a width; without one, each paragraph is a line, for what reads lines.
    pub fn new(out: &'a mut dyn Write, width: Option<usize>) -> Self {
        Self { out, width }
    }

    /// An empty line.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Whether a line of so many columns is not too wide.
    pub fn fits(&self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }

    /// A line that is never wrapped: of a table.
    pub fn line(&mut self, style: Style, text: &str) -> io::Result<()> {
        self.styled(style, &escape(text))
    }

    /// A paragraph, of which the later lines hang below the first.
    pub fn prose(&mut self, indent: usize, style: Style, text: &str) -> io::Result<()> {
        self.led(indent, style, "", style, text)
    }

    /// A paragraph that begins with a word of another style.
    pub fn led(
        &mut self,
        indent: usize,
        lead_style: Style,
        lead: &str,
        style: Style,
        text: &str,
    ) -> io::Result<()> {
        self.hung((indent, indent + 2), lead_style, lead, style, text)
    }

    /// The same, of which the later lines begin at a column of their own.
    pub fn hung(
        &mut self,
        (indent, hang): (usize, usize),
        lead_style: Style,
        lead: &str,
        style: Style,
        text: &str,
    ) -> io::Result<()> {
        let lead = escape(lead);
        let text = format!("{lead}{}", escape(text));
        let pad = " ".repeat(indent);
        for (number, line) in wrap(&text, self.width, indent, hang).iter().enumerate() {
            match line.strip_prefix(&pad).and_then(|line| line.strip_prefix(&lead)) {
                Some(rest) if number == 0 && !lead.is_empty() => {
                    write!(self.out, "{pad}{lead_style}{lead}{lead_style:#}")?;
                    self.styled(style, rest)?;
                }
                _ => {
                    let start = line.len() - line.trim_start().len();
                    write!(self.out, "{}", &line[..start])?;
                    self.styled(style, &line[start..])?;
                }
            }
        }
        Ok(())
    }

    fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        match text.is_empty() {
            true => writeln!(self.out),
            false => writeln!(self.out, "{style}{text}{style:#}"),
        }
    }

    /// Names in a list, on as many lines as they need: a name with a space or a comma in quotes.
    pub fn names(&mut self, indent: usize, label: &str, names: &[&str]) -> io::Result<()> {
        let quoted = |name: &&str| match name.contains([' ', ',', '"']) || name.is_empty() {
            true => format!("{name:?}"),
            false => escape(name),
        };
        let names: Vec<String> = names.iter().map(quoted).collect();
        let text = format!("{}{}", escape(label), names.join(", "));
        let width = Some(self.width.unwrap_or(WIDTH));
        for line in wrap(&text, width, indent, indent + 2) {
            writeln!(self.out, "{DIM}{line}{DIM:#}")?;
        }
        Ok(())
    }

    /// Names places: those of each region on lines of their own, where they are in several.
    pub fn places(&mut self, indent: usize, names: &[(Option<&str>, Vec<&str>)]) -> io::Result<()> {
        for (region, names) in names {
            let label = region.map(|region| format!("{region}: "));
            self.names(indent, &label.unwrap_or_default(), names)?;
        }
        Ok(())
    }

    /// A value as JSON, each part on one line if it fits.
    pub fn value(&mut self, indent: usize, value: &Value) -> io::Result<()> {
        let width = self.width.unwrap_or(WIDTH).min(WIDTH);
        let text = block(value, indent, width);
        writeln!(self.out, "{}{DIM}{text}{DIM:#}", " ".repeat(indent))
    }
}
