//! What a change risks: a pass over its differences that knows directions and costs, not services.

use crate::control::{About, Cost};
use crate::diff::Difference;
use crate::settings::Stricter;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One risk of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// What kind of risk.
    pub risk: Risk,
    /// The sentence.
    pub text: String,
}

impl Remark {
    /// Something in use may stop working.
    pub fn breaks(text: String) -> Self {
        let risk = Risk::Breaks;
        Self { risk, text }
    }
}

/// The kinds of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Something protects less than before.
    Loosens,
    /// Something in use may stop working.
    Breaks,
    /// AWS charges for it.
    Costs,
}

/// Marks the differences that loosen, beside those that the control has marked itself, and says
/// what else the change risks.
pub fn assess(about: &About, differences: &mut [Difference]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for difference in differences.iter_mut() {
        let (field, before, after) = (&difference.field, &difference.before, &difference.after);
        let setting = about.setting(field);
        if difference.loosens || setting.is_some_and(|s| is_looser(s.stricter, before, after)) {
            difference.loosens = true;
            remarks.push(Remark { risk: Risk::Loosens, text: format!("{field} protects less") });
        } else if let Some(setting) = setting.filter(|setting| (setting.takes_effect)(after))
            && let Some(breaks) = setting.breaks
            && !remarks.iter().any(|remark| remark.text == breaks)
        {
            remarks.push(Remark { risk: Risk::Breaks, text: breaks.to_owned() });
        }
    }
    let charged = differences.iter().any(|own| begins_to_cost(about, own));
    if let (Cost::Paid(text) | Cost::Partly(text), true) = (about.cost, charged) {
        remarks.push(Remark { risk: Risk::Costs, text: text.to_owned() });
    }
    remarks
}

/// Whether a change may protect less. Where no side is stricter, another destination, key or role may,
/// so any other value counts; what is only added does not.
pub fn may_protect_less(about: &About, difference: &Difference) -> bool {
    let (before, after) = (&difference.before, &difference.after);
    match about.setting(&difference.field).map(|own| own.stricter) {
        // An amount with its currency is no number: which one is lower depends on the period.
        Some(Stricter::Lower) if before.is_string() => before != after,
        Some(stricter) if stricter != Stricter::Neither => is_looser(stricter, before, after),
        _ if before.is_array() => !contains_all(after, before),
        _ => !before.is_null() && before != after,
    }
}

/// Only what was not there before begins to cost, and more of what is charged for. What belongs to
/// no setting comes with something else, and is not charged for by itself.
fn begins_to_cost(about: &About, difference: &Difference) -> bool {
    let Some(setting) = about.setting(&difference.field) else {
        return false;
    };
    let is_new = difference.before.is_null() && !matches!(about.cost, Cost::Partly(_));
    (setting.takes_effect)(&difference.after) && (is_new || (setting.costs && !difference.loosens))
}

/// Whether a value protects less than the one before it. Nothing before is never stricter.
fn is_looser(stricter: Stricter, before: &Value, after: &Value) -> bool {
    if before.is_null() && stricter != Stricter::Lower {
        return false;
    }
    match stricter {
        Stricter::Neither => false,
        Stricter::Higher => height(after) < height(before),
        Stricter::Lower => ceiling(after) > ceiling(before),
        Stricter::More => !contains_all(after, before),
        Stricter::Fewer => !contains_all(before, after),
        Stricter::Later(order) => {
            let rank = |value: &Value| order.iter().position(|name| value == name);
            rank(after) < rank(before)
        }
    }
}

fn height(value: &Value) -> f64 {
    match value {
        Value::Bool(true) => 1.0,
        Value::Number(number) => number.as_f64().unwrap_or(0.0),
        _ => 0.0,
    }
}

fn ceiling(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::INFINITY)
}

