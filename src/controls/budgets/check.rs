//! What AWS would refuse of `[[budgets]]`.

use super::money::Threshold;
use super::settings::{Alert, Entry, Filters, MOST_ALERTS, MOST_EMAILS, Period};
use crate::document::{Problems, slip_of};
use crate::managed::UNMANAGED;

/// The filters that AWS knew when this was written, to tell a slip of the fingers by. Source: the
/// names that `aws budgets describe-budgets` gives for the filters of Billing and Cost Management
/// User Guide, "Budget filters".
const FILTERS: &[&str] = &[
    "AZ",
    "BillingEntity",
    "CostCategory",
    "InstanceType",
    "InvoicingEntity",
    "LegalEntityName",
    "LinkedAccount",
    "Operation",
    "PurchaseType",
    "RecordType",
    "Region",
    "Service",
    "TagKeyValue",
    "UsageType",
    "UsageTypeGroup",
];

/// Reports what AWS would refuse.
pub fn check(entries: &[Entry], problems: &mut Problems) {
    for (index, entry) in entries.iter().enumerate() {
        let is_double = entries[..index].iter().any(|other| other.name == entry.name);
        let double = is_double.then(|| format!("there are two budgets named '{}'", entry.name));
        let mut report = |key: &str, wrong: Option<String>| {
            if let Some(text) = wrong {
                problems.setting(&format!("{index}.{key}"), text);
            }
        };
        report("name", double);
        report("name", wrong_name(&entry.name).map(str::to_owned));
        for wrong in wrong_filters(entry) {
            report("filters", Some(wrong));
        }
        let alerts = entry.alerts();
        let are_many = alerts.len() > MOST_ALERTS;
        report("alerts", are_many.then(|| format!("a budget takes {MOST_ALERTS} alerts")));
        for (at, alert) in alerts.iter().enumerate() {
            for (key, text) in wrong_in(alert, &alerts[..at], entry) {
                report(&format!("alerts.{at}.{key}"), Some(text));
            }
        }
    }
}

fn wrong_filters(entry: &Entry) -> Vec<String> {
    let Some(Filters::Only(filters)) = &*entry.filters else {
        return Vec::new();
    };
    let is_empty = filters.is_empty() || filters.values().any(Vec::is_empty);
    let empty = is_empty.then(|| "an empty filter: name values, or say \"none\"".to_owned());
    let strange = filters.keys().filter(|key| !FILTERS.contains(&key.as_str()));
    let slips = strange.filter_map(|key| {
        let meant = slip_of(key, FILTERS)?;
        Some(format!("'{key}' is no filter of AWS's: did you mean '{meant}'?"))
    });
    empty.into_iter().chain(slips).collect()
}

/// What is wrong with an alert, by key.
fn wrong_in(alert: &Alert, before: &[Alert], entry: &Entry) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let key = alert.key();
    if before.iter().any(|other| other.key() == key) {
        wrong.push(("at", format!("there are two alerts of {key}: make them one")));
    }
    if let (Threshold::Amount(money), Some(limit)) = (&alert.at, entry.limit())
        && money.unit != limit.unit
    {
        wrong.push(("at", format!("the limit is in {}, so this must be too", limit.unit)));
    }
    if alert.forecast && *entry.period == Some(Period::Daily) {
        wrong.push(("forecast", "AWS makes no forecast for daily budgets".to_owned()));
    }
    if alert.email.is_empty() && alert.sns.is_none() {
        let text = "nobody would hear of it: name an e-mail address or an SNS topic";
        wrong.push(("email", text.to_owned()));
    }
    if alert.email.len() > MOST_EMAILS {
        wrong.push(("email", format!("an alert takes {MOST_EMAILS} e-mail addresses")));
    }
    wrong
}

