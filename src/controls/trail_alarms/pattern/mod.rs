//! Filter patterns for JSON events, compared by what they mean and not by how they are written.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters": conditions on
//! properties, joined by `&&`, which binds tighter, and `||`, in any parentheses.

mod parse;

use crate::pattern::Pattern;

/// A pattern as an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All of them hold.
    All(Vec<Expression>),
    /// One of them holds.
    Any(Vec<Expression>),
    /// A condition.
    Is(Condition),
}

/// A condition on one property of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The property, without `$.`: `userIdentity.type`.
    field: String,
    test: Test,
}

/// What a property has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// A string; `*` stands for any characters.
    Equals(String),
    /// Another string than this.
    Differs(String),
    /// Absent.
    NotExists,
    /// Whatever else can be asked: numbers, comparisons, regular expressions, `IS NULL`. It is compared
    /// as it is written.
    Other(String),
}

/// The events that nothing here is to raise an alarm for: what a busy account does all day. Each is a
/// list of properties, and lacks all others.
const ROUTINE: &[&[(&str, &str)]] = &[
    &[
        ("eventName", "DescribeInstances"),
        ("eventSource", "ec2.amazonaws.com"),
        ("eventType", "AwsApiCall"),
        ("userIdentity.type", "AssumedRole"),
        ("sourceIPAddress", "192.0.2.1"),
    ],
    &[
        ("eventName", "AssumeRole"),
        ("eventSource", "sts.amazonaws.com"),
        ("eventType", "AwsApiCall"),
        ("userIdentity.type", "AWSService"),
        ("userIdentity.invokedBy", "ec2.amazonaws.com"),
        ("sourceIPAddress", "ec2.amazonaws.com"),
    ],
    &[
        ("eventName", "ListBuckets"),
        ("eventSource", "s3.amazonaws.com"),
        ("eventType", "AwsApiCall"),
        ("userIdentity.type", "IAMUser"),
        ("sourceIPAddress", "192.0.2.1"),
    ],
];

impl Expression {
    /// Reads a pattern for JSON events; nothing for another kind of pattern or one that cannot be read.
    pub fn parse(pattern: &str) -> Option<Self> {
        parse::pattern(pattern)
    }

    /// Whether every event that another pattern matches is matched by this one, as far as that can be
    /// told: of what cannot, it is not said.
    pub fn covers(&self, other: &Self) -> bool {
        other.cases().iter().all(|case| self.holds_in(case))
    }

    /// Whether it matches what happens all day, so that an alarm on it never ends and announces
    /// nothing new.
    pub fn is_routine(&self) -> bool {
        ROUTINE.iter().any(|event| self.matches(event))
    }

    /// The ways in which it holds: each a list of conditions that hold together. Only for patterns of
    /// this program: it can be long.
    fn cases(&self) -> Vec<Vec<&Condition>> {
        match self {
            Self::Is(condition) => vec![vec![condition]],
            Self::Any(parts) => parts.iter().flat_map(Self::cases).collect(),
            Self::All(parts) => {
                let mut cases = vec![Vec::new()];
                for part in parts {
                    let more = part.cases();
                    let longer = cases.iter().flat_map(|case: &Vec<&Condition>| {
                        more.iter().map(|own| [case.as_slice(), own.as_slice()].concat())
                    });
                    cases = longer.collect();
                }
                cases
            }
        }
    }

    /// Whether it certainly holds where all of these conditions do.
    fn holds_in(&self, case: &[&Condition]) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds_in(case)),
            Self::Any(parts) => parts.iter().any(|part| part.holds_in(case)),
            Self::Is(asked) => case.iter().any(|known| known.implies(asked)),
        }
    }

    fn matches(&self, event: &[(&str, &str)]) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(event)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(event)),
            Self::Is(condition) => condition.matches(event),
        }
    }
}

impl Condition {
    /// Whether another condition holds wherever this one does.
    fn implies(&self, other: &Self) -> bool {
        self.field == other.field
            && match (&self.test, &other.test) {
                (Test::Equals(own), Test::Equals(wider)) => is_within(own, wider),
                (Test::Equals(own), Test::Differs(from)) => {
                    !own.contains('*') && !is_within(own, from)
                }
                (Test::Differs(wider), Test::Differs(own)) => is_within(own, wider),
                (own, other) => own == other,
            }
    }

    fn matches(&self, event: &[(&str, &str)]) -> bool {
        let value = event.iter().find(|(field, _)| *field == self.field).map(|(_, value)| value);
        match (&self.test, value) {
            (Test::Equals(text), Some(value)) => is_within(value, text),
            (Test::Differs(text), Some(value)) => !is_within(value, text),
            (Test::NotExists, None) => true,
            _ => false,
        }
    }
}