fn contains_all(whole: &Value, part: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let whole = list(whole);
    list(part).iter().all(|item| whole.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls;
    use serde_json::json;

    #[test]
    fn what_has_no_stricter_side_may_protect_less_when_it_is_another_or_gone() {
        let about = controls::find("cloudtrail").expect("a control").about;
        let less = |field: &str, before: Value, after: Value| {
            may_protect_less(about, &Difference::new(field, before, after))
        };
        // A setting without a stricter side.
        assert!(less("kms_key", json!("arn:a"), json!(null)));
        assert!(less("kms_key", json!("arn:a"), json!("arn:b")));
        assert!(!less("kms_key", json!(null), json!("arn:b")));
        // A field of no setting.
        assert!(less("management_events", json!(["all"]), json!([])));
        assert!(!less("management_events", json!(["a"]), json!(["a", "b"])));
        assert!(less("x", json!("a"), json!("b")));
        assert!(!less("x", json!(null), json!("b")));
        // A setting that has one.
        assert!(less("logging", json!(true), json!(false)));
        assert!(!less("logging", json!(false), json!(true)));
    }

    #[test]
    fn each_direction_knows_its_looser_side() {
        let order = Stricter::Later(&["SIX_HOURS", "ONE_HOUR"]);
        let looser = [
            (Stricter::Higher, json!(true), json!(false)),
            (Stricter::Higher, json!(14), json!(8)),
            (Stricter::Higher, json!(true), json!(null)),
            (Stricter::Lower, json!(90), json!(180)),
            (Stricter::Lower, json!(90), json!(null)),
            (Stricter::More, json!(["a", "b"]), json!(["a"])),
            (Stricter::Fewer, json!(["a"]), json!(["a", "b"])),
            (order, json!("ONE_HOUR"), json!("SIX_HOURS")),
        ];
        for (stricter, before, after) in looser {
            assert!(is_looser(stricter, &before, &after), "{stricter:?} {before} {after}");
            assert!(!is_looser(stricter, &after, &before), "{stricter:?} {after} {before}");
        }
    }

    #[test]
    fn switching_on_what_is_charged_for_says_so_and_switching_off_does_not() {
        let about = controls::find("guardduty").expect("it exists").about;
        let costs = |before: bool| {
            let field = "features.S3_DATA_EVENTS.enabled";
            let mut changed = [Difference::new(field, json!(before), json!(!before))];
            let remarks = assess(about, &mut changed);
            remarks.iter().any(|remark| remark.risk == Risk::Costs)
        };
        assert!(costs(false));
        assert!(!costs(true));
    }

    #[test]
    fn of_a_control_that_is_mostly_free_only_what_is_charged_for_says_so() {
        let about = controls::find("buckets").expect("it exists").about;
        let costs = |field: &str| {
            let mut changed = [Difference::new(field, Value::Null, json!("1.2"))];
            let remarks = assess(about, &mut changed);
            remarks.iter().any(|remark| remark.risk == Risk::Costs)
        };
        assert!(!costs("minimum_tls"));
        assert!(costs("access_log"));
    }

    #[test]
    fn remarks_follow_the_value() {
        let about = controls::find("buckets").expect("it exists").about;
        let remarks = |field: &str, before: Value, after: Value| {
            assess(about, &mut [Difference::new(field, before, after)]).len()
        };
        let algorithm = "encryption.algorithm";
        assert_eq!(remarks(algorithm, Value::Null, json!("AES256")), 0);
        assert_eq!(remarks(algorithm, json!("AES256"), json!("aws:kms")), 2);
        assert_eq!(remarks("encryption.bucket_key", json!(false), json!(true)), 0);
        assert_eq!(remarks("versioning", Value::Null, json!("Enabled")), 1);
        assert_eq!(remarks("access_log.bucket", json!("logs"), Value::Null), 0);
    }

    #[test]
    fn a_role_is_free() {
        let about = controls::find("config").expect("it exists").about;
        let remarks = |field: &str| {
            let mut created = [Difference::new(field, json!(null), json!("x"))];
            assess(about, &mut created).len()
        };
        assert_eq!(remarks("service_linked_role"), 0);
        assert_eq!(remarks("recorder.record.include"), 1);
    }

    #[test]
    fn creating_something_loosens_nothing() {
        assert!(!is_looser(Stricter::Higher, &json!(null), &json!(false)));
    }
}
