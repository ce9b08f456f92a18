//! Conditions: operators taken apart, keys and values in one spelling.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators".

use super::json::Json;
use super::network::Network;
use std::collections::{BTreeMap, BTreeSet};

/// The conditions of a statement, all of which must hold.
pub(super) type Conditions = BTreeMap<(Operator, Key), BTreeSet<Operand>>;

/// What is asked of the values of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Operator {
    /// For keys with several values: whether all of them, or any, must pass.
    pub quantifier: Option<Quantifier>,
    pub family: Family,
    pub test: Test,
    /// Whether a key that is absent passes.
    pub if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quantifier {
    All,
    Any,
}

/// What kind of values an operator compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Text,
    TextIgnoringCase,
    Pattern,
    Number,
    Date,
    Bool,
    Binary,
    Address,
    /// `ArnEquals` and `ArnLike`, which do the same.
    Arn,
    /// Whether the key is absent.
    Null,
    /// Of a later time than this program.
    Unknown(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub fn parse(written: &str) -> Self {
        let name = written.to_ascii_lowercase();
        let (quantifier, name) = match name.split_once(':') {
            Some(("forallvalues", rest)) => (Some(Quantifier::All), rest.to_owned()),
            Some(("foranyvalue", rest)) => (Some(Quantifier::Any), rest.to_owned()),
            _ => (None, name),
        };
        let (if_exists, plain) = match name.strip_suffix("ifexists") {
            Some(plain) => (true, plain),
            None => (false, name.as_str()),
        };
        let (family, test) = match plain {
            "stringequals" => (Family::Text, Test::Equal),
            "stringnotequals" => (Family::Text, Test::Different),
            "stringequalsignorecase" => (Family::TextIgnoringCase, Test::Equal),
            "stringnotequalsignorecase" => (Family::TextIgnoringCase, Test::Different),
            "stringlike" => (Family::Pattern, Test::Equal),
            "stringnotlike" => (Family::Pattern, Test::Different),
            "numericequals" => (Family::Number, Test::Equal),
            "numericnotequals" => (Family::Number, Test::Different),
            "numericlessthan" => (Family::Number, Test::Less),
            "numericlessthanequals" => (Family::Number, Test::LessOrEqual),
            "numericgreaterthan" => (Family::Number, Test::Greater),
            "numericgreaterthanequals" => (Family::Number, Test::GreaterOrEqual),
            "dateequals" => (Family::Date, Test::Equal),
            "datenotequals" => (Family::Date, Test::Different),
            "datelessthan" => (Family::Date, Test::Less),
            "datelessthanequals" => (Family::Date, Test::LessOrEqual),
            "dategreaterthan" => (Family::Date, Test::Greater),
            "dategreaterthanequals" => (Family::Date, Test::GreaterOrEqual),
            "bool" => (Family::Bool, Test::Equal),
            "binaryequals" => (Family::Binary, Test::Equal),
            "ipaddress" => (Family::Address, Test::Equal),
            "notipaddress" => (Family::Address, Test::Different),
            "arnequals" | "arnlike" => (Family::Arn, Test::Equal),
            "arnnotequals" | "arnnotlike" => (Family::Arn, Test::Different),
            "null" => (Family::Null, Test::Equal),
            other => (Family::Unknown(other.to_owned()), Test::Equal),
        };
        Self { quantifier, family, test, if_exists }
    }

    /// Whether it holds when nothing equals the values: it then holds for an absent key, too.
    pub fn is_negated(&self) -> bool {
        self.test == Test::Different
    }
}

/// A condition key.
///
/// Names of keys are not case-sensitive. Of what follows a slash, the key of a tag, that is
/// documented only for some services, so there the case counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(String);