/// Whether whatever one text with wildcards stands for, the other does, too. A star of the narrower one
/// is a letter that only a star of the wider one takes, which is enough.
fn is_within(own: &str, wider: &str) -> bool {
    // A question mark is no wildcard in filter patterns.
    let plain = |text: &str| text.replace('?', "\u{1}");
    Pattern::try_from(plain(wider)).is_ok_and(|wider| wider.matches(&plain(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str) -> Expression {
        Expression::parse(pattern).unwrap_or_else(|| panic!("{pattern} cannot be read"))
    }

    fn covers(wider: &str, narrower: &str) -> bool {
        read(wider).covers(&read(narrower))
    }

    /// Whether two patterns mean the same.
    fn same(one: &str, other: &str) -> bool {
        covers(one, other) && covers(other, one)
    }

    #[test]
    fn order_space_quotes_and_parentheses_do_not_matter() {
        for other in [
            "{($.eventName=StopLogging)||($.eventName=DeleteTrail)}",
            "{ $.eventName = \"DeleteTrail\" || $.eventName = \"StopLogging\" }",
            " { ( ( $.eventName = DeleteTrail ) || $['eventName'] = StopLogging ) } ",
            "{ ($.eventName = DeleteTrail) || ($.eventName = StopLogging) || ($.eventName = DeleteTrail) }",
        ] {
            let ours = "{ ($.eventName = DeleteTrail) || ($.eventName = StopLogging) }";
            assert!(same(ours, other), "{other}");
        }
    }

    #[test]
    fn a_missing_name_and_a_narrowing_condition_are_less() {
        let ours = "{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) }";
        for less in [
            "{ $.eventName = CreateRouteTable }",
            "{ $.eventName = CreateRoute }",
            "{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) && ($.userIdentity.arn != \"x\") }",
            "{ (($.eventName = CreateRoute) || ($.eventName = CreateRouteTable)) && ($.awsRegion = \"eu-*\") }",
            "{ ($.eventName != CreateRoute) && ($.eventName = CreateRouteTable) }",
            "{ $.eventName = \"createroute*\" }",
        ] {
            assert!(!covers(less, ours), "{less}");
        }
        for more in [
            "{ $.eventName = CreateRoute* }",
            "{ $.eventName = \"*Route*\" }",
            "{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = X) }",
            "{ ($.eventName != ConsoleLogin) }",
        ] {
            assert!(covers(more, ours), "{more}");
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let cis = "{ ($.a = \"*X\") || ($.a = \"Y*\") && ($.b != \"z\") }";
        assert!(same(cis, "{ ($.a = \"*X\") || (($.a = \"Y*\") && ($.b != \"z\")) }"));
        assert!(!covers("{ (($.a = \"*X\") || ($.a = \"Y*\")) && ($.b != \"z\") }", cis));
        assert!(covers(cis, "{ (($.a = \"*X\") || ($.a = \"Y*\")) && ($.b != \"z\") }"));
    }

    #[test]
    fn what_is_absent_null_or_a_number_is_compared_as_it_is_written() {
        let root =
            "{ ($.u.type = \"Root\") && ($.u.by NOT EXISTS) && ($.t != \"AwsServiceEvent\") }";
        assert!(same(root, "{$.t!=AwsServiceEvent&&$.u.type=Root&&$.u.by NOT EXISTS}"));
        assert!(covers("{ $.u.type != \"IAMUser\" }", root));
        assert!(!covers("{ $.u.by EXISTS }", root));
        assert!(!same("{ $.a IS NULL }", "{ $.a NOT EXISTS }"));
        assert!(same("{ $.n >= 400 }", "{ ($.n>=400) }"));
        assert!(!same("{ $.n >= 400 }", "{ $.n >= 500 }"));
        assert!(!same("{ $.n = 400 }", "{ $.n = \"400\" }"));
        assert!(!covers("{ $.a = %Delete.*% }", "{ $.a = DeleteTrail }"));
    }

    #[test]
    fn what_happens_all_day_is_known() {
        for routine in [
            "{ $.eventName = * }",
            "{ ($.eventName = DeleteTrail) || ($.eventVersion NOT EXISTS) }",
            "{ $.eventName != DeleteTrail }",
        ] {
            assert!(read(routine).is_routine(), "{routine}");
        }
        assert!(!read("{ $.eventName = Delete* }").is_routine());
    }

    #[test]
    fn what_is_no_pattern_for_json_is_not_read() {
        for pattern in [
            "",
            "DeleteTrail",
            "{",
            "{}",
            "{ $.a }",
            "{ $.a = }",
            "{ ($.a = b }",
            "{ $.a = b || }",
            "[ip, user]",
            "{ $.a = b } more",
            "{ $.a = \"b }",
            "{ $.a = b && || $.c = d }",
        ] {
            assert_eq!(Expression::parse(pattern), None, "{pattern}");
        }
        let deep = format!("{{ {}$.a = b{} }}", "(".repeat(400), ")".repeat(400));
        assert_eq!(Expression::parse(&deep), None);
    }
}