/// What is wrong with the name of a budget. Source: Budgets API reference, Budget.
fn wrong_name(name: &str) -> Option<&'static str> {
    let length = name.chars().count();
    if name == UNMANAGED {
        Some("a budget is known by its name, so that it cannot be left out")
    } else if !(1..=100).contains(&length) {
        Some("a name has 1 to 100 characters")
    } else if name.contains([':', '\\']) || name.contains("/action/") {
        Some("a name holds no ':', no '\\' and no '/action/'")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::control::Kind;
    use crate::control::tests::configured;
    use crate::controls::budgets::Budgets;

    fn said(budget: &str) -> String {
        match configured(Kind::of::<Budgets>(), budget) {
            Ok(control) => format!("{control:?}"),
            Err(problems) => problems,
        }
    }

    /// A budget with one alert.
    fn alert(alert: &str) -> String {
        format!("name = \"x\"\nlimit = \"100 USD\"\nalerts = [{{ {alert} }}]")
    }

    #[test]
    fn what_aws_would_refuse_is_refused_at_load() {
        let mail = "email = [\"a@example.com\"]";
        let eleven: Vec<String> = (0..11).map(|n| format!("\"a{n}@example.com\"")).collect();
        let eleven_alerts: Vec<String> =
            (1..12).map(|n| format!("{{ at = \"{n}%\", {mail} }}")).collect();
        let with = |rest: &str| format!("limit = \"100 USD\"\n{rest}");
        let table = [
            ("name = \"x\"".to_owned(), "missing setting 'limit'"),
            ("name = \"x\"\nlimit = 100".to_owned(), "expected a string"),
            ("name = \"x\"\nlimit = \"100\"".to_owned(), "'100' is no amount with its currency"),
            ("name = \"x\"\nlimit = \"1,000 USD\"".to_owned(), "is no amount"),
            ("name = \"x\"\nlimit = \"-5 USD\"".to_owned(), "is no amount"),
            ("name = \"x\"\nlimit = \"0.00 USD\"".to_owned(), "more than nothing"),
            ("name = \"x\"\nlimit = \"100 usd\"".to_owned(), "is no amount"),
            (with("name = \"\""), "1 to 100 characters"),
            (with("name = \"a:b\""), "no ':'"),
            (with("name = \"a/action/b\""), "'/action/'"),
            (with("name = \"x\"\nperiod = \"weekly\""), "unknown value 'weekly'"),
            (
                with("name = \"x\"\n[[budgets]]\nname = \"x\"\nlimit = \"1 USD\""),
                "two budgets named 'x'",
            ),
            (
                with(&format!("name = \"x\"\nalerts = [{}]", eleven_alerts.join(","))),
                "takes 10 alerts",
            ),
            (with("name = \"x\"\nfilters = {}"), "name values, or say \"none\""),
            (with("name = \"x\"\nfilters = \"Service\""), "expected \"none\" or a table"),
            (with("name = \"x\"\nexcludes = [\"credit\"]"), "unknown value 'credit'"),
            (
                with(&format!(
                    "name = \"x\"\nperiod = \"daily\"\nalerts = [{{ at = \"80%\", forecast = true, {mail} }}]"
                )),
                "no forecast for daily",
            ),
            (
                with(&format!(
                    "name = \"x\"\nalerts = [{{ at = \"80%\", {mail} }}, {{ at = \"80.0 %\", {mail} }}]"
                )),
                "two alerts of actual > 80%",
            ),
            (alert("at = \"80%\""), "nobody would hear of it"),
            (alert(&format!("at = \"80\", {mail}")), "neither a part of the limit"),
            (alert(&format!("at = \"0%\", {mail}")), "more than nothing"),
            (alert(&format!("at = \"2000000%\", {mail}")), "at most 1000000%"),
            (alert(&format!("at = \"90 EUR\", {mail}")), "the limit is in USD"),
            (
                alert(&format!("at = \"80%\", email = [{}]", eleven.join(","))),
                "takes 10 e-mail addresses",
            ),
            (alert("at = \"80%\", email = [\"nobody\"]"), "this is no e-mail address"),
            (alert("at = \"80%\", sns = \"alerts\""), "no ARN of an SNS topic"),
            (alert(&format!("at = \"80%\", emails = [], {mail}")), "did you mean 'email'?"),
        ];
        for (budget, wanted) in table {
            let said = said(&budget);
            assert!(said.contains(wanted), "{wanted:?} is not in\n{said}");
        }
    }

    #[test]
    fn addresses_are_masked_in_debug_output() {
        let said = said(&alert("at = \"80%\", email = [\"billing@example.com\"]"));
        assert!(said.contains("b***@example.com"), "{said}");
        assert!(!said.contains("billing@"), "{said}");
    }
}
