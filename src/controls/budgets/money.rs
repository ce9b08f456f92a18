//! Amounts of money, and what an alert waits for.

use rust_decimal::Decimal;
use serde::Deserialize;
use std::fmt;

/// The highest threshold in per cent. Source: Budgets API reference, Notification.
const MOST_PERCENT: i64 = 1_000_000;

/// An amount with its currency: `100 USD`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Money {
    /// How much, more than nothing and without trailing zeros.
    pub amount: Decimal,
    /// The currency.
    pub unit: String,
}

impl TryFrom<String> for Money {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no amount with its currency, such as 100 USD");
        let (amount, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let unit = unit.trim();
        if unit.len() != 3 || !unit.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong());
        }
        Ok(Self { amount: positive(amount).ok_or_else(wrong)??, unit: unit.to_owned() })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit)
    }
}

/// What an alert waits for: a part of the limit, or an amount.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Threshold {
    /// `80%`
    Percent(Decimal),
    /// `90 USD`
    Amount(Money),
}

impl TryFrom<String> for Threshold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some(number) = text.trim().strip_suffix('%') else {
            return Money::try_from(text.clone()).map(Self::Amount).map_err(|_| Self::wrong(&text));
        };
        let percent = positive(number.trim_end()).ok_or_else(|| Self::wrong(&text))??;
        match percent > Decimal::from(MOST_PERCENT) {
            true => Err(format!("AWS takes at most {MOST_PERCENT}%")),
            false => Ok(Self::Percent(percent)),
        }
    }
}

impl Threshold {
    fn wrong(text: &str) -> String {
        format!(
            "'{text}' is neither a part of the limit, such as 80%, nor an amount above nothing, such as 90 USD"
        )
    }
}

/// The currency is not shown, because AWS keeps none with an alert.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Amount(money) => write!(f, "{}", money.amount),
        }
    }
}

/// A number above nothing; `None` when it is no plain number.
fn positive(text: &str) -> Option<Result<Decimal, String>> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = Decimal::from_str_exact(text).ok().filter(|_| plain)?;
    Some(match number.is_zero() {
        true => Err("it has to be more than nothing".to_owned()),
        false => Ok(number.normalize()),
    })
}

/// An amount without trailing zeros, as [`Money`] has it; AWS says 100.0 for 100.
pub fn plain(amount: &str) -> String {
    let number = Decimal::from_str_exact(amount).or_else(|_| Decimal::from_scientific(amount));
    number.map_or_else(|_| amount.to_owned(), |n| n.normalize().to_string())
}
