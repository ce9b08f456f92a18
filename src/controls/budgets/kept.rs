//! What a budget has besides limit, period and alerts. UpdateBudget replaces the whole budget, so
//! that all of this is sent back as it was read.

use super::settings::{CostKind, Credits, Entry, Filters};
use crate::settings::Words;
use aws_sdk_budgets::types;
use aws_smithy_types::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of a budget that are sent back unchanged, by AWS's names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "PascalCase")]
pub struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_period: Option<TimePeriod>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    cost_filters: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_types: Option<CostTypes>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_view_arn: Option<String>,
}

/// When a budget begins and ends, in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct TimePeriod {
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<i64>,
}

/// Defines [`CostTypes`] from the fields of AWS's own, each with its setter.
macro_rules! cost_types {
    ($($field:ident $set:ident)*) => {
        /// Which costs count.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "PascalCase")]
        struct CostTypes {
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<bool>,)*
        }

        impl CostTypes {
            fn of(live: &types::CostTypes) -> Self {
                Self { $($field: live.$field,)* }
            }

            fn to_sdk(&self) -> types::CostTypes {
                types::CostTypes::builder()$(.$set(self.$field))*.build()
            }
        }
    };
}

cost_types! {
    include_tax set_include_tax
    include_subscription set_include_subscription
    use_blended set_use_blended
    include_refund set_include_refund
    include_credit set_include_credit
    include_upfront set_include_upfront
    include_recurring set_include_recurring
    include_other_subscription set_include_other_subscription
    include_support set_include_support
    include_discount set_include_discount
    use_amortized set_use_amortized
}

impl CostTypes {
    /// Whether a kind of cost is included.
    fn of_kind(&mut self, kind: CostKind) -> &mut Option<bool> {
        match kind {
            CostKind::Tax => &mut self.include_tax,
            CostKind::Subscription => &mut self.include_subscription,
            CostKind::Upfront => &mut self.include_upfront,
            CostKind::Recurring => &mut self.include_recurring,
            CostKind::OtherSubscription => &mut self.include_other_subscription,
            CostKind::Support => &mut self.include_support,
        }
    }
}

/// AWS's end of a budget that has none: 2087-06-15. Source: Budgets API reference, TimePeriod.
const NEVER: i64 = 3_706_473_600;

impl Kept {
    /// What to keep of a budget.
    #[expect(deprecated, reason = "budgets that have them must not lose them")]
    pub fn of(live: &types::Budget) -> Self {
        let filters = live.cost_filters().into_iter().flatten();
        let metrics = live.metrics().iter();
        Self {
            time_period: live.time_period().map(|period| TimePeriod {
                start: period.start().map(DateTime::secs),
                end: period.end().map(DateTime::secs),
            }),
            cost_filters: filters.map(|(name, values)| (name.clone(), values.clone())).collect(),
            cost_types: live.cost_types().map(CostTypes::of),
            metrics: match live.cost_types() {
                // AWS takes one form or the other, and the types of costs say it all.
                Some(_) => Vec::new(),
                None => metrics.map(|metric| metric.as_str().to_owned()).collect(),
            },
            billing_view_arn: live.billing_view_arn().map(str::to_owned),
        }
    }

    /// When the budget begins, in seconds since 1970.
    pub fn begins(&self) -> Option<i64> {
        self.time_period.as_ref()?.start
    }

    /// By what costs are filtered: `Service`, `LinkedAccount`.
    pub fn filters(&self) -> &BTreeMap<String, Vec<String>> {
        &self.cost_filters
    }

    /// The billing view that the budget counts in.
    pub fn billing_view(&self) -> Option<&str> {
        self.billing_view_arn.as_deref()
    }

    /// Whether it counts by metrics and not by types of costs.
    pub fn has_metrics(&self) -> bool {
        !self.metrics.is_empty()
    }

    /// Whether credits are counted, where types of costs say it. Left out, they are. Source: Budgets
    /// API reference, CostTypes.
    pub fn counts_credits(&self) -> Option<bool> {
        let types = self.cost_types.as_ref()?;
        Some(types.include_credit.unwrap_or(true))
    }

    /// The same with credits counted or not.
    pub fn with_credits(mut self, count: bool) -> Self {
        self.cost_types.get_or_insert_default().include_credit = Some(count);
        self
    }

    /// The kinds of costs that are not counted and would make the sum larger.
    pub fn left_out(&self) -> Vec<&'static str> {
        let mut types = self.cost_types.clone().unwrap_or_default();
        let kinds = CostKind::ALL.iter();
        let left_out = kinds.filter(|(kind, _)| *types.of_kind(*kind) == Some(false));
        left_out.map(|(_, word)| *word).collect()
    }

    /// What a new budget has: the filters of the baseline, and the costs that it does not count.
    pub fn new(entry: &Entry) -> Self {
        let mut kept = Self::default();
        if let Some(Filters::Only(filters)) = &*entry.filters {
            kept.cost_filters.clone_from(filters);
        }
        if *entry.credits == Some(Credits::Exclude) {
            kept = kept.with_credits(false);
        }
        for kind in entry.excludes.iter().flatten() {
            *kept.cost_types.get_or_insert_default().of_kind(*kind) = Some(false);
        }
        kept
    }

    /// When AWS deletes the budget; most have no end.
    pub fn end(&self) -> Option<i64> {
        let end = self.time_period.as_ref()?.end?;
        (end < NEVER).then_some(end)
    }

    /// Puts everything into a budget that is to be sent.
    #[expect(deprecated, reason = "budgets that have them must not lose them")]
    pub fn put_into(
        &self,
        budget: types::builders::BudgetBuilder,
    ) -> types::builders::BudgetBuilder {
        let period = |period: &TimePeriod| {
            types::TimePeriod::builder()
                .set_start(period.start.map(DateTime::from_secs))
                .set_end(period.end.map(DateTime::from_secs))
                .build()
        };
        let mut budget = budget
            .set_time_period(self.time_period.as_ref().map(period))
            .set_cost_types(self.cost_types.as_ref().map(CostTypes::to_sdk))
            .set_billing_view_arn(self.billing_view_arn.clone());
        for (name, values) in &self.cost_filters {
            budget = budget.cost_filters(name, values.clone());
        }
        for metric in &self.metrics {
            budget = budget.metrics(metric.as_str().into());
        }
        budget
    }
}

/// What a budget has that cannot be sent back, in the words of a person.
#[expect(deprecated, reason = "budgets that have them must not lose them")]
pub fn lost_by_an_update(live: &types::Budget) -> BTreeSet<String> {
    // Beside types of costs an expression only says the same again.
    let filter = live.filter_expression().filter(|_| live.cost_types().is_none());
    let filter = filter.map(|_| "its filter expression");
    let planned = live.planned_budget_limits().map(|_| "its planned limits");
    let adjusts = live.auto_adjust_data().map(|_| "its automatic adjustment");
    [filter, planned, adjusts].into_iter().flatten().map(str::to_owned).collect()
}
