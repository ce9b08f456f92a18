//! A plan as a file: its bytes, and whether they are still as they were written.

use super::{FORMAT, OLDEST_FORMAT, Plan};
use crate::json;
use crate::text::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{self, Write};

/// What stands before the digest, at the end of the file.
const DIGEST: &str = "\n  \"digest\": \"";

/// What a digest begins with.
const ALGORITHM: &str = "sha256:";

/// How a plan's file begins, up to its format: one of a later version has another one.
const HEAD: &str = "{\n  \"format\": ";

/// What follows the format, which tells a plan from a snapshot.
const AFTER_FORMAT: &str = ",\n  \"version\": \"";

/// Keys of a plan that are in no other file of ours, and seldom together in anybody else's.
const KEYS: [&str; 5] =
    ["\"created\"", "\"expires\"", "\"selection\"", "\"entries\"", "\"digest\""];

/// How many of [`KEYS`] make a plan of what does not begin like one.
const ENOUGH: usize = 3;

impl Plan {
    /// The file's bytes. There is only one way to write a plan: what differs from it was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self).expect("plans are plain data")
    }

    /// Reads a plan's file and checks that nobody edited it: first of all by its bytes, because one
    /// that was altered need not be JSON any more.
    ///
    /// # Errors
    /// Why it is not a plan as this program wrote it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        let is_whole = claimed_digest(bytes).is_some_and(|(at, claimed)| {
            let (before, after) = (&bytes[..at], &bytes[at + claimed.len()..]);
            claimed == digest_of(&[before, after])
        });
        match is_whole {
            true => Self::read(bytes),
            false if is_like_a_plan(bytes) => Err(Invalid::Edited),
            false => Err(Invalid::NoPlan),
        }
    }

    /// Reads what has the digest that it should have; anybody can compute one.
    fn read(bytes: &[u8]) -> Result<Self, Invalid> {
        #[derive(Deserialize)]
        struct Formatted {
            format: u32,
        }
        let format = serde_json::from_slice(bytes).map(|Formatted { format }| format);
        if format.is_ok_and(|format| !(OLDEST_FORMAT..=FORMAT).contains(&format)) {
            return Err(Invalid::Format);
        }
        let plan: Self = serde_json::from_slice(bytes).map_err(|_| Invalid::Edited)?;
        let counts_as_its_format = plan.summary.is_some() == (plan.format > OLDEST_FORMAT);
        match plan.to_bytes() == bytes && counts_as_its_format {
            true => Ok(plan),
            false => Err(Invalid::Edited),
        }
    }

    /// Whether a file was once a plan, as it is or altered.
    pub fn is_one(bytes: &[u8]) -> bool {
        !matches!(Self::from_bytes(bytes), Err(Invalid::NoPlan))
    }

    /// Counts and computes the digest anew, after something was added.
    pub fn seal(&mut self) {
        self.summary = Some(self.summary());
        self.sign();
    }

    /// Computes the digest over the file with an empty digest.
    fn sign(&mut self) {
        self.digest.clear();
        // Not by way of the bytes: those of thousands of changes are large.
        let mut hasher = Hasher(Sha256::new());
        json::write(&mut hasher, self).expect("plans are plain data");
        self.digest = format!("{ALGORITHM}{}", hex(&hasher.0.finalize()));
    }
}

/// Takes the digest of what is written to it.
struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn digest_of(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    format!("{ALGORITHM}{}", hex(&digest.finalize()))
}

/// The digest that a file says it has, and where that stands: it is the file's last member.
fn claimed_digest(bytes: &[u8]) -> Option<(usize, &str)> {
    let at = bytes.windows(DIGEST.len()).rposition(|window| window == DIGEST.as_bytes())?;
    let start = at + DIGEST.len();
    let length = bytes[start..].iter().position(|byte| *byte == b'"')?;
    let claimed = std::str::from_utf8(&bytes[start..start + length]).ok()?;
    Some((start, claimed))
}

/// Whether a file that is not a plan as it was written once was one: it begins like one, or has keys
/// that only a plan has together. Whatever one byte becomes, enough of that is left.
fn is_like_a_plan(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let begins_like_one = match text.strip_prefix(HEAD) {
        Some(rest) => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let (rest, wanted) = (rest.as_bytes(), AFTER_FORMAT.as_bytes());
            let shared = rest.len().min(wanted.len());
            rest[..shared] == wanted[..shared]
        }
        None => !text.is_empty() && HEAD.starts_with(&*text),
    };
    let keys = KEYS.iter().filter(|key| text.contains(*key)).count();
    begins_like_one || keys >= ENOUGH
}

