//! Patterns of policies: `*` stands for any characters, `?` for any one.

/// Whether a pattern matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    covers(pattern, text)
}

/// Whether everything that `narrow` matches is matched by `wide`.
///
/// `narrow` is read letter by letter: its `*` can only fall to a `*` of `wide`, its `?` to a `?` or
/// a `*`. That never says yes wrongly; it may say no where a cleverer reading would see a yes.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow): (Vec<char>, Vec<char>) = (wide.chars().collect(), narrow.chars().collect());
    let (mut w, mut n) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while n < narrow.len() {
        match wide.get(w) {
            Some('*') => {
                last_star = Some((w, n));
                w += 1;
            }
            Some('?') if narrow[n] != '*' => (w, n) = (w + 1, n + 1),
            Some(letter) if *letter == narrow[n] => (w, n) = (w + 1, n + 1),
            _ => match last_star {
                Some((star, eaten)) => {
                    (w, n) = (star + 1, eaten + 1);
                    last_star = Some((star, eaten + 1));
                }
                None => return false,
            },
        }
    }
    wide[w..].iter().all(|letter| *letter == '*')
}

/// Whether some text is matched by both patterns.
pub(super) fn meet(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // reach[b]: whether what was read of `one` and the first b letters of `other` can meet.
    let mut reach = vec![false; other.len() + 1];
    reach[0] = true;
    for b in 0..other.len() {
        reach[b + 1] = reach[b] && other[b] == '*';
    }
    for letter in &one {
        let before = reach.clone();
        reach[0] = before[0] && *letter == '*';
        for b in 0..other.len() {
            let single = *letter == other[b] || *letter == '?' || other[b] == '?';
            reach[b + 1] = match (*letter == '*', other[b] == '*') {
                (false, false) => single && before[b],
                _ => before[b + 1] || reach[b],
            };
        }
    }
    reach[other.len()]
}

/// [`covers`] for ARNs of resources: the parts before the resource itself must be the same, because
/// whether a `*` there reaches over a colon is not documented.
pub(super) fn covers_arn(wide: &str, narrow: &str) -> bool {
    if wide == "*" || wide == narrow {
        return true;
    }
    match (in_parts(wide), in_parts(narrow)) {
        (Some((before, wide)), Some((other, narrow))) => before == other && covers(wide, narrow),
        _ => false,
    }
}

/// The five parts of an ARN before its resource, and the resource.
fn in_parts(arn: &str) -> Option<(&str, &str)> {
    let (at, _) = arn.match_indices(':').nth(4)?;
    Some((&arn[..at], &arn[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_iam_takes_them() {
        let table = [
            ("s3:*", "s3:getobject", true),
            ("s3:get*", "s3:putobject", false),
            ("s3:?etobject", "s3:getobject", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("*", "", true),
            ("", "a", false),
            ("a?", "a", false),
        ];
        for (pattern, text, wanted) in table {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_covers_only_what_it_matches_whole() {
        let table = [
            ("s3:*", "s3:get*", true),
            ("s3:get*", "s3:*", false),
            ("s3:?et", "s3:*et", false),
            ("s3:*et", "s3:?et", true),
            ("a*", "a*", true),
            ("a?", "a*", false),
        ];
        for (wide, narrow, wanted) in table {
            assert_eq!(covers(wide, narrow), wanted, "{wide} {narrow}");
        }
    }

    #[test]
    fn patterns_meet_where_one_text_is_matched_by_both() {
        let table = [
            ("role/*", "*/x", true),
            ("role/a*", "role/b*", false),
            ("a?c", "abc", true),
            ("a?c", "ab*d", false),
            ("*", "", true),
            ("**a", "a*", true),
            ("role/teams/x", "role/*/x", true),
            ("role/y", "role/*/x", false),
        ];
        for (one, other, wanted) in table {
            assert_eq!(meet(one, other), wanted, "{one} {other}");
            assert_eq!(meet(other, one), wanted, "{other} {one}");
        }
    }

    #[test]
    fn a_star_in_an_arn_does_not_reach_over_a_colon() {
        assert!(covers_arn("arn:aws:s3:::acme*", "arn:aws:s3:::acme/*"));
        assert!(covers_arn("*", "arn:aws:s3:::acme"));
        assert!(!covers_arn("arn:*", "arn:aws:s3:::acme"));
        assert!(!covers_arn("arn:aws:s3:::acme", "arn:aws-cn:s3:::acme"));
    }
}
