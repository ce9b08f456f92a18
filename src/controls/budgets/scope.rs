//! What a budget counts, and from when until when: what would keep it silent.
//!
//! Only a person knows whether a filter was meant, so that these are findings; the baseline can say
//! that it is, with `filters` and `excludes`.

use super::live::Budget;
use super::money::plain;
use super::settings::{Entry, Filters};
use crate::control::{Context, Remarks};
use crate::settings::Words;
use aws_sdk_budgets::types::{self, Expression};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// How long before its end a budget is found: AWS deletes it then.
const ENDS_SOON: time::Duration = time::Duration::days(60);

/// How deep an expression is put into words.
const DEEPEST: usize = 8;

/// What narrows or moves a budget and is not sent back by an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// Its filter expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<Filter>,
    /// By what AWS adjusts its limit: `HISTORICAL` or `FORECAST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusts: Option<String>,
    /// The limits of the periods to come: `100 USD`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub planned: BTreeSet<String>,
    /// Why AWS does not keep it up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<String>,
}

/// A filter expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Everything but these types of records: `Credit`, `Tax`.
    AllBut(BTreeSet<String>),
    /// Only what matches this, in words.
    Only(String),
}

impl Scope {
    /// That of a live budget.
    pub fn of(live: &types::Budget, account: &str) -> Self {
        let plain = |spend: &types::Spend| format!("{} {}", plain(spend.amount()), spend.unit());
        let planned = live.planned_budget_limits().into_iter().flatten();
        let health = live.health_status();
        let status = health.and_then(|health| health.status());
        let reason = health.and_then(|health| health.status_reason());
        let unhealthy = status.filter(|status| status.as_str() != "HEALTHY");
        let expression = live.filter_expression();
        Self {
            expression: expression.and_then(|filter| Filter::of(filter, account)),
            adjusts: live
                .auto_adjust_data()
                .map(|data| data.auto_adjust_type().as_str().to_owned()),
            planned: planned.map(|(_, spend)| plain(spend)).collect(),
            unhealthy: unhealthy.map(|status| {
                reason.map_or_else(|| status.as_str().to_owned(), |own| own.as_str().to_owned())
            }),
        }
    }
}

impl Filter {
    /// Nothing where it lets through all that the account spends.
    fn of(expression: &Expression, account: &str) -> Option<Self> {
        let mut left_out = BTreeSet::new();
        match leaves_out(expression, account, &mut left_out) {
            Some(()) if left_out.is_empty() => None,
            Some(()) => Some(Self::AllBut(left_out)),
            None => Some(Self::Only(words(expression, DEEPEST))),
        }
    }
}

/// Adds the types of records that an expression leaves out; `None` when it does something else.
fn leaves_out(expression: &Expression, account: &str, out: &mut BTreeSet<String>) -> Option<()> {
    let Expression { or, and, not, dimensions, tags, cost_categories, product_attributes, .. } =
        expression;
    let others = tags.is_some() || cost_categories.is_some() || product_attributes.is_some();
    match (or, and, not, dimensions) {
        (None, Some(all), None, None) if !others => {
            all.iter().try_for_each(|own| leaves_out(own, account, out))
        }
        (None, None, Some(not), None) if !others => match not.dimensions() {
            Some(by) if by.key().as_str() == "RECORD_TYPE" && is_plain(by) && is_only(not) => {
                out.extend(by.values().iter().cloned());
                Some(())
            }
            _ => None,
        },
        (None, None, None, Some(by)) if !others => {
            let own = by.key().as_str() == "LINKED_ACCOUNT" && is_plain(by);
            (own && by.values() == [account]).then_some(())
        }
        _ => None,
    }
}

/// Whether the dimension is all of an expression.
fn is_only(of: &Expression) -> bool {
    let Expression { or, and, not, tags, cost_categories, product_attributes, .. } = of;
    or.is_none()
        && and.is_none()
        && not.is_none()
        && tags.is_none()
        && cost_categories.is_none()
        && product_attributes.is_none()
}

/// Whether values are compared as they are.
fn is_plain(by: &types::ExpressionDimensionValues) -> bool {
    by.match_options().iter().all(|how| how.as_str() == "EQUALS")
}

