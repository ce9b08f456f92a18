//! Which names a bucket may have, and which patterns can match one of them. Source: S3 User Guide,
//! "General purpose bucket naming rules".

/// The longest that the name of a bucket may be, in characters.
const LONGEST: usize = 63;

/// Whether a bucket may have this name.
pub fn is_bucket_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=LONGEST).contains(&name.len())
        && name.bytes().all(inner)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
}

/// Why a pattern, of which `*` stands for any characters and `?` for one, can match no bucket, and
/// what to write instead. `None` if it can.
pub fn pattern_fault(pattern: &str) -> Option<String> {
    let (what, meant) = fault(pattern)?;
    let meant = meant.filter(|meant| fault(meant).is_none());
    Some(meant.map_or_else(|| what.clone(), |meant| format!("{what}: write \"{meant}\"")))
}

/// What is wrong with a pattern, and what is probably meant.
fn fault(pattern: &str) -> Option<(String, Option<String>)> {
    let name_of = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    let (what, meant) = if pattern.trim().is_empty() {
        ("an empty pattern matches no bucket", String::new())
    } else if let Some(rest) = pattern.strip_prefix("arn:") {
        let name = rest.rsplit(':').next().unwrap_or_default();
        ("patterns are for names, and this is an ARN", name_of(name))
    } else if let Some((_, rest)) = pattern.split_once("://") {
        ("patterns are for names, and this is a URL", name_of(rest))
    } else if let Some(fill) = FILLED.iter().find(|fill| pattern.contains(**fill)) {
        let what = format!("{fill} is not filled in here: write it out, or * in its place");
        return Some((what, None));
    } else if is_regular_expression(pattern) {
        let what = "this is a regular expression: * stands for any characters, ? for one, and \
                    alternatives are patterns of their own";
        (what, without_expression(pattern))
    } else if pattern.contains(',') {
        let names = pattern.split(',').map(|name| format!("\"{}\"", name.trim()));
        let names = names.collect::<Vec<_>>().join(", ");
        let what = format!("a comma separates nothing inside a pattern: write [{names}]");
        return Some((what, None));
    } else if pattern.contains(char::is_whitespace) {
        ("a bucket's name has no blanks", pattern.trim().to_owned())
    } else if pattern.contains('/') {
        let what = "patterns are for whole buckets, not for keys in them";
        (what, name_of(pattern))
    } else if pattern.starts_with('!') {
        let what = "a pattern cannot exclude: write in except what is to be left out";
        (what, String::new())
    } else if pattern.contains(char::is_uppercase) {
        let what = "a bucket's name has no capitals (? matches those of buckets from before 2018)";
        (what, pattern.to_lowercase())
    } else if pattern.contains('_') {
        let what =
            "a bucket's name has no underscores (? matches those of buckets from before 2018)";
        (what, pattern.replace('_', "-"))
    } else if let Some(other) = pattern.chars().find(|c| !is_of_a_name(*c)) {
        let what = format!(
            "a bucket's name has no `{other}`, only lower-case letters, digits, dots and hyphens"
        );
        return Some((what, None));
    } else {
        return shape_fault(pattern);
    };
    Some((what.to_owned(), Some(meant)))
}

/// What the names in other keys of the baseline have filled in.
const FILLED: [&str; 2] = ["{account}", "{region}"];

/// The same for patterns of nothing but the characters of names.
fn shape_fault(pattern: &str) -> Option<(String, Option<String>)> {
    let fixed = pattern.chars().filter(|c| *c != '*').count();
    let is_edge = |c: Option<char>| c.is_some_and(|c| c == '-' || c == '.');
    let (what, meant) = if fixed > LONGEST {
        let what = format!("a bucket's name has at most {LONGEST} characters");
        return Some((what, None));
    } else if fixed < 3 && !pattern.contains('*') {
        let meant = format!("{pattern}*");
        ("a bucket's name has at least 3 characters", Some(meant))
    } else if is_edge(pattern.chars().next()) {
        let meant = format!("*{pattern}");
        ("a bucket's name begins with a letter or digit", Some(meant))
    } else if is_edge(pattern.chars().last()) {
        let meant = format!("{pattern}*");
        ("a bucket's name ends with a letter or digit", Some(meant))
    } else if pattern.contains("..") {
        ("a bucket's name has no two dots side by side", None)
    } else {
        let (_, what) = RESERVED.iter().find(|(end, _)| pattern.ends_with(end))?;
        (*what, None)
    };
    Some((what.to_owned(), meant))
}

