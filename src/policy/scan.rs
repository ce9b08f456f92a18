//! Walks over JSON text that is known to be valid, and tells where its parts are.

/// A place in a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The beginning of a text, which must be valid JSON.
    pub fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The first byte of what comes next, white space apart; zero at the end.
    pub fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Goes to the next key of a table, and says whether there is one.
    pub fn next_in_table(&mut self) -> bool {
        self.next_before(b'}')
    }

    /// Goes to the next item of a list, and says whether there is one.
    pub fn next_in_list(&mut self) -> bool {
        self.next_before(b']')
    }

    /// Passes a bracket that opens, or a comma; or the bracket that closes, which is the end.
    fn next_before(&mut self, close: u8) -> bool {
        let is_end = self.peek() == close;
        self.at += 1;
        // What was opened may be closed at once.
        if !is_end && self.peek() == close {
            self.at += 1;
            return false;
        }
        !is_end
    }

    /// A key and the colon behind it.
    pub fn key(&mut self) -> Result<String, String> {
        self.peek();
        let key = self.text()?;
        self.peek();
        self.at += 1;
        Ok(key)
    }

    /// A text.
    pub fn text(&mut self) -> Result<String, String> {
        let written = self.quoted();
        match written.contains('\\') {
            true => serde_json::from_str(written).map_err(|cause| cause.to_string()),
            false => Ok(written[1..written.len() - 1].to_owned()),
        }
    }

    /// A number, `true`, `false` or `null`.
    pub fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.as_bytes().iter().position(ends);
        let word = &rest[..length.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// Any value, as it was written.
    pub fn skip(&mut self) -> &'a str {
        self.peek();
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.quoted();
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                0 => break,
                _ => {
                    self.word();
                }
            }
            if open == 0 {
                break;
            }
        }
        &self.text[start..self.at]
    }

    /// A text with its quotes.
    fn quoted(&mut self) -> &'a str {
        let start = self.at;
        loop {
            let from = self.at + 1;
            let rest = &self.text[from..];
            self.at = from + rest.find('"').unwrap_or(rest.len());
            // A quote is the end unless an odd number of backslashes stands before it.
            let before = &self.text.as_bytes()[start + 1..self.at];
            let escapes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
            if escapes % 2 == 0 || self.at >= self.text.len() {
                self.at = (self.at + 1).min(self.text.len());
                return &self.text[start..self.at];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::{entries, items};

    #[test]
    fn parts_are_found_as_they_were_written() {
        let text = " { \"a\" : [ 1.20 , \"]\\\"\\\\\" ] ,\"b\":{ } , \"c\\u0061\":-1e3} ";
        let found = entries(text).expect("valid");
        let wanted = [("a", "[ 1.20 , \"]\\\"\\\\\" ]"), ("b", "{ }"), ("ca", "-1e3")];
        assert_eq!(found, wanted.map(|(key, value)| (key.to_owned(), value)));
        assert_eq!(items(found[0].1), Some(vec!["1.20", "\"]\\\"\\\\\""]));
        assert_eq!(items("[ ]"), Some(Vec::new()));
        assert_eq!(items("[[],{},[{}]]"), Some(vec!["[]", "{}", "[{}]"]));
        assert_eq!(items("{}"), None);
    }
}
