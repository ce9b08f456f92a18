//! The account that is declared to administer a service of this one.

use crate::aws::AccountId;
use crate::control::Remarks;
use crate::texts;
use serde::Deserialize;

/// The setting `administrator`: an account, or `"none"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Administrator {
    /// No other account administers it.
    None,
    /// This one does.
    Account(AccountId),
}

texts!(Administrator: "^(none|[0-9]{12})$");

impl TryFrom<String> for Administrator {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "none" => Ok(Self::None),
            _ => AccountId::try_from(text).map(Self::Account),
        }
    }
}

impl Administrator {
    /// Whether this account is declared.
    pub fn is(&self, account: &str) -> bool {
        matches!(self, Self::Account(own) if own.as_str() == account)
    }

    /// Reports that another account administers the service than is declared, or none. `leave` is
    /// the command by which this account leaves its administrator.
    pub fn judge(&self, service: &str, leave: &str, live: Option<&str>, say: &mut Remarks) {
        let (what, remedy) = match (self, live) {
            (Self::Account(own), None) => {
                let own = own.as_str();
                (
                    format!("no account administers {service} here any more: {own} sees nothing"),
                    format!("have {own} add this account again, or correct administrator"),
                )
            }
            (Self::Account(own), Some(other)) if own.as_str() != other => (
                format!("account {other} administers {service} here, and not {}", own.as_str()),
                format!("if that is right, correct administrator; else leave it: {leave}"),
            ),
            (Self::None, Some(other)) => (
                format!("account {other} administers {service} here"),
                format!(
                    "if that is right, say administrator = \"{other}\"; else leave it: {leave}"
                ),
            ),
            _ => return,
        };
        say.finding("administrator", what, remedy);
    }
}
