//! A field before and after: in a row below others, or where that is too wide, below its name.

use super::page::WIDTH;
use super::value::{block, block_at};
use super::wrap::wrap;
use super::{ALARM, DIM, Page};
use crate::diff::Difference;
use crate::text::{escape, one_line};
use anstyle::Style;
use serde_json::Value;
use std::io;
use unicode_width::UnicodeWidthStr;

/// Where fields begin.
const INDENT: usize = 4;

/// Where values below their fields begin.
const BELOW: usize = 6;

/// How many columns values have at least in a row.
const ROOM: usize = 24;

impl Page<'_> {
    /// The width of the column of some fields. Those that leave values too little room are not in it.
    pub fn column<'f>(&self, fields: impl Iterator<Item = &'f str>) -> usize {
        let most = self.width.unwrap_or(WIDTH).saturating_sub(INDENT + 2 + ROOM);
        let widths = fields.map(|field| escape(field).width());
        widths.filter(|width| *width <= most).max().unwrap_or(0)
    }

    /// One field, before and after; fields of one place stand below each other in a column.
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
        let field = escape(&difference.field);
        let pad = " ".repeat(column.saturating_sub(field.width()));
        let values = values(difference, self.values_width()) + word;
        let first = values.lines().next().unwrap_or_default();
        let is_row = field.width() <= column || self.width.is_none();
        if is_row && self.fits(INDENT + field.width() + pad.len() + 2 + first.width()) {
            return self.styled_lines(style, INDENT, &format!("{field}{pad}  {values}"));
        }
        self.styled_lines(style, INDENT, &field)?;
        self.below(style, difference, word)
    }

    /// The values below their field: before and after on lines of their own, unless both fit one.
    fn below(&mut self, style: Style, difference: &Difference, word: &str) -> io::Result<()> {
        let line = values(difference, usize::MAX) + word;
        if self.fits(BELOW + line.width()) {
            return self.styled_lines(style, BELOW, &line);
        }
        if !difference.before.is_null() {
            self.one_below(style, "", &difference.before, "")?;
        }
        let sign = if difference.before.is_null() { "= " } else { "-> " };
        self.one_below(style, sign, &difference.after, word)
    }

    /// Prose wraps by words; the parts of a list or an object stand on lines of their own.
    fn one_below(&mut self, style: Style, sign: &str, value: &Value, word: &str) -> io::Result<()> {
        let column = BELOW + sign.len();
        let width = self.values_width();
        let text = block_at(value, BELOW, column, width.saturating_sub(word.len())) + word;
        let text = match value.is_string() {
            // The first word stays beside the sign, however long it is.
            true => {
                let width = self.width.map(|width| width.saturating_sub(column));
                wrap(&text, width, 0, 0).join(&format!("\n{}", " ".repeat(column)))
            }
            false => text,
        };
        self.styled_lines(style, BELOW, &format!("{sign}{text}"))
    }

    fn values_width(&self) -> usize {
        self.width.unwrap_or(WIDTH).min(WIDTH)
    }

    /// Lines of which only the first is to be indented.
    fn styled_lines(&mut self, style: Style, indent: usize, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}{style}{text}{style:#}", " ".repeat(indent))
    }
}

/// `false -> true`, `= true`; a list or an object that is wider than this on several lines.
fn values(difference: &Difference, width: usize) -> String {
    let after = block(&difference.after, BELOW, width);
    match difference.before.is_null() {
        true => format!("= {after}"),
        false => format!("{} -> {after}", one_line(&difference.before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(differences: &[Difference], width: Option<usize>) -> String {
        let mut out = Vec::new();
        let page = &mut Page::new(&mut out, width);
        let column = page.column(differences.iter().map(|own| own.field.as_str()));
        for difference in differences {
            page.difference(difference, false, column).expect("memory takes it");
        }
        anstream::adapter::strip_str(&String::from_utf8(out).expect("text")).to_string()
    }

    #[test]
    fn values_stand_below_each_other_and_a_field_that_is_too_long_has_its_own_line() {
        let all = [
            Difference::new(
                "public_access_block.restrict_public_buckets",
                json!(false),
                json!(true),
            ),
            Difference::new("access_log.bucket", Value::Null, json!("acme-logs")),
            Difference::new("versioning", json!("Off"), json!("Enabled")),
        ];
        let narrow = "    public_access_block.restrict_public_buckets\n      false -> true\n    \
                      access_log.bucket  = acme-logs\n    versioning         Off -> Enabled\n";
        assert_eq!(written(&all, Some(60)), narrow);
        let wide = written(&all, None);
        let columns: Vec<Option<usize>> = wide
            .lines()
            .map(|own| own.find("= ").or(own.find("false")).or(own.find("Off")))
            .collect();
        assert_eq!(columns, [Some(49); 3], "{wide}");
    }

    #[test]
    fn values_that_do_not_fit_stand_below_their_field_and_no_string_of_a_list_is_broken() {
        let one = "s3 acme-payroll (read and write)";
        let two = "s3 acme-invoices (read and write)";
        let events = Difference::new("data_events", json!([one, two]), json!([two, one]));
        let text = written(&[events], Some(60));
        let wanted = format!(
            "    data_events\n      [\n        \"{one}\",\n        \"{two}\"\n      ]\n      -> [\n        \"{two}\",\n        \
             \"{one}\"\n      ]\n"
        );
        assert_eq!(text, wanted);
        let role = "arn:aws:iam::111122223333:role/a-role-with-a-very-long-name";
        let role = Difference::new("role", Value::Null, json!(role));
        assert!(written(&[role], Some(60)).starts_with("    role\n      = arn:"));
    }
}