/// An expression as a person would write it.
fn words(expression: &Expression, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    let list = |of: &[Expression], between: &str| {
        let each: Vec<String> = of.iter().map(|own| words(own, depth - 1)).collect();
        format!("({})", each.join(between))
    };
    let is = |key: &str, values: &[String]| format!("{key} = {}", values.join(", "));
    let mut parts = Vec::new();
    if let Some(all) = &expression.and {
        parts.push(list(all, " and "));
    }
    if let Some(any) = &expression.or {
        parts.push(list(any, " or "));
    }
    if let Some(not) = &expression.not {
        parts.push(format!("not {}", words(not, depth - 1)));
    }
    if let Some(by) = &expression.dimensions {
        parts.push(is(by.key().as_str(), by.values()));
    }
    if let Some(by) = &expression.tags {
        parts.push(is(&format!("tag {}", by.key().unwrap_or("?")), by.values()));
    }
    if let Some(by) = &expression.cost_categories {
        parts.push(is(by.key().unwrap_or("category"), by.values()));
    }
    if let Some(by) = &expression.product_attributes {
        parts.push(is(by.key(), by.values()));
    }
    parts.join(" and ")
}

/// Adds what keeps the budget from telling of all that it is for.
pub fn judge(budget: &Budget, entry: &Entry, context: &Context, say: &mut Remarks) {
    let edit = entry.console();
    narrowed(budget, entry, &edit, context, say);
    left_out(budget, entry, &edit, say);
    moved(budget, entry, &edit, say);
    bounded(budget, &edit, context, say);
    if let Some(reason) = &budget.scope.unhealthy {
        let what = format!("AWS does not keep the budget up to date: {reason}");
        let remedy = match reason.as_str() {
            "MULTI_YEAR_HISTORICAL_DATA_DISABLED" => {
                "enable multi-year data in the Cost Management preferences".to_owned()
            }
            _ => format!("let it count what this account may see: {edit}"),
        };
        say.finding("health", what, remedy);
    }
}

/// Filters, expressions and billing views.
fn narrowed(budget: &Budget, entry: &Entry, edit: &str, context: &Context, say: &mut Remarks) {
    let Some(wanted) = &*entry.filters else {
        return;
    };
    let mut only = Vec::new();
    let filters = budget.kept.filters();
    if !filters.is_empty() && !is_own_account(filters, &context.account) && !wanted.is(filters) {
        let each = filters.iter();
        only.extend(each.map(|(name, values)| format!("{name} = {}", values.join(", "))));
    }
    if let Some(Filter::Only(words)) = &budget.scope.expression {
        only.push(words.clone());
    }
    if let Some(view) = budget.kept.billing_view() {
        let own = format!("::{}:billingview/primary", context.account);
        if !view.ends_with(&own) {
            only.push(format!("billing view {view}"));
        }
    }
    if !only.is_empty() {
        let remedy = match wanted {
            Filters::None => format!(
                "take the filter out: {edit}; or, if it is meant, say so with filters in the baseline"
            ),
            Filters::Only(_) => format!("give it the filters of the baseline: {edit}"),
        };
        let what = format!("the budget counts only {}", only.join("; and "));
        say.finding("filters", what, remedy);
    }
}

fn is_own_account(filters: &BTreeMap<String, Vec<String>>, account: &str) -> bool {
    let mut filters = filters.iter();
    matches!(filters.next(), Some((name, values)) if name == "LinkedAccount" && values == &[account])
        && filters.next().is_none()
}

/// Kinds of costs that do not count. To leave out what makes the sum smaller protects more.
fn left_out(budget: &Budget, entry: &Entry, edit: &str, say: &mut Remarks) {
    let Some(declared) = &*entry.excludes else {
        return;
    };
    let mut found: BTreeSet<String> =
        budget.kept.left_out().into_iter().map(str::to_owned).collect();
    if let Some(Filter::AllBut(types)) = &budget.scope.expression {
        let smaller = |name: &str| {
            let name = name.to_lowercase();
            ["credit", "refund"].contains(&name.as_str()) || name.contains("discount")
        };
        found.extend(types.iter().filter(|name| !smaller(name)).cloned());
    }
    let is_declared =
        |name: &str| declared.iter().any(|kind| kind.word().eq_ignore_ascii_case(name));
    found.retain(|name| !is_declared(name));
    if !found.is_empty() {
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        let what = format!("the budget does not count {}", found.join(", "));
        let remedy = format!("let them count: {edit}; or, if that is meant, name them in excludes");
        say.finding("excludes", what, remedy);
    }
}

