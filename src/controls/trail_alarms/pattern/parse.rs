//! Reads the text of a filter pattern.

use super::{Condition, Expression, Test};

/// How deep parentheses may be nested: nobody writes more, and the reader calls itself.
const DEEPEST: usize = 64;

/// The whole of a pattern for JSON events.
pub fn pattern(text: &str) -> Option<Expression> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut rest = Rest { text: inner, depth: 0 };
    let found = rest.any()?;
    rest.text.trim().is_empty().then_some(found)
}

/// What is still to be read.
struct Rest<'a> {
    text: &'a str,
    depth: usize,
}

impl<'a> Rest<'a> {
    /// Takes a token, if it is next.
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.text.trim_start();
        match rest.strip_prefix(token) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    /// Takes as long as the characters are such; nothing if none is.
    fn run(&mut self, is_part: impl Fn(char) -> bool) -> Option<&'a str> {
        let rest = self.text.trim_start();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (found, rest) = rest.split_at(end);
        self.text = rest;
        (!found.is_empty()).then_some(found)
    }

    fn any(&mut self) -> Option<Expression> {
        self.joined("||", Self::all, Expression::Any)
    }

    fn all(&mut self) -> Option<Expression> {
        self.joined("&&", Self::one, Expression::All)
    }

    /// One or more parts with a word between them.
    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Option<Expression>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Option<Expression> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.takes(word) {
            parts.push(part(self)?);
        }
        match parts.len() {
            1 => parts.pop(),
            _ => Some(join(parts)),
        }
    }

    fn one(&mut self) -> Option<Expression> {
        if !self.takes("(") {
            return self.condition().map(Expression::Is);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let inner = self.any()?;
        self.depth -= 1;
        self.takes(")").then_some(inner)
    }

    fn condition(&mut self) -> Option<Condition> {
        let field = self.field()?;
        let test = self.test()?;
        Some(Condition { field, test })
    }

    /// A property: `$.a.b`, `$['a'].b`, `$.a[0]`.
    fn field(&mut self) -> Option<String> {
        if !self.takes("$") {
            return None;
        }
        let path = self.run(|c| !c.is_whitespace() && !"=!<>()&|".contains(c))?;
        let plain =
            path.replace("['", ".").replace("[\"", ".").replace("']", "").replace("\"]", "");
        let plain = plain.strip_prefix('.')?;
        (!plain.is_empty()).then(|| plain.to_owned())
    }

    fn test(&mut self) -> Option<Test> {
        for word in ["NOT EXISTS", "EXISTS", "IS NULL", "IS TRUE", "IS FALSE"] {
            if self.words(word) {
                return Some(match word {
                    "NOT EXISTS" => Test::NotExists,
                    word => Test::Other(word.to_owned()),
                });
            }
        }
        let operators = ["!=", ">=", "<=", "=", ">", "<"];
        let operator = operators.into_iter().find(|operator| self.takes(operator))?;
        let (value, is_string) = self.value()?;
        Some(match (operator, is_string) {
            ("=", true) => Test::Equals(value),
            ("!=", true) => Test::Differs(value),
            _ => Test::Other(format!("{operator} {value}")),
        })
    }

    /// Words with any space between them, and not the beginning of a longer one.
    fn words(&mut self, words: &str) -> bool {
        let before = self.text;
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        let taken = words.split(' ').all(|word| self.takes(word) && ends(self.text));
        if !taken {
            self.text = before;
        }
        taken
    }

    /// A value, and whether it is a string and no number or regular expression.
    fn value(&mut self) -> Option<(String, bool)> {
        let rest = self.text.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            return self.quoted(quoted).map(|text| (text, true));
        }
        if let Some(regex) = rest.strip_prefix('%') {
            let (regex, rest) = regex.split_once('%')?;
            self.text = rest;
            return Some((format!("%{regex}%"), false));
        }
        let text = self.run(|c| !c.is_whitespace() && !"()&|\"".contains(c))?;
        let is_number = text.parse::<f64>().is_ok();
        Some((text.to_owned(), !is_number))
    }

    /// The rest of a string in quotes; a backslash keeps a quote from ending it.
    fn quoted(&mut self, text: &'a str) -> Option<String> {
        let mut found = String::new();
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.text = &text[at + 1..];
                    return Some(found);
                }
                '\\' => found.push(letters.next()?.1),
                letter => found.push(letter),
            }
        }
        None
    }
}
