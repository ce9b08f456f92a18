//! Limit, period and credits: which of two budgets is silent for longer.

use super::live::Budget;
use super::money::Money;
use super::scope::Filter;
use super::settings::{Credits, Entry, Period};
use crate::floor::AtMost;
use crate::settings::{Takes, Words};
use rust_decimal::Decimal;

impl Budget {
    /// Its limit, where AWS would take it as one.
    pub fn money(&self) -> Option<Money> {
        Money::try_from(self.limit.clone()?).ok()
    }

    /// What an update of it would lose, if anything.
    pub fn lost(&self) -> Option<String> {
        let lost: Vec<&str> = self.lost_by_an_update.iter().map(String::as_str).collect();
        (!lost.is_empty()).then(|| format!("an update would lose {}", lost.join(" and ")))
    }

    /// An alert that goes by the forecast, which daily budgets do not have.
    pub fn forecast(&self) -> Option<&str> {
        self.alerts.keys().map(String::as_str).find(|key| key.starts_with("forecast"))
    }

    /// The limit and the period that it has to get, if those that it has will not do.
    pub fn terms_for(&self, entry: &Entry) -> Option<(String, String)> {
        let limit = entry.limit().cloned().or_else(|| self.money())?.to_string();
        let period = entry.period.map_or_else(|| self.period.clone(), |own| own.word().to_owned());
        let wanted = Self { limit: Some(limit.clone()), period, ..Self::default() };
        let is_exact = entry.limit.as_ref().is_some_and(AtMost::is_exact);
        let is_same = self.limit == wanted.limit && self.period == wanted.period;
        let is_met = is_same || (!is_exact && self.is_within(&wanted));
        (!is_met).then_some((limit, wanted.period))
    }

    /// Whether it alerts no later than the other does: its period is no longer, and its limit no
    /// higher over a year.
    fn is_within(&self, other: &Self) -> bool {
        let rank = |budget: &Self| Period::RANKS.iter().position(|word| *word == budget.period);
        let is_known = self.in_a_year().is_some() && other.in_a_year().is_some();
        is_known && rank(self) >= rank(other) && !self.alerts_later_than(other)
    }

    /// Whether its limit allows more in a year, or is of another currency. A longer period is looser
    /// by itself.
    pub fn alerts_later_than(&self, other: &Self) -> bool {
        match (self.in_a_year(), other.in_a_year()) {
            (Some((own, unit)), Some((others, unit_of_other))) => {
                unit != unit_of_other || own > others
            }
            _ => false,
        }
    }

    /// What its limit allows in a year, and the currency.
    fn in_a_year(&self) -> Option<(Decimal, &str)> {
        let (amount, unit) = self.limit.as_deref()?.split_once(' ')?;
        let periods = match self.period.as_str() {
            "daily" => 365,
            "monthly" => 12,
            "quarterly" => 4,
            "annually" => 1,
            _ => return None,
        };
        let amount = Decimal::from_str_exact(amount).ok()?;
        Some((amount.checked_mul(Decimal::from(periods))?, unit))
    }

    /// Whether credits make smaller what it counts; `None` where a filter decides what counts.
    pub fn credits(&self) -> Option<Credits> {
        let excludes = match (self.kept.counts_credits(), &self.scope.expression) {
            (Some(counts), _) => !counts,
            (None, Some(Filter::AllBut(types))) => types.contains("Credit"),
            (None, Some(Filter::Only(_))) => return None,
            (None, None) if self.kept.has_metrics() => false,
            (None, None) => return None,
        };
        Some(if excludes { Credits::Exclude } else { Credits::Include })
    }

    /// Whether credits have to be left out, and are not.
    pub fn counts_credits_away(&self, entry: &Entry) -> bool {
        *entry.credits == Some(Credits::Exclude) && self.credits() == Some(Credits::Include)
    }
}
