//! Lines on a page: prose wrapped by words, names in lists, values as they are.

use super::value::block;
use super::wrap::wrap;
use super::{ALARM, DIM};
use crate::diff::Difference;
use crate::text::{escape, one_line};
use anstyle::Style;
use serde_json::Value;
use std::io::{self, Write};

/// How wide a line of names or of JSON is where nothing wraps it.
const WIDTH: usize = 100;

/// A writer of lines. Every text is escaped here, on its way out.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    width: Option<usize>,
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
        let lead = escape(lead);
        let text = format!("{lead}{}", escape(text));
        let pad = " ".repeat(indent);
        for (number, line) in wrap(&text, self.width, indent, indent + 2).iter().enumerate() {
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

    /// One field, before and after; fields of one place stand below each other.
    pub fn difference(
        &mut self,
        difference: &Difference,
        is_waived: bool,
        column: usize,
    ) -> io::Result<()> {
        let (style, word) = match is_waived {
            true => (DIM, "  (waived)"),
            false if difference.loosens => (ALARM, "  (loosens)"),
            false => (Style::new(), ""),
        };
        let before = match difference.before.is_null() {
            true => "= ".to_owned(),
            false => format!("{} -> ", one_line(&difference.before)),
        };
        let width = self.width.unwrap_or(WIDTH).min(WIDTH);
        let after = block(&difference.after, 6, width);
        let (first, rest) = after.split_once('\n').unzip();
        let first = first.unwrap_or(&after);
        let end = if rest.is_some() { "" } else { word };
        let line = format!("{:<column$}  {before}{first}{end}", escape(&difference.field));
        for line in wrap(&line, self.width, 4, 6) {
            let start = line.len() - line.trim_start().len();
            writeln!(self.out, "{}{style}{}{style:#}", &line[..start], &line[start..])?;
        }
        match rest {
            Some(rest) => writeln!(self.out, "{style}{rest}{word}{style:#}"),
            None => Ok(()),
        }
    }
}

/// The column at which the values of some fields stand.
pub fn column<'a>(fields: impl Iterator<Item = &'a str>) -> usize {
    fields.map(|own| own.chars().count()).max().unwrap_or(0).min(40)
}
