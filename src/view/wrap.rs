//! Wraps prose at spaces, for a terminal of any width.

use unicode_width::UnicodeWidthStr;

/// The narrowest width that lines are wrapped at: below it the indent leaves no room for words.
const NARROWEST: usize = 40;

/// The widest: longer lines of prose are hard to read.
const WIDEST: usize = 120;

/// The width that lines are wrapped at on a terminal of so many columns.
pub fn width_for(columns: usize) -> usize {
    columns.clamp(NARROWEST, WIDEST)
}

/// The lines of a string: the first one indented by `indent` columns, the others by `hang`.
///
/// Breaks at spaces only and keeps the spaces inside a line: a word that is wider than the line, such
/// as an ARN, stays whole. Without a width the text stays on one line.
pub fn wrap(text: &str, width: Option<usize>, indent: usize, hang: usize) -> Vec<String> {
    let Some(width) = width else {
        return vec![format!("{}{text}", " ".repeat(indent))];
    };
    let mut lines = Vec::new();
    let mut line = " ".repeat(indent);
    let mut has_words = false;
    // A piece is a word with the spaces before it.
    for piece in pieces(text) {
        if has_words && line.width() + piece.trim_end().width() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(hang)));
            line += piece.trim_start();
        } else {
            line += piece;
        }
        has_words = true;
    }
    lines.push(line);
    lines
}

/// The words of a string, each with the spaces before it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.find(|c| c != ' ')?;
        let end = rest[word..].find(' ').map_or(rest.len(), |at| word + at);
        let (piece, others) = rest.split_at(end);
        rest = others;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_breaks_at_spaces_and_hangs_below_its_first_word() {
        let lines = wrap("note: one two three four", Some(16), 2, 4);
        assert_eq!(lines, ["  note: one two", "    three four"]);
    }

    #[test]
    fn a_word_that_is_too_wide_stays_whole_and_spaces_inside_a_line_are_kept() {
        let lines = wrap("role   = arn:aws:iam::111122223333:role/x  (waived)", Some(20), 0, 2);
        let wanted = ["role   =", "  arn:aws:iam::111122223333:role/x", "  (waived)"];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn no_word_is_lost_and_no_line_is_too_wide_at_any_width() {
        let text = "if that is meant to be so, say in [account] closed_regions = [\"eu-west-1\"]";
        for width in 30..90 {
            let lines = wrap(text, Some(width), 4, 6);
            let words: Vec<&str> = lines.iter().flat_map(|own| own.split_whitespace()).collect();
            assert_eq!(words.join(" "), text);
            assert!(lines.iter().all(|own| own.width() <= width), "{lines:?}");
        }
    }

    #[test]
    fn without_a_width_a_line_stays_whole_for_what_reads_lines() {
        assert_eq!(wrap("a b", None, 2, 4), ["  a b"]);
        assert_eq!(wrap("", Some(60), 0, 0), [""]);
    }
}