/// The ends that S3 keeps for things that are no general purpose buckets.
const RESERVED: [(&str, &str); 5] = [
    ("--x-s3", "these are directory buckets, which have none of these settings"),
    ("--table-s3", "these are buckets for tables, which have none of these settings"),
    ("-s3alias", "this is the alias of an access point: write the name of its bucket"),
    ("--ol-s3", "this is the alias of an Object Lambda access point: write the name of its bucket"),
    (".mrap", "this is a multi-region access point: write the names of its buckets"),
];

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || "-.*?".contains(c)
}

/// A dot may stand before a star, as in `logs.*`, but not at the edge of a name or beside a hyphen.
fn is_regular_expression(pattern: &str) -> bool {
    pattern.contains(['^', '$', '\\', '(', ')', '[', ']', '{', '}', '|', '+'])
        || pattern.starts_with(".*")
        || pattern.contains("-.*")
}

fn without_expression(pattern: &str) -> String {
    let mut plain = pattern.trim_start_matches('^').trim_end_matches('$').to_owned();
    for (expression, star) in
        [(".*", "*"), (".+", "*"), ("\\d+", "*"), ("\\d", "?"), ("\\.", "."), ("\\-", "-")]
    {
        plain = plain.replace(expression, star);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_match_a_bucket_is_no_fault() {
        for pattern in [
            "*",
            "acme",
            "acme-*",
            "*-logs",
            "a*",
            "?*",
            "???",
            "logs.*",
            "*.*",
            "a.b-c",
            "my?bucket",
            "eu-*",
            "*-",
            "-*-",
            "x",
        ] {
            let fault = pattern_fault(pattern);
            assert_eq!(
                fault.is_some(),
                ["*-", "-*-", "x"].contains(&pattern),
                "{pattern}: {fault:?}"
            );
        }
        assert_eq!(pattern_fault(&"a".repeat(63)), None);
    }

    #[test]
    fn what_can_match_none_is_told_with_what_to_write() {
        for (pattern, said) in [
            ("", "empty"),
            ("  ", "empty"),
            ("arn:aws:s3:::acme-site", "write \"acme-site\""),
            ("arn:aws:s3:::acme-site/*", "write \"acme-site\""),
            ("s3://acme-site/path", "write \"acme-site\""),
            ("https://acme.s3.amazonaws.com/", "this is a URL"),
            ("acme-a, acme-b", "write [\"acme-a\", \"acme-b\"]"),
            (" acme-a", "write \"acme-a\""),
            ("acme site", "no blanks"),
            ("acme-site/public/*", "write \"acme-site\""),
            ("!acme-*", "except"),
            ("logs-{account}", "{account} is not filled in"),
            ("^acme-.*$", "write \"acme-*\""),
            (".*", "write \"*\""),
            ("acme-\\d+", "write \"acme-*\""),
            ("acme-(a|b)", "regular expression"),
            ("acme-[ab]", "regular expression"),
            ("{a,b}", "regular expression"),
            ("acme+", "regular expression"),
            ("Acme-Site", "write \"acme-site\""),
            ("acme_site", "write \"acme-site\""),
            ("acme:site", "no `:`"),
            ("-acme", "write \"*-acme\""),
            ("acme-", "write \"acme-*\""),
            ("acme..site", "two dots"),
            ("ab", "write \"ab*\""),
            ("acme--x-s3", "directory buckets"),
            ("*-s3alias", "alias of an access point"),
        ] {
            let fault = pattern_fault(pattern).unwrap_or_else(|| panic!("{pattern}"));
            assert!(fault.contains(said), "{pattern}: {fault}");
        }
        assert!(pattern_fault(&"a".repeat(64)).is_some());
        assert!(pattern_fault(&format!("{}*", "a".repeat(64))).is_some());
    }
}