/// Why a file is not a plan that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It never was a plan.
    NoPlan,
    /// It is of another format.
    Format,
    /// It is not as it was written.
    Edited,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPlan => "it is not a plan",
            Self::Format => "it was written by another version of baseline",
            Self::Edited => "it was altered after it was written: its digest does not match",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A small plan, as it is saved.
    fn saved() -> Vec<u8> {
        let plan = json!({
            "format": FORMAT, "version": "0.1.0", "account": "111122223333", "partition": "aws",
            "caller": "arn:aws:iam::111122223333:user/a", "home_region": "us-east-1",
            "created": "2026-11-22T02:15:03Z", "expires": "2026-11-22T03:15:03Z",
            "baseline": {"path": "b.toml", "sha256": "00"},
            "selection": {"target": [], "exclude": []},
            "entries": [{
                "control": "password_policy", "place": {}, "verdict": "change",
                "differences": [{"field": "minimum_length", "before": 8, "after": 14}],
            }],
            "digest": "",
        });
        let mut plan: Plan = serde_json::from_value(plan).expect("a plan");
        plan.seal();
        plan.to_bytes()
    }

    /// Those bytes with another digest than the one they have.
    fn sealed(text: &str) -> Vec<u8> {
        let (at, old) = claimed_digest(text.as_bytes()).expect("a digest");
        let (before, after) = (&text[..at], &text[at + old.len()..]);
        let digest = digest_of(&[before.as_bytes(), after.as_bytes()]);
        format!("{before}{digest}{after}").into_bytes()
    }

    #[test]
    fn it_reads_back_and_its_digest_is_that_of_the_file_with_an_empty_one() {
        let bytes = saved();
        let plan = Plan::from_bytes(&bytes).expect("as it was written");
        assert_eq!(plan.to_bytes(), bytes);
        let mut again = plan.clone();
        again.seal();
        assert_eq!(plan.digest, again.digest);
        assert!(Plan::is_one(&bytes));
    }

    #[test]
    fn a_plan_of_format_1_which_has_no_summary_is_still_read() {
        let mut plan = Plan::from_bytes(&saved()).expect("a plan");
        plan.format = 1;
        plan.summary = None;
        plan.sign();
        assert_eq!(Plan::from_bytes(&plan.to_bytes()), Ok(plan));
    }

    #[test]
    fn whichever_bit_of_whichever_byte_flips_it_was_altered() {
        let bytes = saved();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let read = Plan::from_bytes(&flipped);
                assert_eq!(read, Err(Invalid::Edited), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn wherever_it_is_cut_off_it_was_altered() {
        let bytes = saved();
        for length in 1..bytes.len() {
            let read = Plan::from_bytes(&bytes[..length]);
            assert_eq!(read, Err(Invalid::Edited), "{length}");
        }
        for length in 0..bytes.len() {
            let longer = [&bytes[..], &bytes[..=length]].concat();
            assert_eq!(Plan::from_bytes(&longer), Err(Invalid::Edited), "{length}");
        }
    }

    #[test]
    fn written_anew_by_another_program_it_was_altered() {
        let text = String::from_utf8(saved()).expect("text");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let four_spaces = text.replace("  ", "    ");
        for altered in [
            value.to_string(),
            four_spaces,
            text.replace('\n', "\r\n"),
            format!("\u{feff}{text}"),
            text.trim_end().to_owned(),
        ] {
            let read = Plan::from_bytes(altered.as_bytes());
            assert_eq!(read, Err(Invalid::Edited), "{altered}");
        }
    }

    #[test]
    fn a_digest_of_ones_own_making_makes_no_plan_of_anything_else() {
        let text = String::from_utf8(saved()).expect("text");
        for format in [0, 3] {
            let other = text.replacen("\"format\": 2", &format!("\"format\": {format}"), 1);
            assert_eq!(Plan::from_bytes(&sealed(&other)), Err(Invalid::Format));
        }
        for (from, to) in [
            ("\"entries\"", "\"entry\""),
            ("\"place\": {}", "\"place\":  {}"),
            ("\"format\": 2", "\"format\": 1"),
            ("\"format\": 2", "\"format\": -1"),
        ] {
            let altered = sealed(&text.replacen(from, to, 1));
            assert_eq!(Plan::from_bytes(&altered), Err(Invalid::Edited), "{to}");
        }
    }

    #[test]
    fn what_never_was_a_plan_is_not_one() {
        let observation = "{\n  \"format\": 1,\n  \"caller\": {\n    \"account\": \"1\"\n  }\n}\n";
        for text in [
            "",
            "\n",
            "[]",
            "{}\n",
            "null",
            "baseline = 1\n[password_policy]\n",
            "{\"Version\": \"2012-10-17\", \"Statement\": []}",
            "{\"digest\": \"sha256:00\", \"created\": \"2026-11-22\"}",
            observation,
            "{\n  \"format\": 1,\n  \"runs\": []\n}\n",
        ] {
            assert_eq!(Plan::from_bytes(text.as_bytes()), Err(Invalid::NoPlan), "{text}");
        }
        assert_eq!(Plan::from_bytes(b"\xff\xfe\x00"), Err(Invalid::NoPlan));
    }
}
