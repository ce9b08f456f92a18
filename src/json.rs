//! JSON as it is saved and printed: indented or in lines, and with nothing in it that a terminal would
//! act upon.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Whether a character moves the cursor, turns the direction of the line, or takes no room, so that
/// a text is not what it looks like. Source: Unicode Technical Standard 55, "Unicode Source Code
/// Handling".
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A value as indented JSON that ends its last line; the same value gives the same bytes.
///
/// # Errors
/// When the value is none that JSON has: a time after the year 9999.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    written(value, PrettyFormatter::new())
}

/// A value as JSON on one line, with its end.
///
/// # Errors
/// As for [`to_bytes`].
pub fn line<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    written(value, CompactFormatter)
}

/// Writes what [`to_bytes`] gives, without holding it.
///
/// # Errors
/// As for [`to_bytes`], and when the writer does not take it.
pub fn write<T: Serialize + ?Sized>(mut out: impl Write, value: &T) -> io::Result<()> {
    let formatter = Visible(PrettyFormatter::new());
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    out.write_all(b"\n")
}

fn written<T: Serialize + ?Sized>(
    value: &T,
    formatter: impl Formatter,
) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let formatter = Visible(formatter);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a key that may be missing and whose value may be `null`, which is not the same: what was not
/// looked at has no key, and what was found to be absent is `null`. For `#[serde(default)]` fields
/// that are left out when they are `None`; without it serde reads `null` as `None`.
///
/// # Errors
/// When the value is not a `T`.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Writes deceptive characters by their numbers, as JSON allows for any.
struct Visible<F>(F);

impl<F: Formatter> Formatter for Visible<F> {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(is_deceptive) {
            let (plain, deceptive) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut after = deceptive.chars();
            if let Some(character) = after.next() {
                write!(out, "\\u{:04x}", character as u32)?;
            }
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn it_is_the_usual_pretty_form() {
        let value = json!({"a": [1, {"b": null}, []], "c": {}, "d": "é\n\"\\"});
        let wanted = serde_json::to_string_pretty(&value).expect("plain data") + "\n";
        let bytes = to_bytes(&value).expect("plain data");
        assert_eq!(String::from_utf8_lossy(&bytes), wanted);
    }

    #[test]
    fn what_a_terminal_would_act_upon_is_written_by_number_and_reads_back() {
        let value = json!("a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\u{feff}é");
        let bytes = to_bytes(&value).expect("plain data");
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text, "\"a\\u001b[2J\\u009b31m\\u202eb\\u007f\\ufeffé\"\n");
        let read: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(read, value);
        let bytes = line(&json!({"a": [1, value]})).expect("plain data");
        let text = String::from_utf8_lossy(&bytes);
        let wanted = "{\"a\":[1,\"a\\u001b[2J\\u009b31m\\u202eb\\u007f\\ufeffé\"]}\n";
        assert_eq!(text, wanted);
    }
}
