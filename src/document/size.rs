//! How much a file may make the parser build: a few bytes of TOML can stand for a table each.

use std::ops::Range;

/// How many dots keys may have in all: each of them may make a table, which takes a thousand times
/// the memory of the dot.
const MOST_DOTS: usize = 4000;

/// How many lists and tables there may be: four times what the largest file has with a bucket in
/// every entry.
const MOST_BRACKETS: usize = 20_000;

/// How many lists an inline table takes the memory of.
const INLINE_TABLE: usize = 3;

/// Where a file has more than the parser should be asked for, and what of. Looks at no more than
/// strings and remarks to tell what is neither, so that it takes no memory of its own.
pub fn excess(text: &str) -> Option<(Range<usize>, String)> {
    let (mut dots, mut brackets) = (0, 0);
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'#' => at = end_of_line(text, at),
            b'"' | b'\'' => at = end_of_string(text, at),
            b'.' => dots += 1,
            b'[' => brackets += 1,
            b'{' => brackets += INLINE_TABLE,
            _ => {}
        }
        let here = at..at + 1;
        if dots > MOST_DOTS {
            let text = format!(
                "there are more than {MOST_DOTS} dots in keys up to here: write tables instead"
            );
            return Some((here, text));
        }
        if brackets > MOST_BRACKETS {
            let text = format!(
                "there are more than {MOST_BRACKETS} lists and tables up to here: that is too much \
                 for one baseline"
            );
            return Some((here, text));
        }
        at += 1;
    }
    None
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}

/// Where the string ends that begins at a place: at its last quote, or with its line if it is not
/// closed.
fn end_of_string(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[at];
    let is_long = bytes[at..].starts_with(&[quote; 3]);
    let close: &[u8] = if is_long { &[quote; 3] } else { &[quote] };
    let mut at = at + close.len();
    while at < bytes.len() && !bytes[at..].starts_with(close) {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            b'\n' if !is_long => return at,
            _ => at += 1,
        }
    }
    (at + close.len()).min(text.len()).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        excess(text).is_some()
    }

    #[test]
    fn what_takes_a_thousand_times_its_own_memory_is_refused() {
        let dotted = |parts: usize| format!("{}a = 1\n", "a.".repeat(parts));
        for text in [
            dotted(130_000),
            dotted(70).repeat(1800),
            dotted(2).repeat(2100),
            format!("[{}a]\n", "a.".repeat(60)).repeat(2000),
            format!("a = [{}]", "[],".repeat(80_000)),
            format!("a = [{}]", "{},".repeat(80_000)),
            format!("a = {}", "[".repeat(100_000)),
            format!("a = [{}]", "{s3=\"bucket-00001\"},".repeat(9_000)),
            format!("{}\n", "[[a]]".repeat(50_000)),
        ] {
            assert!(refused(&text), "{}", &text[..40]);
        }
    }

    #[test]
    fn dots_and_brackets_in_strings_and_remarks_are_free() {
        let many = ".[{".repeat(30_000);
        for text in [
            format!("# {many}\n"),
            format!("a = \"{many}\"\n"),
            format!("a = '{many}'\n"),
            format!("a = \"\\\"{many}\\\\\"\n"),
            format!("a = \"\"\"\n{many}\"\n\"\"\"\n"),
            format!("a = '''\n{many}'\n'''\n"),
        ] {
            assert!(!refused(&text), "{}", &text[..10]);
            assert!(refused(&format!("{text}{many}")), "{}", &text[..10]);
        }
    }

    #[test]
    fn a_text_that_is_not_closed_and_one_that_ends_in_its_middle_are_looked_at_to_their_end() {
        let many = ".".repeat(MOST_DOTS + 1);
        assert!(refused(&format!("a = \"b\n{many}")));
        for text in ["\"", "'", "\"\\", "\"\"\"", "'''\n", "#", "", "\"ä", "a = '\u{2028}"] {
            assert!(!refused(text), "{text}");
        }
    }

    #[test]
    fn the_largest_file_of_a_bucket_an_entry_is_not_too_much() {
        let entry = "[[buckets]]\nmatch = [\"b-1234\"]\nssl_only = true\n";
        assert!(!refused(&entry.repeat(256 * 1024 / entry.len())));
    }
}