/// A limit that is another tomorrow.
fn moved(budget: &Budget, entry: &Entry, edit: &str, say: &mut Remarks) {
    let Some(limit) = entry.limit() else {
        return;
    };
    if let Some(by) = &budget.scope.adjusts {
        let by = by.to_lowercase();
        let what = format!("AWS adjusts the limit of the budget by itself ({by})");
        let remedy = format!("give it a fixed amount: {edit}; or say limit = \"unmanaged\"");
        say.finding("limit", what, remedy);
    }
    let is_more = |text: &&String| {
        let amount = text.split_once(' ').map(|(amount, unit)| {
            let amount = Decimal::from_str_exact(amount).ok();
            unit != limit.unit || amount.is_none_or(|amount| amount > limit.amount)
        });
        amount.unwrap_or(true)
    };
    let more: Vec<&str> = budget.scope.planned.iter().filter(is_more).map(String::as_str).collect();
    if !more.is_empty() {
        let what = format!(
            "limits of periods to come are planned that are higher than {limit}: {}",
            more.join(", ")
        );
        say.finding("limit", what, format!("give it a fixed amount: {edit}"));
    }
}

/// A budget that has not begun, or that ends.
fn bounded(budget: &Budget, edit: &str, context: &Context, say: &mut Remarks) {
    let now = context.now;
    let time = |seconds: Option<i64>| OffsetDateTime::from_unix_timestamp(seconds?).ok();
    if let Some(begins) = time(budget.kept.begins()).filter(|begins| *begins > now) {
        let what = format!("the budget counts nothing before {}", begins.date());
        say.finding("time_period", what, format!("let it begin now: {edit}"));
    }
    let Some(ends) = time(budget.kept.end()) else {
        return;
    };
    let remedy = format!("let it recur: {edit}");
    if ends <= now {
        let what = format!("the budget ended on {}", ends.date());
        say.finding("time_period", what, remedy);
    } else if ends - now < ENDS_SOON {
        let what = format!("AWS deletes the budget with its alerts after {}", ends.date());
        say.finding("time_period", what, remedy);
    } else {
        let note = format!("AWS deletes this budget with its alerts after {}", ends.date());
        say.note(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_budgets::types::{Dimension, ExpressionDimensionValues};

    fn by(key: Dimension, values: &[&str]) -> Expression {
        let values = values.iter().map(|own| (*own).to_owned()).collect();
        let by = ExpressionDimensionValues::builder().key(key).set_values(Some(values));
        Expression::builder().dimensions(by.build().expect("complete")).build()
    }

    fn not(expression: Expression) -> Expression {
        Expression::builder().not(expression).build()
    }

    #[test]
    fn an_expression_that_leaves_out_types_of_records_is_told_from_one_that_narrows() {
        let of = |expression: &Expression| Filter::of(expression, "111122223333");
        let credits = not(by(Dimension::RecordType, &["Credit"]));
        let all_but = |types: &[&str]| {
            Some(Filter::AllBut(types.iter().map(|own| (*own).to_owned()).collect()))
        };
        assert_eq!(of(&credits), all_but(&["Credit"]));
        let tax = not(by(Dimension::RecordType, &["Tax"]));
        let own = by(Dimension::LinkedAccount, &["111122223333"]);
        let and = Expression::builder().and(credits.clone()).and(tax).and(own.clone());
        assert_eq!(of(&and.build()), all_but(&["Credit", "Tax"]));
        assert_eq!(of(&own), None);
        let only = |text: &str| Some(Filter::Only(text.to_owned()));
        let service = by(Dimension::Service, &["Amazon S3"]);
        assert_eq!(of(&service), only("SERVICE = Amazon S3"));
        let both = Expression::builder().and(credits).and(not(service)).build();
        let text = "(not RECORD_TYPE = Credit and not SERVICE = Amazon S3)";
        assert_eq!(of(&both), only(text));
        let other = by(Dimension::LinkedAccount, &["999999999999"]);
        assert_eq!(of(&other), only("LINKED_ACCOUNT = 999999999999"));
    }
}