impl Key {
    pub fn parse(written: &str) -> Self {
        Self(match written.split_once('/') {
            Some((name, tag)) => format!("{}/{tag}", name.to_ascii_lowercase()),
            None => written.to_ascii_lowercase(),
        })
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operand {
    Text(String),
    Number(Decimal),
    Network(Network),
    /// A number where text is compared, that has other spellings: what the service makes of it is
    /// not documented, so it equals only itself.
    Written(String),
}

impl Operand {
    /// `None` for what no condition can have.
    pub fn parse(value: &Json, family: &Family) -> Option<Self> {
        let (text, is_number) = match value {
            Json::Text(text) => (text.clone(), false),
            Json::Bool(value) => (value.to_string(), false),
            Json::Number(text) => (text.clone(), true),
            Json::Null | Json::List(_) | Json::Table(_) => return None,
        };
        let special = match family {
            Family::Number => Decimal::parse(&text).map(Self::Number),
            Family::Address => Network::parse(&text).map(Self::Network),
            _ => None,
        };
        let has_one_spelling = Decimal::parse(&text).is_some_and(|d| d.to_string() == text);
        Some(match special {
            Some(special) => special,
            None if is_number && !has_one_spelling => Self::Written(text),
            None => Self::Text(text),
        })
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A decimal number of any length: the sign, the digits without zeros at their ends, and the power
/// of ten of the last digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || rest.ends_with('.') {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let kept = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
        let behind = i64::try_from(fraction.len()).ok()?;
        let kept = kept.trim_start_matches('0');
        Some(Self {
            negative: negative && !kept.is_empty(),
            digits: kept.to_owned(),
            exponent: match kept.is_empty() {
                true => 0,
                false => i64::from(exponent) - behind + dropped,
            },
        })
    }

    /// The power of ten above the first digit.
    fn magnitude(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX / 2)
    }

    fn signum(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Digits begin with no zero, so that at one magnitude they order as text does.
        let size = || {
            let by_magnitude = self.magnitude().cmp(&other.magnitude());
            by_magnitude.then_with(|| self.digits.cmp(&other.digits))
        };
        self.signum().cmp(&other.signum()).then_with(|| match self.signum() {
            0 => std::cmp::Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The usual spelling of a whole number or a short fraction.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let point = self.magnitude();
        match (self.digits.as_str(), self.exponent) {
            ("", _) => f.write_str("0"),
            (digits, 0..=20) => {
                let zeros = usize::try_from(self.exponent).unwrap_or_default();
                write!(f, "{sign}{digits}{}", "0".repeat(zeros))
            }
            (digits, _) if point > 0 && self.exponent < 0 => {
                let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
                write!(f, "{sign}{whole}.{fraction}")
            }
            (digits, -6..=-1) => {
                let zeros = usize::try_from(-point).unwrap_or_default();
                write!(f, "{sign}0.{}{digits}", "0".repeat(zeros))
            }
            (digits, exponent) => write!(f, "{sign}{digits}e{exponent}"),
        }
    }
}

/// The conditions of a `Condition`, or nothing when it has something that cannot be understood.
pub(super) fn parse(condition: &Json) -> Option<Conditions> {
    let mut conditions = Conditions::new();
    for (operator, keys) in condition.table()? {
        let operator = Operator::parse(operator);
        let keys = keys.table()?;
        if keys.is_empty() {
            return None;
        }
        for (key, values) in keys {
            let values = values.items().iter();
            let values = values.map(|value| Operand::parse(value, &operator.family));
            let values = values.collect::<Option<BTreeSet<_>>>()?;
            let repeated = conditions.insert((operator.clone(), Key::parse(key)), values);
            if repeated.is_some() {
                return None;
            }
        }
    }
    Some(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("the test's number is valid")
    }

    #[test]
    fn numbers_are_the_same_whatever_their_spelling() {
        for (one, other) in
            [("1.2", "1.20"), ("1e3", "1000"), ("0.5", "5E-1"), ("-0", "0"), ("007", "7")]
        {
            assert_eq!(decimal(one), decimal(other), "{one} {other}");
        }
        // More digits than a float holds.
        assert_ne!(decimal("12345678901234567890123"), decimal("12345678901234567890124"));
        for text in ["", ".", "1.", ".5", "1e", "0x1", "1 ", "+1", "1.2.3", "1e99999999999"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered() {
        let ordered = ["-10", "-1.5", "-1.25", "0", "0.09", "0.1", "1.2", "1.3", "9", "10", "1e3"];
        for pair in ordered.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for text in ["0", "1.2", "-3", "1000", "0.05", "600000", "111122223333"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1.20").to_string(), "1.2");
        assert_eq!(decimal("1e3").to_string(), "1000");
    }

    #[test]
    fn operators_are_taken_apart() {
        let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists");
        assert_eq!(operator.quantifier, Some(Quantifier::Any));
        assert_eq!((operator.family, operator.test), (Family::Pattern, Test::Different));
        assert!(operator.if_exists);
        let unknown = Operator::parse("StringSounds");
        assert_eq!(unknown.family, Family::Unknown("stringsounds".to_owned()));
    }

    #[test]
    fn the_key_of_a_tag_keeps_its_case() {
        assert_eq!(Key::parse("AWS:SourceIp").name(), "aws:sourceip");
        assert_eq!(Key::parse("S3:ExistingObjectTag/Team").name(), "s3:existingobjecttag/Team");
    }
}
