//! AWS credentials have no place in a baseline, which is shared, reviewed and kept in git: a file
//! that holds any is refused, and what was found is never shown.

use std::ops::Range;

/// Credentials that stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Where.
    pub span: Range<usize>,
    /// What it looks like.
    pub what: &'static str,
}

/// What the id of an access key begins with: long-term keys, temporary ones, service bearer tokens
/// and service-specific credentials. The ids of users and roles (`AIDA`, `AROA`) are not secrets.
/// Source: IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes".
const KEY_IDS: [&str; 4] = ["AKIA", "ASIA", "ABIA", "ACCA"];

/// The length of an access key's id, and of its secret. Source: the patterns of AWS's git-secrets.
const KEY_ID: usize = 20;
const SECRET: usize = 40;

/// What session tokens of STS begin with: base64 of their versions and of the region they are from.
const TOKENS: [&str; 4] = ["IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "AQoDYXdz"];

/// How long a token is at least, by its beginning or by the name before it.
const TOKEN: usize = 24;
const NAMED_TOKEN: usize = 100;

/// What the name of a secret has in it, without anything but letters.
const NAMES: [&str; 5] = ["secret", "accesskey", "password", "credential", "token"];

/// How often letters, capitals, digits and signs take turns in what is random: words and paths have
/// long runs of one kind.
const TURNS: usize = 15;

/// How many groups of digits and signs there are in what is random: a name or a path in capitals and
/// small letters has a number at its end.
const GROUPS: usize = 3;

/// Finds what looks like AWS credentials, remarks included.
pub fn find(text: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = runs(text, |byte| byte.is_ascii_alphanumeric())
        .filter(|span| is_key_id(&text[span.clone()]))
        .map(|span| Secret { span, what: "the id of an AWS access key" })
        .collect();
    let beside_an_id = !found.is_empty();
    for span in runs(text, |byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)) {
        // No shorter one is anything, and looking for the names of all takes the square of a line.
        if span.len() < TOKEN {
            continue;
        }
        let (run, name) = (&text[span.clone()], name_before(text, span.start));
        let what = if is_token(run, &name) {
            "an AWS session token"
        } else if is_secret(run, &name, beside_an_id) {
            "the secret of an AWS access key"
        } else {
            continue;
        };
        found.push(Secret { span, what });
    }
    found.sort_by_key(|secret| secret.span.start);
    found
}

/// A text without what was found in it; every place in it stays where it is.
pub fn masked(text: &str, found: &[Secret]) -> String {
    let mut masked = text.to_owned();
    for Secret { span, .. } in found {
        masked.replace_range(span.clone(), &"*".repeat(span.len()));
    }
    masked
}

/// The longest runs of bytes of a kind, which is one of ASCII.
fn runs(text: &str, is_of_kind: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|byte| is_of_kind(*byte))?;
        let rest = &bytes[start..];
        let length = rest.iter().position(|byte| !is_of_kind(*byte));
        at = start + length.unwrap_or(rest.len());
        Some(start..at)
    })
}

/// What stands before a value on its line: letters only, in small ones.
fn name_before(text: &str, at: usize) -> String {
    let near = text.floor_char_boundary(at.saturating_sub(64));
    let before = text[near..at].rsplit('\n').next().unwrap_or_default();
    let letters = before.chars().filter(char::is_ascii_alphabetic);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn is_key_id(run: &str) -> bool {
    let rest = KEY_IDS.iter().find_map(|prefix| run.strip_prefix(prefix));
    let is_rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    run.len() == KEY_ID && rest.is_some_and(|rest| rest.bytes().all(is_rest))
}

fn is_token(run: &str, name: &str) -> bool {
    let begins_like_one = TOKENS.iter().any(|start| run.starts_with(start));
    (begins_like_one && run.len() >= TOKEN) || (name.contains("token") && run.len() >= NAMED_TOKEN)
}

fn is_secret(run: &str, name: &str, beside_an_id: bool) -> bool {
    if run.len() != SECRET {
        return false;
    }
    // The digest of a git commit is as long.
    let is_digest = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_named = NAMES.iter().any(|part| name.contains(part));
    is_named || (!is_digest && (beside_an_id || is_random(run)))
}

fn is_random(run: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let kinds: Vec<u8> = run.bytes().map(kind).collect();
    let turns = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let groups = kinds.split(|kind| *kind < 2).filter(|group| !group.is_empty());
    turns >= TURNS && groups.count() >= GROUPS && (0..3).all(|kind| kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that no scanner takes this file for one that leaks.
    fn id() -> String {
        ["AKIA", "IOSFODNN7", "EXAMPLE"].concat()
    }

    fn secret() -> String {
        ["wJalrXUtnFEMI/", "K7MDENG/bPxRfi", "CYEXAMPLEKEY"].concat()
    }

    fn token() -> String {
        ["IQoJb3Jp", "Z2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJ="].concat()
    }

    fn found(text: &str) -> Vec<String> {
        find(text).into_iter().map(|own| text[own.span].to_owned()).collect()
    }

    #[test]
    fn credentials_are_found_wherever_they_stand() {
        for text in [
            format!("aws_access_key_id = \"{}\"", id()),
            format!("# {}\n", id()),
            format!("owner = 'x:{}'", id().replace("AKIA", "ASIA")),
            format!("[account.tags]\n\"{}\" = 1", id()),
            format!("secret_access_key = \"{}\"", secret()),
            format!("aws_secret_access_key={}", secret()),
            format!("note = \"{}\"", secret()),
            format!("# {} ", secret()),
            format!("password = \"{}\"", "0123456789abcdef0123456789abcdef01234567"),
            format!("session = \"{}\"", token()),
            format!("aws_session_token = \"{}==\"", "aB3".repeat(50)),
        ] {
            let found = found(&text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(!masked(&text, &find(&text)).contains(&found[0]), "{text}");
        }
        let both = format!("keys = \"{}\"\nother = '{}'", id(), "a".repeat(39) + "Z");
        assert_eq!(found(&both).len(), 2, "beside an id less is enough");
    }

    #[test]
    fn what_only_looks_like_them_is_left_alone() {
        for text in [
            "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRole",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "Principal = AIDAJQABLZS4A3QDU576Q, AROAJQABLZS4A3QDU576Q",
            "ticket = \"https://git.example.com/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709\"",
            "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "sha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "digest = \"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"",
            "https://hooks.slack.com/services/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",
            "prefix = \"logs/central/Organization/Production/2026\"",
            "bucket = \"acme-payroll-exports-and-archives-2026-x\"",
            "match = [\"abcdefghijklmnopqrstuvwxyz0123456789abcd\"]",
            "ThisIsAVeryLongNameOfSomethingInOneWord1",
            "Logs/Central/Organization/Production/A1b",
            "AKIA, AKIAIOSFODNN, xAKIAIOSFODNN7EXAMPLE, akiaiosfodnn7example",
            "",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_is_masked_stays_as_long_as_it_was() {
        let text = format!("ä = \"{}\" # {}\n", id(), secret());
        let masked = masked(&text, &find(&text));
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked.matches('*').count(), KEY_ID + SECRET);
        assert!(masked.starts_with("ä = \"*") && masked.ends_with("*\n"));
    }
}
